import JobModel

/// Reads small stretches of a source through one window, so that walking a structure does not cost a system call a field.
struct WindowReader<Source: ByteSource> {
    let source: Source
    private let windowBytes: UInt64
    private var start: UInt64 = 0
    private var window: [UInt8] = []

    init(_ source: Source, windowBytes: UInt64 = 16_384) {
        self.source = source
        self.windowBytes = windowBytes
    }

    var byteCount: UInt64 { source.byteCount }

    mutating func byte(at offset: UInt64) throws(ImageFileError) -> UInt8 {
        try fill(offset, 1)
        return window[Int(offset - start)]
    }

    mutating func bytes(at offset: UInt64, count: Int) throws(ImageFileError) -> [UInt8] {
        if count == 0 { return [] }
        try fill(offset, UInt64(count))
        let first = Int(offset - start)
        return Array(window[first..<(first + count)])
    }

    /// Up to `count` bytes: fewer where the source ends.
    mutating func prefix(at offset: UInt64, count: Int) throws(ImageFileError) -> [UInt8] {
        guard offset < byteCount else { return [] }
        return try bytes(at: offset, count: Int(min(UInt64(count), byteCount - offset)))
    }

    private mutating func fill(_ offset: UInt64, _ count: UInt64) throws(ImageFileError) {
        if offset >= start, offset - start <= UInt64(window.count), UInt64(window.count) - (offset - start) >= count { return }
        guard offset <= byteCount, byteCount - offset >= count else {
            throw .truncated("the file ends at byte \(byteCount), its structure goes on at \(offset)")
        }
        window = try source.read(ByteRange(offset: offset, count: min(max(count, windowBytes), byteCount - offset)))
        start = offset
    }
}

extension ByteSource {
    /// Whether `range` lies inside the source, without overflow.
    func contains(_ range: ByteRange) -> Bool {
        range.offset <= byteCount && byteCount - range.offset >= range.count
    }
}
