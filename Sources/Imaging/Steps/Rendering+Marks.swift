internal import CVips
internal import JobModel
internal import Recipes

extension Rendering {
    /// Puts a shared picture on this one: once, again and again, or as large as fits.
    mutating func watermark(with mark: Image, _ step: MarkStep) throws(ImagingError) {
        try makePlain()
        let size = (width: image.width, height: image.height)
        var (colours, mask) = try matched(mark)
        (colours, mask) = (try colours.turned(quarters: step.turn.quarters), try mask.turned(quarters: step.turn.quarters))
        switch step.method {
        case .offset, .tile:
            if let width = step.width {
                let height = max(1, Int((Double(colours.height) * Double(width) / Double(colours.width)).rounded()))
                (colours, mask) = try Self.resized(colours, mask, width: width, height: height)
            }
        case .scale:
            let factor = min(Double(size.width) / Double(colours.width), Double(size.height) / Double(colours.height))
            let width = min(size.width, max(1, Int((Double(colours.width) * factor).rounded())))
            let height = min(size.height, max(1, Int((Double(colours.height) * factor).rounded())))
            (colours, mask) = try Self.resized(colours, mask, width: width, height: height)
        }
        if step.opacity < 1 { mask = try mask.linear([step.opacity], [0]).rounded(to: VIPS_FORMAT_UCHAR) }
        var (left, top) = (0, 0)
        switch step.method {
        case .tile: break
        case .offset: (left, top) = step.placement.corner(of: (colours.width, colours.height), in: size)
        case .scale: (left, top) = Placement(gravity: .centre).corner(of: (colours.width, colours.height), in: size)
        }
        // Of a mark larger than the picture no more is made than is seen.
        let hidden = (x: max(0, -left), y: max(0, -top))
        let seen = (
            width: min(colours.width, size.width - left) - hidden.x, height: min(colours.height, size.height - top) - hidden.y
        )
        guard seen.width > 0, seen.height > 0 else { return }
        (left, top) = (left + hidden.x, top + hidden.y)
        // Read for every file and every tile of it.
        (colours, mask) = (
            try colours.area(left: hidden.x, top: hidden.y, width: seen.width, height: seen.height).inMemory(),
            try mask.area(left: hidden.x, top: hidden.y, width: seen.width, height: seen.height).inMemory()
        )
        let cover: Image
        let layer: Image
        switch step.method {
        case .tile:
            let (across, down) = (ceilingDivided(size.width, by: colours.width), ceilingDivided(size.height, by: colours.height))
            cover = try mask.replicated(across: across, down: down).area(left: 0, top: 0, width: size.width, height: size.height)
            layer = try headed(try colours.replicated(across: across, down: down))
        case .offset, .scale:
            cover = try Image.plane(0, width: size.width, height: size.height).inserting(mask, left: left, top: top)
            layer = try plain(.black).inserting(colours, left: left, top: top)
        }
        try lay(layer, mask: cover)
    }

    /// Weighted by opacity, so that what transparent pixels are coloured does not come out.
    static func resized(
        _ colours: Image, _ mask: Image, width: Int, height: Int
    ) throws(ImagingError) -> (Image, Image) {
        guard (width, height) != (colours.width, colours.height) else { return (colours, mask) }
        let format = colours.format
        let weights = try mask.cast(to: VIPS_FORMAT_FLOAT).linear([1 / 255], [0])
        let smaller = try weights.resized(width: width, height: height)
        let weighted = try colours.multiplied(by: weights).resized(width: width, height: height)
        // Dividing by nothing gives nothing.
        return (try weighted.divided(by: smaller).rounded(to: format), try smaller.linear([255], [0]).rounded(to: VIPS_FORMAT_UCHAR))
    }

    // MARK: Text

    /// - Parameter fontFile: Path of a font to use instead of an installed one.
    mutating func write(_ step: TextStep, fontFile: String? = nil) throws(ImagingError) {
        guard !step.text.allSatisfy(\.isWhitespace), step.opacity > 0 else { return }
        try makePlain()
        var letters = try Self.letters(step, fontFile: fontFile)
        letters = try letters.turned(quarters: step.turn.quarters).inMemory()
        let size = (width: image.width, height: image.height)
        let (left, top) = step.placement.corner(of: (letters.width, letters.height), in: size)
        if step.shadow > 0 {
            let margin = 2 * step.shadow
            let soft = try letters.embedded(
                left: margin, top: margin, width: letters.width + 2 * margin, height: letters.height + 2 * margin, background: [0]
            ).cast(to: VIPS_FORMAT_FLOAT).blurred(sigma: Double(step.shadow) / 4).rounded(to: VIPS_FORMAT_UCHAR)
            try fill(soft, step.shadowColour, step.opacity, left: left - margin + step.shadow, top: top - margin + step.shadow)
        }
        if step.outline > 0 {
            let margin = Int(step.outline.rounded(.up))
            let wide = try letters.embedded(
                left: margin, top: margin, width: letters.width + 2 * margin, height: letters.height + 2 * margin, background: [0])
            let line = try DistanceField(to: wide).grown(by: step.outline)
            try fill(line, step.outlineColour, step.opacity, left: left - margin, top: top - margin)
        }
        try fill(letters, step.colour, step.opacity, left: left, top: top)
    }

    /// One colour where a shape of 8 bits says so, from there on.
    private mutating func fill(
        _ shape: Image, _ colour: Colour, _ opacity: Double, left: Int, top: Int
    ) throws(ImagingError) {
        let faint = opacity < 1 ? try shape.linear([opacity], [0]).rounded(to: VIPS_FORMAT_UCHAR) : shape
        let mask = try Image.plane(0, width: image.width, height: image.height).inserting(faint, left: left, top: top)
        try lay(try plain(colour), mask: mask)
    }

    /// Letters times the square of their size: tags can hold texts of any length.
    private static let textPixelsMax = 512e6

    /// The text as a mask, as large as its ink.
    private static func letters(_ step: TextStep, fontFile: String?) throws(ImagingError) -> Image {
        let area = Double(step.text.unicodeScalars.count) * Double(step.size) * Double(step.size)
        guard area <= textPixelsMax else {
            throw .file(.tooLarge, "a text of \(step.text.unicodeScalars.count) letters of \(step.size) pixels is too large to be drawn")
        }
        let text = try Operation("text")
        try text.set("text", text: escaped(step.text))
        // At 72 dots an inch a point is a pixel.
        try text.set("font", text: "\(step.font) \(step.size)")
        try text.set("dpi", 72)
        if let fontFile { try text.set("fontfile", text: fontFile) }
        switch step.placement.gravity {
        case .west, .northWest, .southWest: try text.set("align", nick: "low")
        case .centre, .north, .south: try text.set("align", nick: "centre")
        case .east, .northEast, .southEast: try text.set("align", nick: "high")
        }
        return try text.image().cast(to: VIPS_FORMAT_UCHAR)
    }

    /// Pango reads marks in a text; a name that holds an ampersand is none.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\n", "\t": result.unicodeScalars.append(character)
            // Others below the space are no characters of XML.
            case "\u{0}"..<" ", "\u{7F}", "\u{FFFE}", "\u{FFFF}": result += " "
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}

private func ceilingDivided(_ dividend: Int, by divisor: Int) -> Int { (dividend + divisor - 1) / divisor }

extension QuarterTurn? {
    fileprivate var quarters: Int {
        switch self {
        case nil: 0
        case .quarter?: 1
        case .half?: 2
        case .threeQuarters?: 3
        }
    }
}
