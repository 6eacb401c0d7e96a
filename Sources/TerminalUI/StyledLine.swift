/// One line of a frame: texts with styles, cut to the terminal before any escape sequence is put in.
struct StyledLine: Equatable, Sendable {
    enum Style: String, Sendable {
        case plain = ""
        case bold = "1"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case dim = "2"
    }

    private(set) var spans: [Span] = []

    struct Span: Equatable, Sendable {
        var text: String
        var style: Style
    }

    init() {}

    init(_ text: String, _ style: Style = .plain) {
        append(text, style)
    }

    /// Puts a text at the end; control characters in it are made visible.
    mutating func append(_ text: String, _ style: Style = .plain) {
        spans.append(Span(text: DisplayText.harmless(text), style: style))
    }

    var columns: Int { spans.reduce(0) { $0 + DisplayText.columns($1.text) } }

    /// The line in at most this many columns, ending in `…` if something was cut off.
    func cut(to columnsMax: Int) -> StyledLine {
        guard columns > columnsMax else { return self }
        var result = StyledLine()
        var room = columnsMax
        for span in spans {
            let width = DisplayText.columns(span.text)
            // The last column is kept for the ellipsis, which some later span is going to need.
            guard width < room else {
                result.spans.append(Span(text: DisplayText.cut(span.text + " ", to: room), style: span.style))
                break
            }
            result.spans.append(span)
            room -= width
        }
        return result
    }

    func text(colour: Bool) -> String {
        spans.map { span in
            colour && span.style != .plain ? "\u{1B}[\(span.style.rawValue)m\(span.text)\u{1B}[0m" : span.text
        }.joined()
    }
}
