internal import JobModel

/// Sorts the error texts of libvips and the codecs under it into reasons.
enum DecoderVerdict {
    private static let memory = [
        "out of memory", "unable to malloc", "cannot allocate", "memory allocation", "insufficient memory", "error creating thread",
    ]
    private static let truncated = [
        "premature end", "truncat", "end of file", "unexpected end", "unexpected eof", "end of stream", "read error",
        "not enough data",
        "insufficient data", "short read", "too few", "end-of-file", "beyond end", "incomplete", "bad seek", "seek error",
        "got 0 bytes",
        "read gave", "end of input", "out of bounds", "exceeds file size",
    ]
    private static let tooLarge = [
        "too large", "too big", "exceeds the limit", "too many pixels", "exceeds the maximum", "dimensions exceed",
        "maximum supported image dimension",
    ]
    private static let unsupported = [
        "unsupported", "not supported", "not implemented", "operation is blocked", "no decoding plugin", "unknown codec",
        "compression scheme",
    ]
    private static let notImage = ["not a known file format", "bad magic", "not a jpeg file", "unable to open source"]

    /// What libjpeg warns of when it fills in pixels that the file has lost.
    private static let losses = [
        "premature end of data segment", "bad huffman code", "bad arithmetic code", "instead of rst", "inconsistent progression",
    ]

    static func tellsLoss(_ warning: String) -> Bool {
        let lowered = warning.lowercased()
        return losses.contains { lowered.contains($0) }
    }

    static func failure(for text: String, kind: ImageKind) -> TaskFailure {
        TaskFailure(reason(for: text), "\(kind.rawValue) decoder: \(text.isEmpty ? "no reason given" : text)")
    }

    static func reason(for text: String) -> FailureReason {
        let lowered = text.lowercased()
        func names(_ words: [String]) -> Bool { words.contains { lowered.contains($0) } }
        if names(memory) { return .memory }
        // libjpeg speaks of a "premature end of data segment" where bits in the middle are wrong.
        if names(["premature end of data segment", "corrupt jpeg data"]) { return .damaged }
        if names(truncated) { return .truncated }
        if names(unsupported) { return .unsupported }
        if names(tooLarge) { return .tooLarge }
        if names(notImage) { return .notImage }
        return .damaged
    }
}

extension String {
    /// Whether `part` occurs in this text, byte by byte.
    fileprivate func contains(_ part: String) -> Bool {
        let own = Array(utf8)
        let wanted = Array(part.utf8)
        guard wanted.count <= own.count, let first = wanted.first else { return wanted.isEmpty }
        return (0...(own.count - wanted.count)).contains {
            own[$0] == first && own[$0..<($0 + wanted.count)].elementsEqual(wanted)
        }
    }
}
