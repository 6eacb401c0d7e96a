import Digests
import JobModel

/// The folder of a task below `--results`: named by its argument, and never outside.
///
/// Different arguments have different names, but for a path with and without `/` at its start.
enum ResultName {
    /// A longer name is cut and ends in a digest of the whole.
    static let componentBytesMax = 200

    /// A file's or folder's path as a path: `/` at its start is left away, `..` becomes `%2E%2E`.
    static func path(_ path: RawPath) -> RawPath {
        var parts = path.bytes.split(separator: 0x2F).map(Array.init).filter { $0 != [0x2E] }
        if parts.isEmpty { parts = [[0x2E]] }
        return RawPath(bytes: Array(parts.map { component($0, hidesDot: false) }.joined(separator: [0x2F])))
    }

    /// A line or a number as one name: `/`, control characters and a dot at its start become `%XX`.
    static func text(_ text: RawPath) -> RawPath {
        // No other text gets a name of a lone percent sign.
        text.isEmpty ? RawPath("%") : RawPath(bytes: component(text.bytes, hidesDot: true))
    }

    /// Names that the results of another task have in the same folder.
    private static let taken = ["stdout", "stderr", "result.json"].map { Array($0.utf8) }

    private static func component(_ bytes: [UInt8], hidesDot: Bool) -> [UInt8] {
        let isDots = bytes == [0x2E] || bytes == [0x2E, 0x2E]
        var name: [UInt8] = []
        for (position, byte) in bytes.enumerated() {
            let mustChange =
                byte == 0x2F || byte == 0x25 || byte < 0x20 || byte == 0x7F || byte == 0x2E && (isDots || hidesDot && position == 0)
                || position == 0 && taken.contains(bytes)
            name += mustChange ? escaped(byte) : [byte]
        }
        guard name.count > componentBytesMax else { return name }
        // A percent sign that no escape follows: no shorter name looks so.
        let digest = SHA256Stream.digest(of: bytes).bytes.prefix(8).flatMap(hex)
        return name.prefix(componentBytesMax - digest.count - 2) + [0x25, 0x25] + digest
    }

    private static func escaped(_ byte: UInt8) -> [UInt8] { [0x25] + hex(byte) }

    private static func hex(_ byte: UInt8) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
}
