import Glibc
import JobModel
import LinuxSystem
import WireProtocol

// A worker that knows no images: what it does is spelled in the input's name, or in the content of an input that ends in
// `.order`. Words are separated by `:`.

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

/// What the input asks for; nil where it is not as the plan saw it.
func wish(_ order: WorkOrder) -> String? {
    guard order.input.fileExtension == RawPath("order") else { return order.input.display }
    do throws(SystemError) {
        let file = try OpenFile(order.input, .read)
        guard try file.facts().identity == order.identity else { return nil }
        let text = try file.read(count: 4096, at: 0)
        return String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
    } catch {
        return nil
    }
}

/// Bytes that a test knows too.
func pattern(_ count: Int) -> [UInt8] {
    let block = (0..<1 << 16).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
    var bytes: [UInt8] = []
    while bytes.count < count { bytes += block }
    return Array(bytes.prefix(count))
}

/// Leaves a file of the attempt's name and says what it is.
func make(_ count: Int, in folder: RawPath, _ order: WorkOrder, isVerbatim: Bool) throws(SystemError) -> MadeFile {
    let file = try OpenFile(folder.appending(order.tempName), .create(mode: 0o600))
    try file.write(pattern(count), at: 0)
    return MadeFile(
        temp: order.tempName, page: nil, sizeBytes: UInt64(count), digest: Digest256(bytes: Array(repeating: 0, count: 32)),
        isVerbatim: isVerbatim)
}

func work(_ order: WorkOrder) -> WorkOutcome {
    guard let wish = wish(order) else { return .failed(TaskFailure(.changed, "not as planned")) }
    let words = wish.split(separator: ":", maxSplits: 1)
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
    case "make", "verbatim":
        guard case .process(let process) = order.kind, let folder = process.folder else {
            return .failed(TaskFailure(.damaged, "no folder"))
        }
        do throws(SystemError) {
            let count = Int(argument) ?? 0
            finished.files = [try make(count, in: folder, order, isVerbatim: words.first == "verbatim")]
            if let spool = process.spoolFolder {
                _ = try make(count + 1, in: spool, order, isVerbatim: false)
                let source = StreamSource(
                    file: .spool(order.tempName), ranges: [ByteRange(offset: 0, count: UInt64(count + 1))],
                    digest: Digest256(bytes: Array(repeating: 0, count: 32)))
                finished.pages = [
                    PageFacts(width: 1, height: 1, bitsPerComponent: 8, colour: .grey, coding: .flate(pngPredictor: false), stream: source)
                ]
            }
        } catch {
            return .notStored(StorageFault(code: error.code, call: error.call))
        }
    case "mark":
        // A file that is there while this task runs.
        let mark = "\(argument)/\(getpid())"
        close(open(mark, O_WRONLY | O_CREAT, 0o600))
        usleep(30_000)
        unlink(mark)
    case "nap": usleep(UInt32(argument) ?? 0)
    case "pid":
        finished.probe = ProbeFacts(
            kind: .jpeg, width: Int(getpid()), height: Int(getppid()), pageCount: 1, bands: 1, bitsPerBand: 8, orientation: 1,
            hasProfile: false, hasAlpha: false, mode: "grey", density: nil, takenAt: nil, tags: [])
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
        case .hello, .limitTime: break
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
