// channel-bench CONFIG HOST TRANSPORT [MEBIBYTES]: how fast a channel moves bytes to and from a host, and a session begins.
// channel-bench CONFIG HOST TRANSPORT sessions N: N sessions with one command each.

import Glibc
import JobModel
import LinuxSystem
import SSHTransport
import Synchronization

let words = CommandLine.arguments
guard words.count >= 4, let transport = TransportChoice(rawValue: words[3]) else {
    print("channel-bench CONFIG HOST auto|libssh|openssh [MEBIBYTES | sessions N]")
    exit(64)
}
var settings = ConnectionSettings()
settings.configurationFile = RawPath(words[1])
settings.transport = transport
let address = HostAddress(words[2])
let connector = HostConnector()

func now() -> Double { Double(SystemClock.monotonicMilliseconds()) / 1000 }

func processorSeconds() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
}

func measure(_ name: String, mebibytes: Int, _ body: () throws -> Void) rethrows {
    let (start, used) = (now(), processorSeconds())
    try body()
    let seconds = now() - start
    print("\(name): \(Int(Double(mebibytes) * 1.048576 / seconds)) MB/s, own processor seconds per GB \((processorSeconds() - used) / Double(mebibytes) / 0.001048576)")
}

if words.count > 5, words[4] == "sessions", let count = Int(words[5]) {
    let start = now()
    for number in 0..<count {
        let session = try connector.connect(to: address, settings)
        let result = try session.run("echo hi", limitSeconds: 40)
        guard result.output == Array("hi\n".utf8) else { fatalError("session \(number): \(result)") }
        session.end()
    }
    print("\(count) sessions: \(Int((now() - start) * 1000) / count) ms each")
    exit(0)
}

let mebibytes = words.count > 4 ? Int(words[4])! : 1024
let begin = now()
let session = try connector.connect(to: address, settings)
print("connect and login: \(Int((now() - begin) * 1000)) ms")

try measure("down", mebibytes: mebibytes) {
    let done = Mailbox<ChannelEnd>(elementsMax: 1)
    let count = Mutex(0)
    let channel = try session.open("head -c \(mebibytes << 20) /dev/zero") { event in
        switch event {
        case .received(let bytes): count.withLock { $0 += bytes.count }
        case .ended(let end): done.send(end)
        }
    }
    channel.finish()
    guard done.receiveOne(waitingMilliseconds: nil) == .exited(.status(0), standardError: ""), count.withLock({ $0 }) == mebibytes << 20 else { fatalError("lost bytes") }
}
try measure("up", mebibytes: mebibytes) {
    let done = Mailbox<ChannelEnd>(elementsMax: 1)
    let channel = try session.open("cat >/dev/null") { event in if case .ended(let end) = event { done.send(end) } }
    let block = [UInt8](repeating: 7, count: 256 << 10)
    for _ in 0..<(mebibytes * 4) { channel.send(block, .bulk) }
    channel.finish()
    guard done.receiveOne(waitingMilliseconds: nil) == .exited(.status(0), standardError: "") else { fatalError("lost bytes") }
}
session.end()
