internal import CVips
internal import Recipes

extension Rendering {
    /// Puts a colour under what is transparent; one that is half seen leaves the picture half transparent at least.
    mutating func putOn(_ backdrop: Backdrop) throws(ImagingError) {
        guard image.hasAlpha, backdrop.opacity > 0 else { return }
        guard backdrop.opacity < 1 else { return try flatten(backdrop.colour) }
        let (opaque, format, interpretation) = (image.fullValue, image.format, image.interpretation)
        let colour = components(of: backdrop.colour).dropLast()
        let alpha = try image.alpha()
        // What shows of the backdrop, 0 to its opacity, in each pixel; times its colour and opaque alpha.
        let through = try alpha.linear([-backdrop.opacity / opaque], [backdrop.opacity])
        let under = try through.linear(colour + [opaque], [0])
        image = try image.premultiplied().added(to: under).unpremultiplied(to: format).interpreted(as: interpretation)
    }

    /// Makes a colour transparent, and colours between it and others as transparent as leaves most of the colour out.
    ///
    /// On a backdrop of the colour taken out the picture looks as before: how GIMP's "Colour to Alpha" divides a pixel.
    mutating func takeOut(_ source: ColourSource) throws(ImagingError) {
        try settle()
        try convert(to: image.colourBands < 3 && source.isGrey ? .grey : .srgb)
        try makePlain(allowsInk: false)
        try settle()
        let gone: [Double]
        switch source {
        case .value(let colour): gone = Array(components(of: colour).prefix(image.colourBands))
        case .topLeft, .topRight, .bottomLeft, .bottomRight:
            let corner = try pixel(
                left: source == .topRight || source == .bottomRight ? image.width - 1 : 0,
                top: source == .bottomLeft || source == .bottomRight ? image.height - 1 : 0)
            // A transparent corner has no colour that could go.
            if image.hasAlpha, corner[corner.count - 1] == 0 { return }
            gone = Array(corner.prefix(image.colourBands))
        }
        let (opaque, format, interpretation) = (image.fullValue, image.format, image.interpretation)
        image = try image.withAlpha()
        let colour = try image.bands(from: 0, count: gone.count)
        let distance = try colour.linear([1], gone.map { -$0 })
        // How far each component is on the way from the colour to black or white, the farthest of which counts.
        var ways: [Image] = []
        for (number, value) in gone.enumerated() {
            let band = try distance.bands(from: number, count: 1)
            if value < opaque { ways.append(try band.linear([1 / (opaque - value)], [0])) }
            if value > 0 { ways.append(try band.linear([-1 / value], [0])) }
        }
        let rank = try Operation("bandrank")
        try rank.set("in", ways)
        try rank.set("index", ways.count - 1)
        let seen = try rank.image()
        // libvips divides by zero to zero: what is wholly gone has the colour taken out.
        let rest = try distance.divided(by: seen).linear([1], gone)
        let alpha = try image.alpha().multiplied(by: seen)
        image = try rest.joined(with: alpha).rounded(to: format).interpreted(as: interpretation)
    }
}

extension ColourSource {
    /// Whether a grey picture can have it.
    fileprivate var isGrey: Bool {
        switch self {
        case .value(let colour): colour.red == colour.green && colour.green == colour.blue
        case .topLeft, .topRight, .bottomLeft, .bottomRight: true
        }
    }
}
