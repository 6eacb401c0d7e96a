@testable import HeadNode
import Testing

@Suite("Slips in YAML")
struct YAMLSlipTests {
    private func refusal(_ text: String) -> String {
        do throws(HeadError) {
            let value = try YAMLReading.value(of: text, place: "r.yaml")
            return "read as \(String(describing: value))"
        } catch { return "\(error)" }
    }

    @Test(
        "Text that is no YAML is refused in one line, with its place and what to do about it",
        arguments: [
            ("actions:\n\t- shrink: 1600\n", "r.yaml:2:1: this is no YAML: ", "line 2: there is a tab before the text; YAML takes blanks only"),
            ("actions:\n  - crop:\n\twidth: 1\n", "r.yaml:3:1: this is no YAML: ", "line 3: there is a tab before the text; YAML takes blanks only"),
            ("actions:\n  -shrink: 1600\n  -flip\n", "r.yaml:4:1: this is no YAML: ", "line 3: a blank belongs behind the dash: - flip"),
            (
                "actions:\n  - border: {width: 3, colour: #ff0000}\n", "r.yaml:3:1: this is no YAML: ",
                "line 2: what follows # is a comment; put a colour in quotes: '#ff0000'"
            ),
            (
                "actions:\n  - text: {year} {month}\n", "r.yaml:2:18: this is no YAML: ",
                "line 2: put a text that begins with a brace in quotes: '{year}'"
            ),
            ("actions:\n  - text: %x\n", "r.yaml:2:11: this is no YAML: ", "line 2: put a text that begins with % in quotes"),
            ("actions:\n  - text: 'it's mine'\n", "r.yaml:2:15: this is no YAML: ", "line 2: put a text with an apostrophe in double quotes"),
            ("actions:\n  - save: {format: jpeg\n", "r.yaml:3:1: this is no YAML: ", "line 2: a brace is not closed"),
            (
                "actions:\n  - text: {text: hello} # caption\n  - save: {format: jpeg\n", "r.yaml:4:1: this is no YAML: ",
                "line 3: a brace is not closed"
            ),
            ("actions:\n  - text: \"a\n", "r.yaml:3:1: this is no YAML: ", "line 2: a quote is not closed"),
            ("actions:\n  auto-orient\n  shrink: 1600\n", "r.yaml:3:9: this is no YAML: ", "put a text with a colon and a blank in quotes"),
            (
                "actions:\n  - shrink: 1600\nactions:\n  - flip: horizontal\n", "r.yaml:1:1: in the map that begins here 'actions' is given twice",
                "begin each action with a dash"
            ),
        ])
    func cures(_ text: String, _ beginning: String, _ end: String) {
        let line = refusal(text)
        #expect(line.hasPrefix(beginning), "\(line)")
        #expect(line.hasSuffix(end), "\(line)")
        #expect(!line.contains("\n"), "\(line)")
    }
}
