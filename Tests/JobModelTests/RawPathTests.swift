import JobModel
import Testing

@Suite("Paths of any bytes")
struct RawPathTests {
    @Test(
        "Parts of a path",
        arguments: [
            ("/a/b.tar.gz", "/a", "b.tar.gz", "b.tar", "gz"), ("b", "", "b", "b", ""), ("/b", "/", "b", "b", ""),
            ("a/.hidden", "a", ".hidden", ".hidden", ""), ("a/x.", "a", "x.", "x", ""), ("a/.x.JPG", "a", ".x.JPG", ".x", "jpg"),
        ])
    func parts(text: String, parent: String, name: String, stem: String, ending: String) {
        let path = RawPath(text)
        #expect(path.parent == RawPath(parent))
        #expect(path.lastComponent == RawPath(name))
        #expect(path.stem == RawPath(stem))
        #expect(path.lowercasedExtension == ending)
    }

    @Test("Inside means below, component by component")
    func inside() {
        #expect(RawPath("/a/b").isInside(RawPath("/a")))
        #expect(!RawPath("/ab").isInside(RawPath("/a")))
        #expect(RawPath("/a").isInside(RawPath("/")))
        #expect(RawPath("/a/b/c").relative(to: RawPath("/a")) == RawPath("b/c"))
        #expect(RawPath("/ab").relative(to: RawPath("/a")) == nil)
    }

    @Test("Normalizing keeps what a link could change", arguments: [("./a//b/.", "a/b"), ("/../a", "/../a"), ("a/../b", "a/../b"), (".", "."), ("/", "/"), ("//", "/")])
    func normalized(text: String, expected: String) { #expect(RawPath(text).normalized == RawPath(expected)) }

    @Test(
        "Without links a path's .. can be taken by its letters",
        arguments: [
            ("/a/b/../c", "/a/c", ["/a/b"], false), ("/a/./b//c", "/a/b/c", [], false), ("/../../a", "/a", [], true), ("/a/../..", "/", ["/a"], true),
            ("/a/b/../../c/../d", "/d", ["/a/b", "/a", "/c"], false), ("/", "/", [], false), ("/..a/b..", "/..a/b..", [], false),
        ])
    func parents(text: String, lies: String, leaves: [String], climbs: Bool) {
        let path = RawPath(text)
        #expect(path.withoutParents == RawPath(lies))
        #expect(path.foldersLeft == leaves.map { RawPath($0) })
        #expect(path.climbsAboveRoot == climbs)
    }

    @Test("What is shown is safe for a terminal and tells bytes apart")
    func display() {
        #expect(RawPath(bytes: [0x41, 0xFF, 0x0A, 0x1B, 0xC3, 0xA9]).display == "A\\xff\\x0a\\x1bé")
        #expect(RawPath(bytes: [0x41, 0xFF]).utf8Text == nil)
    }

    @Test("A message stays one short line")
    func failureMessage() {
        let failure = TaskFailure(.damaged, "first\nsecond\n" + String(repeating: "é", count: 1000))
        #expect(!failure.message.contains("\n"))
        #expect(failure.message.utf8.count <= TaskFailure.messageBytesMax)
    }
}
