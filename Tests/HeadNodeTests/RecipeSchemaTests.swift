import Foundation
import JobModel
import Recipes
import TerminalUI
import Testing

@testable import HeadNode

@Suite("Recipes by name, and their schema")
struct RecipeSchemaTests {
    /// Whether the parser takes it.
    private func isRead(_ text: String) -> Bool {
        do {
            let value = try #require(try YAMLReading.value(of: text, place: "r.yaml"))
            _ = try RecipeFile(parsing: value, file: "r.yaml")
            return true
        } catch {
            return false
        }
    }

    /// What python3-jsonschema says of each text, all in one process.
    private func verdicts(_ texts: [String]) throws -> [Bool] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = [
            "-c",
            """
            import json,sys,jsonschema
            schema,texts=json.load(sys.stdin)
            jsonschema.Draft202012Validator.check_schema(schema)
            v=jsonschema.Draft202012Validator(schema)
            print(json.dumps([v.is_valid(json.loads(t)) for t in texts]))
            """,
        ]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let list = try JSONEncoder().encode(texts)
        try input.fileHandleForWriting.write(contentsOf: Data("[\(RecipeSchema.json.text),".utf8) + list + Data("]".utf8))
        try input.fileHandleForWriting.close()
        let said = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return try JSONDecoder().decode([Bool].self, from: said)
    }

    /// JSON is YAML too, so both can be asked about one text.
    private static let slips = [
        #"{"actions": [{"shrimk": 1600}]}"#, #"{"actoins": []}"#, #"{"actions": [{"save": {"png-compression": 12}}]}"#, #"{"actions": [{"save": {"quality": 101}}]}"#,
        #"{"actions": [{"save": {"format": "bmp"}}]}"#, #"{"actions": [{"strip": "none", "flip": "vertical"}]}"#, #"{"actions": [{"flip": "sideways"}]}"#,
        #"{"actions": ["shrink"]}"#, #"{"actions": {"shrink": 5}}"#, #"{"actions": [{"save": {"progressive": "perhaps"}}]}"#, #"{"pdf": {"pages": 3}}"#,
        ##"{"actions": [{"flatten": {"background": "#12345"}}]}"##, #"{"actions": [{"keep": []}]}"#, #"{"actions": [["shrink"]]}"#,
        #"{"actions": [{"blur": {"sigma": -1}}]}"#, #"{"actions": [{"median": 4}]}"#, #"{"actions": [{"border": 0}]}"#,
        #"{"actions": [{"crop": {"size": "9x9", "left": -5}}]}"#, #"{"actions": [{"shadow": {"x": -5000}}]}"#,
        #"{"actions": [{"scale": {"width": 10000001}}]}"#, #"{"actions": [{"rotate": {"degrees": 5, "background": "lime"}}]}"#,
        #"{"actions": [{"save": {"format": "jpeg", "size-max": "200XB"}}]}"#, #"{"pdf": {"pdfa": "perhaps"}}"#, #"{"pdf": {"volume-pages": 0}}"#,
    ]
    private static let recipes = [
        #"{"actions": [{"rotate": 90}, {"shrink": "50%"}, {"save": {"format": "JPG", "quality": "80", "progressive": true}}]}"#,
        #"{"actions": ["auto-orient", "grayscale", {"flatten": {"background": "Gray"}}, {"keep": "exif,icc"}, {"keep": ["EXIF"]}]}"#,
        #"{"name": 5, "actions": [{"fit": {"size": "80x60", "gravity": "Center"}}, {"border": {"width": "2cm", "color": "red"}}]}"#,
        #"{"actions": [{"crop": {"width": "min(width, height) / 2", "height": 10}}, {"save": {}}], "pdf": {"page-size": "a4"}}"#,
        #"{"actions": [{"crop": {"size": "9x9", "left": 0.4}}, {"median": "5"}, {"canvas": {"size": "9x9", "background": "Transparent"}}]}"#,
        #"{"actions": [{"scale": {"width": 0.4}}, {"save": {"format": "webp", "size-max": "1.5mib"}}], "pdf": {"pdfa": true, "volume-size": 2000000}}"#,
    ]

    @Test("The schema takes what the parser takes, every example and ready-made recipe among it, and refuses slips as the parser does")
    func schema() throws {
        let examples = ActionCatalogue.actions.map(\.example) + ReadyMadeRecipes.all.map(\.text)
        // Into JSON by another's YAML.
        let python = Process()
        python.executableURL = URL(fileURLWithPath: ProcessInfo.processInfo.environment["QUIRE_TEST_PYTHON"] ?? "/usr/bin/python3")
        python.arguments = ["-c", "import json,sys,yaml\nprint(json.dumps([json.dumps(yaml.safe_load(t)) for t in json.load(sys.stdin)]))"]
        let (input, output) = (Pipe(), Pipe())
        python.standardInput = input
        python.standardOutput = output
        try python.run()
        let yaml = ActionCatalogue.actions.map { "actions:\n  - \($0.example)\n" } + ReadyMadeRecipes.all.map(\.text)
        try input.fileHandleForWriting.write(contentsOf: JSONEncoder().encode(yaml))
        try input.fileHandleForWriting.close()
        let converted = try JSONDecoder().decode([String].self, from: output.fileHandleForReading.readDataToEndOfFile())
        python.waitUntilExit()
        try #require(converted.count == examples.count)

        let all = converted + Self.recipes + Self.slips
        let said = try verdicts(all)
        for (text, isValid) in zip(converted, said) { #expect(isValid, "\(text)") }
        for (text, isValid) in zip(all, said) where !isValid { #expect(!isRead(text), "the schema alone refuses \(text)") }
        for (text, isValid) in zip(Self.slips, said.suffix(Self.slips.count)) { #expect(!isValid, "the schema takes \(text)") }
        for text in Self.recipes { #expect(isRead(text) || text.contains("keep"), "\(text)") }
    }

    @Test("Ready-made recipes and what 'new' writes are read, and say what they do", arguments: ReadyMadeRecipes.all.map(\.text) + [RecipeTasks.beginning])
    func readyMade(text: String) throws {
        let value = try #require(try YAMLReading.value(of: text, place: "r"))
        let recipe = try RecipeFile(parsing: value, file: "r").recipe
        try recipe.check()
        #expect(try Recipe(canonical: recipe.canonicalBytes) == recipe.resolved)
    }

    @Test("A name means a file, else one of the user's recipes, else a ready-made one; a slip is answered with the nearest")
    func library() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("quire-recipes-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { do { try FileManager.default.removeItem(atPath: folder) } catch { print("left \(folder)") } }
        try Data("actions: [greyscale]\n".utf8).write(to: URL(fileURLWithPath: folder + "/web.yaml"))
        let library = RecipeLibrary(folder: RawPath(folder))
        #expect(try library.source(RawPath("web")).path == RawPath(folder + "/web.yaml"), "the user's own hides the ready-made one")
        #expect(try library.source(RawPath("email")).path == nil)
        #expect(try library.source(RawPath(folder + "/web.yaml")).name == "web")
        #expect(try library.all().count == ReadyMadeRecipes.all.count)
        do throws(HeadError) {
            _ = try library.source(RawPath("privcy"))
            Issue.record("a recipe that is nowhere was found")
        } catch {
            #expect("\(error)".contains("did you mean 'privacy'?"))
        }
    }

    @Test("Files that a recipe names are known by their bytes, and refused when they are others later")
    func assets() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("quire-assets-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { do { try FileManager.default.removeItem(atPath: folder) } catch { print("left \(folder)") } }
        let path = folder + "/logo.png"
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: path))
        let known = RecipeAsset(path: RawPath(path), digest: Digest256(hex: "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81")!, bytes: [1, 2, 3])
        #expect(try RecipeAssets.readAgain([(known.path, known.digest)]) == [known])
        try Data([1, 2, 4]).write(to: URL(fileURLWithPath: path))
        #expect(throws: HeadError.self) { _ = try RecipeAssets.readAgain([(known.path, known.digest)]) }
        #expect(throws: HeadError.self) { _ = try RecipeAssets.readAgain([(RawPath(folder), known.digest)]) }
    }
}
