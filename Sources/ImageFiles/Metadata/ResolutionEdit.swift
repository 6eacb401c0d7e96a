public import JobModel

/// An edited file that states this resolution, both ways, in every place where its readers look; pixels stay byte for byte.
///
/// EXIF is changed where there is a block, and made where a container has no other place (WebP, and JPEGs without JFIF). Throws
/// `unsupported` for kinds that state no resolution.
///
/// - Parameters:
///   - milliDPI: Thousandths of a dot an inch; JFIF holds whole dots only.
///   - pieces: The file as edits before this one made it of `source`.
public func stateResolution(
    _ milliDPI: UInt32, in pieces: [Piece], of source: some ByteSource, kind: ImageKind
) throws(ImageFileError) -> [Piece] {
    precondition(milliDPI > 0, "a resolution of nothing")
    let given = PieceSource(pieces, of: source)
    var result = pieces
    if try wantsEXIF(given, kind) {
        result = given.resolved(try editMetadata(exifEdits(milliDPI), of: given, kind: kind))
    }
    let tagged = PieceSource(result, of: source)
    let splices: [Splice] =
        switch kind {
        case .jpeg: try splices(in: JPEGFile(reading: tagged), milliDPI)
        case .png: try splices(in: PNGFile(reading: tagged), milliDPI)
        case .tiff: try splices(in: TIFFFile(reading: tagged), of: tagged, milliDPI)
        case .webp: []
        case .gif, .heif, .avif, .jp2, .j2k, .jxl, .bmp, .svg, .pdf, .dicom, .psd, .exr, .hdr, .fits, .xcf, .netpbm, .raw:
            throw .unsupported("a \(kind.rawValue) file states no resolution")
        }
    return tagged.resolved(try ImageFiles.pieces(splicing: splices, into: tagged.byteCount))
}

extension EmbeddedMetadata {
    /// The same with this resolution, both ways, in the EXIF block; where there is none that can be read nothing changes.
    ///
    /// - Parameter milliDPI: Thousandths of a dot an inch.
    public func stating(milliDPI: UInt32) throws(ImageFileError) -> EmbeddedMetadata {
        guard EXIFBlock.ifReadable(exif) != nil else { return self }
        return try applying(exifEdits(milliDPI))
    }
}

private func wantsEXIF(_ source: some ByteSource, _ kind: ImageKind) throws(ImageFileError) -> Bool {
    switch kind {
    case .jpeg:
        let file = try JPEGFile(reading: source)
        // A block that cannot be read is left to those who can.
        if !file.segments(of: .exif).isEmpty { return file.exif != nil }
        return !file.hasJFIF && file.adobeTransform != nil
    case .png: return try PNGFile(reading: source).exif != nil
    case .tiff, .webp: return true
    case .gif, .heif, .avif, .jp2, .j2k, .jxl, .bmp, .svg, .pdf, .dicom, .psd, .exr, .hdr, .fits, .xcf, .netpbm, .raw: return false
    }
}

private func exifEdits(_ milliDPI: UInt32) -> [MetadataEdit] {
    let isWhole = milliDPI % 1000 == 0
    let ratio = EXIFValue.Ratio(Int64(isWhole ? milliDPI / 1000 : milliDPI), isWhole ? 1 : 1000)
    return [
        .setTag(.exif(EXIFTag(.image, TIFFTag.xResolution, "XResolution", .rational, 1)), .exif(.rationals([ratio]))),
        .setTag(.exif(EXIFTag(.image, TIFFTag.yResolution, "YResolution", .rational, 1)), .exif(.rationals([ratio]))),
        .setTag(.exif(EXIFTag(.image, TIFFTag.resolutionUnit, "ResolutionUnit", .short, 1)), .exif(.shorts([inches]))),
    ]
}

/// ResolutionUnit (TIFF 6.0, page 38).
private let inches: UInt16 = 2

/// JFIF's unit 1 is dots an inch (ITU-T T.871, 10.1). A segment of its own is put in where nothing else states a resolution.
private func splices(in file: JPEGFile, _ milliDPI: UInt32) -> [Splice] {
    let dots = min(65_535, max(1, (Int(milliDPI) + 500) / 1000))
    let values = [1] + ByteOrder.big.bytes(dots, byteCount: 2) + ByteOrder.big.bytes(dots, byteCount: 2)
    if let segment = file.segments(of: .jfif).first {
        guard segment.payload.count >= 7 else { return [] }
        return [Splice(range: ByteRange(offset: segment.payload.offset + 2, count: 5), bytes: values)]
    }
    guard file.segments(of: .exif).isEmpty, file.adobeTransform == nil else { return [] }
    return [.inserting([0xFF, 0xE0, 0, 16] + Array("JFIF\0".utf8) + [1, 1] + values + [0, 0], at: 2)]
}

/// Pixels a metre, both ways, and 1 for the metre (PNG 3rd edition, 11.3.4.3); it stands before the pixels.
private func splices(in file: PNGFile, _ milliDPI: UInt32) -> [Splice] {
    let perMetre = Int((Double(milliDPI) / 25.4).rounded())
    let data = ByteOrder.big.bytes(perMetre, byteCount: 4) + ByteOrder.big.bytes(perMetre, byteCount: 4) + [1]
    let old = file.chunks.filter { $0.type == "pHYs" }
    let place = old.first?.range.offset ?? file.chunks.first { $0.type == "IDAT" }?.range.offset ?? file.chunks[0].range.end
    return [.inserting(PNGFile.chunk("pHYs", data), at: place)] + old.map { .removing($0.range) }
}

/// Pages behind the first, where they state a resolution.
private func splices(
    in file: TIFFFile, of source: some ByteSource, _ milliDPI: UInt32
) throws(ImageFileError) -> [Splice] {
    let order = try TIFFStream(reading: source).order
    let ratio = order.bytes(milliDPI, byteCount: 4) + order.bytes(1000, byteCount: 4)
    var splices: [Splice] = []
    // Pages may share one value.
    var places: Set<UInt64> = []
    for page in file.pages.dropFirst() {
        for (tag, type, bytes) in [
            (TIFFTag.xResolution, 5, ratio), (TIFFTag.yResolution, 5, ratio),
            (TIFFTag.resolutionUnit, 3, order.bytes(inches, byteCount: 2)),
        ] {
            guard let entry = page.directory.entry(tag), Int(entry.type) == type, entry.count == 1, let value = entry.value,
                value.count >= UInt64(bytes.count), places.insert(value.offset).inserted
            else { continue }
            splices.append(Splice(range: ByteRange(offset: value.offset, count: UInt64(bytes.count)), bytes: bytes))
        }
    }
    return splices
}
