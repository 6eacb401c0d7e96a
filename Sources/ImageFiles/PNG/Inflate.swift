/// Decompresses zlib streams (RFC 1950, RFC 1951) of metadata: text and profiles of some kilobytes, never pixels.
struct Inflate {
    private let input: [UInt8]
    private var at = 2
    private var bitBuffer: UInt32 = 0
    private var bitCount = 0
    private var output: [UInt8] = []
    private let outputMax: Int

    /// The decompressed bytes; nil when the stream is damaged, its checksum differs, or it holds more than `limit` bytes.
    static func zlib(_ stream: [UInt8], limit: Int) -> [UInt8]? {
        guard stream.count >= 6, stream[0] & 15 == 8, (UInt16(stream[0]) << 8 | UInt16(stream[1])) % 31 == 0,
            stream[1] & 0x20 == 0
        else { return nil }
        var inflater = Inflate(stream, outputMax: limit)
        do throws(Damage) {
            try inflater.run()
        } catch {
            return nil
        }
        guard ByteOrder.big.uint32(stream, inflater.at) == adler32(inflater.output) else { return nil }
        return inflater.output
    }

    private struct Damage: Error {}

    private init(_ input: [UInt8], outputMax: Int) {
        self.input = input
        self.outputMax = outputMax
    }

    private mutating func run() throws(Damage) {
        var isLast = false
        while !isLast {
            isLast = try bits(1) == 1
            switch try bits(2) {
            case 0: try stored()
            case 1: try compressed(Self.fixedLiterals, Self.fixedDistances)
            case 2:
                let (literals, distances) = try dynamicCodes()
                try compressed(literals, distances)
            default: throw Damage()
            }
        }
    }

    private mutating func bits(_ count: Int) throws(Damage) -> Int {
        while bitCount < count {
            guard at < input.count else { throw Damage() }
            bitBuffer |= UInt32(input[at]) << UInt32(bitCount)
            at += 1
            bitCount += 8
        }
        let value = bitBuffer & ((1 << UInt32(count)) - 1)
        bitBuffer >>= UInt32(count)
        bitCount -= count
        return Int(value)
    }

    private mutating func stored() throws(Damage) {
        bitBuffer = 0
        bitCount = 0
        guard let length = ByteOrder.little.uint16(input, at), let complement = ByteOrder.little.uint16(input, at + 2),
            length == ~complement, input.count - at - 4 >= Int(length), output.count + Int(length) <= outputMax
        else { throw Damage() }
        output += input[(at + 4)..<(at + 4 + Int(length))]
        at += 4 + Int(length)
    }

    private mutating func compressed(_ literals: Code, _ distances: Code) throws(Damage) {
        while true {
            let symbol = try decode(literals)
            if symbol < 256 {
                guard output.count < outputMax else { throw Damage() }
                output.append(UInt8(symbol))
            } else if symbol == 256 {
                return
            } else {
                guard symbol - 257 < Self.lengthBases.count else { throw Damage() }
                let length = Self.lengthBases[symbol - 257] + (try bits(Self.lengthExtraBits[symbol - 257]))
                let distanceSymbol = try decode(distances)
                guard distanceSymbol < Self.distanceBases.count else { throw Damage() }
                let distance = Self.distanceBases[distanceSymbol] + (try bits(Self.distanceExtraBits[distanceSymbol]))
                guard distance <= output.count, output.count + length <= outputMax else { throw Damage() }
                for _ in 0..<length { output.append(output[output.count - distance]) }
            }
        }
    }

    // MARK: Codes

    /// A canonical Huffman code: how many codes have each length, and the symbols in order.
    private struct Code {
        var counts = [Int](repeating: 0, count: 16)
        var symbols: [Int] = []

        init(lengths: [Int]) throws(Damage) {
            for length in lengths { counts[length] += 1 }
            counts[0] = 0
            var left = 1
            for length in 1...15 {
                left = left * 2 - counts[length]
                if left < 0 { throw Damage() }
            }
            for length in 1...15 {
                for (symbol, its) in lengths.enumerated() where its == length { symbols.append(symbol) }
            }
        }

        /// For the fixed codes, which are sound.
        init(counts: [Int], symbols: [Int]) {
            self.counts = counts
            self.symbols = symbols
        }
    }

    private mutating func decode(_ code: Code) throws(Damage) -> Int {
        var value = 0
        var first = 0
        var index = 0
        for length in 1...15 {
            value |= try bits(1)
            let count = code.counts[length]
            if value - count < first { return code.symbols[index + value - first] }
            index += count
            first = (first + count) << 1
            value <<= 1
        }
        throw Damage()
    }

    private mutating func dynamicCodes() throws(Damage) -> (Code, Code) {
        let literalCount = try bits(5) + 257
        let distanceCount = try bits(5) + 1
        let lengthCount = try bits(4) + 4
        guard literalCount <= 286, distanceCount <= 30 else { throw Damage() }
        var lengthLengths = [Int](repeating: 0, count: 19)
        for place in Self.lengthOrder.prefix(lengthCount) { lengthLengths[place] = try bits(3) }
        let lengthCode = try Code(lengths: lengthLengths)
        var lengths: [Int] = []
        while lengths.count < literalCount + distanceCount {
            let symbol = try decode(lengthCode)
            switch symbol {
            case 0...15: lengths.append(symbol)
            case 16:
                guard let last = lengths.last else { throw Damage() }
                lengths += [Int](repeating: last, count: 3 + (try bits(2)))
            case 17: lengths += [Int](repeating: 0, count: 3 + (try bits(3)))
            default: lengths += [Int](repeating: 0, count: 11 + (try bits(7)))
            }
        }
        guard lengths.count == literalCount + distanceCount, lengths[256] > 0 else { throw Damage() }
        return (try Code(lengths: Array(lengths[..<literalCount])), try Code(lengths: Array(lengths[literalCount...])))
    }

    private static let lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    private static let lengthBases = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
    ]
    private static let lengthExtraBits = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]
    private static let distanceBases = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193,
        12289, 16385, 24577,
    ]
    private static let distanceExtraBits = [
        0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
    ]
    /// RFC 1951, 3.2.6: 7 bits for 256 to 279, 8 for 0 to 143 and 280 to 287, 9 for 144 to 255.
    private static let fixedLiterals = Code(
        counts: [0, 0, 0, 0, 0, 0, 0, 24, 152, 112, 0, 0, 0, 0, 0, 0],
        symbols: Array(256...279) + Array(0...143) + Array(280...287) + Array(144...255))
    private static let fixedDistances = Code(
        counts: [0, 0, 0, 0, 0, 30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], symbols: Array(0...29))
}

/// RFC 1950, section 9.
private func adler32(_ bytes: [UInt8]) -> UInt32 {
    var low: UInt32 = 1
    var high: UInt32 = 0
    for byte in bytes {
        low = (low + UInt32(byte)) % 65_521
        high = (high + low) % 65_521
    }
    return high << 16 | low
}

/// Undoes zlib (RFC 1950) where no system library may be linked: some kilobytes of metadata or cross-references, never pixels.
///
/// Nil when the stream is damaged or holds more than `bytesMax` bytes.
public func inflateZlib(_ stream: [UInt8], bytesMax: Int) -> [UInt8]? { Inflate.zlib(stream, limit: bytesMax) }
