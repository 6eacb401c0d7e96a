import JobModel
import Planning
import Testing

@Suite("Output names")
struct OutputNamesTests {
    private func source(_ path: String, _ relative: String, _ format: OutputFormat = .jpeg) -> NameSource {
        NameSource(
            path: RawPath(path), relative: RawPath(relative), inputFolderName: RawPath("in"), format: format,
            task: TaskIndex(rawValue: 0),
            folderIndex: 1, identity: InputIdentity(sizeBytes: 1, modifiedNanoseconds: 0))
    }

    private func final(_ output: String?, _ name: String?, _ source: NameSource, page: Int? = nil) throws -> String {
        let template = try name.map { text in try NameTemplate(text) }
        let names = try #require(OutputNames(outputFolder: output.map { RawPath($0) }, template: template))
        return try names.finalPath(source, page: page).display
    }

    @Test(
        "Without a template the tree is replicated, and an extension changes only with the format",
        arguments: [
            ("a/b/IMG_1.JPEG", OutputFormat.jpeg, "out/a/b/IMG_1.JPEG"), ("IMG_1.heic", .jpeg, "out/IMG_1.jpg"),
            ("x.Tif", .tiff, "out/x.Tif"),
            ("x.tif", .png, "out/x.png"), ("noending", .png, "out/noending.png"), ("a.b/c.d.bmp", .png, "out/a.b/c.d.png"),
            (".x", .png, "out/.x.png"),
        ])
    func replicated(_ relative: String, _ format: OutputFormat, _ expected: String) throws {
        #expect(try final("out", nil, source("/in/" + relative, relative, format)) == expected)
    }

    @Test(
        "A template's name goes under -o; {dir} in front is the folder there, or the input's own without -o",
        arguments: [
            ("out", "{stem}_s.{ext}", "out/1_s.jpg"), ("out", "{dir}/{stem}_s.{ext}", "out/a/1_s.jpg"),
            ("out", "/abs/{stem}", "/abs/1"),
            (nil, "{dir}/{stem}_s.{ext}", "/in/a/1_s.jpg"), (nil, "t/{stem}.{ext}", "t/1.jpg"),
        ] as [(String?, String, String)])
    func templates(_ output: String?, _ name: String, _ expected: String) throws {
        #expect(try final(output, name, source("/in/a/1.jpg", "a/1.jpg")) == expected)
    }

    @Test("A file named without a folder keeps its output beside it")
    func bare() throws {
        #expect(try final(nil, "{dir}/{stem}_s.{ext}", source("1.jpg", "1.jpg")) == "1_s.jpg")
    }

    @Test("Pages behind each other get their number, once")
    func pages() throws {
        #expect(try final("out", nil, source("/in/1.tif", "1.tif", .tiff), page: 3) == "out/1-3.tif")
        #expect(try final("out", "{stem}_{page:3}.{ext}", source("/in/1.tif", "1.tif", .tiff), page: 3) == "out/1_003.tif")
        #expect(try final("out", "{stem}.{ext}", source("/in/1.tif", "1.tif", .tiff), page: 3) == "out/1-3.tif")
        #expect(OutputNames.pageName(of: RawPath("a.b/noending"), page: 2).display == "a.b/noending-2")
    }

    @Test("Names that are not UTF-8 pass through byte for byte")
    func raw() throws {
        let name = RawPath(bytes: [0x61, 0xFF, 0x2E, 0x6A, 0x70, 0x67])
        var input = source("/in/x", "x")
        input.relative = name
        let names = try #require(OutputNames(outputFolder: RawPath("o"), template: nil))
        #expect(try names.finalPath(input).bytes == Array("o/".utf8) + name.bytes)
    }

    @Test("Neither -o nor --name gives no output names")
    func neither() {
        #expect(OutputNames(outputFolder: nil, template: nil) == nil)
    }

    @Test("A renamed output says what it came from")
    func renamed() {
        let final = RawPath("out/IMG_1.jpg")
        #expect(
            OutputNames.renamed(final, input: RawPath("IMG_1.heic"), isConverted: true, attempt: 1).display
                == "out/IMG_1.heic.jpg")
        #expect(
            OutputNames.renamed(final, input: RawPath("IMG_1.heic"), isConverted: true, attempt: 2).display == "out/IMG_1~2.jpg")
        #expect(
            OutputNames.renamed(final, input: RawPath("x/IMG_1.jpg"), isConverted: false, attempt: 1).display == "out/IMG_1~2.jpg"
        )
    }

    @Test("Exactly the paths that differ in letter case alone collide")
    func collisions() {
        let paths =
            ["a/X.jpg", "b", "A/x.JPG", "ä.png", "Ä.PNG", "c", "a/x.jpg", "ä.pn"].map { RawPath($0) } + [
                RawPath(bytes: [0xFF]), RawPath(bytes: [0xFE]),
            ]
        var finder = CollisionFinder(expectedCount: paths.count)
        for path in paths { finder.add(path) }
        let suspects = finder.suspects()
        let found = paths.enumerated().filter { suspects.contains($0.element) }.map {
            (task: TaskIndex($0.offset), path: $0.element)
        }
        #expect(found.map(\.task.position) == [0, 2, 3, 4, 6])
        #expect(CollisionSuspects.groups(of: found).map { $0.map(\.task.position) } == [[0, 2, 6], [3, 4]])
    }

    @Test("A million different names raise no suspicion, and one pair among them does")
    func many() {
        var finder = CollisionFinder(expectedCount: 1_000_001)
        for index in 0..<1_000_000 { finder.add(RawPath("out/\(index % 1000)/IMG_\(index).jpg")) }
        finder.add(RawPath("OUT/7/img_7.jpg"))
        let suspects = finder.suspects()
        #expect(suspects.contains(RawPath("out/7/IMG_7.jpg")))
        #expect((0..<1000).count { suspects.contains(RawPath("out/\($0)/IMG_\($0).jpg")) } == 1)
    }

    @Test("A way up and down again is the same place, and above the start of a relative path is another")
    func parents() {
        for (path, same) in [("out/a/../b/X.jpg", "out/b/x.jpg"), ("out/a/c/../../x.jpg", "out/x.jpg"), ("/a/../../x", "/x"), ("../a/../x", "../x"), ("a/..", "")] {
            #expect(CollisionKey.folded(RawPath(path)) == Array(same.utf8), "\(path)")
            #expect(CollisionKey.hash(RawPath(path)) == CollisionKey.hash(RawPath(same)), "\(path)")
        }
        for path in ["../../x", "../x", "a..b/x", "a/..b/x", "a/.../x"] { #expect(CollisionKey.folded(RawPath(path)) == Array(path.utf8)) }
    }

    @Test("Hashes are the same on every run")
    func stable() {
        #expect(CollisionKey.hash(RawPath("out/IMG_1.jpg")) == CollisionKey.hash(RawPath("OUT/img_1.JPG")))
        #expect(CollisionKey.hash(RawPath("")) == 0xEFD0_1F60_BA99_2926)
    }
}
