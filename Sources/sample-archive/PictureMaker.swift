import Glibc

/// Draws, encodes and writes one picture of an archive.
struct PictureMaker: Sendable {
    let folder: String
    let kind: SampleArchive.Kind
    let size: Size
    let tables: NoiseTables

    struct NotWritten: Error, CustomStringConvertible {
        let description: String
    }

    /// The bytes written.
    func make(_ image: Int) throws -> Int {
        let plan = ArchivePlan(image: image)
        let (path, bytes) =
            switch kind {
            case .photo: (plan.photoPath, try photo(plan))
            case .scan: (plan.scanPath, try scan(image))
            }
        try write(bytes, to: folder + "/" + path)
        return bytes.count
    }

    private func photo(_ plan: ArchivePlan) throws -> [UInt8] {
        let sideways = plan.orientation > 4
        let (width, height) = sideways ? (size.height, size.width) : (size.width, size.height)
        let upright = Photo(image: plan.image, width: width, height: height).pixels(tables)
        let stored = turned(upright, width: width, height: height, orientation: plan.orientation)
        let jpeg = try JPEGEncoder.encode(stored, width: size.width, height: size.height, bands: 3, quality: 90)
        let exif = plan.exif(width: size.width, height: size.height).segment(littleEndian: plan.image % 2 == 0)
        return withFirstSegment(exif, jpeg)
    }

    private func scan(_ image: Int) throws -> [UInt8] {
        let pixels = ScanPage(image: image, width: size.width, height: size.height).pixels(tables)
        let jpeg = try JPEGEncoder.encode(pixels, width: size.width, height: size.height, bands: 1, quality: 85)
        let dots = ScanPage.dotsPerInch(longSide: max(size.width, size.height))
        let density = [UInt8(dots >> 8), UInt8(dots & 0xFF)]
        // JFIF 1.01: version, unit (1: inch), density across and down, no thumbnail.
        let header: [UInt8] = [0xFF, 0xE0, 0, 16] + Array("JFIF\0".utf8) + [1, 1, 1] + density + density + [0, 0]
        return withFirstSegment(header, jpeg)
    }

    /// `jpeg` with `segment` behind its SOI marker, in the place of any application segments there.
    private func withFirstSegment(_ segment: [UInt8], _ jpeg: [UInt8]) -> [UInt8] {
        var rest = 2
        while rest + 4 <= jpeg.count, jpeg[rest] == 0xFF, jpeg[rest + 1] & 0xF0 == 0xE0 {
            rest += 2 + Int(jpeg[rest + 2]) << 8 + Int(jpeg[rest + 3])
        }
        return jpeg[..<2] + segment + jpeg[rest...]
    }

    /// Existing files of the same names are replaced; missing folders are made.
    private func write(_ bytes: [UInt8], to path: String) throws {
        var descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        if descriptor < 0, errno == ENOENT {
            for (index, character) in path.enumerated() where character == "/" && index > 0 {
                let parent = String(path.prefix(index))
                guard mkdir(parent, 0o777) == 0 || errno == EEXIST else { throw failed(parent) }
            }
            descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        }
        guard descriptor >= 0 else { throw failed(path) }
        defer { close(descriptor) }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress?.advanced(by: written), bytes.count - written) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw failed(path) }
            written += count
        }
    }

    private func failed(_ path: String) -> NotWritten {
        NotWritten(description: "\(path): \(String(cString: strerror(errno)))")
    }
}

/// The pixels as a camera held that way stores them: what `orientation` (EXIF 2.32, tag 0x0112) turns back to `upright`.
private func turned(_ upright: [UInt8], width: Int, height: Int, orientation: Int) -> [UInt8] {
    guard orientation != 1 else { return upright }
    // Where the first stored pixel lies in the upright picture, and the steps to its right and lower neighbours.
    let last = (x: width - 1, y: height - 1)
    let (start, right, down): ((x: Int, y: Int), Int, Int) =
        switch orientation {
        case 2: ((last.x, 0), -1, width)
        case 3: (last, -1, -width)
        case 4: ((0, last.y), 1, -width)
        case 5: ((0, 0), width, 1)
        case 6: ((last.x, 0), width, -1)
        case 7: (last, -width, -1)
        case 8: ((0, last.y), -width, 1)
        default: preconditionFailure("orientation \(orientation)")
        }
    let (columns, rows) = orientation > 4 ? (height, width) : (width, height)
    return [UInt8](unsafeUninitializedCapacity: upright.count) { output, filled in
        upright.withUnsafeBufferPointer { upright in
            // In strips, so that the lines read across the picture stay in the cache.
            for strip in stride(from: 0, to: columns, by: 64) {
                for row in 0..<rows {
                    var source = (start.y * width + start.x + row * down + strip * right) * 3
                    var target = (row * columns + strip) * 3
                    for _ in strip..<min(columns, strip + 64) {
                        output[target] = upright[source]
                        output[target + 1] = upright[source + 1]
                        output[target + 2] = upright[source + 2]
                        target += 3
                        source += right * 3
                    }
                }
            }
        }
        filled = upright.count
    }
}
