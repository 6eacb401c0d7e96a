internal import CVips
internal import JobModel
internal import Recipes

extension Rendering {
    mutating func convertSpace(_ nick: String) throws(ImagingError) {
        let convert = try Operation("colourspace")
        try convert.set("in", image)
        try convert.set("space", nick: nick)
        image = try convert.image()
    }

    mutating func flatten(_ background: Colour) throws(ImagingError) {
        guard image.hasAlpha else { return }
        let flatten = try Operation("flatten")
        try flatten.set("in", image)
        // One number a component without alpha.
        try flatten.set("background", Array(components(of: background).dropLast()))
        image = try flatten.image()
    }

    mutating func convert(to space: ColourSpace) throws(ImagingError) {
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
            if image.colourBands < 3 { try convertSpace("srgb") }
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
            if image.colourBands < 3 {
                do throws(ImagingError) {
                    let whole = image
                    let convert = try Operation("icc_import")
                    try convert.set("in", try whole.bands(from: 0, count: 1))
                    try convert.set("embedded", true)
                    image = try convert.image()
                    try convertSpace(isDeep ? "grey16" : "b-w")
                    // Behind the neutral colours, whose numbers are of 8 bits, an alpha of 16 would be scaled once more.
                    if whole.bands > 1 { image = try image.joined(with: try whole.bands(from: 1, count: whole.bands - 1)) }
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

    /// The colour in the image's own space, by its profile where it has one, with an opaque alpha behind it.
    func components(of colour: Colour) -> [Double] {
        let scale = image.bitsPerBand == 16 ? 257.0 : 1
        let rgb = [Double(colour.red), Double(colour.green), Double(colour.blue)]
        let isInk = image.interpretation == VIPS_INTERPRETATION_CMYK
        var values: [Double]
        if image.colourBands < 3 {
            // Rec. 709 luma, the nearest grey.
            values = [(0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]).rounded() * scale]
        } else if colour != .white, isInk || colour != .black, let own = componentsByProfile(of: colour) {
            values = own
        } else if isInk {
            values = rgb.map { (255 - $0) * scale } + [0]
        } else {
            values = rgb.map { $0 * scale }
        }
        if image.hasAlpha { return values + [255 * scale] }
        return values + [Double](repeating: 0, count: image.bands - values.count)
    }

    /// Nil without a profile, or with one that does not fit: it says nothing about the colours then.
    private func componentsByProfile(of colour: Colour) -> [Double]? {
        guard let profile = image.blob("icc-profile-data") else { return nil }
        do throws(ImagingError) {
            let bring = try Operation("icc_import")
            try bring.set(
                "in",
                try Image.of([colour.red, colour.green, colour.blue], width: 1, height: 1, bands: 3, format: VIPS_FORMAT_UCHAR)
                    .interpreted(as: VIPS_INTERPRETATION_sRGB))
            try bring.set("input-profile", text: "srgb")
            let neutral = try bring.image().withOwnHeader()
            neutral.setBlob("icc-profile-data", profile)
            let export = try Operation("icc_export")
            try export.set("in", neutral)
            try export.set("depth", 16)
            let values = try export.image().numbers()
            guard values.count == image.colourBands else { return nil }
            return image.bitsPerBand == 16 ? values : values.map { ($0 / 257).rounded() }
        } catch {
            return nil
        }
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
        // libvips 8.14 writes no profile into JPEG 2000 and GIF, where its colours would be taken for sRGB.
        let holdsNone = format == .jp2 || format == .gif
        // These write greys as three components, to which no reader applies a profile for one.
        let holdsNoneOfGrey = (format == .webp || format == .avif) && image.colourBands == 1
        if dropsProfile || holdsNone || holdsNoneOfGrey { try dropProfileToSRGB() }
        if format != .tiff { try dropSpotColours() }
        let isCMYK = image.interpretation == VIPS_INTERPRETATION_CMYK
        if isCMYK, format != .jpeg, format != .tiff { try dropProfileToSRGB() }
        switch format {
        case .tiff:
            // Of 8 bits it is unpacked to floating point, which hardly anybody reads.
            if image.interpretation == VIPS_INTERPRETATION_LAB { try convertSpace("labq") }
            return
        case .png, .jp2: try reduceDepth(to: 16)
        case .jpeg, .webp, .gif, .avif: try reduceDepth(to: 8)
        }
        if format == .jpeg, image.hasAlpha {
            try flatten(.white)
            notes.append(.alphaFlattened)
        }
    }

    /// Only a TIFF holds further components: spot colours, selections.
    private mutating func dropSpotColours() throws(ImagingError) {
        guard !image.hasAlpha, image.bands > image.colourBands else { return }
        let extract = try Operation("extract_band")
        try extract.set("in", image)
        try extract.set("band", 0)
        try extract.set("n", image.colourBands)
        image = try extract.image()
    }

    mutating func reduceDepth(to bits: Int) throws(ImagingError) {
        let deepest = VIPS_FORMAT_USHORT
        switch image.interpretation {
        case VIPS_INTERPRETATION_sRGB, VIPS_INTERPRETATION_B_W, VIPS_INTERPRETATION_CMYK: break
        case VIPS_INTERPRETATION_RGB16, VIPS_INTERPRETATION_GREY16:
            if bits == 16, image.format == deepest { return }
        default:
            // LAB, XYZ, multiband and what else TIFF can hold.
            try convertSpace(image.colourBands < 3 ? "b-w" : "srgb")
            // The colours are no longer what a profile in the file was for.
            if image.has("icc-profile-data") {
                image = try image.withOwnHeader()
                image.remove("icc-profile-data")
            }
            notes.append(.depthReduced)
            return
        }
        guard image.format != VIPS_FORMAT_UCHAR, !(bits == 16 && image.format == deepest) else { return }
        if image.format == deepest,
            image.interpretation == VIPS_INTERPRETATION_RGB16 || image.interpretation == VIPS_INTERPRETATION_GREY16
        {
            try convertSpace(image.colourBands < 3 ? "b-w" : "srgb")
        } else {
            let cast = try Operation("cast")
            try cast.set("in", image)
            try cast.set("format", nick: "uchar")
            try cast.set("shift", image.format == deepest)
            image = try cast.image()
        }
        notes.append(.depthReduced)
    }
}
