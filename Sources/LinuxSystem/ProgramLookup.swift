internal import Glibc
public import JobModel

/// Where a program lies: as a shell would find it.
public struct ProgramLookup: Sendable {
    private static let usualPath = Array("/usr/local/bin:/usr/bin:/bin".utf8)

    private let searchPath: [UInt8]

    /// - Parameter environment: `NAME=VALUE` each; its PATH counts.
    public init(environment: [[UInt8]]) {
        let prefix = Array("PATH=".utf8)
        searchPath = environment.last { $0.starts(with: prefix) }.map { Array($0.dropFirst(prefix.count)) } ?? Self.usualPath
    }

    /// The program's file, absolute if `folder` is; nil where there is none that may be executed.
    ///
    /// - Parameters:
    ///   - name: looked for in the PATH if it has no slash, else relative to `folder`.
    ///   - folder: also what relative parts of the PATH are relative to.
    public func find(_ name: [UInt8], in folder: RawPath) -> RawPath? {
        if name.contains(0x2F) {
            let path = folder.appending(RawPath(bytes: name))
            return Self.isProgram(path) ? path : nil
        }
        if name.isEmpty { return nil }
        for part in searchPath.split(separator: 0x3A, omittingEmptySubsequences: false) {
            let path = folder.appending(RawPath(bytes: Array(part))).appending(RawPath(bytes: name))
            if Self.isProgram(path) { return path }
        }
        return nil
    }

    private static func isProgram(_ path: RawPath) -> Bool {
        var record = stat()
        return path.withCString { stat($0, &record) == 0 && record.st_mode & S_IFMT == S_IFREG && access($0, X_OK) == 0 }
    }
}
