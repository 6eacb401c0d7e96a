internal import CVips
internal import Recipes

// What decorations are made of: a layer over the picture, a picture cut by a mask, a background behind it.

extension Rendering {
    /// Gives the picture an alpha if it has none. Inks become sRGB, since hardly a format holds them with alpha.
    mutating func addAlpha() throws(ImagingError) {
        try makePlain()
        guard !image.hasAlpha else { return }
        if image.interpretation == VIPS_INTERPRETATION_CMYK { try dropProfileToSRGB() }
        image = try image.bands(from: 0, count: image.colourBands)
        image = try image.joined(with: try Image.constant([image.fullValue], like: image))
    }

    /// The colour without alpha, in the space of the picture.
    func inks(of colour: Colour) -> [Double] {
        let components = components(of: colour)
        return image.hasAlpha ? Array(components.dropLast()) : components
    }

    func plain(_ colour: Colour) throws(ImagingError) -> Image { try Image.constant(inks(of: colour), like: image) }

    /// Puts `colours` over the picture where `mask` says so.
    ///
    /// - Parameters:
    ///   - colours: As large as the picture, with its components but alpha.
    ///   - staysInside: Whether transparent pixels stay as they are.
    mutating func lay(_ colours: Image, mask: Image, staysInside: Bool = false) throws(ImagingError) {
        guard image.hasAlpha else {
            image = try image.covered(by: colours, mask: try mask.mask(for: image))
            return
        }
        try compose(try colours.joined(with: try mask.alpha(for: image)), staysInside ? "atop" : "over")
    }

    /// Puts a background behind transparent pixels.
    mutating func put(on background: Paint) throws(ImagingError) {
        switch background {
        case .transparent: return
        case .colour(let colour): try flatten(colour)
        }
    }

    /// Puts a layer with alpha, as large as the picture, over or under it.
    mutating func compose(_ layer: Image, _ mode: String) throws(ImagingError) {
        let format = image.format
        let compose = try Operation("composite2")
        try compose.set("base", image)
        try compose.set("overlay", layer)
        try compose.set("mode", nick: mode)
        let isDeep = image.bitsPerBand == 16
        try compose.set("compositing-space", nick: image.colourBands < 3 ? (isDeep ? "grey16" : "b-w") : (isDeep ? "rgb16" : "srgb"))
        image = try compose.image().rounded(to: format)
    }

    /// Makes transparent what `mask` leaves out; what was transparent stays so.
    mutating func cut(by mask: Image) throws(ImagingError) {
        try addAlpha()
        let format = image.format
        let share = mask.format == VIPS_FORMAT_UCHAR ? 1.0 / 255 : 1
        let alpha = try image.alpha().multiplied(by: mask).linear([share], [0]).rounded(to: format)
        image = try image.colours().joined(with: alpha)
    }

    /// On a larger transparent canvas.
    mutating func embedTransparent(left: Int, top: Int, width: Int, height: Int) throws(ImagingError) {
        try addAlpha()
        image = try image.embedded(
            left: left, top: top, width: width, height: height, background: Array(repeating: 0, count: image.bands))
    }

    /// A shared picture in the space, the profile and the depth of this one, and its opacity as a mask.
    ///
    /// - Parameter mark: sRGB or grey of 8 bits, with or without alpha.
    func matched(_ mark: Image) throws(ImagingError) -> (colours: Image, mask: Image) {
        let mask = mark.hasAlpha ? try mark.alpha() : try Image.plane(255, width: mark.width, height: mark.height)
        var colours = try mark.colours()
        let isDeep = image.bitsPerBand == 16
        func convert(_ space: String) throws(ImagingError) -> Image {
            let convert = try Operation("colourspace")
            try convert.set("in", colours)
            try convert.set("space", nick: space)
            return try convert.image()
        }
        if image.colourBands == 1 { return (try convert(isDeep ? "grey16" : "b-w"), mask) }
        if colours.bands < 3 { colours = try convert("srgb") }
        let isInk = image.interpretation == VIPS_INTERPRETATION_CMYK
        let profile = image.blob("icc-profile-data")
        if isInk || profile != nil {
            do throws(ImagingError) {
                return (try export(colours, to: profile, isInk: isInk), mask)
            } catch {
                // A profile that does not fit the picture says nothing about its colours.
                if isInk { return (try export(colours, to: nil, isInk: true), mask) }
            }
        }
        return (isDeep ? try convert("rgb16") : colours, mask)
    }

    private func export(_ colours: Image, to profile: [UInt8]?, isInk: Bool) throws(ImagingError) -> Image {
        let bring = try Operation("icc_import")
        try bring.set("in", colours)
        try bring.set("input-profile", text: "srgb")
        let neutral = try bring.image().withOwnHeader()
        if let profile { neutral.setBlob("icc-profile-data", profile) }
        let export = try Operation("icc_export")
        try export.set("in", neutral)
        if profile == nil, isInk { try export.set("output-profile", text: "cmyk") }
        try export.set("depth", image.bitsPerBand)
        let made = try export.image()
        guard made.bands == image.colourBands else {
            throw .operation("icc_export", text: "a profile of \(made.bands) components for \(image.colourBands)")
        }
        // Made now, so that a profile that cannot be applied is found here. The picture keeps the profile it has, or has none.
        let own = try made.inMemory().withOwnHeader()
        own.remove("icc-profile-data")
        return own
    }
}
