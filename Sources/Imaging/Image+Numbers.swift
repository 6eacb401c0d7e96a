internal import CVips

// Numbers made or looked at here that are no picture to be seen: tables, weights, histograms.

extension Image {
    /// An image of numbers: rows from the top, bands interleaved, in this machine's byte order.
    static func of<Number: BitwiseCopyable>(
        _ numbers: [Number], width: Int, height: Int, bands: Int, format: VipsBandFormat
    ) throws(ImagingError) -> Image {
        precondition(numbers.count == width * height * bands, "\(numbers.count) numbers for \(width)x\(height)x\(bands)")
        vips_error_clear()
        let made = numbers.withUnsafeBytes { bytes in
            vips_image_new_from_memory_copy(bytes.baseAddress, bytes.count, Int32(width), Int32(height), Int32(bands), format)
        }
        guard let made else { throw .operation("memory", text: Vips.takeErrorText()) }
        return Image(owning: made)
    }

    /// All values in floating point, in the order `of` takes them.
    func numbers() throws(ImagingError) -> [Double] {
        try cast(to: VIPS_FORMAT_DOUBLE).withPixels { Array($0.bindMemory(to: Double.self)) }
    }

    /// Weighted sums of the bands, a row of weights for each new band.
    func recombined(_ rows: [[Double]]) throws(ImagingError) -> Image {
        let recombine = try Operation("recomb")
        try recombine.set("in", self)
        try recombine.set("m", try Image.of(Array(rows.joined()), width: rows[0].count, height: rows.count, bands: 1, format: VIPS_FORMAT_DOUBLE))
        return try recombine.image()
    }

    /// The same pixels, said to mean this.
    func interpreted(as interpretation: VipsInterpretation) throws(ImagingError) -> Image {
        guard self.interpretation != interpretation else { return self }
        let copy = try Operation("copy")
        try copy.set("in", self)
        try copy.set("interpretation", nick: String(cString: vips_enum_nick(vips_interpretation_get_type(), Int32(interpretation.rawValue))))
        return try copy.image()
    }

    /// With an opaque alpha where there is none.
    func withAlpha() throws(ImagingError) -> Image {
        guard !hasAlpha else { return self }
        let join = try Operation("bandjoin_const")
        try join.set("in", self)
        try join.set("c", [fullValue])
        return try join.image().interpreted(as: interpretation)
    }
}
