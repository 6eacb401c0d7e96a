internal import CVips

// Operations of one line each, so that steps made of several read as what they compute.

extension Image {
    /// Largest value of a component: full intensity, full opacity.
    var fullValue: Double { Self.fullValue(of: format) }

    private static func fullValue(of format: VipsBandFormat) -> Double {
        switch format {
        case VIPS_FORMAT_USHORT, VIPS_FORMAT_SHORT: 65535
        case VIPS_FORMAT_UINT: 4_294_967_295
        case VIPS_FORMAT_INT: 2_147_483_647
        default: 255
        }
    }

    /// `a * value + b` in floating point; one number for all bands, or one a band.
    func linear(_ a: [Double], _ b: [Double]) throws(ImagingError) -> Image {
        let linear = try Operation("linear")
        try linear.set("in", self)
        try linear.set("a", a)
        try linear.set("b", b)
        return try linear.image()
    }

    /// Cuts off what the format cannot hold; drops fractions.
    func cast(to format: VipsBandFormat) throws(ImagingError) -> Image {
        guard self.format != format else { return self }
        let cast = try Operation("cast")
        try cast.set("in", self)
        try cast.set("format", nick: Rendering.nick(of: format))
        return try cast.image()
    }

    /// The nearest value that the format can hold, halves up; itself where that holds fractions.
    func rounded(to format: VipsBandFormat) throws(ImagingError) -> Image {
        guard self.format.holdsFractions, !format.holdsFractions else { return try cast(to: format) }
        return try linear([1], [0.5]).cast(to: format)
    }

    func multiplied(by other: Image) throws(ImagingError) -> Image { try combined("multiply", other) }
    func added(to other: Image) throws(ImagingError) -> Image { try combined("add", other) }
    func subtracting(_ other: Image) throws(ImagingError) -> Image { try combined("subtract", other) }
    func divided(by other: Image) throws(ImagingError) -> Image { try combined("divide", other) }

    private func combined(_ name: String, _ other: Image) throws(ImagingError) -> Image {
        let operation = try Operation(name)
        try operation.set("left", self)
        try operation.set("right", other)
        return try operation.image()
    }

    /// Full value minus each.
    func complement() throws(ImagingError) -> Image {
        let invert = try Operation("invert")
        try invert.set("in", self)
        return try invert.image()
    }

    func bands(from first: Int, count: Int) throws(ImagingError) -> Image {
        guard first > 0 || count < bands else { return self }
        let extract = try Operation("extract_band")
        try extract.set("in", self)
        try extract.set("band", first)
        try extract.set("n", count)
        return try extract.image()
    }

    /// The components of the colour without alpha.
    func colours() throws(ImagingError) -> Image { try bands(from: 0, count: hasAlpha ? bands - 1 : bands) }

    func alpha() throws(ImagingError) -> Image { try bands(from: bands - 1, count: 1) }

    /// Further bands behind these; the header stays.
    func joined(with other: Image) throws(ImagingError) -> Image {
        let join = try Operation("bandjoin")
        try join.set("in", [self, other])
        return try join.image()
    }

    func area(left: Int, top: Int, width: Int, height: Int) throws(ImagingError) -> Image {
        guard (left, top) != (0, 0) || (width, height) != (self.width, self.height) else { return self }
        let extract = try Operation("extract_area")
        try extract.set("input", self)
        try extract.set("left", left)
        try extract.set("top", top)
        try extract.set("width", width)
        try extract.set("height", height)
        return try extract.image()
    }

    /// On a larger canvas of one colour, or of the nearest pixels where there is none; what stands out is cut off.
    func embedded(left: Int, top: Int, width: Int, height: Int, background: [Double]?) throws(ImagingError) -> Image {
        guard (left, top) != (0, 0) || (width, height) != (self.width, self.height) else { return self }
        let embed = try Operation("embed")
        try embed.set("in", self)
        try embed.set("x", left)
        try embed.set("y", top)
        try embed.set("width", width)
        try embed.set("height", height)
        try embed.set("extend", nick: background == nil ? "copy" : "background")
        if let background { try embed.set("background", background) }
        return try embed.image()
    }

    /// With `other` put over the pixels from there on; what stands out is cut off. The header stays.
    func inserting(_ other: Image, left: Int, top: Int) throws(ImagingError) -> Image {
        let insert = try Operation("insert")
        try insert.set("main", self)
        try insert.set("sub", other)
        try insert.set("x", left)
        try insert.set("y", top)
        return try insert.image()
    }

    func resized(width: Int, height: Int) throws(ImagingError) -> Image {
        guard (width, height) != (self.width, self.height) else { return self }
        let resize = try Operation("resize")
        try resize.set("in", self)
        try resize.set("scale", Double(width) / Double(self.width))
        try resize.set("vscale", Double(height) / Double(self.height))
        return try resize.image()
    }

    func flipped(_ direction: String) throws(ImagingError) -> Image {
        let flip = try Operation("flip")
        try flip.set("in", self)
        try flip.set("direction", nick: direction)
        return try flip.image()
    }

    /// Clockwise by so many quarters.
    func turned(quarters: Int) throws(ImagingError) -> Image {
        guard quarters % 4 != 0 else { return self }
        let rotate = try Operation("rot")
        try rotate.set("in", self)
        try rotate.set("angle", nick: ["d0", "d90", "d180", "d270"][quarters & 3])
        return try rotate.image()
    }

    /// Repeated to the right and downwards.
    func replicated(across: Int, down: Int) throws(ImagingError) -> Image {
        let replicate = try Operation("replicate")
        try replicate.set("in", self)
        try replicate.set("across", across)
        try replicate.set("down", down)
        return try replicate.image()
    }

    func blurred(sigma: Double) throws(ImagingError) -> Image {
        // Below that libvips makes no kernel at all.
        guard sigma >= 0.2 else { return self }
        let blur = try Operation("gaussblur")
        try blur.set("in", self)
        try blur.set("sigma", min(sigma, 1000))
        try blur.set("precision", nick: "float")
        try blur.set("min-ampl", 0.01)
        return try blur.image()
    }

    func convolved(with kernel: Image) throws(ImagingError) -> Image {
        let convolve = try Operation("conv")
        try convolve.set("in", self)
        try convolve.set("mask", kernel)
        try convolve.set("precision", nick: "float")
        return try convolve.image()
    }

    /// Each value replaced by its entry of `table`, one band of 256 or 65536 pixels.
    func mapped(through table: Image) throws(ImagingError) -> Image {
        let map = try Operation("maplut")
        try map.set("in", self)
        try map.set("lut", table)
        return try map.image()
    }

    /// `top` where `mask` is full, this where it is empty, between them in between.
    ///
    /// - Parameter mask: One band, of 8 bits or in floating point from 0 to 1; the latter keeps gradients smooth in 16 bits.
    func covered(by top: Image, mask: Image) throws(ImagingError) -> Image {
        if mask.format == VIPS_FORMAT_UCHAR {
            let blend = try Operation("ifthenelse")
            try blend.set("cond", mask)
            try blend.set("in1", top)
            try blend.set("in2", self)
            try blend.set("blend", true)
            return try blend.image()
        }
        return try top.subtracting(self).multiplied(by: mask).added(to: self).rounded(to: format)
    }

    /// Colours weighted by their opacity, in the picture's own format: transparent pixels may have any colour, and
    /// unweighted they would bleed into their neighbours.
    func premultiplied() throws(ImagingError) -> Image {
        guard hasAlpha else { return self }
        let isHuge = fullValue > Self.opacityMax
        let premultiply = try Operation("premultiply")
        try premultiply.set("in", isHuge ? try linear([1 / fullValue], [0]) : self)
        try premultiply.set("max-alpha", isHuge ? 1 : fullValue)
        return try premultiply.image()
    }

    func unpremultiplied(to format: VipsBandFormat) throws(ImagingError) -> Image {
        let full = Self.fullValue(of: format)
        let isHuge = full > Self.opacityMax
        let unpremultiply = try Operation("unpremultiply")
        try unpremultiply.set("in", self)
        try unpremultiply.set("max-alpha", isHuge ? 1 : full)
        let plain = try unpremultiply.image()
        return try (isHuge ? plain.linear([full], [0]) : plain).rounded(to: format)
    }

    /// The largest `max-alpha` libvips takes.
    private static let opacityMax = 100_000_000.0
}

extension VipsBandFormat {
    fileprivate var holdsFractions: Bool { self == VIPS_FORMAT_FLOAT || self == VIPS_FORMAT_DOUBLE }
}
