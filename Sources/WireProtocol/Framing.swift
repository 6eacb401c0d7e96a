/// The bytes each side sends before anything else, so that a shell's greeting is told apart from a peer.
public let magicBytes: [UInt8] = [0xF1] + Array("quire".utf8) + [0x0D, 0x0A]

/// A message as it travels: a 16-byte header and its payload.
///
/// Header, all numbers little-endian: payload length (4 bytes), kind (2), flags (2), stream (4), check (4).
/// `check` is the sum of the three numbers before it, xor `0x51554952`: it finds a reader that lost its place.
public enum Frame {
    public static let headerBytes = 16
    /// A shard of 4,096 orders with long paths stays below; a peer that sends more is refused.
    public static let payloadBytesMax = 32 << 20
    /// Control messages; later kinds carry bulk data in streams with credits.
    static let controlKind: UInt16 = 1

    /// The frame of one message.
    public static func encode(_ message: some WireCodable) -> [UInt8] {
        let payload = message.wireBytes
        precondition(payload.count <= payloadBytesMax, "a message of \(payload.count) bytes")
        var bytes: [UInt8] = []
        bytes.reserveCapacity(headerBytes + payload.count)
        let length = UInt32(payload.count)
        append(length, to: &bytes)
        append(UInt32(controlKind), to: &bytes)
        append(0, to: &bytes)
        append(check(length, UInt32(controlKind), 0), to: &bytes)
        bytes.append(contentsOf: payload)
        return bytes
    }

    private static func append(_ value: UInt32, to bytes: inout [UInt8]) {
        for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    fileprivate static func check(_ length: UInt32, _ kindAndFlags: UInt32, _ stream: UInt32) -> UInt32 {
        (length &+ kindAndFlags &+ stream) ^ 0x5155_4952
    }
}

/// Cuts a byte stream into messages.
///
/// Bytes are given as they arrive; messages come out whole and in order. After an error the stream is of no use.
public struct FrameReader<Message: WireCodable> {
    private var buffer: [UInt8] = []
    private var start = 0
    private var awaitsMagic: Bool

    /// - Parameter awaitsMagic: whether the peer's first bytes must be `magicBytes`.
    public init(awaitsMagic: Bool) {
        self.awaitsMagic = awaitsMagic
    }

    public mutating func feed(_ bytes: some Collection<UInt8>) {
        if start > 0 && start == buffer.count {
            buffer.removeAll(keepingCapacity: true)
            start = 0
        } else if start > 1 << 20 {
            buffer.removeFirst(start)
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// Whether bytes of an unfinished message are held: at the end of a stream it was cut.
    public var holdsPartialMessage: Bool { start < buffer.count || awaitsMagic }

    /// The next whole message, or nil until more bytes are fed.
    public mutating func next() throws(WireError) -> Message? {
        if awaitsMagic {
            let found = buffer[start...].prefix(magicBytes.count)
            guard magicBytes.starts(with: found) else { throw .notQuire(found: Array(buffer[start...].prefix(200))) }
            if found.count < magicBytes.count { return nil }
            start += magicBytes.count
            awaitsMagic = false
        }
        guard buffer.count - start >= Frame.headerBytes else { return nil }
        let length = number(at: start)
        let kindAndFlags = number(at: start + 4)
        let stream = number(at: start + 8)
        guard number(at: start + 12) == Frame.check(length, kindAndFlags, stream) else { throw .invalid("frame header") }
        guard kindAndFlags == UInt32(Frame.controlKind), stream == 0 else { throw .invalid("frame kind \(kindAndFlags)") }
        guard length <= Frame.payloadBytesMax else { throw .frameTooLong(bytes: Int(length)) }
        let end = start + Frame.headerBytes + Int(length)
        guard buffer.count >= end else { return nil }
        let payload = Array(buffer[(start + Frame.headerBytes)..<end])
        start = end
        return try Message(wireBytes: payload)
    }

    private func number(at offset: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(buffer[offset + $1]) << UInt32(8 * $1) }
    }
}
