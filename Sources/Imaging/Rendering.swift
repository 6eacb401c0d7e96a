internal import CVips
internal import JobModel
internal import Recipes

/// Pixels on their way from a decoder to an encoder, and how they may be read.
struct Rendering {
    private(set) var image: Image
    /// Whether rows can only be had once, from top to bottom.
    private var isStreaming: Bool
    /// Pixels decoded for it, for the report.
    private(set) var pixelsDecoded: UInt64
    private(set) var notes: [WorkNote] = []

    /// What the resolution the file states has to be multiplied with, so that the picture keeps its size on paper.
    private(set) var resolutionScale = (x: 1.0, y: 1.0)
    /// Height of one frame where frames stand one below the other; else nil.
    private var frameHeight: Int?

    /// Decodes one page and applies the steps; most of the work happens when the result is saved.
    init(_ decoder: Decoder, _ work: ProcessTask.PageWork, takesFrames: Bool) throws(ImagingError) {
        let header = work.header
        var rest = work.steps[...]
        let turn = Turn.leading(&rest)
        isStreaming = true
        if takesFrames {
            guard turn == .none, rest.allSatisfy(\.worksOnFrames) else {
                throw .file(.unsupported, "all frames can only be made smaller or change colour, not be turned, cut or framed")
            }
            image = try decoder.open(count: nil)
            frameHeight = header.height
            pixelsDecoded = UInt64(image.width) * UInt64(image.height)
        } else if case .resize(let width, let height)? = rest.first {
            // Shrinking first and turning the small picture costs a fraction of turning the large one.
            rest = rest.dropFirst()
            let stored = turn.swapsSides ? (width: height, height: width) : (width: width, height: height)
            let shrink = decoder.kind == .jpeg ? Self.jpegShrink(from: header, to: stored) : 1
            image = try decoder.open(page: work.page, shrink: shrink)
            pixelsDecoded = UInt64(header.width) * UInt64(header.height)
            // The loader keeps the stated resolution whatever it shrinks by.
            resolutionScale = (Double(stored.width) / Double(header.width), Double(stored.height) / Double(header.height))
            try resize(width: stored.width, height: stored.height, tracksResolution: false)
        } else {
            image = try decoder.open(page: work.page)
            pixelsDecoded = UInt64(header.width) * UInt64(header.height)
        }
        try apply(turn)
        for step in rest { try apply(step) }
    }

    /// A picture that is whole already.
    init(_ image: Image) {
        self.image = image
        isStreaming = false
        pixelsDecoded = 0
    }

    /// As vips_thumbnail does: decoding to a fraction is a plain block shrink, so a factor of two is left for the resize.
    static func jpegShrink(from header: PictureHeader, to size: (width: Int, height: Int)) -> Int {
        let factor = min(Double(header.width) / Double(size.width), Double(header.height) / Double(size.height))
        return factor >= 16 ? 8 : factor >= 8 ? 4 : factor >= 4 ? 2 : 1
    }

    private mutating func apply(_ step: PixelStep) throws(ImagingError) {
        switch step {
        case .orient(let orientation): try apply(Turn(orientation: orientation))
        case .rotate(let quarter): try apply(Turn(quarter))
        case .flip(let axis): try apply(Turn(axis))
        case .resize(let width, let height): try resize(width: width, height: height)
        case .cut(let left, let top, let width, let height):
            let crop = try Operation("extract_area")
            try crop.set("input", image)
            try crop.set("left", left)
            try crop.set("top", top)
            try crop.set("width", width)
            try crop.set("height", height)
            image = try crop.image()
        case .place(let left, let top, let width, let height, let background):
            // Where a corner is negative, embed cuts off what stands out.
            let embed = try Operation("embed")
            try embed.set("in", image)
            try embed.set("x", left)
            try embed.set("y", top)
            try embed.set("width", width)
            try embed.set("height", height)
            try embed.set("extend", nick: "background")
            try embed.set("background", components(of: background))
            image = try embed.image()
        case .greyscale:
            try dropProfileToSRGB()
            if image.bands >= 3 || image.interpretation == VIPS_INTERPRETATION_CMYK {
                try convertSpace(image.bitsPerBand > 8 ? "grey16" : "b-w")
            }
        case .sharpen(let sigma):
            let sharpen = try Operation("sharpen")
            try sharpen.set("in", image)
            try sharpen.set("sigma", min(sigma, 10))
            image = try sharpen.image()
        case .blur(let sigma):
            let blur = try Operation("gaussblur")
            try blur.set("in", image)
            try blur.set("sigma", min(sigma, 1000))
            image = try blur.image()
        case .flatten(let background): try flatten(background)
        case .convertColour(let space): try convert(to: space)
        }
    }

    // MARK: Geometry

    private mutating func resize(width: Int, height: Int, tracksResolution: Bool = true) throws(ImagingError) {
        var height = height
        if let frame = frameHeight {
            frameHeight = height
            height *= image.height / frame
        }
        guard (width, height) != (image.width, image.height) else { return }
        if tracksResolution {
            resolutionScale.x *= Double(width) / Double(image.width)
            resolutionScale.y *= Double(height) / Double(image.height)
        }
        let format = image.format
        let hasAlpha = image.hasAlpha
        // Transparent pixels may have any colour; unweighted they would bleed into their neighbours.
        if hasAlpha {
            let premultiply = try Operation("premultiply")
            try premultiply.set("in", image)
            image = try premultiply.image()
        }
        let resize = try Operation("resize")
        try resize.set("in", image)
        try resize.set("scale", Double(width) / Double(image.width))
        try resize.set("vscale", Double(height) / Double(image.height))
        image = try resize.image()
        if hasAlpha {
            let unpremultiply = try Operation("unpremultiply")
            try unpremultiply.set("in", image)
            let cast = try Operation("cast")
            try cast.set("in", try unpremultiply.image())
            try cast.set("format", nick: Self.nick(of: format))
            image = try cast.image()
        }
    }

    private mutating func apply(_ turn: Turn) throws(ImagingError) {
        guard turn != .none else { return }
        if turn.mirrored {
            let flip = try Operation("flip")
            try flip.set("in", image)
            try flip.set("direction", nick: "horizontal")
            image = try flip.image()
        }
        guard turn.quarters > 0 else { return }
        try settle()
        if turn.swapsSides { resolutionScale = (resolutionScale.y, resolutionScale.x) }
        let rotate = try Operation("rot")
        try rotate.set("in", image)
        try rotate.set("angle", nick: turn.quarters == 1 ? "d90" : turn.quarters == 2 ? "d180" : "d270")
        image = try rotate.image()
    }

    /// Makes rows readable in any order.
    private mutating func settle() throws(ImagingError) {
        guard isStreaming else { return }
        image = try image.inMemory()
        isStreaming = false
    }

    // MARK: Colour

    private mutating func convertSpace(_ nick: String) throws(ImagingError) {
        let convert = try Operation("colourspace")
        try convert.set("in", image)
        try convert.set("space", nick: nick)
        image = try convert.image()
    }

    private mutating func flatten(_ background: Colour) throws(ImagingError) {
        guard image.hasAlpha else { return }
        let flatten = try Operation("flatten")
        try flatten.set("in", image)
        // One number a component without alpha.
        try flatten.set("background", Array(components(of: background).dropLast()))
        image = try flatten.image()
    }

    private mutating func convert(to space: ColourSpace) throws(ImagingError) {
        switch space {
        case .srgb:
            try dropProfileToSRGB()
            if image.interpretation != VIPS_INTERPRETATION_sRGB && image.interpretation != VIPS_INTERPRETATION_RGB16 {
                try convertSpace(image.bitsPerBand == 16 ? "rgb16" : "srgb")
            }
        case .grey: try apply(.greyscale)
        case .cmyk:
            guard image.interpretation != VIPS_INTERPRETATION_CMYK else { return }
            try dropProfileToSRGB()
            try flatten(.white)
            if image.bands < 3 { try convertSpace("srgb") }
            let transform = try Operation("icc_transform")
            try transform.set("in", image)
            try transform.set("input-profile", text: "srgb")
            try transform.set("output-profile", text: "cmyk")
            image = try transform.image()
        }
    }

    /// Converts to sRGB (grey stays grey) by the embedded profile and takes the profile off.
    ///
    /// libvips 8.14 has traps here (images.md, 3.5): a picture without a profile must not be transformed at all, a grey one
    /// not to sRGB, and CMYK without a profile only by the built-in one.
    mutating func dropProfileToSRGB() throws(ImagingError) {
        let isCMYK = image.interpretation == VIPS_INTERPRETATION_CMYK
        let isDeep = image.bitsPerBand == 16
        if image.has("icc-profile-data") || isCMYK {
            if image.bands < 3 {
                do throws(ImagingError) {
                    let convert = try Operation("icc_import")
                    try convert.set("in", image)
                    try convert.set("embedded", true)
                    image = try convert.image()
                    try convertSpace(isDeep ? "grey16" : "b-w")
                } catch {
                    notes.append(.metadataDropped("ICC profile that does not fit the picture"))
                }
            } else {
                let transform = try Operation("icc_transform")
                try transform.set("in", image)
                try transform.set("embedded", true)
                if isCMYK { try transform.set("input-profile", text: "cmyk") }
                try transform.set("output-profile", text: "srgb")
                if isDeep { try transform.set("depth", 16) }
                do throws(ImagingError) {
                    image = try transform.image()
                } catch {
                    guard !isCMYK else { throw error }
                    // A profile of another colour space, or a damaged one: no reader can apply it either.
                    notes.append(.metadataDropped("ICC profile that does not fit the picture"))
                }
            }
        }
        if image.has("icc-profile-data") {
            image = try image.withOwnHeader()
            image.remove("icc-profile-data")
        }
    }

    /// The colour in the image's own space, with an opaque alpha behind it.
    private func components(of colour: Colour) -> [Double] {
        let scale = image.bitsPerBand == 16 ? 257.0 : 1
        let rgb = [Double(colour.red), Double(colour.green), Double(colour.blue)]
        var values: [Double]
        if image.interpretation == VIPS_INTERPRETATION_CMYK {
            values = rgb.map { 255 - $0 } + [0]
        } else if image.bands < 3 {
            // Rec. 709 luma, the nearest grey.
            values = [(0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]).rounded()]
        } else {
            values = rgb
        }
        values = values.map { $0 * scale }
        return image.hasAlpha ? values + [255 * scale] : values
    }

    static func nick(of format: VipsBandFormat) -> String {
        switch format {
        case VIPS_FORMAT_UCHAR: "uchar"
        case VIPS_FORMAT_USHORT: "ushort"
        case VIPS_FORMAT_UINT: "uint"
        case VIPS_FORMAT_CHAR: "char"
        case VIPS_FORMAT_SHORT: "short"
        case VIPS_FORMAT_INT: "int"
        case VIPS_FORMAT_DOUBLE: "double"
        default: "float"
        }
    }

    // MARK: For the encoder

    /// Brings the pixels into a form that `format` can hold; notes what was lost.
    mutating func conform(to format: OutputFormat, dropsProfile: Bool) throws(ImagingError) {
        if dropsProfile { try dropProfileToSRGB() }
        let isCMYK = image.interpretation == VIPS_INTERPRETATION_CMYK
        if isCMYK, format != .jpeg, format != .tiff { try dropProfileToSRGB() }
        switch format {
        case .tiff: return
        case .png: try reduceDepth(to: 16)
        case .jpeg, .webp, .gif: try reduceDepth(to: 8)
        }
        if format == .jpeg, image.hasAlpha {
            try flatten(.white)
            notes.append(.alphaFlattened)
        }
    }

    private mutating func reduceDepth(to bits: Int) throws(ImagingError) {
        let deepest = VIPS_FORMAT_USHORT
        switch image.interpretation {
        case VIPS_INTERPRETATION_sRGB, VIPS_INTERPRETATION_B_W, VIPS_INTERPRETATION_CMYK: break
        case VIPS_INTERPRETATION_RGB16, VIPS_INTERPRETATION_GREY16:
            if bits == 16, image.format == deepest { return }
        default:
            // LAB, XYZ, scRGB, multiband and what else TIFF can hold.
            try convertSpace(image.bands < 3 ? "b-w" : "srgb")
            notes.append(.depthReduced)
            return
        }
        guard image.format != VIPS_FORMAT_UCHAR, !(bits == 16 && image.format == deepest) else { return }
        if image.format == deepest, image.interpretation == VIPS_INTERPRETATION_RGB16 || image.interpretation == VIPS_INTERPRETATION_GREY16 {
            try convertSpace(image.bands < 3 ? "b-w" : "srgb")
        } else {
            let cast = try Operation("cast")
            try cast.set("in", image)
            try cast.set("format", nick: "uchar")
            try cast.set("shift", image.format == deepest)
            image = try cast.image()
        }
        notes.append(.depthReduced)
    }

    /// Takes off all metadata but the profile, and states the resolution of the picture as it is now.
    mutating func clearMetadata() throws(ImagingError) {
        let resolution = image.resolution
        // One pixel a millimetre is how libvips says that nothing is stated.
        let isStated = resolution != (1, 1)
        image = try image.withOwnHeader(
            resolution: isStated ? (resolution.x * resolutionScale.x, resolution.y * resolutionScale.y) : nil)
        image.removeFields(keeping: frameHeight == nil ? ["icc-profile-data"] : ["icc-profile-data", "n-pages", "delay", "loop"])
        if let frameHeight { image.setNumber("page-height", frameHeight) }
    }
}

extension PixelStep {
    /// Whether it may be done to frames that stand one below the other as to one picture.
    fileprivate var worksOnFrames: Bool {
        switch self {
        case .resize, .greyscale, .flatten, .convertColour: true
        case .orient, .rotate, .flip, .cut, .place, .sharpen, .blur: false
        }
    }
}
