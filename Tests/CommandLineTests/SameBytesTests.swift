import Testing

@Suite("Same inputs, same bytes")
struct SameBytesTests {
    @Test("PDF and outputs are the same bytes with one, two and four workers")
    func workers() throws {
        let box = try Sandbox()
        #expect(try box.run(["sample-archive", "in", "--count", "14", "--size", "160x120"]).status == 0)
        try box.write("damaged", to: "in/bad.jpg")
        try box.write(TinyPicture.png(40), to: "in/p.png")
        var books: [[UInt8]?] = []
        var trees: [[Name: [UInt8]?]] = []
        for jobs in [Name("1"), "2", "4"] {
            let out = Name("out") + jobs
            try box.quire(
                "run", "in", "-o", out, "--rotate", "auto", "--shrink", "100", "--strip", "all", "--pdf", Name("b") + jobs + ".pdf", "--jobs", jobs,
                "--progress", "none", expect: 3)
            books.append(box.read(Name("b") + jobs + ".pdf"))
            trees.append(Dictionary(uniqueKeysWithValues: box.files(below: out).map { ($0, box.read(out + "/" + $0)) }))
        }
        #expect(books[0] != nil && books[0] == books[1] && books[1] == books[2])
        #expect(trees[0].count == 15 && trees[0] == trees[1] && trees[1] == trees[2])
        try box.expectSound("b1.pdf")
    }

    @Test("No date is in a PDF unless SOURCE_DATE_EPOCH or --date gives one")
    func dates() throws {
        let box = try Sandbox()
        try box.write(TinyPicture.jpeg(16), to: "in/a.jpg")
        func dates(_ name: Name, _ words: [Name] = [], _ environment: [String: String] = [:]) throws -> String {
            let ended = try box.run(["quire", "pdf", "in", "-o", name, "--progress", "none"] + words, environment: environment)
            #expect(ended.status == 0, "\(ended)")
            return try box.run(["exiftool", "-s", "-PDF:CreateDate", "-PDF:ModifyDate", "-XMP:CreateDate", "-XMP:ModifyDate", name]).out
        }
        #expect(try dates("none.pdf") == "")
        #expect(try dates("epoch.pdf", [], ["SOURCE_DATE_EPOCH": "1700000000"]).contains("2023:11:14 22:13:20"))
        #expect(try dates("flag.pdf", ["--date", "2020-02-29"], ["SOURCE_DATE_EPOCH": "1700000000"]).contains("2020:02:29"))
        #expect(try box.quire("pdf", "in", "-o", "x.pdf", environment: ["SOURCE_DATE_EPOCH": "yesterday"], expect: 2).errors.contains("SOURCE_DATE_EPOCH"))
    }

    @Test("JPEG bytes go into a PDF untouched")
    func untouched() throws {
        let box = try Sandbox()
        #expect(try box.run(["sample-archive", "in", "--count", "2", "--size", "160x120"]).status == 0)
        try box.quire("pdf", "in", "-o", "b.pdf", "--progress", "none", expect: 0)
        #expect(try box.run(["pdfimages", "-all", "b.pdf", "page"]).status == 0)
        let inputs = try box.plan("in", "-o", "x").inputs
        #expect(inputs.map { box.read(Name($0)) } == ["page-000.jpg", "page-001.jpg"].map { box.read($0) })
    }
}
