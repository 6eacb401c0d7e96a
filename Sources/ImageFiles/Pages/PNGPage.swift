import JobModel

extension PageFactsReader {
    /// A page has at most this many ranges: facts travel and are stored. 33 MB of pixels at libpng's default chunk of 8 KiB.
    private static var rangesMax: Int { 4_096 }
    private static var profileBytesMax: Int { 16 << 20 }

    /// The compressed pixels as they are: PDF's Flate filter knows PNG's predictors (ISO 32000-1, 7.4.4.4).
    func png() throws(ImageFileError) -> PageFactsResult {
        let png = try PNGFile(reading: source)
        if png.isInterlaced { return .needsEncoding("an interlaced PNG") }
        if png.colourType > 3 { return .needsEncoding("a PNG with an alpha channel") }
        guard png.isComplete else { throw .truncated("the file ends before its picture does") }
        let pixels = png.chunks("IDAT")
        guard !pixels.isEmpty else { throw .damaged("a PNG without pixels") }
        guard zip(pixels, pixels.dropFirst()).allSatisfy({ $0.range.end == $1.range.offset }) else {
            throw .damaged("other chunks stand between the pixels")
        }
        guard pixels.count <= Self.rangesMax else { return .needsEncoding("a PNG in \(pixels.count) parts") }
        for chunk in png.chunks where ["IHDR", "PLTE", "tRNS"].contains(chunk.type) {
            guard try png.isIntact(chunk, in: source) else { throw .damaged("the checksum of a \(chunk.type) chunk is wrong") }
        }
        let colour: PageColour
        switch png.colourType {
        case 0: colour = .grey
        case 2: colour = .rgb
        default:
            guard let chunk = png.chunks("PLTE").first, chunk.data.count % 3 == 0, chunk.data.count > 0,
                chunk.data.count / 3 <= 1 << UInt64(png.bitDepth)
            else { throw .damaged("the palette is missing or has an impossible size") }
            colour = .indexed(palette: try source.read(chunk.data))
        }
        guard let mask = try mask(png) else { return .needsEncoding("a PNG whose palette is partly transparent") }
        let stream = try checkedStream(pixels)
        // The zlib header (RFC 1950, 2.2): what is none no reader shows.
        guard let data = stream.ranges.first else { throw .damaged("a PNG without pixels") }
        let head = try source.read(ByteRange(offset: data.offset, count: min(2, data.count)))
        guard head.count < 2 || head[0] & 15 == 8 && (Int(head[0]) << 8 | Int(head[1])) % 31 == 0 else {
            throw .damaged("the pixels are no compressed data")
        }
        // Readers pass over it, but to a checker of the PDF it looks like a checksum that was never written.
        if let last = stream.ranges.last, last.count >= 8,
            try source.read(ByteRange(offset: last.end - 8, count: 8)).allSatisfy({ $0 == 0 })
        {
            return .needsEncoding("a PNG with zeros behind its pixels")
        }
        return .ready([
            PageFacts(
                width: png.width, height: png.height, bitsPerComponent: png.bitDepth, colour: colour,
                coding: .flate(pngPredictor: true),
                stream: stream, mask: mask, profile: try profile(png), orientation: png.exif?.orientation ?? 1,
                density: png.density,
                isFromCamera: png.exif?.isFromCamera ?? false, carriesGPS: false)
        ])
    }

    /// The data of `pixels`, their checksums verified in the pass that hashes them.
    private func checkedStream(_ pixels: [PNGFile.Chunk]) throws(ImageFileError) -> StreamSource {
        let windowBytes: UInt64 = 1 << 20
        var reader = WindowReader(source, windowBytes: windowBytes)
        var digest = H()
        for chunk in pixels {
            var crc = CRC32()
            crc.update(Array(chunk.type.utf8))
            var position = chunk.data.offset
            while position < chunk.data.end {
                let step = try reader.bytes(at: position, count: Int(min(windowBytes, chunk.data.end - position)))
                crc.update(step)
                digest.update(step)
                position += UInt64(step.count)
            }
            guard ByteOrder.big.uint32(try reader.bytes(at: position, count: 4), 0) == crc.value else {
                throw .damaged("the checksum of an IDAT chunk is wrong")
            }
        }
        return StreamSource(file: file, ranges: pixels.map(\.data).filter { $0.count > 0 }, digest: digest.finish())
    }

    /// Nil when only a soft mask could show the transparency.
    private func mask(_ png: PNGFile) throws(ImageFileError) -> PageMask? {
        guard let chunk = png.chunks("tRNS").first else { return PageMask.none }
        guard chunk.data.count <= 256 else { throw .damaged("the transparency chunk has an impossible size") }
        let data = try source.read(chunk.data)
        if png.colourType == 3 {
            let clear = data.indices.filter { data[$0] == 0 }
            guard data.allSatisfy({ $0 == 0 || $0 == 255 }), clear.count <= 1 else { return nil }
            return clear.first.map { .colourKey([UInt16($0)]) } ?? PageMask.none
        }
        let componentCount = png.colourType == 0 ? 1 : 3
        guard data.count == 2 * componentCount else { throw .damaged("the transparency chunk has an impossible size") }
        // Of a sample with fewer than 16 bits only the low ones count.
        let significant = UInt16((1 << png.bitDepth) - 1)
        return .colourKey((0..<componentCount).compactMap { ByteOrder.big.uint16(data, 2 * $0).map { $0 & significant } })
    }

    /// The profile stays compressed; it is decompressed here only to see whether it may be stated.
    private func profile(_ png: PNGFile) throws(ImageFileError) -> PageProfile? {
        guard let chunk = png.chunks("iCCP").first, chunk.data.count <= UInt64(Self.profileBytesMax),
            try png.isIntact(chunk, in: source)
        else { return nil }
        let data = try source.read(chunk.data)
        guard let nameEnd = data.prefix(80).firstIndex(of: 0), data.count > nameEnd + 2, data[nameEnd + 1] == 0 else {
            return nil
        }
        let deflated = Array(data[(nameEnd + 2)...])
        guard let profile = Inflate.zlib(deflated, limit: Self.profileBytesMax),
            ICCHeader.isUsable(profile, componentCount: png.colourType == 0 ? 1 : 3)
        else { return nil }
        let range = ByteRange(offset: chunk.data.offset + UInt64(nameEnd) + 2, count: UInt64(deflated.count))
        return PageProfile(source: StreamSource(file: file, ranges: [range], digest: H.digest(of: deflated)), isDeflated: true)
    }
}
