/// Numbers that look random and are the same in every run: SplitMix64, seeded by what is drawn.
struct Randomness {
    private var state: UInt64

    /// Another `purpose` gives numbers that have nothing to do with those of the same image for the first.
    init(image: Int, purpose: UInt64) {
        state = UInt64(image) &* 0x2545_F491_4F6C_DD1D &+ purpose &* 0x9E37_79B9_7F4A_7C15
        _ = next()
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number of the range, both ends included.
    mutating func int(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next() % UInt64(range.upperBound - range.lowerBound + 1))
    }

    /// A number from 0 up to 1.
    mutating func unit() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }
}

/// Noise drawn once for all images; they read it from places of their own.
///
/// Only whole numbers and the four basic operations are used, so every machine draws the same.
struct NoiseTables: Sendable {
    /// Sensor noise: bell-shaped, standard deviation 16, neighbours alike as demosaicing leaves them. 2^16 numbers.
    let grain: [Int16]
    /// Grass, gravel, cloth: structures of 2 to 32 pixels, standard deviation about 16. `textureSide` squared, tileable.
    let texture: [Int16]

    static let grainCount = 1 << 16
    static let textureSide = 512

    init() {
        var random = Randomness(image: 0, purpose: 1)
        let raw = (0..<Self.grainCount).map { _ in (0..<4).reduce(0) { sum, _ in sum + random.int(-100...100) } }
        grain = raw.indices.map { index in
            let next = raw[(index + 1) % raw.count]
            return Int16((raw[index] * 3 + next * 2) * 16 / 416)
        }
        var sum = [Int](repeating: 0, count: Self.textureSide * Self.textureSide)
        for (cell, weight) in [(2, 7), (4, 9), (8, 8), (16, 7), (32, 6)] {
            let octave = smoothTile(side: Self.textureSide, cell: cell, from: &random)
            for index in sum.indices { sum[index] += octave[index] * weight }
        }
        texture = sum.map { Int16($0 / 28) }
    }
}

/// Numbers from -100 to 100 on a grid of `cell` pixels with straight lines between them; the edges meet.
private func smoothTile(side: Int, cell: Int, from random: inout Randomness) -> [Int] {
    let count = side / cell
    let grid = (0..<(count * count)).map { _ in random.int(-100...100) }
    var tile = [Int](repeating: 0, count: side * side)
    for y in 0..<side {
        let (top, yPart) = (y / cell, y % cell)
        let below = (top + 1) % count
        for x in 0..<side {
            let (left, xPart) = (x / cell, x % cell)
            let right = (left + 1) % count
            let upper = grid[top * count + left] * (cell - xPart) + grid[top * count + right] * xPart
            let lower = grid[below * count + left] * (cell - xPart) + grid[below * count + right] * xPart
            tile[y * side + x] = (upper * (cell - yPart) + lower * yPart) / (cell * cell)
        }
    }
    return tile
}

/// A line of `count` heights around 0 (about -1 to 1), jagged at every scale like a mountain ridge.
func ridge(count: Int, from random: inout Randomness) -> [Double] {
    var heights = [Double](repeating: 0, count: count)
    var (cells, weight) = (3, 0.5)
    while cells < count && cells < 400 {
        let knots = (0...(cells + 1)).map { _ in random.unit() * 2 - 1 }
        for x in 0..<count {
            let place = Double(x) * Double(cells) / Double(count)
            let part = place - Double(Int(place))
            let ease = part * part * (3 - 2 * part)
            heights[x] += weight * (knots[Int(place)] * (1 - ease) + knots[Int(place) + 1] * ease)
        }
        cells = cells * 2 + 1
        weight *= 0.48
    }
    return heights
}
