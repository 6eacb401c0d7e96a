private import Glibc
internal import JobModel
internal import LinuxSystem

/// A program that a recipe runs on a picture, in a folder of its own.
///
/// It is started by a process that watches over it (`CommandWatch`), since a worker that is killed can end nothing itself: whatever
/// ends this worker, the program goes with all it started, and the folder with what is in it.
final class CommandRun {
    /// Empty, and this user's alone.
    let folder: RawPath
    private var watch: ChildProcess
    /// Open as long as the watch shall go on.
    private var life: HeldFile?
    private let answer: OpenFile
    private let complaints: OpenFile

    /// A file that can be let go of.
    private final class HeldFile {
        let file: OpenFile
        init(_ file: consuming OpenFile) { self.file = file }
    }

    /// What is kept of what the program says on standard error.
    private static let complaintBytesMax = 500

    struct Ending {
        /// Nil where the process that watches over the program was killed, by whoever ends processes when memory is short.
        var end: ProcessEnd?
        /// The first line of its standard error; empty where it said nothing.
        var complaint: String
    }

    /// Makes the folder and starts the watch; the program itself waits for `run`.
    ///
    /// - Parameters:
    ///   - words: The program by its name, looked up as a shell does, and its arguments; `{in}` and `{out}` become names in the folder.
    ///   - fileBytesMax: The longest file it may write.
    init(_ words: [String], source: RawPath, target: RawPath, fileBytesMax: UInt64) throws(SystemError) {
        let program = try Self.find(RawPath(words[0]))
        let place = try Self.makeFolder()
        folder = place
        do throws(SystemError) {
            var plan = ProcessPlan(try ownExecutable())
            let named = words.dropFirst().map { word in
                Self.replacing("{out}", by: place.appending(target), in: Self.replacing("{in}", by: place.appending(source), in: Array(word.utf8)))
            }
            plan.arguments = [Array(CommandWatch.word.utf8), place.bytes, program.bytes, Array(words[0].utf8)] + named
            plan.environment = ProcessPlan.inheritedEnvironment(without: ["QUIRE_ALLOW_COMMANDS"])
            // What is killed together with this worker is not the watch; and a program that asks at a terminal finds none.
            plan.leadsSession = true
            plan.fileBytesMax = fileBytesMax
            let life = try Descriptors.pipe()
            let answer = try Descriptors.pipe()
            let complaints = try Descriptors.pipe()
            self.answer = answer.reading
            self.complaints = complaints.reading
            watch = try Self.start(plan, life.reading, answer.writing, complaints.writing)
            self.life = HeldFile(life.writing)
        } catch {
            Self.removeOrComplain(place)
            throw error
        }
    }

    /// Our copies of its ends are closed on return, so that the pipes end with it.
    private static func start(
        _ plan: ProcessPlan, _ life: consuming OpenFile, _ answer: consuming OpenFile, _ complaints: consuming OpenFile
    ) throws(SystemError) -> ChildProcess {
        var plan = plan
        plan.descriptors = [life.descriptor, answer.descriptor, complaints.descriptor]
        return try ChildProcess(starting: plan)
    }

    /// Lets the program go, and waits until it and all it started have ended.
    func run() throws(SystemError) -> Ending {
        guard let life else { preconditionFailure("a run is over") }
        var go: UInt8 = 1
        guard write(life.file.descriptor, &go, 1) == 1 else { throw SystemError("write", "the watch over a program", code: errno) }
        let said = try Self.read(complaints.descriptor, keeping: Self.complaintBytesMax)
        let told = String(decoding: try Self.read(answer.descriptor, keeping: 64), as: UTF8.self).split(separator: " ")
        guard told.count == 2, let number = Int32(told[1]) else { return Ending(end: nil, complaint: "") }
        let line = String(decoding: said, as: UTF8.self).split(whereSeparator: \.isNewline).first ?? ""
        return Ending(end: told[0] == "exit" ? .exited(code: number) : .killed(signal: number), complaint: String(line))
    }

    /// Removes the folder, and ends what runs. Called once, however it went.
    func close() throws(SystemError) {
        life = nil
        if try watch.wait() != .exited(code: 0) { Self.removeOrComplain(folder) }
    }

    /// Reads to the end; what is beyond `bytesMax` is dropped.
    private static func read(_ descriptor: Int32, keeping bytesMax: Int) throws(SystemError) -> [UInt8] {
        var kept: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            switch Descriptors.read(descriptor, into: &buffer) {
            case .bytes(let count): kept += buffer[..<min(count, bytesMax - kept.count)]
            case .nothingYet: continue
            case .ended: return kept
            case .failed(let error): throw error
            }
        }
    }

    private static func replacing(_ place: String, by path: RawPath, in word: [UInt8]) -> [UInt8] {
        let wanted = Array(place.utf8)
        var result: [UInt8] = []
        var rest = word[...]
        while !rest.isEmpty {
            if rest.starts(with: wanted) {
                result += path.bytes
                rest = rest.dropFirst(wanted.count)
            } else {
                result.append(rest.removeFirst())
            }
        }
        return result
    }

    /// As a shell finds it: a name without a slash on the PATH.
    private static func find(_ name: RawPath) throws(SystemError) -> RawPath {
        if name.bytes.contains(0x2F) { return name }
        let folders = environmentVariable("PATH")?.bytes ?? Array("/usr/bin:/bin".utf8)
        for folder in folders.split(separator: 0x3A) {
            let path = RawPath(bytes: Array(folder)).appending(name)
            // A folder of that name can be entered, which counts as executing it.
            if path.withCString({ access($0, X_OK) }) == 0, try FileOperation.facts(of: path).type == .regular { return path }
        }
        throw SystemError("find on the PATH", name.display, code: ENOENT)
    }

    private static func makeFolder() throws(SystemError) -> RawPath {
        let parent = environmentVariable("TMPDIR") ?? RawPath("/tmp")
        var template = parent.appending("quire-command-XXXXXX").bytes.map { CChar(bitPattern: $0) } + [0]
        guard mkdtemp(&template) != nil else { throw SystemError("mkdtemp", parent.display, code: errno) }
        return RawPath(bytes: template.dropLast().map { UInt8(bitPattern: $0) })
    }

    fileprivate static func removeOrComplain(_ folder: RawPath) {
        do throws(SystemError) { try FileOperation.removeTree(folder) } catch {
            let text = "quire-worker: \(folder.display) stays behind: \(error)\n"
            _ = Glibc.write(STDERR_FILENO, text, text.utf8.count)
        }
    }
}

/// `quire-worker command FOLDER PROGRAM NAME ARGUMENT...`: watches over a program for the worker that started it.
///
/// Descriptor 0 says with its first byte that the program shall start, and with its end that all is over, also when the worker was
/// killed. On 1 stands how the program ended: `exit 3`, `signal 9`. 2 is the program's. When it ends, nothing that the program
/// started is left, nor the folder.
public enum CommandWatch {
    public static let word = "command"
    /// What is not dead by then hangs in the kernel.
    private static let dyingMillisecondsMax: UInt64 = 2_000
    /// Where the kernel does not tell of ends.
    private static let lookMilliseconds = 5
    /// As a shell says that a program cannot be started.
    private static let notStartedCode: Int32 = 126

    /// Returns the exit code.
    ///
    /// - Parameter words: those behind `command`.
    public static func run(_ words: [[UInt8]]) -> Int32 {
        guard words.count >= 3 else { return 2 }
        let folder = RawPath(bytes: words[0])
        defer { CommandRun.removeOrComplain(folder) }
        signal(SIGPIPE, SIG_IGN)
        var go: UInt8 = 0
        guard read(STDIN_FILENO, &go, 1) == 1 else { return 0 }
        let ending: String
        do throws(SystemError) {
            ending = try perform(words, in: folder)
        } catch {
            let text = "\(error)\n"
            _ = Glibc.write(STDERR_FILENO, text, text.utf8.count)
            ending = "exit \(notStartedCode)"
        }
        // The worker reads to the end of both.
        _ = Glibc.write(STDOUT_FILENO, ending, ending.utf8.count)
        close(STDOUT_FILENO)
        close(STDERR_FILENO)
        while read(STDIN_FILENO, &go, 1) > 0 {}
        return 0
    }

    /// Runs the program until it, or the worker, has ended; then nothing of it is left.
    private static func perform(_ words: [[UInt8]], in folder: RawPath) throws(SystemError) -> String {
        try OwnChildren.adoptOrphans()
        var plan = ProcessPlan(RawPath(bytes: words[1]))
        plan.name = words[2]
        plan.arguments = Array(words.dropFirst(3))
        plan.environment = ProcessPlan.inheritedEnvironment()
        plan.folder = folder
        plan.descriptors = [nil, nil, STDERR_FILENO]
        plan.diesWithThread = true
        var process = try ChildProcess(starting: plan)
        let poll = try EventPoll()
        try poll.watch(STDIN_FILENO, for: .readable, tag: 0)
        if let exit = process.exitDescriptor { try poll.watch(exit, for: .readable, tag: 1) }
        var isForsaken = false
        while !process.hasEnded, !isForsaken {
            let ready = try poll.wait(milliseconds: process.exitDescriptor == nil ? lookMilliseconds : nil)
            isForsaken = ready.contains { $0.tag == 0 }
        }
        process.kill()
        let end = try process.wait()
        try endDescendants()
        return switch end {
        case .exited(let code): "exit \(code)"
        case .killed(let signal): "signal \(signal)"
        }
    }

    /// Whatever a descendant leaves comes to us, so no round finds less than there is.
    private static func endDescendants() throws(SystemError) {
        let deadline = SystemClock.monotonicMilliseconds() + dyingMillisecondsMax
        while true {
            switch try OwnChildren.reapAny() {
            case .one: continue
            case .noChildren: return
            case .nothingYet:
                guard SystemClock.monotonicMilliseconds() < deadline else { return }
                for id in OwnChildren.ids() { OwnChildren.kill(id) }
                Pause.milliseconds(1)
            }
        }
    }
}
