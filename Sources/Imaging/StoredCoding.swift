internal import ImageFiles
internal import JobModel
internal import Recipes

/// How an input's pixels are stored, where libvips does not tell.
struct StoredCoding {
    /// Of a page of a TIFF, where quire can write it too.
    var compression: TIFFCompression?
    /// Bits a component as the file has them; nil where libvips' own count is right.
    var bitsPerComponent: Int?

    init(_ input: InputFile, kind: ImageKind) throws(ImagingError) {
        switch kind {
        case .png:
            // IHDR comes first and has its depth in the ninth byte (PNG 3rd edition, 11.2.1).
            guard input.byteCount > 26 else { return }
            bitsPerComponent = Int(try input.chunk(ByteRange(offset: 24, count: 1))[0])
        // Of a TIFF whose directories cannot be read nothing is known.
        case .jpeg, .tiff, .webp, .gif, .heif, .avif, .jp2, .j2k, .jxl, .bmp, .svg, .pdf, .dicom, .psd, .exr, .hdr, .fits, .xcf,
            .netpbm, .raw:
            return
        }
    }

    /// Of one page of a TIFF; BitsPerSample is 1 where it is missing (TIFF 6.0, section 8).
    init(_ page: TIFFFile.Page) {
        compression = Self.compression(page.compression)
        // libvips loads a palette as its colours, even where they are greys.
        let palette = 3
        if page.samplesPerPixel == 1, page.photometric != palette { bitsPerComponent = page.bitsPerSample.first ?? 1 }
    }

    private static func compression(_ value: Int) -> TIFFCompression? {
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
