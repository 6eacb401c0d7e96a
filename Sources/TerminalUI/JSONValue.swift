public import JobModel

/// A JSON text (RFC 8259) to be written: what `--json`, progress events and reports are made of.
///
/// Keys keep the order they are given in, so that equal values are equal bytes.
public enum JSONValue: Sendable {
    case object([(String, JSONValue)])
    case array([JSONValue])
    case string(String)
    case integer(Int)
    /// Written with as few digits as give the same number back; not-a-number and infinity, which JSON has not, become null.
    case number(Double)
    case bool(Bool)
    case null

    /// A size or count; a value above Int.max is written as Int.max.
    public static func size(_ value: UInt64) -> JSONValue { .integer(Int(clamping: value)) }

    /// A string or null.
    public static func optional(_ text: String?) -> JSONValue { text.map(JSONValue.string) ?? .null }

    /// The path with U+FFFD in place of bytes that are not UTF-8; `pathFields` adds the exact bytes.
    public static func path(_ path: RawPath) -> JSONValue { .string(String(decoding: path.bytes, as: UTF8.self)) }

    /// The members `key` and, if the path is not UTF-8, `key_base64` with its exact bytes.
    public static func pathFields(_ key: String, _ path: RawPath) -> [(String, JSONValue)] {
        guard path.utf8Text == nil else { return [(key, .path(path))] }
        return [(key, .path(path)), (key + "_base64", .string(Base64.encode(path.bytes)))]
    }

    /// The member `key`, an array, and if one of the paths is not UTF-8, `key_base64` with all of them.
    public static func pathsFields(_ key: String, _ paths: [RawPath]) -> [(String, JSONValue)] {
        let fields = [(key, JSONValue.array(paths.map(path)))]
        if paths.allSatisfy({ $0.utf8Text != nil }) { return fields }
        return fields + [(key + "_base64", .array(paths.map { .string(Base64.encode($0.bytes)) }))]
    }

    /// One line without a line feed at its end.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The same as UTF-8.
    public var bytes: [UInt8] {
        var result: [UInt8] = []
        write(to: &result, indent: nil)
        return result
    }

    /// Indented by two blanks a level, without a line feed at its end.
    public var prettyText: String {
        var result: [UInt8] = []
        write(to: &result, indent: 0)
        return String(decoding: result, as: UTF8.self)
    }

    private func write(to result: inout [UInt8], indent: Int?) {
        switch self {
        case .object(let members):
            Self.writeList(members, in: (0x7B, 0x7D), to: &result, indent: indent) { member, result, indent in
                Self.writeString(member.0, to: &result)
                result.append(0x3A)
                if indent != nil { result.append(0x20) }
                member.1.write(to: &result, indent: indent)
            }
        case .array(let elements):
            Self.writeList(elements, in: (0x5B, 0x5D), to: &result, indent: indent) { element, result, indent in
                element.write(to: &result, indent: indent)
            }
        case .string(let text): Self.writeString(text, to: &result)
        case .integer(let value): result.append(contentsOf: String(value).utf8)
        case .number(let value): result.append(contentsOf: (value.isFinite ? value.description : "null").utf8)
        case .bool(let value): result.append(contentsOf: (value ? "true" : "false").utf8)
        case .null: result.append(contentsOf: "null".utf8)
        }
    }

    private static func writeList<Element>(
        _ elements: [Element], in brackets: (UInt8, UInt8), to result: inout [UInt8], indent: Int?,
        each: (Element, inout [UInt8], Int?) -> Void
    ) {
        result.append(brackets.0)
        for (position, element) in elements.enumerated() {
            if position > 0 { result.append(0x2C) }
            if let indent { newLine(indent + 1, to: &result) }
            each(element, &result, indent.map { $0 + 1 })
        }
        if let indent, !elements.isEmpty { newLine(indent, to: &result) }
        result.append(brackets.1)
    }

    private static func newLine(_ level: Int, to result: inout [UInt8]) {
        result.append(0x0A)
        result.append(contentsOf: repeatElement(0x20, count: 2 * level))
    }

    private static func writeString(_ text: String, to result: inout [UInt8]) {
        let hex = Array("0123456789abcdef".utf8)
        result.append(0x22)
        for byte in text.utf8 {
            switch byte {
            case 0x22, 0x5C: result += [0x5C, byte]
            case 0x0A: result += [0x5C, 0x6E]
            case 0x0D: result += [0x5C, 0x72]
            case 0x09: result += [0x5C, 0x74]
            case 0x00..<0x20, 0x7F: result += [0x5C, 0x75, 0x30, 0x30, hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            default: result.append(byte)
            }
        }
        result.append(0x22)
    }
}
