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
        case .part(let attempt, let index):
            writer.put(tag: 4)
            writer.put(attempt)
            writer.put(UInt64(index))
        case .carried(let index):
            writer.put(tag: 5)
            writer.put(UInt64(index))
        }
    }
    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.byte() {
        case 0: self = .input(try reader.value())
        case 1: self = .bundle(try reader.integer())
        case 2: self = .output(try reader.value(), try reader.plainName())
        case 3: self = .spooled(try reader.value(), try reader.plainName())
        case 4: self = .part(try reader.value(), try reader.integer())
        case 5: self = .carried(try reader.integer())
        case let other: throw .invalid("transferred file \(other)")
        }
    }
}

extension TransferHeader: WireCodable {
    public func encode(to writer: inout WireWriter) {
        writer.put(id)
        writer.put(file)
        writer.put(identity)
        writer.put(UInt64(mode))
    }
    public init(from reader: inout WireReader) throws(WireError) {
        self.init(id: try reader.value(), file: try reader.value(), identity: try reader.value(), mode: try reader.integer())
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
