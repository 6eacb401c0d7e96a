import Foundation
import JobModel
import Testing

@testable import HeadNode

private func digest(_ byte: UInt8) -> Digest256 { Digest256(bytes: Array(repeating: byte, count: 32)) }

private func key(
    _ place: FingerprintCache.Place = .bundle, bundle: UInt8 = 1, hostname: String = "h1", bootID: String = "b1", setup: [UInt8] = [1],
    work: FingerprintOrder.Work = .process(files: true, pages: false)
) throws -> FingerprintCache.Key {
    try #require(FingerprintCache.Key(place, bundle: digest(bundle), hostname: hostname, bootID: bootID, setup: setup, work: work))
}

@Suite("Remembered answers of canary sets")
struct FingerprintCacheTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "fingerprints-\(UUID().uuidString)")
    private var cache: FingerprintCache { FingerprintCache(folder: RawPath(folder.path(percentEncoded: false))) }
    private func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false)) }

    @Test("An answer holds for the same worker, host, start of the host and recipe alone")
    func holds() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(cache.answer(to: try key()) == nil)
        cache.remember(digest(7), to: try key())
        #expect(cache.answer(to: try key()) == digest(7))
        let others = [
            try key(.thisMachine), try key(bundle: 2), try key(hostname: "h2"), try key(bootID: "b2"), try key(setup: [1, 0]),
            try key(work: .process(files: false, pages: false)), try key(work: .page),
        ]
        for other in others { #expect(cache.answer(to: other) == nil) }
        cache.remember(digest(8), to: try key())
        #expect(cache.answer(to: try key()) == digest(8))
        #expect(try names().count == 1)
    }

    @Test("A host that does not tell its name or its start is asked every time")
    func nameless() {
        let work = FingerprintOrder.Work.page
        #expect(FingerprintCache.Key(.bundle, bundle: digest(1), hostname: "", bootID: "b", setup: [], work: work) == nil)
        #expect(FingerprintCache.Key(.bundle, bundle: digest(1), hostname: "h", bootID: "", setup: [], work: work) == nil)
    }

    @Test("A damaged answer counts for nothing, and the next one takes its place", arguments: [0, 31, 63])
    func damaged(place: Int) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        cache.remember(digest(7), to: try key())
        let file = folder.appending(path: try #require(try names().first))
        let whole = try Data(contentsOf: file)
        var changed = whole
        changed[place] ^= 1
        for bytes in [changed, whole.prefix(place), whole + [0]] {
            try bytes.write(to: file)
            #expect(cache.answer(to: try key()) == nil)
        }
        cache.remember(digest(7), to: try key())
        #expect(cache.answer(to: try key()) == digest(7))
    }

    @Test("Another host's file under this one's name counts for nothing")
    func misplaced() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        cache.remember(digest(7), to: try key())
        let own = try #require(try names().first)
        cache.remember(digest(8), to: try key(hostname: "h2"))
        let other = try #require(try names().first { $0 != own })
        try Data(contentsOf: folder.appending(path: other)).write(to: folder.appending(path: own))
        #expect(cache.answer(to: try key()) == nil)
    }

    @Test("The newest thousand are kept")
    func bounded() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for number in 0..<997 { try Data().write(to: folder.appending(path: "old \(number)")) }
        for number in 0..<5 { cache.remember(digest(7), to: try key(hostname: "h\(number)")) }
        #expect(try names().count == 1_000)
        #expect(try names().count { $0.hasPrefix("old") } == 995)
        for number in 0..<5 { #expect(cache.answer(to: try key(hostname: "h\(number)")) == digest(7)) }
    }

    @Test("A folder that cannot be written to costs nothing but the asking")
    func unwritable() throws {
        let cache = FingerprintCache(folder: RawPath("/proc/nowhere"))
        cache.remember(digest(7), to: try key())
        #expect(cache.answer(to: try key()) == nil)
    }
}
