/// A text chunk of a PNG: tEXt, zTXt or iTXt (ISO/IEC 15948, 11.3.4).
struct PNGText {
    enum Content: Hashable {
        case xmp
        /// A block that ImageMagick, exiftool and others write as hexadecimal text: `exif`, `APP1`, `xmp`, `iptc`, `8bim`...
        case rawProfile(String)
        case copyright
        case other
    }

    let keyword: String
    let content: Content
    /// Decompressed; nil when that failed.
    let text: [UInt8]?

    static let textBytesMax = 16 << 20

    /// Nil when the chunk is malformed or of another type.
    init?(_ type: String, _ data: [UInt8]) {
        guard let end = data.firstIndex(of: 0) else { return nil }
        keyword = String(decoding: data[..<end], as: UTF8.self)
        switch type {
        case "tEXt":
            text = Array(data[(end + 1)...])
        case "zTXt":
            guard data.count > end + 1, data[end + 1] == 0 else { return nil }
            text = Inflate.zlib(Array(data[(end + 2)...]), limit: Self.textBytesMax)
        case "iTXt":
            guard data.count > end + 2, let language = data[(end + 3)...].firstIndex(of: 0),
                let translated = data[(language + 1)...].firstIndex(of: 0)
            else { return nil }
            let body = Array(data[(translated + 1)...])
            text = data[end + 1] == 0 ? body : Inflate.zlib(body, limit: Self.textBytesMax)
        default: return nil
        }
        let profile = "Raw profile type "
        if keyword == Self.xmpKeyword {
            content = .xmp
        } else if keyword.hasPrefix(profile) {
            content = .rawProfile(String(keyword.dropFirst(profile.count)).lowercased())
        } else {
            content = keyword == "Copyright" || keyword == "Author" ? .copyright : .other
        }
    }

    /// Whether it is one property of EXIF or XMP, as ImageMagick writes them beside the blocks, that names a place:
    /// `exif:GPSLatitude`, `photoshop:City`.
    var tellsPlace: Bool {
        guard let colon = keyword.firstIndex(of: ":") else { return false }
        return XMPPacket.isPlace(.init(prefix: String(keyword[..<colon]), local: String(keyword[keyword.index(after: colon)...])))
    }

    static let xmpKeyword = "XML:com.adobe.xmp"

    /// The data of an uncompressed iTXt chunk that holds an XMP packet (XMP Specification part 3, 1.1.5).
    static func xmpData(_ packet: [UInt8]) -> [UInt8] { Array(xmpKeyword.utf8) + [0, 0, 0, 0, 0] + packet }

    /// The block inside a raw profile: a line with its name, one with its length, then hexadecimal digits.
    var rawProfile: [UInt8]? {
        guard case .rawProfile = content, let text else { return nil }
        let lines = text.split(separator: 10, maxSplits: 2, omittingEmptySubsequences: true)
        guard lines.count == 3, let length = Int(String(decoding: lines[1].filter { $0 != 32 }, as: UTF8.self)),
            length >= 0, length <= lines[2].count / 2
        else { return nil }
        var bytes: [UInt8] = []
        var high: UInt8?
        for character in lines[2] where character != 10 && character != 32 {
            guard let digit = Self.digit(character) else { return nil }
            if let first = high {
                bytes.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        return bytes.count == length && high == nil ? bytes : nil
    }

    /// The data of an uncompressed tEXt chunk with `block` as this text's raw profile.
    func rawProfileData(_ block: [UInt8]) -> [UInt8] {
        let name = keyword.dropFirst("Raw profile type ".count)
        var text = "\n\(name)\n\(String(repeating: " ", count: max(0, 8 - String(block.count).count)))\(block.count)"
        for (index, byte) in block.enumerated() {
            if index % 36 == 0 { text += "\n" }
            text += (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return Array(keyword.utf8) + [0] + Array((text + "\n").utf8)
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case 0x30...0x39: character - 0x30
        case 0x41...0x46: character - 0x37
        case 0x61...0x66: character - 0x57
        default: nil
        }
    }
}
