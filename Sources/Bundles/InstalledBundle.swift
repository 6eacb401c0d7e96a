internal import Digests
public import JobModel
internal import LinuxSystem

/// A bundle as it lies scattered over this machine: what it holds, and where each file of it is.
public struct InstalledBundle: Sendable {
    public let manifest: BundleManifest
    /// By place in `manifest.files`, the file with that content.
    public let paths: [RawPath]
}

/// ImageMagick opens its coders through libtool's `.la` files, which name the folder they were installed in. That folder comes
/// first (libltdl): on a host with its own ImageMagick that host's coders would be opened.
struct LibtoolArchives {
    /// Where the changed files are kept, by content; they are part of a bundle and must have a place.
    let folder: RawPath
    private static let bytesMax = 64 << 10

    /// A file like this one without that folder in it, so that the one it lies in is taken.
    func movable(_ path: RawPath) throws(BundleError) -> RawPath {
        try system("make a copy of \(path)") { () throws(SystemError) in
            let bytes = try OpenFile(path, .read).read(count: Self.bytesMax, at: 0)
            let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in
                line.starts(with: Array("libdir=".utf8)) ? ArraySlice("libdir=''".utf8) : line
            }
            let content = Array(lines.joined(separator: [0x0A]))
            let target = folder.appending("\(SHA256Stream.digest(of: content).hex.prefix(32)).la")
            if try FileOperation.factsIfPresent(of: target)?.identity.sizeBytes == UInt64(content.count) { return target }
            try FileOperation.createFolders(folder, mode: 0o700)
            let temp = RawPath(bytes: target.bytes + Array(".\(processID())".utf8))
            try FileOperation.removeIfPresent(temp)
            try OpenFile(temp, .create(mode: 0o600)).write(content, at: 0)
            try FileOperation.rename(temp, replacing: target)
            return target
        }
    }
}

/// A file of this machine that goes into a bundle.
struct BundlePart {
    var name: RawPath
    var path: RawPath
    var mode: UInt32
}
