import Foundation
import Testing

/// `quire verify --manifest`; the oracle is coreutils' sha256sum.
@Suite("Checking files against a manifest")
struct ManifestTests {
    /// Names that the manifest's own form must carry.
    private static let odd: [Name] = [
        "in/plain.jpg", "in/ two blanks .jpg", "in/*star.jpg", "in/back\\slash.jpg", "in/line\nfeed.jpg", "in/carriage\r.jpg",
        Name(Array("in/latin".utf8) + [0xE9] + Array(".jpg".utf8)), "in/(round).jpg", "in/#comment.jpg",
    ]

    private func archive() throws -> Sandbox {
        let box = try Sandbox()
        for (index, name) in Self.odd.enumerated() { try box.write(TinyPicture.jpeg(20 + index), to: name) }
        try box.quire("run", "in", "-o", "out", "--pdf", "book.pdf", "--manifest", "m.sha256", "--progress", "none", expect: 0)
        return box
    }

    @Test("A manifest of a run is fine by quire and by sha256sum, whatever the files are named, and PDFs may be checked with it")
    func fine() throws {
        let box = try archive()
        #expect(try box.run(["sha256sum", "--strict", "-c", "m.sha256"]).status == 0)
        let text = try box.quire("verify", "--manifest", "m.sha256", expect: 0)
        #expect(text.out == "m.sha256: \(Self.odd.count * 2 + 1) fine\n")
        let both = try box.quire("verify", "book.pdf", "--manifest", "m.sha256", "--json", expect: 0).object().list
        #expect(both.count == 2 && both[0]["sound"].flag == true && both[0]["pages"].number == Self.odd.count)
        #expect(both[1]["manifest"].text == "m.sha256" && both[1]["fine"].number == Self.odd.count * 2 + 1 && both[1]["wrong"].list.isEmpty)
    }

    @Test("A manifest names every input and output, also those that were made by an earlier run or are replaced in place")
    func current() throws {
        let box = try Sandbox()
        for index in 1...3 { try box.write(TinyPicture.jpeg(40 + index), to: Name("in/\(index).jpg")) }
        try box.quire("run", "in", "-o", "out", "--shrink", "20", "--progress", "none", expect: 0)
        try box.quire("run", "in", "-o", "out", "--shrink", "20", "--manifest", "m", "--progress", "none", expect: 0)
        #expect(try box.quire("verify", "--manifest", "m", expect: 0).out == "m: 6 fine\n")
        for manifest in ["n", "o"] as [Name] {
            try box.quire("run", "in", "--in-place", "--shrink", "20", "--manifest", manifest, "--progress", "none", expect: 0)
            #expect(try box.quire("verify", "--manifest", manifest, expect: 0).out.hasSuffix(": 3 fine\n"))
        }
    }

    @Test("Missing, changed and unreadable files are told apart by name, in the order of the manifest, with exit 6")
    func faults() throws {
        let box = try archive()
        try box.remove("in/plain.jpg")
        try box.write("other", to: "in/*star.jpg")
        try box.remove("in/(round).jpg")
        try box.makeFolder("in/(round).jpg")
        try box.remove("in/line\nfeed.jpg")
        #expect(try box.run(["mkfifo", "in/line\nfeed.jpg"]).status == 0)
        let manifest = try #require(box.read("m.sha256"))
        try box.write(manifest + Array("no checksum at all\n".utf8), to: "m.sha256")
        let ended = try box.quire("verify", "--manifest", "m.sha256", expect: 6)
        #expect(ended.out.contains("missing: in/plain.jpg\n") && ended.out.contains("changed: in/*star.jpg\n"))
        #expect(ended.out.contains("unreadable: in/(round).jpg: it is a folder\n"))
        #expect(ended.out.contains("unreadable: in/line\\x0afeed.jpg: it is a named pipe\n"))
        let lines = manifest.split(separator: 0x0A).count + 1
        #expect(ended.out.contains("line \(lines) of the manifest names no file"))
        #expect(ended.out.hasSuffix("m.sha256: \(Self.odd.count * 2 + 1 - 4) fine, 1 missing, 1 changed, 2 unreadable, 1 malformed\n"), "\(ended)")
        let entry = try #require(try box.quire("verify", "--manifest", "m.sha256", "--json", expect: 6).object().list.first)
        let wrong = entry["wrong"].list
        #expect(wrong.compactMap { $0["line"].number } == wrong.compactMap { $0["line"].number }.sorted() && wrong.count == 5)
        #expect(Set(wrong.compactMap { $0["state"].text }) == ["missing", "changed", "unreadable", "malformed"])
        #expect(entry["missing"].number == 1 && entry["unreadable"].number == 2)
    }

    @Test("A file that is no manifest, an empty one and one that is not there are refused with exit 2 and why")
    func noManifest() throws {
        let box = try archive()
        for name in ["book.pdf", "empty", "nowhere", "in"] as [Name] {
            if name == "empty" { try box.write("", to: name) }
            let ended = try box.quire("verify", "--manifest", name, expect: 2)
            #expect(ended.errors.contains("manifest") && ended.out.isEmpty, "\(ended)")
        }
        try box.quire("verify", expect: 2)
    }

    @Test("A line is taken or not as sha256sum takes it, in all forms, cases and with every kind of damage")
    func sameLines() throws {
        let box = try Sandbox()
        try box.write("hello", to: "a")
        try box.write("hello", to: "b c")
        try box.write("hello", to: " d")
        try box.write("hello", to: "x\\y")
        let digest = try box.run(["sha256sum", "a"]).out.prefix(64).description
        let names = ["a", "b c", " d", "x\\y", "x\\\\y", "x\\ny", "gone", "a\\"]
        var lines: [String] = []
        for name in names {
            for start in ["", " ", "\t", "\\", " \\", "#", "\\ "] {
                lines += [" \(digest)  \(name)", "\(digest)  \(name)", "\(digest) *\(name)", "\(digest) \(name)", "\(digest)\t\(name)"].map { start + $0 }
                lines += ["SHA256 (\(name)) = \(digest)", "SHA256(\(name))= \(digest)", "SHA1 (\(name)) = \(digest)", "SHA256 \(name) = \(digest)"].map { start + $0 }
                lines += ["\(digest.uppercased())  \(name)\r", "\(digest.dropLast())  \(name)", "\(digest)0  \(name)", digest, "\(digest) ", "\(digest)  "].map { start + $0 }
            }
        }
        // The first line decides which of two forms a file has, so each kind of start begins a file.
        for (number, first) in ["\(digest)  a", "\(digest) a", "SHA256 (a) = \(digest)"].enumerated() {
            let name = Name("m\(number)")
            try box.write("\n#\n" + ([first] + lines).joined(separator: "\n"), to: name)
            let theirs = try box.run(["sha256sum", "--warn", "-c", name])
            let refused = theirs.errors.split(separator: "\n").filter { $0.contains("improperly formatted SHA256") }.compactMap { Int($0.split(separator: ":")[2].drop { $0 == " " }) }
            let ours = try box.quire("verify", "--json", "--manifest", name, expect: 6)
            let entry = try #require(try ours.object().list.first)
            let malformed = entry["wrong"].list.filter { $0["state"].text == "malformed" }.compactMap { $0["line"].number }
            #expect(Set(malformed).symmetricDifference(refused).sorted() == [], "\(lines)")
            #expect(refused.count > 100 && refused.count < lines.count)
            let words = theirs.out.split(separator: "\n")
            #expect(entry["fine"].number == words.count { $0.hasSuffix(": OK") })
            #expect(entry["missing"].number == words.count { $0.hasSuffix(": FAILED open or read") })
            #expect(entry["changed"].number == words.count { $0.hasSuffix(": FAILED") })
        }
    }
}
