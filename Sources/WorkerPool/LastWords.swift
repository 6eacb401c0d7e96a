/// The end of what a worker wrote to its standard error, for the message about its death.
struct LastWords {
    static let bytesMax = 4096
    /// What fits into a failure's line beside its cause.
    static let textBytesMax = 300
    private var bytes: [UInt8] = []

    var isEmpty: Bool { bytes.isEmpty }

    mutating func add(_ more: ArraySlice<UInt8>) {
        bytes.append(contentsOf: more.suffix(Self.bytesMax))
        if bytes.count > Self.bytesMax { bytes.removeFirst(bytes.count - Self.bytesMax) }
    }

    mutating func clear() {
        bytes.removeAll(keepingCapacity: true)
    }

    /// The last lines as one, most recent kept, without control characters: it comes from a program run on strangers' files
    /// and is shown on a terminal.
    var text: String {
        let lines = bytes.split { $0 == 0x0A || $0 == 0x0D }.map { line in
            String(decoding: line.suffix(Self.textBytesMax), as: UTF8.self).unicodeScalars.map { scalar in
                scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
                    ? "?" : String(scalar)
            }.joined()
        }
        var text = ""
        for line in lines.reversed() {
            let longer = text.isEmpty ? line : line + "; " + text
            if longer.utf8.count > Self.textBytesMax { break }
            text = longer
        }
        // One line too long for the limit: its end, at most 4 bytes a character.
        if text.isEmpty, let last = lines.last {
            text = String(last.unicodeScalars.suffix(Self.textBytesMax / 4).map(Character.init))
        }
        return text
    }
}
