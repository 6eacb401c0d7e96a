/// A file name or path exactly as the system spells it: any bytes but NUL.
///
/// Swift strings cannot hold names that are not UTF-8, and an archive has such names. A `RawPath` is compared
/// and ordered by its bytes; `display` is for people only and never opened again.
public struct RawPath: Hashable, Comparable, Sendable {
    /// The bytes without a terminating NUL.
    public var bytes: [UInt8]

    public init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The UTF-8 bytes of `text`.
    public init(_ text: String) {
        bytes = Array(text.utf8)
    }

    public static func < (left: RawPath, right: RawPath) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }

    public var isEmpty: Bool { bytes.isEmpty }
    public var isAbsolute: Bool { bytes.first == slash }

    /// What follows the last `/`; the whole path if there is none.
    public var lastComponent: RawPath {
        guard let cut = bytes.lastIndex(of: slash) else { return self }
        return RawPath(bytes: Array(bytes[(cut + 1)...]))
    }

    /// What precedes the last `/`: `/` for a name in the root, empty for a bare name.
    public var parent: RawPath {
        guard let cut = bytes.lastIndex(of: slash) else { return RawPath(bytes: []) }
        return RawPath(bytes: cut == 0 ? [slash] : Array(bytes[..<cut]))
    }

    /// The last component up to its last `.`; a leading dot does not begin an extension.
    public var stem: RawPath {
        let name = lastComponent.bytes
        guard let dot = name.lastIndex(of: 0x2E), dot > 0 else { return RawPath(bytes: name) }
        return RawPath(bytes: Array(name[..<dot]))
    }

    /// The last component behind its last `.`, in its own spelling; nil when it has none.
    public var fileExtension: RawPath? {
        let name = lastComponent.bytes
        guard let dot = name.lastIndex(of: 0x2E), dot > 0, dot + 1 < name.count else { return nil }
        return RawPath(bytes: Array(name[(dot + 1)...]))
    }

    /// The extension with ASCII letters in lower case; empty when there is none.
    public var lowercasedExtension: String {
        guard let ending = fileExtension else { return "" }
        return String(decoding: ending.bytes.map(asciiLowercased), as: UTF8.self)
    }

    /// This path with `name` put behind it; an absolute `name` stands alone.
    public func appending(_ name: RawPath) -> RawPath {
        if name.isAbsolute || bytes.isEmpty { return name }
        if name.bytes.isEmpty { return self }
        return RawPath(bytes: bytes.last == slash ? bytes + name.bytes : bytes + [slash] + name.bytes)
    }

    public func appending(_ name: String) -> RawPath { appending(RawPath(name)) }

    /// Whether this path is `folder` or lies below it, compared component by component.
    public func isInside(_ folder: RawPath) -> Bool {
        if folder.bytes == [slash] { return isAbsolute }
        guard bytes.starts(with: folder.bytes) else { return false }
        return bytes.count == folder.bytes.count || bytes[folder.bytes.count] == slash
    }

    /// The part below `folder`, without a leading slash; nil when this path is not inside it.
    public func relative(to folder: RawPath) -> RawPath? {
        guard isInside(folder) else { return nil }
        return RawPath(bytes: Array(bytes.dropFirst(folder.bytes.count).drop { $0 == slash }))
    }

    /// The path without `.` components, doubled slashes and a slash at the end; `..` is kept, since a link may stand before it.
    public var normalized: RawPath {
        var parts = bytes.split(separator: slash, omittingEmptySubsequences: true)
        parts.removeAll { $0.elementsEqual([0x2E]) }
        var result: [UInt8] = isAbsolute ? [slash] : []
        for (index, part) in parts.enumerated() {
            if index > 0 { result.append(slash) }
            result.append(contentsOf: part)
        }
        return RawPath(bytes: result.isEmpty && !bytes.isEmpty ? [0x2E] : result)
    }

    /// The path for a person: valid UTF-8 as it is, other bytes and control characters as `\xNN`.
    public var display: String {
        if let text = utf8Text, !bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) { return text }
        var text = ""
        var rest = bytes[...]
        while let first = rest.first {
            let length = utf8Length(rest)
            if length == 0 || first < 0x20 || first == 0x7F {
                text += "\\x" + hexByte(first)
                rest = rest.dropFirst()
            } else {
                text += String(decoding: rest.prefix(length), as: UTF8.self)
                rest = rest.dropFirst(length)
            }
        }
        return text
    }

    /// The path as a string if it is UTF-8, else nil.
    public var utf8Text: String? { String(validating: bytes, as: UTF8.self) }
}

extension RawPath: CustomStringConvertible {
    public var description: String { display }
}

private let slash: UInt8 = 0x2F

private func asciiLowercased(_ byte: UInt8) -> UInt8 {
    (0x41...0x5A).contains(byte) ? byte + 0x20 : byte
}

private func hexByte(_ byte: UInt8) -> String {
    let digits = Array("0123456789abcdef")
    return String([digits[Int(byte >> 4)], digits[Int(byte & 15)]])
}

/// The length in bytes of the well-formed UTF-8 sequence that `bytes` starts with; 0 if it starts with none.
private func utf8Length(_ bytes: ArraySlice<UInt8>) -> Int {
    for length in 1...4 where length <= bytes.count {
        if String(validating: bytes.prefix(length), as: UTF8.self) != nil { return length }
    }
    return 0
}
