internal import CVips
private import Glibc
internal import Recipes

// Filters that look at the neighbours of a pixel. Each takes an amount from 0 to 1: how much of the filtered picture is
// blended over the unfiltered one.

extension Rendering {
    mutating func apply(_ step: FilterStep) throws(ImagingError) {
        switch step {
        case .rank(let window, let share, let amount): try rank(window: window, share: share, amount: amount)
        case .common(let window, let amount): try common(window: window, amount: amount)
        case .effect(let effect, let times, let amount): try self.effect(effect, times: times, amount: amount)
        case .sketch(let details, let amount): try sketch(details: details, amount: amount)
        case .solarize(let threshold, let amount): try solarize(threshold: threshold, amount: amount)
        case .sigmoid(let factor, let middle, let amount): try contrastSigmoid(factor: factor, middle: middle, amount: amount)
        case .unsharp(let sigma, let gain, let amount): try unsharp(sigma: sigma, gain: gain, amount: amount)
        case .softBlur(let sigma, let amount): try softBlur(sigma: sigma, amount: amount)
        case .motionBlur(let sigma, let degrees, let amount): try motionBlur(sigma: sigma, degrees: degrees, amount: amount)
        case .charcoal(let sigma, let amount): try charcoal(sigma: sigma, amount: amount)
        case .paint(let window, let amount): try paint(window: window, amount: amount)
        case .wave(let height, let length, let background): try wave(height: height, length: length, background: background)
        }
    }

    /// The value at a place of the sorted values of a window: 0 the least, 0.5 the median, 1 the greatest.
    ///
    /// - Parameter window: Side of the square, an odd number of pixels.
    mutating func rank(window: Int, share: Double, amount: Double) throws(ImagingError) {
        try settle()
        try filter(amount) { picture throws(ImagingError) in
            // Least ink is most light.
            let isInk = picture.interpretation == VIPS_INTERPRETATION_CMYK
            let index = Int(Double(window * window - 1) * (isInk ? 1 - share : share))
            return try picture.ranked(window: window, index: index)
        }
    }

    /// The most frequent value of a window, band by band; where none stands there three times the pixel stays.
    mutating func common(window: Int, amount: Double) throws(ImagingError) {
        try settle()
        try filter(amount) { picture throws(ImagingError) in try picture.mostFrequent(window: window) }
    }

    mutating func effect(_ effect: PixelEffect, times: Int, amount: Double) throws(ImagingError) {
        let kernel = effect.kernel
        if kernel.seesInk { try makePlain(allowsInk: false) }
        // Where a pixel is weighted with those around it, rows are asked for more than once.
        try settle()
        for _ in 0..<times {
            try filter(amount) { picture throws(ImagingError) in
                let format = picture.format
                let offset = kernel.offset * picture.fullValue / 255 + 0.5
                let weights = try Image.kernel(kernel.weights, width: kernel.side, scale: kernel.scale)
                guard kernel.seesInk, picture.hasAlpha else {
                    return try picture.convolved(with: weights).linear([1], [offset]).cast(to: format)
                }
                // An edge has no sum of its own to be opaque with.
                let colours = try picture.colours().convolved(with: weights).linear([1], [offset]).cast(to: format)
                return try colours.joined(with: try picture.alpha()).premultiplied().rounded(to: format)
            }
        }
    }

    /// A pencil drawing: the grey picture divided by its blurred negative.
    ///
    /// - Parameter details: 1 to 20; the more, the wider the strokes.
    mutating func sketch(details: Int, amount: Double) throws(ImagingError) {
        try settle()
        try draw(amount) { grey throws(ImagingError) in
            let full = grey.fullValue
            // So wide is the blur of as many passes of the ring of 16 pixels that Phatch uses.
            let sigma = (2.75 * Double(details)).squareRoot()
            let negative = try grey.complement().cast(to: VIPS_FORMAT_FLOAT).blurred(sigma: sigma)
            return try grey.linear([full], [0]).divided(by: try negative.linear([-1], [full + 1])).rounded(to: grey.format)
        }
    }

    /// Turns around the values from a threshold on, as a film does that sees light while it is developed.
    ///
    /// - Parameter threshold: 0 to 255, also of deeper pictures.
    mutating func solarize(threshold: Int, amount: Double) throws(ImagingError) {
        try map(amount) { value, full in value * 255 < threshold * full ? value : full - value }
    }

    /// Steeper in the middle, flatter at both ends.
    ///
    /// - Parameters:
    ///   - factor: How steep; 0 changes nothing.
    ///   - middle: The value from 0 to 1 that stays.
    mutating func contrastSigmoid(factor: Double, middle: Double, amount: Double) throws(ImagingError) {
        guard factor > 0 else { return }
        func sigmoid(_ value: Double) -> Double { 1 / (1 + exp(factor * (middle - value))) }
        let (low, high) = (sigmoid(0), sigmoid(1))
        try map(amount) { value, full in
            Int(((sigmoid(Double(value) / Double(full)) - low) / (high - low) * Double(full)).rounded())
        }
    }

    /// Adds the difference to the blurred picture.
    mutating func unsharp(sigma: Double, gain: Double, amount: Double) throws(ImagingError) {
        try settle()
        try filter(amount) { picture throws(ImagingError) in
            let format = picture.format
            let blurred = try picture.cast(to: VIPS_FORMAT_FLOAT).blurred(sigma: sigma)
            return try picture.linear([1 + gain], [0]).subtracting(try blurred.linear([gain], [0])).rounded(to: format)
        }
    }

    /// Sharpens lightness by libvips' limited unsharp mask; inks each as if it were a grey picture of its own.
    mutating func sharpen(sigma: Double) throws(ImagingError) {
        try makePlain()
        if image.interpretation == VIPS_INTERPRETATION_CMYK {
            // By way of lightness inks would be parted anew, by another profile than theirs.
            try settle()
            var made = try image.bands(from: 0, count: 1).inLight { light throws(ImagingError) in try light.sharpened(sigma: sigma) }
            for number in 1..<image.bands {
                made = try made.joined(
                    with: try image.bands(from: number, count: 1).inLight { light throws(ImagingError) in try light.sharpened(sigma: sigma) })
            }
            image = try image.inserting(made, left: 0, top: 0)
            return
        }
        guard image.hasAlpha else {
            image = try image.sharpened(sigma: sigma)
            return
        }
        try settle()
        // Whatever colour lies below transparent pixels, an edge against it would be seen: it becomes that of the pixels around.
        let alpha = try image.alpha()
        let around = try image.premultiplied().blurred(sigma: max(1, 2 * sigma)).unpremultiplied(to: image.format).colours()
        let choose = try Operation("ifthenelse")
        try choose.set("cond", alpha)
        try choose.set("in1", try image.colours())
        try choose.set("in2", around)
        image = try choose.image().sharpened(sigma: sigma).joined(with: alpha)
    }

    mutating func softBlur(sigma: Double, amount: Double) throws(ImagingError) {
        try settle()
        try filter(amount) { picture throws(ImagingError) in
            let format = picture.format
            return try picture.cast(to: VIPS_FORMAT_FLOAT).blurred(sigma: sigma).rounded(to: format)
        }
    }

    // MARK: Parts

    /// Runs `change` on the picture with its colours weighted by their opacity.
    mutating func filter(
        _ amount: Double, _ change: (Image) throws(ImagingError) -> Image
    ) throws(ImagingError) {
        isBehindFilter = true
        try makePlain()
        func changed(_ source: Image) throws(ImagingError) -> Image {
            let made = try change(source)
            return amount < 1 ? try source.mixed(with: made, amount) : made
        }
        guard image.hasAlpha else {
            image = try changed(image)
            return
        }
        let (format, interpretation) = (image.format, image.interpretation)
        // In 16 bits, so that colours that are hardly seen are no coarser when their opacity is divided out again.
        var deep = image
        if format == VIPS_FORMAT_UCHAR {
            deep = try image.linear([257], [0]).rounded(to: VIPS_FORMAT_USHORT)
                .interpreted(as: image.colourBands < 3 ? VIPS_INTERPRETATION_GREY16 : VIPS_INTERPRETATION_RGB16)
        }
        let made = try changed(deep.premultiplied().rounded(to: VIPS_FORMAT_USHORT)).unpremultiplied(to: VIPS_FORMAT_USHORT)
        image = format == VIPS_FORMAT_UCHAR ? try made.linear([1.0 / 257], [0]).rounded(to: format).interpreted(as: interpretation) : made
    }

    /// Replaces each value of a colour by another that depends on nothing else; alpha stays.
    ///
    /// - Parameter change: Takes a value and the largest there is.
    mutating func map(_ amount: Double, _ change: (Int, Int) -> Int) throws(ImagingError) {
        try makePlain(allowsInk: false)
        let full = Int(image.fullValue)
        let values = (0...full).map { value in
            let made = Double(change(value, full))
            return Float(Double(value) + (made - Double(value)) * amount)
        }
        let table = try Image(floats: values, width: full + 1, height: 1).rounded(to: image.format)
        let mapped = try image.colours().mapped(through: table)
        image = image.hasAlpha ? try mapped.joined(with: try image.alpha()) : mapped
    }

    /// Brings rare kinds of pictures into one that every operation takes: sRGB or grey of 8 or 16 bits, or inks.
    mutating func makePlain(allowsInk: Bool = true) throws(ImagingError) {
        let isInk = image.interpretation == VIPS_INTERPRETATION_CMYK
        if isInk, !allowsInk || image.hasAlpha { try dropProfileToSRGB() }
        let isDeep = image.format != VIPS_FORMAT_UCHAR
        switch image.interpretation {
        case VIPS_INTERPRETATION_sRGB, VIPS_INTERPRETATION_B_W, VIPS_INTERPRETATION_CMYK, VIPS_INTERPRETATION_RGB16,
            VIPS_INTERPRETATION_GREY16:
            if image.format == VIPS_FORMAT_UCHAR || image.format == VIPS_FORMAT_USHORT { return }
        default: break
        }
        try convertSpace(image.colourBands < 3 ? (isDeep ? "grey16" : "b-w") : (isDeep ? "rgb16" : "srgb"))
    }
}

extension Image {
    fileprivate func sharpened(sigma: Double) throws(ImagingError) -> Image {
        let sharpen = try Operation("sharpen")
        try sharpen.set("in", self)
        try sharpen.set("sigma", min(sigma, 10))
        return try sharpen.image()
    }

    /// Does `change` to an ink as to the light it leaves.
    fileprivate func inLight(_ change: (Image) throws(ImagingError) -> Image) throws(ImagingError) -> Image {
        let grey = format == VIPS_FORMAT_USHORT ? VIPS_INTERPRETATION_GREY16 : VIPS_INTERPRETATION_B_W
        return try change(try complement().interpreted(as: grey)).complement()
    }

    /// So much of `other`, the rest of this one.
    func mixed(with other: Image, _ amount: Double) throws(ImagingError) -> Image {
        try linear([1 - amount], [0]).added(to: try other.linear([amount], [0])).rounded(to: format)
    }
}

/// Weights for a pixel and those around it.
struct EffectKernel {
    var side: Int
    var weights: [Double]
    var scale: Double
    /// Added to each value, of 255.
    var offset = 0.0
    /// Whether light and dark are not alike to it, so that inks have to become light first.
    var seesInk = false

    fileprivate init(_ side: Int, _ scale: Double, _ weights: [Double], offset: Double = 0, seesInk: Bool = false) {
        (self.side, self.scale, self.weights, self.offset, self.seesInk) = (side, scale, weights, offset, seesInk)
    }
}

extension PixelEffect {
    /// The kernels of Pillow (ImageFilter), which reads their rows from the last to the first.
    var kernel: EffectKernel {
        switch self {
        case .blur:
            EffectKernel(5, 16, [1, 1, 1, 1, 1] + [1, 0, 0, 0, 1] + [1, 0, 0, 0, 1] + [1, 0, 0, 0, 1] + [1, 1, 1, 1, 1])
        case .contour: EffectKernel(3, 1, Self.around(8, -1), offset: 255, seesInk: true)
        case .detail: EffectKernel(3, 6, [0, -1, 0, -1, 10, -1, 0, -1, 0])
        case .edgeEnhance: EffectKernel(3, 2, Self.around(10, -1))
        case .edgeEnhanceMore: EffectKernel(3, 1, Self.around(9, -1))
        case .emboss: EffectKernel(3, 1, [0, 0, 0, 0, 1, 0, -1, 0, 0], offset: 128, seesInk: true)
        case .findEdges: EffectKernel(3, 1, Self.around(8, -1), seesInk: true)
        case .sharpen: EffectKernel(3, 16, Self.around(32, -2))
        case .smooth: EffectKernel(3, 13, Self.around(5, 1))
        case .smoothMore:
            EffectKernel(5, 100, [1, 1, 1, 1, 1] + [1, 5, 5, 5, 1] + [1, 5, 44, 5, 1] + [1, 5, 5, 5, 1] + [1, 1, 1, 1, 1])
        }
    }

    private static func around(_ middle: Double, _ others: Double) -> [Double] {
        [others, others, others, others, middle, others, others, others, others]
    }
}
