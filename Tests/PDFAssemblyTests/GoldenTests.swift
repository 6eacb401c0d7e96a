import Foundation
import JobModel
import PDFAssembly
import Testing

/// Books of which every byte is known: no page in them is made by a library whose next version writes other bytes.
///
/// A digest that changes means that the same pictures make another PDF than before: archives compare such files. Change one
/// here only on purpose: the failure shows the new digest; look at the new file first, with `qpdf --check` and as pictures.
@Suite("The bytes of a book stay the same from version to version") struct GoldenTests {
    private static func bytes(_ hexadecimal: String) -> [UInt8] {
        let digits = hexadecimal.filter(\.isHexDigit).map { UInt8($0.hexDigitValue ?? 0) }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// A grey baseline JPEG of 8 x 8 pixels by hand: one quantisation table of ones, one code for each Huffman table, DC 0.
    private static let jpeg = bytes(
        "ffd8" + "ffdb004300" + String(repeating: "01", count: 64) + "ffc0000b080008000801011100"
            + "ffc40014000100000000000000000000000000000000" + "ffc40014100100000000000000000000000000000000"
            + "ffda0008010100003f00" + "3f" + "ffd9")

    /// The header of an ICC profile, which is all that is looked at.
    private static func profile(_ space: String, filler: UInt8) -> [UInt8] {
        var profile = [UInt8](repeating: 0, count: 128) + [UInt8](repeating: filler, count: 72)
        profile.replaceSubrange(0..<4, with: [0, 0, 0, 200])
        profile.replaceSubrange(8..<12, with: [2, 0x40, 0, 0])
        profile.replaceSubrange(12..<24, with: Array("mntr\(space)XYZ ".utf8))
        profile.replaceSubrange(36..<40, with: Array("acsp".utf8))
        return profile
    }

    /// Pages of every coding, mask and colour, two of which share a profile, in nested folders, with a file that failed.
    private func everything(_ store: inout SourceStore) -> [BookPage] {
        var list: [BookPage] = []
        func add(_ folder: [String], _ facts: (inout SourceStore, PageKey) -> PageFacts) {
            let key = PageKey(task: UInt64(list.count), page: 0)
            list.append(BookPage(key: key, content: .picture(facts(&store, key)), folder: folder))
        }
        func grey(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 * 5) } }
        for orientation in 1...8 {
            add([]) { store, key in
                PageFacts(
                    width: 8, height: 8, bitsPerComponent: 8, colour: .grey,
                    coding: .jpeg(invertedCMYK: false, colourTransform: nil),
                    stream: store.add(Self.jpeg, for: key), orientation: orientation,
                    density: orientation > 4 ? Density(horizontalMilliDPI: 300_000, verticalMilliDPI: 150_000) : nil,
                    isFromCamera: orientation == 8)
            }
        }
        for filler: UInt8 in [1, 1, 2] {
            add(["scans"]) { store, key in
                PageFacts(
                    width: 6, height: 4, bitsPerComponent: 8, colour: .rgb, coding: .flate(pngPredictor: true),
                    stream: store.add(pngRows(grey(72), rowBytes: 18), for: key), mask: .colourKey([5, 10, 15]),
                    profile: PageProfile(
                        source: store.add(Self.profile("RGB ", filler: filler), for: key, as: .output(0)), isDeflated: false))
            }
        }
        add(["scans", "Bücher"]) { store, key in
            let mask = store.add(pngRows(grey(24), rowBytes: 6), for: key, as: .output(1))
            return PageFacts(
                width: 6, height: 4, bitsPerComponent: 8, colour: .indexed(palette: [1, 2, 3, 4, 5, 6]),
                coding: .flate(pngPredictor: true), stream: store.add(pngRows((0..<24).map { $0 % 2 }, rowBytes: 6), for: key),
                mask: .alpha(mask, bitsPerComponent: 8))
        }
        list.append(
            BookPage(
                key: PageKey(task: UInt64(list.count), page: 0),
                content: .placeholder(fileName: "scans/weg (1).jpg", reason: .truncated),
                folder: ["scans", "Bücher"]))
        add(["zuletzt"]) { store, key in
            PageFacts(
                width: 8, height: 2, bitsPerComponent: 1, colour: .grey, coding: .ccittG4(blackIsOne: false),
                // Two white rows, and the end of the block (ITU-T T.6).
                stream: store.add(Self.bytes("c0040040"), for: key),
                density: Density(horizontalMilliDPI: 200_000, verticalMilliDPI: 200_000))
        }
        add(["zuletzt"]) { store, key in
            PageFacts(
                width: 5, height: 3, bitsPerComponent: 8, colour: .cmyk, coding: .flate(pngPredictor: false),
                stream: store.add(deflatedStored(grey(60)), for: key))
        }
        return list
    }

    struct Golden: Sendable, CustomTestStringConvertible {
        let name: String
        let settings: @Sendable (inout PDFSettings) -> Void
        /// SHA-256 of each volume.
        let digests: [String]
        var testDescription: String { name }
    }

    static let all = [
        Golden(
            name: "as they come", settings: { _ in },
            digests: ["ad1ee919c07b5ce99fec83eea77e69f1d71ab8d961a6896c0cecc77c522f2e99"]),
        Golden(
            name: "title, author and date",
            settings: { settings in
                settings.title = "Ein Büchlein"
                settings.author = "N. N. (ed.)"
                settings.dateSeconds = 1_706_918_400
            }, digests: ["a6c5913d81c05f3ffc94177c0dff8af142b2bd281c7e55628e9642faeb4ff354"]),
        Golden(
            name: "A4 with a margin",
            settings: { settings in
                settings.pageSize = .a4
                settings.margin = PaperLength(tenthsOfMillimetre: 100)
            }, digests: ["7a197c87abc4483fc88604bd0e565c3c52ef0d8fd75702670e742fb06c8e9a9f"]),
        Golden(
            name: "letter", settings: { $0.pageSize = .letter },
            digests: ["31ac16f807d4d4b54123ffc7ec7b675490c1ed1cb90f99e59a498cbb17d7168f"]),
        Golden(
            name: "a size of one's own",
            settings: {
                $0.pageSize = .paper(width: PaperLength(tenthsOfMillimetre: 1000), height: PaperLength(tenthsOfMillimetre: 1234))
            }, digests: ["8d71e949ffb4eda11606f5c36170fedba6f2f6094a2e51e8e51b90ade6225acc"]),
        Golden(
            name: "a resolution for all", settings: { $0.dotsPerInch = 72 },
            digests: ["bd9040fbfdee6d6097aff6c6fbf3a42e56e879282fc72e1417cd8a4c9d9a2042"]),
        Golden(
            name: "volumes of four pages", settings: { $0.volumePagesMax = 4 },
            digests: [
                "814ddf56c958f9f87e7fbe9d803104012cb793d462b3f5fdc997066bc663cb4f",
                "805f43119e1e90f77bd07a4eb5a52d99d1076a9f4de6a80031474d590526c872",
                "e75010ee031dc3709b4904e1e221a401e1bf2f0970251f05ece11b33362d11d8",
                "8e0dca18fb89754a05a0f17db97cf1423769bb940b5fd5ea34c63458e55107d3",
            ]),
        Golden(
            name: "volumes of few bytes", settings: { $0.volumeBytesMax = 6_000 },
            digests: [
                "2b3dfefbb335dc08553d4ccbe7bc2791493dc0e26202ad61dabbab9a2f128de0",
                "e75010ee031dc3709b4904e1e221a401e1bf2f0970251f05ece11b33362d11d8",
                "8e0dca18fb89754a05a0f17db97cf1423769bb940b5fd5ea34c63458e55107d3",
            ]),
        Golden(
            name: "PDF/A", settings: { $0.isArchival = true },
            digests: ["30b32e1fe5b25d36960556004ba1ca9aaf5810f60de500c05e9bd6de17a90b19"]),
    ]

    @Test("is the same as ever", arguments: all)
    func golden(_ golden: Golden) throws {
        var store = SourceStore()
        let pages = everything(&store)
        var settings = PDFSettings()
        golden.settings(&settings)
        var performer = BookPerformer()
        var book = try TestBook(settings: settings)
        for page in pages { try performer.perform(try book.append(page), with: store) }
        try performer.perform(book.finish(), with: store)
        try performer.endVolumes()
        let volumes = performer.whole.keys.sorted().compactMap { performer.whole[$0] }
        let digests = volumes.map { PlainSHA256.digest(of: $0).hex }
        let folder = try ScratchFolder()
        for (index, volume) in volumes.enumerated() {
            let path = folder.path("\(index).pdf")
            try Data(volume).write(to: URL(filePath: path))
            let check = try run("qpdf", ["--check", path])
            #expect(check.status == 0, "\(check.output)")
        }
        #expect(
            digests == golden.digests,
            "\(golden.name): every PDF quire makes has other bytes now. If that is meant, look at the books first, then put these digests here."
        )
    }
}
