import JobModel
import LinuxSystem
import Recipes
import Yams

/// Reads a YAML file a person wrote into a value tree, which keeps line and column for every error.
enum YAMLReading {
    static let fileBytesMax = 1 << 20

    /// - Parameter what: for messages, such as `recipe`.
    /// - Returns: nil for a file without any value.
    static func read(_ path: RawPath, what: String) throws(HeadError) -> RecipeValue? {
        try value(of: try text(path, what: what), place: path.display)
    }

    static func text(_ path: RawPath, what: String) throws(HeadError) -> String {
        let bytes: [UInt8]
        do throws(SystemError) {
            // In pieces and without offsets: it may come from a pipe.
            let file = try OpenFile(path, .read)
            var read: [UInt8] = []
            while read.count <= fileBytesMax {
                let more = try file.readAvailable(countMax: 1 << 16)
                if more.isEmpty { break }
                read += more
            }
            bytes = read
        } catch {
            throw .usage("the \(what) cannot be read: \(error)")
        }
        guard bytes.count <= fileBytesMax else {
            throw .usage("\(path) has more than \(fileBytesMax) bytes; a \(what) is a short YAML file")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .usage("\(path): a \(what) is UTF-8 text") }
        return text
    }

    /// - Parameter place: the file, as errors name it.
    static func value(of text: String, place path: String) throws(HeadError) -> RecipeValue? {
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw .usage("\(path)\(place(of: error, in: text))")
        } catch {
            throw .usage("\(path): this is no YAML: \(error)")
        }
        guard let node else { return nil }
        var nodesLeft = nodesMax
        return value(node, depth: 0, nodesLeft: &nodesLeft)
    }

    /// `:LINE:COLUMN: this is no YAML: what the parser says; what to do`, as far as it is known.
    private static func place(of error: YamlError, in text: String) -> String {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
            let cure = YAMLSlip.cure(of: problem, in: text, near: mark.line).map { "; \($0)" } ?? ""
            return ":\(mark.line):\(mark.column): this is no YAML: \(problem)\(cure)"
        case .duplicatedKeysInMapping(let names, let context):
            let named = names.sorted().map { "'\($0)'" }.joined(separator: ", ")
            return ":\(context.mark.line):\(context.mark.column): in the map that begins here \(named) is given twice; keep one, or begin each action with a dash"
        case .reader(let problem, _, _, _): return ": this is no YAML: \(problem)"
        case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded: return ": this is no YAML: \(error)"
        }
    }

    /// Aliases can make a short file endless; past these limits a value is an empty scalar, which no field accepts.
    private static let depthMax = 20
    private static let nodesMax = 100_000

    private static func value(_ node: Node, depth: Int, nodesLeft: inout Int) -> RecipeValue {
        let line = node.mark?.line ?? 1
        let column = node.mark?.column ?? 1
        nodesLeft -= 1
        guard depth < depthMax, nodesLeft > 0 else { return RecipeValue(.scalar(""), line: line, column: column) }
        switch node {
        case .scalar(let scalar): return RecipeValue(.scalar(scalar.string), line: line, column: column)
        case .sequence(let sequence):
            var items: [RecipeValue] = []
            for item in sequence { items.append(value(item, depth: depth + 1, nodesLeft: &nodesLeft)) }
            return RecipeValue(.list(items), line: line, column: column)
        case .mapping(let mapping):
            var entries: [RecipeValue.Entry] = []
            for (key, item) in mapping {
                entries.append(
                    RecipeValue.Entry(
                        name: key.string ?? "", line: key.mark?.line ?? line, column: key.mark?.column ?? column,
                        value: value(item, depth: depth + 1, nodesLeft: &nodesLeft)))
            }
            return RecipeValue(.map(entries), line: line, column: column)
        case .alias: return RecipeValue(.scalar(""), line: line, column: column)
        }
    }
}
