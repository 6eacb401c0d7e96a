internal import CVips
private import Glibc
internal import Recipes

// Filters in the manner of ImageMagick's: a moved camera, charcoal, a broad brush, a wave.

extension Rendering {
    /// - Parameter degrees: Where the traces lead, clockwise from the right.
    mutating func motionBlur(sigma: Double, degrees: Double, amount: Double) throws(ImagingError) {
        try settle()
        // Half a Gaussian along a line, each step shared by the four pixels around it.
        let reach = max(1, Int((3 * sigma).rounded(.up)))
        let side = 2 * reach + 3
        var weights = [Double](repeating: 0, count: side * side)
        let (across, down) = (cos(degrees * .pi / 180), sin(degrees * .pi / 180))
        for step in 0...reach {
            let weight = exp(-Double(step * step) / (2 * sigma * sigma))
            // What is seen here comes from where the trace began.
            let (x, y) = (Double(reach + 1) - Double(step) * across, Double(reach + 1) - Double(step) * down)
            let (left, top) = (Int(x.rounded(.down)), Int(y.rounded(.down)))
            let (right, below) = (x - Double(left), y - Double(top))
            weights[top * side + left] += weight * (1 - right) * (1 - below)
            weights[top * side + left + 1] += weight * right * (1 - below)
            weights[(top + 1) * side + left] += weight * (1 - right) * below
            weights[(top + 1) * side + left + 1] += weight * right * below
        }
        // libvips goes by the weights that are not 0.
        let kernel = try Image.kernel(weights.map { $0 < 1e-6 ? 0 : $0 }, width: side, scale: weights.reduce(0, +))
        try filter(amount) { picture throws(ImagingError) in
            try picture.convolved(with: kernel).rounded(to: picture.format)
        }
    }

    /// Dark strokes on white where the picture has edges; the result is grey unless the picture shows through.
    mutating func charcoal(sigma: Double, amount: Double) throws(ImagingError) {
        try settle()
        try draw(amount) { grey throws(ImagingError) in
            let full = grey.fullValue
            let smooth = try grey.cast(to: VIPS_FORMAT_FLOAT).blurred(sigma: sigma / 2)
            let across = try smooth.convolved(with: try Image.kernel([-1, 0, 1, -2, 0, 2, -1, 0, 1], width: 3, scale: 2))
            let down = try smooth.convolved(with: try Image.kernel([-1, -2, -1, 0, 0, 0, 1, 2, 1], width: 3, scale: 2))
            let edges = try across.magnitude().added(to: try down.magnitude())
            return try edges.blurred(sigma: sigma / 2).linear([-1], [full]).rounded(to: grey.format)
        }
    }

    /// Replaces each pixel by the mean colour of the most frequent lightness around it.
    mutating func paint(window: Int, amount: Double) throws(ImagingError) {
        try makePlain(allowsInk: false)
        try settle()
        try filter(amount) { picture throws(ImagingError) in try picture.brushed(window: window) }
    }

    /// Moves columns up and down along a sine; the picture becomes higher by twice `height`.
    mutating func wave(height: Int, length: Int, background: Paint) throws(ImagingError) {
        try makePlain()
        try settle()
        var around: [Double]
        switch background {
        case .transparent:
            try addAlpha()
            around = Array(repeating: 0, count: image.bands)
        case .colour(let colour):
            around = components(of: colour)
        }
        let size = (width: image.width, height: image.height + 2 * height)
        let shift = (0..<size.width).map { Float(-Double(height) * (1 + sin(2 * .pi * Double($0) / Double(max(length, 1))))) }
        let rows = try Image(floats: shift, width: size.width, height: 1)
            .embedded(left: 0, top: 0, width: size.width, height: size.height, background: nil)
        let plane = try Operation("xyz")
        try plane.set("width", size.width)
        try plane.set("height", size.height)
        let places = try plane.image()
        let map = try places.bands(from: 0, count: 1).cast(to: VIPS_FORMAT_FLOAT)
            .joined(with: try places.bands(from: 1, count: 1).added(to: rows))
        let format = image.format
        let mapped = try Operation("mapim")
        try mapped.set("in", try image.premultiplied())
        try mapped.set("index", map)
        try mapped.set("extend", nick: "background")
        try mapped.set("background", around)
        try mapped.set("premultiplied", true)
        let made = try mapped.image()
        let header = try image.embedded(left: 0, top: 0, width: size.width, height: size.height, background: around)
        image = try header.inserting(image.hasAlpha ? try made.unpremultiplied(to: format) : made.rounded(to: format), left: 0, top: 0)
    }

    /// Turned clockwise by a few degrees, in the middle of a transparent canvas.
    mutating func tilt(degrees: Double, width: Int, height: Int) throws(ImagingError) {
        try addAlpha()
        try settle()
        let format = image.format
        let nothing = Array(repeating: 0.0, count: image.bands)
        // Not `rotate`, which would weigh by opacity a second time.
        let angle = degrees * .pi / 180
        let (sine, cosine) = (sin(angle), cos(angle))
        let rotate = try Operation("affine")
        try rotate.set("in", try image.premultiplied())
        try rotate.set("matrix", [cosine, -sine, sine, cosine])
        try rotate.set("background", nothing)
        try rotate.set("premultiplied", true)
        let turned = try rotate.image().unpremultiplied(to: format)
        image = try turned.embedded(
            left: (width - turned.width) / 2, top: (height - turned.height) / 2, width: width, height: height, background: nothing)
    }

    // MARK: Parts

    /// Replaces the picture by a drawing made of its grey; of less than the whole amount colours show through.
    mutating func draw(
        _ amount: Double, _ drawing: (Image) throws(ImagingError) -> Image
    ) throws(ImagingError) {
        let original = image
        let hasColour = image.colourBands > 1
        try apply(.greyscale)
        try makePlain()
        let drawn = try drawing(try image.colours())
        let grey = image.hasAlpha ? try drawn.joined(with: try image.alpha()) : drawn
        guard amount < 1 else {
            image = grey
            return
        }
        guard hasColour else {
            image = try image.mixed(with: grey, amount)
            return
        }
        image = original
        try makePlain(allowsInk: false)
        let colours = try drawn.joined(with: drawn).joined(with: drawn)
        image = try image.mixed(with: image.hasAlpha ? try colours.joined(with: try image.alpha()) : colours, amount)
    }
}

extension Image {
    fileprivate func magnitude() throws(ImagingError) -> Image {
        let magnitude = try Operation("abs")
        try magnitude.set("in", self)
        return try magnitude.image()
    }

    /// The mean of the colours of that lightness which is most frequent in the window.
    fileprivate func brushed(window: Int) throws(ImagingError) -> Image {
        let (width, height, bands, format) = (self.width, self.height, self.bands, self.format)
        let made = try withPixels { source in
            format == VIPS_FORMAT_USHORT
                ? strokes(of: source.bindMemory(to: UInt16.self), shift: 10, width, height, bands, reach: window / 2)
                : strokes(of: source.bindMemory(to: UInt8.self), shift: 2, width, height, bands, reach: window / 2)
        }
        return try inserting(try Image(raw: made, width: width, height: height, bands: bands, format: format), left: 0, top: 0)
    }
}

/// Lightness counts in 64 classes.
private func strokes<Value: FixedWidthInteger & UnsignedInteger>(
    of values: UnsafeBufferPointer<Value>, shift: Int, _ width: Int, _ height: Int, _ bands: Int, reach: Int
) -> [UInt8] {
    let stride = width * bands
    let classCount = 64
    func lightness(at place: Int) -> Int {
        guard bands >= 3 else { return Int(values[place]) >> shift }
        return (Int(values[place]) * 54 + Int(values[place + 1]) * 183 + Int(values[place + 2]) * 19) >> (8 + shift)
    }
    return [UInt8](unsafeUninitializedCapacity: values.count * MemoryLayout<Value>.size) { bytes, filled in
        let made = UnsafeMutableRawBufferPointer(bytes).bindMemory(to: Value.self)
        withUnsafeTemporaryAllocation(of: Int.self, capacity: classCount * (bands + 1)) { sums in
            for y in 0..<height {
                sums.update(repeating: 0)
                let rows = max(0, y - reach)...min(height - 1, y + reach)
                func change(column x: Int, by one: Int) {
                    guard x >= 0, x < width else { return }
                    for row in rows {
                        let place = row * stride + x * bands
                        let group = lightness(at: place) * (bands + 1)
                        sums[group] += one
                        for band in 0..<bands { sums[group + 1 + band] += one * Int(values[place + band]) }
                    }
                }
                for x in 0..<reach { change(column: x, by: 1) }
                for x in 0..<width {
                    change(column: x + reach, by: 1)
                    change(column: x - reach - 1, by: -1)
                    var best = 0
                    for group in 1..<classCount where sums[group * (bands + 1)] > sums[best * (bands + 1)] { best = group }
                    let count = sums[best * (bands + 1)]
                    for band in 0..<bands {
                        made[y * stride + x * bands + band] = Value((sums[best * (bands + 1) + 1 + band] + count / 2) / count)
                    }
                }
            }
        }
        filled = bytes.count
    }
}
