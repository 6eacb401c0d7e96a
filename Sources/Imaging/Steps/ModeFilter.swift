internal import CVips

extension Image {
    /// The most frequent value of a square window around each pixel, band by band; of several the lowest.
    ///
    /// What stands there twice at most leaves the pixel as it is (so does Pillow's ModeFilter). Values of 16 bits, of which
    /// hardly two are the same, count by their upper 8, and the average of those that won is taken. Pixels outside do not count.
    func mostFrequent(window: Int) throws(ImagingError) -> Image {
        let (width, height, bands, format) = (self.width, self.height, self.bands, self.format)
        let made = try withPixels { source in
            format == VIPS_FORMAT_USHORT
                ? modes(of: source.bindMemory(to: UInt16.self), shift: 8, width, height, bands, reach: window / 2)
                : modes(of: source.bindMemory(to: UInt8.self), shift: 0, width, height, bands, reach: window / 2)
        }
        return try inserting(try Image(raw: made, width: width, height: height, bands: bands, format: format), left: 0, top: 0)
    }
}

/// The modes as bytes; a histogram slides along each row, so that a pixel costs two columns of the window.
private func modes<Value: FixedWidthInteger & UnsignedInteger>(
    of values: UnsafeBufferPointer<Value>, shift: Int, _ width: Int, _ height: Int, _ bands: Int, reach: Int
) -> [UInt8] {
    let stride = width * bands
    let seldom = (2 * reach + 1) * (2 * reach + 1) < 256
    return [UInt8](unsafeUninitializedCapacity: values.count * MemoryLayout<Value>.size) { bytes, filled in
        let made = UnsafeMutableRawBufferPointer(bytes).bindMemory(to: Value.self)
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: 256) { counts in
            withUnsafeTemporaryAllocation(of: Int.self, capacity: 256) { sums in
                for band in 0..<bands {
                    for y in 0..<height {
                        counts.update(repeating: 0)
                        sums.update(repeating: 0)
                        let rows = max(0, y - reach)...min(height - 1, y + reach)
                        func change(column x: Int, by one: Int32) {
                            guard x >= 0, x < width else { return }
                            for row in rows {
                                let value = Int(values[row * stride + x * bands + band])
                                counts[value >> shift] += one
                                sums[value >> shift] += value * Int(one)
                            }
                        }
                        for x in 0..<reach { change(column: x, by: 1) }
                        for x in 0..<width {
                            change(column: x + reach, by: 1)
                            change(column: x - reach - 1, by: -1)
                            var best = 0
                            if seldom {
                                // Fewer values stand in the window than there can be.
                                best = Int(values[y * stride + x * bands + band]) >> shift
                                for row in rows {
                                    for column in max(0, x - reach)...min(width - 1, x + reach) {
                                        let group = Int(values[row * stride + column * bands + band]) >> shift
                                        let isMore = counts[group] > counts[best]
                                        if isMore || (counts[group] == counts[best] && group < best) { best = group }
                                    }
                                }
                            } else {
                                for group in 1..<256 where counts[group] > counts[best] { best = group }
                            }
                            let count = Int(counts[best])
                            let place = y * stride + x * bands + band
                            made[place] = count > 2 ? Value((sums[best] + count / 2) / count) : values[place]
                        }
                    }
                }
            }
        }
        filled = bytes.count
    }
}
