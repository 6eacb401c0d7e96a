public import JobModel

extension TransferID: WireCodable {
    public func encode(to writer: inout WireWriter) { writer.put(UInt64(rawValue)) }
    public init(from reader: inout WireReader) throws(WireError) { self.init(rawValue: try reader.integer()) }
}

extension TransferredFile: WireCodable {
    public func encode(to writer: inout WireWriter) {
        switch self {
        case .input(let attempt):
            writer.put(tag: 0)
            writer.put(attempt)
        case .bundle(let index):
            writer.put(tag: 1)
            writer.put(UInt64(index))
        case .output(let attempt, let name):
            writer.put(tag: 2)
            writer.put(attempt)
            writer.put(name)
        case .spooled(let attempt, let name):
            writer.put(tag: 3)
            writer.put(attempt)
            writer.put(name)
        }
    }
    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.byte() {
        case 0: self = .input(try reader.value())
        case 1: self = .bundle(try reader.integer())
        case 2: self = .output(try reader.value(), try Self.plainName(&reader))
        case 3: self = .spooled(try reader.value(), try Self.plainName(&reader))
        case let other: throw .invalid("transferred file \(other)")
        }
    }

    /// A name that can only lie in the folder it is put into, whatever the peer is.
    private static func plainName(_ reader: inout WireReader) throws(WireError) -> RawPath {
        let name: RawPath = try reader.value()
        let isPlain = !name.isEmpty && !name.bytes.contains(0x2F) && !name.bytes.contains(0) && name != RawPath(".") && name != RawPath("..")
        guard isPlain, name.bytes.count <= 255 else { throw .invalid("file name '\(name.display)'") }
        return name
    }
}

extension TransferHeader: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(id)
        writer.put(file)
        writer.put(identity)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        self.init(id: try reader.value(), file: try reader.value(), identity: try reader.value())
    }
}

extension WholeFile: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(header)
        writer.put(content)
        writer.put(digest)
    }
    public init(from reader: inout WireReader) throws(WireError) {
        self.init(header: try reader.value(), content: try reader.byteArray(), digest: try reader.value())
        guard content.count <= Transfer.wholeFileBytesMax else { throw .invalid("a whole file of \(content.count) bytes") }
    }
}

extension TransferMessage: WireCodable {
    public func encode(to writer: inout WireWriter) {
        switch self {
        case .begin(let header):
            writer.put(tag: 0)
            writer.put(header)
        case .whole(let files):
            writer.put(tag: 1)
            writer.put(files)
        case .end(let id, let digest):
            writer.put(tag: 2)
            writer.put(id)
            writer.put(digest)
        case .broken(let id, let fault):
            writer.put(tag: 3)
            writer.put(id)
            writer.put(fault)
        case .refused(let id, let fault):
            writer.put(tag: 4)
            writer.put(id)
            writer.put(fault)
        case .credit(let bytes):
            writer.put(tag: 5)
            writer.put(bytes)
        }
    }
    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.byte() {
        case 0: self = .begin(try reader.value())
        case 1: self = .whole(try reader.array())
        case 2: self = .end(try reader.value(), try reader.value())
        case 3: self = .broken(try reader.value(), try reader.value())
        case 4: self = .refused(try reader.value(), try reader.value())
        case 5: self = .credit(bytes: try reader.number())
        case let other: throw .invalid("transfer message \(other)")
        }
    }
}
