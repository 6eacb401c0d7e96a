internal import CVips

/// How far each pixel is from a shape: the exact Euclidean distance to its edge, 0 within (Felzenszwalb and Huttenlocher,
/// Distance Transforms of Sampled Functions: two passes of lower envelopes of parabolas).
struct DistanceField {
    private let width: Int
    private let height: Int
    /// In pixels, row by row.
    private let distances: [Float]

    /// - Parameter shape: One band of 8 bits; what is half opaque or more is within.
    init(to shape: Image) throws(ImagingError) {
        (width, height) = (shape.width, shape.height)
        let (width, height) = (width, height)
        distances = try shape.withPixels { pixels in
            func isWithin(_ x: Int, _ y: Int) -> Bool {
                x >= 0 && y >= 0 && x < width && y < height && pixels[y * width + x] >= 128
            }
            var field = (0..<pixels.count).map { place -> Float in
                let (x, y) = (place % width, place / width)
                if pixels[place] >= 128 { return 0 }
                // Farther out a soft edge says nothing of where the shape ends.
                guard pixels[place] > 0, isWithin(x - 1, y) || isWithin(x + 1, y) || isWithin(x, y - 1) || isWithin(x, y + 1) else {
                    return Self.far
                }
                // An edge that runs through a pixel is as far from its middle as half of it is not covered.
                let missing = 0.5 - Float(pixels[place]) / 255
                return missing * missing
            }
            let count = max(width, height)
            var line = [Float](repeating: 0, count: count)
            var places = [Int](repeating: 0, count: count)
            var borders = [Float](repeating: 0, count: count + 1)
            field.withUnsafeMutableBufferPointer { field in
                for x in 0..<width { Self.transform(field, from: x, step: width, count: height, &line, &places, &borders) }
                for y in 0..<height { Self.transform(field, from: y * width, step: 1, count: width, &line, &places, &borders) }
            }
            return field.map { $0.squareRoot() }
        }
    }

    /// Farther than any picture is wide; its square still is a number among others.
    private static let far: Float = 1e12

    private static func transform(
        _ field: UnsafeMutableBufferPointer<Float>, from start: Int, step: Int, count: Int, _ line: inout [Float],
        _ places: inout [Int], _ borders: inout [Float]
    ) {
        for index in 0..<count { line[index] = field[start + index * step] }
        var last = 0
        places[0] = 0
        borders[0] = -.infinity
        borders[1] = .infinity
        for index in 1..<max(count, 1) {
            var crossing = Self.crossing(line, index, places[last])
            while crossing <= borders[last] {
                last -= 1
                crossing = Self.crossing(line, index, places[last])
            }
            last += 1
            places[last] = index
            borders[last] = crossing
            borders[last + 1] = .infinity
        }
        var nearest = 0
        for index in 0..<count {
            while borders[nearest + 1] < Float(index) { nearest += 1 }
            let distance = Float(index - places[nearest])
            field[start + index * step] = distance * distance + line[places[nearest]]
        }
    }

    /// Where the parabolas that stand at two places meet.
    private static func crossing(_ line: [Float], _ one: Int, _ other: Int) -> Float {
        let (a, b) = (Double(one), Double(other))
        return Float(((Double(line[one]) + a * a) - (Double(line[other]) + b * b)) / (2 * a - 2 * b))
    }

    /// The shape grown by so many pixels, with smooth edges, as a mask of 8 bits.
    func grown(by pixels: Double) throws(ImagingError) -> Image {
        let mask = distances.map { distance in
            UInt8((255 * min(max(Float(pixels) + 1 - distance, 0), 1)).rounded())
        }
        return try Image(grey: mask, width: width, height: height)
    }
}
