public import JobModel
internal import LinuxSystem

/// A bundle as it lies scattered over this machine: what it holds, and where each file of it is.
public struct InstalledBundle: Sendable {
    public let manifest: BundleManifest
    /// By place in `manifest.files`.
    let sources: [BundleSource]

    /// Where file `index` of the manifest is to be read.
    public func content(of index: Int) throws(BundleError) -> BundleContent {
        switch sources[index] {
        case .file(let path): return .file(path)
        case .libtoolArchive(let path): return .bytes(try LibtoolArchive.movable(path))
        }
    }
}

/// What to send for a file of a bundle.
public enum BundleContent: Hashable, Sendable {
    /// A file of this machine, as it is.
    case file(RawPath)
    case bytes([UInt8])
}

enum BundleSource: Hashable, Sendable {
    case file(RawPath)
    /// A `.la` file, which goes in without the path it was installed under.
    case libtoolArchive(RawPath)

    var path: RawPath {
        switch self {
        case .file(let path), .libtoolArchive(let path): path
        }
    }
}

/// ImageMagick opens its coders through libtool's `.la` files, which name the folder they were installed in. That folder comes
/// first (libltdl): on a host with its own ImageMagick that host's coders would be opened.
enum LibtoolArchive {
    private static let bytesMax = 64 << 10

    /// The file's content without that folder, so that the one it lies in is taken.
    static func movable(_ path: RawPath) throws(BundleError) -> [UInt8] {
        let bytes = try system("read \(path)") { () throws(SystemError) in
            try OpenFile(path, .read).read(count: bytesMax, at: 0)
        }
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in
            line.starts(with: Array("libdir=".utf8)) ? ArraySlice("libdir=''".utf8) : line
        }
        return Array(lines.joined(separator: [0x0A]))
    }
}
