/// A landscape as a camera might have taken it: a sky, ridges with texture, things with hard edges, sensor noise.
///
/// Up is up: the sky is at the top of the picture that a viewer shows, whatever its orientation tag says.
struct Photo {
    private let width: Int
    private let height: Int
    private var random: Randomness
    private let skyTop: Colour
    private let skyBottom: Colour
    private let layers: [Layer]
    private let things: [Thing]

    private struct Colour {
        var red: Int32
        var green: Int32
        var blue: Int32

        func blended(with other: Colour, part: Int32, of whole: Int32) -> Colour {
            Colour(
                red: red + (other.red - red) * part / whole, green: green + (other.green - green) * part / whole,
                blue: blue + (other.blue - blue) * part / whole)
        }
    }

    /// A ridge and all below it, in front of the layers before it.
    private struct Layer {
        let colour: Colour
        /// The first row of the layer, for each column.
        let top: [Int32]
        /// How strong its texture is, in 1/16.
        let texture: Int32
    }

    /// A ball, a stone, a house: an ellipse or a rectangle, lit from the left.
    private struct Thing {
        let centreX: Int
        let centreY: Int
        let halfWidth: Int
        let halfHeight: Int
        let round: Bool
        let colour: Colour
        let texture: Int32

        /// The columns it covers in row `y`; nil when it does not reach that row.
        func columns(in y: Int, width: Int) -> Range<Int>? {
            let fromCentre = abs(y - centreY)
            guard fromCentre < halfHeight else { return nil }
            var half = halfWidth
            if round {
                let part = Double(fromCentre) / Double(halfHeight)
                half = Int((Double(halfWidth) * (1 - part * part).squareRoot()))
            }
            let covered = max(0, centreX - half)..<min(width, max(0, centreX + half))
            return covered.isEmpty ? nil : covered
        }
    }

    /// `width` and `height` are those of the upright picture, in pixels.
    init(image: Int, width: Int, height: Int) {
        self.width = width
        self.height = height
        var random = Randomness(image: image, purpose: 2)
        let warm = Int32(random.int(0...60))
        skyTop = Colour(red: 60 + warm, green: 110 + warm / 2, blue: 200 - warm / 2)
        skyBottom = Colour(red: 190 + warm / 2, green: 205, blue: 225 - warm)
        // The smaller the picture, the more of a scene each of its pixels holds already.
        let calm = Int32(max(0, min(8, 12 - max(width, height) / 400)))
        let horizon = Double(height) * (0.35 + random.unit() * 0.2)
        let count = random.int(2...4)
        layers = (0..<count).map { index in
            let base = horizon + (Double(height) - horizon) * Double(index) / Double(count) * 0.9
            let swing = Double(height) * 0.16 / Double(index + 1)
            let near = Int32(index * 24)
            let line = ridge(count: width, from: &random)
            return Layer(
                colour: Colour(
                    red: 120 - near + Int32(random.int(0...40)), green: 135 - near + Int32(random.int(0...30)),
                    blue: 130 - near - Int32(random.int(0...45))),
                top: line.map { Int32(base + $0 * swing) },
                texture: Int32(10 + index * 5 + random.int(0...5)) - calm)
        }
        things = (0..<random.int(8...16)).map { _ in
            let halfWidth = max(2, width * random.int(15...80) / 1000)
            let depth = random.unit()
            return Thing(
                centreX: random.int(0...(width - 1)), centreY: Int(horizon + (Double(height) - horizon) * depth),
                halfWidth: halfWidth, halfHeight: max(2, halfWidth * random.int(60...160) / 100), round: random.int(0...2) > 0,
                colour: Colour(
                    red: Int32(random.int(30...220)), green: Int32(random.int(30...200)), blue: Int32(random.int(30...200))),
                texture: Int32(random.int(2...9)))
        }.sorted { $0.centreY < $1.centreY }
        self.random = random
    }

    /// The upright pixels, three bytes each (red, green, blue), row by row.
    func pixels(_ tables: NoiseTables) -> [UInt8] {
        var random = random
        let clouds = ridge(count: width + height, from: &random)
        let grain = Int32(13)
        return [UInt8](unsafeUninitializedCapacity: width * height * 3) { output, filled in
            var row = Row(width: width)
            for y in 0..<height {
                paintGround(y, clouds: clouds, into: &row)
                for thing in things { paint(thing, y, into: &row) }
                let line = UnsafeMutableBufferPointer(rebasing: output[(y * width * 3)..<((y + 1) * width * 3)])
                develop(row, y, grain: grain, tables, from: &random, into: line)
            }
            filled = width * height * 3
        }
    }

    /// One row before texture and noise; `texture` in 1/16.
    private struct Row {
        var red: [Int32]
        var green: [Int32]
        var blue: [Int32]
        var texture: [Int32]

        init(width: Int) {
            red = [Int32](repeating: 0, count: width)
            (green, blue, texture) = (red, red, red)
        }

        mutating func set(_ x: Int, _ colour: Colour, texture amount: Int32) {
            red[x] = colour.red
            green[x] = colour.green
            blue[x] = colour.blue
            texture[x] = amount
        }
    }

    private func paintGround(_ y: Int, clouds: [Double], into row: inout Row) {
        let sky = skyTop.blended(with: skyBottom, part: Int32(y), of: Int32(height))
        let drift = Int32(clouds[y] * 24)
        for x in 0..<width {
            let cloud = max(0, Int32(clouds[x + y / 2] * 40) + drift)
            row.set(x, Colour(red: sky.red + cloud, green: sky.green + cloud, blue: sky.blue + cloud / 2), texture: 1)
        }
        for layer in layers {
            for x in 0..<width where layer.top[x] <= Int32(y) {
                let depth = min(40, (Int32(y) - layer.top[x]) * 160 / Int32(height))
                let colour = layer.colour
                row.set(
                    x, Colour(red: colour.red - depth, green: colour.green - depth / 2, blue: colour.blue - depth),
                    texture: layer.texture)
            }
        }
    }

    private func paint(_ thing: Thing, _ y: Int, into row: inout Row) {
        guard let columns = thing.columns(in: y, width: width) else { return }
        let span = Int32(thing.halfWidth * 2)
        for x in columns {
            let shade = Int32(thing.centreX + thing.halfWidth - x) * 80 / span - 40
            let colour = thing.colour
            row.set(
                x, Colour(red: colour.red + shade, green: colour.green + shade, blue: colour.blue + shade), texture: thing.texture)
        }
    }

    /// Adds texture and noise, and makes bytes of it.
    private func develop(
        _ row: Row, _ y: Int, grain: Int32, _ tables: NoiseTables, from random: inout Randomness,
        into line: UnsafeMutableBufferPointer<UInt8>
    ) {
        let (mask, side) = (NoiseTables.grainCount - 1, NoiseTables.textureSide)
        let starts = (random.int(0...mask), random.int(0...mask), random.int(0...mask))
        let textureRow = (y % side) * side
        for x in 0..<width {
            let texture = (Int32(tables.texture[textureRow + x % side]) * row.texture[x]) >> 4
            let common = Int32(tables.grain[(starts.0 + x) & mask]) * grain
            let red = Int32(tables.grain[(starts.1 + x) & mask]) * grain / 2
            let blue = Int32(tables.grain[(starts.2 + x) & mask]) * grain / 2
            line[x * 3] = clamped(row.red[x] + texture + (common + red) >> 6)
            line[x * 3 + 1] = clamped(row.green[x] + texture + common >> 6)
            line[x * 3 + 2] = clamped(row.blue[x] + texture + (common + blue) >> 6)
        }
    }
}

private func clamped(_ value: Int32) -> UInt8 { UInt8(truncatingIfNeeded: max(0, min(255, value))) }
