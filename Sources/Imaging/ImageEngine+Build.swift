internal import Digests
internal import JobModel
public import LinuxSystem

extension ImageEngine {
    /// `libvips 8.14.1, worker 1f0c4be7a92d`: the version with the start of this executable's SHA-256, which takes some
    /// milliseconds to read. Outputs remember it.
    public static func build() throws(SystemError) -> String {
        let file = try OpenFile(try ownExecutable(), .read)
        var stream = SHA256Stream()
        var offset: UInt64 = 0
        while true {
            let bytes = try file.read(count: 1 << 20, at: offset)
            if bytes.isEmpty { break }
            stream.update(bytes)
            offset += UInt64(bytes.count)
        }
        return "\(version), worker \(stream.finish().hex.prefix(12))"
    }
}
