import Foundation
import Testing

/// Pictures made on the spot.
enum Fixture {
    /// A TIFF stream of either byte order, laid out as cameras do: IFD0, Exif with a maker note, GPS, IFD1 with a thumbnail.
    struct EXIF {
        var bytes: [UInt8] = []
        var makerNote: Range<Int> = 0..<0
        var isLittle: Bool

        static let makerNoteBytes: [UInt8] = Array("MAKER".utf8) + (0..<120).map { UInt8($0 * 2 + 1) }
        /// Found nowhere else in the block.
        static let latitude: [UInt32] = [48, 1, 51, 1, 29_990_011, 1_000_000]
        static let thumbnail: [UInt8] = [0xFF, 0xD8, 0xFF, 0xDB] + Array("THUMBNAIL-PIXELS".utf8) + [0xFF, 0xD9]

        init(isLittle: Bool, orientation: UInt16? = 6) {
            self.isLittle = isLittle
            let make = Array("Quirecam\0".utf8) + [0]
            var main: [(UInt16, UInt16, UInt32, [UInt8])] = [(271, 2, 10, make)]
            if let orientation { main.append((274, 3, 1, number(orientation))) }
            main += [(282, 5, 1, rationals([240, 1])), (283, 5, 1, rationals([240, 1])), (296, 3, 1, number(UInt16(2)))]
            main += [(34665, 4, 1, []), (34853, 4, 1, [])]
            bytes = (isLittle ? [0x49, 0x49] : [0x4D, 0x4D]) + number(UInt16(42)) + number(UInt32(8))
            let mainPlace = append(main)
            set(mainPlace, 34665, bytes.count)
            let exif = append([
                (33434, 5, 1, rationals([1, 125])), (36867, 2, 20, Array("2024:02:03 04:05:06\0".utf8)),
                (37500, 7, UInt32(Self.makerNoteBytes.count), Self.makerNoteBytes),
                (40962, 4, 1, number(UInt32(48))), (40963, 3, 1, number(UInt16(32))),
            ])
            _ = exif
            let start = bytes.firstRange(of: Self.makerNoteBytes)?.lowerBound ?? 0
            makerNote = start..<(start + Self.makerNoteBytes.count)
            set(mainPlace, 34853, bytes.count)
            _ = append([
                (0, 1, 4, [2, 3, 0, 0]), (1, 2, 2, Array("N\0".utf8)), (2, 5, 3, rationals(Self.latitude)),
                (3, 2, 2, Array("E\0".utf8)), (4, 5, 3, rationals([2, 1, 17, 1, 40, 1])), (29, 2, 11, Array("2024:02:03\0".utf8)),
            ])
            let second = bytes.count
            patch(mainPlace + 2 + 12 * main.count, number(UInt32(second)))
            let thumbnailPlace = append([
                (274, 3, 1, number(UInt16(1))), (513, 4, 1, []), (514, 4, 1, number(UInt32(Self.thumbnail.count))),
            ])
            set(thumbnailPlace, 513, bytes.count)
            bytes += Self.thumbnail
        }

        private func number<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
            withUnsafeBytes(of: isLittle ? value.littleEndian : value.bigEndian) { Array($0) }
        }

        private func rationals(_ values: [UInt32]) -> [UInt8] { values.flatMap { number($0) } }

        private mutating func append(_ fields: [(tag: UInt16, type: UInt16, count: UInt32, value: [UInt8])]) -> Int {
            let place = bytes.count
            var values: [UInt8] = []
            let valuesStart = place + 2 + 12 * fields.count + 4
            bytes += number(UInt16(fields.count))
            for field in fields {
                bytes += number(field.tag) + number(field.type) + number(field.count)
                if field.value.count <= 4 {
                    bytes += field.value + [UInt8](repeating: 0, count: 4 - field.value.count)
                } else {
                    bytes += number(UInt32(valuesStart + values.count))
                    values += field.value + (field.value.count % 2 == 1 ? [0] : [])
                }
            }
            bytes += [0, 0, 0, 0] + values
            return place
        }

        private mutating func set(_ directory: Int, _ tag: UInt16, _ value: Int) {
            var at = directory + 2
            while Array(bytes[at..<(at + 2)]) != number(tag) { at += 12 }
            patch(at + 8, number(UInt32(value)))
        }

        private mutating func patch(_ at: Int, _ new: [UInt8]) { bytes.replaceSubrange(at..<(at + new.count), with: new) }
    }

    /// SOI, the segments, the tables and scan of a 1 x 1 grey JPEG, EOI, the tail.
    static func jpeg(segments: [(marker: UInt8, payload: [UInt8])] = [], tail: [UInt8] = []) -> [UInt8] {
        [0xFF, 0xD8] + segments.flatMap { segment($0.marker, $0.payload) } + jpegCore + tail
    }

    static func segment(_ marker: UInt8, _ payload: [UInt8]) -> [UInt8] {
        [0xFF, marker, UInt8((payload.count + 2) >> 8), UInt8((payload.count + 2) & 255)] + payload
    }

    /// From DQT to EOI: every quantiser 1, one DC code of length 1 for difference 0 and one AC code for end of block.
    static let jpegCore: [UInt8] =
        segment(0xDB, [0] + [UInt8](repeating: 1, count: 64)) + segment(0xC0, [8, 0, 1, 0, 1, 1, 1, 0x11, 0])
        + segment(0xC4, [0x00, 1] + [UInt8](repeating: 0, count: 15) + [0])
        + segment(0xC4, [0x10, 1] + [UInt8](repeating: 0, count: 15) + [0])
        + segment(0xDA, [1, 1, 0, 0, 63, 0]) + [0x3F, 0xFF, 0xD9]

    static func pngChunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(type.utf8) + data
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in body {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        func bytes(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32($0))) } }
        return bytes(UInt32(data.count)) + body + bytes(~crc)
    }

    static let exifSignature: [UInt8] = Array("Exif\0\0".utf8)
    static let xmpSignature: [UInt8] = Array("http://ns.adobe.com/xap/1.0/\0".utf8)

    static func xmp(_ body: String) -> [UInt8] {
        Array(
            """
            <?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF \
            xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" \
            xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" \
            xmlns:dc="http://purl.org/dc/elements/1.1/" \(body)</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>
            """.utf8)
    }

    /// A picture made by ImageMagick, then given metadata by exiftool.
    static func make(_ name: String, in folder: TemporaryFolder, convert: [String] = [], tags: [String] = []) throws -> [UInt8] {
        try Tool.run(["convert", "-size", "48x32", "gradient:#123-#eda"] + convert + [name], in: folder.url)
        if !tags.isEmpty { try Tool.run(["exiftool", "-q", "-overwrite_original"] + tags + [name], in: folder.url) }
        return try folder.read(name)
    }

    /// Positions and place names wherever exiftool can put them, beside tags that have to stay.
    static let placeTags = [
        "-EXIF:GPSLatitude=48.858", "-EXIF:GPSLatitudeRef=N", "-EXIF:GPSLongitude=2.294", "-EXIF:GPSLongitudeRef=E",
        "-EXIF:GPSAltitude=35",
        "-XMP-exif:GPSLatitude=48.858", "-XMP-exif:GPSLongitude=2.294", "-XMP-photoshop:City=Paris",
        "-XMP-iptcCore:Location=Champ de Mars",
        "-XMP-dc:Title=Tower", "-XMP-dc:Creator=Ann", "-EXIF:Artist=Ann", "-EXIF:Make=Quirecam", "-EXIF:ExposureTime=1/125",
        "-EXIF:Orientation#=6", "-XMP-tiff:Orientation#=6",
    ]
    static let iptcTags = [
        "-IPTC:City=Paris", "-IPTC:Country-PrimaryLocationName=France", "-IPTC:Headline=Tower", "-IPTC:Keywords=iron",
    ]
}
