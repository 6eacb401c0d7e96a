import Foundation
@testable import Imaging
import JobModel
import Recipes
import Testing

@Suite("Shared files")
struct SharedAssetTests {
    /// The picture as a PNG, and as the asset that names it.
    private func asset(_ pixels: Pixels, named name: String = "mark.png") throws -> (Asset, WorkAsset) {
        let save = try Operation("pngsave_buffer")
        try save.set("in", try pixels.image())
        return self.asset(try save.bytes { Array($0) }, named: name)
    }

    private func asset(_ bytes: [UInt8], named name: String) -> (Asset, WorkAsset) {
        // Not SHA-256; it is enough that each file has its own.
        var digest = [UInt8](repeating: 0, count: 32)
        for (index, byte) in bytes.enumerated() { digest[index % 32] = digest[index % 32] &* 31 &+ byte }
        return (Asset(path: name, digest: Digest256(bytes: digest)), WorkAsset(digest: Digest256(bytes: digest), bytes: bytes))
    }

    private let mark = Pixels(.deepColour, width: 1, bands: 4, [51400, 51400, 51400, 65535])

    @Test("What many pictures share is decoded once")
    func once() throws {
        let (name, file) = try asset(mark)
        let shared = SharedAssets([file])
        let step = DecorationStep.watermark(name, MarkStep(method: .tile, placement: Placement(gravity: .centre)))
        for _ in 0..<3 {
            var rendering = Rendering(try Pixels(grey: [1, 2, 3, 4], width: 2).image(), assets: shared)
            try rendering.apply(.decoration(step))
            try rendering.apply(.decoration(.mask(name)))
            #expect(try Pixels(of: rendering.image) == Pixels(.grey, width: 2, bands: 2, [200, 200, 200, 200, 200, 200, 200, 200]))
        }
        #expect(shared.decodedCount == 1)
    }

    @Test("An engine gives its shared files to every picture, and decodes them once")
    func engine() throws {
        let bench = try Bench()
        let (name, file) = try asset(mark)
        var watermark = Watermark()
        watermark.file = name
        watermark.method = .tile
        for index in 0..<2 {
            let save = try Operation("pngsave_buffer")
            try save.set("in", try Pixels(grey: Array(repeating: 10 * index, count: 12), width: 4).image())
            try bench.write(try save.bytes { Array($0) }, "\(index).png")
        }
        let recipe = Recipe(actions: [Action(watermark)])
        try oneAtATime.withLock {
            let setup = WorkSetup(
                recipe: recipe.canonicalBytes, damage: .fail, limits: WorkLimits(), fileMode: 0o640, assets: [file])
            let engine = try ImageEngine(setup: setup)
            for index in 0..<2 {
                let process = ProcessOrder(
                    folder: RawPath(bench.path("out")), format: .png, pages: false, spoolFolder: RawPath(bench.path("spool")),
                    digestInput: false, keepTimes: false)
                let order = WorkOrder(
                    attempt: Attempt(task: TaskIndex(3), number: 1), input: RawPath(bench.path("\(index).png")),
                    identity: try bench.identity("\(index).png"), kind: .process(process), tempName: RawPath("t\(index)"))
                guard case .finished = engine.perform(order).outcome else {
                    Issue.record("picture \(index) failed")
                    continue
                }
            }
            #expect(engine.assets.decodedCount == 1)
        }
        #expect(try bench.bytes("out/t0") == bench.bytes("out/t1"))
    }

    @Test("A file that is no picture, or did not come along, is told by its name")
    func wrong() throws {
        _ = try mark.image()
        let (name, file) = asset(Array("no picture".utf8), named: "notes.txt")
        #expect { try SharedAssets([file]).picture(name) } throws: { "\($0)".contains("notes.txt is no JPEG, PNG, TIFF, WebP or GIF") }
        #expect { try SharedAssets([file]).font(name) } throws: { "\($0)".contains("notes.txt is no TrueType or OpenType font") }
        #expect { try SharedAssets([]).picture(name) } throws: { "\($0)".contains("notes.txt did not come with the job") }
        let (half, cut) = try asset(Pixels(.colour, [1, 2, 3], width: 40, height: 40), named: "half.png")
        let (_, broken) = asset(Array(cut.bytes.dropLast(40)), named: half.path)
        let damaged = SharedAssets([WorkAsset(digest: cut.digest, bytes: broken.bytes)])
        #expect { try damaged.picture(half) } throws: { "\($0)".contains("half.png") }
    }

    @Test("A text is written with the font of a file")
    func font() throws {
        let path = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf"
        let (name, file) = asset([UInt8](try Data(contentsOf: URL(filePath: path))), named: "mono.ttf")
        #expect(FontNames(file.bytes)?.description == "DejaVu Sans Mono, Bold")
        let shared = SharedAssets([file])
        let text = TextStep(
            text: "lll", font: "Nobody Has This", size: 30, colour: .black, placement: Placement(gravity: .northWest))
        func inked(_ step: DecorationStep) throws -> Int {
            var rendering = Rendering(try Pixels(grey: Array(repeating: 255, count: 100 * 40), width: 100).image(), assets: shared)
            try rendering.apply(.decoration(step))
            let pixels = try Pixels(of: rendering.image)
            return (0..<100).last { x in (0..<40).contains { pixels[x, $0] != [255] } } ?? 0
        }
        // Of fixed width an l takes as much room as an m.
        let fixed = try inked(.text(text, font: name))
        #expect(fixed > 45 && fixed < 60)
        #expect(try inked(.text(text, font: nil)) < 40)
        #expect(try inked(.text(text, font: name)) == fixed && shared.decodedCount == 1)
    }
}
