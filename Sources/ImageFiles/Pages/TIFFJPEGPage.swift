import JobModel

extension PageFactsReader {
    /// A strip of JPEG data with the tables that all strips share put in front (TIFF Technical Note 2): then it is a JPEG file.
    func jpegCarriage(_ page: TIFFFile.Page, _ strip: ByteRange) throws(ImageFileError) -> TIFFCarriage {
        var ranges = [strip]
        if let entry = page.directory.entry(TIFFTag.jpegTables) {
            guard let tables = entry.value, tables.count >= 4, strip.count > 4 else {
                throw .damaged("the JPEG tables are cut off")
            }
            let ends = try source.read(ByteRange(offset: tables.end - 2, count: 2))
            let begins = try source.read(ByteRange(offset: strip.offset, count: 2))
            guard ends == [0xFF, 0xD9], begins == [0xFF, 0xD8] else {
                return .encoded("JPEG tables that end without their marker")
            }
            ranges = [
                ByteRange(offset: tables.offset, count: tables.count - 2),
                ByteRange(offset: strip.offset + 2, count: strip.count - 2),
            ]
        }
        let joined = PageFactsReader<JoinedSource<Source>, H>(source: JoinedSource(source, ranges), file: file)
        guard case .ready(let pages) = try joined.jpeg(), var facts = pages.first else {
            return .encoded("JPEG data in a TIFF that PDF readers do not decode")
        }
        let jpeg = try JPEGFile(reading: joined.source)
        // A marker or profile in the strip would speak against the tags.
        let isBare = jpeg.segments.allSatisfy { segment in
            if case .coding = segment.kind { true } else { segment.kind == .jfif || segment.kind == .comment }
        }
        guard isBare, facts.width == page.width, facts.height == page.height else {
            return .encoded("JPEG data in a TIFF with markers or a size of its own")
        }
        let blackIsZero = 1
        let rgb = 2
        let yCbCr = 6
        switch (page.photometric, facts.colour) {
        case (blackIsZero, .grey): facts.coding = .jpeg(invertedCMYK: false, colourTransform: nil)
        case (rgb, .rgb) where !jpeg.hasJFIF: facts.coding = .jpeg(invertedCMYK: false, colourTransform: 0)
        case (yCbCr, .rgb) where facts.coding == .jpeg(invertedCMYK: false, colourTransform: nil): break
        default: return .encoded("JPEG data in a TIFF in a colour space of its own")
        }
        facts.stream.ranges = ranges
        if let range = page.directory.entry(TIFFTag.iccProfile)?.value, range.count <= Self.tiffProfileBytesMax {
            facts.profile = try profile([range], componentCount: facts.colour.componentCount)
        }
        return .asItIs(facts)
    }

    private static var tiffProfileBytesMax: UInt64 { 16 << 20 }
}

/// Ranges of a source, one behind the other.
private struct JoinedSource<Base: ByteSource>: ByteSource {
    private let base: Base
    private let ranges: [ByteRange]

    init(_ base: Base, _ ranges: [ByteRange]) {
        self.base = base
        self.ranges = ranges
    }

    var byteCount: UInt64 { ranges.reduce(0) { $0 + $1.count } }

    func read(_ range: ByteRange) throws(ImageFileError) -> [UInt8] {
        guard contains(range) else { throw .truncated("the data end before byte \(range.offset) + \(range.count)") }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(range.count))
        var start: UInt64 = 0
        for part in ranges {
            let (from, end) = (max(range.offset, start), min(range.end, start + part.count))
            if from < end { bytes += try base.read(ByteRange(offset: part.offset + from - start, count: end - from)) }
            start += part.count
        }
        return bytes
    }
}
