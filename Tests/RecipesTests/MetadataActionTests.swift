import ImageFiles
import JobModel
import Recipes
import Testing
import Variables

@Suite("Actions on metadata")
struct MetadataActionTests {
    private func read(_ text: String) throws(RecipeError) -> Recipe { try Recipe(parsing: FlowText.read("{actions: [\(text)]}"), file: "r.yaml") }

    private func steps(_ text: String, _ tags: [String: String] = [:]) throws -> [MetadataStep] {
        let values = VariableValues(plain: [.year: .number(2026)], tags: tags)
        return try read(text).metadataSteps(for: PictureFacts(width: 6, height: 4, values: values))
    }

    private func set(_ name: String, _ text: String) throws -> MetadataStep {
        let tag = try #require(MetadataTag(named: name))
        return .edit(.setTag(tag, try tag.value(from: text)))
    }

    @Test("A copyright text is filled in for each file, with its default where the file names nobody")
    func templates() throws {
        let text = "{write-tag: {tag: \"exif:Copyright\", value: \"© {year} {exif:Artist|Jane Doe}\"}}"
        #expect(try steps(text) == [try set("exif:Copyright", "© 2026 Jane Doe")])
        #expect(try steps(text, ["exif:Artist": "Ann"]) == [try set("exif:Copyright", "© 2026 Ann")])
        let bare = "{write-tag: {tag: \"iptc:By-line\", value: \"{exif:Artist}\"}}"
        #expect { try steps(bare) } throws: { "\($0)".contains("the file has no exif:Artist") }
        let width = "{shrink: 3}, {write-tag: {tag: \"xmp:dc:title\", value: \"{width} px\"}}"
        #expect(try steps(width) == [try set("xmp:dc:title", "3 px")])
        #expect { try steps("{write-tag: {tag: \"exif:FNumber\", value: \"{exif:Artist}\"}}", ["exif:Artist": "Ann"]) } throws: {
            "\($0)".contains("exif:FNumber takes numbers such as") || "\($0)".contains("exif:FNumber takes")
        }
    }

    @Test("Edits come in order, and each save has those before it")
    func order() throws {
        let artist = try #require(MetadataTag(named: "exif:Artist")), creator = try #require(MetadataTag(named: "xmp:dc:creator"))
        let recipe = try read(
            "{delete-tags: [iptc, \"exif:Artist\"]}, {save: {in: a}}, {rename-tag: {from: \"exif:Artist\", to: \"xmp:dc:creator\"}}, {time-shift: {hours: -1}}, {save: {in: b}}"
        )
        let deleted: [MetadataStep] = [.edit(.drop([.iptc])), .edit(.deleteTag(artist))]
        #expect(
            try recipe.metadataStages(for: PictureFacts(width: 1, height: 1))
                == [deleted, deleted + [.edit(.renameTag(artist, to: creator)), .shiftTimes(TimeShift(hours: -1))]])
        #expect(try Recipe(canonical: recipe.canonicalBytes) == recipe.resolved)
        #expect(recipe.editsTags && !recipe.isIdentity && recipe.pixelActions.isEmpty)
    }

    @Test(
        "Slips are told before any work",
        arguments: [
            ("{write-tag: {tag: \"exif:Artits\", value: x}}", "did you mean 'exif:Artist'?"),
            ("{write-tag: {tag: Artist, value: x}}", "a tag is exif:Artist"), ("{write-tag: {tag: \"exif:MakerNote\", value: x}}", "not written"),
            ("{write-tag: {tag: \"exif:DateTime\", value: May}}", "exif:DateTime takes a date and time"),
            ("{write-tag: {tag: \"exif:StripOffsets\", value: 1}}", "unknown tag"), ("{delete-tags: [exfi]}", "unknown tag 'exfi'"),
            ("{rename-tag: {from: \"exif:Artist\", to: \"exif:Artist\"}}", "one tag"), ("{time-shift: {days: 0}}", "moves nothing"),
            ("{geotag: {track: a.gpx, offset: 2h}}", "accepted: +02:00"), ("{geotag: {gap: 5}}", "geotag needs track"),
            ("save-tags, {shrink: 5}", "save-tags leaves pictures as they are"), ("save-tags, {save: {quality: 5}}", "save-tags leaves"),
        ])
    func slips(text: String, line: String) {
        #expect { try read(text) } throws: { "\($0)".contains(line) }
    }

    @Test("What a camera is ahead of UTC is read in hours, minutes and seconds")
    func offsets() throws {
        for (text, seconds) in [("+02:00", 7200), ("-05:30", -19_800), ("+00:01:30", 90), ("Z", 0)] {
            #expect(Geotagging.seconds(ofOffset: text) == seconds)
        }
        for text in ["", "2", "+2:00", "+02:60", "+25:00", "02:00", "+02"] { #expect(Geotagging.seconds(ofOffset: text) == nil, "\(text)") }
        #expect(try read("{time-shift: {months: 1, files: yes}}").fileTimeShift == TimeShift(months: 1))
        #expect(try read("{time-shift: {months: 1}}").fileTimeShift == nil)
        let moving = try read("{time-shift: {seconds: 1, files: yes}}")
        for (seconds, moved) in [(5, [6_000_000_007]), (-5, [-3_999_999_993]), (10_413_792_000, []), (-10_413_792_000, [])] as [(Int64, [Int64])] {
            #expect(moving.movedTimes(of: InputIdentity(sizeBytes: 1, modifiedSeconds: seconds, nanoseconds: 7)) == moved, "\(seconds)")
        }
    }
}
