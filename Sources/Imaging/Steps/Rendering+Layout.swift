internal import CVips
private import Glibc
internal import Recipes

extension Rendering {
    mutating func apply(_ step: LayoutStep) throws(ImagingError) {
        switch step {
        case .trim(let tolerance, let background): try trim(tolerance: tolerance, background: background)
        case .place(let left, let top, let width, let height, let backdrop):
            try place(left: left, top: top, width: width, height: height, backdrop)
        case .grid(let columns, let rows, let columnLine, let rowLine, let backdrop):
            try tile(columns: columns, rows: rows, columnLine: columnLine, rowLine: rowLine, backdrop)
        case .turn(let degrees, let width, let height, let backdrop):
            try turn(degrees: degrees, width: width, height: height, backdrop)
        case .mirror(let direction): try mirror(direction)
        case .offset(let right, let down):
            try settle()
            let wrap = try Operation("wrap")
            try wrap.set("in", image)
            try wrap.set("x", right % image.width)
            try wrap.set("y", down % image.height)
            image = try wrap.image()
        case .perspective(let corners, let width, let height, let backdrop):
            try bend(to: corners, width: width, height: height, backdrop)
        }
    }

    // MARK: Placing

    /// libvips looks at the median of nine pixels, so single specks of dust do not hold the border.
    private mutating func trim(tolerance: Double, background: Colour?) throws(ImagingError) {
        try settle()
        let (seen, behind): (Image, [Double])
        if let background {
            // On the background itself, transparent parts are part of it.
            let colours = components(of: background)
            behind = image.hasAlpha ? Array(colours.dropLast()) : colours
            var flat = Rendering(image)
            try flat.flatten(background)
            seen = flat.image
        } else if image.hasAlpha {
            (seen, behind) = (try image.alpha(), [0])
        } else {
            (seen, behind) = (image, try pixel(left: 0, top: 0))
        }
        // The median takes three pixels a side; a narrower picture gets its own edge once more on both sides.
        let margin = (x: seen.width < 3 ? 1 : 0, y: seen.height < 3 ? 1 : 0)
        let find = try Operation("find_trim")
        try find.set(
            "in",
            try seen.embedded(
                left: margin.x, top: margin.y, width: seen.width + 2 * margin.x, height: seen.height + 2 * margin.y, background: nil))
        try find.set("threshold", tolerance * image.fullValue / 255)
        try find.set("background", behind)
        try find.run()
        // A picture of one colour has no border to lose.
        guard find.number("width") > 0, find.number("height") > 0 else { return }
        let first = (x: max(0, find.number("left") - margin.x), y: max(0, find.number("top") - margin.y))
        let end = (
            x: min(image.width, find.number("left") + find.number("width") - margin.x),
            y: min(image.height, find.number("top") + find.number("height") - margin.y)
        )
        // Only the edge added may differ, and it is not part of the picture.
        guard end.x > first.x, end.y > first.y else { return }
        image = try image.area(left: first.x, top: first.y, width: end.x - first.x, height: end.y - first.y)
    }

    /// All components of one pixel; only of a settled picture.
    func pixel(left: Int, top: Int) throws(ImagingError) -> [Double] {
        try image.area(left: left, top: top, width: 1, height: 1).numbers()
    }

    private mutating func place(left: Int, top: Int, width: Int, height: Int, _ backdrop: Backdrop) throws(ImagingError) {
        image = try image.seeingThrough(backdrop)
        image = try image.embedded(left: left, top: top, width: width, height: height, background: components(of: backdrop))
    }

    private mutating func tile(
        columns: Int, rows: Int, columnLine: Int, rowLine: Int, _ backdrop: Backdrop
    ) throws(ImagingError) {
        let size = (width: image.width, height: image.height)
        if columnLine > 0 || rowLine > 0 {
            try place(left: 0, top: 0, width: size.width + columnLine, height: size.height + rowLine, backdrop)
        }
        try settle()
        let whole = try image.replicated(across: columns, down: rows)
        image = try whole.area(left: 0, top: 0, width: whole.width - columnLine, height: whole.height - rowLine)
    }

    private mutating func mirror(_ direction: MirrorDirection) throws(ImagingError) {
        try settle()
        switch direction {
        case .horizontal, .vertical: try appendReflection(direction.rawValue)
        case .both:
            try appendReflection("horizontal")
            try appendReflection("vertical")
        }
    }

    private mutating func appendReflection(_ direction: String) throws(ImagingError) {
        let join = try Operation("join")
        try join.set("in1", image)
        try join.set("in2", try image.flipped(direction))
        try join.set("direction", nick: direction)
        image = try join.image()
    }

    // MARK: Resampling

    private mutating func turn(degrees: Double, width: Int, height: Int, _ backdrop: Backdrop) throws(ImagingError) {
        let angle = degrees * .pi / 180
        let (cosine, sine) = (cos(angle), sin(angle))
        // Whole numbers are the centres of pixels here.
        let from = (x: Double(image.width - 1) / 2, y: Double(image.height - 1) / 2)
        let to = (x: Double(width - 1) / 2, y: Double(height - 1) / 2)
        try resample(backdrop) { picture, background throws(ImagingError) in
            let affine = try Operation("affine")
            try affine.set("in", picture)
            try affine.set("matrix", [cosine, -sine, sine, cosine])
            try affine.set("odx", to.x - (cosine * from.x - sine * from.y))
            try affine.set("ody", to.y - (sine * from.x + cosine * from.y))
            try affine.set("oarea", [0, 0, width, height])
            try affine.set("interpolate", interpolation: "bicubic")
            try affine.set("extend", nick: "background")
            try affine.set("background", background)
            try affine.set("premultiplied", true)
            return try affine.image()
        }
    }

    private mutating func bend(to corners: Quadrilateral, width: Int, height: Int, _ backdrop: Backdrop) throws(ImagingError) {
        // What becomes smaller is made smaller first, by a filter that leaves no pixel out.
        let (across, upright) = corners.longestSides
        try resize(
            width: min(image.width, max(1, Int(across.rounded(.up)))), height: min(image.height, max(1, Int(upright.rounded(.up)))),
            tracksResolution: false)
        let back = Projection(unitSquareTo: corners).inverse.scaled(Double(image.width), Double(image.height))
        let grid = try Operation("xyz")
        try grid.set("width", width)
        try grid.set("height", height)
        // Of each pixel made: where its centre comes from, as numerators and one denominator, all linear in its place.
        let rows = [back.x, back.y, back.w]
        let places = try grid.image().cast(to: VIPS_FORMAT_DOUBLE).recombined(rows.map { [$0.x, $0.y] })
            .linear([1, 1, 1], rows.map { ($0.x + $0.y) / 2 + $0.constant })
        let index = try places.bands(from: 0, count: 2).divided(by: try places.bands(from: 2, count: 1)).linear([1], [-0.5])
        try resample(backdrop) { picture, background throws(ImagingError) in
            let map = try Operation("mapim")
            try map.set("in", picture)
            try map.set("index", index)
            try map.set("interpolate", interpolation: "bicubic")
            try map.set("extend", nick: "background")
            try map.set("background", background)
            try map.set("premultiplied", true)
            return try map.image()
        }
    }

    /// Takes values between pixels by `body`, with colours weighted by how opaque they are and the edge smoothed into the backdrop.
    private mutating func resample(
        _ backdrop: Backdrop, _ body: (Image, [Double]) throws(ImagingError) -> Image
    ) throws(ImagingError) {
        try settle()
        let (format, interpretation) = (image.format, image.interpretation)
        image = try image.seeingThrough(backdrop)
        var background = components(of: backdrop)
        if image.hasAlpha {
            let share = background[background.count - 1] / image.fullValue
            background = background.dropLast().map { $0 * share } + [background[background.count - 1]]
            image = try body(try image.premultiplied(), background).unpremultiplied(to: format)
                .interpreted(as: interpretation)
        } else {
            image = try body(image, background).rounded(to: format)
        }
    }

    /// The backdrop's colour in the image's own space, with an alpha behind it where the image has one.
    func components(of backdrop: Backdrop) -> [Double] {
        var values = components(of: backdrop.colour)
        if image.hasAlpha { values[values.count - 1] = (image.fullValue * backdrop.opacity).rounded() }
        return values
    }
}

extension Image {
    /// With an alpha if this backdrop needs one.
    fileprivate func seeingThrough(_ backdrop: Backdrop) throws(ImagingError) -> Image {
        backdrop.opacity < 1 ? try withAlpha() : self
    }
}
