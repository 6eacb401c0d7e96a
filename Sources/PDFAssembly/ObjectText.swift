import JobModel

/// Builds the text of PDF objects: integers and decimals without floating point, strings in the two encodings PDF knows.
struct ObjectText {
    private(set) var bytes: [UInt8] = []

    mutating func put(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    mutating func put(_ more: [UInt8]) {
        bytes.append(contentsOf: more)
    }

    mutating func put<Number: BinaryInteger>(_ number: Number) {
        put(String(number))
    }

    mutating func put(reference object: ObjectNumber) {
        put(object)
        put(" 0 R")
    }

    /// A number given in thousandths, with as few decimals as it needs: 595276 is `595.276`.
    mutating func put(thousandths value: Int) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        let magnitude = value.magnitude
        put(magnitude / 1000)
        var fraction = magnitude % 1000
        guard fraction > 0 else { return }
        bytes.append(UInt8(ascii: "."))
        var unit: UInt = 100
        while fraction > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(fraction / unit))
            fraction %= unit
            unit /= 10
        }
    }

    mutating func put(hex data: some Sequence<UInt8>) {
        bytes.append(UInt8(ascii: "<"))
        for byte in data {
            bytes.append(hexDigits[Int(byte >> 4)])
            bytes.append(hexDigits[Int(byte & 15)])
        }
        bytes.append(UInt8(ascii: ">"))
    }

    /// A text string (ISO 32000-1, 7.9.2.2): a literal when it is printable ASCII, else UTF-16BE with its mark, in hex.
    mutating func put(textString text: String) {
        if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) {
            put(literal: Array(text.utf8))
        } else {
            put(hex: [0xFE, 0xFF] + text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] })
        }
    }

    /// A literal string of single-byte codes; what is not printable ASCII is written in octal.
    mutating func put(literal codes: some Sequence<UInt8>) {
        bytes.append(UInt8(ascii: "("))
        for code in codes {
            switch code {
            case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(code)
            case 0x20...0x7E:
                bytes.append(code)
            default:
                bytes.append(UInt8(ascii: "\\"))
                for shift in [6, 3, 0] { bytes.append(UInt8(ascii: "0") + (code >> UInt8(shift)) & 7) }
            }
        }
        bytes.append(UInt8(ascii: ")"))
    }

    /// `N 0 obj` on a line of its own.
    mutating func begin(object: ObjectNumber) {
        put(object)
        put(" 0 obj\n")
    }

    mutating func endObject() {
        put("\nendobj\n")
    }
}

/// An object's number in its PDF, from 1.
typealias ObjectNumber = UInt32

private let hexDigits = Array("0123456789ABCDEF".utf8)

/// Collects instructions, joining neighbouring bytes into one.
struct InstructionList {
    private(set) var instructions: [WriteInstruction] = []
    private var pending: [UInt8] = []
    private(set) var byteCount: UInt64 = 0

    mutating func put(_ bytes: [UInt8]) {
        pending.append(contentsOf: bytes)
        byteCount += UInt64(bytes.count)
    }

    mutating func put(copyOf range: ByteRange, from source: SourceRef) {
        flush()
        instructions.append(.copy(from: source, range: range))
        byteCount += range.count
    }

    mutating func flush() {
        guard !pending.isEmpty else { return }
        instructions.append(.bytes(pending))
        pending = []
    }
}
