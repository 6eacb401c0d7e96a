public import JobModel
import LinuxSystem
import Recipes
import TerminalUI

/// `quire recipe list|show|new|check|schema`.
public struct RecipeTasks {
    private let library: RecipeLibrary

    public init() { library = RecipeLibrary() }

    init(library: RecipeLibrary) { self.library = library }

    /// JSON: an array of `name`, `path` (null for one that comes with quire), `actions` (array of text) or `error`.
    public func list(printsJSON: Bool) throws(HeadError) -> ExitStatus {
        var rows: [[String]] = []
        var values: [JSONValue] = []
        for source in try library.all() {
            var fields: [(String, JSONValue)] = [("name", .string(source.name))]
            fields += source.path.map { JSONValue.pathFields("path", $0) } ?? [("path", .null)]
            do throws(HeadError) {
                let sentences = try library.file(source).recipe.sentences
                rows.append([source.name, source.path == nil ? "ready-made" : "own", sentences.joined(separator: ", ")])
                fields.append(("actions", .array(sentences.map(JSONValue.string))))
            } catch {
                rows.append([source.name, "own", "\(error)"])
                fields.append(("error", .string("\(error)")))
            }
            values.append(.object(fields))
        }
        if printsJSON {
            try FactsOutput.write(JSONValue.array(values).prettyText + "\n")
        } else {
            let width = rows.map(\.[0].count).max() ?? 0
            let lines = rows.map { row in
                row[0] + String(repeating: " ", count: width - row[0].count + 2) + (row[1] == "own" ? "own         " : "ready-made  ") + row[2]
            }
            try FactsOutput.write(lines.map { $0 + "\n" }.joined())
        }
        return .done
    }

    /// The recipe as it was written.
    public func show(_ word: RawPath) throws(HeadError) -> ExitStatus {
        let source = try library.source(word)
        try FactsOutput.write(try RecipeFileReading.text(source))
        return .done
    }

    /// Writes a recipe to begin with, from another one if that is named, and never over a file.
    public func new(_ name: String, from origin: RawPath?) throws(HeadError) -> ExitStatus {
        let path = try library.place(ofNew: name)
        let text = if let origin { Self.named(path.stem, try RecipeFileReading.text(try library.source(origin))) } else { Self.beginning }
        try system("write the recipe \(path)") { () throws(SystemError) in
            if !path.parent.isEmpty { try FileOperation.createFolders(path.parent) }
        }
        do throws(SystemError) {
            let file = try OpenFile(path, .create(mode: 0o666))
            try file.write(Array(text.utf8), at: 0)
        } catch {
            if error.isExisting { throw .usage("\(path) is there already; choose another name, or edit it") }
            throw .system(doing: "write the recipe \(path)", error)
        }
        let use = path.parent == library.folder ? path.stem.display : path.display
        try FactsOutput.write("\(path)\nedit it, then: quire recipe check \(use)    quire run INPUT... --recipe \(use) -o FOLDER\n")
        return .done
    }

    /// The recipe with another `name`, where it has one on a line of its own; all other lines as they were written.
    private static func named(_ name: RawPath, _ text: String) -> String {
        let bytes = Array(text.utf8)
        let key = Array("name:".utf8)
        let starts = [0] + bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }.map { $0 + 1 }
        guard let start = starts.first(where: { bytes[$0...].starts(with: key) }) else { return text }
        let end = bytes[start...].firstIndex { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") } ?? bytes.count
        // A text that goes on below is left alone.
        guard let first = bytes[(start + key.count)..<end].first(where: { $0 != UInt8(ascii: " ") }), !"|>#".utf8.contains(first) else { return text }
        // A JSON string is one of YAML too, whatever it holds.
        let line = key + Array(" \(JSONValue.string(name.display).text)".utf8)
        return String(decoding: bytes[..<start] + line + bytes[end...], as: UTF8.self)
    }

    /// Says of each whether it can be used; a usage error where one cannot, with place and nearest name.
    public func check(_ words: [RawPath]) throws(HeadError) -> ExitStatus {
        var status = ExitStatus.done
        for word in words {
            do throws(HeadError) {
                let source = try library.source(word)
                let recipe = try library.file(source).recipe
                try Self.checkAssets(of: recipe, source)
                try FactsOutput.write("\(source.place): OK\n" + recipe.sentences.map { "  \($0)\n" }.joined())
            } catch {
                if case .output = error { throw error }
                status = .usage
                Terminal.writeError(Array("\(error)\n".utf8))
            }
        }
        return status
    }

    private static func checkAssets(of recipe: Recipe, _ source: RecipeLibrary.Source) throws(HeadError) {
        do throws(HeadError) {
            _ = try RecipeAssets.read(recipe, seenFrom: source.path?.parent ?? RawPath("."))
        } catch {
            guard case .usage(let text) = error else { throw error }
            throw .usage("\(source.place): \(text)")
        }
    }

    public func schema() throws(HeadError) -> ExitStatus {
        try FactsOutput.write(RecipeSchema.json.prettyText + "\n")
        return .done
    }

    /// What `new` writes.
    static let beginning = """
        # A recipe for quire: what is done to every picture, in this order.
        # 'quire run --help' lists all actions with their fields; 'quire recipe check FILE' says what is wrong.
        # A field takes numbers (1600), shares (50%), lengths (2.5cm) or arithmetic ('min(width, height) / 2');
        # texts take variables ('{exif:Artist|unknown} {year}').
        actions:
          - auto-orient                 # turn it upright
          - shrink: 1600                # the long side, in pixels; never enlarges
          # - crop: {size: 100%x80%, gravity: north}
          # - border: {width: 2%, colour: white}
          - strip: gps                  # none, gps or all
          - save: {format: jpeg, quality: 85}
          # More saves make more files of each picture, as it is at that point of the list:
          # - shrink: 200
          # - save: {format: jpeg, name: '{subdir}/{stem}_thumb.{ext}', in: thumbs}

        # pdf: {page-size: a4, margin: 10mm}    # for --pdf

        """
}
