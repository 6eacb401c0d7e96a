/// Writes a new TIFF stream (big-endian) from values: only for blocks made from nothing, never to rewrite one with a maker note.
struct EXIFBuilder {
    struct Field {
        var tag: UInt16
        var type: UInt16
        /// Big-endian values.
        var bytes: [UInt8]

        static func short(_ tag: UInt16, _ value: Int) -> Field {
            Field(tag: tag, type: 3, bytes: ByteOrder.big.bytes(value, byteCount: 2))
        }
    }

    var main: [Field] = []
    var exif: [Field] = []
    var gps: [Field] = []

    static func minimal(orientation: Int?, artist: [UInt8]?, copyright: [UInt8]?) -> [UInt8] {
        var builder = EXIFBuilder()
        if let orientation { builder.main.append(.short(TIFFTag.orientation, orientation)) }
        if let artist { builder.main.append(Field(tag: TIFFTag.artist, type: 2, bytes: artist)) }
        if let copyright { builder.main.append(Field(tag: TIFFTag.copyright, type: 2, bytes: copyright)) }
        return builder.stream()
    }

    func stream() -> [UInt8] {
        var result: [UInt8] = [0x4D, 0x4D, 0, 42, 0, 0, 0, 8]
        var first = main
        // Pointers are part of IFD0's size, so they stand in it before the directories behind it are placed.
        if !exif.isEmpty { first.append(Field(tag: TIFFTag.exif, type: 4, bytes: [0, 0, 0, 0])) }
        if !gps.isEmpty { first.append(Field(tag: TIFFTag.gps, type: 4, bytes: [0, 0, 0, 0])) }
        first.sort { $0.tag < $1.tag }
        var next = 8 + Self.byteCount(first)
        for (tag, fields) in [(TIFFTag.exif, exif), (TIFFTag.gps, gps)] where !fields.isEmpty {
            guard let place = first.firstIndex(where: { $0.tag == tag }) else { continue }
            first[place].bytes = ByteOrder.big.bytes(next, byteCount: 4)
            next += Self.byteCount(fields)
        }
        for fields in [first, exif, gps] where !fields.isEmpty {
            result += Self.directory(fields.sorted { $0.tag < $1.tag }, at: result.count)
        }
        return result
    }

    private static func byteCount(_ fields: [Field]) -> Int {
        fields.reduce(2 + 12 * fields.count + 4) { $0 + ($1.bytes.count > 4 ? $1.bytes.count + $1.bytes.count % 2 : 0) }
    }

    private static func directory(_ fields: [Field], at offset: Int) -> [UInt8] {
        var entries = ByteOrder.big.bytes(fields.count, byteCount: 2)
        var values: [UInt8] = []
        let valuesStart = offset + 2 + 12 * fields.count + 4
        for field in fields {
            precondition(tiffTypeBytes(field.type) > 0, "field \(field.tag) has the unknown type \(field.type)")
            entries += ByteOrder.big.bytes(field.tag, byteCount: 2) + ByteOrder.big.bytes(field.type, byteCount: 2)
            entries += ByteOrder.big.bytes(field.bytes.count / Int(tiffTypeBytes(field.type)), byteCount: 4)
            if field.bytes.count <= 4 {
                entries += field.bytes + [UInt8](repeating: 0, count: 4 - field.bytes.count)
            } else {
                entries += ByteOrder.big.bytes(valuesStart + values.count, byteCount: 4)
                values += field.bytes
                if values.count % 2 == 1 { values.append(0) }
            }
        }
        return entries + [0, 0, 0, 0] + values
    }
}
