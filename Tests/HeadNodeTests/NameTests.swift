import JobModel
import LinuxSystem
import Testing

@testable import HeadNode

@Suite("Names that quire makes and knows again")
struct NameTests {
    @Test("The job in the name of a temp file or a spool, and in no other name")
    func owners() {
        func owner(_ name: String) -> String? { JobFolder.owner(of: RawPath(name))?.rawValue }
        #expect(owner(".quire-20260131-093000-abcd-17-1") == "20260131-093000-abcd")
        #expect(owner(".quire-20260131-093000-abcd-0-0.partial") == "20260131-093000-abcd")
        #expect(owner(".quire-spool-20260131-093000-abcd") == "20260131-093000-abcd")
        for other in [
            ".quire-20260131-093000-abcd", ".quire-spool-20260131-093000-abcd-1", ".quire-spool-20260131-093000-abc", ".quire-", "photo.jpg",
            ".quire-2026013x-093000-abcd-1-1", ".quire-20260131093000--abcd-1-1", ".quire-probe-3",
        ] { #expect(owner(other) == nil, "\(other)") }
    }

    @Test("A volume's name without its number")
    func volumes() {
        let book = PlannedBook(path: RawPath("C/album.pdf"), end: 0)
        for index in [0, 1, 998, 999, 12_344] { #expect(book.volumePath(index, of: 20_000).lastComponent.withoutVolumeNumber == RawPath("album.pdf")) }
        for name in ["album-01.pdf", "album001.pdf", "album.pdf", "001.pdf", "a-001b.pdf"] {
            #expect(RawPath(name).withoutVolumeNumber == RawPath(name))
        }
        #expect(RawPath("album-001").withoutVolumeNumber == RawPath("album"))
    }

    @Test("Places: links and steps up are resolved, and what is not there yet keeps its name")
    func places() throws {
        let root = try FileOperation.resolved(RawPath("/tmp"))
        #expect(try Places.resolved(RawPath("/tmp/./no such quire/../no other quire/x"), in: RawPath("/")) == root.appending("no other quire/x"))
        #expect(try Places.resolved(RawPath("no such quire"), in: RawPath("/tmp")) == root.appending("no such quire"))
        #expect(try Places.resolved(RawPath("/proc/self/cwd"), in: RawPath("/")) == FileOperation.workingFolder())
        #expect(try Places.resolved(RawPath("/"), in: RawPath("/tmp")) == RawPath("/"))
    }
}
