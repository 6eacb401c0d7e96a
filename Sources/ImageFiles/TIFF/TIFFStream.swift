public import JobModel

/// One field of a TIFF directory (TIFF 6.0, section 2).
public struct TIFFEntry: Hashable, Sendable {
    public var tag: UInt16
    public var type: UInt16
    /// Values, not bytes.
    public var count: UInt64
    /// Where the value lies: in the entry itself when it fits there. Nil when the type is unknown or it lies outside the file.
    public var value: ByteRange?
    /// True when the value does not lie in the entry itself.
    public var isOutOfLine: Bool
}

/// One directory of a TIFF structure.
public struct TIFFDirectory: Hashable, Sendable {
    public var entries: [TIFFEntry]
    /// The count, the entries and, where the file has it, the next pointer.
    public var range: ByteRange
    /// Offset of the next directory, 0 for none.
    public var next: UInt64

    public func entry(_ tag: UInt16) -> TIFFEntry? { entries.first { $0.tag == tag } }
}

/// Reads a TIFF structure: a TIFF file (classic or BigTIFF) or an EXIF block. Offsets count from the source's first byte.
struct TIFFStream<Source: ByteSource> {
    let source: Source
    let order: ByteOrder
    let isBig: Bool
    let firstDirectory: UInt64

    /// A directory of a file in the wild has some dozens; classic TIFF cannot hold more than this.
    static var entriesMax: UInt64 { 65_535 }

    init(reading source: Source) throws(ImageFileError) {
        guard source.byteCount >= 8 else { throw .notThisKind }
        let head = try source.read(ByteRange(offset: 0, count: min(16, source.byteCount)))
        switch (head[0], head[1]) {
        case (0x49, 0x49): order = .little
        case (0x4D, 0x4D): order = .big
        default: throw .notThisKind
        }
        switch order.uint16(head, 2) {
        case 42:
            isBig = false
            firstDirectory = UInt64(order.uint32(head, 4) ?? 0)
        case 43:
            guard order.uint16(head, 4) == 8, order.uint16(head, 6) == 0, let first = order.uint64(head, 8) else {
                throw .notThisKind
            }
            isBig = true
            firstDirectory = first
        default: throw .notThisKind
        }
        self.source = source
    }

    var countBytes: Int { isBig ? 8 : 2 }
    var entryBytes: Int { isBig ? 20 : 12 }
    var offsetBytes: Int { isBig ? 8 : 4 }
    /// Where the header keeps the offset of the first directory.
    var firstDirectoryPosition: UInt64 { isBig ? 8 : 4 }

    func directory(at offset: UInt64) throws(ImageFileError) -> TIFFDirectory {
        guard offset >= 8, source.contains(ByteRange(offset: offset, count: UInt64(countBytes))) else {
            throw .damaged("a directory lies at \(offset), outside the file")
        }
        // Most directories fit one read of this size.
        let guess = min(2 + 12 * 64 + 4, source.byteCount - offset)
        var raw = try source.read(ByteRange(offset: offset, count: guess))
        guard let count = order.number(raw, 0, byteCount: countBytes), count <= Self.entriesMax else {
            throw .damaged("the directory at \(offset) claims more entries than a file can hold")
        }
        let entriesEnd = UInt64(countBytes) + count * UInt64(entryBytes)
        let left = source.byteCount - offset
        guard entriesEnd <= left else { throw .truncated("the directory at \(offset) ends behind the file") }
        // Some writers leave the pointer to the next directory away at the end of a block.
        let hasNext = left - entriesEnd >= UInt64(offsetBytes)
        let bytes = entriesEnd + (hasNext ? UInt64(offsetBytes) : 0)
        if bytes > UInt64(raw.count) { raw = try source.read(ByteRange(offset: offset, count: bytes)) }
        var entries: [TIFFEntry] = []
        entries.reserveCapacity(Int(count))
        for index in 0..<Int(count) {
            entries.append(entry(raw, at: countBytes + index * entryBytes, directory: offset))
        }
        let next = hasNext ? order.number(raw, Int(entriesEnd), byteCount: offsetBytes) ?? 0 : 0
        return TIFFDirectory(entries: entries, range: ByteRange(offset: offset, count: bytes), next: next)
    }

    private func entry(_ raw: [UInt8], at position: Int, directory: UInt64) -> TIFFEntry {
        let tag = order.uint16(raw, position) ?? 0
        let type = order.uint16(raw, position + 2) ?? 0
        let count = order.number(raw, position + 4, byteCount: offsetBytes) ?? 0
        var entry = TIFFEntry(tag: tag, type: type, count: count, value: nil, isOutOfLine: false)
        let (bytes, overflow) = count.multipliedReportingOverflow(by: tiffTypeBytes(type))
        guard tiffTypeBytes(type) > 0, !overflow else { return entry }
        let field = position + 4 + offsetBytes
        if bytes <= UInt64(offsetBytes) {
            entry.value = ByteRange(offset: directory + UInt64(field), count: bytes)
        } else {
            let range = ByteRange(offset: order.number(raw, field, byteCount: offsetBytes) ?? 0, count: bytes)
            entry.isOutOfLine = true
            entry.value = source.contains(range) ? range : nil
        }
        return entry
    }

    /// The directories from the first one on, at most `limit`, without going round in a loop.
    ///
    /// Throws when the first one cannot be read; a later one that cannot, or that lies over others so that all together would
    /// be larger than the file, ends the list, and `isWhole` is false.
    func mainDirectories(limit: Int) throws(ImageFileError) -> (directories: [TIFFDirectory], isWhole: Bool) {
        var found = [try directory(at: firstDirectory)]
        var seen: Set<UInt64> = [firstDirectory]
        var bytesLeft = source.byteCount - found[0].range.count
        while let next = found.last?.next, next != 0 {
            guard found.count < limit, seen.insert(next).inserted else { return (found, false) }
            guard let directory = try intactDirectory(at: next), directory.range.count <= bytesLeft else { return (found, false) }
            bytesLeft -= directory.range.count
            found.append(directory)
        }
        return (found, true)
    }

    /// A directory that an entry points at; nil where there is none or it is damaged.
    func pointedDirectory(_ entry: TIFFEntry?) throws(ImageFileError) -> TIFFDirectory? {
        guard let entry, let offset = try integers(entry, limit: 1).first else { return nil }
        return try intactDirectory(at: offset)
    }

    /// The directory at `offset`; nil where it is damaged.
    func intactDirectory(at offset: UInt64) throws(ImageFileError) -> TIFFDirectory? {
        do throws(ImageFileError) {
            return try directory(at: offset)
        } catch .unreadable(let reason) {
            throw .unreadable(reason)
        } catch {
            return nil
        }
    }

    /// The bytes of a value; nil where it lies outside the file or has more than `limit` bytes.
    func bytes(_ entry: TIFFEntry?, limit: UInt64) throws(ImageFileError) -> [UInt8]? {
        guard let value = entry?.value, value.count <= limit else { return nil }
        return try source.read(value)
    }

    /// Up to `limit` unsigned numbers (BYTE, SHORT, LONG, IFD, LONG8, IFD8); empty for other types and outside the file.
    func integers(_ entry: TIFFEntry?, limit: Int) throws(ImageFileError) -> [UInt64] {
        guard let entry, let value = entry.value, [1, 3, 4, 13, 16, 18].contains(entry.type) else { return [] }
        let size = Int(tiffTypeBytes(entry.type))
        let count = Int(min(entry.count, UInt64(limit)))
        let raw = try source.read(ByteRange(offset: value.offset, count: UInt64(count * size)))
        return (0..<count).compactMap { order.number(raw, $0 * size, byteCount: size) }
    }

    /// The first RATIONAL of an entry.
    func rational(_ entry: TIFFEntry?) throws(ImageFileError) -> (numerator: UInt64, denominator: UInt64)? {
        guard let entry, entry.type == 5, entry.count >= 1, let value = entry.value else { return nil }
        let raw = try source.read(ByteRange(offset: value.offset, count: 8))
        guard let numerator = order.uint32(raw, 0), let denominator = order.uint32(raw, 4) else { return nil }
        return (UInt64(numerator), UInt64(denominator))
    }

    /// An ASCII value up to its NUL, without spaces at its end; nil when empty, missing or over 4,096 bytes.
    func text(_ entry: TIFFEntry?) throws(ImageFileError) -> String? {
        guard let entry, entry.type == 2 || entry.type == 1 || entry.type == 129, var raw = try bytes(entry, limit: 4096) else {
            return nil
        }
        if let end = raw.firstIndex(of: 0) { raw.removeSubrange(end...) }
        while raw.last == 0x20 { raw.removeLast() }
        return raw.isEmpty ? nil : String(decoding: raw, as: UTF8.self)
    }

    /// XResolution, YResolution and ResolutionUnit (inches where it is missing).
    func density(_ directory: TIFFDirectory) throws(ImageFileError) -> Density? {
        guard let x = try rational(directory.entry(TIFFTag.xResolution)),
            let y = try rational(directory.entry(TIFFTag.yResolution)),
            x.denominator > 0, y.denominator > 0
        else { return nil }
        let perInch: UInt64
        switch try integers(directory.entry(TIFFTag.resolutionUnit), limit: 1).first ?? 2 {
        case 2: perInch = 1000
        case 3: perInch = 2540
        default: return nil
        }
        return Density(
            stated: (x.numerator * perInch + x.denominator / 2) / x.denominator,
            (y.numerator * perInch + y.denominator / 2) / y.denominator)
    }
}

/// Reads the directories that entries of many others point at, each once, since all pages of a file may share one.
struct PointedDirectories<Source: ByteSource> {
    private let stream: TIFFStream<Source>
    private var known: [UInt64: TIFFDirectory?] = [:]
    private var bytesLeft: UInt64

    init(_ stream: TIFFStream<Source>) {
        self.stream = stream
        bytesLeft = stream.source.byteCount
    }

    /// Nil where there is none or it is damaged; throws `damaged` when they lie over each other so that all together would be
    /// larger than the file.
    mutating func directory(_ entry: TIFFEntry?) throws(ImageFileError) -> TIFFDirectory? {
        guard let entry, let offset = try stream.integers(entry, limit: 1).first else { return nil }
        return try directory(at: offset)
    }

    mutating func directory(at offset: UInt64) throws(ImageFileError) -> TIFFDirectory? {
        if let known = known[offset] { return known }
        let found = try stream.intactDirectory(at: offset)
        if let found {
            guard found.range.count <= bytesLeft else { throw .damaged("directories lie over each other at \(offset)") }
            bytesLeft -= found.range.count
        }
        known[offset] = .some(found)
        return found
    }
}

/// Bytes of one value of a field type; 0 for a type that is not known (TIFF 6.0, Supplement 1, BigTIFF, EXIF 3.0's UTF-8).
func tiffTypeBytes(_ type: UInt16) -> UInt64 {
    switch type {
    case 1, 2, 6, 7, 129: 1
    case 3, 8: 2
    case 4, 9, 11, 13: 4
    case 5, 10, 12, 16, 17, 18: 8
    default: 0
    }
}

/// Tags by number, as TIFF 6.0 and EXIF 2.32 name them.
enum TIFFTag {
    static let newSubfileType: UInt16 = 254
    static let imageWidth: UInt16 = 256
    static let imageLength: UInt16 = 257
    static let bitsPerSample: UInt16 = 258
    static let compression: UInt16 = 259
    static let photometric: UInt16 = 262
    static let fillOrder: UInt16 = 266
    static let imageDescription: UInt16 = 270
    static let make: UInt16 = 271
    static let model: UInt16 = 272
    static let stripOffsets: UInt16 = 273
    static let orientation: UInt16 = 274
    static let samplesPerPixel: UInt16 = 277
    static let rowsPerStrip: UInt16 = 278
    static let stripByteCounts: UInt16 = 279
    static let xResolution: UInt16 = 282
    static let yResolution: UInt16 = 283
    static let planarConfiguration: UInt16 = 284
    static let t6Options: UInt16 = 293
    static let resolutionUnit: UInt16 = 296
    static let software: UInt16 = 305
    static let dateTime: UInt16 = 306
    static let artist: UInt16 = 315
    static let hostComputer: UInt16 = 316
    static let tileWidth: UInt16 = 322
    static let tileOffsets: UInt16 = 324
    static let tileByteCounts: UInt16 = 325
    static let subIFDs: UInt16 = 330
    static let extraSamples: UInt16 = 338
    static let jpegTables: UInt16 = 347
    static let thumbnailOffset: UInt16 = 513
    static let thumbnailByteCount: UInt16 = 514
    static let xmp: UInt16 = 700
    static let copyright: UInt16 = 33432
    static let exposureTime: UInt16 = 33434
    static let fNumber: UInt16 = 33437
    static let iptc: UInt16 = 33723
    static let photoshop: UInt16 = 34377
    static let exif: UInt16 = 34665
    static let iccProfile: UInt16 = 34675
    static let gps: UInt16 = 34853
    static let isoSpeed: UInt16 = 34855
    static let dateTimeOriginal: UInt16 = 36867
    static let dateTimeDigitized: UInt16 = 36868
    static let focalLength: UInt16 = 37386
    static let makerNote: UInt16 = 37500
    static let pixelXDimension: UInt16 = 40962
    static let pixelYDimension: UInt16 = 40963
    static let interoperability: UInt16 = 40965
    static let cfaPattern: UInt16 = 41730
    static let lensModel: UInt16 = 42036
    /// Where on Earth the picture lies: pixel scale, tie points, transformations, keys with their numbers and texts (GeoTIFF 1.1,
    /// annex B, and Intergraph's older matrix), and the rational polynomials of satellites (RPCs in GeoTIFF).
    static let mapCoordinates: Set<UInt16> = [33550, 33920, 33922, 34264, 34735, 34736, 34737, 50844]
}

extension Density {
    /// Resolutions as a file states them, in thousandths of a dot per inch; nil for nonsense: below 10 or above 9,600 dpi.
    init?(stated horizontal: UInt64, _ vertical: UInt64) {
        let sensible: ClosedRange<UInt64> = 10_000...9_600_000
        guard sensible.contains(horizontal), sensible.contains(vertical) else { return nil }
        self.init(horizontalMilliDPI: UInt32(horizontal), verticalMilliDPI: UInt32(vertical))
    }
}
