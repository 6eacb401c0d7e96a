internal import CVips
internal import ImageFiles
internal import JobModel
internal import LinuxSystem
internal import Recipes

/// One input as a picture of libvips: its kind by content, its header, and its pixels on demand.
///
/// The loader is chosen by the kind and called by its own name, so libvips never guesses and a `[` at the end of a
/// file's name is never an option.
final class Decoder {
    let input: InputFile
    let kind: ImageKind
    let limits: WorkLimits
    private let loader: Loader
    private let isTolerant: Bool
    /// By page, the directory it stands in, for a TIFF that can be read: previews and masks are no pages of their own.
    let directories: [(number: Int, facts: TIFFFile.Page)]
    let pngColours: PNGColours?
    /// Of an animated PNG, of which libvips sees one.
    private let frameCount: Int?

    private enum Loader {
        case source(String)
        /// A loader that can only open a name; it gets this process's descriptor.
        case file(String)
        /// libvips has none for these.
        case dicom(DICOMPicture)
        case raw(CameraRaw)
    }

    /// - Parameters:
    ///   - wishes: What the recipe asks of kinds that can be seen in more than one way.
    ///   - isTolerant: Whether what decodes of a damaged file is taken.
    init(
        _ input: InputFile, kind: ImageKind, wishes: ReadingWishes, limits: WorkLimits, isTolerant: Bool
    ) throws(ImagingError) {
        self.input = input
        self.kind = kind
        self.limits = limits
        self.isTolerant = isTolerant
        guard input.byteCount <= limits.fileBytesMax else {
            throw .file(.tooLarge, "\(input.byteCount) bytes; the limit is \(limits.fileBytesMax)")
        }
        let needs: String?
        switch kind {
        case .jpeg: (loader, needs) = (.source("jpegload_source"), nil)
        case .png: (loader, needs) = (.source("pngload_source"), nil)
        case .tiff: (loader, needs) = (.source("tiffload_source"), nil)
        case .webp: (loader, needs) = (.source("webpload_source"), nil)
        case .gif: (loader, needs) = (.source("gifload_source"), nil)
        case .heif, .avif: (loader, needs) = (.source("heifload_source"), nil)
        case .jp2, .j2k: (loader, needs) = (.source("jp2kload_source"), nil)
        case .jxl: (loader, needs) = (.source("jxlload_source"), "jxl")
        case .svg: (loader, needs) = (.source("svgload_source"), "svg")
        case .pdf: (loader, needs) = (.source("pdfload_source"), "pdf")
        case .netpbm: (loader, needs) = (.source("ppmload_source"), "ppm")
        case .hdr: (loader, needs) = (.source("radload_source"), "radiance")
        case .fits: (loader, needs) = (.source("fitsload_source"), "fits")
        case .exr: (loader, needs) = (.file("openexrload"), "openexr")
        case .dicom: (loader, needs) = (.dicom(try DICOMPicture(input, window: wishes.window, isTolerant: isTolerant)), nil)
        case .raw: (loader, needs) = (.raw(try CameraRaw(input, develop: wishes.develop, isTolerant: isTolerant)), nil)
        case .bmp, .psd, .xcf: (loader, needs) = (.file("magickload"), "magick")
        }
        directories = kind == .tiff ? Self.directories(of: input) : []
        pngColours = kind == .png ? try PNGColours(input) : nil
        frameCount = kind == .png ? Self.frameCount(of: input) : nil
        if let needs, !limits.allowedLoaders.contains(needs) {
            throw .file(.unsupported, "a \(kind.rawValue) file; --allow-loader \(needs) admits it, for files you trust")
        }
    }

    private static func directories(of input: InputFile) -> [(number: Int, facts: TIFFFile.Page)] {
        do throws(ImageFileError) {
            let tiff = try TIFFFile(reading: input)
            guard tiff.isComplete else { return [] }
            let all = tiff.pages.enumerated().map { (number: $0.offset, facts: $0.element) }
            let pages = all.filter { !$0.facts.isReduced && !$0.facts.isMask }
            return pages.isEmpty ? Array(all.prefix(1)) : pages
        } catch {
            return []
        }
    }

    private static func frameCount(of input: InputFile) -> Int? {
        do throws(ImageFileError) {
            return try PNGFile.frameCount(in: input)
        } catch {
            return nil
        }
    }

    /// What is known of the pages without libvips; nil where it has to count and tell.
    var pageCount: Int? {
        if case .dicom(let picture) = loader { return picture.frameCount }
        return directories.isEmpty ? frameCount : directories.count
    }

    /// Whether `open` can decode to a fraction of both sides.
    var shrinksWhileLoading: Bool {
        switch loader {
        case .source: kind == .jpeg
        case .file, .dicom: false
        case .raw(let raw): raw.usesPreview
        }
    }

    /// What there is to say of how the picture was read; call it when all pages are decoded.
    var notes: [WorkNote] {
        switch loader {
        case .source, .file: lostColours
        case .dicom(let picture): picture.wasStretched ? [.valuesStretched] : []
        case .raw(let raw): raw.usesPreview ? [.embeddedPreviewUsed] : raw.lacksPreview ? [.developedForLackOfPreview] : []
        }
    }

    /// What a page's header says, as a picture that need not have its pixels: some kinds decode only whole.
    func header(page: Int = 0) throws(ImagingError) -> Image {
        switch loader {
        case .source, .file: try open(page: page)
        case .dicom(let picture): try picture.header()
        case .raw(let raw): try raw.header()
        }
    }

    /// How a page's pixels are stored.
    func stored(page: Int = 0) throws(ImagingError) -> StoredCoding {
        directories.indices.contains(page) ? StoredCoding(directories[page].facts) : try StoredCoding(input, kind: kind)
    }

    /// Whether libvips' loader of this kind is told which pages or frames to open.
    private var takesPages: Bool {
        switch kind {
        case .tiff, .webp, .gif, .pdf: true
        // A HEIF file is opened at its primary picture, which page 0 need not be.
        case .jpeg, .png, .heif, .avif, .jp2, .j2k, .jxl, .bmp, .svg, .dicom, .psd, .exr, .hdr, .fits, .xcf, .netpbm, .raw: false
        }
    }

    /// Opens the picture; pixels are decoded when they are asked for, from top to bottom.
    ///
    /// - Parameters:
    ///   - page: From 0.
    ///   - count: Pages to open, stacked; nil for all.
    ///   - shrink: 1, 2, 4 or 8 where `shrinksWhileLoading`: decodes to that fraction of both sides.
    func open(page: Int = 0, count: Int? = 1, shrink: Int = 1) throws(ImagingError) -> Image {
        let operation: Operation
        let source: PixelSource?
        switch loader {
        case .source(let name):
            operation = try Operation(name)
            let made: PixelSource
            if let bytes = input.wholeBytes {
                made = try PixelSource(borrowing: bytes)
            } else {
                made = try PixelSource(descriptor: input.file.descriptor)
            }
            try operation.set("source", made)
            source = made
        case .file(let name):
            operation = try Operation(name)
            try operation.set("filename", text: "/proc/self/fd/\(input.file.descriptor)")
            source = nil
        case .dicom(let picture): return try picture.picture(page)
        case .raw(let raw):
            do throws(ImagingError) { return try raw.open(shrink: shrink) } catch { throw verdict(on: error) }
        }
        if takesPages {
            try operation.set("page", directories.indices.contains(page) ? directories[page].number : page)
            try operation.set("n", count ?? -1)
        }
        if shrink > 1 { try operation.set("shrink", shrink) }
        try operation.set("access", nick: "sequential")
        try operation.set("fail-on", nick: isTolerant ? "none" : "truncated")
        // Without it jpegload gives up at its hundredth warning, however much still decodes.
        if isTolerant, kind == .jpeg { try operation.set("unlimited", true) }
        do throws(ImagingError) {
            let image = try withStatedColours(operation.image().unpacked(), page: page)
            withExtendedLifetime(source) {}
            return image
        } catch {
            throw verdict(on: error)
        }
    }

    /// Throws what a strict decoding only warned of though pixels were lost; call it when the pictures opened are gone.
    ///
    /// jpegload fails at an early end alone, or else at every warning, also at those of sound files (images.md, section 3.4).
    func checkWarnings() throws(ImagingError) {
        guard !isTolerant, shrinksWhileLoading, let loss = Vips.pendingWarnings.first(where: DecoderVerdict.tellsLoss) else { return }
        throw .file(.damaged, "jpeg decoder: \(loss)")
    }

    /// An error of libvips while this input was decoded, as the verdict it means.
    func verdict(on error: ImagingError) -> ImagingError {
        switch error {
        case .operation(_, let text): .file(DecoderVerdict.failure(for: text, kind: kind))
        case .file, .storage, .unusable: error
        }
    }
}

/// What a recipe asks of kinds of files that can be seen in more than one way.
struct ReadingWishes: Hashable {
    /// Of grey DICOM pictures.
    var window = GreyWindow.auto
    /// Of cameras' raw files; nil takes their preview.
    var develop: RawDevelopment?

    init() {}

    init(_ recipe: Recipe) {
        if let reading = recipe.dicomReading { window = GreyWindow(reading) }
        develop = recipe.rawDevelopment
    }
}

/// What a picture's header says.
struct PictureHeader {
    var width: Int
    var height: Int
    /// Pages or frames in the file.
    var pageCount: Int
    var bands: Int
    var bitsPerBand: Int
    /// 1 to 8; 1 where the decoder has turned the picture already.
    var orientation: Int
    var hasAlpha: Bool
    var hasProfile: Bool
    var colour: ColourSpace?
    /// Whether more than one frame makes an animation, not a document.
    var isAnimation: Bool

    /// - Parameters:
    ///   - exif: The file's EXIF block; TIFF has its tags in the page itself.
    ///   - pageCount: Pages in the file where libvips counts others too.
    init(_ image: Image, kind: ImageKind, exif: [UInt8]?, stored: StoredCoding? = nil, pageCount known: Int? = nil) {
        width = image.width
        height = image.number("page-height").map { $0 > 0 && image.height % $0 == 0 ? $0 : image.height } ?? image.height
        switch kind {
        case .tiff, .webp, .gif, .pdf: pageCount = known ?? image.pageCount
        case .dicom, .png: pageCount = known ?? 1
        // JPEG 2000 counts its resolutions and HEIF its pictures there.
        case .jpeg, .heif, .avif, .jp2, .j2k, .jxl, .bmp, .svg, .psd, .exr, .hdr, .fits, .xcf, .netpbm, .raw:
            pageCount = 1
        }
        bands = image.bands
        bitsPerBand = stored?.bitsPerComponent ?? image.bitsPerBand
        hasAlpha = image.hasAlpha
        hasProfile = image.has("icc-profile-data")
        switch kind {
        case .heif, .avif: orientation = 1
        case .jpeg, .png, .webp, .jp2: orientation = exif.flatMap(Self.orientation(in:)) ?? 1
        case .tiff, .gif, .j2k, .jxl, .bmp, .svg, .pdf, .dicom, .psd, .exr, .hdr, .fits, .xcf, .netpbm, .raw:
            orientation = image.number("orientation") ?? 1
        }
        if !(1...8).contains(orientation) { orientation = 1 }
        switch image.interpretation {
        case VIPS_INTERPRETATION_sRGB, VIPS_INTERPRETATION_RGB16, VIPS_INTERPRETATION_RGB: colour = .srgb
        case VIPS_INTERPRETATION_B_W, VIPS_INTERPRETATION_GREY16: colour = .grey
        case VIPS_INTERPRETATION_CMYK: colour = .cmyk
        default: colour = nil
        }
        isAnimation = pageCount > 1 && (kind == .gif || kind == .webp || kind == .png)
    }

    /// Bits a component of a grey picture of fewer than 8.
    var smallDepth: Int? { bands == 1 && [1, 2, 4].contains(bitsPerBand) ? bitsPerBand : nil }

    /// A JPEG's header without libvips.
    init(_ file: JPEGFile) {
        (width, height) = (file.frame.width, file.frame.height)
        (pageCount, bands, bitsPerBand) = (1, file.frame.components.count, file.frame.precision)
        let stated = file.exif?.orientation ?? 1
        orientation = (1...8).contains(stated) ? stated : 1
        (hasAlpha, isAnimation) = (false, false)
        hasProfile = file.segments.contains { $0.kind == .icc }
        colour =
            switch file.frame.components.count {
            case 1: .grey
            case 3: .srgb
            case 4: .cmyk
            default: nil
            }
    }

    /// A block that cannot be read says nothing, as with every other reader.
    private static func orientation(in exif: [UInt8]) -> Int? {
        do throws(ImageFileError) {
            return try EXIFBlock(parsing: exif).orientation
        } catch {
            return nil
        }
    }

    /// What the recipe needs to know to say which steps change this picture.
    var facts: PictureFacts {
        // A profile gives a conversion to sRGB or CMYK something to do; grey is grey.
        let space = hasProfile && colour != .grey ? nil : colour
        return PictureFacts(width: width, height: height, orientation: orientation, hasAlpha: hasAlpha, colourSpace: space)
    }

    /// Refuses a picture before it is decoded.
    func check(_ limits: WorkLimits, pages: Int) throws(ImagingError) {
        let (area, first) = UInt64(width).multipliedReportingOverflow(by: UInt64(height))
        let (pixels, second) = area.multipliedReportingOverflow(by: UInt64(max(1, pages)))
        guard !first, !second, pixels <= limits.pixelsMax else {
            let text = pages > 1 ? "\(width) x \(height) pixels on \(pages) pages" : "\(width) x \(height) pixels"
            throw .file(.tooLarge, "\(text); the limit is \(limits.pixelsMax) pixels")
        }
    }
}
