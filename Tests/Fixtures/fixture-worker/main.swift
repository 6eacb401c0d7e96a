import Glibc
import JobModel
import LinuxSystem
import WireProtocol

// A worker that knows no images: what it does is spelled in the input's name. Words of a name are separated by `:`.

func say(_ message: WorkerMessage, to descriptor: Int32) {
    var bytes = Frame.encode(message)[...]
    while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count <= 0 { exit(1) }
        bytes = bytes.dropFirst(count)
    }
}

func note(_ text: String) {
    _ = text.withCString { write(2, $0, strlen($0)) }
}

/// True the first time it is asked for this marker file.
func isFirstTime(_ marker: Substring) -> Bool {
    let descriptor = open(String(marker), O_WRONLY | O_CREAT | O_EXCL, 0o600)
    if descriptor >= 0 { close(descriptor) }
    return descriptor >= 0
}

func crash() -> Never {
    setrlimit(__rlimit_resource_t(UInt32(RLIMIT_CORE.rawValue)), [rlimit(rlim_cur: 0, rlim_max: 0)])
    kill(getpid(), SIGSEGV)
    exit(1)
}

func spin() -> Never {
    var value: UInt64 = 1
    while true { value = value &* 6_364_136_223_846_793_005 &+ 1 }
}

func work(_ order: WorkOrder) -> WorkOutcome {
    let words = order.input.display.split(separator: ":", maxSplits: 1)
    let argument = words.count > 1 ? words[1] : ""
    var finished = FinishedWork()
    switch words.first ?? "" {
    case "crash":
        note("about to \u{1B}[31mcrash\n")
        crash()
    case "crash-once": if isFirstTime(argument) { crash() }
    case "exit-77": exit(77)
    case "exit-77-once": if isFirstTime(argument) { exit(77) }
    case "killed": kill(getpid(), SIGKILL)
    case "exit-0": exit(0)
    case "sleep": while true { sleep(1000) }
    case "sleep-once": if isFirstTime(argument) { while true { sleep(1000) } }
    case "spin": spin()
    case "noise":
        print(String(repeating: "noise on standard output\n", count: 10_000))
        note(String(repeating: "noise on standard error\n", count: 10_000))
    case "bloat":
        let count = (Int(argument) ?? 1) << 20
        guard let memory = malloc(count) else { exit(77) }
        memset(memory, 1, count)
    case "hold":
        // Kept: the worker stays this large.
        let count = (Int(argument) ?? 1) << 20
        if let memory = malloc(count) { memset(memory, 1, count) }
    case "garbage":
        _ = "this is no frame at all, not even nearly".withCString { write(3, $0, strlen($0)) }
        while true { sleep(1000) }
    case "fail": return .failed(TaskFailure(.damaged, "asked to fail"))
    case "vanishing-file":
        finished.files = [
            MadeFile(
                temp: order.tempName, page: nil, sizeBytes: 1, digest: Digest256(bytes: Array(repeating: 0, count: 32)),
                isVerbatim: false)
        ]
    case "file":
        guard case .process(let process) = order.kind, let folder = process.folder else {
            return .failed(TaskFailure(.damaged, "no folder"))
        }
        do throws(SystemError) {
            let file = try OpenFile(folder.appending(order.tempName), .create(mode: 0o600))
            try file.write(Array("content".utf8), at: 0)
        } catch {
            return .failed(TaskFailure(.noSpace, "\(error)"))
        }
        finished.files = [
            MadeFile(
                temp: order.tempName, page: nil, sizeBytes: 7, digest: Digest256(bytes: Array(repeating: 0, count: 32)),
                isVerbatim: false)
        ]
    case "file-then-crash-once":
        guard case .process(let process) = order.kind, let folder = process.folder else {
            return .failed(TaskFailure(.damaged, "no folder"))
        }
        do throws(SystemError) {
            let file = try OpenFile(folder.appending(order.tempName), .create(mode: 0o600))
            try file.write(Array("content".utf8), at: 0)
        } catch {
            return .failed(TaskFailure(.noSpace, "\(error)"))
        }
        if isFirstTime(argument) { crash() }
    case "pid":
        finished.probe = ProbeFacts(
            kind: .jpeg, width: Int(getpid()), height: Int(getppid()), pageCount: 1, bands: 1, bitsPerBand: 8, orientation: 1,
            hasProfile: false, hasAlpha: false, density: nil, takenAt: nil, tags: [])
    default: break
    }
    return .finished(finished)
}

/// A clock that never jumps.
func microseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1000
}

if CommandLine.arguments.dropFirst() == ["--version"] {
    print("fixture-worker 1")
    exit(0)
}
if getenv("QUIRE_FIXTURE_DIES") != nil {
    note("cannot find a library\n")
    exit(127)
}
dup2(1, 3)
dup2(2, 1)
var reader = FrameReader<WorkerCommand>(awaitsMagic: false)
var buffer = [UInt8](repeating: 0, count: 65536)
let hello = Hello(build: "fixture")
while true {
    let count = read(0, &buffer, buffer.count)
    if count <= 0 { exit(0) }
    reader.feed(buffer[..<count])
    while let command = try reader.next() {
        switch command {
        case .hello: break
        case .setup(let setup):
            if setup.recipe == Array("unusable".utf8) {
                say(.unusable("the recipe cannot be read"), to: 3)
                exit(1)
            }
            say(.ready(hello, version: "fixture"), to: 3)
        case .order(let order):
            let start = microseconds()
            let outcome = work(order)
            let spent = microseconds() - start
            say(
                .report(
                    WorkReport(
                        attempt: order.attempt, outcome: outcome,
                        usage: WorkUsage(cpuMicroseconds: spent, wallMicroseconds: spent, peakMemoryBytes: 0))), to: 3)
        }
    }
}
