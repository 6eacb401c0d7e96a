import ImageFiles
import JobModel
import Testing
import Variables

@Suite("Edits of single tags", .enabled(if: Tool.isExiftoolHere)) struct TagEditTests {
    static func set(_ name: String, _ text: String) throws -> MetadataEdit {
        let tag = try #require(MetadataTag(named: name), "\(name)")
        return .setTag(tag, try tag.value(from: text))
    }

    static func delete(_ name: String) throws -> MetadataEdit { .deleteTag(try #require(MetadataTag(named: name), "\(name)")) }

    static func rename(_ old: String, _ new: String) throws -> MetadataEdit {
        .renameTag(try #require(MetadataTag(named: old)), to: try #require(MetadataTag(named: new)))
    }

    /// Tags that exiftool works out from others, or that say where something lies.
    static func isDerived(_ key: String) -> Bool {
        key.hasPrefix("Composite:") || key.hasPrefix("ExifTool:")
            || ["File:FileSize", "File:CurrentIPTCDigest", "File:ExifByteOrder", "IFD1:ThumbnailOffset"].contains(key)
    }

    /// What exiftool finds changed between two files, by `Group1:Tag`.
    static func changes(_ old: String, _ new: String, in folder: TemporaryFolder) throws -> [String: String] {
        let tags = try Tool.tags([old, new], in: folder.url)
        let (before, after) = (try #require(tags[old]), try #require(tags[new]))
        var found: [String: String] = [:]
        for key in Set(before.keys).union(after.keys) where before[key] != after[key] && !isDerived(key) { found[key] = after[key] ?? "gone" }
        return found
    }

    @Test("Pictures of every kind get tags, and nothing else of them changes", arguments: ["a.jpg", "a.png", "a.webp", "a.tif"])
    func setting(name: String) throws {
        let folder = try TemporaryFolder()
        let old = try Fixture.make(name, in: folder, tags: Fixture.placeTags + (name == "a.jpg" || name == "a.tif" ? Fixture.iptcTags : []))
        let kind = try #require(ImageKind.sniff(Array(old.prefix(ImageKind.sniffBytes))))
        var edits = [
            try Self.set("exif:Artist", "Zoë Ångström, with a name much longer than Ann"), try Self.set("exif:Make", "Q"),
            try Self.set("exif:DateTimeOriginal", "2024-05-31T17:08:09"), try Self.set("exif:FNumber", "2.8"),
            try Self.set("exif:GPSAltitude", "1234.5"), try Self.set("xmp:dc:title", "Tour <&> \"Eiffel\""),
            try Self.set("xmp:dc:creator", "Ann; Bob"), try Self.set("xmp:photoshop:City", "Lutèce"), try Self.set("xmp:xmp:Rating", "4"),
        ]
        if name == "a.jpg" || name == "a.tif" { edits += [try Self.set("iptc:City", "Lutèce"), try Self.set("iptc:Keywords", "iron; tower")] }
        let new = try edited(old, kind, edits)
        try folder.write(new, as: "new-" + name)
        var changed = try Self.changes(name, "new-" + name, in: folder)
        let expected = [
            "IFD0:Artist": "Zoë Ångström, with a name much longer than Ann", "IFD0:Make": "Q", "GPS:GPSAltitude": "1234.5",
            "ExifIFD:DateTimeOriginal": "2024:05:31 17:08:09", "ExifIFD:FNumber": "2.8", "XMP-dc:Title": "Tour <&> \"Eiffel\"",
            "XMP-photoshop:City": "Lutèce", "XMP-xmp:Rating": "4",
        ]
        for (key, value) in expected { #expect(changed.removeValue(forKey: key) == value, "\(key)") }
        #expect(changed.removeValue(forKey: "XMP-dc:Creator")?.contains("Bob") == true)
        if name == "a.jpg" || name == "a.tif" {
            #expect(changed.removeValue(forKey: "IPTC:City") == "Lutèce")
            #expect(changed.removeValue(forKey: "IPTC:Keywords")?.contains("tower") == true)
            #expect(changed.removeValue(forKey: "IPTC:CodedCharacterSet") != nil)
        }
        #expect(changed.isEmpty, "\(changed)")
        #expect(try Tool.pixels(name, in: folder.url) == Tool.pixels("new-" + name, in: folder.url))
        // The same again changes nothing at all.
        #expect(try edited(new, kind, edits) == new)
    }

    @Test("A file without metadata gets blocks", arguments: ["a.jpg", "a.png", "a.webp", "a.tif"])
    func creating(name: String) throws {
        let folder = try TemporaryFolder()
        let old = try Fixture.make(name, in: folder, convert: ["-strip"])
        let kind = try #require(ImageKind.sniff(Array(old.prefix(ImageKind.sniffBytes))))
        let new = try edited(
            old, kind, [try Self.set("exif:Copyright", "© 2026"), try Self.set("exif:GPSMapDatum", "WGS-84"), try Self.set("xmp:dc:rights", "mine")])
        try folder.write(new, as: "new-" + name)
        let tags = try #require(try Tool.tags(["new-" + name], in: folder.url)["new-" + name])
        #expect(tags["IFD0:Copyright"] == "© 2026")
        #expect(tags["GPS:GPSMapDatum"] == "WGS-84")
        #expect(tags["XMP-dc:Rights"] == "mine")
        #expect(!tags.keys.contains("ExifTool:Warning"), "\(tags["ExifTool:Warning"] ?? "")")
        #expect(try Tool.pixels(name, in: folder.url) == Tool.pixels("new-" + name, in: folder.url))
    }

    @Test("Maker notes keep offset and bytes whatever grows around them", arguments: [true, false])
    func makerNote(isLittle: Bool) throws {
        let fixture = Fixture.EXIF(isLittle: isLittle)
        let long = String(repeating: "long ", count: 50)
        let new = try #require(
            EmbeddedMetadata(exif: fixture.bytes).applying([
                try Self.set("exif:Make", long), try Self.set("exif:LensModel", long), try Self.set("exif:UserComment", "héllo"),
                try Self.set("exif:GPSSpeed", "3"), try Self.delete("exif:ExposureTime"),
            ]).exif)
        #expect(Array(new[fixture.makerNote]) == Fixture.EXIF.makerNoteBytes)
        let block = try EXIFBlock(parsing: new)
        #expect(block.make == String(long.dropLast()) && block.hasGPS && block.hasThumbnail && block.hasMakerNote && block.orientation == 6)
        #expect(EmbeddedMetadata(exif: new).texts(of: try #require(MetadataTag(named: "exif:UserComment"))) == ["héllo"])
        #expect(EmbeddedMetadata(exif: new).texts(of: try #require(MetadataTag(named: "exif:GPSSpeed"))) == ["3/1"])
        // The old texts are overwritten, not merely left behind.
        #expect(new.firstRange(of: Array("Quirecam".utf8)) == nil)
    }

    @Test("A value that fits stands where the old one stood")
    func inPlace() throws {
        let fixture = Fixture.EXIF(isLittle: true)
        let new = try EmbeddedMetadata(exif: fixture.bytes).applying([
            try Self.set("exif:Make", "Other"), try Self.set("exif:DateTimeOriginal", "1999:01:02 03:04:05"), try Self.delete("exif:XResolution"),
        ]).exif
        #expect(new?.count == fixture.bytes.count)
    }

    @Test("Tags are deleted and renamed, within a block and across")
    func deletingAndRenaming() throws {
        let folder = try TemporaryFolder()
        let old = try Fixture.make("a.jpg", in: folder, tags: Fixture.placeTags + Fixture.iptcTags)
        let new = try edited(
            old, .jpeg,
            [
                try Self.delete("exif:Make"), try Self.rename("exif:Artist", "exif:Copyright"), try Self.delete("xmp:dc:creator"),
                try Self.rename("iptc:Headline", "xmp:photoshop:Headline"), try Self.delete("iptc:Keywords"),
                try Self.rename("exif:Software", "exif:Model"), try Self.delete("xmp:tiff:Orientation"),
            ])
        try folder.write(new, as: "b.jpg")
        let changed = try Self.changes("a.jpg", "b.jpg", in: folder)
        #expect(
            changed == [
                "IFD0:Make": "gone", "IFD0:Artist": "gone", "IFD0:Copyright": "Ann", "XMP-dc:Creator": "gone", "IPTC:Headline": "gone",
                "XMP-photoshop:Headline": "Tower", "IPTC:Keywords": "gone", "XMP-tiff:Orientation": "gone",
            ])
    }

    @Test("Kinds are dropped alone", arguments: ["a.jpg", "a.tif", "a.png"])
    func dropping(name: String) throws {
        let folder = try TemporaryFolder()
        let old = try Fixture.make(name, in: folder, tags: Fixture.placeTags + (name == "a.png" ? [] : Fixture.iptcTags))
        let kind = try #require(ImageKind.sniff(Array(old.prefix(ImageKind.sniffBytes))))
        try folder.write(try edited(old, kind, [.drop([.exif])]), as: "exif-" + name)
        try folder.write(try edited(old, kind, [.drop([.xmp])]), as: "xmp-" + name)
        let tags = try Tool.tags(["exif-" + name, "xmp-" + name], in: folder.url)
        let (noEXIF, noXMP) = (try #require(tags["exif-" + name]), try #require(tags["xmp-" + name]))
        #expect(noEXIF["IFD0:Artist"] == nil && noEXIF["GPS:GPSLatitude"] == nil && noEXIF["XMP-dc:Title"] == "Tower")
        #expect(noEXIF["IFD0:Orientation"] == "6")
        #expect(noXMP["IFD0:Artist"] == "Ann" && noXMP["XMP-dc:Title"] == nil)
        if name != "a.png" { #expect(noEXIF["IPTC:City"] == "Paris" && noXMP["IPTC:City"] == "Paris") }
    }

    @Test(
        "Days and times of IPTC move with the others",
        arguments: [
            ("2024:01:31", "23:30:00+01:00", "2024:02:01", "00:15:00+01:00"), ("2024:01:31", "", "2024:01:31", ""),
            ("", "23:30:00+01:00", "", "00:15:00+01:00"),
        ])
    func times(day: String, clock: String, newDay: String, newClock: String) throws {
        let folder = try TemporaryFolder()
        let stated = [("DateCreated", day), ("TimeCreated", clock), ("DigitalCreationDate", day), ("DigitalCreationTime", clock)]
        let old = try Fixture.make(
            "a.jpg", in: folder, tags: stated.filter { !$0.1.isEmpty }.map { "-IPTC:\($0.0)=\($0.1)" } + ["-IPTC:ReleaseDate=2024:01:31"])
        let blocks = try embeddedMetadata(of: MemorySource(old), kind: .jpeg)
        let new = try edited(old, .jpeg, try blocks.edits(shiftingTimesBy: TimeShift(minutes: 45)))
        try folder.write(new, as: "b.jpg")
        let tags = try #require(try Tool.tags(["b.jpg"], in: folder.url)["b.jpg"])
        for (name, value) in [("DateCreated", newDay), ("TimeCreated", newClock), ("DigitalCreationDate", newDay), ("DigitalCreationTime", newClock)] {
            #expect(tags["IPTC:\(name)"] == (value.isEmpty ? nil : value), "\(name)")
        }
        #expect(tags["IPTC:ReleaseDate"] == "2024:01:31")
    }

    @Test(
        "A time of IPTC without a zone moves and gets none; what is no time stays",
        arguments: [("233000", "20240201", "001500"), ("233000 0100", "20240131", "233000 0100")])
    func timesWithoutZone(clock: String, newDay: String, newClock: String) throws {
        let record = Self.dataSet(55, "20240131") + Self.dataSet(60, clock)
        let blocks = EmbeddedMetadata(photoshop: HandMadeTIFF.resource(0x0404, record))
        let new = try blocks.applying(try blocks.edits(shiftingTimesBy: TimeShift(minutes: 45)))
        #expect(new.texts(of: try #require(MetadataTag(named: "iptc:DateCreated"))) == [newDay])
        #expect(new.texts(of: try #require(MetadataTag(named: "iptc:TimeCreated"))) == [newClock])
    }

    private static func dataSet(_ number: UInt8, _ text: String) -> [UInt8] { [0x1C, 2, number, 0, UInt8(text.utf8.count)] + Array(text.utf8) }

    @Test(
        "Place names of XMP go however the packet spells their schemas",
        arguments: [
            "xmlns:photoshoq=\"http://ns.adobe.com/photoshop/1.0/\" photoshoq:City=\"Bonnland\">",
            "xmlns:p='http://ns.adobe.com/photoshop/1.0'><p:City>Bonnland</p:City>",
            "><City xmlns=\"http://ns.adobe.com/photoshop/1.0/\">Bonnland</City>",
            "><q:LocationShown xmlns:q=\"http://iptc.org/std/Iptc4xmpExt/2008-02-29/\"><rdf:Bag><rdf:li>Bonnland</rdf:li></rdf:Bag></q:LocationShown>",
        ])
    func placesOfOtherPrefixes(body: String) throws {
        let folder = try TemporaryFolder()
        let packet = Fixture.xmp(body + "<d:title xmlns:d='http://purl.org/dc/elements/1.1/'>Keep</d:title><t:Orientation xmlns:t='http://ns.adobe.com/tiff/1.0/'>6</t:Orientation>")
        let new = try #require(try EmbeddedMetadata(xmp: packet).applying([.dropGPS, .setOrientation(3)]).xmp)
        try folder.write(packet, as: "a.xmp")
        try folder.write(new, as: "b.xmp")
        func values(_ name: String) throws -> String {
            String(decoding: try Tool.run(["exiftool", "-a", "-s3", "-n", "-XMP:all", name], in: folder.url), as: UTF8.self)
        }
        try #require(try values("a.xmp").contains("Bonnland"))
        let left = try values("b.xmp").split(separator: "\n").map(String.init)
        #expect(Set(left) == ["Keep", "3"], "\(left)")
    }

    @Test("Places and IPTC go together, of TIFFs whose Photoshop resources hold EXIF and XMP too")
    func droppingIPTCAndPlaces() throws {
        let position = Fixture.xmp("exif:GPSLatitude=\"48,51.5N\">")
        let exif = Fixture.EXIF(isLittle: true).bytes
        let latitude = withUnsafeBytes(of: Fixture.EXIF.latitude[4].littleEndian) { Array($0) }
        let resources = [
            (UInt16(0x0404), Self.dataSet(90, "Paris")), (0x040B, Array("http://example.org".utf8)), (0x0422, exif), (0x0424, position),
        ]
        let old = HandMadeTIFF(image: [(34377, 7, resources.flatMap { HandMadeTIFF.resource($0.0, $0.1) })]).bytes
        let new = try edited(old, .tiff, [.dropGPS, .drop([.iptc])])
        for gone in [latitude, Array("48,51.5N".utf8), Array("Paris".utf8)] { #expect(old.contains(gone) && !new.contains(gone)) }
        #expect(new.contains(Array("http://example.org".utf8)))
    }

    @Test("A TIFF's IPTC loses its places in every form that writers give it", arguments: ["record", "resources", "turned", "cut"])
    func placesInTIFF(form: String) throws {
        let record = Self.dataSet(120, "Keep") + Self.dataSet(90, "Bonnland") + Self.dataSet(105, "Headline!")
        let block: [UInt8]
        let isTurned = form == "turned"
        switch form {
        case "resources": block = HandMadeTIFF.resource(0x0404, record)
        case "cut": block = Array(record.dropLast(16))
        default: block = record + [UInt8](repeating: 0, count: (4 - record.count % 4) % 4)
        }
        func turned(_ bytes: [UInt8]) -> [UInt8] { bytes.indices.map { bytes[$0 ^ 3] } }
        let old = HandMadeTIFF(image: [(33723, 7, isTurned ? turned(block) : block)]).bytes
        let new = try edited(old, .tiff, [.dropGPS])
        // Turned round, a text is found in its own words only where it stands at one.
        let place = try #require(old.firstRange(of: isTurned ? turned(block) : block)).lowerBound
        func stands(_ text: String, _ file: [UInt8]) -> Bool {
            let value = Array(file[place..<(place + block.count)])
            return (isTurned ? turned(value) : value).contains(Array(text.utf8))
        }
        #expect(stands("Bonn", old) && !stands("Bonn", new) && !stands("land", new))
        #expect(stands("Keep", new) && stands("Headline!", new) == (form != "cut"))
        guard form == "resources" else { return }
        let written = try edited(old, .tiff, [try Self.set("iptc:City", "Lutetia")])
        #expect(try embeddedMetadata(of: MemorySource(written), kind: .tiff).texts(of: try #require(MetadataTag(named: "iptc:City"))) == ["Lutetia"])
        #expect(try embeddedMetadata(of: MemorySource(written), kind: .tiff).texts(of: try #require(MetadataTag(named: "iptc:Headline"))) == ["Headline!"])
    }

    @Test("IPTC goes without what else Photoshop keeps beside it", arguments: ["a.jpg", "a.tif"])
    func droppingIPTC(name: String) throws {
        let folder = try TemporaryFolder()
        let old = try Fixture.make(name, in: folder, tags: Fixture.iptcTags + ["-Photoshop:URL=http://example.org/", "-Photoshop:CopyrightFlag=1"])
        let kind = try #require(ImageKind.sniff(Array(old.prefix(ImageKind.sniffBytes))))
        try folder.write(try edited(old, kind, [.drop([.iptc])]), as: "b-" + name)
        let changed = try Self.changes(name, "b-" + name, in: folder)
        #expect(!changed.isEmpty && changed.allSatisfy { $0.key.hasPrefix("IPTC") || $0.key == "Photoshop:IPTCDigest" }, "\(changed)")
        #expect(changed.values.allSatisfy { $0 == "gone" }, "\(changed)")
        #expect(try Tool.pixels(name, in: folder.url) == Tool.pixels("b-" + name, in: folder.url))
    }

    @Test("A GIF has nothing to be deleted or renamed, and is copied; writing into it is refused")
    func gif() throws {
        let folder = try TemporaryFolder()
        let old = try Fixture.make("a.gif", in: folder)
        #expect(try edited(old, .gif, [try Self.delete("exif:Make"), try Self.rename("iptc:City", "xmp:photoshop:City"), .drop([.iptc])]) == old)
        #expect(throws: ImageFileError.self) { try edited(old, .gif, [try Self.set("exif:Make", "x")]) }
    }

    @Test("Values that a tag cannot hold are refused with what it takes")
    func refusals() throws {
        for (name, text) in [
            ("exif:FNumber", "wide"), ("exif:DateTimeOriginal", "yesterday"), ("exif:DateTime", "2023:02:29 00:00:00"), ("exif:Flash", "70000"),
            ("exif:GPSLatitude", "48"), ("iptc:City", String(repeating: "x", count: 33)), ("iptc:DateCreated", "May"), ("exif:MakerNote", "x"),
        ] {
            let tag = try #require(MetadataTag(named: name))
            #expect(throws: ImageFileError.self, "\(name)") { try tag.value(from: text) }
        }
        #expect(MetadataTag(named: "exif:StripOffsets") == nil && MetadataTag(named: "dc:title") == nil)
        #expect(Set(MetadataTag.names).count == MetadataTag.names.count)
        for name in MetadataTag.names { #expect(MetadataTag(named: name)?.name == name, "\(name)") }
    }
}
