public import JobModel

// What head and agent tell each other of a host: its worker, its bundle, its storage.

extension WorkerPlace: WireCodable {
    public func encode(to writer: inout WireWriter) {
        switch self {
        case .beside: writer.put(tag: 0)
        case .bundle(let hash):
            writer.put(tag: 1)
            writer.put(hash)
        case .bundleOnHostLibraries(let hash):
            writer.put(tag: 2)
            writer.put(hash)
        case .minder: writer.put(tag: 3)
        }
    }
    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.byte() {
        case 0: self = .beside
        case 1: self = .bundle(try reader.value())
        case 2: self = .bundleOnHostLibraries(try reader.value())
        case 3: self = .minder
        case let other: throw .invalid("worker place \(other)")
        }
    }
}

extension BundleEntry: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(name)
        writer.put(sizeBytes)
        writer.put(UInt64(mode))
        writer.put(digest)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        self.init(name: try reader.value(), sizeBytes: try reader.number(), mode: try reader.integer(), digest: try reader.value())
        let parts = name.bytes.split(separator: 0x2F, omittingEmptySubsequences: false)
        let leadsOut = parts.contains { $0.isEmpty || $0.elementsEqual([0x2E]) || $0.elementsEqual([0x2E, 0x2E]) || $0.contains(0) }
        if leadsOut { throw .invalid("bundle file name '\(name.display)'") }
    }
}

extension StagedOrder: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(order)
        writer.put(stagesInput)
        writer.put(stagesOutput)
        writer.put(parts)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        self.init(order: try reader.value(), stagesInput: try reader.bool(), stagesOutput: try reader.bool(), parts: try reader.array())
        guard parts.count <= Self.partsMax else { throw .invalid("a folder of \(parts.count) files") }
    }
}

extension SharedFileQuestion: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(path)
        writer.put(identity)
        writer.put(headDigest)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        self.init(path: try reader.value(), identity: try reader.value(), headDigest: try reader.value())
    }
}

extension ReadyHost: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(count: slots)
        writer.put(workerVersion)
        writer.put(scratchFreeBytes)
        writer.put(scratch)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            slots: try reader.integer(), workerVersion: try reader.text(), scratchFreeBytes: try reader.number(), scratch: try reader.value())
        guard AgentSetup.slotsAllowed.contains(slots) else { throw .invalid("\(slots) slots") }
    }
}
