public import JobModel

/// Bytes of every task's input, two bytes a task: what their costs and transfers are guessed from.
///
/// A size is kept with 11 significant bits, rounded up, so that a reservation is never too small and at most 0.1% too large.
public struct TaskSizes: Hashable, Sendable {
    /// Exponent in the upper 5 bits, mantissa in the lower 11.
    private var codes: [UInt16]
    /// Mean of all sizes in bytes; 0 when nothing is known of them.
    public private(set) var meanBytes: Double

    /// No sizes are known: all tasks count alike and take no room.
    public static let unknown = TaskSizes([])

    /// - Parameter bytes: in plan order; tasks behind its end count as 0.
    public init(_ bytes: some Sequence<UInt64>) {
        codes = bytes.map(Self.code)
        let total = codes.reduce(0.0) { $0 + Double(Self.bytes($1)) }
        meanBytes = codes.isEmpty ? 0 : total / Double(codes.count)
    }

    /// At least the task's size in bytes.
    public subscript(task: TaskIndex) -> UInt64 {
        task.position < codes.count ? Self.bytes(codes[task.position]) : 0
    }

    /// The largest size that fits is 2 TiB; larger ones count as that.
    private static func code(_ bytes: UInt64) -> UInt16 {
        if bytes < 1 << 11 { return UInt16(bytes) }
        let clipped = min(bytes, UInt64(0x7FF) << 30)
        var shift = UInt64(64 - 11 - clipped.leadingZeroBitCount)
        var mantissa = (clipped + (1 << shift) - 1) >> shift
        if mantissa == 1 << 11 { (mantissa, shift) = (1 << 10, shift + 1) }
        return UInt16(shift + 1) << 11 | UInt16(mantissa & 0x7FF)
    }

    private static func bytes(_ code: UInt16) -> UInt64 {
        let exponent = UInt64(code >> 11)
        let mantissa = UInt64(code & 0x7FF)
        return exponent == 0 ? mantissa : mantissa << (exponent - 1)
    }
}
