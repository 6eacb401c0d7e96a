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
    static let controlKind: UInt16 = 1
    /// Bytes of a file; `stream` is the transfer's number.
    static let bulkKind: UInt16 = 2

    /// The frame of one message.
    public static func encode(_ message: some WireCodable) -> [UInt8] {
        let payload = message.wireBytes
        precondition(payload.count <= payloadBytesMax, "a message of \(payload.count) bytes")
        return header(controlKind, stream: 0, payloadBytes: payload.count) + payload
    }

    /// The 16 bytes before `payloadBytes` bytes of a file; at most `Transfer.chunkBytesMax` of them.
    public static func bulkHeader(_ transfer: TransferID, payloadBytes: Int) -> [UInt8] {
        precondition(payloadBytes <= Transfer.chunkBytesMax, "a chunk of \(payloadBytes) bytes")
        return header(bulkKind, stream: transfer.rawValue, payloadBytes: payloadBytes)
    }

    private static func header(_ kind: UInt16, stream: UInt32, payloadBytes: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(headerBytes + payloadBytes)
        let length = UInt32(payloadBytes)
        append(length, to: &bytes)
        append(UInt32(kind), to: &bytes)
        append(stream, to: &bytes)
        append(check(length, UInt32(kind), stream), to: &bytes)
        return bytes
    }

    private static func append(_ value: UInt32, to bytes: inout [UInt8]) {
        for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    fileprivate static func check(_ length: UInt32, _ kindAndFlags: UInt32, _ stream: UInt32) -> UInt32 {
        (length &+ kindAndFlags &+ stream) ^ 0x5155_4952
    }
}

/// What a stream holds: messages, and between them bytes of files.
public enum Framed<Message> {
    case message(Message)
    case bulk(TransferID, [UInt8])
}

extension Framed: Equatable where Message: Equatable {}
extension Framed: Sendable where Message: Sendable {}

/// Cuts a byte stream into messages.
///
/// Bytes are given as they arrive; messages come out whole and in order. After an error the stream is of no use.
public struct FrameReader<Message: WireCodable> {
    private var buffer: [UInt8] = []
    private var start = 0
    /// The bytes of a file whose frame has not ended: collected in place, since most of what travels are files.
    private var chunk: Chunk?
    private var awaitsMagic: Bool
    private let noiseBytesMax: Int
    /// What came before the magic bytes: a shell's greeting, for the log.
    public private(set) var noise: [UInt8] = []

    private struct Chunk {
        let transfer: TransferID
        var bytes: [UInt8]
        var missing: Int
    }

    /// - Parameters:
    ///   - awaitsMagic: whether the peer's first bytes must be `magicBytes`.
    ///   - noiseBytesMax: how much a login shell may print before them.
    public init(awaitsMagic: Bool, noiseBytesMax: Int = 0) {
        self.awaitsMagic = awaitsMagic
        self.noiseBytesMax = noiseBytesMax
    }

    public mutating func feed(_ bytes: some Collection<UInt8>) {
        let mine = min(bytes.count, chunk?.missing ?? 0)
        if mine > 0 {
            chunk?.bytes.append(contentsOf: bytes.prefix(mine))
            chunk?.missing -= mine
        }
        if mine < bytes.count { put(bytes.dropFirst(mine)) }
    }

    private mutating func put(_ bytes: some Collection<UInt8>) {
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
    public var holdsPartialMessage: Bool { start < buffer.count || awaitsMagic || chunk != nil }

    /// The next whole message, or nil until more bytes are fed; bytes of a file are an error.
    public mutating func next() throws(WireError) -> Message? {
        switch try nextFrame() {
        case nil: return nil
        case .message(let message): return message
        case .bulk: throw .invalid("frame kind \(Frame.bulkKind)")
        }
    }

    /// The next whole message or chunk of a file, or nil until more bytes are fed.
    public mutating func nextFrame() throws(WireError) -> Framed<Message>? {
        if awaitsMagic {
            guard try skipMagic() else { return nil }
            awaitsMagic = false
        }
        if let whole = chunk {
            guard whole.missing == 0 else { return nil }
            chunk = nil
            return .bulk(whole.transfer, whole.bytes)
        }
        guard buffer.count - start >= Frame.headerBytes else { return nil }
        let length = number(at: start)
        let kindAndFlags = number(at: start + 4)
        let stream = number(at: start + 8)
        guard number(at: start + 12) == Frame.check(length, kindAndFlags, stream) else { throw .invalid("frame header") }
        let isBulk = kindAndFlags == UInt32(Frame.bulkKind)
        guard isBulk || kindAndFlags == UInt32(Frame.controlKind) && stream == 0 else { throw .invalid("frame kind \(kindAndFlags)") }
        guard length <= (isBulk ? Transfer.chunkBytesMax : Frame.payloadBytesMax) else { throw .frameTooLong(bytes: Int(length)) }
        let end = start + Frame.headerBytes + Int(length)
        guard buffer.count >= end else {
            if isBulk { beginChunk(TransferID(rawValue: stream), length: Int(length)) }
            return nil
        }
        let payload = Array(buffer[(start + Frame.headerBytes)..<end])
        start = end
        return isBulk ? .bulk(TransferID(rawValue: stream), payload) : .message(try Message(wireBytes: payload))
    }

    /// Takes what has come of a file's frame out of the buffer, which holds nothing else.
    private mutating func beginChunk(_ transfer: TransferID, length: Int) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(length)
        bytes.append(contentsOf: buffer[(start + Frame.headerBytes)...])
        chunk = Chunk(transfer: transfer, bytes: bytes, missing: length - bytes.count)
        start = buffer.count
    }

    /// Goes behind the magic bytes; false until they have come.
    private mutating func skipMagic() throws(WireError) -> Bool {
        while true {
            let found = buffer[start...].prefix(magicBytes.count)
            if magicBytes.starts(with: found) {
                guard found.count == magicBytes.count else { return false }
                start += magicBytes.count
                return true
            }
            guard noise.count < noiseBytesMax else { throw .notQuire(found: noise + buffer[start...].prefix(200)) }
            noise.append(buffer[start])
            start += 1
        }
    }

    private func number(at offset: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(buffer[offset + $1]) << UInt32(8 * $1) }
    }
}
