import Foundation
import PDFAssembly
import SeededNumbers
import Testing

/// A variant of `bytes`, by one of the ways files get broken; `other` lends parts.
func mutated(_ bytes: [UInt8], other: [UInt8], with numbers: inout SeededNumbers) -> [UInt8] {
    var result = bytes
    func place() -> Int { Int.random(in: 0..<max(1, result.count), using: &numbers) }
    guard !result.isEmpty else { return other }
    switch Int.random(in: 0..<7, using: &numbers) {
    case 0:
        for _ in 0..<Int.random(in: 1...4, using: &numbers) { result[place()] ^= 1 << UInt8.random(in: 0...7, using: &numbers) }
    case 1:
        result.removeLast(result.count * Int.random(in: 1...15, using: &numbers) / 16)
    case 2:
        let value: UInt8 = [0, 1, 0x7F, 0x80, 0xFF][Int.random(in: 0..<5, using: &numbers)]
        let start = place()
        for index in start..<min(start + [1, 2, 4, 8][Int.random(in: 0..<4, using: &numbers)], result.count) { result[index] = value }
    case 3:
        let start = place()
        let part = Array(result[start..<min(start + Int.random(in: 1...64, using: &numbers), result.count)])
        result.insert(contentsOf: part, at: place())
    case 4:
        let start = place()
        result.removeSubrange(start..<min(start + Int.random(in: 1...32, using: &numbers), result.count))
    case 5:
        result = Array(result[..<place()] + other[Int.random(in: 0..<max(1, other.count), using: &numbers)...])
    default:
        // A number in digits becomes another.
        let digits = result.indices.filter { (0x30...0x39).contains(result[$0]) }
        guard let index = digits.randomElement(using: &numbers) else { break }
        result[index] = [0x30, 0x31, 0x39, 0x2D, 0x20][Int.random(in: 0..<5, using: &numbers)]
    }
    return result
}

@Suite("Broken PDFs") struct MutationTests {
    @Test("are reported with a bounded amount of reading, whatever is broken", arguments: [1, 2, 3, 4])
    func bounded(seed: UInt64) throws {
        var store = SourceStore()
        var corpus = [try bind((0..<3).map { greyPage($0, folder: ["f\($0)"], store: &store) }, store: store)]
        if has("qpdf") {
            let folder = try ScratchFolder()
            try write(corpus[0], to: folder.path("ours.pdf"))
            for options in [["--object-streams=generate"], ["--linearize"], ["--object-streams=generate", "--linearize"]] {
                try run("qpdf", options + ["ours.pdf", "out.pdf"], in: folder.url.path)
                corpus.append(try readBytes(folder.path("out.pdf")))
            }
        }
        var numbers = SeededNumbers(seed: seed)
        for _ in 0..<500 {
            var bytes = try #require(corpus.randomElement(using: &numbers))
            let other = try #require(corpus.randomElement(using: &numbers))
            for _ in 0..<Int.random(in: 1...3, using: &numbers) { bytes = mutated(bytes, other: other, with: &numbers) }
            let file = MeteredFile(bytes)
            let report = verifyPDF(file) { compressed, bytesMax in
                // Decompressing is tested elsewhere; here it would take most of the time.
                compressed.count < 4_096 ? Array(repeating: UInt8(truncatingIfNeeded: compressed.count), count: min(bytesMax, 512)) : nil
            }
            #expect(file.bytesRead <= 64 * bytes.count + 65_536, "seed \(seed): \(file.bytesRead) of \(bytes.count) bytes")
            #expect(report.findings.count <= VerificationReport.findingsMax)
        }
    }

    @Test("that ask for much memory or work with few bytes are refused")
    func greedy() {
        let table = "xref\n20000000 1\n0000000009 00000 n \ntrailer\n<</Size 9/Root 1 0 R>>\n"
        let nested = "xref\n0 2\n0000000000 65535 f \n0000000009 00000 n \ntrailer\n<</Size 2/Root 1 0 R>>\n"
        for (body, tail) in [("", table), ("1 0 obj\n" + String(repeating: "[", count: 100_000) + "\nendobj\n", nested)] {
            let start = "%PDF-1.7\n" + body
            let report = verified(Array("\(start)\(tail)startxref\n\(start.utf8.count)\n%%EOF\n".utf8))
            #expect(!report.findings.isEmpty)
            #expect(report.objectCount <= 1)
        }
    }

    @Test("whose object streams unpack to more than they may are left unread, and that is said")
    func bombs() throws {
        var text = "%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
        var offsets = [9]
        for number in 2...40 {
            offsets.append(text.utf8.count)
            text += "\(number) 0 obj\n<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length 4>>\nstream\nabcd\nendstream\nendobj\n"
        }
        let table = text.utf8.count
        text += "xref\n0 41\n0000000000 65535 f \n"
        for offset in offsets { text += String(repeating: "0", count: 10 - "\(offset)".count) + "\(offset) 00000 n \n" }
        text += "trailer\n<</Size 41/Root 1 0 R>>\nstartxref\n\(table)\n%%EOF\n"
        var unpacked = 0
        let report = verifyPDF(MeteredFile(Array(text.utf8))) { _, bytesMax in
            let bytes = [UInt8](repeating: 0x20, count: min(bytesMax, 8 << 20))
            unpacked += bytes.count
            return bytes
        }
        #expect(unpacked <= 32 << 20)
        #expect(report.notChecked.contains { $0.contains("object streams") }, "\(report)")
    }
}
