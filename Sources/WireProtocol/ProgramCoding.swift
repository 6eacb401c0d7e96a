public import JobModel

// Orders and results of programs.

extension ProgramOrder: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(argument)
        writer.put(tag: kind.rawValue)
        writer.put(signed: number)
        writer.put(workingFolder)
        writer.put(outputs)
        writer.put(spoolFolder)
        writer.put(limitMilliseconds != nil)
        if let limitMilliseconds { writer.put(limitMilliseconds) }
        writer.put(mirror)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        let argument: RawPath = try reader.value()
        let tag = try reader.byte()
        guard let kind = ArgumentKind(rawValue: tag) else { throw .invalid("argument kind \(tag)") }
        self.init(
            argument: argument, kind: kind, number: try reader.signed(), workingFolder: try reader.value(), outputs: try reader.array(),
            spoolFolder: try reader.value(), limitMilliseconds: try reader.bool() ? try reader.number() : nil, mirror: try reader.optional())
    }
}

extension ProgramResult: WireCodable {
    public func encode(to writer: inout WireWriter) {
        switch end {
        case .exited(let code):
            writer.put(tag: 0)
            writer.put(signed: Int64(code))
        case .killed(let signal):
            writer.put(tag: 1)
            writer.put(signed: Int64(signal))
        }
        writer.put(signed: startedEpochMilliseconds)
        writer.put(output)
        writer.put(errors)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        let tag = try reader.byte()
        let number = Int32(clamping: try reader.signed())
        let end: End
        switch tag {
        case 0: end = .exited(code: number)
        case 1: end = .killed(signal: number)
        case let other: throw .invalid("end \(other) of a program")
        }
        self.init(
            end: end, startedEpochMilliseconds: try reader.signed(), output: try reader.value(), errors: try reader.value())
    }
}

extension ProgramResult.Captured: WireCodable {
    public func encode(to writer: inout WireWriter) {
        switch self {
        case .whole(let bytes):
            writer.put(tag: 0)
            writer.put(bytes)
        case .spooled(let name, let sizeBytes):
            writer.put(tag: 1)
            writer.put(name)
            writer.put(sizeBytes)
        }
    }
    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.byte() {
        case 0: self = .whole(try reader.byteArray())
        case 1: self = .spooled(name: try reader.plainName(), sizeBytes: try reader.number())
        case let other: throw .invalid("captured text \(other)")
        }
    }
}

extension ProgramStream: WireCodable {
    public func encode(to writer: inout WireWriter) { writer.put(tag: rawValue) }
    public init(from reader: inout WireReader) throws(WireError) {
        let tag = try reader.byte()
        guard let stream = ProgramStream(rawValue: tag) else { throw .invalid("stream \(tag)") }
        self = stream
    }
}

extension CarriedFile: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(path)
        switch kind {
        case .folder: writer.put(tag: 0)
        case .file(let identity):
            writer.put(tag: 1)
            writer.put(identity)
        }
        writer.put(UInt64(mode))
    }
    public init(from reader: inout WireReader) throws(WireError) {
        let path: RawPath = try reader.value()
        let isPlain = path.isAbsolute && path == path.normalized && !path.bytes.contains(0)
        guard isPlain else { throw .invalid("path '\(path.display)' of a file that is carried") }
        let kind: Kind
        switch try reader.byte() {
        case 0: kind = .folder
        case 1: kind = .file(try reader.value())
        case let other: throw .invalid("carried file \(other)")
        }
        self.init(path: path, kind: kind, mode: try reader.integer())
    }
}

extension ProgramTerms: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(count: cpusPerTask)
        writer.put(environment != nil)
        if let environment {
            writer.put(count: environment.count)
            for variable in environment { writer.put(variable) }
        }
        writer.put(lockFile)
        writer.put(program)
        writer.put(searchPath)
        writer.put(workingFolder)
        writer.put(isShared)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        let cpus: Int = try reader.integer()
        guard AgentSetup.slotsAllowed.contains(cpus) else { throw .invalid("\(cpus) CPUs a task") }
        var environment: [[UInt8]]?
        if try reader.bool() {
            var variables: [[UInt8]] = []
            for _ in 0..<(try reader.count()) { variables.append(try reader.byteArray()) }
            environment = variables
        }
        self.init(
            cpusPerTask: cpus, environment: environment, lockFile: try reader.optional(), program: try reader.optional(),
            searchPath: try reader.optional(), workingFolder: try reader.value(), isShared: try reader.bool())
    }
}

extension WireReader {
    /// A name that can only lie in the folder it is put into, whatever the peer is.
    mutating func plainName() throws(WireError) -> RawPath {
        let name: RawPath = try value()
        let isPlain = !name.isEmpty && !name.bytes.contains(0x2F) && !name.bytes.contains(0) && name != RawPath(".") && name != RawPath("..")
        guard isPlain, name.bytes.count <= 255 else { throw .invalid("file name '\(name.display)'") }
        return name
    }
}
