/// A typewritten page as an office scanner delivers it: grey paper, dark lines of text, a little noise.
struct ScanPage {
    private let width: Int
    private let height: Int
    private let random: Randomness

    init(image: Int, width: Int, height: Int) {
        self.width = width
        self.height = height
        random = Randomness(image: image, purpose: 3)
    }

    /// What makes the page nearest to A4 of the two usual resolutions.
    static func dotsPerInch(longSide: Int) -> Int { longSide >= 2_600 ? 300 : 150 }

    /// One byte a pixel, row by row.
    func pixels(_ tables: NoiseTables) -> [UInt8] {
        var random = random
        var page = [Int32](repeating: 0, count: width * height)
        let mask = NoiseTables.grainCount - 1
        for y in 0..<height {
            let start = random.int(0...mask)
            let paper = 238 - Int32(y * 8 / height)
            for x in 0..<width { page[y * width + x] = paper + Int32(tables.grain[(start + x) & mask]) >> 5 }
        }
        typeText(into: &page, from: &random)
        return page.map { UInt8(truncatingIfNeeded: max(0, min(255, $0))) }
    }

    private func typeText(into page: inout [Int32], from random: inout Randomness) {
        let unit = max(1, width / 620)
        let (glyphWidth, glyphHeight) = (6 * unit, 9 * unit)
        let alphabet = (0..<40).map { _ in random.next() }
        let margin = width / 9
        var y = height / 10
        while y + glyphHeight < height - height / 10 {
            let lineEnd = random.int(0...7) == 0 ? width / 2 : width - margin
            var (x, left) = (margin, random.int(2...9))
            while x + glyphWidth < lineEnd {
                if left == 0 {
                    left = random.int(2...9)
                } else {
                    stamp(alphabet[random.int(0...39)], x, y, unit, into: &page)
                    left -= 1
                }
                x += glyphWidth + unit
            }
            y += random.int(0...9) == 0 ? glyphHeight * 3 : glyphHeight + 6 * unit
        }
    }

    /// A glyph is 4 x 7 cells, one bit each.
    private func stamp(_ glyph: UInt64, _ x: Int, _ y: Int, _ unit: Int, into page: inout [Int32]) {
        for cell in 0..<28 where glyph >> UInt64(cell) & 1 == 1 {
            let (cellX, cellY) = (x + cell % 4 * unit, y + cell / 4 * unit)
            for row in cellY..<(cellY + unit) {
                for column in cellX..<(cellX + unit) { page[row * width + column] -= 190 }
            }
        }
    }
}
