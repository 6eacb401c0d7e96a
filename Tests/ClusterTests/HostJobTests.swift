import Foundation
import Testing

/// Jobs on hosts that nothing disturbs.
@Suite("A job on hosts makes what it makes here", .enabled(if: Testbed.isWhole, "needs root rights and namespaces"), .serialized)
struct HostJobTests {
    /// Photos, other formats, several pages, odd names, and files that no decoder takes.
    private static let allKinds = #"""
        photos 6 in/photos
        mkdir -p in/odd
        convert -size 40x30 gradient: in/p.png
        convert -size 50x30 gradient:red-blue in/t.tif
        convert -size 20x20 xc:red -size 24x20 xc:blue in/pages.tif
        cp "$photo" "in/odd/a b'c\"d.jpg"
        cp "$photo" "$(printf 'in/odd/\377\376\nx.jpg')"
        cp "$photo" in/odd/-o.jpg
        cp "$photo" 'in/odd/{stem}$HOME`x`.jpg'
        : >in/empty.jpg
        echo damaged >in/damaged.jpg
        head -c 9000 "$photo" >in/cut.jpg
        { cat "$photo"; head -c 12000000 /dev/zero; } >in/large.jpg
        touch -d '2001-02-03 04:05:06.789' in/p.png in/odd/-o.jpg
        chmod 600 in/t.tif
        """#

    @Test("All kinds of outputs, books, names and failures are the same when files travel")
    func staged() throws {
        let place = try Workplace(Self.allKinds)
        let bed = try Testbed(hosts: 3)
        let hosts = ["--hosts", bed.hostsFile]
        try place.expectSame("both", ["-o", "out", "--shrink", "50", "--pdf", "b.pdf", "--missing-page", "placeholder", "--manifest", "sums"], on: hosts, status: 3)
        // Copied as they are, with their times.
        try place.expectSame("copied", ["-o", "out", "--keep-times", "--report", "report.json"], on: hosts, status: 3)
        try place.expectSame("named", ["-o", "out", "--strip", "all", "--keep-times", "--name", "{dir}/{stem}_thumb.{ext}"], on: hosts, status: 3)
        // Every page of it goes through the spool.
        try place.expectSame("spooled", ["--format", "png", "--pdf", "b.pdf", "--missing-page", "skip", "-o", "out"], on: hosts, status: 3)
        try place.expectSame("book", ["--pdf", "b.pdf", "--missing-page", "skip"], on: hosts, status: 3)
        try place.expectSame("placed", ["--in-place", "--rotate", "90", "--keep-times"], on: hosts, status: 3, withTimes: true)
        // The times of files are moved where nothing else of them changes, too: most here tell no date.
        _ = try place.make("printf 'actions:\\n  - time-shift: {hours: 2, files: true}\\n' >later.yaml")
        try place.expectSame("moved", ["-o", "out", "--recipe", "../later.yaml"], on: hosts, status: 3, withTimes: true)
        try place.expectSame("moved-placed", ["--in-place", "--recipe", "../later.yaml"], on: hosts, status: 3, withTimes: true)
        for name in ["moved-hosts/out", "moved-placed-hosts/in"] {
            #expect(try place.make("TZ=UTC stat -c %y \(name)/p.png").output.hasPrefix("2001-02-03 06:05:06.789"), "\(name)")
        }
        // Nothing of it stays there.
        for host in ["h1", "h2", "h3"] {
            #expect(try bed.files(below: "/var/tmp/quire-0", on: host) == [])
            #expect(try bed.programs(on: host) == [])
        }
    }

    @Test("A thousand tiny files, and outputs larger than all windows, come back the same; this machine may be one of the hosts")
    func sizes() throws {
        let place = try Workplace(
            """
            convert -size 8x8 gradient:red-blue tiny.jpg
            perl -0777 -ne 'for $n (1..1000) { open F, ">in/p$n.jpg"; print F $_, $n }' tiny.jpg
            convert "$photo" -resize '3000x2250!' in/large1.jpg
            convert "$photo" -resize '2000x3000!' in/large2.jpg
            """)
        let bed = try Testbed(hosts: 2)
        let words = ["-o", "out", "--format", "tiff", "--pdf", "b.pdf"]
        try place.expectSame("many", words, on: ["--hosts", bed.hostsFile, "--host", "localhost:1", "--min-hosts", "3"])
    }

    @Test("A host joins a running job and another leaves it, as its host file says after `quire hosts reload`; one outside its hours does nothing")
    func reload() throws {
        let place = try Workplace("slow 48 in")
        let words = ["-o", "out", "--recipe", "../blur.yaml", "--pdf", "b.pdf"]
        try place.finish("here", words)
        let bed = try Testbed(hosts: 4)
        let idle = "address: h4, hours: \(Self.otherHours)"
        let hosts = try place.hosts(bed, "address: h1", "address: h2", idle)
        let running = try place.start("there", ["run", "in", "--progress", "json"] + words + hosts + ["--min-hosts", "2"])
        try eventually("both work") { try Set(["h1", "h2"]).isSubset(of: Self.workers(in: running)) }
        for host in ["h1", "h2"] { try bed.execute(on: host, "pkill", "-STOP", "-f", "/quire-worker$") }
        _ = try place.hosts(bed, "address: h2", "address: h3", idle)
        let reload = try place.start("there", ["hosts", "reload"]).wait()
        #expect(reload.status == 0, "\(reload)")
        try eventually("the host that joined works") { try Self.workers(in: running).contains("h3") }
        try bed.execute(on: "h1", "pkill", "-CONT", "-f", "/quire-worker$")
        // The others have all the work that is left.
        try eventually("the host that left has nothing of the job any more") { try bed.programs(on: "h1").isEmpty }
        try bed.execute(on: "h2", "pkill", "-CONT", "-f", "/quire-worker$")
        let ended = try running.wait()
        #expect(ended.status == 0, "\(ended)")
        #expect(try Self.workers(in: running) == ["h1", "h2", "h3"])
        #expect(ended.errors.contains("outside its hours, "), "\(ended)")
        #expect(try bed.files(below: "/var/tmp/quire-0", on: "h1") == [])
        try place.expectSameResults("here", "there")
    }

    /// A span of the day that neither now nor the next hour is in.
    private static var otherHours: String {
        let hour = Calendar.current.component(.hour, from: Date.now)
        return "\((hour + 3) % 24):00-\((hour + 4) % 24):00"
    }

    /// Hosts that have done files.
    private static func workers(in running: RunningProgram) throws -> Set<String> {
        let files = try running.errors().split(separator: "\n").filter { $0.hasPrefix("{\"event\":\"file\"") }
        return Set(files.compactMap { line in line.range(of: "\"host\":\"").map { String(line[$0.upperBound...].prefix { $0 != "\"" }) } })
    }
}
