internal import CVips

/// What becomes of each value of a component of 8 or 16 bits.
struct ToneCurve {
    /// The new value of 0, 1, 2...: 256 or 65,536 of them, not whole yet.
    var values: [Double]

    /// Half of what was there and half of what `change` makes of it, where the amount is a half; values from 0 to 1.
    init(bits: Int, amount: Double, _ change: (Double) -> Double) {
        let top = Double((1 << bits) - 1)
        values = (0..<(1 << bits)).map { old in
            let share = Double(old) / top
            let value = (share + (change(share) - share) * amount) * top
            // Sums of fractions come out a hair beside what is half way between two values, and neighbours would part there.
            return (value * 4096).rounded() / 4096
        }
    }

    /// A table for `Image.mapped(through:)`, a band a curve.
    static func table(_ curves: [ToneCurve]) throws(ImagingError) -> Image {
        let count = curves[0].values.count
        let top = Double(count - 1)
        func entry(_ place: Int) -> Double {
            min(top, max(0, curves[place % curves.count].values[place / curves.count].rounded()))
        }
        let places = 0..<(count * curves.count)
        if count == 256 {
            return try Image.of(places.map { UInt8(entry($0)) }, width: 256, height: 1, bands: curves.count, format: VIPS_FORMAT_UCHAR)
        }
        return try Image.of(places.map { UInt16(entry($0)) }, width: count, height: 1, bands: curves.count, format: VIPS_FORMAT_USHORT)
    }
}

/// How much of a picture has each value of a component; transparent pixels count as little as they are seen.
struct Histogram {
    /// For 0, 1, 2...: 256 or 65,536 of them.
    var weights: [Double]

    /// One a band of `colour`.
    static func each(of colour: Image, alpha: Image?) throws(ImagingError) -> [Histogram] {
        var histograms: [Histogram] = []
        for number in 0..<colour.bands {
            let band = try colour.bands(from: number, count: 1)
            let find: Operation
            if let alpha {
                find = try Operation("hist_find_indexed")
                try find.set("in", alpha)
                try find.set("index", band)
            } else {
                find = try Operation("hist_find")
                try find.set("in", band)
            }
            let found = try find.image().numbers()
            // Of 16 bits it ends at the largest value there is.
            histograms.append(Histogram(weights: found + [Double](repeating: 0, count: (1 << colour.bitsPerBand) - found.count)))
        }
        return histograms
    }

    /// All as one.
    static func together(_ histograms: [Histogram]) -> Histogram {
        var sum = histograms[0].weights
        for other in histograms.dropFirst() {
            for place in sum.indices { sum[place] += other.weights[place] }
        }
        return Histogram(weights: sum)
    }

    /// The values, from 0 to 1, left when this share of the weight is taken off either end; nil where they are one.
    func range(cutoff: Double) -> (low: Double, high: Double)? {
        let spare = weights.reduce(0, +) * cutoff
        func firstSeen(_ places: some Sequence<Int>) -> Int? {
            var left = spare
            for place in places where weights[place] > 0 {
                left -= weights[place]
                if left < 0 { return place }
            }
            return nil
        }
        guard let low = firstSeen(weights.indices), let high = firstSeen(weights.indices.reversed()), low < high else { return nil }
        let top = Double(weights.count - 1)
        return (Double(low) / top, Double(high) / top)
    }

    /// The share of the weight at or below each value, stretched so that it begins at 0; nil where there is but one value.
    var ranks: [Double]? {
        guard let lowest = weights.first(where: { $0 > 0 }) else { return nil }
        let rest = weights.reduce(0, +) - lowest
        guard rest > 0 else { return nil }
        var sum = 0.0
        return weights.map { weight in
            sum += weight
            return max(0, sum - lowest) / rest
        }
    }
}
