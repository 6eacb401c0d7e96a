private import CVips
internal import JobModel
internal import Recipes

/// How pixels are written: a format and what was asked of it, or what the input had.
struct Encoder {
    var format: OutputFormat
    var save: Save
    /// Compression of a TIFF input, kept unless another is asked for.
    var inputCompression: TIFFCompression?
    /// Bits a component of the input where it had fewer than 8 and its pixels kept their values; else nil.
    var smallDepth: Int?

    private var quality: Int { min(100, max(1, save.quality ?? Save.defaultQuality)) }

    /// Encodes the picture and lends the file's bytes.
    ///
    /// A profile stays in the file; libvips makes an EXIF block of its own beside it, which the caller replaces.
    func encode<Result>(
        _ image: Image, _ body: (UnsafeRawBufferPointer) throws(ImagingError) -> Result
    ) throws(ImagingError) -> Result {
        // 8.14.1 has a broken `strip` for WebP, and `strip` drops the profile everywhere: the fields are gone already.
        let hasProfile = image.has("icc-profile-data")
        let operation: Operation
        switch format {
        case .jpeg:
            operation = try Operation("jpegsave_buffer")
            try operation.set("Q", quality)
            try operation.set("optimize-coding", true)
            try operation.set("interlace", save.progressive)
            if !hasProfile { try operation.set("strip", true) }
        case .png:
            operation = try Operation("pngsave_buffer")
            try operation.set("compression", min(9, max(0, save.pngCompression ?? 6)))
            try operation.set("interlace", save.progressive)
            if let smallDepth { try operation.set("bitdepth", smallDepth) }
            if !hasProfile { try operation.set("strip", true) }
        case .webp:
            operation = try Operation("webpsave_buffer")
            try operation.set("Q", quality)
            try operation.set("lossless", save.lossless)
        case .gif:
            operation = try Operation("gifsave_buffer")
        case .tiff:
            operation = try Operation("tiffsave_buffer")
            try setTIFF(operation, image)
        }
        try operation.set("in", image)
        return try operation.bytes("buffer", body)
    }

    private func setTIFF(_ operation: borrowing Operation, _ image: Image) throws(ImagingError) {
        let isBytes = image.format == VIPS_FORMAT_UCHAR
        var compression = save.tiffCompression ?? inputCompression ?? .deflate
        var depth = smallDepth
        if compression == .ccittG4 {
            if depth != 1, save.tiffCompression == .ccittG4, isBytes, image.bands == 1 { depth = 1 }
            // A bilevel scan that was made smaller is grey now; group 4 cannot hold it.
            if depth != 1 { compression = .deflate }
        }
        if compression == .jpeg, !isBytes || image.hasAlpha || depth != nil { compression = .deflate }
        let nick =
            switch compression {
            case .none: "none"
            case .lzw: "lzw"
            case .deflate: "deflate"
            case .packbits: "packbits"
            case .jpeg: "jpeg"
            case .ccittG4: "ccittfax4"
            }
        try operation.set("compression", nick: nick)
        try operation.set("resunit", nick: "inch")
        switch compression {
        case .lzw, .deflate:
            let isFloat = image.format == VIPS_FORMAT_FLOAT || image.format == VIPS_FORMAT_DOUBLE
            try operation.set("predictor", nick: depth != nil ? "none" : isFloat ? "float" : "horizontal")
        case .jpeg: try operation.set("Q", quality)
        case .none, .packbits, .ccittG4: break
        }
        if let depth { try operation.set("bitdepth", depth) }
        // Offsets of a plain TIFF end at 4 GiB.
        let rawBytes = image.width * image.height * image.bands * (image.bitsPerBand / 8)
        if rawBytes > 3_900_000_000 { try operation.set("bigtiff", true) }
    }
}

extension ImageKind {
    /// The output format whose files are of this kind.
    var outputFormat: OutputFormat? {
        switch self {
        case .jpeg: .jpeg
        case .png: .png
        case .tiff: .tiff
        case .webp: .webp
        case .gif: .gif
        case .heif, .avif, .jp2, .j2k, .jxl, .bmp, .svg, .pdf, .dicom, .psd, .exr, .hdr, .fits, .xcf, .netpbm, .raw: nil
        }
    }
}

extension OutputFormat {
    var kind: ImageKind {
        switch self {
        case .jpeg: .jpeg
        case .png: .png
        case .webp: .webp
        case .tiff: .tiff
        case .gif: .gif
        }
    }
}
