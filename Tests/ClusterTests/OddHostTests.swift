import Foundation
import Testing

/// Hosts as one meets them: other shells, nothing installed, keys that do not fit, libraries of another make.
@Suite("Odd hosts", .enabled(if: Testbed.isWhole, "needs root rights and namespaces"), .serialized)
struct OddHostTests {
    private static let words = ["-o", "out", "--shrink", "50", "--pdf", "b.pdf"]

    @Test("Fish and csh that talk, and a host without image libraries, work; a changed key and too many keys put a host out, with the cure")
    func logins() throws {
        let place = try Workplace("photos 24 in")
        let bed = try Testbed(
            hosts: 5, ["--shell", "h1=/usr/bin/fish", "--noise", "h1", "--shell", "h2=/bin/csh", "--noise", "h2", "--noise", "h3", "--bare", "h3", "--sshd", "h5=MaxAuthTries 6"])
        // The seventh is the right one; libssh and ssh stop where the server does.
        try place.make(
            """
            for n in 1 2 3 4 5 6; do ssh-keygen -q -t ed25519 -N '' -f key$n; done
            { echo 'Host h5'; for n in 1 2 3 4 5 6; do echo "IdentityFile $PWD/key$n"; done; cat '\(bed.sshConfiguration)'; } >ssh_config
            """)
        try bed.rekey("h4")
        let hosts = try place.hosts(bed, "address: h1", "address: h2", "address: h3", "address: h4", "address: h5, ssh-config: \(place.path)/ssh_config")
        try place.finish("here", Self.words)
        let ended = try place.finish("there", Self.words + hosts + ["--min-hosts", "3"])
        try place.expectSameResults("here", "there")
        let said = ended.errors.split(separator: "\n")
        #expect(said.contains { $0.hasPrefix("left out: ") && $0.contains(" h4 (") && $0.contains("ssh-keygen -R") }, "\(ended)")
        #expect(said.contains { $0.hasPrefix("left out: h5 ") && $0.contains("after 6 keys") && $0.contains("IdentitiesOnly") }, "\(ended)")
        for host in ["h1", "h2", "h3"] { #expect(try bed.files(below: "/var/tmp/quire-0", on: host) == []) }
    }

    @Test("With `worker: host` a host that lacks the libraries, or whose own encode otherwise, is out with the cure; --mixed-codecs lets the latter work")
    func ownLibraries() throws {
        let place = try Workplace("photos 12 in")
        let bed = try Testbed(hosts: 3, ["--bare", "h2"])
        // Another build of a library: one number of the standard table of quantisation (ITU T.81, K.1) is changed.
        let other = try bed.execute(
            on: "h3", "sh", "-c",
            #"""
            lib=$(readlink -f /usr/lib/*-linux-gnu/libjpeg.so.62) && cp "$lib" /var/tmp/libjpeg &&
            perl -0777 -pi -e '$n = s/\x10\0\0\0\x0b\0\0\0\x0a/\x10\0\0\0\x0d\0\0\0\x0a/g; exit 1 unless $n' /var/tmp/libjpeg &&
            mount --bind /var/tmp/libjpeg "$lib"
            """#)
        try #require(other.status == 0, "\(other)")
        try place.finish("here", Self.words)
        let hosts = try place.hosts(bed, defaults: "worker: host", "address: h1", "address: h2", "address: h3")
        let ended = try place.finish("refused", Self.words + hosts + ["--min-hosts", "3"], status: 5)
        let cured = ended.errors.split(separator: "\n").filter { $0.hasPrefix("  ") && $0.contains("`worker: bundle`") }
        #expect(cured.count == 2 && cured.contains { $0.contains("h2 cannot work") } && cured.contains { $0.contains("h3 makes other bytes") }, "\(ended)")
        try place.finish("there", Self.words + hosts)
        try place.expectSameResults("here", "there")

        let alone = try place.hosts(bed, defaults: "worker: host", "address: h3", file: "alone.yaml")
        try place.finish("mixed", Self.words + alone + ["--mixed-codecs"])
        #expect(try place.results("mixed").count == place.results("here").count)
        #expect(try place.results("mixed") != place.results("here"))
    }
}
