import JobModel
import Recipes
import SeededNumbers
import Testing

@Suite("Recipe files")
struct RecipeFileTests {
    private func read(_ text: String) throws(RecipeError) -> RecipeFile {
        try RecipeFile(parsing: FlowText.read(text), file: "recipe.yaml")
    }

    private func refusal(_ text: String) -> String {
        do throws(RecipeError) {
            let file = try read(text)
            return "accepted as \(file.recipe.actions)"
        } catch { return error.description }
    }

    @Test("Every action is read, by its name alone, by its main value and by its fields")
    func everyAction() throws {
        let file = try read(
            """
            {name: for the web, actions: [auto-orient, {rotate: 90}, {flip: {axis: horizontal}},
              {crop: {width: 50%, height: 100, left: 0, top: 10%}}, {crop: 3x4}, {shrink: 1600}, {shrink: {to: 50%}},
              {fit: {size: 800x600, mode: contain, background: "#fff", enlarge: no}}, {canvas: {width: 10, height: 20, gravity: north-west}},
              {border: {width: 2%, colour: red}}, {border: 3}, grayscale, sharpen, {sharpen: 1.5}, {blur: {sigma: 2}}, {blur: },
              flatten, {flatten: black}, {convert-colour: srgb}, {strip: none}, {keep: [icc, copyright, exif]},
              {save: {format: jpg, quality: 90, progressive: yes}}]}
            """)
        #expect(file.recipe.name == "for the web")
        #expect(
            file.recipe.actions == [
                .autoOrient, .rotate(.quarter), .flip(.horizontal),
                .crop(Crop(width: .percent(50), height: .pixels(100), left: .pixels(0), top: .percent(10))),
                .crop(Crop(width: .pixels(3), height: .pixels(4))), .shrink(.longSide(1600)), .shrink(.percent(50)),
                .fit(Fit(mode: .contain, width: 800, height: 600, enlarge: false)),
                .canvas(Canvas(width: .pixels(10), height: .pixels(20), gravity: .northWest)),
                .border(Border(width: .percent(2), colour: Colour(red: 255, green: 0, blue: 0))),
                .border(Border(width: .pixels(3))),
                .greyscale, .sharpen(sigma: 0.5), .sharpen(sigma: 1.5), .blur(sigma: 2), .blur(sigma: 1),
                .flatten(background: .white), .flatten(background: .black), .convertColour(to: .srgb), .strip(.none),
                .keep([.exif, .icc, .copyright]), .save(Save(format: .jpeg, quality: 90, progressive: true)),
            ])
    }

    @Test(
        "Each slip is refused in one line with its place, the nearest name and what is accepted",
        arguments: [
            (
                "{actions: [\n  auto-orient,\n  \n    {shrnk: 1600}]}",
                "recipe.yaml:4:6: unknown action 'shrnk'; did you mean 'shrink'?"
            ),
            ("{action: []}", "recipe.yaml:1:2: unknown key 'action'; did you mean 'actions'?"),
            ("{actions: [{save: {qualty: 3}}]}", "recipe.yaml:1:20: unknown field of save 'qualty'; did you mean 'quality'?"),
            ("{actions: [{save: {quality: 0}}]}", "recipe.yaml:1:29: quality cannot be '0'; accepted: a whole number from 1 to 100"),
            (
                "{actions: [{save: {quality: 1e2}}]}",
                "recipe.yaml:1:29: quality cannot be '1e2'; accepted: a whole number from 1 to 100"
            ),
            ("{actions: [{rotate: 451}]}", "recipe.yaml:1:21: rotate cannot be '451'; accepted: a number from -360 to 360"),
            ("{actions: [rotate]}", "recipe.yaml:1:12: rotate needs degrees: a number from -360 to 360"),
            ("{actions: [{auto-orient: yes}]}", "recipe.yaml:1:26: auto-orient must be without a value"),
            ("{actions: [{greyscale: {mode: x}}]}", "recipe.yaml:1:25: greyscale has no fields, not 'mode'"),
            ("{actions: [{shrink: {to: 10, to: 20}}]}", "recipe.yaml:1:30: 'to' is given twice"),
            (
                "{actions: [{shrink: {to: [10]}}]}",
                "recipe.yaml:1:26: to must be a long side in pixels (1600), a box (1600x1200) or a share (50%)"
            ),
            ("{actions: [{crop: {width: 10}}]}", "recipe.yaml:1:12: crop needs size, or width and height: 800x600"),
            (
                "{actions: [{crop: {size: 9x9, width: 10}}]}",
                "recipe.yaml:1:12: crop takes either size or width and height, not both"
            ),
            ("{actions: [{shrink: , to: 3}]}", "recipe.yaml:1:23: field to of shrink must be indented below shrink"),
            (
                "{actions: [{shrink: 3, flip: vertical}]}",
                "recipe.yaml:1:24: an action must be a name, name: value or name: {field: value}"
            ),
            ("{actions: [[a]]}", "recipe.yaml:1:12: an action must be a name, name: value or name: {field: value}"),
            ("{actions: save}", "recipe.yaml:1:11: actions must be a list, each line with a dash and a blank: - auto-orient"),
            ("{actions: [save, auto-orient]}", "recipe.yaml:1:12: what follows the last save has no effect; save must be the last action"),
            ("{actions: [save, auto-orient, save]}", "recipe.yaml:1:31: two saves would write files of one name; give one of them 'name' or 'in'"),
            (
                "{actions: [{strip: gps}, {keep: icc}]}",
                "recipe.yaml:1:26: strip: gps drops metadata and keep names what stays; give one of them"
            ),
            ("{actions: [{strip: gps}, {strip: all}]}", "recipe.yaml:1:26: strip is both gps and all"),
            ("{actions: [{save: {format: png, quality: 80}}]}", "recipe.yaml:1:12: quality has no meaning for png"),
            ("{actions: [{convert-colour: cmyk}, {save: png}]}", "recipe.yaml:1:36: png cannot hold cmyk; use jpeg or tiff"),
            (
                "{actions: [{frobnicate: 1}]}",
                "recipe.yaml:1:13: unknown action 'frobnicate'; accepted: \(ActionName.allCases.map(\.rawValue).joined(separator: ", "))"
            ),
            (
                "{pdf: {page-size: a9}}",
                "recipe.yaml:1:19: page size cannot be 'a9'; accepted: auto, a3, a4, a5, letter, legal, or a size such as 210x297mm "
                    + "(3 pt to 5080 mm)"
            ),
            ("{pdf: {dpi: 0}}", "recipe.yaml:1:13: dpi cannot be '0'; accepted: a whole number from 1 to 9600"),
            ("{pdf: {page-size: 20x20mm, margin: 1.1cm}}", "recipe.yaml:1:7: the margin leaves nothing of the page"),
            ("{pdf: {titel: x}}", "recipe.yaml:1:8: unknown field of pdf 'titel'; did you mean 'title'?"),
            ("[a]", "recipe.yaml:1:1: a recipe must be a map: put 'actions:' on a line above the list"),
            ("a", "recipe.yaml:1:1: a recipe must be a map with name, actions, pdf"),
            ("{shrink: 1600}", "recipe.yaml:1:2: 'shrink' is an action; it stands behind a dash in the list below 'actions:'"),
            (
                "{actions: [\"shrink 1600\"]}",
                "recipe.yaml:1:12: 'shrink 1600' is no action; behind shrink a colon and a blank belong, on a line of its own: - shrink: 50%"
            ),
            (
                "{actions: [{\"auto-orient, shrink\": 1600}]}",
                "recipe.yaml:1:13: 'auto-orient, shrink' is no action; behind auto-orient a colon and a blank belong, on a line of its own: "
                    + "- auto-orient"
            ),
            (
                "{actions: [{resize: 10}]}",
                "recipe.yaml:1:13: 'resize' is called shrink here, which never enlarges, or scale: - shrink: 1600"
            ),
            (
                "{actions: [{rotate: auto}]}",
                "recipe.yaml:1:21: rotate takes degrees; what turns pictures as the camera was held is an action of its own: - auto-orient"
            ),
            ("{actions: [{strip: exif}]}", "recipe.yaml:1:20: strip cannot be 'exif'; accepted: none, gps, all"),
            (
                "{actions: [{time-shift: 1h}]}",
                "recipe.yaml:1:25: time-shift must be given by its fields, as in time-shift: {hours: 1, minutes: -3}"
            ),
            ("{actions: [{text: {year: }}]}", "recipe.yaml:1:20: put a text that begins with a brace in quotes: '{year}'"),
            ("{actions: [{text: {text: hi, colr: }}]}", "recipe.yaml:1:30: unknown field of text 'colr'; did you mean 'colour'?"),
            (
                "{actions: [{text: \"<foo> <###index>\"}]}",
                "recipe.yaml:1:19: text: '<###index>' is how Phatch writes a variable; here it is {index}, with zeros {index:04}"
            ),
            (
                "{actions: [{save: {in: \"<Exif_Photo_DateTimeOriginal.year>\"}}]}",
                "recipe.yaml:1:24: in: '<Exif_Photo_DateTimeOriginal.year>' is how Phatch writes a variable; "
                    + "here tags are written as {exif:DateTimeOriginal.year}, {iptc:City}"
            ),
            (
                "{actions: [{save: {in: \"{year}\"}}]}",
                "recipe.yaml:1:12: 'in' takes no variables; they stand in name, which may make folders too: name: '{year}/{stem}.{ext}'"
            ),
            ("{actions: [{crop: {left: 1, length: 2}}]}", "recipe.yaml:1:12: crop takes a length only with mode: all"),
            (
                "{actions: [\"__import__('os')\u{7}\"]}",
                "recipe.yaml:1:12: unknown action '__import__('os')\u{FFFD}'; accepted: \(ActionName.allCases.map(\.rawValue).joined(separator: ", "))"
            ),
        ])
    func refusals(_ text: String, _ line: String) {
        #expect(refusal(text) == line)
    }

    @Test("Pixels may have their unit, sizes blanks, and what crop takes off single sides needs no mode")
    func lenient() throws {
        let sides = "{actions: [{crop: {left: 1, bottom: 2%}}, {crop: {mode: sides, left: 1, bottom: 2%}}, {crop: {length: 3}}, {crop: {mode: all, length: 3}}]}"
        let crops = try read(sides).recipe.actions
        #expect(crops[0] == crops[1])
        #expect(crops[2] == crops[3])
        let sizes = "{actions: [{shrink: 1600px}, {shrink: 800 x 600 px}, {fit: 80pxx60px}, {save: {format: jpeg, size-max: 200 KB}}]}"
        #expect(
            try read(sizes).recipe.actions == [
                .shrink(.longSide(1600)), .shrink(.box(width: 800, height: 600)), .fit(Fit(mode: .cover, width: 80, height: 60)),
                .save(Save(format: .jpeg, sizeMax: ByteSize(bytes: 200_000))),
            ])
        #expect(try read("{actions: [{text: \"a < b > c <3 <b>\"}]}").recipe.actions.count == 1)
        #expect(try read("{actions: [{text: \"< year>\"}]}").recipe.actions.count == 1)
        #expect(try read("{actions: [{command: \"sed s/<year>/2024/ {in} {out}\"}]}").recipe.actions.count == 1)
    }

    @Test("The pdf part overlays the settings and leaves the others alone")
    func pdf() throws {
        let file = try read(
            """
            {pdf: {page-size: 210x297mm, margin: 10mm, dpi: 300, title: A Book, author: N N, date: 1970-01-02, missing-page: skip,
              volume-size: 2GiB, volume-pages: 500, pdfa: true}}
            """)
        var expected = PDFSettings()
        expected.pageSize = .a4
        expected.margin = PaperLength(tenthsOfMillimetre: 100)
        expected.dotsPerInch = 300
        expected.title = "A Book"
        expected.author = "N N"
        expected.dateSeconds = 86_400
        expected.missingPage = .skip
        expected.volumeBytesMax = 2 << 30
        expected.volumePagesMax = 500
        expected.isArchival = true
        #expect(file.pdf.applied(to: PDFSettings()) == expected)
        #expect(PDFWishes().applied(to: expected) == expected)
        #expect(file.recipe.actions.isEmpty)
    }

    @Test("An empty file is an empty recipe")
    func empty() throws {
        #expect(try read("") == RecipeFile(recipe: Recipe(actions: []), pdf: PDFWishes()))
        #expect(try read("{actions: , pdf: }").recipe.isIdentity)
    }

    @Test("The catalogue names every action and field once, its main fields exist and its defaults are accepted values")
    func catalogue() throws {
        #expect(ActionCatalogue.actions.map(\.name) == ActionName.allCases)
        for action in ActionCatalogue.actions {
            #expect(Set(action.fields.map(\.name)).count == action.fields.count)
            #expect(action.mainField == nil || action.fields.contains { $0.name == action.mainField })
            #expect(action.summary.hasSuffix("."))
            for field in action.fields {
                guard case .fixed(let text) = field.presence else { continue }
                // A shift by nothing is refused.
                if action.name == .timeShift, field.name == "hours" { continue }
                let required =
                    action.fields.filter { $0.presence == .required }.map { "\($0.name): \(example($0.kind))" }
                    + (action.name == .timeShift ? ["hours: 1"] : [])
                let hasBox = action.fields.contains { field in if case .size = field.kind { field.name == "size" } else { false } }
                let box = hasBox ? ["size: 8x6"] : []
                let given = try read(
                    "{actions: [{\(action.name.rawValue): {\((required + box + ["\(field.name): \"\(text)\""]).joined(separator: ", "))}}]}"
                )
                let silent = try read("{actions: [{\(action.name.rawValue): {\((required + box).joined(separator: ", "))}}]}")
                #expect(given == silent)
            }
        }
    }

    private func example(_ kind: FieldKind) -> String {
        switch kind {
        case .choice(let words), .choices(let words): words[0]
        case .whole(let range), .odd(let range): "\(range.lowerBound)"
        case .number(let range): "\(range.lowerBound)"
        case .flag: "yes"
        case .extent: "5"
        case .size: "5x5"
        case .bound: "5"
        case .colour, .paint: "red"
        case .text: "\"word {in} {out}\""
        case .template, .texts: "word"
        case .asset: "file.png"
        case .byteSize: "5kB"
        }
    }

    @Test("Each example of the catalogue is a recipe of one action that reads, encodes and says what it does", arguments: ActionCatalogue.actions)
    func examples(_ action: ActionDescription) throws {
        let saves = action.name == .save ? "" : ", save"
        let example = action.example.contains(": ") ? "{\(action.example)}" : action.example
        let recipe = try read("{actions: [\(example)\(saves)]}").recipe
        // Copy and rename are other words for a save.
        let isSave = [.save, .copy, .rename].contains(action.name)
        #expect(recipe.actions.first?.name == (isSave ? .save : action.name))
        #expect(recipe.sentences.allSatisfy { !$0.isEmpty })
        #expect(try Recipe(canonical: recipe.canonicalBytes) == recipe.resolved)
    }

    @Test("Random recipe files are read or refused, never a trap, and what is read can be encoded", .timeLimit(.minutes(1)))
    func fuzz() throws {
        var random = SeededNumbers(seed: 7)
        let words =
            ActionName.allCases.map(\.rawValue) + ActionCatalogue.actions.flatMap { $0.fields.map(\.name) }
            + [
                "actions", "pdf", "name", "keep", "jpeg", "cmyk", "50%", "1600", "9x9", "99999999999999999999", "-1", "", "0",
                "yes", "red",
                "#12", "1.5", "é\u{301}", "icc", "{", "}", "[", "]", ":", ",", "{actions: [", "{shrink: 5}", "{save: {", "a4",
                "10mm",
            ]
        var readCount = 0
        for _ in 0..<25_000 {
            let text = (0..<random.below(12)).map { _ in words[random.below(words.count)] }.joined(
                separator: [" ", ": ", ", "][random.below(3)])
            let wrapped = random.below(2) == 0 ? text : "{actions: [\(text)]}"
            guard let file = try? read(wrapped) else { continue }
            readCount += 1
            #expect(try Recipe(canonical: file.recipe.canonicalBytes) == file.recipe.resolved)
        }
        #expect(readCount > 100)
    }
}
