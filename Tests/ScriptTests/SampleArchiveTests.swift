import Foundation
import Testing

@Suite("A sample archive")
struct SampleArchiveTests {
    private func make(_ arguments: String...) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let made = try run(programs.appending(path: "sample-archive").path(percentEncoded: false), [folder.path] + arguments)
        try #require(made.status == 0, "\(made.errors)")
        return folder
    }

    private func sums(_ folder: TemporaryFolder) throws -> String {
        try run("sh", ["-c", "find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum"], in: folder.url).output
    }

    private func facts(_ folder: TemporaryFolder, _ tags: [String]) throws -> [[String: Any]] {
        let read = try run("exiftool", ["-r", "-n", "-json", "-ext", "jpg", "-ext", "jpeg"] + tags + [folder.path])
        let list = try JSONSerialization.jsonObject(with: Data(read.output.utf8)) as? [[String: Any]]
        return try #require(list, "\(read.errors)")
    }

    @Test("The same arguments make the same bytes, other sizes others")
    func repeatable() throws {
        let first = try sums(make("--count", "21", "--size", "200x150"))
        let second = try sums(make("--count", "21", "--size", "200x150"))
        let wider = try sums(make("--count", "21", "--size", "216x150"))
        #expect(first == second)
        #expect(first.split(separator: "\n").count == 21)
        #expect(first != wider)
    }

    @Test("A longer archive begins with the shorter one")
    func growing() throws {
        let short = Set(try sums(make("--count", "12", "--size", "128x96")).split(separator: "\n"))
        let long = Set(try sums(make("--count", "60", "--size", "128x96")).split(separator: "\n"))
        #expect(short.isSubset(of: long))
        #expect(long.count == 60)
    }

    @Test("exiftool sees a camera, a date, all eight orientations and GPS in every third photo")
    func cameraFacts() throws {
        let photos = try facts(
            make("--count", "48", "--size", "160x120"),
            ["-Orientation", "-DateTimeOriginal", "-Make", "-Model", "-ExposureTime", "-GPSLatitude", "-ExifImageWidth", "-Validate"])
        #expect(photos.count == 48)
        let orientations = Dictionary(grouping: photos.compactMap { $0["Orientation"] as? Int }, by: { $0 }).mapValues(\.count)
        #expect(orientations == Dictionary(uniqueKeysWithValues: (1...8).map { ($0, 6) }))
        #expect(photos.filter { $0["GPSLatitude"] != nil }.count == 16)
        #expect(Set(photos.compactMap { $0["DateTimeOriginal"] as? String }).count >= 45)
        #expect(photos.allSatisfy { ($0["DateTimeOriginal"] as? String)?.wholeMatch(of: /20\d\d:\d\d:\d\d \d\d:\d\d:\d\d/) != nil })
        #expect(photos.allSatisfy { $0["Make"] != nil && $0["Model"] != nil && $0["ExposureTime"] != nil })
        #expect(photos.allSatisfy { $0["ExifImageWidth"] as? Int == 160 })
        #expect(photos.allSatisfy { "\($0["Validate"] ?? "")" == "0 0 0" }, "exiftool finds fault with an EXIF block")
    }

    @Test("Names are as awkward as people's: spaces, quotes, accents both ways, leading dashes, no zero padding")
    func names() throws {
        let folder = try make("--count", "50", "--size", "64x64")
        let listed = try run("find", [".", "-name", "*.*", "-type", "f"], in: folder.url).lines
        #expect(listed.count == 50)
        let wanted = [" ", "'", "\"", "/-", "IMG_2.jpg", "IMG_10.jpg", ".JPG", "写真", "旅行/"]
        for part in wanted { #expect(listed.contains { $0.contains(part) }, "no name has \(part)") }
        let scalars = Set(listed.joined().unicodeScalars)
        #expect(scalars.contains("\u{301}") && scalars.contains("É"), "an accent must stand alone here and be part of its letter there")
        #expect(listed.contains { $0.split(separator: "/").count >= 4 })
    }

    @Test("Photos compress like photos and decode without a warning", arguments: ["320x240", "1600x1200"])
    func sizes(size: String) throws {
        let sides = size.split(separator: "x").compactMap { Double($0) }
        let folder = try make("--count", size == "320x240" ? "40" : "6", "--size", size)
        let files = try run("find", [folder.path, "-type", "f", "-printf", "%s\\n"]).lines.compactMap { Double($0) }
        for bytes in files {
            #expect((0.2...0.35).contains(bytes / (sides[0] * sides[1])))
        }
        let decoded = try run("sh", ["-c", "find . -type f -exec vips avg {} \\;"], in: folder.url)
        #expect(decoded.errors == "")
        #expect(decoded.lines.count == files.count)
    }

    @Test("Each photo's sky is up once its orientation is applied")
    func upright() throws {
        let folder = try make("--count", "8", "--size", "160x120")
        let script = """
            find . -type f | while IFS= read -r file; do
                for edge in North South; do
                    convert "$file" -auto-orient -gravity $edge -crop 100%x8%+0+0 +repage -format '%[fx:mean.b-mean.r] ' info:
                done
                echo
            done
            """
        let rows = try run("sh", ["-c", script], in: folder.url).lines
        #expect(rows.count == 8)
        for row in rows {
            let blueness = row.split(separator: " ").compactMap { Double($0) }
            try #require(blueness.count == 2)
            #expect(blueness[0] > 0 && blueness[0] > blueness[1], "\(row)")
        }
    }

    @Test("Scans are grey pages with a resolution and no camera", arguments: [("1240x1754", 150), ("2480x3508", 300)])
    func scans(size: String, dotsPerInch: Int) throws {
        let pages = try facts(
            make("--count", "2", "--kind", "scan", "--size", size),
            ["-XResolution", "-YResolution", "-ResolutionUnit", "-ColorComponents", "-EXIF:All", "-FileSize"])
        #expect(pages.count == 2)
        for page in pages {
            #expect(page["XResolution"] as? Int == dotsPerInch && page["YResolution"] as? Int == dotsPerInch)
            // JFIF counts 1 as dots per inch, where EXIF has 2.
            #expect(page["ResolutionUnit"] as? Int == 1)
            #expect(page["ColorComponents"] as? Int == 1)
            #expect(page["Make"] == nil && page["Orientation"] == nil && page["DateTimeOriginal"] == nil)
        }
    }

    @Test("A wrong size or count is refused", arguments: [["--size", "4000"], ["--size", "1x1"], ["--count", "0"]])
    func refusals(arguments: [String]) throws {
        let folder = try TemporaryFolder()
        let made = try run(programs.appending(path: "sample-archive").path(percentEncoded: false), [folder.path] + arguments)
        #expect(made.status != 0)
        #expect(made.errors.contains(arguments[0]))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
}
