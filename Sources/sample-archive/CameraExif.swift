/// What a camera would note about one photo, and the EXIF segment that holds it.
struct CameraExif {
    var make: String
    var model: String
    /// 1 to 8, as in the EXIF standard (tag 0x0112).
    var orientation: Int
    /// `2023:07:14 09:00:00`.
    var taken: String
    var exposure: (Int, Int)
    var fNumberTenths: Int
    var iso: Int
    var focalLengthMillimetres: Int
    /// The stored pixels, before the orientation is applied.
    var width: Int
    var height: Int
    var place: Place?

    /// Degrees times 10^6; north and east are positive.
    struct Place {
        var latitude: Int
        var longitude: Int
        var altitudeMetres: Int
    }

    /// A whole APP1 segment with marker and length. Cameras write either byte order.
    func segment(littleEndian: Bool) -> [UInt8] {
        var exif: [TIFFField] = [
            .rational(0x829A, [exposure]), .rational(0x829D, [(fNumberTenths, 10)]), .short(0x8827, [iso]),
            .undefined(0x9000, Array("0232".utf8)), .text(0x9003, taken), .text(0x9004, taken), .text(0x9011, "+02:00"),
            .undefined(0x9101, [1, 2, 3, 0]), .rational(0x920A, [(focalLengthMillimetres, 1)]), .text(0x9291, "042"),
            .undefined(0xA000, Array("0100".utf8)), .short(0xA001, [1]), .long(0xA002, [width]), .long(0xA003, [height]),
        ]
        exif.sort { $0.tag < $1.tag }
        var main: [TIFFField] = [
            .text(0x010F, make), .text(0x0110, model), .short(0x0112, [orientation]), .rational(0x011A, [(72, 1)]),
            .rational(0x011B, [(72, 1)]), .short(0x0128, [2]), .text(0x0131, "sample-archive"), .text(0x0132, taken),
            .short(0x0213, [1]), .directory(0x8769, exif),
        ]
        if let place { main.append(.directory(0x8825, gps(place))) }

        var order = ByteOrder(littleEndian: littleEndian)
        order.append(bytes: littleEndian ? [0x49, 0x49] : [0x4D, 0x4D])
        order.append16(42)
        order.append32(8)
        order.append(directory: main)
        let body = Array("Exif\0\0".utf8) + order.bytes
        let length = body.count + 2
        precondition(length <= 0xFFFF, "\(length) bytes do not fit an APP1 segment")
        return [0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 0xFF)] + body
    }

    private func gps(_ place: Place) -> [TIFFField] {
        func degrees(_ millionths: Int) -> [(Int, Int)] {
            let size = abs(millionths)
            let minutes = size % 1_000_000 * 60
            return [(size / 1_000_000, 1), (minutes / 1_000_000, 1), (minutes % 1_000_000 * 60 / 10_000, 100)]
        }
        return [
            .bytes(0, [2, 3, 0, 0]), .text(1, place.latitude < 0 ? "S" : "N"), .rational(2, degrees(place.latitude)),
            .text(3, place.longitude < 0 ? "W" : "E"), .rational(4, degrees(place.longitude)), .bytes(5, [0]),
            .rational(6, [(place.altitudeMetres, 1)]), .text(0x1D, String(taken.prefix(10))),
        ]
    }
}

/// One field of a TIFF directory (TIFF 6.0, section 2; EXIF 2.32, section 4.6).
private struct TIFFField {
    enum Content {
        case bytes([UInt8])
        case shorts([Int])
        case longs([Int])
        case rationals([(Int, Int)])
        case directory([TIFFField])
    }

    let tag: Int
    let type: Int
    let content: Content

    static func text(_ tag: Int, _ value: String) -> TIFFField {
        TIFFField(tag: tag, type: 2, content: .bytes(Array(value.utf8) + [0]))
    }
    static func bytes(_ tag: Int, _ value: [UInt8]) -> TIFFField { TIFFField(tag: tag, type: 1, content: .bytes(value)) }
    static func undefined(_ tag: Int, _ value: [UInt8]) -> TIFFField { TIFFField(tag: tag, type: 7, content: .bytes(value)) }
    static func short(_ tag: Int, _ values: [Int]) -> TIFFField { TIFFField(tag: tag, type: 3, content: .shorts(values)) }
    static func long(_ tag: Int, _ values: [Int]) -> TIFFField { TIFFField(tag: tag, type: 4, content: .longs(values)) }
    static func rational(_ tag: Int, _ values: [(Int, Int)]) -> TIFFField {
        TIFFField(tag: tag, type: 5, content: .rationals(values))
    }
    static func directory(_ tag: Int, _ fields: [TIFFField]) -> TIFFField {
        TIFFField(tag: tag, type: 4, content: .directory(fields))
    }
}

/// Appends numbers in one byte order; offsets count from the first byte.
private struct ByteOrder {
    let littleEndian: Bool
    private(set) var bytes: [UInt8] = []

    init(littleEndian: Bool) {
        self.littleEndian = littleEndian
    }

    mutating func append(bytes more: [UInt8]) { bytes += more }

    mutating func append16(_ value: Int) {
        let pair = [UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)]
        bytes += littleEndian ? pair.reversed() : pair
    }

    mutating func append32(_ value: Int) {
        let four = [24, 16, 8, 0].map { UInt8(value >> $0 & 0xFF) }
        bytes += littleEndian ? four.reversed() : four
    }

    /// The directory at the end of what is there, then its long values, then its sub-directories.
    mutating func append(directory fields: [TIFFField]) {
        var values = ByteOrder(littleEndian: littleEndian)
        let valuesStart = bytes.count + 2 + fields.count * 12 + 4
        var later: [(fieldStart: Int, fields: [TIFFField])] = []
        append16(fields.count)
        for field in fields {
            append16(field.tag)
            append16(field.type)
            var value = ByteOrder(littleEndian: littleEndian)
            switch field.content {
            case .bytes(let content):
                append32(content.count)
                value.append(bytes: content)
            case .shorts(let content):
                append32(content.count)
                for number in content { value.append16(number) }
            case .longs(let content):
                append32(content.count)
                for number in content { value.append32(number) }
            case .rationals(let content):
                append32(content.count)
                for (numerator, denominator) in content {
                    value.append32(numerator)
                    value.append32(denominator)
                }
            case .directory(let content):
                append32(1)
                later.append((bytes.count, content))
                value.append32(0)
            }
            if value.bytes.count <= 4 {
                append(bytes: value.bytes + [UInt8](repeating: 0, count: 4 - value.bytes.count))
            } else {
                append32(valuesStart + values.bytes.count)
                values.append(bytes: value.bytes + [UInt8](repeating: 0, count: value.bytes.count % 2))
            }
        }
        append32(0)
        append(bytes: values.bytes)
        for (fieldStart, content) in later {
            var offset = ByteOrder(littleEndian: littleEndian)
            offset.append32(bytes.count)
            bytes.replaceSubrange(fieldStart..<(fieldStart + 4), with: offset.bytes)
            append(directory: content)
        }
    }
}
