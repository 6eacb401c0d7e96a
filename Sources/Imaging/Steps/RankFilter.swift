internal import CVips

extension Image {
    /// The value at a place of the sorted values of a square window around each pixel, band by band; edges are repeated outwards.
    ///
    /// libvips' own `rank` is not used: 8.14 counts a column of the window twice and another not at all as soon as it slides a
    /// histogram along, which it does for 8 bits and windows of more than 3 x 3.
    ///
    /// - Parameters:
    ///   - window: Side of the square, an odd number of pixels; it may be larger than the picture.
    ///   - index: 0 for the least, the number of pixels in the window less one for the greatest.
    func ranked(window: Int, index: Int) throws(ImagingError) -> Image {
        precondition(window % 2 == 1 && (0..<window * window).contains(index), "value \(index) of \(window) x \(window)")
        let (width, height, bands, format) = (self.width, self.height, self.bands, self.format)
        let made = try withPixels { source in
            format == VIPS_FORMAT_USHORT
                ? ranks(of: source.bindMemory(to: UInt16.self), width, height, bands, window: window, index: Int32(index))
                : ranks(of: source.bindMemory(to: UInt8.self), width, height, bands, window: window, index: Int32(index))
        }
        return try inserting(try Image(raw: made, width: width, height: height, bands: bands, format: format), left: 0, top: 0)
    }
}

/// The ranks as bytes. A histogram slides along each row, so that a pixel costs two columns of the window; its upper halves of
/// values are counted too, and the one that holds the rank is remembered, since it seldom moves far
/// (T. S. Huang, G. J. Yang, G. Y. Tang, A Fast Two-Dimensional Median Filtering Algorithm, 1979).
private func ranks<Value: FixedWidthInteger & UnsignedInteger>(
    of values: UnsafeBufferPointer<Value>, _ width: Int, _ height: Int, _ bands: Int, window: Int, index: Int32
) -> [UInt8] {
    let half = Value.bitWidth / 2
    let reach = window / 2
    return [UInt8](unsafeUninitializedCapacity: values.count * MemoryLayout<Value>.size) { bytes, filled in
        let made = UnsafeMutableRawBufferPointer(bytes).bindMemory(to: Value.self)
        var counts = [Int32](repeating: 0, count: 1 << Value.bitWidth)
        var groups = [Int32](repeating: 0, count: 1 << half)
        var rows = [Int](repeating: 0, count: window)
        counts.withUnsafeMutableBufferPointer { counts in
            groups.withUnsafeMutableBufferPointer { groups in
                rows.withUnsafeMutableBufferPointer { rows in
                    for band in 0..<bands {
                        for y in 0..<height {
                            for row in 0..<window { rows[row] = min(max(y + row - reach, 0), height - 1) * width * bands + band }
                            // The group that holds the rank, and how many values are in those below it.
                            var group = 0
                            var below: Int32 = 0
                            func change(column x: Int, by one: Int32) {
                                let column = min(max(x, 0), width - 1) * bands
                                for row in rows {
                                    let value = Int(values[row + column])
                                    counts[value] += one
                                    groups[value >> half] += one
                                    if value >> half < group { below += one }
                                }
                            }
                            for x in -reach...reach { change(column: x, by: 1) }
                            for x in 0..<width {
                                if x > 0 {
                                    change(column: x + reach, by: 1)
                                    change(column: x - reach - 1, by: -1)
                                }
                                while below > index {
                                    group -= 1
                                    below -= groups[group]
                                }
                                while below + groups[group] <= index {
                                    below += groups[group]
                                    group += 1
                                }
                                var value = group << half
                                var sum = below + counts[value]
                                while sum <= index {
                                    value += 1
                                    sum += counts[value]
                                }
                                made[(y * width + x) * bands + band] = Value(value)
                            }
                            // Emptied, which is quicker than writing zeros.
                            for x in (width - 1 - reach)...(width - 1 + reach) { change(column: x, by: -1) }
                        }
                    }
                }
            }
        }
        filled = bytes.count
    }
}
