public import JobModel
public import LinuxSystem
public import WireProtocol

/// A file to be sent.
public struct OutgoingFile: Hashable, Sendable {
    public var path: RawPath
    /// What it is for on the other side.
    public var file: TransferredFile
    /// The state it must be in, before and after it was read; nil takes the state it is found in.
    public var identity: InputIdentity?

    public init(path: RawPath, file: TransferredFile, identity: InputIdentity?) {
        self.path = path
        self.file = file
        self.identity = identity
    }
}

/// Why a file was not sent whole.
public enum SendingFault: Error, Hashable, Sendable {
    /// Its size or time is not, or did not stay, what was expected.
    case changed
    case unreadable(SystemError)
    /// The other side cannot store it, or does not want it any more.
    case refused(StorageFault)

    /// How the other side is told; ESTALE stands for a file that changed.
    var onTheWire: StorageFault {
        switch self {
        case .changed: StorageFault(code: staleCode, call: "read")
        case .unreadable(let error): StorageFault(code: error.code, call: error.call)
        case .refused(let fault): fault
        }
    }
}

extension OutgoingFile {
    /// Opens the file and checks that it is in the state wanted; gives that state on.
    func open(_ take: (borrowing OpenFile, FileFacts) throws(SendingFault) -> Void) throws(SendingFault) {
        let opened: OpenFile
        do throws(SystemError) { opened = try OpenFile(path, .read) } catch { throw .unreadable(error) }
        let facts: FileFacts
        do throws(SystemError) { facts = try opened.facts() } catch { throw .unreadable(error) }
        guard facts.type == .regular else { throw .unreadable(SystemError("open", path.display, code: notAFileCode)) }
        if let identity, identity != facts.identity { throw .changed }
        try take(opened, facts)
    }

    /// Throws if the file is not in the state any more in which it was opened.
    static func check(_ opened: borrowing OpenFile, is identity: InputIdentity) throws(SendingFault) {
        do throws(SystemError) {
            guard try opened.facts().identity == identity else { throw SystemError("stat", opened.path.display, code: staleCode) }
        } catch {
            throw error.code == staleCode ? .changed : .unreadable(error)
        }
    }
}
