internal import CVips
internal import JobModel
internal import Recipes

/// Pixels on their way from a decoder to an encoder, and how they may be read.
struct Rendering {
    var image: Image
    /// Whether rows can only be had once, from top to bottom.
    private var isStreaming: Bool
    /// Whether each of its pixels is worked out from many.
    var isBehindFilter = false
    /// Pixels decoded for it, for the report.
    private(set) var pixelsDecoded: UInt64
    var notes: [WorkNote] = []
    /// What the pictures of the job share.
    let assets: SharedAssets
    /// What a picture that another program makes of it may cost.
    let limits: WorkLimits

    /// What the resolution the file states has to be multiplied with, so that the picture keeps its size on paper.
    private(set) var resolutionScale = (x: 1.0, y: 1.0)
    /// Height of one frame where frames stand one below the other; else nil.
    private var frameHeight: Int?

    /// Decodes one page and applies the steps; most of the work happens when the result is saved.
    ///
    /// - Parameter keepsNumbers: Whether what is made of it holds pixels of all numbers, as far as the steps take them.
    init(
        _ decoder: Decoder, _ work: ProcessTask.PageWork, takesFrames: Bool, assets: SharedAssets, keepsNumbers: Bool
    ) throws(ImagingError) {
        self.assets = assets
        limits = decoder.limits
        let header = work.header
        var rest = work.steps[...]
        let turn = Turn.leading(&rest)
        isStreaming = true
        let keepsNumbers = keepsNumbers && rest.allSatisfy(\.worksOnAllNumbers)
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
            let shrink = decoder.shrinksWhileLoading ? Self.jpegShrink(from: header, to: stored) : 1
            image = try decoder.open(page: work.page, shrink: shrink)
            pixelsDecoded = UInt64(header.width) * UInt64(header.height)
            if !keepsNumbers { try makeShowable() }
            // The loader keeps the stated resolution whatever it shrinks by.
            resolutionScale = (Double(stored.width) / Double(header.width), Double(stored.height) / Double(header.height))
            try resize(width: stored.width, height: stored.height, tracksResolution: false)
        } else {
            image = try decoder.open(page: work.page)
            pixelsDecoded = UInt64(header.width) * UInt64(header.height)
            if !keepsNumbers { try makeShowable() }
        }
        try apply(turn)
        for step in rest { try apply(step) }
    }

    /// A picture that is whole already.
    init(_ image: Image, assets: SharedAssets = SharedAssets([])) {
        self.image = image
        self.assets = assets
        limits = WorkLimits()
        isStreaming = false
        pixelsDecoded = 0
    }

    /// As vips_thumbnail does: decoding to a fraction is a plain block shrink, so a factor of two is left for the resize.
    static func jpegShrink(from header: PictureHeader, to size: (width: Int, height: Int)) -> Int {
        let factor = min(Double(header.width) / Double(size.width), Double(header.height) / Double(size.height))
        return factor >= 16 ? 8 : factor >= 8 ? 4 : factor >= 4 ? 2 : 1
    }

    mutating func apply(_ step: PixelStep) throws(ImagingError) {
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
            if image.colourBands >= 3 || image.interpretation == VIPS_INTERPRETATION_CMYK {
                try convertSpace(image.bitsPerBand > 8 ? "grey16" : "b-w")
            }
        case .sharpen(let sigma):
            try self.sharpen(sigma: sigma)
        case .blur(let sigma): try softBlur(sigma: sigma, amount: 1)
        case .flatten(let background): try flatten(background)
        case .convertColour(let space): try convert(to: space)
        case .layout(let step): try apply(step)
        case .tone(let step): try apply(step)
        case .filter(let step): try apply(step)
        case .decoration(let step): try apply(step)
        case .command(let command): try run(command)
        case .later(let later):
            let steps: [PixelStep]
            do throws(RecipeError) {
                steps = try later.steps(width: image.width, height: image.height, hasAlpha: image.hasAlpha)
            } catch {
                throw ImagingError(error)
            }
            for step in steps { try apply(step) }
        }
    }

    // MARK: Geometry

    mutating func resize(width: Int, height: Int, tracksResolution: Bool = true) throws(ImagingError) {
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
        if isBehindFilter {
            // Each row asked for here would take the filter's whole window, again and again.
            image = try image.inMemory()
            isBehindFilter = false
        }
        let format = image.format
        let hasAlpha = image.hasAlpha
        // Transparent pixels may have any colour; unweighted they would bleed into their neighbours.
        if hasAlpha {
            image = try image.premultiplied()
        } else if format == VIPS_FORMAT_UINT || format == VIPS_FORMAT_DOUBLE {
            // libvips 8.14 resizes these as if they were integers with a sign.
            image = try image.cast(to: VIPS_FORMAT_FLOAT)
        }
        let resize = try Operation("resize")
        try resize.set("in", image)
        try resize.set("scale", Double(width) / Double(image.width))
        try resize.set("vscale", Double(height) / Double(image.height))
        image = try resize.image()
        if hasAlpha {
            image = try image.unpremultiplied(to: format)
        } else {
            image = try format == VIPS_FORMAT_UINT ? image.rounded(to: format) : image.cast(to: format)
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

    /// After the pixels were taken from elsewhere, whole.
    mutating func becomeWhole() { isStreaming = false }

    /// Makes rows readable in any order.
    mutating func settle() throws(ImagingError) {
        guard isStreaming else { return }
        image = try image.inMemory()
        isStreaming = false
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
