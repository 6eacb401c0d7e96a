import SeededNumbers
import Variables
import JobModel
import Planning
import Testing

@Suite("Name templates")
struct NameTemplateTests {
    private static func probe(_ tags: [(String, String)] = [], takenAt: String? = nil) -> ProbeFacts {
        ProbeFacts(
            kind: .jpeg, width: 40, height: 30, pageCount: 1, bands: 3, bitsPerBand: 8, orientation: 6, hasProfile: false,
            hasAlpha: false, mode: "rgb",
            density: nil, takenAt: takenAt, tags: tags.map { .init(name: $0.0, value: $0.1) })
    }

    private func facts(_ relative: String = "2024/trip/IMG_7.JPEG", probe: ProbeFacts? = nil, own: String = "/in/2024/trip")
        -> NameFacts
    {
        NameFacts(
            ownFolder: RawPath(own), relative: RawPath(relative), inputFolderName: RawPath("in"),
            outputExtension: RawPath("JPEG"),
            task: TaskIndex(rawValue: 41), folderIndex: 3, page: 2,
            identity: InputIdentity(sizeBytes: 1, modifiedNanoseconds: 1_714_564_800_000_000_000), probe: probe)
    }

    private func render(_ template: String, _ facts: NameFacts) -> String {
        do throws(PlanningError) { return try NameTemplate(template).render(facts).display } catch { return error.description }
    }

    @Test(
        "A resolution next to a whole number is that, as most formats cannot say 300 a centimetre or metre; others stay",
        arguments: [(299_999, "300"), (300_001, "300"), (299_720, "299.72"), (72_500, "72.5"), (0, "72")])
    func resolution(_ milliDPI: UInt32, _ text: String) {
        var probe = Self.probe()
        probe.density = Density(horizontalMilliDPI: milliDPI, verticalMilliDPI: milliDPI)
        #expect(render("{dpi}", facts(probe: probe)) == text)
    }

    @Test(
        "Every variable gives its fact",
        arguments: [
            ("{dir}/{stem}_thumbnail.{ext}", "/in/2024/trip/IMG_7_thumbnail.JPEG"), ("x/{dir}/{name}", "x/2024/trip/IMG_7.JPEG"),
            ("{subdir}/{folder}-{stem}", "2024/trip/trip-IMG_7"), ("{index}-{index:05}-{folderindex:2}-{page}", "42-00042-03-2"),
            ("{width}x{height:4}", "30x0040"), ("{year}/{month}/{day}/{hour}{minute}{second}.{ext}", "2019/02/03/040506.JPEG"),
            ("{exif:Model}", "Canon EOS"), ("{exif:Lens|no lens}", "no lens"), ("{{{stem}}}", "{IMG_7}"),
            ("a//./b/{stem}", "a/b/IMG_7"),
            ("{exif:Evil}", "_.._etc_passwd"), ("{exif:Dots}/x", "__/x"), ("../{stem}", "../IMG_7"),
            ("{exif:None|a/b}/c", "a/b/c"),
        ])
    func values(_ template: String, _ expected: String) {
        let probe = Self.probe(
            [("Model", " Canon EOS "), ("Evil", "/../etc\u{0}passwd"), ("Dots", ".."), ("Blank", "  ")],
            takenAt: "2019:02:03 04:05:06")
        #expect(render(template, facts(probe: probe)) == expected)
    }

    @Test(
        "Names take what texts of recipes take",
        arguments: [
            ("{monthname}-{weekday}-{weekdayname}", "February-7-Sunday"), ("{type}/{width/2}x{height*2:04}", "jpeg/15x0080"),
            ("{exif:DateTimeDigitized.year}-{exif:DateTimeDigitized.month}", "2001-12"), ("{iptc:City|nowhere}-{iptc:By-line|Ann}", "Zürich-Ann"),
            ("{xmp:dc:title}", "_x_"), ("{xmp:title}", "_x_"), ("{xmp:dc:rights|free}", "free"), ("{upper(stem)}", "IMG_7"),
            ("{format}.{mode}.{dpi}", "jpeg.rgb.72"),
            ("{wdth/2}", "name template '{wdth/2}', character 2: unknown variable 'wdth'; did you mean 'width'?"),
            ("{width/0}", "the name template has no result for this file: a division by zero"),
        ])
    func computed(_ template: String, _ expected: String) {
        let probe = Self.probe(
            [("DateTimeDigitized", "2001:12:24 00:00:00"), ("iptc:City", "Zürich"), ("xmp:dc:title", "/x/")], takenAt: "2019:02:03 04:05:06")
        let made = render(template, facts(probe: probe))
        #expect(made == expected || expected.count > 20 && made.hasPrefix(expected), "\(made)")
    }

    @Test("Files at the top of an INPUT get names of the same shape")
    func top() {
        #expect(render("{subdir}/{stem}.x", facts("a.jpg")) == "a.x")
        #expect(render("books/{dir}.pdf", facts("a.jpg")) == "books/in.pdf")
        #expect(render("{folder}/{stem}", facts("a.jpg")) == "in/a")
        #expect(render("{year}{month}{day}", facts()) == "20240501")
        #expect(render("{exif:X|}/{stem}", facts("a.jpg")) == "a")
    }

    @Test("What cannot be a name is refused for that file alone")
    func unusable() throws {
        #expect(
            render("{exif:Lens}", facts())
                == "the file has no exif:Lens and the name template no default; write {exif:Lens|unknown}")
        #expect(throws: PlanningError.missingValue(variable: "width")) { try NameTemplate("{width}").render(facts()) }
        for (template, relative) in [
            ("{exif:A|}", "a"), ("{dir}/", "a"), ("{stem}/x", "..."), ("a/.{stem}/x", "..jpg"), ("a/.", "a"), ("/.", "a"),
            (".{exif:A|}.", "a"), ("/", "a"),
        ] {
            #expect(throws: PlanningError.self, "\(template)") {
                let path = try NameTemplate(template).render(facts(relative))
                Issue.record("\(template) gave \(path)")
            }
        }
        let long = String(repeating: "é", count: 200)
        #expect(render(long, facts()).contains("too long"))
        #expect(render("{exif:Long}.jpg", facts(probe: Self.probe([("Long", long)]))).utf8.count == 104)
    }

    @Test(
        "A slip is refused with its place and the nearest name",
        arguments: [
            ("{dir}/{stm}", "name template '{dir}/{stm}', character 8: unknown variable 'stm'; did you mean 'stem'?"),
            (
                "é{qqqqqq}",
                "name template 'é{qqqqqq}', character 3: unknown variable 'qqqqqq'; accepted: dir, subdir, folder, name, stem, ext, index, "
                    + "folderindex, page, width, height, year, month, day, hour, minute, second, type, filesize, pages, bands, bits, format, "
                    + "mode, dpi, aspect, orientation, monthname, weekday, weekdayname, exif:TAG, iptc:TAG, xmp:TAG"
            ),
            ("{stem", "name template '{stem', character 1: this { has no }; a brace itself is written {{"),
            ("a}", "name template 'a}', character 2: this } has no {; a brace itself is written }}"),
            ("{stem:3}", "name template '{stem:3}', character 7: stem is no number and takes no width"),
            (
                "{index:x}",
                "name template '{index:x}', character 8: 'x' is no width; accepted: 1 to 20, with or without zeros before"
            ),
            (
                "{index:99}",
                "name template '{index:99}', character 8: '99' is no width; accepted: 1 to 20, with or without zeros before"
            ),
            ("{exif}", "name template '{exif}', character 2: exif needs a tag, as in {exif:Model|unknown}"),
            ("", "name template '', character 1: it is empty"),
        ])
    func slips(_ template: String, _ line: String) {
        #expect(render(template, facts()) == line)
    }

    @Test("It is known beforehand whether files must be looked into")
    func probes() throws {
        #expect(try !NameTemplate("{dir}/{stem}-{index:04}.{ext}").needsProbe)
        for text in ["{width}", "{exif:Model|x}", "{year}"] { #expect(try NameTemplate(text).needsProbe) }
        #expect(try NameTemplate("books/{dir}.pdf").isPerFolder)
        #expect(try !NameTemplate("{stem}.pdf").isPerFolder)
        #expect(try NameTemplate("{stem}-{page}").usesPage)
        for (name, variable) in NameVariable.plain { #expect(variable.name == name) }
    }

    @Test(
        "Whatever a file and a template say, a name is refused or stays inside what the template spells", .timeLimit(.minutes(1)))
    func fuzz() {
        var random = SeededNumbers(seed: 9)
        let pieces = [
            "{", "}", "{{", "}}", "/", ".", "..", "x", "é", "{stem}", "{exif:A}", "{exif:A|}", "{exif:B|y}", "{index:04}",
            "{subdir}", ":", "|",
            "{name}", "{ext}", "{width}", "{year}", "\u{0}",
        ]
        let values = ["", ".", "..", "/", "../..", "a/b", "\u{0}", "\n", "  ", "é", String(repeating: "x", count: 300)]
        let names = ["a.jpg", "...", "..jpg", ".x", "d/..b", "d/e/f", "x."]
        var rendered = 0
        for _ in 0..<25_000 {
            let text = (0..<random.below(8)).map { _ in pieces[random.below(pieces.count)] }.joined()
            guard let template = try? NameTemplate(text) else { continue }
            let probe = Self.probe([("A", values[random.below(values.count)]), ("B", values[random.below(values.count)])])
            guard let path = try? template.render(facts(names[random.below(names.count)], probe: probe)) else { continue }
            rendered += 1
            let parts = path.display.split(separator: "/")
            #expect(!path.isEmpty && path.bytes.last != UInt8(ascii: "/") && !path.bytes.contains(0))
            #expect(parts.count { $0 == ".." } <= text.split(separator: "/").count { $0 == ".." })
            #expect(!path.isAbsolute || text.hasPrefix("/"))
        }
        #expect(rendered > 10_000)
    }

    @Test(
        "Dates are those of the calendar",
        arguments: [
            (0, "1970-1-1 0:0:0"), (951_782_400, "2000-2-29 0:0:0"), (-1, "1969-12-31 23:59:59"),
            (4_107_542_399, "2100-2-28 23:59:59"),
            (4_107_542_400, "2100-3-1 0:0:0"), (253_402_300_799, "9999-12-31 23:59:59"), (Int64.max, "9999-12-31 23:59:59"),
            (Int64.min, "0-1-1 0:0:0"),
            (-62_162_035_201, "0-2-29 23:59:59"),
        ] as [(Int64, String)])
    func calendar(_ seconds: Int64, _ expected: String) {
        let time = CivilTime(secondsSince1970: seconds)
        #expect("\(time.year)-\(time.month)-\(time.day) \(time.hour):\(time.minute):\(time.second)" == expected)
    }

    @Test("Days follow each other over eight centuries")
    func days() {
        var last = CivilTime(secondsSince1970: -400 * 365 * 86_400)
        for day in (-400 * 365 + 1)...(400 * 365) {
            let next = CivilTime(secondsSince1970: Int64(day) * 86_400)
            let isNextDay = next.day == last.day + 1 && next.month == last.month && next.year == last.year
            let isNextMonth = next.day == 1 && next.month == last.month + 1 && next.year == last.year && last.day >= 28
            let isNextYear = next.day == 1 && next.month == 1 && next.year == last.year + 1 && last.month == 12 && last.day == 31
            #expect(isNextDay || isNextMonth || isNextYear)
            last = next
        }
    }
}
