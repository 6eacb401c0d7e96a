import Foundation
import Testing

/// The examples of the README, as they stand there, over real files.
@Suite("The README's examples of quire exec")
struct RealProgramTests {
    /// The commands of the section's first block of code, each in one line without the comments.
    static func examples() throws -> [String] {
        let readme = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../README.md")
        let text = try String(contentsOf: readme, encoding: .utf8)
        guard let section = text.range(of: "\n## Any program\n"), let start = text.range(of: "```sh\n", range: section.upperBound..<text.endIndex),
            let end = text.range(of: "```", range: start.upperBound..<text.endIndex)
        else { throw Trouble("the README has no block of code about programs") }
        return text[start.upperBound..<end.lowerBound].replacingOccurrences(of: "\\\n", with: "")
            .split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
    }

    /// Runs the example that starts a program, as a user would type it.
    private func run(_ program: String, in box: Sandbox, expect status: Int32 = 0) throws -> Ended {
        let commands = try Self.examples().filter { $0.contains("-- \(program) ") || $0.contains("--     \(program) ") }
        guard let command = commands.first, commands.count == 1 else { throw Trouble("\(commands.count) examples with \(program)") }
        let path = builtPrograms + ":" + (box.environment["PATH"] ?? "")
        let ended = try box.run(["sh", "-c", Name(command)], environment: ["PATH": path])
        #expect(ended.status == status, "\(command)\n\(ended)")
        return ended
    }

    private func tool(_ words: Name..., in box: Sandbox) throws -> String {
        let ended = try box.run(words)
        #expect(ended.status == 0, "\(words): \(ended)")
        return ended.out
    }

    @Test("ffmpeg makes Theora and Vorbis in Matroska of videos, without their first seconds; what is no video is left out with a warning")
    func ffmpeg() throws {
        let box = try Sandbox()
        try box.makeFolder("clips/1 summer")
        for name in ["clips/a b.mp4", "clips/1 summer/c'd.avi"] as [Name] {
            _ = try tool(
                "ffmpeg", "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=5:duration=7", "-f", "lavfi", "-i",
                "sine=duration=7", "-c:v", "mpeg4", "-c:a", "mp2", name, in: box)
        }
        try box.write("notes", to: "clips/notes.txt")
        try box.write("no video", to: "clips/broken.mov")
        let ended = try run("ffmpeg", in: box, expect: 3)
        #expect(ended.errors.contains("broken.mov"))
        #expect(ended.errors.contains(".txt"), "\(ended)")
        #expect(box.files(below: "clips").filter { $0.description.hasSuffix(".mkv") } == ["1 summer/c'd.mkv", "a b.mkv"])
        for name in ["clips/a b.mkv", "clips/1 summer/c'd.mkv"] as [Name] {
            let facts = try tool("ffprobe", "-v", "error", "-show_entries", "stream=codec_name:format=duration,format_name", "-of", "csv", name, in: box)
            #expect(facts.contains("stream,theora") && facts.contains("stream,vorbis") && facts.contains("matroska"), "\(facts)")
            let seconds = facts.split(separator: ",").last.flatMap { Double($0.trimmingCharacters(in: .whitespacesAndNewlines)) } ?? 0
            #expect((1.8...2.3).contains(seconds), "\(facts)")
        }
        box.expectTidy()
        let made = try box.snapshot("clips")
        _ = try run("ffmpeg", in: box, expect: 3)
        #expect(try box.snapshot("clips") == made, "a second run made again what was there")
    }

    @Test("flac packs WAV without loss, with tags")
    func flac() throws {
        let box = try Sandbox()
        try box.makeFolder("takes")
        for (index, name) in (["takes/-1.wav", "takes/two words.wav"] as [Name]).enumerated() {
            _ = try tool(
                "ffmpeg", "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "sine=frequency=\(440 + index):duration=1", "-bitexact", "file:" + name,
                in: box)
        }
        _ = try run("flac", in: box)
        for name in ["takes/-1", "takes/two words"] as [Name] {
            #expect(try tool("metaflac", "--show-tag=ARTIST", name + ".flac", in: box) == "ARTIST=Ada\n")
            let unpacked = try box.run(["flac", "-s", "-d", "-c", name + ".flac"])
            #expect(unpacked.output == box.read(name + ".wav"), "not the samples that went in")
        }
    }

    @Test("wc over logs: a row each as CSV, with totals")
    func wc() throws {
        let box = try Sandbox()
        for number in 1...12 { try box.write(String(repeating: "one two three\n", count: number), to: "logs/\(number).log") }
        try box.write("", to: "logs/sub/em,pty.log")
        _ = try run("wc", in: box)
        let rows = box.text("counts.csv").split(separator: "\n").map(String.init)
        #expect(rows.count == 15, "\(rows)")
        #expect(rows.first == "file,exit_code,seconds,lines,words,bytes")
        #expect(rows.dropFirst().first?.hasPrefix("logs/1.log,0,") == true && rows.dropFirst().first?.hasSuffix(",1,3,14") == true, "\(rows)")
        #expect(rows.contains { $0.hasPrefix("\"logs/sub/em,pty.log\",0,") && $0.hasSuffix(",0,0,0") }, "\(rows)")
        #expect(rows.last?.hasPrefix("total,") == true && rows.last?.hasSuffix(",78,234,1092") == true, "\(rows)")
    }

    @Test("ImageMagick makes cropped PNGs of DICOM pictures, at 300 dpi")
    func imageMagick() throws {
        let box = try Sandbox()
        try box.makeFolder("scans")
        _ = try tool("convert", "-size", "500x480", "gradient:black-white", "g.jpg", in: box)
        // As cameras and scanners make them: JPEG inside. What is not packed this Debian's ImageMagick passes over.
        for name in ["scans/a.dcm", "scans/b c.dcm"] as [Name] { _ = try tool("img2dcm", "g.jpg", name, in: box) }
        _ = try run("convert", in: box)
        for name in ["scans/a.dcm.png", "scans/b c.dcm.png"] as [Name] {
            let facts = try tool("identify", "-units", "PixelsPerInch", "-format", "%m %w %h %x", name, in: box)
            #expect(facts.hasPrefix("PNG 400 400 "), "\(facts)")
            #expect(abs((Double(facts.split(separator: " ").last ?? "") ?? 0) - 300) < 0.1, "\(facts)")
        }
    }

    @Test("CMake in every folder with a project: the broken one fails, the others are built")
    func cmake() throws {
        let box = try Sandbox()
        for name in ["one", "two", "broken"] {
            try box.write(
                "cmake_minimum_required(VERSION 3.13)\nproject(\(name) NONE)\n" + (name == "broken" ? "include(nowhere)\n" : "file(WRITE ${CMAKE_BINARY_DIR}/made hello)\n"),
                to: Name("projects/\(name)/CMakeLists.txt"))
        }
        try box.write("no project", to: "projects/notes/README")
        let ended = try run("cmake", in: box, expect: 3)
        #expect(ended.errors.contains("projects/broken"), "\(ended)")
        #expect(!ended.errors.contains("projects/notes"), "\(ended)")
        for name in ["one", "two"] as [Name] { #expect(box.text("projects/" + name + "/build/made") == "hello") }
        // What it said of the broken one is shown.
        #expect((ended.out + ended.errors).contains("include could not find requested file"), "\(ended)")
    }
}
