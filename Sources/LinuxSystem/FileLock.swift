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
        var triesLeft = triesMax
        while true {
            let file = try OpenFile(path, .update(mode: 0o600))
            if flock(file.descriptor, LOCK_EX | LOCK_NB) != 0 {
                guard errno == EWOULDBLOCK else { throw .last("flock", path.display) }
                // Somebody who only looks holds it for an instant.
                triesLeft -= 1
                if triesLeft > 0 {
                    Pause.milliseconds(lookMilliseconds)
                    continue
                }
                return .heldBy(try holderText(file))
            }
            // A holder may have removed the file as it ended: a lock on a file without a name keeps nobody out.
            let facts = try file.facts()
            guard let named = try FileOperation.factsIfPresent(of: path), named.inode == facts.inode, named.device == facts.device else { continue }
            try file.truncate(to: 0)
            try file.write(Array(holder.utf8), at: 0)
            return .taken(FileLock(file: file))
        }
    }

    /// What the process that holds the lock wrote about itself; nil when nobody holds it.
    public static func holder(of path: RawPath) throws(SystemError) -> String? {
        let file: OpenFile
        do throws(SystemError) {
            file = try OpenFile(path, .read)
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
        if flock(file.descriptor, LOCK_SH | LOCK_NB) == 0 { return nil }
        guard errno == EWOULDBLOCK else { throw .last("flock", path.display) }
        return try holderText(file)
    }

    private static func holderText(_ file: borrowing OpenFile) throws(SystemError) -> String {
        String(decoding: try file.read(count: 400, at: 0), as: UTF8.self)
    }

    private static let triesMax = 4
    private static let lookMilliseconds: UInt32 = 5

    private init(file: consuming OpenFile) {
        self.file = file
    }
}
