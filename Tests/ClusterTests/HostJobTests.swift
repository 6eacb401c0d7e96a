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
        try place.expectSame("both", ["-o", "out", "--shrink", "100", "--pdf", "b.pdf", "--missing-page", "placeholder", "--manifest", "sums"], on: hosts, status: 3)
        // Copied as they are, with their times.
        try place.expectSame("copied", ["-o", "out", "--keep-times", "--report", "report.json"], on: hosts, status: 3)
        try place.expectSame("named", ["-o", "out", "--strip", "all", "--keep-times", "--name", "{dir}/{stem}_thumb.{ext}"], on: hosts, status: 3)
        // Every page of it goes through the spool.
        try place.expectSame("spooled", ["--format", "png", "--pdf", "b.pdf", "--missing-page", "skip", "-o", "out"], on: hosts, status: 3)
        try place.expectSame("book", ["--pdf", "b.pdf", "--missing-page", "skip"], on: hosts, status: 3)
        try place.expectSame("placed", ["--in-place", "--rotate", "90", "--keep-times"], on: hosts, status: 3, withTimes: true)
        // Nothing of it stays there.
        for host in ["h1", "h2", "h3"] {
            #expect(try bed.files(below: "/var/tmp/quire-0", on: host) == [])
            #expect(try bed.programs(on: host) == [])
        }
    }
}
