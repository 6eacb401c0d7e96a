import ImageFiles
import JobModel
import Testing

@Suite("GPS tracks") struct GPXTrackTests {
    private func track(_ points: String, version: String = "1/1") throws -> GPXTrack {
        try GPXTrack(
            parsing: Array(
                "<?xml version=\"1.0\"?><gpx xmlns=\"http://www.topografix.com/GPX/\(version)\"><trk><trkseg>\(points)</trkseg></trk></gpx>".utf8))
    }

    private func point(_ latitude: Double, _ longitude: Double, _ time: String, _ rest: String = "") -> String {
        "<trkpt lat=\"\(latitude)\" lon=\"\(longitude)\">\(rest)<time>\(time)</time></trkpt>"
    }

    @Test("A place is worked out between two points, in proportion to time", arguments: ["1/0", "1/1"])
    func interpolation(version: String) throws {
        let track = try track(
            point(48, 2, "2024-05-31T12:00:00Z", "<ele>100</ele>") + point(50, 3, "2024-05-31T12:01:40Z", "<ele>200</ele>"), version: version)
        let start = track.points[0].secondsSince1970
        #expect(start == 1_717_156_800)
        let quarter = try #require(track.place(at: start + 25, gapSecondsMax: 300)).point
        #expect(quarter.latitude == 48.5 && quarter.longitude == 2.25 && quarter.elevation == 125)
        #expect(track.place(at: start, gapSecondsMax: 1)?.metresFromPoint == 0)
        #expect(track.place(at: start + 100, gapSecondsMax: 1)?.point.latitude == 50)
    }

    @Test("Nothing is said before, behind and in gaps")
    func gaps() throws {
        let track = try track(point(48, 2, "2024-05-31T12:00:00Z") + point(48, 2.001, "2024-05-31T12:10:00Z"))
        let start = track.points[0].secondsSince1970
        for seconds in [-1, 601] { #expect(track.place(at: start + Int64(seconds), gapSecondsMax: 10_000) == nil) }
        #expect(track.place(at: start + 300, gapSecondsMax: 599) == nil)
        let found = try #require(track.place(at: start + 300, gapSecondsMax: 600))
        // A thousandth of a degree of longitude at 48 degrees north is 74.4 m.
        #expect(abs(found.metresFromPoint - 37.2) < 0.1 && found.point.elevation == nil)
    }

    @Test("Points are put in order of time, the date line is crossed the short way, zones and fractions are read")
    func oddities() throws {
        let track = try track(
            point(0, -179.9, "2024-05-31T14:00:10.25+02:00") + point(0, 179.9, "2024-05-31T12:00:00Z") + point(9, 9, "never")
                + point(95, 9, "2024-05-31T12:00:05Z") + point(7, 7, "2024-05-31T12:00:00Z"))
        #expect(track.points.count == 2)
        let middle = try #require(track.place(at: track.points[0].secondsSince1970 + 5, gapSecondsMax: 60)).point
        #expect(abs(abs(middle.longitude) - 180) < 1e-9)
    }

    @Test("What is no track is refused", arguments: ["", "<html/>", "<gpx><trkpt lat=\"1\" lon=\"2\"></trkpt></gpx>", "<gpx><trkpt"])
    func refusals(text: String) {
        #expect(throws: ImageFileError.self) { try GPXTrack(parsing: Array(text.utf8)) }
    }

    @Test("A place becomes the GPS directory, in all four quarters", .enabled(if: Tool.isExiftoolHere))
    func directory() throws {
        let folder = try TemporaryFolder()
        let track = try track(
            point(-33.856784, 151.215297, "1965-05-31T12:00:00Z", "<ele>-3.5</ele>") + point(51.5007, -0.1246, "2024-02-29T23:59:59Z"))
        for (index, point) in track.points.enumerated() {
            try folder.write(try edited(Fixture.jpeg(), .jpeg, try point.edits()), as: "\(index).jpg")
        }
        let tags = try Tool.tags(["0.jpg", "1.jpg"], in: folder.url)
        let (south, west) = (try #require(tags["0.jpg"]), try #require(tags["1.jpg"]))
        #expect(south["Composite:GPSLatitude"]?.hasPrefix("-33.856784") == true && south["Composite:GPSLongitude"]?.hasPrefix("151.21529") == true)
        #expect(south["Composite:GPSAltitude"] == "-3.5" && south["GPS:GPSDateStamp"] == "1965:05:31" && south["GPS:GPSTimeStamp"] == "12:00:00")
        #expect(west["Composite:GPSLongitude"]?.hasPrefix("-0.1246") == true && west["GPS:GPSMapDatum"] == "WGS-84")
        #expect(west["GPS:GPSVersionID"] == "2 3 0 0" && west["GPS:GPSAltitude"] == nil)
    }
}
