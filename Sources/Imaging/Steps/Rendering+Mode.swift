internal import CVips
internal import Recipes

extension Rendering {
    /// Where a mode holds no alpha the picture is put on white; 16 bits stay where the mode has them.
    mutating func convert(to mode: PixelMode, dithers: Bool) throws(ImagingError) {
        switch mode {
        case .bilevel:
            try flatten(.white)
            try apply(.greyscale)
            try reduceDepth(to: 8)
            try separate(dithers: dithers)
        case .grey:
            try flatten(.white)
            try apply(.greyscale)
            try makePlain(allowsInk: false)
        case .greyWithAlpha:
            try apply(.greyscale)
            try makePlain(allowsInk: false)
            image = try image.withAlpha()
        case .rgb, .ycbcr:
            try flatten(.white)
            try convert(to: .srgb)
            try makePlain(allowsInk: false)
        case .rgbWithAlpha:
            try convert(to: .srgb)
            try makePlain(allowsInk: false)
            image = try image.withAlpha()
        case .cmyk: try convert(to: .cmyk)
        case .palette: try reduceColours(dithers: dithers)
        }
    }

    /// Makes one grey band black and white at the middle; dithered, the error goes to the neighbours
    /// (R. Floyd and L. Steinberg, An Adaptive Algorithm for Spatial Greyscale, 1976).
    private mutating func separate(dithers: Bool) throws(ImagingError) {
        guard dithers else {
            let table = try ToneCurve.table([ToneCurve(bits: 8, amount: 1) { $0 > 0.5 ? 1 : 0 }])
            return try changeColour { colour throws(ImagingError) in try colour.mapped(through: table) }
        }
        try settle()
        let (width, height) = (image.width, image.height)
        var pixels = try image.bands(from: 0, count: 1).withPixels { Array($0) }
        // What a column inherits from the row above, in parts of a value, with a column of room on either side.
        let part = 4096
        var inherited = [Int](repeating: 0, count: width + 2)
        for row in 0..<height {
            var below = [Int](repeating: 0, count: width + 2)
            var ahead = 0
            for column in 0..<width {
                let place = row * width + column
                let value = Int(pixels[place]) * part + inherited[column + 1] + ahead
                let isWhite = 2 * value > 255 * part
                let error = isWhite ? value - 255 * part : value
                ahead = 7 * error / 16
                below[column] += 3 * error / 16
                below[column + 1] += 5 * error / 16
                below[column + 2] += error / 16
                pixels[place] = isWhite ? 255 : 0
            }
            inherited = below
        }
        image = try image.bands(from: 0, count: 1).inserting(try Image(grey: pixels, width: width, height: height), left: 0, top: 0)
    }

    /// At most 256 colours, by the quantiser libvips writes palettes with.
    private mutating func reduceColours(dithers: Bool) throws(ImagingError) {
        try convert(to: .srgb)
        try reduceDepth(to: 8)
        try settle()
        let save = try Operation("pngsave_buffer")
        try save.set("in", image)
        try save.set("palette", true)
        try save.set("dither", dithers ? 1.0 : 0.0)
        try save.set("compression", 0)
        try save.set("strip", true)
        let made = try save.bytes { bytes throws(ImagingError) in
            let load = try Operation("pngload_source")
            try load.set("source", try PixelSource(borrowing: bytes))
            return try load.image().inMemory()
        }
        // Without a transparent pixel the palette has no alpha.
        image = try image.inserting(
            try made.bands < image.bands ? made.withAlpha() : made.bands(from: 0, count: image.bands), left: 0, top: 0)
    }
}
