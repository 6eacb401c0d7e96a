public import JobModel

// The binary forms of the job model's nouns, in the order they build on each other.

extension RawPath: WireCodable {
    public func encode(to writer: inout WireWriter) { writer.put(bytes) }
    public init(from reader: inout WireReader) throws(WireError) { self.init(bytes: try reader.byteArray()) }
}

extension Digest256: WireCodable {
    public func encode(to writer: inout WireWriter) { writer.put(bytes) }
    public init(from reader: inout WireReader) throws(WireError) {
        let bytes = try reader.byteArray()
        guard bytes.count == 32 else { throw .invalid("digest of \(bytes.count) bytes") }
        self.init(bytes: bytes)
    }
}

extension Attempt: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(UInt64(task.rawValue))
        writer.put(UInt64(number))
    }
    public init(from reader: inout WireReader) throws(WireError) {
        self.init(task: TaskIndex(rawValue: try reader.integer()), number: try reader.integer())
    }
}

extension InputIdentity: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(sizeBytes)
        writer.put(signed: modifiedNanoseconds)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        self.init(sizeBytes: try reader.number(), modifiedNanoseconds: try reader.signed())
    }
}

extension TaskFailure: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(choice: reason)
        writer.put(message)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        self.init(try reader.choice(FailureReason.self), try reader.text())
    }
}

extension MadeFile: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(temp)
        // In one number, which for a first save is what it was before there were others: ledgers hold such rows for years.
        writer.put(UInt64(page ?? 0) | UInt64(save) << Self.saveShift)
        writer.put(sizeBytes)
        writer.put(digest)
        writer.put(isVerbatim)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        let temp = try reader.value(RawPath.self)
        let number = try reader.number()
        let page = Int(number & (1 << Self.saveShift - 1))
        let save = number >> Self.saveShift
        guard save <= Self.saveMax else { throw .invalid("save \(save)") }
        self.init(
            temp: temp, page: page == 0 ? nil : page, sizeBytes: try reader.number(), digest: try reader.value(),
            isVerbatim: try reader.bool(), save: Int(save))
    }

    private static let saveShift: UInt64 = 32
    private static let saveMax: UInt64 = 1000
}

extension WorkUsage: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(cpuMicroseconds)
        writer.put(wallMicroseconds)
        writer.put(peakMemoryBytes)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            cpuMicroseconds: try reader.number(), wallMicroseconds: try reader.number(), peakMemoryBytes: try reader.number())
    }
}

extension GeotagFact: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(time)
        writer.put(signed: microDegreesNorth)
        writer.put(signed: microDegreesEast)
        writer.put(elevationCentimetres != nil)
        writer.put(signed: elevationCentimetres ?? 0)
        writer.put(metresFromPoint)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        let (time, north, east) = (try reader.text(), try reader.signed(), try reader.signed())
        let (hasElevation, elevation) = (try reader.bool(), try reader.signed())
        self.init(
            time: time, microDegreesNorth: north, microDegreesEast: east, elevationCentimetres: hasElevation ? elevation : nil,
            metresFromPoint: try reader.number())
    }
}

extension WorkNote: WireCodable {
    public func encode(to writer: inout WireWriter) {
        switch self {
        case .contentIs(let kind):
            writer.put(tag: 0)
            writer.put(choice: kind)
        case .damageAccepted(let text):
            writer.put(tag: 1)
            writer.put(text)
        case .alphaFlattened: writer.put(tag: 2)
        case .firstFrameOnly(let count):
            writer.put(tag: 3)
            writer.put(count: count)
        case .depthReduced: writer.put(tag: 4)
        case .metadataDropped(let text):
            writer.put(tag: 5)
            writer.put(text)
        case .decoderWarning(let text):
            writer.put(tag: 6)
            writer.put(text)
        case .embeddedPreviewUsed: writer.put(tag: 7)
        case .developedForLackOfPreview: writer.put(tag: 8)
        case .valuesStretched: writer.put(tag: 9)
        case .sizeMissed(let text):
            writer.put(tag: 10)
            writer.put(text)
        case .geotagged(let fact):
            writer.put(tag: 11)
            writer.put(fact)
        case .notGeotagged(let reason):
            writer.put(tag: 12)
            writer.put(reason)
        case .compressionReplaced(let text):
            writer.put(tag: 13)
            writer.put(text)
        }
    }
    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.byte() {
        case 0: self = .contentIs(try reader.choice())
        case 1: self = .damageAccepted(try reader.text())
        case 2: self = .alphaFlattened
        case 3: self = .firstFrameOnly(of: try reader.integer())
        case 4: self = .depthReduced
        case 5: self = .metadataDropped(try reader.text())
        case 6: self = .decoderWarning(try reader.text())
        case 7: self = .embeddedPreviewUsed
        case 8: self = .developedForLackOfPreview
        case 9: self = .valuesStretched
        case 10: self = .sizeMissed(try reader.text())
        case 11: self = .geotagged(try reader.value())
        case 12: self = .notGeotagged(try reader.text())
        case 13: self = .compressionReplaced(try reader.text())
        case let other: throw .invalid("note \(other)")
        }
    }
}

extension ProbeFacts.Tag: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(name)
        writer.put(value)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        self.init(name: try reader.text(), value: try reader.text())
    }
}

extension ProbeFacts: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(choice: kind)
        for number in [width, height, pageCount, bands, bitsPerBand, orientation] { writer.put(count: number) }
        writer.put(hasProfile)
        writer.put(hasAlpha)
        writer.put(mode)
        writer.put(density)
        writer.put(takenAt)
        writer.put(tags)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            kind: try reader.choice(), width: try reader.integer(), height: try reader.integer(), pageCount: try reader.integer(),
            bands: try reader.integer(), bitsPerBand: try reader.integer(), orientation: try reader.integer(),
            hasProfile: try reader.bool(), hasAlpha: try reader.bool(), mode: try reader.text(), density: try reader.optional(),
            takenAt: try reader.optionalText(), tags: try reader.array())
    }
}

extension FinishedWork: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(files)
        writer.put(pages)
        writer.put(notes)
        writer.put(probe)
        writer.put(thumbnail != nil)
        if let thumbnail { writer.put(thumbnail) }
        writer.put(inputDigest)
        writer.put(fingerprint)
        writer.put(pixels)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        self.init()
        files = try reader.array()
        pages = try reader.array()
        notes = try reader.array()
        probe = try reader.optional()
        thumbnail = try reader.bool() ? try reader.byteArray() : nil
        inputDigest = try reader.optional()
        fingerprint = try reader.optional()
        pixels = try reader.number()
    }
}

extension WorkReport: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(attempt)
        switch outcome {
        case .finished(let work):
            writer.put(tag: 0)
            writer.put(work)
        case .failed(let failure):
            writer.put(tag: 1)
            writer.put(failure)
        case .notStored(let fault):
            writer.put(tag: 2)
            writer.put(fault)
        }
        writer.put(usage)
        writer.put(program)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        let attempt = try reader.value(Attempt.self)
        let outcome: WorkOutcome
        switch try reader.byte() {
        case 0: outcome = .finished(try reader.value())
        case 1: outcome = .failed(try reader.value())
        case 2:
            outcome = .notStored(try reader.value())
        case let other: throw .invalid("outcome \(other)")
        }
        self.init(attempt: attempt, outcome: outcome, usage: try reader.value(), program: try reader.optional())
    }
}

extension StorageFault: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(UInt64(code.magnitude))
        writer.put(call)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        let code: UInt64 = try reader.number()
        self.init(code: Int32(clamping: code), call: try reader.text())
    }
}
