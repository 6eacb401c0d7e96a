import SSHTransport
import Testing

@Suite struct SSHErrorTests {
    @Test func `An error names the host and the command that cures it`() {
        let changed = SSHError.hostKeyChanged(
            host: "h1 (me@10.0.0.1:2222)", fingerprint: "SHA256:abc", place: "/home/me/.ssh/known_hosts:7", knownName: "[10.0.0.1]:2222")
        #expect("\(changed)".contains("ssh-keygen -R '[10.0.0.1]:2222' -f /home/me/.ssh/known_hosts"))
        let unknown = SSHError.hostKeyUnknown(host: "h1 (me@10.0.0.1:2222)", fingerprint: "SHA256:abc", line: "", file: "/k", port: 2222, address: "10.0.0.1")
        #expect("\(unknown)".contains("ssh-keyscan -p 2222 10.0.0.1 >> /k") && "\(unknown)".contains("--accept-new-host-keys"))
    }
}
