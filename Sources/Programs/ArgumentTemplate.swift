import JobModel

/// One argument of a program, or the whole text for a shell, in which placeholders and outputs are filled in for each task.
public struct ArgumentTemplate: Hashable, Sendable {
    enum Part: Hashable, Sendable {
        case literal([UInt8])
        case placeholder(Placeholder, Quoting)
        /// The `--return` of this index stands here whole; see `OutputMentions`.
        case output(Int, Quoting)
    }

    /// As the user wrote it.
    public let text: [UInt8]
    let parts: [Part]

    /// - Parameters:
    ///   - returns: output templates to find in the text; empty for the templates of outputs themselves.
    ///   - isForShell: whether a shell will read the text, so that values must be quoted as the place asks.
    init(
        _ text: [UInt8], hasColumns: Bool, returns: [ArgumentTemplate] = [], isForShell: Bool = false
    ) throws(ProgramError) {
        var found: [(range: Range<Int>, part: Part, isNumber: Bool)] = []
        var place = 0
        let mentions = OutputMentions(text: text, returns: returns)
        while place < text.count {
            if let (index, range) = mentions.mention(at: place) {
                found.append((range, .output(index, .none), false))
                place = range.upperBound
            } else if let (placeholder, length) = Placeholder.leading(text[place...], hasColumns: hasColumns) {
                found.append((place..<(place + length), .placeholder(placeholder, .none), placeholder.isNumber))
                place += length
            } else {
                place += 1
            }
        }
        if isForShell {
            let quotings = try ShellText.quotings(of: text, inserts: found.map { ShellText.Insert(range: $0.range, isNumber: $0.isNumber) })
            for (index, quoting) in quotings.enumerated() {
                switch found[index].part {
                case .literal: break
                case .placeholder(let placeholder, _): found[index].part = .placeholder(placeholder, quoting)
                case .output(let output, _): found[index].part = .output(output, quoting)
                }
            }
        }
        var parts: [Part] = []
        var end = 0
        for (range, part, _) in found {
            if end < range.lowerBound { parts.append(.literal(Array(text[end..<range.lowerBound]))) }
            parts.append(part)
            end = range.upperBound
        }
        if end < text.count { parts.append(.literal(Array(text[end...]))) }
        self.text = text
        self.parts = parts
    }

    /// Whether it says anything of the task.
    public var hasPlaceholder: Bool {
        parts.contains { part in
            switch part {
            case .literal: false
            case .placeholder, .output: true
            }
        }
    }

    /// The outputs it mentions, by their indices.
    var mentionedOutputs: [Int] {
        parts.compactMap { part in
            switch part {
            case .literal, .placeholder: nil
            case .output(let index, _): index
            }
        }
    }

    /// The columns it uses, from 1.
    var columns: [Int] {
        parts.compactMap { part in
            switch part {
            case .placeholder(.value(.column(let column), _), _): column
            case .literal, .output, .placeholder(.value(.argument, _), _), .placeholder(.number, _): nil
            }
        }
    }

    func render(_ task: TaskText) throws(ProgramError) -> [UInt8] {
        var result: [UInt8] = []
        for part in parts {
            switch part {
            case .literal(let bytes): result += bytes
            case .placeholder(let placeholder, let quoting):
                let value = task.value(of: placeholder)
                guard let written = quoting.write(value) else { throw .notANumber(RawPath(bytes: value), placeholder: shown(text)) }
                result += written
            case .output(let index, let quoting):
                guard task.values.outputs.indices.contains(index) else { throw .missingOutput(index: index) }
                let path = task.values.outputs[index].bytes
                // A program would take the name for an option.
                let value = path.first == UInt8(ascii: "-") ? Array("./".utf8) + path : path
                guard let written = quoting.write(value) else { throw .notANumber(RawPath(bytes: value), placeholder: shown(text)) }
                result += written
            }
        }
        return result
    }
}

extension Placeholder {
    var isNumber: Bool {
        switch self {
        case .number: true
        case .value: false
        }
    }
}

/// One task's values, cut into columns once.
struct TaskText {
    let values: ProgramValues
    let columns: [ArraySlice<UInt8>]

    init(_ values: ProgramValues, separator: ColumnSeparator?) {
        self.values = values
        columns = separator?.columns(of: values.argument.bytes) ?? []
    }

    /// Empty for a column that is not there.
    func value(of placeholder: Placeholder) -> [UInt8] {
        switch placeholder {
        case .number(let digits): padded(values.number, digitsMin: digits)
        case .value(.argument, let part): part.of(values.argument.bytes[...])
        case .value(.column(let column), let part): column <= columns.count ? part.of(columns[column - 1]) : []
        }
    }
}
