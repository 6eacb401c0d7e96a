private import CJPEG
private import CVips
internal import ImageFiles
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
    /// Whether a resolution may be stated as EXIF where nothing else can hold it.
    var statesResolution = true
    /// What the file shall state instead of the picture's resolution, in thousandths of a dot an inch: only of formats that
    /// `takesResolutionWhenEncoded` says so of. Others get it into the finished file.
    var milliDPI: UInt32?

    private var quality: Int { min(100, max(1, save.quality ?? Save.defaultQuality)) }

    /// The file with these metadata, in pieces of its encoding, at a quality that makes it as small as was asked for.
    func file(
        of picture: Image, with blocks: EmbeddedMetadata, notes: inout [WorkNote]
    ) throws(ImagingError) -> (encoded: MemorySource, pieces: [Piece]) {
        let density = PageEncoder.density(of: picture)
        // Encoded several times, from pixels that come only once.
        let held = search == nil ? picture : try picture.inMemory()
        return try file(with: blocks, density, notes: &notes) { quality throws(ImagingError) in try encode(held, quality: quality) }
    }

    /// The same of whatever `encode` makes of a quality.
    func file(
        with blocks: EmbeddedMetadata, _ density: Density?, notes: inout [WorkNote],
        _ encode: (Int) throws(ImagingError) -> MemorySource
    ) throws(ImagingError) -> (encoded: MemorySource, pieces: [Piece]) {
        guard let search else {
            let encoded = try encode(quality)
            return (encoded, try pieces(of: encoded, with: blocks, density))
        }
        let best = try search.best { quality throws(ImagingError) in
            let encoded = try encode(quality)
            let pieces = try pieces(of: encoded, with: blocks, density)
            return (made: (encoded, pieces), byteCount: pieces.byteCount)
        }
        if best.byteCount > search.bytesMax {
            let text = "\(best.byteCount) bytes at quality \(best.quality), more than the \(search.bytesMax) of size-max"
            switch save.sizeMissed {
            case .fail: throw .file(.tooLarge, "\(text); make the picture smaller, or take it with 'size-missed: keep'")
            case .keep: notes.append(.sizeMissed(text))
            }
        }
        return best.made
    }

    private var search: QualitySearch? {
        guard let sizeMax = save.sizeMax, save.canSearchQuality(as: format) else { return nil }
        let enough = Double(sizeMax.bytes) * (1 - min(100, max(0, save.tolerancePercent)) / 100)
        let lowest = min(quality, max(1, save.qualityMin ?? Save.defaultQualityMin))
        return QualitySearch(bytesMax: sizeMax.bytes, bytesEnough: UInt64(enough), qualities: lowest...quality)
    }

    /// Puts metadata where libvips writes it itself, drops blocks that the format cannot hold, and says so.
    func prepare(_ rendering: inout Rendering, _ blocks: inout EmbeddedMetadata) throws(ImagingError) -> [WorkNote] {
        switch format {
        case .jpeg:
            // TIFF and PNG have no such limit, and an editor's history of edits is long.
            var dropped: [WorkNote] = []
            if let exif = blocks.exif, !JPEGFile.holds(exif: exif) { (blocks.exif, dropped) = (nil, [.metadataDropped("EXIF")]) }
            if let xmp = blocks.xmp, !JPEGFile.holds(xmp: xmp) {
                blocks.xmp = nil
                dropped.append(.metadataDropped("XMP"))
            }
            return dropped
        case .avif:
            // Written as it stands, unlike EXIF.
            if let xmp = blocks.xmp { rendering.image.setBlob("xmp-data", xmp) }
            return blocks.photoshop == nil ? [] : [.metadataDropped("IPTC")]
        case .png, .webp, .jp2: return blocks.photoshop == nil ? [] : [.metadataDropped("IPTC")]
        case .tiff:
            if let xmp = blocks.xmp { rendering.image.setBlob("xmp-data", xmp) }
            if let photoshop = blocks.photoshop { rendering.image.setBlob("photoshop-data", photoshop) }
            var notes: [WorkNote] = []
            if let exif = blocks.exif {
                do throws(ImageFileError) {
                    notes = try CarriedEXIF(exif).leftOut.map { .metadataDropped($0) }
                } catch {
                    // A picture with a bad block is still a picture.
                    blocks.exif = nil
                    notes = [.metadataDropped("EXIF that cannot be read: \(error.reason)")]
                }
            }
            let used = tiffCoding(of: rendering.image).compression
            if let asked = save.tiffCompression, asked != used {
                notes.append(.compressionReplaced("\(asked.rawValue) cannot hold its pixels, \(used.rawValue) does"))
            }
            return notes
        case .gif:
            let isWorth = Self.tellsSomething(blocks.exif) || blocks.xmp != nil || blocks.photoshop != nil
            return isWorth ? [.metadataDropped("EXIF, XMP and IPTC")] : []
        }
    }

    /// Whether a block holds more than size, resolution and orientation, which every picture states.
    private static func tellsSomething(_ exif: [UInt8]?) -> Bool {
        guard let exif else { return false }
        do throws(ImageFileError) {
            let block = try EXIFBlock(parsing: exif)
            return block.isFromCamera || block.hasGPS || block.dateTime != nil || block.dateTimeOriginal != nil
        } catch {
            return false
        }
    }

    /// The encoded file with these metadata blocks instead of the EXIF block libvips makes up.
    func pieces(of encoded: MemorySource, with blocks: EmbeddedMetadata, _ density: Density?) throws(ImagingError) -> [Piece] {
        let whole = [Piece.copy(ByteRange(offset: 0, count: encoded.byteCount))]
        do throws(ImageFileError) {
            switch format {
            case .jpeg, .png, .webp: return try replaceMetadata(with: blocks, in: encoded, kind: format.kind)
            case .jp2:
                let (blocks, density) = try stating(blocks, density)
                return try JP2File.pieces(adding: blocks, density: density, to: encoded)
            case .avif:
                let (blocks, density) = try stating(blocks, density)
                // Nothing else there can hold a resolution.
                let resolution = statesResolution || milliDPI != nil ? density.map(EXIFBlock.resolutionOnly) : nil
                guard let exif = blocks.exif ?? resolution else { return try AVIFMetadata.pieces(droppingEXIFOf: encoded) }
                return try AVIFMetadata.pieces(replacingEXIF: exif, in: encoded)
            case .tiff:
                return try blocks.exif.map { exif throws(ImageFileError) in try CarriedEXIF(exif).pieces(addedTo: encoded) } ?? whole
            case .gif: return whole
            }
        } catch {
            throw ImagingError(error)
        }
    }

    /// The resolution that was asked for, if any, and blocks that say the same.
    private func stating(
        _ blocks: EmbeddedMetadata, _ density: Density?
    ) throws(ImageFileError) -> (EmbeddedMetadata, Density?) {
        guard let milliDPI else { return (blocks, density) }
        return (try blocks.stating(milliDPI: milliDPI), Density(horizontalMilliDPI: milliDPI, verticalMilliDPI: milliDPI))
    }

    /// Encodes the picture, with its profile and without other metadata.
    func encode(_ picture: Image) throws(ImagingError) -> MemorySource { try encode(picture, quality: quality) }

    private func encode(_ picture: Image, quality: Int) throws(ImagingError) -> MemorySource {
        var image = picture
        if format == .jpeg, save.subsampling == .half, let encoded = try encodeHalved(image, quality: quality) { return encoded }
        // Never `strip`: it drops the profile and JFIF's resolution too, and 8.14.1 has it broken for WebP.
        // The other fields are gone already.
        let operation: Operation
        switch format {
        case .jpeg:
            operation = try Operation("jpegsave_buffer")
            try operation.set("Q", quality)
            try operation.set("optimize-coding", true)
            try operation.set("interlace", save.progressive)
            try operation.set("subsample-mode", nick: subsampleMode)
        case .png:
            operation = try Operation("pngsave_buffer")
            try operation.set("compression", min(9, max(0, save.pngCompression ?? 6)))
            try operation.set("interlace", save.progressive)
            if let colours = save.colours {
                try operation.set("palette", true)
                try operation.set("bitdepth", colours.depth)
                try operation.set("dither", min(1, max(0, save.ditherPercent / 100)))
                if let effort = save.effort { try operation.set("effort", min(10, max(1, effort + 1))) }
            } else if let smallDepth {
                try operation.set("bitdepth", smallDepth)
            } else {
                let better = try RowFilter.better(for: image)
                try operation.set("filter", nick: better.filter.rawValue)
                image = better.image
            }
        case .webp:
            operation = try Operation("webpsave_buffer")
            try operation.set("Q", quality)
            try operation.set("lossless", save.lossless)
            try operation.set("near-lossless", save.nearLossless)
            if let effort = save.effort { try operation.set("effort", min(6, max(0, effort))) }
        case .avif:
            operation = try Operation("heifsave_buffer")
            try operation.set("compression", nick: "av1")
            // Whatever other encoders are there: hosts have to make the same bytes. Of ten bits it takes none of libvips' pictures.
            try operation.set("encoder", nick: "aom")
            try operation.set("bitdepth", 8)
            try operation.set("Q", quality)
            try operation.set("subsample-mode", nick: subsampleMode)
            try operation.set("effort", min(9, max(0, save.effort ?? Save.defaultAVIFEffort)))
        case .jp2:
            operation = try Operation("jp2ksave_buffer")
            try operation.set("lossless", save.lossless)
            // Decibels of noise: 41 at quality 85, as much as a JPEG of a photo has; 45 at 100.
            try operation.set("Q", 20 + quality / 4)
        case .gif:
            operation = try Operation("gifsave_buffer")
        case .tiff:
            operation = try Operation("tiffsave_buffer")
            try setTIFF(operation, image)
        }
        // webpsave 8.14 never frees its copy of the picture when decoding fails under it; the copy is whole either way.
        try operation.set("in", format == .webp ? try image.inMemory() : image)
        var bytes = try operation.bytes { bytes in Array(bytes) }
        if format == .jpeg, image.interpretation != VIPS_INTERPRETATION_CMYK { Self.state(PageEncoder.density(of: image), in: &bytes) }
        return MemorySource(bytes)
    }

    /// libvips writes dots a centimetre, rounded, and 25.4 dpi where nothing is known, or an EXIF block of its own making in the
    /// place of JFIF's segment; that can say inches, and nothing.
    private static func state(_ density: Density?, in bytes: inout [UInt8]) {
        let jfif = JFIFDensity(density)
        let values = [UInt8(jfif.unit), UInt8(jfif.x >> 8), UInt8(jfif.x & 0xFF), UInt8(jfif.y >> 8), UInt8(jfif.y & 0xFF)]
        if bytes.count > 18, bytes[2...3].elementsEqual([0xFF, 0xE0]), bytes[6...10].elementsEqual("JFIF\0".utf8) {
            bytes.replaceSubrange(13...17, with: values)
        } else if density != nil, bytes.count > 2 {
            bytes.insert(contentsOf: [0xFF, 0xE0, 0, 16] + Array("JFIF\0".utf8) + [1, 1] + values + [0, 0], at: 2)
        }
    }

    private var subsampleMode: String {
        switch save.subsampling {
        case nil: "auto"
        case .full: "off"
        case .half, .quarter: "on"
        }
    }

    /// With 4:2:2, which libvips does not make; nil for CMYK.
    private func encodeHalved(_ image: Image, quality: Int) throws(ImagingError) -> MemorySource? {
        guard image.bands == 3, image.format == VIPS_FORMAT_UCHAR else { return nil }
        let held = try image.inMemory()
        guard let bytes = vips_image_get_data(held.pointer) else { throw .operation("jpeg", text: Vips.takeErrorText()) }
        defer { withExtendedLifetime(held) {} }
        let pixels = quire_pixels(
            bytes: UnsafeMutableRawPointer(mutating: bytes).assumingMemoryBound(to: UInt8.self), width: Int32(held.width),
            height: Int32(held.height), components: 3)
        return pixels.encoded(
            quality: quality, isProgressive: save.progressive, subsampling: .half, density: PageEncoder.density(of: image),
            profile: image.blob("icc-profile-data"))
    }

    /// What was asked for, or what the input had, as far as it can hold these pixels; and bits a component where they are fewer than 8.
    private func tiffCoding(of image: Image) -> (compression: TIFFCompression, depth: Int?) {
        let isBytes = image.format == VIPS_FORMAT_UCHAR
        var compression = save.tiffCompression ?? inputCompression ?? .deflate
        var depth = smallDepth
        if compression == .ccittG4 {
            if depth != 1, save.tiffCompression == .ccittG4, isBytes, image.bands == 1 { depth = 1 }
            // A bilevel scan that was made smaller is grey now; group 4 cannot hold it.
            if depth != 1 { compression = .deflate }
        }
        if compression == .jpeg, !isBytes || image.hasAlpha || depth != nil { compression = .deflate }
        return (compression, depth)
    }

    private func setTIFF(_ operation: borrowing Operation, _ image: Image) throws(ImagingError) {
        let (compression, depth) = tiffCoding(of: image)
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
        if save.layout != .strips {
            try operation.set("tile", true)
            try operation.set("tile-width", 256)
            try operation.set("tile-height", 256)
            try operation.set("pyramid", save.layout == .pyramid)
        }
        // Offsets of a plain TIFF end at 4 GiB.
        let rawBytes = image.width * image.height * image.bands * (image.bitsPerBand / 8)
        let writtenBytes = save.layout == .pyramid ? rawBytes / 3 * 4 : rawBytes
        if writtenBytes > 3_900_000_000 { try operation.set("bigtiff", true) }
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
        case .avif: .avif
        case .jp2: .jp2
        case .heif, .j2k, .jxl, .bmp, .svg, .pdf, .dicom, .psd, .exr, .hdr, .fits, .xcf, .netpbm, .raw: nil
        }
    }
}

extension OutputFormat {
    /// Whether a resolution is stated while a picture is encoded, since the finished file is not edited.
    var takesResolutionWhenEncoded: Bool {
        switch self {
        case .avif, .jp2: true
        case .jpeg, .png, .webp, .tiff, .gif: false
        }
    }

    var kind: ImageKind {
        switch self {
        case .jpeg: .jpeg
        case .png: .png
        case .webp: .webp
        case .tiff: .tiff
        case .gif: .gif
        case .avif: .avif
        case .jp2: .jp2
        }
    }
}

/// A resolution as JFIF states it: unit 0 is none, 1 dots an inch (ITU-T T.871, 10.1).
struct JFIFDensity {
    var unit: Int
    var x: Int
    var y: Int

    init(_ density: Density?) {
        func dots(_ milliDPI: UInt32) -> Int { min(65_535, max(1, (Int(milliDPI) + 500) / 1000)) }
        if let density {
            (unit, x, y) = (1, dots(density.horizontalMilliDPI), dots(density.verticalMilliDPI))
        } else {
            (unit, x, y) = (0, 1, 1)
        }
    }
}
