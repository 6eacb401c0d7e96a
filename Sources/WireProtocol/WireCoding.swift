/// Why bytes from a peer, a pipe or the journal are not a message.
public enum WireError: Error, Hashable {
    /// The bytes end inside a value.
    case truncated
    /// Bytes are left behind the last value.
    case trailingBytes(Int)
    /// A number, length or enum tag that this build does not know or allow.
    case invalid(String)
    /// The first bytes are not quire's: a shell's greeting, another program.
    case notQuire(found: [UInt8])
    case frameTooLong(bytes: Int)
    /// The peers share no protocol version.
    case versionMismatch(ours: ClosedRange<UInt16>, theirs: ClosedRange<UInt16>)
}

/// A value with one binary form: integers as LEB128, lengths before bytes, enums as a tag and its data.
///
/// The same form goes over pipes and into the journal, so a change to it raises `Hello.ownVersions`.
public protocol WireCodable {
    func encode(to writer: inout WireWriter)
    init(from reader: inout WireReader) throws(WireError)
}

extension WireCodable {
    public var wireBytes: [UInt8] {
        var writer = WireWriter()
        encode(to: &writer)
        return writer.bytes
    }

    /// Decodes a value that fills `bytes` entirely.
    public init(wireBytes: [UInt8]) throws(WireError) {
        var reader = WireReader(wireBytes)
        self = try Self(from: &reader)
        try reader.end()
    }
}

/// Collects the binary form of values.
public struct WireWriter: Sendable {
    public private(set) var bytes: [UInt8] = []

    public init() {}

    public mutating func put(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// A count or length that is never negative.
    public mutating func put(count: Int) { put(UInt64(count)) }

    /// Zigzag, so that small negative numbers stay short.
    public mutating func put(signed value: Int64) { put(UInt64(bitPattern: (value << 1) ^ (value >> 63))) }

    public mutating func put(_ value: Bool) { bytes.append(value ? 1 : 0) }

    public mutating func put(tag: UInt8) { bytes.append(tag) }

    public mutating func put(_ value: [UInt8]) {
        put(count: value.count)
        bytes.append(contentsOf: value)
    }

    public mutating func put(_ text: String) { put(Array(text.utf8)) }

    public mutating func put(_ value: some WireCodable) { value.encode(to: &self) }

    public mutating func put<Element: WireCodable>(_ values: [Element]) {
        put(count: values.count)
        for value in values { value.encode(to: &self) }
    }

    public mutating func put<Value: WireCodable>(_ value: Value?) {
        put(value != nil)
        if let value { value.encode(to: &self) }
    }

    public mutating func put(_ text: String?) {
        put(text != nil)
        if let text { put(text) }
    }

    public mutating func put<Choice: RawRepresentable<String>>(choice: Choice) { put(choice.rawValue) }
}

/// Takes values out of bytes; every read is checked, and no length is believed beyond the bytes at hand.
public struct WireReader: Sendable {
    private let bytes: [UInt8]
    private var position: Int

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
        position = 0
    }

    public var remaining: Int { bytes.count - position }

    public func end() throws(WireError) {
        if remaining > 0 { throw .trailingBytes(remaining) }
    }

    public mutating func byte() throws(WireError) -> UInt8 {
        guard position < bytes.count else { throw .truncated }
        defer { position += 1 }
        return bytes[position]
    }

    public mutating func number() throws(WireError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = try byte()
            let low = UInt64(next & 0x7F)
            if shift == 63 && low > 1 { throw .invalid("number above 64 bits") }
            value |= low << shift
            if next < 0x80 { return value }
            shift += 7
            if shift > 63 { throw .invalid("number above 64 bits") }
        }
    }

    public mutating func signed() throws(WireError) -> Int64 {
        let raw = try number()
        return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
    }

    public mutating func integer<Value: FixedWidthInteger>(_: Value.Type = Value.self) throws(WireError) -> Value {
        let raw = try number()
        guard let value = Value(exactly: raw) else { throw .invalid("\(raw) is out of range") }
        return value
    }

    /// The number of elements that follow, each at least one byte long.
    public mutating func count() throws(WireError) -> Int {
        let count: Int = try integer()
        guard count <= remaining else { throw .truncated }
        return count
    }

    public mutating func bool() throws(WireError) -> Bool {
        switch try byte() {
        case 0: return false
        case 1: return true
        case let other: throw .invalid("\(other) is no boolean")
        }
    }

    public mutating func byteArray() throws(WireError) -> [UInt8] {
        let length = try count()
        defer { position += length }
        return Array(bytes[position..<position + length])
    }

    public mutating func text() throws(WireError) -> String {
        guard let text = String(validating: try byteArray(), as: UTF8.self) else { throw .invalid("text is not UTF-8") }
        return text
    }

    public mutating func optionalText() throws(WireError) -> String? {
        try bool() ? try text() : nil
    }

    public mutating func value<Value: WireCodable>(_: Value.Type = Value.self) throws(WireError) -> Value {
        try Value(from: &self)
    }

    public mutating func array<Element: WireCodable>(_: Element.Type = Element.self) throws(WireError) -> [Element] {
        let length = try count()
        var values: [Element] = []
        values.reserveCapacity(min(length, 4096))
        for _ in 0..<length { values.append(try Element(from: &self)) }
        return values
    }

    public mutating func optional<Value: WireCodable>(_: Value.Type = Value.self) throws(WireError) -> Value? {
        try bool() ? try Value(from: &self) : nil
    }

    public mutating func choice<Choice: RawRepresentable<String>>(_: Choice.Type = Choice.self) throws(WireError) -> Choice {
        let raw = try text()
        guard let choice = Choice(rawValue: raw) else { throw .invalid("'\(raw)' is no \(Choice.self)") }
        return choice
    }
}
