public import JobModel

/// A path as a file system that ignores letter case sees it, for finding two outputs that would be one file there.
///
/// Letters are folded by Unicode's lower-case mapping (names that are not UTF-8: ASCII letters only). Names that differ in
/// normalization alone stay apart, as they do on Linux file systems. `..` undoes the name before it: behind a link it may lead
/// elsewhere, but then a refusal before work is less than a failure after it.
public enum CollisionKey {
    /// Equal for paths that collide, and only for those.
    public static func folded(_ path: RawPath) -> [UInt8] {
        let path = withoutParents(path)
        if path.bytes.allSatisfy({ $0 < 0x80 }) { return path.bytes.map(asciiLowercased) }
        guard let text = String(validating: path.bytes, as: UTF8.self) else { return path.bytes.map(asciiLowercased) }
        return Array(text.lowercased().utf8)
    }

    /// 64 bits of `folded`, the same on every run: FNV-1a with a last mix (Fowler, Noll, Vo; finalizer of MurmurHash3).
    public static func hash(_ path: RawPath) -> UInt64 {
        let path = withoutParents(path)
        var value: UInt64 = 0xCBF2_9CE4_8422_2325
        var isASCII = true
        for byte in path.bytes {
            isASCII = isASCII && byte < 0x80
            value = (value ^ UInt64(asciiLowercased(byte))) &* 0x100_0000_01B3
        }
        if !isASCII {
            value = 0xCBF2_9CE4_8422_2325
            for byte in folded(path) { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
        }
        value = (value ^ (value >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        value = (value ^ (value >> 33)) &* 0xC4CE_B9FE_1A85_EC53
        return value ^ (value >> 33)
    }

    private static func withoutParents(_ path: RawPath) -> RawPath {
        let parent: [UInt8] = [dot, dot]
        // Most paths have none, and there are millions.
        guard path.bytes.indices.dropFirst().contains(where: { path.bytes[$0] == dot && path.bytes[$0 - 1] == dot }) else { return path }
        var parts: [ArraySlice<UInt8>] = []
        for part in path.bytes.split(separator: slash) where !part.elementsEqual([dot]) {
            if part.elementsEqual(parent), parts.last.map({ !$0.elementsEqual(parent) }) ?? path.isAbsolute {
                _ = parts.popLast()
            } else {
                parts.append(part)
            }
        }
        return RawPath(bytes: (path.isAbsolute ? [slash] : []) + parts.joined(separator: [slash]))
    }
}

func asciiLowercased(_ byte: UInt8) -> UInt8 { byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte }

/// Finds which of very many output paths may collide, at 8 bytes a path: 10^7 outputs take 80 MB.
///
/// First every path's hash goes in; then `suspects` names the hashes that came more than once; then the caller goes over its paths
/// again and hands the few with such a hash to `CollisionSuspects.groups`, which compares them in full.
public struct CollisionFinder: ~Copyable {
    private var hashes: [UInt64] = []

    public init(expectedCount: Int = 0) { hashes.reserveCapacity(expectedCount) }

    public mutating func add(_ path: RawPath) { hashes.append(CollisionKey.hash(path)) }

    /// For hashes taken before with `CollisionKey.hash`.
    public init(hashes: [UInt64]) { self.hashes = hashes }

    public consuming func suspects() -> CollisionSuspects {
        hashes.sort()
        var repeated: [UInt64] = []
        for index in hashes.indices.dropFirst() where hashes[index] == hashes[index - 1] {
            if repeated.last != hashes[index] { repeated.append(hashes[index]) }
        }
        return CollisionSuspects(hashes: repeated)
    }
}

/// The hashes that more than one path has.
public struct CollisionSuspects: Hashable, Sendable {
    /// Ascending, each once.
    let hashes: [UInt64]

    public var isEmpty: Bool { hashes.isEmpty }

    public func contains(_ path: RawPath) -> Bool {
        if hashes.isEmpty { return false }
        let hash = CollisionKey.hash(path)
        var (low, high) = (0, hashes.count)
        while low < high {
            let middle = (low + high) / 2
            if hashes[middle] < hash { low = middle + 1 } else { high = middle }
        }
        return low < hashes.count && hashes[low] == hash
    }

    /// Paths that really collide, group by group: tasks ascending within a group, groups by their first task.
    public static func groups(of paths: [(task: TaskIndex, path: RawPath)]) -> [[(task: TaskIndex, path: RawPath)]] {
        let keyed = paths.map { (key: RawPath(bytes: CollisionKey.folded($0.path)), task: $0.task, path: $0.path) }
            .sorted { $0.key == $1.key ? $0.task < $1.task : $0.key < $1.key }
        var groups: [[(task: TaskIndex, path: RawPath)]] = []
        var lastKey: RawPath?
        for entry in keyed {
            if entry.key == lastKey {
                groups[groups.count - 1].append((entry.task, entry.path))
            } else {
                groups.append([(entry.task, entry.path)])
                lastKey = entry.key
            }
        }
        return groups.filter { $0.count > 1 }.sorted { $0[0].task < $1[0].task }
    }
}
