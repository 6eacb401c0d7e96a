import JobModel

/// A line of a manifest, as `sha256sum` writes and reads it: 64 hexadecimal digits and a name.
struct ManifestLine: Hashable, Sendable {
    var digest: Digest256
    var path: RawPath

    /// With the line feed at its end.
    ///
    /// Coreutils' escape: a backslash before the line says that backslash, line feed and carriage return in the name are
    /// written `\\`, `\n` and `\r`.
    var bytes: [UInt8] {
        let needsEscape = path.bytes.contains { $0 == backslash || $0 == lineFeed || $0 == carriageReturn }
        let name = path.bytes.flatMap { byte -> [UInt8] in
            switch byte {
            case backslash: [backslash, backslash]
            case lineFeed: [backslash, 0x6E]
            case carriageReturn: [backslash, 0x72]
            default: [byte]
            }
        }
        return (needsEscape ? [backslash] : []) + Array(digest.hex.utf8) + [0x20, 0x20] + name + [lineFeed]
    }
}

/// Reads the lines of one manifest; takes the three forms `sha256sum -c` takes (coreutils 9.1).
///
/// - `DIGEST  NAME` and `DIGEST *NAME`,
/// - `DIGEST NAME`, the older form of BSD; a file has either this or the one above,
/// - `SHA256 (NAME) = DIGEST`, what `--tag` and BSD write.
struct ManifestGrammar {
    enum Line: Hashable {
        case file(ManifestLine)
        /// Empty, or a comment behind `#`.
        case nothing
        case malformed
    }

    private enum Form { case twoCharacters, oneBlank }
    /// Decided by the first line that shows it.
    private var form: Form?

    private static let digitCount = 64

    /// - Parameter line: without its line feed.
    mutating func read(_ line: ArraySlice<UInt8>) -> Line {
        if line.first == 0x23 { return .nothing }
        let line = line.last == carriageReturn ? line.dropLast() : line
        if line.isEmpty { return .nothing }
        var rest = line.drop(while: isBlank)
        let isEscaped = rest.first == backslash
        if isEscaped { rest = rest.dropFirst() }
        let named = rest.starts(with: "SHA256".utf8) ? Self.tagged(rest) : digestFirst(rest)
        // No name holds a NUL, and "-" is standard input to sha256sum.
        guard let (digits, name) = named, let digest = Self.digest(digits), let path = isEscaped ? Self.unescaped(name) : Array(name),
            !path.isEmpty, path != [0x2D], !path.contains(0)
        else { return .malformed }
        return .file(ManifestLine(digest: digest, path: RawPath(bytes: path)))
    }

    private mutating func digestFirst(_ rest: ArraySlice<UInt8>) -> (digits: ArraySlice<UInt8>, name: ArraySlice<UInt8>)? {
        let digits = rest.prefix(Self.digitCount)
        let behind = rest.dropFirst(Self.digitCount)
        guard Self.digest(digits) != nil, let blank = behind.first, isBlank(blank), behind.count >= 2 else { return nil }
        let name = behind.dropFirst()
        if name.count == 1 || (name.first != 0x20 && name.first != 0x2A) {
            if form == .twoCharacters { return nil }
            form = .oneBlank
            return (digits, name)
        }
        if form == .oneBlank { return (digits, name) }
        form = .twoCharacters
        return (digits, name.dropFirst())
    }

    private static func tagged(_ rest: ArraySlice<UInt8>) -> (digits: ArraySlice<UInt8>, name: ArraySlice<UInt8>)? {
        var rest = rest.dropFirst(6)
        if rest.first == 0x20 { rest = rest.dropFirst() }
        guard rest.first == 0x28, let end = rest.lastIndex(of: 0x29) else { return nil }
        let behind = rest[(end + 1)...].drop(while: isBlank)
        guard behind.first == 0x3D else { return nil }
        return (behind.dropFirst().drop(while: isBlank), rest[(rest.startIndex + 1)..<end])
    }

    private static func digest(_ digits: ArraySlice<UInt8>) -> Digest256? {
        guard digits.count == digitCount else { return nil }
        var bytes: [UInt8] = []
        var high: UInt8?
        for digit in digits {
            guard let value = hexValue(digit) else { return nil }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return Digest256(bytes: bytes)
    }

    private static func unescaped(_ name: ArraySlice<UInt8>) -> [UInt8]? {
        var result: [UInt8] = []
        var rest = name
        while let byte = rest.popFirst() {
            guard byte == backslash else {
                result.append(byte)
                continue
            }
            switch rest.popFirst() {
            case backslash: result.append(backslash)
            case 0x6E: result.append(lineFeed)
            case 0x72: result.append(carriageReturn)
            default: return nil
            }
        }
        return result
    }
}

private let backslash: UInt8 = 0x5C
private let lineFeed: UInt8 = 0x0A
private let carriageReturn: UInt8 = 0x0D

private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

private func hexValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case 0x30...0x39: digit - 0x30
    case 0x41...0x46: digit - 0x41 + 10
    case 0x61...0x66: digit - 0x61 + 10
    default: nil
    }
}
