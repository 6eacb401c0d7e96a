internal import Glibc

/// A system call that failed: which one, on what, and the kernel's reason.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    public let code: Int32
    /// The call's name, as in its manual page.
    public let call: String
    /// What it was called on, ready for a person.
    public let subject: String

    public init(_ call: String, _ subject: String, code: Int32) {
        self.call = call
        self.subject = subject
        self.code = code
    }

    /// Takes the code from `errno`, so nothing may come between the call and this.
    public static func last(_ call: String, _ subject: String) -> SystemError {
        SystemError(call, subject, code: errno)
    }

    /// The kernel's reason in words, without a full stop.
    public var reason: String { String(cString: strerror(code)) }

    public var description: String { "\(call) \(subject): \(reason)" }

    public var isNotFound: Bool { code == ENOENT || code == ENOTDIR }
    public var isDenied: Bool { code == EACCES || code == EPERM }
    public var isNoSpace: Bool { code == ENOSPC || code == EDQUOT }
    public var isExisting: Bool { code == EEXIST }
    public var isBrokenPipe: Bool { code == EPIPE }
    public var isNameTooLong: Bool { code == ENAMETOOLONG }
    public var isNotEmpty: Bool { code == ENOTEMPTY }

    /// Whether the file system or this machine failed, and not the one name: others would fare no better.
    public var isOfTheFileSystem: Bool {
        switch code {
        case ENOSPC, EDQUOT, EIO, EROFS, ESTALE, ENXIO, ENODEV, ENOTCONN, EHOSTDOWN, ETIMEDOUT, EREMOTEIO, ENOMEM, EMFILE, ENFILE: true
        default: false
        }
    }

    /// What a person can do about it, as a half sentence.
    public var cure: String {
        if isNoSpace { return "free some space" }
        if isDenied { return "give yourself the right to it" }
        if code == EROFS { return "make it writable" }
        if code == ENOMEM || code == EMFILE || code == ENFILE { return "end other programs or raise their limits" }
        return isOfTheFileSystem ? "look at the disk or share it lies on" : "see that it can be used"
    }
}

extension SystemError {
    /// What is there is no folder: ENOTDIR.
    public static let notAFolderCode = ENOTDIR
    /// Nothing came of it in time: ETIMEDOUT.
    public static let timedOutCode = ETIMEDOUT
}
