import Foundation
import Testing

/// What recipe files do beyond what flags can say, as users run them.
@Suite("Recipes") struct RecipeTests {
    private func box(_ recipe: String) throws -> Sandbox {
        let box = try Sandbox()
        try box.write(TinyPicture.jpeg(40), to: "in/a.jpg")
        try box.write(recipe, to: "kit/r.yaml")
        return box
    }

    @Test("A recipe that runs other programs is refused unless the command line of this machine allows it")
    func commands() throws {
        let box = try box("actions:\n  - command: \"convert {in} -resize 20x20! {out}\"\n  - border: 50%\n  - save: png\n")
        let refused = try box.quire("run", "in", "-o", "out", "--recipe", "kit/r.yaml", expect: 2)
        #expect(refused.errors.contains("--allow-commands"))
        #expect(!box.exists("out"))
        let elsewhere = try box.quire("run", "in", "-o", "out", "--recipe", "kit/r.yaml", "--allow-commands", "--host", "tower", expect: 2)
        #expect(elsewhere.errors.contains("this machine alone"))
        // The border is half of what the program left, not of what the file was.
        try box.quire("run", "in", "-o", "out", "--recipe", "kit/r.yaml", "--allow-commands", "--progress", "none", expect: 0)
        #expect(try box.width("out/a.png") == 40)
    }

    @Test("A program that fails, or writes nothing, fails its file and says what it said")
    func failingCommands() throws {
        for (run, told) in [("sh -c 'echo no ink >&2; exit 3' {in} {out}", "no ink"), ("true {in} {out}", "wrote no {out}")] {
            let box = try box("actions:\n  - command: \"\(run)\"\n")
            let ended = try box.quire("run", "in", "-o", "out", "--recipe", "kit/r.yaml", "--allow-commands", expect: 3)
            #expect(ended.errors.contains(told), "\(ended.errors)")
            #expect(!box.exists("out/a.jpg"))
        }
    }

    @Test("Several saves, a copy and a shared file beside the recipe: all outputs are there, current ones are skipped, a changed mark makes them anew")
    func savesAndAssets() throws {
        let recipe = """
            actions:
              - copy: originals
              - watermark: {file: mark.png, method: scale}
              - save: {format: png, in: web}
              - shrink: 10
              - save: {format: png, name: "{stem}_t{width}.{ext}"}
            """
        let box = try box(recipe)
        try box.run(["convert", "-size", "8x8", "xc:red", "kit/mark.png"])
        let words: [Name] = ["quire", "run", "in", "-o", "out", "--recipe", "kit/r.yaml", "--progress", "none", "--json"]
        let first = try box.run(words)
        #expect(first.status == 0, "\(first.errors)")
        #expect(box.read("out/originals/a.jpg") == box.read("in/a.jpg"))
        #expect(try box.width("out/web/a.png") == 40)
        #expect(try box.width("out/a_t40.png") == 10)
        #expect(try box.run(words).object()["skipped"].number == 1)
        try box.run(["convert", "-size", "8x8", "xc:blue", "kit/mark.png"])
        #expect(try box.run(words).object()["done"].number == 1)
    }

    @Test(
        "What no picture could be worked on with is told before work begins, and by recipe check",
        arguments: [
            ("command: \"no-such-tool {in} {out}\"", "the recipe runs 'no-such-tool', which is in no folder of PATH"),
            ("command: \"/no/such/tool {in} {out}\"", "the recipe runs '/no/such/tool', which is not there"),
            ("geotag: text.gpx", "the track 'text.gpx', which cannot be used: it is no GPX file"),
            ("watermark: none.png", "names 'none.png', which cannot be read"),
            ("watermark: large.png", "large.png is too large"),
        ])
    func unusable(_ action: String, _ told: String) throws {
        let box = try box("actions:\n  - \(action)\n")
        try box.write("x", to: "kit/text.gpx")
        try box.run(["truncate", "-s", "30M", "kit/large.png"])
        let ended = try box.quire("run", "in", "-o", "out", "--recipe", "kit/r.yaml", "--allow-commands", expect: 2)
        #expect(ended.errors.contains(told), "\(ended.errors)")
        #expect(!box.exists("out"))
        if action.hasPrefix("command") { return }
        #expect(try box.quire("recipe", "check", "kit/r.yaml", expect: 2).errors.contains(told))
    }

    @Test("A new recipe that begins with another has its own name, can be used, and is never written over a file")
    func new() throws {
        let box = try Sandbox()
        try box.quire("recipe", "new", "kit/on sale.yaml", "--from", "web", expect: 0)
        let (ours, theirs) = (try #require(box.read("kit/on sale.yaml")), try box.quire("recipe", "show", "web", expect: 0).output)
        #expect(String(decoding: ours, as: UTF8.self) == String(decoding: theirs, as: UTF8.self).replacingOccurrences(of: "name: web\n", with: "name: \"on sale\"\n"))
        #expect(ours != theirs)
        try box.quire("recipe", "check", "kit/on sale.yaml", expect: 0)
        #expect(try box.quire("recipe", "new", "kit/on sale.yaml", expect: 2).errors.contains("is there already"))
        #expect(box.read("kit/on sale.yaml") == ours)

        try box.write("name: a  # mine\r\nactions:\r\n  - shrink: 8\r\n", to: "kit/crlf.yaml")
        try box.quire("recipe", "new", "kit/b.yaml", "--from", "kit/crlf.yaml", expect: 0)
        #expect(String(decoding: try #require(box.read("kit/b.yaml")), as: UTF8.self) == "name: \"b\"\r\nactions:\r\n  - shrink: 8\r\n")
        try box.quire("recipe", "check", "kit/b.yaml", expect: 0)
    }
}
