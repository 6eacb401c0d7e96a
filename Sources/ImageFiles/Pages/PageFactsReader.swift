public import JobModel

/// What `pageFacts` found.
public enum PageFactsResult: Hashable, Sendable {
    /// The file's pages in order, embeddable as they are.
    case ready([PageFacts])
    /// Some pages are embeddable as they are; nil stands for one a PDF cannot carry, and the text says why of the first such.
    case partly([PageFacts?], String)
    /// A PDF cannot carry these bytes, and why.
    case needsEncoding(String)
}

/// The pages of a file whose bytes go into a PDF untouched (pdf.md, section 4).
///
/// Reads every byte that goes in, to hash it and to find what is cut off or damaged, and throws for that. What decoding alone
/// would find, wrong pixels in intact structures, passes. `file` is where the ranges of the result lie: the source's own name.
public func pageFacts<H: DigestStream>(
    of source: some ByteSource, kind: ImageKind, in file: PageFile, hashing: H.Type
) throws(ImageFileError) -> PageFactsResult {
    let reader = PageFactsReader<_, H>(source: source, file: file)
    switch kind {
    case .jpeg: return try reader.jpeg()
    case .png: return try reader.png()
    case .tiff: return try reader.tiff()
    case .jp2, .j2k: return try reader.jp2()
    case .webp, .gif, .heif, .avif, .jxl, .bmp, .svg, .pdf, .dicom, .psd, .exr, .hdr, .fits, .xcf, .netpbm, .raw:
        return .needsEncoding("a PDF cannot hold \(kind.rawValue) data")
    }
}

/// Makes page facts of one source; each container's rules stand in a file of their own.
struct PageFactsReader<Source: ByteSource, H: DigestStream> {
    let source: Source
    let file: PageFile

    private static var windowBytes: UInt64 { 1 << 20 }

    var whole: ByteRange { ByteRange(offset: 0, count: source.byteCount) }

    /// The stream that `ranges` make, hashed in one pass that also shows each window and its offset to `look`.
    func stream(
        _ ranges: [ByteRange], look: (UnsafeRawBufferPointer, UInt64) -> Void = { _, _ in }
    ) throws(ImageFileError) -> StreamSource {
        var digest = H()
        for range in ranges {
            var position = range.offset
            while position < range.end {
                let count = min(Self.windowBytes, range.end - position)
                let window = try source.read(ByteRange(offset: position, count: count))
                digest.update(window)
                window.withUnsafeBytes { look($0, position) }
                position += count
            }
        }
        return StreamSource(file: file, ranges: ranges, digest: digest.finish())
    }

    /// A profile that lies in `ranges` as it is; nil when a PDF must not state it for `componentCount` components.
    func profile(_ ranges: [ByteRange], componentCount: Int) throws(ImageFileError) -> PageProfile? {
        var bytes: [UInt8] = []
        for range in ranges { bytes += try source.read(range) }
        guard ICCHeader.isUsable(bytes, componentCount: componentCount) else { return nil }
        return PageProfile(source: StreamSource(file: file, ranges: ranges, digest: H.digest(of: bytes)), isDeflated: false)
    }
}

/// The header of an ICC profile (ICC.1:2010, 7.2).
public enum ICCHeader {
    /// Whether a PDF may state the profile for pixels of `componentCount` components (ISO 32000-1, 8.6.5.5; PDF/A-2, 6.2.4.2).
    public static func isUsable(_ profile: [UInt8], componentCount: Int) -> Bool {
        guard profile.count >= 128, profile.has("acsp", at: 36), let stated = ByteOrder.big.uint32(profile, 0),
            Int(stated) <= profile.count,
            profile[8] < 5
        else { return false }
        let isOfClass =
            profile.has("mntr", at: 12) || profile.has("prtr", at: 12) || profile.has("scnr", at: 12)
            || profile.has("spac", at: 12)
        switch componentCount {
        case 1: return isOfClass && profile.has("GRAY", at: 16)
        case 3: return isOfClass && profile.has("RGB ", at: 16)
        case 4: return isOfClass && profile.has("CMYK", at: 16)
        default: return false
        }
    }
}
