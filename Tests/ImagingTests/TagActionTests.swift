import Foundation
import Imaging
import JobModel
import Recipes
import Testing
import Variables

@Suite("Actions on tags")
struct TagActionTests {
    private static let tags =
        "-Make=Acme -Artist=Ann -DateTimeOriginal='2024:01:31 23:30:00' -ModifyDate='2024:02:01 08:00:00' -XMP-xmp:CreateDate='2024-01-31T23:30:00.5+01:00'"
        + " -Orientation#=6 -XMP-dc:Title=Hello -IPTC:City=Munich"

    private func fixture(_ bench: Bench, _ name: String = "a.jpg") throws {
        try bench.shell("\(chart) \(name) && exiftool -q -overwrite_original \(Self.tags) \(name)")
    }

    private func values(_ bench: Bench, _ tags: String) throws -> [String] {
        try bench.shell("exiftool -f -s3 -n \(tags) out/t").split(separator: "\n").map(String.init)
    }

    private func write(_ tag: String, _ text: String) throws -> Action { Action(TagWriting(tag, try TextTemplate(text))) }

    private func shift(_ change: (inout TimeShifting) -> Void) -> Action {
        var shift = TimeShifting()
        change(&shift)
        return Action(shift)
    }

    @Test("Tags alone are written without decoding, and into a smaller picture", arguments: [false, true])
    func writing(_ shrinks: Bool) throws {
        let bench = try Bench()
        try fixture(bench)
        let actions = try [
            write("exif:Copyright", "© {exif:DateTimeOriginal.year} {exif:Artist|nobody}"), write("xmp:photoshop:City", "{iptc:City}"),
            write("xmp:dc:description", "{xmp:title} {width}x{height}"),
        ]
        let work = try bench.finish("a.jpg", to: .jpeg, (shrinks ? [.shrink(.longSide(60))] : []) + actions)
        let size = try bench.shell("exiftool -s3 -n -ImageSize out/t").replacingOccurrences(of: " ", with: "x")
        let found = try values(bench, "-EXIF:Copyright -XMP-photoshop:City -XMP-dc:Description -EXIF:Artist -IPTC:City -XMP-dc:Title")
        // Not turned yet, a picture is described as it will be seen.
        let seen = shrinks ? size : size.split(separator: "x").reversed().joined(separator: "x")
        #expect(found == ["© 2024 Ann", "Munich", "Hello \(seen)", "Ann", "Munich", "Hello"])
        #expect((work.pixels == 0) == !shrinks)
        if !shrinks { #expect(try bench.difference("a.jpg", "out/t") == 0) }
    }

    @Test("Dates move together, over the end of a month, with the file's own time where that is asked for")
    func shifting() throws {
        let bench = try Bench()
        try fixture(bench)
        try bench.shell("touch -d '2024-01-31 12:00:00 UTC' a.jpg")
        let back = shift { ($0.months, $0.minutes, $0.files) = (1, 45, true) }
        let work = try bench.finish("a.jpg", to: .jpeg, [back], keepTimes: true)
        #expect(work.pixels == 0)
        #expect(
            try values(bench, "-DateTimeOriginal -ModifyDate -XMP-xmp:CreateDate")
                == ["2024:03:01 00:15:00", "2024:03:01 08:45:00", "2024:03:01 00:15:00.5+01:00"])
        #expect(try bench.shell("stat -c %Y out/t") == "\(try bench.shell("date -u -d '2024-02-29 12:45:00' +%s"))")
        guard case .failed(let failure) = try bench.run("a.jpg", to: .jpeg, [shift { $0.years = 8000 }]) else {
            Issue.record("a year of five digits was written")
            return
        }
        #expect(failure.message.contains("leave the years"))
    }

    @Test("A file's own time that cannot be held is neither moved nor kept wrong", arguments: [true, false])
    func timeOutOfRange(moves: Bool) throws {
        let bench = try Bench()
        try fixture(bench)
        try bench.shell("touch -d '2300-01-01 00:00:00 UTC' a.jpg")
        try #require(try bench.shell("date -u -r a.jpg +%Y") == "2300", "the file system holds no such time")
        let actions = moves ? [shift { ($0.months, $0.files) = (1, true) }] : [.shrink(.longSide(60))]
        let outcome = try bench.run("a.jpg", to: .jpeg, actions, keepTimes: true)
        #expect(reason(outcome) == .unsupported)
        #expect(try bench.leftovers().isEmpty)
        // Where nobody asks for its time, the picture is none the worse.
        _ = try bench.finish("a.jpg", to: .jpeg, [.shrink(.longSide(60))])
    }

    @Test("Kinds and tags are deleted, and what was written before with them")
    func deleting() throws {
        let bench = try Bench()
        try fixture(bench)
        var deletion = TagDeletion()
        deletion.tags = ["iptc", "exif:Make", "xmp:dc:title"]
        _ = try bench.finish("a.jpg", to: .jpeg, [try write("iptc:Headline", "x"), Action(deletion), try write("exif:Software", "q")])
        #expect(
            try values(bench, "-IPTC:City -IPTC:Headline -EXIF:Make -XMP-dc:Title -EXIF:Software -EXIF:Artist -EXIF:Orientation")
                == ["-", "-", "-", "-", "q", "Ann", "6"])
        deletion.tags = ["all"]
        _ = try bench.finish("a.jpg", to: .jpeg, [Action(deletion), try write("exif:Artist", "Bob")])
        #expect(try values(bench, "-EXIF:Artist -EXIF:Make -EXIF:DateTimeOriginal -XMP-xmp:CreateDate") == ["Bob", "-", "-", "-"])
    }

    @Test("A TIFF encoded anew has the tags that were asked for")
    func tiff() throws {
        let bench = try Bench()
        try fixture(bench)
        _ = try bench.finish("a.jpg", to: .tiff, [.shrink(.longSide(60)), try write("exif:Copyright", "me")])
        #expect(try values(bench, "-IFD0:Copyright") == ["me"])
    }

    @Test("Saving tags only never encodes a picture anew")
    func savingTags() throws {
        let bench = try Bench()
        try fixture(bench)
        let actions = [try write("exif:Artist", "Bob"), Action(TagSaving())]
        #expect(try bench.finish("a.jpg", to: .jpeg, actions).pixels == 0)
        guard case .failed = try bench.run("a.jpg", to: .png, actions) else {
            Issue.record("a JPEG was encoded as PNG")
            return
        }
        try bench.shell("convert a.jpg b.gif")
        guard case .failed(let failure) = try bench.run("b.gif", to: .gif, actions) else {
            Issue.record("a GIF got an EXIF tag")
            return
        }
        #expect(failure.message.contains("GIF"))
    }

    private static let track = """
        <gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>
        <trkpt lat="48.0" lon="11.0"><ele>500</ele><time>2024-01-31T22:29:00Z</time></trkpt>
        <trkpt lat="48.2" lon="11.2"><ele>520</ele><time>2024-01-31T22:31:00Z</time></trkpt></trkseg></trk></gpx>
        """

    private func geotag(_ change: (inout Geotagging) -> Void) throws -> (Action, WorkAsset) {
        let asset = WorkAsset(digest: Digest256(bytes: [UInt8](repeating: 7, count: 32)), bytes: Array(Self.track.utf8))
        var geotagging = Geotagging()
        geotagging.track = Asset(path: "hike.gpx", digest: asset.digest)
        change(&geotagging)
        return (Action(geotagging), asset)
    }

    @Test("A track gives the place; the report tells it")
    func geotagging() throws {
        let bench = try Bench()
        try fixture(bench)
        let (action, asset) = try geotag { $0.offset = "+01:00" }
        bench.assets = [asset]
        let work = try bench.finish("a.jpg", to: .jpeg, [action])
        #expect(work.pixels == 0)
        let found = try values(bench, "-GPSLatitude -GPSLongitude -GPSAltitude -GPSDateStamp -GPSTimeStamp -EXIF:Make")
        #expect(found == ["48.1", "11.1", "510", "2024:01:31", "22:30:00", "Acme"])
        guard case .geotagged(let fact)? = work.notes.first else {
            Issue.record("\(work.notes)")
            return
        }
        #expect(fact.time == "2024-01-31T22:30:00Z" && fact.microDegreesNorth == 48_100_000 && fact.metresFromPoint > 10_000)
    }

    @Test("A picture beside the track is noted, or fails where that was asked for")
    func besideTrack() throws {
        let bench = try Bench()
        try fixture(bench)
        let (noted, asset) = try geotag { _ in }
        bench.assets = [asset]
        let work = try bench.finish("a.jpg", to: .jpeg, [noted])
        #expect(work.notes == [.notGeotagged("the track says nothing of the time it was taken")])
        #expect(try bench.bytes("a.jpg") == bench.bytes("out/t"))
        guard case .failed(let failure) = try bench.run("a.jpg", to: .jpeg, [try geotag { $0.missing = .fail }.0]) else {
            Issue.record("it did not fail")
            return
        }
        #expect(failure.message.contains("no place"))
    }
}
