import JobModel

/// Names an object by what it is: the first 16 bytes of the SHA-256 of its dictionary and its stream's digest.
struct ObjectKey: Hashable, Sendable {
    var high: UInt64
    var low: UInt64

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    init(_ digest: Digest256) {
        high = digest.bytes[0..<8].reduce(0) { $0 << 8 | UInt64($1) }
        low = digest.bytes[8..<16].reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// Where an object was written.
struct PlacedObject: Hashable, Sendable {
    var number: ObjectNumber
    /// Offset of its stream's first byte in the volume; 0 for an object without a stream.
    var dataOffset: UInt64
}

/// Objects written lately, so that equal ones are written once: two generations, of which the older is forgotten whole.
///
/// It remembers at least the last `generationMax` distinct objects and at most twice as many. What it forgets is
/// written again, which costs room and never correctness; what it remembers depends on the pages alone.
struct RecentObjects: Sendable {
    let generationMax: Int
    private var young: [ObjectKey: PlacedObject] = [:]
    private var old: [ObjectKey: PlacedObject] = [:]

    init(generationMax: Int) {
        self.generationMax = generationMax
    }

    mutating func find(_ key: ObjectKey) -> PlacedObject? {
        if let place = young[key] { return place }
        guard let place = old[key] else { return nil }
        remember(key, place)
        return place
    }

    mutating func remember(_ key: ObjectKey, _ place: PlacedObject) {
        if young.count >= generationMax {
            old = young
            young = [:]
        }
        young[key] = place
    }

    /// Both generations, each in the order of object numbers, for a checkpoint.
    var entries: (young: [(ObjectKey, PlacedObject)], old: [(ObjectKey, PlacedObject)]) {
        (Self.sorted(young), Self.sorted(old))
    }

    init(generationMax: Int, young: [(ObjectKey, PlacedObject)], old: [(ObjectKey, PlacedObject)]) {
        self.generationMax = generationMax
        self.young = Dictionary(young, uniquingKeysWith: { first, _ in first })
        self.old = Dictionary(old, uniquingKeysWith: { first, _ in first })
    }

    private static func sorted(_ table: [ObjectKey: PlacedObject]) -> [(ObjectKey, PlacedObject)] {
        table.map { ($0.key, $0.value) }.sorted { ($0.1.number, $0.0.high, $0.0.low) < ($1.1.number, $1.0.high, $1.0.low) }
    }
}
