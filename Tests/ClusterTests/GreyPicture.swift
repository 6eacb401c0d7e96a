/// JPEGs whose bytes are written here, so that a fixture costs nothing.
enum GreyPicture {
    /// A grey baseline picture (ITU T.81, annexes B and F).
    ///
    /// - Parameters:
    ///   - commentBytes: makes the file as much larger.
    ///   - isNoisy: eight coefficients of each block are random; else all is one shade.
    static func jpeg(_ width: Int, _ height: Int, commentBytes: Int = 0, isNoisy: Bool = false) -> [UInt8] {
        var bytes: [UInt8] = [0xFF, 0xD8]
        func segment(_ marker: UInt8, _ body: [UInt8]) { bytes += [0xFF, marker] + big16(body.count + 2) + body }
        segment(0xE0, Array("JFIF\0".utf8) + [1, 1, 0, 0, 1, 0, 1, 0, 0])
        var left = commentBytes
        while left > 0 {
            segment(0xFE, [UInt8](repeating: 0x20, count: min(left, 65_000)))
            left -= 65_000
        }
        segment(0xDB, [0] + [UInt8](repeating: 16, count: 64))
        segment(0xC0, [8] + big16(height) + big16(width) + [1, 1, 0x11, 0])
        // DC: '0' is no difference. AC: '0' ends the block, '10' is a coefficient of three bits.
        segment(0xC4, [0x00, 1] + [UInt8](repeating: 0, count: 15) + [0])
        segment(0xC4, [0x10, 1, 1] + [UInt8](repeating: 0, count: 14) + [0x00, 0x03])
        segment(0xDA, [1, 1, 0x00, 0, 63, 0])
        var scan = BitWriter()
        var random = UInt32(truncatingIfNeeded: width &* 2_654_435_761)
        for _ in 0..<((width + 7) / 8) * ((height + 7) / 8) {
            scan.put(0, count: 1)
            for _ in 0..<(isNoisy ? 8 : 0) {
                random = random &* 1_664_525 &+ 1_013_904_223
                scan.put(0b10, count: 2)
                scan.put(random >> 29, count: 3)
            }
            scan.put(0, count: 1)
        }
        return bytes + scan.finish() + [0xFF, 0xD9]
    }

    private static func big16(_ value: Int) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xFF)] }

    private struct BitWriter {
        private var bytes: [UInt8] = []
        private var bits: UInt32 = 0
        private var count = 0

        mutating func put(_ value: UInt32, count: Int) {
            bits = bits << UInt32(count) | value
            self.count += count
            while self.count >= 8 {
                self.count -= 8
                let byte = UInt8(truncatingIfNeeded: bits >> UInt32(self.count))
                bytes.append(byte)
                // A zero behind says that it is no marker.
                if byte == 0xFF { bytes.append(0) }
            }
        }

        mutating func finish() -> [UInt8] {
            if count > 0 { put(0xFF >> UInt32(count), count: 8 - count) }
            return bytes
        }
    }
}
