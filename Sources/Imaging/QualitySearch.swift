internal import JobModel

/// Looks for the best quality whose file stays within a number of bytes.
///
/// Halving: at most eight encodings of pixels that are decoded once. Sizes grow with the quality but for a few bytes, so the
/// result is the best or next to it, and the same everywhere.
struct QualitySearch: Hashable {
    /// Of the whole file, metadata included.
    var bytesMax: UInt64
    /// A file of at least this many bytes is good enough to stop at.
    var bytesEnough: UInt64
    /// The lowest and the highest quality tried, 1 to 100.
    var qualities: ClosedRange<Int>

    /// What was made at one quality.
    struct Attempt<Made> {
        var quality: Int
        var byteCount: UInt64
        var made: Made
    }

    /// The best attempt; the one at the lowest quality where even that is too large.
    func best<Made>(
        _ encode: (Int) throws(ImagingError) -> (made: Made, byteCount: UInt64)
    ) throws(ImagingError) -> Attempt<Made> {
        func attempt(_ quality: Int) throws(ImagingError) -> Attempt<Made> {
            let (made, byteCount) = try encode(quality)
            return Attempt(quality: quality, byteCount: byteCount, made: made)
        }
        var best = try attempt(qualities.upperBound)
        var (low, high) = (qualities.lowerBound, qualities.upperBound - 1)
        while !isDone(best), low <= high {
            let next = try attempt((low + high) / 2)
            if next.byteCount <= bytesMax {
                best = next
                low = next.quality + 1
            } else {
                if best.byteCount > bytesMax { best = next }
                high = next.quality - 1
            }
        }
        return best
    }

    private func isDone(_ attempt: Attempt<some Any>) -> Bool {
        attempt.byteCount <= bytesMax && (attempt.byteCount >= bytesEnough || attempt.quality == qualities.upperBound)
    }
}
