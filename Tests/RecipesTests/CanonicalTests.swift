import JobModel
import Recipes
import SeededNumbers
import Testing

@Suite("Canonical encoding")
struct CanonicalTests {
    static let samples: [[Action]] = [
        [], [.autoOrient], [.shrink(.longSide(1600))], [.shrink(.box(width: 1600, height: 1200))], [.shrink(.percent(12.5))],
        [.rotate(.quarter), .flip(.vertical), .greyscale], [.strip(.gps)], [.keep([.icc, .exif])],
        [.crop(Crop(width: .percent(50), height: .pixels(10), gravity: .northWest, left: .pixels(0), top: .percent(0)))],
        [.fit(Fit(mode: .contain, width: 800, height: 600, gravity: .south, background: .black, enlarge: false))],
        [.canvas(Canvas(width: .pixels(10), height: .percent(150)))], [.border(Border(width: .percent(0.5)))],
        [.sharpen(sigma: 0.1), .blur(sigma: 3.3), .flatten(background: Colour(red: 1, green: 2, blue: 255))],
        [.convertColour(to: .srgb), .save(Save(format: .webp, lossless: true, allFrames: true))],
        [.save(Save(format: .tiff, tiffCompression: .ccittG4))], [.shrink(.longSide(1)), .save(Save(format: .png))],
        [.save(Save(format: .jpeg, quality: 1, progressive: true))], [.save(Save(quality: 60))],
    ]

    @Test("A recipe read back from its bytes is the resolved recipe, and gives the same bytes", arguments: samples)
    func roundTrip(_ actions: [Action]) throws {
        let recipe = Recipe(name: "a name", actions: actions)
        let back = try Recipe(canonical: recipe.canonicalBytes)
        #expect(back == recipe.resolved)
        #expect(back.canonicalBytes == recipe.canonicalBytes)
        #expect(recipe.resolved.resolved == recipe.resolved)
    }

    @Test("Bytes stay what they were: outputs made by an earlier quire are recognised by them")
    func golden() {
        let recipe = Recipe(actions: [.shrink(.longSide(1600)), .strip(.gps)])
        #expect(
            String(decoding: recipe.canonicalBytes, as: UTF8.self) == """
                quire-recipe 1
                shrink to=1600
                strip what=gps
                save format=keep quality=85 progressive=no lossless=no png-compression=6 all-frames=no

                """)
    }

    @Test("What means the same has the same bytes")
    func spelling() {
        let pairs: [([Action], [Action])] = [
            ([.shrink(.longSide(9)), .save(Save(quality: 85))], [.shrink(.longSide(9))]),
            ([.strip(.none), .autoOrient, .autoOrient], [.autoOrient, .save(Save())]),
            ([.shrink(.longSide(9)), .autoOrient], [.autoOrient, .shrink(.longSide(9))]),
            ([.keep([.icc, .exif, .icc])], [.keep([.exif, .icc])]),
        ]
        for (left, right) in pairs {
            #expect(Recipe(actions: left).canonicalBytes == Recipe(name: "n", actions: right).canonicalBytes)
        }
    }

    @Test("What differs has different bytes")
    func distinct() {
        let all = Set(Self.samples.map { Recipe(actions: $0).canonicalBytes })
        #expect(all.count == Self.samples.count)
    }

    @Test("Any bytes are either the canonical bytes of a recipe or refused", .timeLimit(.minutes(1)))
    func fuzz() throws {
        var random = SeededNumbers(seed: 1)
        let seeds = Self.samples.map { Recipe(actions: $0).canonicalBytes }
        var accepted = 0
        var refused = 0
        for round in 0..<25_000 {
            var bytes =
                round % 10 == 0 ? (0..<random.below(80)).map { _ in UInt8(random.below(256)) } : seeds[random.below(seeds.count)]
            for _ in 0..<random.below(4) where !bytes.isEmpty {
                let place = random.below(bytes.count)
                switch random.below(4) {
                case 0: bytes[place] = UInt8(random.below(256))
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(Array("0123456789=x%-, \n".utf8)[random.below(17)], at: place)
                default: bytes.insert(contentsOf: bytes[..<place], at: place)
                }
            }
            do {
                #expect(try Recipe(canonical: bytes).canonicalBytes == bytes)
                accepted += 1
            } catch { refused += 1 }
        }
        #expect(accepted > 1000 && refused > 1000)
    }

    @Test("Endless input is refused before it is read")
    func bounds() {
        #expect(throws: RecipeError.self) { try Recipe(canonical: [UInt8](repeating: 0x0A, count: 1 << 20)) }
        let many = Recipe(actions: Array(repeating: .flip(.vertical), count: 101))
        #expect(throws: RecipeError.self) { try Recipe(canonical: many.canonicalBytes) }
    }
}
