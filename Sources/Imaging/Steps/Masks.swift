internal import CVips
private import Glibc
internal import Recipes

// Masks: one band that says how much of something is seen, of 8 bits, or in floating point from 0 to 1 where 16 bits shall
// not show steps.

extension Image {
    /// One value of 8 bits everywhere.
    static func plane(_ value: Double, width: Int, height: Int) throws(ImagingError) -> Image {
        try Image(grey: [UInt8(value.rounded())], width: 1, height: 1)
            .embedded(left: 0, top: 0, width: width, height: height, background: nil)
    }

    /// Full but for these corners, which are rounded or cut out.
    static func cornerMask(
        width: Int, height: Int, radius: Int, corners: [Corner], style: CornerStyle
    ) throws(ImagingError) -> Image {
        var mask = try plane(255, width: width, height: height)
        guard radius > 0 else { return mask }
        var tile = [UInt8](repeating: 0, count: radius * radius)
        if style == .rounded {
            for y in 0..<radius {
                for x in 0..<radius {
                    // How much of a pixel lies within is its middle's distance from the edge, but for a hair.
                    let distance = hypot(Double(radius) - Double(x) - 0.5, Double(radius) - Double(y) - 0.5)
                    tile[y * radius + x] = UInt8((255 * min(max(Double(radius) + 0.5 - distance, 0), 1)).rounded())
                }
            }
        }
        let northWest = try Image(grey: tile, width: radius, height: radius)
        for corner in corners {
            switch corner {
            case .topLeft: mask = try mask.inserting(northWest, left: 0, top: 0)
            case .topRight:
                mask = try mask.inserting(try northWest.flipped("horizontal"), left: width - radius, top: 0)
            case .bottomLeft:
                mask = try mask.inserting(try northWest.flipped("vertical"), left: 0, top: height - radius)
            case .bottomRight:
                mask = try mask.inserting(
                    try northWest.flipped("horizontal").flipped("vertical"), left: width - radius, top: height - radius)
            }
        }
        return mask
    }

    /// Falls evenly from `opacity` in the first row to nothing below the last; in floating point.
    static func fadingMask(width: Int, height: Int, opacity: Double) throws(ImagingError) -> Image {
        let column = (0..<height).map { Float(opacity * Double(height - $0) / Double(height)) }
        return try Image(floats: column, width: 1, height: height)
            .embedded(left: 0, top: 0, width: width, height: height, background: nil)
    }

    /// A rectangle with soft sides, as a Gaussian blur makes them; in floating point.
    ///
    /// A blur of thousands of pixels is as fast as one of a few: the sides are worked out, not convolved.
    static func softRectangle(
        left: Int, top: Int, width: Int, height: Int, sigma: Double, opacity: Double, on canvas: (width: Int, height: Int)
    ) throws(ImagingError) -> Image {
        func profile(_ start: Int, _ length: Int, of count: Int, _ scale: Double) -> [Float] {
            (0..<count).map { place in
                let middle = Double(place) + 0.5
                guard sigma > 0 else { return middle > Double(start) && middle < Double(start + length) ? Float(scale) : 0 }
                let unit = sigma * 2.0.squareRoot()
                return Float(scale * (erf((middle - Double(start)) / unit) - erf((middle - Double(start + length)) / unit)) / 2)
            }
        }
        let row = try Image(floats: profile(left, width, of: canvas.width, opacity), width: canvas.width, height: 1)
        let column = try Image(floats: profile(top, height, of: canvas.height, 1), width: 1, height: canvas.height)
        return try row.embedded(left: 0, top: 0, width: canvas.width, height: canvas.height, background: nil).multiplied(
            by: try column.embedded(left: 0, top: 0, width: canvas.width, height: canvas.height, background: nil))
    }

    /// The gloss that comes with quire: light from above on a curved surface, white with alpha.
    static func gloss() throws(ImagingError) -> Image {
        let side = 128
        var opacity = [UInt8](repeating: 0, count: side * side)
        for y in 0..<side {
            for x in 0..<side {
                let (across, down) = ((Double(x) + 0.5) / Double(side), (Double(y) + 0.5) / Double(side))
                // Below this arc lies the shade.
                let edge = 0.55 - 0.6 * (across - 0.5) * (across - 0.5)
                let within = min(max((edge - down) * Double(side) / 2 + 0.5, 0), 1)
                opacity[y * side + x] = UInt8((within * (150 - 100 * down / edge)).rounded())
            }
        }
        let white = try plane(255, width: side, height: side)
        return try white.joined(with: white).joined(with: white).inColours().joined(with: try Image(grey: opacity, width: side, height: side))
    }

    private func inColours() throws(ImagingError) -> Image {
        let copy = try Operation("copy")
        try copy.set("in", self)
        try copy.set("interpretation", nick: "srgb")
        return try copy.image()
    }

    /// A mask as this picture needs it: in floating point for 16 bits, else of 8 bits.
    func mask(for picture: Image) throws(ImagingError) -> Image {
        switch (format == VIPS_FORMAT_UCHAR, picture.bitsPerBand == 16) {
        case (true, false), (false, true): self
        case (false, false): try linear([255], [0]).rounded(to: VIPS_FORMAT_UCHAR)
        case (true, true): try linear([1 / 255], [0])
        }
    }

    /// A mask as the alpha of this picture.
    func alpha(for picture: Image) throws(ImagingError) -> Image {
        let full = picture.fullValue
        if format == VIPS_FORMAT_UCHAR {
            return full == 255 ? self : try linear([full / 255], [0]).rounded(to: picture.format)
        }
        return try linear([full], [0]).rounded(to: picture.format)
    }
}
