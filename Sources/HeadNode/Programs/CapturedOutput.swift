import JobModel
import LinuxSystem

/// Where the captured output of programs lies, to be read in pieces: short ones in the journal, others in files.
struct CapturedOutput: Sendable {
    /// Absolute.
    let spoolFolder: RawPath

    private static let pieceBytes = 1 << 18

    /// Gives `body` all bytes from `offset` on, piece by piece; false when a file is not there.
    func read(
        _ captured: ProgramResult.Captured, from offset: UInt64 = 0, below end: UInt64 = .max, _ body: ([UInt8]) throws(HeadError) -> Void
    ) throws(HeadError) -> Bool {
        switch captured {
        case .whole(let bytes):
            let range = Int(clamping: offset)..<Int(clamping: end)
            let part = bytes[min(range.lowerBound, bytes.count)..<min(range.upperBound, bytes.count)]
            if !part.isEmpty { try body(Array(part)) }
            return true
        case .spooled(let name, let sizeBytes):
            let path = spoolFolder.appending(name)
            guard let file = try system("read what a program printed", { () throws(SystemError) in try Self.opened(path) }) else { return false }
            var position = offset
            while position < min(end, sizeBytes) {
                let count = Int(min(UInt64(Self.pieceBytes), min(end, sizeBytes) - position))
                let bytes = try system("read what a program printed") { () throws(SystemError) in try file.read(count: count, at: position) }
                if bytes.isEmpty { break }
                try body(bytes)
                position += UInt64(bytes.count)
            }
            return true
        }
    }

    /// Removes the files of a result that nobody needs any more; what resists goes with the folder.
    func remove(_ result: ProgramResult) {
        for name in result.spooledNames {
            do throws(SystemError) { try FileOperation.removeIfPresent(spoolFolder.appending(name)) } catch { continue }
        }
    }

    private static func opened(_ path: RawPath) throws(SystemError) -> OpenFile? {
        do throws(SystemError) {
            return try OpenFile(path, .read)
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }
}
