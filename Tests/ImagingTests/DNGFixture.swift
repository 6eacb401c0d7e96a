/// A DNG written by hand (DNG 1.6; TIFF 6.0), little-endian: a Bayer sensor of 16 bits, and previews as cameras put them in.
struct DNGFixture {
    /// Linear values from 0 to 1 of the scene, as red, green and blue of a camera whose colours are those of sRGB.
    typealias Scene = @Sendable (_ x: Int, _ y: Int) -> (red: Double, green: Double, blue: Double)

    var width = 64
    var height = 48
    var orientation = 1
    /// A JPEG and its size.
    var preview: (bytes: [UInt8], width: Int, height: Int)?
    /// Of neutral grey, what the sensor sees of it.
    var neutral = (1.0, 1.0, 1.0)
    var scene: Scene

    /// Grey of 20% on the left, on the right pure red of 50%.
    static let card: Scene = { x, _ in x < 32 ? (0.2, 0.2, 0.2) : (0.5, 0, 0) }

    private struct Field {
        var tag: UInt16
        var type: UInt16
        var count: Int
        var bytes: [UInt8]

        static func short(_ tag: UInt16, _ values: Int...) -> Field {
            Field(tag: tag, type: 3, count: values.count, bytes: values.flatMap { little($0, 2) })
        }
        static func long(_ tag: UInt16, _ values: Int...) -> Field {
            Field(tag: tag, type: 4, count: values.count, bytes: values.flatMap { little($0, 4) })
        }
        static func bytes(_ tag: UInt16, _ values: [UInt8], type: UInt16 = 1) -> Field {
            Field(tag: tag, type: type, count: values.count, bytes: values)
        }
        static func text(_ tag: UInt16, _ text: String) -> Field { bytes(tag, Array(text.utf8) + [0], type: 2) }
        static func ratios(_ tag: UInt16, _ values: [Double], type: UInt16 = 5) -> Field {
            Field(
                tag: tag, type: type, count: values.count,
                bytes: values.flatMap { little(Int(($0 * 10_000).rounded()), 4) + little(10_000, 4) })
        }
    }

    var file: [UInt8] {
        var mosaic: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                let colour = scene(x, y)
                let value: Double =
                    switch (x % 2, y % 2) {
                    case (0, 0): colour.red * neutral.0
                    case (1, 1): colour.blue * neutral.2
                    default: colour.green * neutral.1
                    }
                mosaic += Self.little(Int((value * 65_535).rounded()), 2)
            }
        }
        // Directories of a size known beforehand, then what they point at.
        var result: [UInt8] = Array("II*\0".utf8) + Self.little(8, 4)
        let exifOffset = 1024, previewOffset = 1536, dataOffset = 2048
        let previewBytes = preview?.bytes ?? []
        var main: [Field] = [
            .long(254, 0), .long(256, width), .long(257, height), .short(258, 16), .short(259, 1), .short(262, 32_803),
            .text(271, "Kamera"), .text(272, "Modell 1"), .long(273, dataOffset), .short(274, orientation), .short(277, 1),
            .long(278, height), .long(279, mosaic.count), .short(33_421, 2, 2), .bytes(33_422, [0, 1, 1, 2]), .long(34_665, exifOffset),
            .bytes(50_706, [1, 4, 0, 0]), .text(50_708, "Kamera Modell 1"), .long(50_714, 0), .long(50_717, 65_535),
            .ratios(50_721, [3.2405, -1.5371, -0.4985, -0.9693, 1.8760, 0.0416, 0.0556, -0.2040, 1.0572], type: 10),
            .ratios(50_728, [neutral.0, neutral.1, neutral.2]), .short(50_778, 21),
        ]
        if preview != nil { main.append(.long(330, previewOffset)) }
        result += Self.directory(main, at: result.count, end: exifOffset)
        let exif: [Field] = [
            .ratios(33_434, [0.01]), .ratios(33_437, [5.6]), .short(34_855, 200), .text(36_867, "2020:02:03 04:05:06"),
            .bytes(37_500, Array("private notes of the maker".utf8), type: 7),
        ]
        result += Self.directory(exif, at: exifOffset, end: previewOffset)
        let second: [Field] = [
            .long(254, 1), .long(256, preview?.width ?? 0), .long(257, preview?.height ?? 0), .short(258, 8, 8, 8), .short(259, 7),
            .short(262, 6), .long(273, dataOffset + mosaic.count), .short(277, 3), .long(278, preview?.height ?? 0),
            .long(279, previewBytes.count),
        ]
        result += Self.directory(second, at: previewOffset, end: dataOffset)
        return result + mosaic + previewBytes
    }

    private static func directory(_ fields: [Field], at offset: Int, end: Int) -> [UInt8] {
        let sorted = fields.sorted { $0.tag < $1.tag }
        var entries = little(sorted.count, 2)
        var values: [UInt8] = []
        let start = offset + 2 + 12 * sorted.count + 4
        for field in sorted {
            entries += little(Int(field.tag), 2) + little(Int(field.type), 2) + little(field.count, 4)
            if field.bytes.count <= 4 {
                entries += field.bytes + [UInt8](repeating: 0, count: 4 - field.bytes.count)
            } else {
                entries += little(start + values.count, 4)
                values += field.bytes + (field.bytes.count % 2 == 1 ? [0] : [])
            }
        }
        let whole = entries + [0, 0, 0, 0] + values
        precondition(offset + whole.count <= end, "a directory of \(whole.count) bytes at \(offset) runs into what stands at \(end)")
        return whole + [UInt8](repeating: 0, count: end - offset - whole.count)
    }

    private static func little(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
}
