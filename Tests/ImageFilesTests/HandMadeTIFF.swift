/// A TIFF file of one pixel with directories that no program would write.
struct HandMadeTIFF {
    typealias Field = (tag: UInt16, type: UInt16, value: [UInt8])
    let bytes: [UInt8]

    init(image: [Field], exif: [Field] = []) {
        let pixelAt = 8, directoryAt = 10
        var main: [Field] = [
            (256, 3, [1, 0]), (257, 3, [1, 0]), (258, 3, [8, 0]), (259, 3, [1, 0]), (262, 3, [1, 0]), (273, 4, Self.long(pixelAt)),
            (277, 3, [1, 0]), (278, 3, [1, 0]), (279, 4, Self.long(1)),
        ]
        main += image
        if !exif.isEmpty {
            main.append((34665, 4, Self.long(0)))
            let place = main.count - 1
            main[place].value = Self.long(directoryAt + Self.directory(main, at: directoryAt).count)
        }
        let first = Self.directory(main, at: directoryAt)
        bytes = [0x49, 0x49, 42, 0] + Self.long(directoryAt) + [0x80, 0] + first
            + (exif.isEmpty ? [] : Self.directory(exif, at: directoryAt + first.count))
    }

    /// A Photoshop resource without a name.
    static func resource(_ identifier: UInt16, _ data: [UInt8]) -> [UInt8] {
        Array("8BIM".utf8) + [UInt8(identifier >> 8), UInt8(identifier & 0xFF), 0, 0] + long(data.count).reversed() + data
            + (data.count % 2 == 1 ? [0] : [])
    }

    private static func directory(_ fields: [Field], at offset: Int) -> [UInt8] {
        let sorted = fields.sorted { $0.tag < $1.tag }
        var entries = short(fields.count)
        var values: [UInt8] = []
        for field in sorted {
            let unit = field.type == 3 ? 2 : field.type == 4 ? 4 : 1
            entries += short(Int(field.tag)) + short(Int(field.type)) + long(field.value.count / unit)
            if field.value.count <= 4 {
                entries += field.value + [UInt8](repeating: 0, count: 4 - field.value.count)
            } else {
                entries += long(offset + 2 + 12 * fields.count + 4 + values.count)
                values += field.value + (field.value.count % 2 == 1 ? [0] : [])
            }
        }
        return entries + [0, 0, 0, 0] + values
    }

    private static func short(_ value: Int) -> [UInt8] { [UInt8(value & 0xFF), UInt8(value >> 8)] }
    private static func long(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(value >> (8 * $0) & 0xFF) } }
}
