internal import CVips
internal import Recipes

// Frames, corners, shadows. Sizes are pixels, opacities go from 0 to 1.

extension Rendering {
    mutating func apply(_ step: DecorationStep) throws(ImagingError) {
        switch step {
        case .frame(let sides, let colour, let opacity): try frame(sides, colour: colour, opacity: opacity)
        case .contour(let contour): try self.contour(contour)
        case .round(let round): try self.round(round)
        case .shadow(let shadow): try dropShadow(shadow)
        case .reflection(let reflection): try reflect(reflection)
        case .mask(let asset): try mask(with: try assets.picture(asset))
        case .highlight(let asset, let opacity):
            if let asset {
                try highlight(with: try assets.picture(asset), opacity: opacity)
            } else {
                try highlight(with: try Image.gloss(), opacity: opacity)
            }
        case .watermark(let asset, let mark): try watermark(with: try assets.picture(asset), mark)
        case .text(var text, let font):
            guard let font else { return try write(text) }
            let file = try assets.font(font)
            text.font = file.name
            try write(text, fontFile: file.path)
        case .mosaic(let mosaic):
            let tiles = try Self.tiles(of: try assets.picture(mosaic.tiles), across: mosaic.across, down: mosaic.down)
            try self.mosaic(of: tiles, columns: mosaic.columns, rows: mosaic.rows, width: mosaic.width, height: mosaic.height)
        case .tilt(let degrees, let width, let height): try tilt(degrees: degrees, width: width, height: height)
        }
    }

    /// A frame around the picture; sides below 0 are drawn over it instead.
    mutating func frame(_ sides: FrameSides, colour: Colour, opacity: Double) throws(ImagingError) {
        try makePlain()
        let inner = sides.inner(width: image.width, height: image.height)
        if inner.width < image.width || inner.height < image.height {
            var mask = try Image.plane(255 * opacity, width: image.width, height: image.height)
            if inner.width > 0, inner.height > 0 {
                let hole = try Image.plane(0, width: inner.width, height: inner.height)
                mask = try mask.inserting(hole, left: inner.left, top: inner.top)
            }
            try lay(try plain(colour), mask: mask)
        }
        let outer = sides.outer
        guard outer != FrameSides(left: 0, top: 0, right: 0, bottom: 0) else { return }
        if opacity < 1 { try addAlpha() }
        var background = components(of: colour)
        if image.hasAlpha { background[background.count - 1] = (opacity * image.fullValue).rounded() }
        image = try image.embedded(
            left: outer.left, top: outer.top, width: image.width + outer.left + outer.right,
            height: image.height + outer.top + outer.bottom, background: background)
    }

    mutating func round(_ round: RoundStep) throws(ImagingError) {
        try makePlain()
        let radius = min(round.radius, min(image.width, image.height) / 2)
        var mask = try Image.cornerMask(
            width: image.width, height: image.height, radius: radius, corners: round.corners, style: round.style)
        if round.opacity < 1 { mask = try mask.linear([round.opacity], [0]).rounded(to: VIPS_FORMAT_UCHAR) }
        if case .colour(let background) = round.background, !image.hasAlpha {
            image = try plain(background).covered(by: image, mask: mask)
        } else {
            try cut(by: mask)
            try put(on: round.background)
        }
    }

    /// A soft shadow of the picture, or of what of it is not transparent, on a canvas that has room for both.
    mutating func dropShadow(_ shadow: ShadowStep) throws(ImagingError) {
        try makePlain()
        let (width, height) = (image.width, image.height)
        let canvas = shadow.canvas(width: width, height: height)
        let (left, top) = (shadow.border - min(shadow.across, 0), shadow.border - min(shadow.down, 0))
        let (shadowLeft, shadowTop) = (shadow.border + max(shadow.across, 0), shadow.border + max(shadow.down, 0))
        // So wide is the blur that the word means in style sheets.
        let sigma = shadow.blur / 2
        if case .colour(let background) = shadow.background, !image.hasAlpha {
            let mask = try Image.softRectangle(
                left: shadowLeft, top: shadowTop, width: width, height: height, sigma: sigma, opacity: shadow.opacity, on: canvas)
            let picture = image
            image = try image.embedded(
                left: left, top: top, width: canvas.width, height: canvas.height, background: components(of: background))
            try lay(try plain(shadow.colour), mask: mask)
            image = try image.inserting(picture, left: left, top: top)
            return
        }
        var mask: Image
        if image.hasAlpha {
            try settle()
            let alpha = try image.alpha()
            mask = try alpha.cast(to: VIPS_FORMAT_FLOAT).linear([shadow.opacity / image.fullValue], [0]).embedded(
                left: shadowLeft, top: shadowTop, width: canvas.width, height: canvas.height, background: [0]
            ).blurred(sigma: sigma)
        } else {
            mask = try Image.softRectangle(
                left: shadowLeft, top: shadowTop, width: width, height: height, sigma: sigma, opacity: shadow.opacity, on: canvas)
        }
        try embedTransparent(left: left, top: top, width: canvas.width, height: canvas.height)
        mask = try mask.alpha(for: image)
        try compose(try plain(shadow.colour).joined(with: mask), "dest-over")
        try put(on: shadow.background)
    }

    /// The picture mirrored below itself, fading away.
    mutating func reflect(_ reflection: ReflectionStep) throws(ImagingError) {
        try makePlain()
        // It is read from the last row up.
        try settle()
        let around: [Double]
        switch reflection.background {
        case .colour(let background):
            try flatten(background)
            around = components(of: background)
        case .transparent:
            try addAlpha()
            around = Array(repeating: 0, count: image.bands)
        }
        let (width, height) = (image.width, image.height)
        let depth = min(reflection.depth, height)
        let total = height + reflection.gap + depth
        guard depth > 0 else {
            image = try image.embedded(left: 0, top: 0, width: width, height: total, background: around)
            return
        }
        let format = image.format
        var mirrored = image
        if reflection.scales {
            mirrored = try image.premultiplied().resized(width: width, height: depth)
            mirrored = image.hasAlpha ? try mirrored.unpremultiplied(to: format) : mirrored
        } else {
            mirrored = try image.area(left: 0, top: height - depth, width: width, height: depth)
        }
        mirrored = try mirrored.flipped("vertical")
        if reflection.blur > 0 {
            var lower = Rendering(mirrored)
            try lower.softBlur(sigma: reflection.blur / 2, amount: 1)
            mirrored = lower.image
        }
        var lower = Rendering(mirrored)
        let mask = try Image.fadingMask(width: width, height: depth, opacity: reflection.opacity)
        switch reflection.background {
        case .colour(let background):
            lower.image = try lower.plain(background).covered(by: mirrored, mask: try mask.mask(for: mirrored))
        case .transparent: try lower.cut(by: mask)
        }
        image = try image.embedded(left: 0, top: 0, width: width, height: total, background: around)
            .inserting(lower.image, left: 0, top: height + reflection.gap)
    }

    /// Makes the picture transparent where a shared grey picture, stretched over it, is dark.
    mutating func mask(with shape: Image) throws(ImagingError) {
        try makePlain()
        var grey = Rendering(shape)
        try grey.flatten(.black)
        try grey.apply(.greyscale)
        let mask = try grey.image.bands(from: 0, count: 1).resized(width: image.width, height: image.height)
        try cut(by: mask)
    }

    /// Lays a shared picture, stretched over this one, over what is not transparent.
    mutating func highlight(with gloss: Image, opacity: Double) throws(ImagingError) {
        try makePlain()
        let (colours, mask) = try matched(gloss)
        let (width, height) = (image.width, image.height)
        let (wide, shape) = try Self.resized(colours, mask, width: width, height: height)
        let cover = try shape.linear([opacity], [0]).rounded(to: VIPS_FORMAT_UCHAR)
        try lay(try headed(wide), mask: cover, staysInside: true)
    }

    /// The pixels of a layer with the header of the picture.
    func headed(_ layer: Image) throws(ImagingError) -> Image {
        try plain(.black).inserting(layer, left: 0, top: 0)
    }
}
