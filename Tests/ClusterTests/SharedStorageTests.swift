import Foundation
import Testing

/// Hosts that see the head's files, all of them or some, and shares that go away.
@Suite("Shared storage", .enabled(if: Testbed.isWhole, "needs root rights and namespaces"), .serialized)
struct SharedStorageTests {
    private static let pictures = """
        photos 24 in/photos
        convert -size 20x20 xc:red -size 24x20 xc:blue in/pages.tif
        : >in/empty.jpg
        # Without end, so that a copy of it would show on a link.
        for n in 1 2 3 4; do { cat "$photo"; head -c 4000000 /dev/zero; } >in/large$n.jpg; done
        """
    private static let words = ["-o", "out", "--shrink", "50", "--pdf", "b.pdf", "--missing-page", "skip"]

    @Test("Where hosts see the same files only names travel, found out or promised, under the same or another name")
    func names() throws {
        let place = try Workplace(Self.pictures)
        try place.finish("here", Self.words, status: 3)
        let bed = try Testbed(hosts: 2, ["--shared"])
        try place.finish("first", Self.words + ["--hosts", bed.hostsFile, "--min-hosts", "2"], status: 3)
        // The bundle is there by now.
        let before = try bytes(over: bed, "h1") + bytes(over: bed, "h2")
        try place.finish("auto", Self.words + ["--hosts", bed.hostsFile, "--min-hosts", "2"], status: 3)
        #expect(try bytes(over: bed, "h1") + bytes(over: bed, "h2") - before < 2_000_000)
        try place.finish("promised", Self.words + ["--hosts", bed.hostsFile, "--min-hosts", "2", "--storage", "shared"], status: 3)
        for name in ["first", "auto", "promised"] { try place.expectSameResults("here", name) }
        try place.expectSame("placed", ["--in-place", "--rotate", "90", "--keep-times"], on: ["--hosts", bed.hostsFile], status: 3, withTimes: true)
        try bed.end()

        let mapped = try Testbed(hosts: 2, ["--share", "\(place.path):/mnt/work"])
        let hosts = try place.hosts(mapped, defaults: "storage: shared, map: {\(place.path): /mnt/work}", "address: h1", "address: h2")
        try place.finish("mapped", Self.words + hosts + ["--min-hosts", "2"], status: 3)
        try place.expectSameResults("here", "mapped")
        // A promise that is not kept is told with what to do.
        let broken = try place.hosts(mapped, defaults: "storage: shared", "address: h1", "address: h2", file: "broken.yaml")
        let refused = try place.finish("refused", Self.words + broken, status: 5)
        #expect(refused.errors.contains("set `map:` in the host file"), "\(refused)")
    }

    @Test("Inputs on a share that hosts may only read are read there, and what is made of them travels")
    func readOnly() throws {
        let place = try Workplace(Self.pictures)
        let bed = try Testbed(hosts: 2, ["--share-ro", "\(place.path):/mnt/work"])
        let hosts = try place.hosts(bed, defaults: "map: {\(place.path): /mnt/work}", "address: h1", "address: h2")
        try place.expectSame("first", Self.words, on: hosts + ["--min-hosts", "2"], status: 3)
        let before = try bytes(over: bed, "h1") + bytes(over: bed, "h2")
        try place.expectSame("mixed", Self.words, on: hosts + ["--min-hosts", "2"], status: 3)
        #expect(try bytes(over: bed, "h1") + bytes(over: bed, "h2") - before < 2_000_000)
    }

    @Test("A share unmounted here in mid-job makes it wait, and it goes on when the share is back")
    func unmountedHere() throws {
        let place = try Workplace("slow 48 in")
        let words = ["-o", "out", "--recipe", "../blur.yaml", "--pdf", "b.pdf"]
        try place.finish("here", words)
        let bed = try Testbed(hosts: 2)
        try place.make("mkdir -p there/in && mount --bind in there/in")
        defer { run("umount", ["-l", place.path + "/there/in"], of: place) }
        let running = try place.start("there", ["run", "in", "--progress", "json"] + words + ["--hosts", bed.hostsFile, "--min-hosts", "2"])
        try holdWorkers(of: bed, ["h1", "h2"], in: running)
        try place.make("umount -l there/in")
        try releaseWorkers(of: bed, ["h1", "h2"])
        try eventually("it waits, and says for what") { try running.errors().contains("paused: ") }
        try place.make("mount --bind in there/in")
        let ended = try running.wait()
        #expect(ended.status == 0, "\(ended)")
        #expect(!ended.errors.contains("\"outcome\":\"failed\""))
        try place.expectSameResults("here", "there")
    }

    @Test("A share unmounted on one host: that host rests, the others finish, and no file is blamed")
    func unmountedThere() throws {
        let place = try Workplace("slow 48 in")
        let words = ["-o", "out", "--recipe", "../blur.yaml", "--pdf", "b.pdf"]
        try place.finish("here", words)
        let bed = try Testbed(hosts: 2, ["--share", "\(place.path):/mnt/work"])
        let hosts = try place.hosts(bed, defaults: "storage: shared, map: {\(place.path): /mnt/work}", "address: h1", "address: h2")
        let running = try place.start("there", ["run", "in", "--progress", "json"] + words + hosts + ["--min-hosts", "2"])
        try holdWorkers(of: bed, ["h1"], in: running)
        let unmounted = try bed.execute(on: "h1", "umount", "-l", "/mnt/work")
        #expect(unmounted.status == 0, "\(unmounted)")
        try releaseWorkers(of: bed, ["h1"])
        let ended = try running.wait()
        #expect(ended.status == 0, "\(ended)")
        #expect(ended.errors.contains("h1 rests for"), "\(ended)")
        try place.expectSameResults("here", "there")
    }

    // MARK: Looks and holds

    /// Bytes that went over a host's link, both ways.
    private func bytes(over bed: Testbed, _ host: String) throws -> Int {
        func text(_ file: String) throws -> String { try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines) }
        let id = try text(bed.state.path(percentEncoded: false) + "/id")
        return try ["rx", "tx"].reduce(0) { sum, way in
            guard let count = Int(try text("/sys/class/net/qtb\(id)\(host)/statistics/\(way)_bytes")) else { throw Trouble("no count of bytes for \(host)") }
            return sum + count
        }
    }

    /// Stops workers where they are, as soon as some files are done.
    private func holdWorkers(of bed: Testbed, _ hosts: [String], in running: RunningProgram) throws {
        try eventually("files are done") {
            guard running.isRunning else { throw Trouble("it ended too early: \(try running.errors())") }
            return try running.errors().split(separator: "\n").count { $0.hasPrefix("{\"event\":\"file\"") } >= 3
        }
        for host in hosts { try bed.execute(on: host, "pkill", "-STOP", "-f", "/quire-worker$") }
    }

    private func releaseWorkers(of bed: Testbed, _ hosts: [String]) throws {
        for host in hosts { try bed.execute(on: host, "pkill", "-CONT", "-f", "/quire-worker$") }
    }

    /// Cleans up; what is not there any more need not go.
    private func run(_ program: String, _ words: [String], of place: Workplace) {
        do { _ = try place.make(([program] + words).joined(separator: " ") + " || true") } catch { Issue.record("\(error)") }
    }
}
