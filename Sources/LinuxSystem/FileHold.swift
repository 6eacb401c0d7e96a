internal import Glibc
public import JobModel

/// A shared claim on a file: as long as somebody has one, nobody can claim the file for himself (flock).
///
/// Ends with the value, and with the process however it ends.
public struct FileHold: ~Copyable, Sendable {
    private let file: OpenFile

    /// Nil while somebody has the file for himself.
    public static func shared(_ path: RawPath) throws(SystemError) -> FileHold? { try take(path, LOCK_SH) }

    /// Nil while anybody else holds the file.
    ///
    /// Over NFS the kernel refuses this for a file that is open for reading alone; that counts as held.
    public static func exclusive(_ path: RawPath) throws(SystemError) -> FileHold? { try take(path, LOCK_EX) }

    private static func take(_ path: RawPath, _ kind: Int32) throws(SystemError) -> FileHold? {
        let file = try OpenFile(path, .read)
        guard flock(file.descriptor, kind | LOCK_NB) == 0 else {
            guard errno == EWOULDBLOCK || errno == EBADF else { throw .last("flock", path.display) }
            return nil
        }
        return FileHold(file: file)
    }

    private init(file: consuming OpenFile) { self.file = file }
}
