import JobModel
import Recipes
import Testing

@Suite("Flags")
struct FlagTests {
    private func flags(_ change: (inout RecipeFlags) -> Void) -> RecipeFlags {
        var flags = RecipeFlags()
        change(&flags)
        return flags
    }

    @Test("Flags act in their fixed order: orient, rotate, shrink, strip, save")
    func order() throws {
        let all = flags {
            $0 = RecipeFlags()
            $0.quality = 70
            $0.format = .to(.webp)
            $0.strip = .all
            $0.shrink = .longSide(100)
            $0.rotate = .turn(.half)
        }
        #expect(
            try Recipe(flags: all).actions
                == [.autoOrient, .rotate(.half), .shrink(.longSide(100)), .strip(.all), .save(Save(format: .webp, quality: 70))])
        #expect(try Recipe(flags: RecipeFlags()).isIdentity)
    }

    @Test("Flags come before the save of a recipe file, whose format and quality they override")
    func merged() throws {
        let recipe = Recipe(name: "web", actions: [.greyscale, .save(Save(format: .jpeg, quality: 90, progressive: true))])
        #expect(
            try recipe.adding(flags { $0.shrink = .longSide(10) }).actions
                == [.greyscale, .shrink(.longSide(10)), .save(Save(format: .jpeg, quality: 90, progressive: true))])
        #expect(try recipe.adding(flags { $0.format = .to(.tiff) }).save == Save(format: .tiff, quality: 90))
        #expect(try recipe.adding(flags { $0.format = .to(.gif) }).save == Save(format: .gif))
        #expect(try recipe.adding(flags { $0.format = .keep }).save == Save(quality: 90, progressive: true))
        #expect(try recipe.adding(flags { $0.quality = 5 }).save == Save(format: .jpeg, quality: 5, progressive: true))
        #expect(throws: RecipeError(.contradiction("quality has no meaning for png"))) {
            try Recipe(
                flags: flags {
                    $0.format = .to(.png)
                    $0.quality = 5
                })
        }
        #expect(throws: RecipeError(.contradiction("strip is both all and gps"))) {
            try Recipe(actions: [.strip(.all)]).adding(flags { $0.strip = .gps })
        }
        #expect(throws: RecipeError.self) { try Recipe(flags: flags { $0.quality = 101 }) }
    }

    @Test(
        "Values of the flags",
        arguments: [
            ("auto", RotateFlag.auto), ("90", .turn(.quarter)), ("270", .turn(.threeQuarters)), ("0", nil), ("360", nil),
            ("-90", nil),
            ("99999999999999999999", nil), ("9999999999999999999", nil), ("", nil),
        ] as [(String, RotateFlag?)])
    func rotate(_ text: String, _ expected: RotateFlag?) {
        #expect((try? RotateFlag(parsing: text)) == expected)
    }

    @Test(
        "Every output's format is known from its name",
        arguments: [
            ("jpg", OutputFormat.jpeg), ("JPEG", .jpeg), ("png", .png), ("TIF", .tiff), ("webp", .webp), ("gif", .gif),
            ("HEIC", .jpeg),
            ("avif", .jpeg), ("NEF", .jpeg), ("dng", .jpeg), ("bmp", .png), ("", .png), ("svg", .png), ("jp2", .png),
        ])
    func formats(_ ending: String, _ expected: OutputFormat) {
        #expect(Recipe(actions: []).outputFormat(forExtension: ending) == expected)
        #expect(Recipe(actions: [.save(Save(format: .webp))]).outputFormat(forExtension: ending) == .webp)
    }

    @Test("A quality next to an action on pixels never re-encodes a picture nothing changes; alone it does")
    func reencoding() {
        let alone = Recipe(actions: [.save(Save(quality: 60))])
        #expect(alone.reencodes(as: .jpeg) && !alone.reencodes(as: .png) && !alone.isIdentity)
        let beside = Recipe(actions: [.shrink(.longSide(5)), .save(Save(quality: 60))])
        #expect(!beside.reencodes(as: .jpeg))
        #expect(Recipe(actions: [.save(Save(format: .webp))]).isIdentity)
        #expect(!Recipe(actions: [.strip(.gps)]).isIdentity)
    }

    @Test("A dry run tells each action in words")
    func sentences() {
        let recipe = Recipe(actions: [.autoOrient, .shrink(.longSide(1600)), .strip(.gps), .save(Save(format: .jpeg))])
        #expect(
            recipe.sentences == [
                "turn upright as Orientation says", "shrink to a long side of 1600 px", "drop the place from the metadata",
                "save as jpeg, quality 85",
            ])
    }
}
