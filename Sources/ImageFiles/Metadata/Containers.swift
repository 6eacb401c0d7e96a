public import JobModel

/// The file with `edits` applied, by its kind; `unsupported` where the caller has to decode and encode again.
/// Edits that change nothing give one copy of the whole source (`isVerbatim`).
///
/// Throws `unwritable` for a tag that the file cannot take.
public func editMetadata(_ edits: [MetadataEdit], of source: some ByteSource, kind: ImageKind) throws(ImageFileError) -> [Piece] {
    let runs = MetadataEdit.runs(edits)
    var pieces = try edited(runs[0], source, kind)
    for run in runs.dropFirst() {
        let made = PieceSource(pieces, of: source)
        pieces = made.resolved(try edited(run, made, kind))
    }
    return pieces
}

/// The same for a file that is edited already: its pieces, and the source they are pieces of.
public func editMetadata(
    _ edits: [MetadataEdit], of pieces: [Piece], from source: some ByteSource, kind: ImageKind
) throws(ImageFileError) -> [Piece] {
    let made = PieceSource(pieces, of: source)
    return made.resolved(try editMetadata(edits, of: made, kind: kind))
}

private func edited(_ edits: [MetadataEdit], _ source: some ByteSource, _ kind: ImageKind) throws(ImageFileError) -> [Piece] {
    switch kind {
    case .jpeg: return try JPEGFile(reading: source).pieces(applying: edits, source: source)
    case .png: return try PNGFile(reading: source).pieces(applying: edits, source: source)
    case .webp: return try WebPFile(reading: source).pieces(applying: edits, source: source)
    case .tiff: return try TIFFFile(reading: source).pieces(applying: edits, source: source)
    case .gif: return try GIFFile(reading: source).pieces(applying: edits, source: source)
    case .jp2, .j2k: return try JP2File(reading: source).pieces(applying: edits, source: source)
    case .heif, .avif, .jxl, .bmp, .svg, .pdf, .dicom, .psd, .exr, .hdr, .fits, .xcf, .netpbm, .raw:
        throw .unsupported("metadata of \(kind.rawValue) files are not edited in place")
    }
}

/// The metadata blocks of a JPEG, PNG, WebP, TIFF or JPEG 2000 file as they stand there; empty for other kinds.
public func embeddedMetadata(of source: some ByteSource, kind: ImageKind) throws(ImageFileError) -> EmbeddedMetadata {
    switch kind {
    case .jpeg: return try JPEGFile(reading: source).metadata(in: source)
    case .png: return try PNGFile(reading: source).metadata(in: source)
    case .webp: return try WebPFile(reading: source).metadata(in: source)
    case .tiff: return try TIFFFile(reading: source).metadata(in: source)
    case .jp2: return try JP2File(reading: source).metadata(in: source)
    case .gif, .heif, .avif, .j2k, .jxl, .bmp, .svg, .pdf, .dicom, .psd, .exr, .hdr, .fits, .xcf, .netpbm, .raw:
        return EmbeddedMetadata()
    }
}

/// A newly encoded JPEG, PNG or WebP with its EXIF, XMP and IPTC replaced by `metadata`; its ICC profile stays.
public func replaceMetadata(
    with metadata: EmbeddedMetadata, in source: some ByteSource, kind: ImageKind
) throws(ImageFileError) -> [Piece] {
    switch kind {
    case .jpeg: return try JPEGFile(reading: source).replacingMetadata(metadata, source: source)
    case .png: return try PNGFile(reading: source).replacingMetadata(metadata, source: source)
    case .webp: return try WebPFile(reading: source).replacingMetadata(metadata, source: source)
    case .tiff, .gif, .heif, .avif, .jp2, .j2k, .jxl, .bmp, .svg, .pdf, .dicom, .psd, .exr, .hdr, .fits, .xcf, .netpbm, .raw:
        throw .unsupported("metadata of \(kind.rawValue) files are not replaced in place")
    }
}
