/// Base64 as in known_hosts and key files (RFC 4648, with padding).
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let piece = bytes[start..<min(start + 3, bytes.count)]
            let padded = Array(piece) + [0, 0]
            let number = Int(padded[0]) << 16 | Int(padded[1]) << 8 | Int(padded[2])
            for index in 0..<4 {
                text.append(index <= piece.count ? alphabet[number >> (18 - 6 * index) & 63] : 0x3D)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil for other characters; line breaks are passed over, and padding ends the text.
    static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var number = 0
        var bits = 0
        for letter in text where letter != 0x0A && letter != 0x0D {
            if letter == 0x3D { break }
            guard let value = alphabet.firstIndex(of: letter) else { return nil }
            number = (number << 6 | value) & 0xFF_FFFF
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(number >> bits & 0xFF))
            }
        }
        return bytes
    }
}

/// Strings and numbers of the SSH wire format (RFC 4251, section 5), read from the front.
struct WireReader {
    private var rest: ArraySlice<UInt8>
    init(_ bytes: [UInt8]) { rest = bytes[...] }

    mutating func number() -> Int? {
        guard rest.count >= 4 else { return nil }
        defer { rest = rest.dropFirst(4) }
        return rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
    }

    mutating func string() -> [UInt8]? {
        var ahead = self
        guard let count = ahead.number(), ahead.rest.count >= count else { return nil }
        rest = ahead.rest.dropFirst(count)
        return Array(ahead.rest.prefix(count))
    }

    mutating func skip(_ prefix: [UInt8]) -> Bool {
        guard rest.starts(with: prefix) else { return false }
        rest = rest.dropFirst(prefix.count)
        return true
    }
}

/// A length and what it counts, big end first.
func wireNumber(_ number: Int) -> [UInt8] {
    [UInt8(number >> 24 & 0xFF), UInt8(number >> 16 & 0xFF), UInt8(number >> 8 & 0xFF), UInt8(number & 0xFF)]
}

func wireString(_ bytes: [UInt8]) -> [UInt8] { wireNumber(bytes.count) + bytes }
