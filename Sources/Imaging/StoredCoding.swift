internal import ImageFiles
internal import JobModel
internal import Recipes

/// How an input's pixels are stored, where libvips does not tell.
struct StoredCoding {
    /// Of a TIFF's first page, where quire can write it too.
    var compression: TIFFCompression?
    /// Bits a component as the file has them; nil where libvips' own count is right.
    var bitsPerComponent: Int?

    init(_ input: InputFile, kind: ImageKind) throws(ImagingError) {
        switch kind {
        case .png:
            // IHDR comes first and has its depth in the ninth byte (PNG 3rd edition, 11.2.1).
            guard input.byteCount > 26 else { return }
            bitsPerComponent = Int(try input.chunk(ByteRange(offset: 24, count: 1))[0])
        case .tiff: try readTIFF(input)
        case .jpeg, .webp, .gif, .heif, .avif, .jp2, .j2k, .jxl, .bmp, .svg, .pdf, .dicom, .psd, .exr, .hdr, .fits, .xcf, .netpbm,
            .raw:
            return
        }
    }

    /// Looks up two tags of the first directory (TIFF 6.0, sections 2 and 8; BigTIFF).
    private mutating func readTIFF(_ input: InputFile) throws(ImagingError) {
        let head = try input.chunk(ByteRange(offset: 0, count: min(16, input.byteCount)))
        guard head.count == 16 else { return }
        let isBig = head[0] == 0x49 ? head[2] == 43 : head[3] == 43
        func number(_ bytes: some Collection<UInt8>) -> UInt64 {
            let ordered = head[0] == 0x49 ? Array(bytes.reversed()) : Array(bytes)
            return ordered.reduce(0) { $0 << 8 | UInt64($1) }
        }
        let start = isBig ? number(head[8..<16]) : number(head[4..<8])
        let countBytes: UInt64 = isBig ? 8 : 2
        let entryBytes: UInt64 = isBig ? 20 : 12
        guard start < input.byteCount, input.byteCount - start > countBytes else { return }
        let count = number(try input.chunk(ByteRange(offset: start, count: countBytes)))
        let room = (input.byteCount - start - countBytes) / entryBytes
        let entries = try input.chunk(ByteRange(offset: start + countBytes, count: min(count, room, 4096) * entryBytes))
        for base in stride(from: 0, to: entries.count, by: Int(entryBytes)) {
            let value = base + (isBig ? 12 : 8)
            let short = number(entries[value..<(value + 2)])
            switch number(entries[base..<(base + 2)]) {
            // More than one value lies elsewhere; then there is more than one component, and 8 bits at least.
            case 258: if number(entries[(base + 4)..<(base + 8)]) == 1 { bitsPerComponent = Int(short) }
            case 259: compression = Self.compression(short)
            default: continue
            }
        }
    }

    private static func compression(_ value: UInt64) -> TIFFCompression? {
        switch value {
        case 1: TIFFCompression.none
        case 2, 3, 4: .ccittG4
        case 5: .lzw
        case 6, 7: .jpeg
        case 8, 32946: .deflate
        case 32773: .packbits
        default: nil
        }
    }
}
