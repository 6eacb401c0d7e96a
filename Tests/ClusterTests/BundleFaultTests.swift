import Foundation
import Testing

/// Bundles that earlier jobs left on a host, whole or not.
@Suite("Bundles left behind on hosts", .enabled(if: Testbed.isWhole, "needs root rights and namespaces"), .serialized)
struct BundleFaultTests {
    private static let words = ["-o", "out", "--shrink", "50", "--pdf", "b.pdf"]
    private static let cache = "/var/tmp/home/root/.cache/quire"

    @Test("Cut off, flipped and half removed files of agent and worker are replaced, and only those")
    func damaged() throws {
        let place = try Workplace("photos 8 in")
        let bed = try Testbed(hosts: 1)
        try place.finish("here", Self.words)
        func works(_ name: String) throws -> Int {
            let before = try bytesReceived(by: "h1", of: bed)
            try place.finish(name, Self.words + ["--hosts", bed.hostsFile])
            try place.expectSameResults("here", name)
            return try bytesReceived(by: "h1", of: bed) - before
        }
        let whole = try works("sent")
        #expect(try works("kept") < whole / 20)
        // Of the size it should have, and starting: only what it says later is wrong.
        let damages = [
            "worker cut off": "truncate -s 100000 worker-*/quire-worker",
            "worker flipped": "printf 'x' | dd of=$(ls worker-*/quire-worker) bs=1 seek=300000 conv=notrunc",
            "library gone": "rm $(ls worker-*/lib/libvips.so*)",
            "agent cut off": "truncate -s 100000 agent-*/quire-agent",
            "agent flipped": "f=$(ls agent-*/quire-agent) && head -c 4000000 /dev/zero | dd of=$f bs=65536 seek=32 conv=notrunc",
            "loader gone": "rm agent-*/ld.so",
            "record gone": "rm worker-*/.record",
        ]
        for (name, damage) in damages.sorted(by: { $0.key < $1.key }) {
            let ended = try bed.execute(on: "h1", "sh", "-c", "cd \(Self.cache) && \(damage)")
            try #require(ended.status == 0, "\(name): \(ended)")
            #expect(try works(name) < whole * 3 / 4, "\(name): more travels than was damaged")
        }
    }

    @Test("An older bundle lends the files that are the same; of bundles the newest three stay")
    func older() throws {
        let place = try Workplace("photos 8 in")
        let bed = try Testbed(hosts: 1)
        try place.finish("here", Self.words)
        try place.finish("first", Self.words + ["--hosts", bed.hostsFile])
        // As another version would be called, with another worker program; and others still older.
        let made = try bed.execute(
            on: "h1", "sh", "-c",
            """
            cd \(Self.cache) && now=$(ls -d worker-*) && mv $now worker-00000000000000000000000000000001 && rm -f worker-*/.record &&
            printf 'x' >>worker-00000000000000000000000000000001/quire-worker &&
            for n in 2 3 4 5; do mkdir worker-0000000000000000000000000000000$n && touch -d "2001-01-0$n" worker-0000000000000000000000000000000$n/.used; done
            """)
        try #require(made.status == 0, "\(made)")
        let before = try bytesReceived(by: "h1", of: bed)
        try place.finish("there", Self.words + ["--hosts", bed.hostsFile])
        try place.expectSameResults("here", "there")
        // The worker itself is some 20 MB unless it is a release build.
        let worker = try FileManager.default.attributesOfItem(atPath: programs.appending(path: "quire-worker").path(percentEncoded: false))[.size] as? Int ?? 0
        #expect(try bytesReceived(by: "h1", of: bed) - before < worker + 4_000_000)
        let left = try bed.execute(on: "h1", "ls", Self.cache).lines.filter { $0.hasPrefix("worker-") }
        #expect(left.count == 3 && left.contains("worker-00000000000000000000000000000001") && left.contains("worker-00000000000000000000000000000005"), "\(left)")
    }

    /// What went over its link to a host.
    private func bytesReceived(by host: String, of bed: Testbed) throws -> Int {
        func text(_ file: String) throws -> String { try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines) }
        let id = try text(bed.state.path(percentEncoded: false) + "/id")
        // What this end of the cable transmits the host receives.
        guard let count = Int(try text("/sys/class/net/qtb\(id)\(host)/statistics/tx_bytes")) else { throw Trouble("no count of bytes for \(host)") }
        return count
    }
}
