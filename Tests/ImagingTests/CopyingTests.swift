import Foundation
import Imaging
import JobModel
import Recipes
import Testing

@Suite("Nothing that was not asked")
struct CopyingTests {
    @Test("A file no action changes is copied byte for byte", arguments: ["jpg", "png", "tif", "webp", "gif"])
    func verbatim(_ ending: String) throws {
        let bench = try Bench()
        try bench.shell("\(chart) a.\(ending)")
        let format = OutputFormat(keepingExtension: ending)
        let work = try bench.finish("a.\(ending)", to: format, [.autoOrient, .shrink(.longSide(500))])
        #expect(work.files.map(\.isVerbatim) == [true])
        #expect(try bench.bytes("a.\(ending)") == bench.bytes("out/t"))
        let sum = try bench.shell("sha256sum out/t").prefix(64)
        #expect(work.files[0].digest.hex == String(sum))
        #expect(work.pixels == 0)
    }

    @Test("A quality alone encodes again; next to a shrink that changes nothing it does not")
    func quality() throws {
        let bench = try Bench()
        try bench.shell("\(chart) -quality 95 a.jpg")
        #expect(try bench.finish("a.jpg", to: .jpeg, [.save(Save(quality: 40))]).files[0].isVerbatim == false)
        #expect(try bench.shell("identify -format '%Q' out/t") == "40")
        #expect(try bench.finish("a.jpg", to: .jpeg, [.shrink(.longSide(900)), .save(Save(quality: 40))]).files[0].isVerbatim)
    }

    @Test("New files have the job's mode, and the input's time when that is wanted")
    func modeAndTime() throws {
        let bench = try Bench()
        try bench.shell("\(chart) a.jpg && touch -d '1999-04-05 06:07:08.123456789 UTC' a.jpg")
        _ = try bench.finish("a.jpg", to: .jpeg, [.shrink(.longSide(50))], keepTimes: true)
        #expect(try bench.shell("stat -c '%a %.Y' out/t") == "640 923292428.123456789")
        _ = try bench.finish("a.jpg", to: .jpeg, [.shrink(.longSide(50))])
        #expect(try bench.shell("stat -c '%.Y' out/t") != "923292428.123456789")
    }

    @Test("Content decides the loader, and a name that lies is reported")
    func lyingName() throws {
        let bench = try Bench()
        try bench.shell("\(chart) png:a.jpg && \(chart) 'a[n=-1].jpg'")
        #expect(try bench.finish("a.jpg", to: .jpeg, [.shrink(.longSide(50))]).notes.contains(.contentIs(.png)))
        #expect(try bench.shell("identify -format '%m' out/t") == "JPEG")
        #expect(try bench.finish("a[n=-1].jpg", to: .jpeg, [.shrink(.longSide(50))]).notes.isEmpty)
    }

    @Test("A TIFF keeps its compression", arguments: ["None", "LZW", "Zip", "RLE", "JPEG"])
    func compression(_ name: String) throws {
        let bench = try Bench()
        try bench.shell("\(chart) -compress \(name) a.tif")
        _ = try bench.finish("a.tif", to: .tiff, [.shrink(.longSide(100))])
        let wanted = try bench.shell("tiffinfo a.tif | grep Compression")
        #expect(try bench.shell("tiffinfo out/t | grep Compression") == wanted)
    }

    @Test("A bilevel scan that is turned stays bilevel and group 4; one that is made smaller becomes grey")
    func bilevel() throws {
        let bench = try Bench()
        try bench.shell("\(chart) -monochrome -compress Group4 a.tif && convert a.tif -rotate 90 r.png")
        _ = try bench.finish("a.tif", to: .tiff, [.rotate(.quarter)])
        let info = try bench.shell("tiffinfo out/t")
        #expect(info.contains("CCITT Group 4") && info.contains("Bits/Sample: 1"))
        #expect(try bench.difference("r.png", "out/t") == 0)
        _ = try bench.finish("a.tif", to: .tiff, [.shrink(.longSide(60))])
        #expect(try bench.shell("tiffinfo out/t").contains("Bits/Sample: 8"))
    }

    @Test("Every page of a TIFF becomes a file of its own")
    func manyPages() throws {
        let bench = try Bench()
        try bench.shell("\(chart) p.png && convert p.png \\( p.png -resize 50% \\) \\( p.png -negate \\) a.tif")
        let work = try bench.finish("a.tif", to: .png, [.shrink(.longSide(100))])
        #expect(work.files.map(\.page) == [1, 2, 3])
        #expect(work.files.map { $0.temp.lastComponent.display } == ["t", "t-2", "t-3"])
        #expect(try bench.shell("identify -format '%wx%h ' out/t out/t-2 out/t-3") == "100x67 100x67 100x67")
        #expect(try bench.finish("a.tif", to: .tiff, [.shrink(.longSide(500))]).files.map(\.isVerbatim) == [true])
    }

    /// A PNG animated to show two frames, as its chunks say (PNG 3rd edition, 11.3.6).
    private func animatePNG(_ bench: Bench) throws {
        try bench.shell("\(chart) -define png:color-type=2 s.png && convert s.png -negate -define png:color-type=2 n.png")
        func number(_ value: Int, _ count: Int = 4) -> [UInt8] { (0..<count).reversed().map { UInt8(value >> (8 * $0) & 0xFF) } }
        func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
            let body = Array(type.utf8) + data
            var crc: UInt32 = .max
            for byte in body {
                crc ^= UInt32(byte)
                for _ in 0..<8 { crc = crc & 1 == 1 ? 0xEDB8_8320 ^ (crc >> 1) : crc >> 1 }
            }
            return number(data.count) + body + number(Int(~crc))
        }
        func pixels(_ file: [UInt8]) -> [UInt8] {
            var (at, data): (Int, [UInt8]) = (8, [])
            while at < file.count {
                let count = file[at..<(at + 4)].reduce(0) { $0 << 8 | Int($1) }
                if file[(at + 4)..<(at + 8)].elementsEqual("IDAT".utf8) { data += file[(at + 8)..<(at + 8 + count)] }
                at += count + 12
            }
            return data
        }
        let first = try bench.bytes("s.png")
        func control(_ sequence: Int) -> [UInt8] {
            chunk("fcTL", number(sequence) + number(240) + number(160) + number(0) + number(0) + number(1, 2) + number(5, 2) + [0, 0])
        }
        try bench.write(
            Array(first[..<33]) + chunk("acTL", number(2) + number(0)) + control(0) + chunk("IDAT", pixels(first)) + control(1)
                + chunk("fdAT", number(2) + pixels(try bench.bytes("n.png"))) + chunk("IEND", []), "a.png")
    }

    @Test("An animated PNG encoded anew shows its first frame, and that is said, also where all frames are asked for")
    func framesOfPNG() throws {
        let bench = try Bench()
        try animatePNG(bench)
        let small = try bench.finish("a.png", to: .png, [.shrink(.longSide(60))])
        #expect(small.notes == [.firstFrameOnly(of: 2)])
        #expect(try bench.shell("identify -format '%wx%h' out/t") == "60x40")
        let webp = try bench.finish("a.png", to: .webp, [.save(Save(format: .webp, lossless: true, allFrames: true))])
        #expect(webp.notes == [.firstFrameOnly(of: 2)])
        #expect(try bench.difference("s.png", "out/t") == 0)
        let copy = try bench.finish("a.png", to: .png, [.strip(.gps)], pages: true)
        #expect(try bench.bytes("out/t") == bench.bytes("a.png"))
        #expect(copy.notes == [.firstFrameOnly(of: 2)] && copy.pages.count == 1)
        #expect(try bench.finish("a.png", to: .png, [.strip(.gps)]).notes.isEmpty)
        #expect(try bench.finish("s.png", to: .png, [.shrink(.longSide(60))]).notes.isEmpty)
    }

    @Test("The first frame of an animation is used, and said so; all frames when asked")
    func frames() throws {
        let bench = try Bench()
        try bench.shell("\(chart) p.png && convert -delay 20 p.png \\( p.png -negate \\) \\( p.png -flop \\) a.gif")
        let first = try bench.finish("a.gif", to: .gif, [.shrink(.longSide(60))])
        #expect(first.notes == [.firstFrameOnly(of: 3)])
        #expect(try bench.shell("identify -format '%wx%h ' out/t") == "60x40")
        let all = try bench.finish("a.gif", to: .gif, [.shrink(.longSide(60)), .save(Save(allFrames: true))])
        #expect(all.notes.isEmpty)
        #expect(try bench.shell("identify -format '%wx%h:%T ' out/t") == "60x40:20 60x40:20 60x40:20")
        _ = try bench.finish("a.gif", to: .webp, [.shrink(.longSide(60)), .save(Save(allFrames: true))])
        #expect(try bench.shell("webpinfo out/t | grep -c ANMF || true", mayFail: true) != "0")
    }
}
