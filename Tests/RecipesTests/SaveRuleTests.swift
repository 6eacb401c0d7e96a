import JobModel
import Recipes
import Testing

@Suite("What save and lossless-jpeg can hold")
struct SaveRuleTests {
    private func verdict(_ text: String) -> String {
        do throws(RecipeError) {
            let recipe = try RecipeFile(parsing: FlowText.read("{actions: \(text)}"), file: "r").recipe
            let again = try Recipe(canonical: recipe.canonicalBytes)
            return again.canonicalBytes == recipe.canonicalBytes ? "fine" : "changed by its encoding"
        } catch { return error.description }
    }

    @Test(
        "Settings are refused where they say nothing, with what to use instead",
        arguments: [
            ("[{save: {format: jpeg, size-max: 200KB, tolerance: 3, quality-min: 30, size-missed: keep, subsampling: 422}}]", "fine"),
            ("[{save: {format: png, size-max: 200KB}}]", "r:1:12: size-max has no meaning for png"),
            ("[{save: {format: webp, lossless: yes, size-max: 9K}}]", "r:1:12: size-max says nothing beside lossless; leave one of them out"),
            ("[{save: {quality-min: 30}}]", "r:1:12: quality-min has a meaning with size-max only"),
            ("[{save: {size-max: 1MB, quality: 20, quality-min: 30}}]", "r:1:12: quality-min is 30, but the quality starts at 20"),
            ("[{save: {format: avif, lossless: yes}}]", "r:1:12: an avif is never quite lossless; use webp or jp2, or quality: 100"),
            ("[{save: {format: avif, effort: 9, subsampling: 444}}]", "fine"),
            ("[{save: {format: webp, effort: 7}}]", "r:1:12: effort of webp goes from 0 to 6"),
            ("[{save: {format: png, effort: 3}}]", "r:1:12: effort has no meaning for png"),
            ("[{save: {format: png, colours: 16, effort: 3, dither: 50}}]", "fine"),
            ("[{save: {format: tiff, layout: pyramid, compression: jpeg, quality: 80}}]", "fine"),
            ("[{save: {format: jp2, lossless: yes, metadata: no-gps}}]", "fine"),
            ("[{save: {format: webp, lossless: yes, quality: 90}}]", "r:1:12: quality says nothing beside lossless; leave one of them out"),
            ("[{save: {format: webp, near-lossless: yes, quality: 90, all-frames: yes}}]", "fine"),
            ("[{save: {format: jpeg, all-frames: yes}}]", "r:1:12: all-frames has no meaning for jpeg"),
            ("[{save: {format: jpeg, tolerance: 3}}]", "r:1:12: tolerance has a meaning with size-max only"),
            ("[{save: {size-missed: keep}}]", "r:1:12: size-missed has a meaning with size-max only"),
            ("[{save: {format: png, dither: 50}}]", "r:1:12: dither has a meaning with colours only"),
            ("[{convert-colour: cmyk}, {save: jp2}]", "r:1:36: jp2 cannot hold cmyk; use jpeg or tiff"),
            ("[{lossless-jpeg: auto}, {strip: gps}, {save: {metadata: none, name: small.jpg}}]", "fine"),
            ("[{lossless-jpeg: {operation: crop, width: 10cm, left: 5%, edges: trim}}, lossless-jpeg]", "fine"),
            ("[{lossless-jpeg: crop}]", "r:1:12: lossless-jpeg needs width or height: pixels (120), a share of the side (10%), another unit (2.5cm) or arithmetic (min(width, height) / 2)"),
            ("[{lossless-jpeg: {operation: auto, top: 1}}]", "r:1:12: width, height, left and top are of operation: crop"),
            (
                "[lossless-jpeg, {shrink: 9}]",
                "r:1:27: lossless-jpeg leaves pixels as they are and shrink changes them; give one of them"
            ),
            ("[lossless-jpeg, {save: png}]", "r:1:27: what lossless-jpeg makes cannot be saved as png"),
            (
                "[lossless-jpeg, {save: {quality: 80}}]",
                "r:1:27: quality has no meaning beside lossless-jpeg, which encodes no pixels"
            ),
        ])
    func verdicts(_ text: String, _ wanted: String) {
        #expect(verdict(text) == wanted)
    }

    @Test("Only turns without a wish for the encoding are made without loss, and their recipe says no quality")
    func turns() {
        #expect(Recipe(actions: [.autoOrient, .rotate(.half), .flip(.vertical)]).turnsWithoutLoss)
        #expect(Recipe(actions: [.rotate(.half)]).resolved.save.quality == nil)
        for other in [Save(quality: 85), Save(sizeMax: ByteSize(bytes: 9)), Save(subsampling: .full)] {
            #expect(!Recipe(actions: [.rotate(.half), .save(other)]).turnsWithoutLoss)
        }
        #expect(!Recipe(actions: [.rotate(.half), .shrink(.longSide(9))]).turnsWithoutLoss)
        #expect(Recipe(actions: [.rotate(.half), .shrink(.longSide(9))]).resolved.save.quality == 85)
    }

    @Test("Sizes follow a turn and a cut on blocks", arguments: 1...8)
    func sizes(_ orientation: Int) throws {
        let picture = PictureFacts(width: 64, height: 48, orientation: orientation, hasAlpha: false, colourSpace: .srgb)
        let upright = orientation < 5 ? [64, 48] : [48, 64]
        let turned = try Recipe(actions: [Action(LosslessJPEG(.rotate90))]).outputSize(for: picture)
        #expect([turned.height, turned.width] == upright)
        let cut = try Recipe(actions: [Action(LosslessJPEG(.crop, width: .pixels(16)))]).outputSize(for: picture)
        #expect((orientation < 5 ? [cut.width, cut.height] : [cut.height, cut.width]) == [16, upright[1]])
    }

    @Test("What asks for lossless files says nothing of formats that always lose something")
    func losslessWhereItCanBe() {
        let save = Save(quality: 80, lossless: true)
        let recipe = Recipe(actions: [.save(save)])
        #expect(recipe.reencodes(as: .jpeg) && recipe.reencodes(as: .webp) && !recipe.reencodes(as: .png))
        #expect(save.canSearchQuality(as: .jpeg) && save.canSearchQuality(as: .avif))
        #expect(!save.canSearchQuality(as: .webp) && !save.canSearchQuality(as: .jp2))
    }

    @Test("A format is kept by the table, and the new ones have to be asked for")
    func kept() {
        #expect(OutputFormat(keepingExtension: "AVIF") == .jpeg)
        #expect(OutputFormat(keepingExtension: "jp2") == .png)
        #expect(OutputFormat(keepingExtension: "jpe") == .jpeg)
        #expect(Save(format: .jp2).outputFormat(forExtension: "png") == .jp2)
    }
}
