/// Some of the hosts, one bit each, gone through in the order of their indexes.
struct HostSet: Sendable {
    private var words: [UInt64] = []
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    func contains(_ host: Int) -> Bool { host >> 6 < words.count && words[host >> 6] >> UInt64(host & 63) & 1 == 1 }

    mutating func insert(_ host: Int) {
        while host >> 6 >= words.count { words.append(0) }
        let bit = UInt64(1) << UInt64(host & 63)
        if words[host >> 6] & bit == 0 {
            words[host >> 6] |= bit
            count += 1
        }
    }

    mutating func remove(_ host: Int) {
        guard contains(host) else { return }
        words[host >> 6] &= ~(1 << UInt64(host & 63))
        count -= 1
    }

    /// The lowest member that is at least `host`: members may come and go while a caller goes through them.
    func next(from host: Int) -> Int? {
        guard count > 0, host >> 6 < words.count else { return nil }
        var index = host >> 6
        var word = words[index] & (~0 << UInt64(host & 63))
        while word == 0 {
            index += 1
            guard index < words.count else { return nil }
            word = words[index]
        }
        return (index << 6) + word.trailingZeroBitCount
    }
}
