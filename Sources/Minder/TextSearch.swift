import LinuxSystem

/// Looks for texts in a stream that comes in pieces, also across their borders.
struct TextSearch {
    private let texts: [[UInt8]]
    private let tailBytesMax: Int
    private var tail: [UInt8] = []
    /// The first text that was found, by its place among those looked for.
    private(set) var found: Int?

    init(_ texts: [[UInt8]]) {
        self.texts = texts
        tailBytesMax = max(0, (texts.map(\.count).max() ?? 0) - 1)
    }

    /// Takes the first `count` bytes of `bytes`.
    mutating func take(_ bytes: [UInt8], count: Int) {
        guard found == nil, !texts.isEmpty else { return }
        if !tail.isEmpty {
            let border = tail + bytes[..<min(count, tailBytesMax)]
            found = texts.firstIndex { ByteSearch.contains($0, in: border, count: border.count) }
        }
        if found == nil { found = texts.firstIndex { ByteSearch.contains($0, in: bytes, count: count) } }
        tail = count >= tailBytesMax ? Array(bytes[(count - tailBytesMax)..<count]) : Array((tail + bytes[..<count]).suffix(tailBytesMax))
    }
}
