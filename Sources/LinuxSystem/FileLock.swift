internal import Glibc
public import JobModel

/// An exclusive claim on a file, held until the value goes or the process dies (flock).
public struct FileLock: ~Copyable, Sendable {
    private let file: OpenFile

    /// Takes the lock, or returns what its present holder wrote about itself.
    public enum Outcome: ~Copyable, Sendable {
        case taken(FileLock)
        case heldBy(String)
    }

    /// - Parameter holder: one line naming host, pid and job, shown to whoever is refused.
    public static func take(_ path: RawPath, holder: String) throws(SystemError) -> Outcome {
        let file = try OpenFile(path, .update(mode: 0o600))
        if flock(file.descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK else { throw .last("flock", path.display) }
            let text = try file.read(count: 400, at: 0)
            return .heldBy(String(decoding: text, as: UTF8.self))
        }
        try file.truncate(to: 0)
        try file.write(Array(holder.utf8), at: 0)
        return .taken(FileLock(file: file))
    }

    private init(file: consuming OpenFile) {
        self.file = file
    }
}
