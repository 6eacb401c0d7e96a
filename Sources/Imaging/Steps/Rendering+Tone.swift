internal import CVips
internal import JobModel
internal import Recipes

extension Rendering {
    mutating func apply(_ step: ToneStep) throws(ImagingError) {
        switch step {
        case .autoContrast(let cutoff, let scope, let amount): try stretch(cutoff: cutoff, scope, amount: amount)
        case .background(let backdrop): try putOn(backdrop)
        case .brightness(let change):
            try bend(amount: abs(change)) { _ in change < 0 ? 0 : 1 }
        case .colourToAlpha(let source): try takeOut(source)
        case .colourise(let black, let white, let amount):
            try toneGrey(amount: amount) { grey, component in
                let (low, high) = (component(black), component(white))
                return low + (high - low) * grey
            }
        case .contrast(let change):
            // A jump at the middle, as Phatch makes it, would tear smooth tones apart.
            let slope = change < 0 ? 1 + change : 1 / (1 - change)
            try bend(amount: 1) { change == 1 ? ($0 > 0.5 ? 1 : 0) : 0.5 + ($0 - 0.5) * slope }
        case .mode(let mode, let dithers): try convert(to: mode, dithers: dithers)
        case .desaturate(let amount): try colour(by: 1 - amount)
        case .equalise(let scope, let amount): try equalise(scope, amount: amount)
        case .invert(let amount): try bend(amount: amount) { 1 - $0 }
        case .posterise(let levels, let amount):
            let steps = Double(levels)
            try bend(amount: amount) { min(steps - 1, ($0 * steps).rounded(.down)) / (steps - 1) }
        case .saturation(let change): try colour(by: change < 0 ? 1 + change : 1 + change * Self.saturationGain)
        case .warmUp(let midtone, let brighten, let amount):
            try toneGrey(amount: amount) { grey, component in
                // Black and white stay; the middle goes to the colour (Phatch's curve: a sixth of 255 at most for the lift).
                let pull = 4 * (component(midtone) - 0.5 + brighten / 6)
                return grey + pull * grey * (1 - grey)
            }
        }
    }

    /// By how much the strongest saturation multiplies the distance from grey, less one: Phatch's factor of 1 / 0.3.
    private static let saturationGain = 1 / 0.3 - 1
    /// Rec. 709 luma of red, green and blue as stored.
    static let luma = [0.2126, 0.7152, 0.0722]

    // MARK: Parts

    /// Does `body` to the components of the colour; alpha and spot colours stay.
    mutating func changeColour(
        _ body: (Image) throws(ImagingError) -> Image
    ) throws(ImagingError) {
        let (format, interpretation, bands) = (image.format, image.interpretation, image.colourBands)
        let made = try body(image.bands(from: 0, count: bands)).rounded(to: format)
        let whole = bands == image.bands ? made : try made.joined(with: try image.bands(from: bands, count: image.bands - bands))
        let isSame = made.bands == bands
        let meant = isSame ? interpretation : image.bitsPerBand == 16 ? VIPS_INTERPRETATION_RGB16 : VIPS_INTERPRETATION_sRGB
        image = try whole.interpreted(as: meant)
    }

    /// Sends every component through one curve; values from 0 to 1.
    private mutating func bend(amount: Double, _ change: (Double) -> Double) throws(ImagingError) {
        try makePlain(allowsInk: false)
        let table = try ToneCurve.table([ToneCurve(bits: image.bitsPerBand, amount: amount, change)])
        try changeColour { colour throws(ImagingError) in try colour.mapped(through: table) }
    }

    /// Sends the grey picture through a curve a component, in sRGB; mixes that with the picture.
    private mutating func toneGrey(
        amount: Double, _ curve: (_ grey: Double, _ component: (Colour) -> Double) -> Double
    ) throws(ImagingError) {
        try convert(to: .srgb)
        try makePlain(allowsInk: false)
        let components: [(Colour) -> Double] = [
            { Double($0.red) / 255 }, { Double($0.green) / 255 }, { Double($0.blue) / 255 },
        ]
        let bits = image.bitsPerBand
        let table = try ToneCurve.table(
            components.map { component in ToneCurve(bits: bits, amount: 1) { grey in curve(grey, component) } })
        let format = image.format
        try changeColour { colour throws(ImagingError) in
            let made = try colour.recombined([Self.luma]).rounded(to: format).mapped(through: table)
            return try amount == 1 ? made : colour.mixed(with: made, amount)
        }
    }

    /// Moves colours away from their grey by a factor: 0 is grey, 1 changes nothing.
    private mutating func colour(by factor: Double) throws(ImagingError) {
        try makePlain(allowsInk: false)
        guard image.colourBands == 3 else { return }
        try changeColour { colour throws(ImagingError) in
            try colour.recombined(
                (0..<3).map { row in (0..<3).map { Self.luma[$0] * (1 - factor) + ($0 == row ? factor : 0) } })
        }
    }

    // MARK: Histograms

    private mutating func stretch(cutoff: Double, _ scope: ChannelScope, amount: Double) throws(ImagingError) {
        try bendByHistogram(scope) { histogram, bits in
            guard let (low, high) = histogram.range(cutoff: cutoff) else { return ToneCurve(bits: bits, amount: 0) { $0 } }
            return ToneCurve(bits: bits, amount: amount) { min(1, max(0, ($0 - low) / (high - low))) }
        }
    }

    private mutating func equalise(_ scope: ChannelScope, amount: Double) throws(ImagingError) {
        try bendByHistogram(scope) { histogram, bits in
            guard let ranks = histogram.ranks else { return ToneCurve(bits: bits, amount: 0) { $0 } }
            let top = Double(ranks.count - 1)
            return ToneCurve(bits: bits, amount: amount) { ranks[Int(($0 * top).rounded())] }
        }
    }

    private mutating func bendByHistogram(
        _ scope: ChannelScope, _ curve: (Histogram, Int) -> ToneCurve
    ) throws(ImagingError) {
        try makePlain(allowsInk: false)
        try settle()
        let colour = try image.bands(from: 0, count: image.colourBands)
        let histograms = try Histogram.each(of: colour, alpha: image.hasAlpha ? try image.alpha() : nil)
        let bits = image.bitsPerBand
        let table: Image
        switch scope {
        case .each: table = try ToneCurve.table(histograms.map { curve($0, bits) })
        case .together: table = try ToneCurve.table([curve(.together(histograms), bits)])
        }
        try changeColour { colour throws(ImagingError) in try colour.mapped(through: table) }
    }
}
