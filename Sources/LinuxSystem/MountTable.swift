public import JobModel

/// A mounted file system, as `/proc/self/mountinfo` names it (proc(5)).
public struct Mount: Hashable, Sendable {
    public var point: RawPath
    /// `nfs4`, `ext4`...
    public var kind: String
    /// `server:/export`, `/dev/sda1`...
    public var source: String

    public init(point: RawPath, kind: String, source: String) {
        self.point = point
        self.kind = kind
        self.source = source
    }

    /// The file system of a device number from `stat`; nil when the table cannot tell.
    public static func ofDevice(_ device: UInt64) -> Mount? {
        // glibc's makedev(3): twelve and eight low bits, the rest above.
        let major = device >> 8 & 0xFFF | device >> 32 & ~0xFFF
        let minor = device & 0xFF | device >> 12 & ~0xFF
        let numbers = Array("\(major):\(minor)".utf8)
        return table.last { $0.numbers == numbers }?.mount
    }

    private static let tableBytesMax = 4 << 20

    /// Empty where the table cannot be read: it only serves to name things.
    private static var table: [(numbers: [UInt8], mount: Mount)] {
        do throws(SystemError) {
            let file = try OpenFile(RawPath("/proc/self/mountinfo"), .read)
            let bytes = try file.read(count: tableBytesMax, at: 0)
            return bytes.split(separator: 0x0A).compactMap { entry(Array($0)) }
        } catch {
            return []
        }
    }

    /// Reads one line, without its newline; nil for what is none:
    /// `ID parent major:minor root point options [optional fields] - kind source super-options`.
    public static func entry(_ line: [UInt8]) -> (numbers: [UInt8], mount: Mount)? {
        let fields = line.split(separator: 0x20).map(Array.init)
        guard fields.count > 9, let dash = fields.dropFirst(6).firstIndex(of: Array("-".utf8)), dash + 2 < fields.count else { return nil }
        let mount = Mount(
            point: RawPath(bytes: unescaped(fields[4])), kind: String(decoding: fields[dash + 1], as: UTF8.self),
            source: String(decoding: unescaped(fields[dash + 2]), as: UTF8.self))
        return (fields[2], mount)
    }

    /// Space, tab, newline and backslash are written as three octal digits.
    private static func unescaped(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let digits = bytes[index...].dropFirst().prefix(3).map { Int($0) - 0x30 }
            if bytes[index] == UInt8(ascii: "\\"), digits.count == 3, digits.allSatisfy({ (0...7).contains($0) }) {
                result.append(UInt8(truncatingIfNeeded: digits[0] * 64 + digits[1] * 8 + digits[2]))
                index += 4
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return result
    }
}
