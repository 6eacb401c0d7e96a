/// Small pictures whose bytes are written here, so that a fixture costs nothing. Each is known by its size.
enum TinyPicture {
    /// A grey baseline JPEG: every block is one bit for "as the block before" and one for "no detail" (ITU T.81, F.1.2).
    ///
    /// - Parameter commentBytes: makes the file larger by a comment.
    static func jpeg(_ width: Int, _ height: Int = 16, exif: Exif? = nil, commentBytes: Int = 0) -> [UInt8] {
        var bytes: [UInt8] = [0xFF, 0xD8]
        func segment(_ marker: UInt8, _ body: [UInt8]) { bytes += [0xFF, marker] + big16(body.count + 2) + body }
        if let exif { segment(0xE1, exif.segment) } else { segment(0xE0, Array("JFIF\0".utf8) + [1, 1, 0, 0, 1, 0, 1, 0, 0]) }
        if commentBytes > 0 { segment(0xFE, [UInt8](repeating: 0x20, count: commentBytes)) }
        segment(0xDB, [0] + [UInt8](repeating: 16, count: 64))
        segment(0xC0, [8] + big16(height) + big16(width) + [1, 1, 0x11, 0])
        for table in [UInt8(0x00), 0x10] { segment(0xC4, [table, 1] + [UInt8](repeating: 0, count: 15) + [0]) }
        segment(0xDA, [1, 1, 0x00, 0, 63, 0])
        let blocks = ((width + 7) / 8) * ((height + 7) / 8)
        var scan = [UInt8](repeating: 0, count: blocks / 4)
        // The rest of the last byte is filled with ones.
        if blocks % 4 != 0 { scan.append(0xFF >> UInt8(2 * (blocks % 4))) }
        return bytes + scan + [0xFF, 0xD9]
    }

    /// An RGB PNG of one colour, not compressed.
    static func png(_ width: Int, _ height: Int = 16, colour: (UInt8, UInt8, UInt8) = (200, 30, 30)) -> [UInt8] {
        let pixel: [UInt8] = [colour.0, colour.1, colour.2]
        let row: [UInt8] = [0] + (0..<width).flatMap { _ in pixel }
        let raw = (0..<height).flatMap { _ in row }
        precondition(raw.count < 65_536, "\(raw.count) bytes do not fit one stored block")
        var stored: [UInt8] = [0x78, 0x01, 0x01] + little16(raw.count) + little16(raw.count ^ 0xFFFF)
        stored += raw + big32(adler(raw))
        func chunk(_ name: String, _ body: [UInt8]) -> [UInt8] {
            let named = Array(name.utf8) + body
            return big32(UInt32(body.count)) + named + big32(checksum(named))
        }
        var header = big32(UInt32(width)) + big32(UInt32(height))
        header += [8, 2, 0, 0, 0]
        let magic: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        return magic + chunk("IHDR", header) + chunk("IDAT", stored) + chunk("IEND", [])
    }

    /// What a camera notes: two tags in the main directory and one in the EXIF directory.
    struct Exif {
        var model: String?
        /// `2023:07:14 09:00:00`
        var taken: String?
        var orientation = 1

        fileprivate var segment: [UInt8] {
            // TIFF 6.0, section 2; big-endian. Text of over four bytes lies behind both directories.
            let model = model.map { Array($0.utf8) + [0] }
            let taken = taken.map { Array($0.utf8) + [0] }
            let mainCount = 2 + (model == nil ? 0 : 1)
            let exifOffset = 8 + 2 + 12 * mainCount + 4
            var textOffset = exifOffset + 2 + 12 * (taken == nil ? 0 : 1) + 4
            var texts: [UInt8] = []
            func entry(_ tag: Int, _ type: Int, _ count: Int, _ value: [UInt8]) -> [UInt8] {
                big16(tag) + big16(type) + big32(UInt32(count)) + value + [UInt8](repeating: 0, count: 4 - value.count)
            }
            func text(_ tag: Int, _ bytes: [UInt8]) -> [UInt8] {
                if bytes.count <= 4 { return entry(tag, 2, bytes.count, bytes) }
                defer {
                    texts += bytes + (bytes.count % 2 == 0 ? [] : [0])
                    textOffset += (bytes.count + 1) / 2 * 2
                }
                return entry(tag, 2, bytes.count, big32(UInt32(textOffset)))
            }
            var main = big16(mainCount)
            if let model { main += text(0x0110, model) }
            main += entry(0x0112, 3, 1, big16(orientation)) + entry(0x8769, 4, 1, big32(UInt32(exifOffset))) + big32(0)
            var exif = big16(taken == nil ? 0 : 1)
            if let taken { exif += text(0x9003, taken) }
            exif += big32(0)
            return Array("Exif\0\0MM".utf8) + [0, 42, 0, 0, 0, 8] + main + exif + texts
        }
    }

    private static func big16(_ number: Int) -> [UInt8] { [UInt8(number >> 8 & 0xFF), UInt8(number & 0xFF)] }
    private static func little16(_ number: Int) -> [UInt8] { [UInt8(number & 0xFF), UInt8(number >> 8 & 0xFF)] }
    private static func big32(_ number: UInt32) -> [UInt8] { (0..<4).map { UInt8(number >> (24 - 8 * UInt32($0)) & 0xFF) } }

    private static func adler(_ bytes: [UInt8]) -> UInt32 {
        var (low, high): (UInt32, UInt32) = (1, 0)
        for byte in bytes {
            low = (low + UInt32(byte)) % 65_521
            high = (high + low) % 65_521
        }
        return high << 16 | low
    }

    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var rest: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            rest ^= UInt32(byte)
            for _ in 0..<8 { rest = rest & 1 == 1 ? rest >> 1 ^ 0xEDB8_8320 : rest >> 1 }
        }
        return ~rest
    }
}
