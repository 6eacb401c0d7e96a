/// What a task costs by its size, learned over all hosts: a share in proportion to its bytes and a share that all have alike.
///
/// Costs are relative, 1 for a task of mean size, so that what is learned here is the files' and a host's speed is its own.
struct CostModel: Sendable {
    private let meanBytes: Double
    /// Of the cost of a task of mean size, what grows with its bytes.
    private(set) var shareOfBytes = 0.5
    // Sums over the reports of late: x is the size in mean sizes, y what it took in mean tasks of its host.
    private var weight = 0.0
    private var x = 0.0
    private var y = 0.0
    private var xx = 0.0
    private var xy = 0.0
    private var untilUpdate = Self.updatePeriod

    private static let updatePeriod = 32
    /// Forgets reports over about 2,000 later ones.
    private static let decay = 1 - 1.0 / 2_048
    /// Counts as that much variance of sizes at the share taken before anything was known.
    private static let priorVariance = 0.02
    private static let priorShare = 0.5
    /// So that not even an empty file is free.
    private static let shareMax = 0.98

    init(meanBytes: Double) { self.meanBytes = meanBytes }

    func cost(_ bytes: UInt64) -> Float {
        guard meanBytes > 0 else { return 1 }
        return Float(1 - shareOfBytes + shareOfBytes * Double(bytes) / meanBytes)
    }

    /// - Parameter meanTasks: time it took, in times of a mean task on its host.
    mutating func learn(bytes: UInt64, meanTasks: Double) {
        guard meanBytes > 0 else { return }
        let size = Double(bytes) / meanBytes
        weight = weight * Self.decay + 1
        x = x * Self.decay + size
        y = y * Self.decay + meanTasks
        xx = xx * Self.decay + size * size
        xy = xy * Self.decay + size * meanTasks
        untilUpdate -= 1
        guard untilUpdate == 0 else { return }
        untilUpdate = Self.updatePeriod
        let (meanX, meanY) = (x / weight, y / weight)
        let variance = max(0, xx / weight - meanX * meanX)
        let covariance = xy / weight - meanX * meanY
        let slope = (covariance + Self.priorVariance * Self.priorShare * meanY) / (variance + Self.priorVariance)
        let atMean = meanY + slope * (1 - meanX)
        shareOfBytes = slope <= 0 ? 0 : atMean <= slope ? Self.shareMax : min(slope / atMean, Self.shareMax)
    }
}
