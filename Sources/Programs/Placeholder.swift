/// What a placeholder in a template stands for.
///
/// `{}` the argument, `{.}` without its extension, `{/}` its name, `{//}` its folder, `{/.}` its name without extension; `{1}`, `{1.}`,
/// `{1/}`, `{1//}`, `{1/.}` the same of a column; `{#}` the task's number, `{#4}` with zeros to four digits. Any other text in braces
/// stands for itself, so that `awk '{print $1}'` is left alone; there is no escape, since none of these means anything to common programs.
public enum Placeholder: Hashable, Sendable {
    case value(Source, PathPart)
    /// At least so many digits, 1 to `digitsMax`.
    case number(digitsMin: Int)

    public enum Source: Hashable, Sendable {
        case argument
        /// From 1.
        case column(Int)
    }

    public enum PathPart: Hashable, Sendable {
        case whole, withoutExtension, name, folder, stem
    }

    public static let digitsMax = 20
    public static let columnMax = 9999

    /// The placeholder that `text` begins with and its length in bytes; nil when it begins with none.
    ///
    /// Columns are known only where arguments are split into some.
    static func leading(_ text: ArraySlice<UInt8>, hasColumns: Bool) -> (placeholder: Placeholder, length: Int)? {
        guard text.first == UInt8(ascii: "{"), let end = text.prefix(10).firstIndex(of: UInt8(ascii: "}")) else { return nil }
        let inside = text[(text.startIndex + 1)..<end]
        let length = end + 1 - text.startIndex
        if inside.first == UInt8(ascii: "#") {
            if inside.count == 1 { return (.number(digitsMin: 1), length) }
            guard let digits = count(inside.dropFirst()), digits <= digitsMax else { return nil }
            return (.number(digitsMin: digits), length)
        }
        let column = inside.prefix { isDigit($0) }
        guard let part = part(inside.dropFirst(column.count)) else { return nil }
        if column.isEmpty { return (.value(.argument, part), length) }
        guard hasColumns, let number = count(column), number <= columnMax else { return nil }
        return (.value(.column(number), part), length)
    }

    static func stands(in text: [UInt8], hasColumns: Bool) -> Bool {
        text.indices.contains { leading(text[$0...], hasColumns: hasColumns) != nil }
    }

    private static func part(_ text: ArraySlice<UInt8>) -> PathPart? {
        switch String(decoding: text, as: UTF8.self) {
        case "": .whole
        case ".": .withoutExtension
        case "/": .name
        case "//": .folder
        case "/.": .stem
        default: nil
        }
    }

    /// A number from 1 up without zeros before it.
    private static func count(_ digits: ArraySlice<UInt8>) -> Int? {
        guard (1...4).contains(digits.count), digits.first != UInt8(ascii: "0"), digits.allSatisfy(isDigit) else { return nil }
        return Int(String(decoding: digits, as: UTF8.self))
    }
}

extension Placeholder.PathPart {
    /// This part of `path`: slashes at its end are not seen, except in the whole; leading dots begin no extension.
    func of(_ path: ArraySlice<UInt8>) -> [UInt8] {
        if self == .whole { return Array(path) }
        var path = path
        while path.count > 1, path.last == slash { path = path.dropLast() }
        let isRoot = path.elementsEqual([slash])
        let name = isRoot ? path : path[(path.lastIndex(of: slash).map { $0 + 1 } ?? path.startIndex)...]
        let visible = name.firstIndex { $0 != dot } ?? name.endIndex
        let cut = name[visible...].lastIndex(of: dot) ?? name.endIndex
        switch self {
        case .whole: return Array(path)
        case .name: return Array(name)
        case .stem: return Array(name[..<cut])
        case .withoutExtension: return Array(path[..<cut])
        case .folder:
            if isRoot { return [slash] }
            var folder = path[..<name.startIndex]
            if folder.isEmpty { return [dot] }
            while folder.count > 1, folder.last == slash { folder = folder.dropLast() }
            return Array(folder)
        }
    }
}

/// `number` with zeros to `digitsMin` digits, the sign before them.
func padded(_ number: Int64, digitsMin: Int) -> [UInt8] {
    let digits = Array(String(number.magnitude).utf8)
    let zeros = [UInt8](repeating: UInt8(ascii: "0"), count: max(0, digitsMin - digits.count))
    return (number < 0 ? [UInt8(ascii: "-")] : []) + zeros + digits
}

func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

let slash = UInt8(ascii: "/")
let dot = UInt8(ascii: ".")
