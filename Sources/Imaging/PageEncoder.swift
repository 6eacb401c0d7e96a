private import CVips
private import Digests
internal import ImageFiles
internal import JobModel

/// Encodes pixels that a PDF cannot carry as they lie in their file: JPEG where the source was lossy, CCITT group 4 where it
/// has one bit a pixel, else Flate.
///
/// Flate streams are the IDAT chunks of a PNG that libvips writes into the spool: rows with PNG predictors in one zlib
/// stream, which is what FlateDecode with Predictor 15 reads (ISO 32000-1, 7.4.4.4). Alpha becomes a grey PNG beside it.
struct PageEncoder {
    let spool: RawPath
    /// First part of the names of spool files; the page's number is put behind it.
    let name: RawPath
    let fileMode: UInt32
    /// 1 to 100, for lossy sources.
    let quality: Int

    /// For a file that nothing changes: as good as lossless beside the loss the source had already.
    static let qualityOfUnchanged = 95

    /// Encodes `image` as the page of this number, from 1.
    ///
    /// - Parameter smallDepth: Bits a component of the source below 8, where the pixels still have their values.
    func encode(
        _ image: Image, number: Int, isLossy: Bool, smallDepth: Int?, orientation: Int, notes: inout [WorkNote]
    ) throws(ImagingError) -> PageFacts {
        // Colours and alpha are written one after the other, so rows that come only once have to be held.
        // So they do where group 4 turns out to be worse than Flate.
        var colour = Rendering(image.hasAlpha || smallDepth == 1 ? try image.inMemory() : image)
        try colour.makeShowable()
        var mask = PageMask.none
        if colour.image.hasAlpha {
            try colour.conform(to: isLossy ? .webp : .png, dropsProfile: false)
            let whole = colour.image
            notes += colour.notes
            let alpha = try Self.bands(of: whole, first: whole.bands - 1, count: 1)
            let stream = try writePNG(alpha, "mask-\(number)", bitDepth: nil)
            mask = .alpha(stream.source, bitsPerComponent: stream.bitDepth)
            colour = Rendering(try Self.bands(of: whole, first: 0, count: whole.bands - 1))
        } else {
            let isCMYK = colour.image.interpretation == VIPS_INTERPRETATION_CMYK
            let isIntegral = [VIPS_FORMAT_UCHAR, VIPS_FORMAT_USHORT].contains(colour.image.format)
            if isLossy {
                try colour.conform(to: .jpeg, dropsProfile: false)
            } else if !isCMYK || !isIntegral {
                try colour.conform(to: .png, dropsProfile: false)
            }
        }
        notes += colour.notes
        let picture = colour.image
        let profile = picture.blob("icc-profile-data")
        let isCMYK = picture.interpretation == VIPS_INTERPRETATION_CMYK

        var facts: PageFacts
        if isLossy {
            let source = try writeJPEG(picture, "page-\(number)")
            let space: PageColour = isCMYK ? .cmyk : picture.bands < 3 ? .grey : .rgb
            facts = PageFacts(
                width: picture.width, height: picture.height, bitsPerComponent: 8, colour: space,
                coding: .jpeg(invertedCMYK: isCMYK, colourTransform: nil), stream: source)
        } else if smallDepth == 1, let strip = try group4Strip(of: picture) {
            facts = PageFacts(
                width: picture.width, height: picture.height, bitsPerComponent: 1, colour: .grey,
                coding: .ccittG4(blackIsOne: false), stream: try writeBytes(strip, "page-\(number)"))
        } else {
            let stream = try writePNG(picture, "page-\(number)", bitDepth: smallDepth)
            let space: PageColour
            switch stream.colourType {
            case 0: space = .grey
            case 3: space = .indexed(palette: stream.palette)
            case 6: space = .cmyk
            default: space = .rgb
            }
            facts = PageFacts(
                width: picture.width, height: picture.height, bitsPerComponent: stream.bitDepth, colour: space,
                coding: .flate(pngPredictor: true), stream: stream.source)
        }
        facts.mask = mask
        facts.orientation = orientation
        facts.density = Self.density(of: image)
        if let profile, Self.takesProfile(facts.colour) {
            if ICCHeader.isUsable(profile, componentCount: facts.colour.componentCount) {
                let written = try writeBytes(profile, "profile-\(number)")
                facts.profile = PageProfile(source: written, isDeflated: false)
            } else {
                notes.append(.metadataDropped("ICC profile that does not fit the picture"))
            }
        }
        return facts
    }

    /// libvips quantised a palette from pixels the profile did not belong to.
    private static func takesProfile(_ colour: PageColour) -> Bool {
        switch colour {
        case .grey, .rgb, .cmyk: true
        case .indexed: false
        }
    }

    /// Removes all spool files that `encode` may have made for this page.
    func remove(page number: Int) {
        for part in ["mask", "page", "profile"] { OutputFile.remove(path("\(part)-\(number)")) }
    }

    // MARK: Files

    private func path(_ ending: String) -> RawPath { spool.appending(fileName(ending)) }

    private func fileName(_ ending: String) -> RawPath { RawPath(bytes: name.bytes + Array("-\(ending)".utf8)) }

    private func writeBytes(_ bytes: [UInt8], _ ending: String) throws(ImagingError) -> StreamSource {
        var output = try OutputFile(path(ending), mode: fileMode)
        try output.write(bytes)
        let facts = try output.finish(modifiedNanoseconds: nil)
        return StreamSource(
            file: .spool(fileName(ending)), ranges: [ByteRange(offset: 0, count: facts.sizeBytes)], digest: facts.digest)
    }

    private func writeJPEG(_ image: Image, _ ending: String) throws(ImagingError) -> StreamSource {
        let save = try Operation("jpegsave_buffer")
        try save.set("in", image)
        try save.set("Q", quality)
        try save.set("optimize-coding", true)
        try save.set("strip", true)
        let bytes = try save.bytes { bytes in Array(bytes) }
        return try writeBytes(bytes, ending)
    }

    private struct PNGStream {
        var source: StreamSource
        var bitDepth: Int
        var colourType: Int
        var palette: [UInt8]
    }

    /// One CCITT group 4 strip, white as zero; nil where it is no smaller than Flate: dithered pictures grow in it.
    private func group4Strip(of image: Image) throws(ImagingError) -> [UInt8]? {
        // The tallest strip libvips takes; and only one can stand in a PDF.
        let rowsMax = 32_768
        guard image.bands == 1, image.format == VIPS_FORMAT_UCHAR, image.height <= rowsMax else { return nil }
        let save = try Operation("tiffsave_buffer")
        try save.set("in", image)
        try save.set("compression", nick: "ccittfax4")
        try save.set("bitdepth", 1)
        try save.set("miniswhite", true)
        // Without tiles this is the height of a strip.
        try save.set("tile-height", image.height)
        try save.set("strip", true)
        let file = try save.bytes { bytes in MemorySource(Array(bytes)) }
        let found: PageFactsResult
        do throws(ImageFileError) {
            found = try pageFacts(of: file, kind: .tiff, in: .input, hashing: SHA256Stream.self)
        } catch {
            throw ImagingError(error)
        }
        guard case .ready(let pages) = found, let page = pages.first, pages.count == 1, let range = page.stream.ranges.first,
            page.coding == .ccittG4(blackIsOne: false), page.width == image.width, page.height == image.height
        else { throw .operation("tiffsave_buffer", text: "no group 4 strip came out") }
        let strip = Array(file.bytes[Int(range.offset)..<Int(range.end)])
        // Printed pages shrink to a twentieth; where group 4 does worse than an eighth, Flate is tried.
        let rawBytes = (image.width + 7) / 8 * image.height
        guard strip.count > rawBytes / 8 else { return strip }
        return try encodePNG(image, bitDepth: 1).count < strip.count ? nil : strip
    }

    /// Four inks are written as if they were red, green, blue and alpha: a PNG of four components no reader but ours sees.
    private func writePNG(_ image: Image, _ ending: String, bitDepth: Int?) throws(ImagingError) -> PNGStream {
        let bytes = try encodePNG(image, bitDepth: bitDepth)
        var stream = try Self.pngStream(in: bytes, file: .spool(fileName(ending)))
        stream.source.file = try writeBytes(bytes, ending).file
        return stream
    }

    private func encodePNG(_ image: Image, bitDepth: Int?) throws(ImagingError) -> [UInt8] {
        var pixels = image
        if image.interpretation == VIPS_INTERPRETATION_CMYK {
            let copy = try Operation("copy")
            try copy.set("in", image)
            try copy.set("interpretation", nick: image.format == VIPS_FORMAT_USHORT ? "rgb16" : "srgb")
            pixels = try copy.image()
        }
        let save = try Operation("pngsave_buffer")
        try save.set("strip", true)
        if let bitDepth, image.bands == 1 {
            try save.set("bitdepth", bitDepth)
        } else {
            let better = try RowFilter.better(for: pixels)
            try save.set("filter", nick: better.filter.rawValue)
            pixels = better.image
        }
        try save.set("in", pixels)
        return try save.bytes { bytes in Array(bytes) }
    }

    /// Finds the compressed rows of a PNG this process wrote (PNG 3rd edition, 5.3).
    private static func pngStream(in bytes: [UInt8], file: PageFile) throws(ImagingError) -> PNGStream {
        var ranges: [ByteRange] = []
        var palette: [UInt8] = []
        var digest = SHA256Stream()
        var offset = 8
        while offset + 12 <= bytes.count {
            let length = bytes[offset..<(offset + 4)].reduce(0) { $0 << 8 | Int($1) }
            let body = offset + 8
            guard body + length + 4 <= bytes.count else { break }
            if bytes[(offset + 4)..<body].elementsEqual("IDAT".utf8) {
                ranges.append(ByteRange(offset: UInt64(body), count: UInt64(length)))
                digest.update(Array(bytes[body..<(body + length)]))
            } else if bytes[(offset + 4)..<body].elementsEqual("PLTE".utf8) {
                palette = Array(bytes[body..<(body + length)])
            }
            offset = body + length + 4
        }
        guard bytes.count > 26, !ranges.isEmpty else { throw .operation("pngsave_buffer", text: "no PNG came out") }
        return PNGStream(
            source: StreamSource(file: file, ranges: ranges, digest: digest.finish()), bitDepth: Int(bytes[24]),
            colourType: Int(bytes[25]), palette: palette)
    }

    // MARK: Facts

    private static func bands(of image: Image, first: Int, count: Int) throws(ImagingError) -> Image {
        let extract = try Operation("extract_band")
        try extract.set("in", image)
        try extract.set("band", first)
        try extract.set("n", count)
        return try extract.image()
    }

    /// What the file states; libvips says one pixel a millimetre where it states nothing.
    static func density(of image: Image) -> Density? {
        func milliDPI(_ pixelsPerMillimetre: Double) -> UInt32? {
            let value = (pixelsPerMillimetre * 25_400).rounded()
            return value >= 10_000 && value <= 9_600_000 && pixelsPerMillimetre != 1 ? UInt32(value) : nil
        }
        let resolution = image.resolution
        guard let horizontal = milliDPI(resolution.x), let vertical = milliDPI(resolution.y) else { return nil }
        return Density(horizontalMilliDPI: horizontal, verticalMilliDPI: vertical)
    }
}
