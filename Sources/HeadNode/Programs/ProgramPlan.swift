import Digests
import JobModel
import JobStore
import LinuxSystem
import Programs

/// What the tasks of a job of programs share, and what follows from it for each of them: its command, its number, its outputs.
///
/// Made from the settings of the job and the folder it began in, so that a process that goes on with the job makes the same.
struct ProgramPlan: Sendable {
    let spec: ProgramSpec
    let kind: JobModel.ArgumentKind
    /// The arguments are those of a range: `{#}` is the number itself.
    let numbersAreArguments: Bool
    /// Absolute: where every task starts, and what relative arguments and outputs are relative to.
    let workingFolder: RawPath
    /// Of all that decides what a task does but for its argument: the program with its templates and variables, what counts as success,
    /// the working folder, and the files of `--send` as they are. Nothing of this machine's environment.
    let digest: Digest256

    /// - Throws: `usage` where a file of `--send` is not there.
    init(_ settings: ProgramSettings, workingFolder: RawPath) throws(HeadError) {
        spec = settings.spec
        self.workingFolder = workingFolder
        switch settings.source {
        case .files: (kind, numbersAreArguments) = (.file, false)
        case .folders: (kind, numbersAreArguments) = (.folder, false)
        case .lines: (kind, numbersAreArguments) = (.text, false)
        case .numbers: (kind, numbersAreArguments) = (.text, true)
        }
        // How long a program has to end, and when its lines are shown, changes nothing of what it makes.
        var deciding = settings.spec
        deciding.graceMilliseconds = ProgramSpec.usualGraceMilliseconds
        deciding.streamsLines = false
        var parts = [deciding.canonicalBytes, workingFolder.bytes]
        for path in settings.sent {
            let identity = try Self.identity(ofSent: path, in: workingFolder)
            parts += [path.bytes, Array("\(identity.sizeBytes) \(identity.modifiedNanoseconds)".utf8)]
        }
        digest = Self.digest(of: parts)
    }

    private static func identity(ofSent path: RawPath, in workingFolder: RawPath) throws(HeadError) -> InputIdentity {
        do throws(SystemError) {
            return try FileOperation.facts(of: workingFolder.appending(path)).identity
        } catch {
            throw .usage(error.isNotFound ? "--send \(path): there is no such file" : "--send \(path): \(error)")
        }
    }

    /// What `{#}` stands for: the place in the plan from 1, in a range the number itself.
    func number(of task: PlannedTask) -> Int64 {
        guard numbersAreArguments else { return Int64(task.index.position) + 1 }
        guard let number = Int64(String(decoding: task.input.bytes, as: UTF8.self)) else {
            preconditionFailure("task \(task.index.rawValue) of a range has the argument \(task.input)")
        }
        return number
    }

    /// What is put in the place of placeholders, with outputs at their final paths.
    func values(of task: PlannedTask) throws(HeadError) -> ProgramValues {
        var values = ProgramValues(argument: task.input, number: number(of: task))
        values.outputs = try filled(task) { () throws(ProgramError) in try spec.outputPaths(values) }
        return values
    }

    /// Final names of the declared outputs as the user sees them, in the order of `--return`.
    func outputs(of task: PlannedTask) throws(HeadError) -> [RawPath] {
        if spec.returns.isEmpty { return [] }
        let values = ProgramValues(argument: task.input, number: number(of: task))
        return try filled(task) { () throws(ProgramError) in try spec.outputPaths(values) }
    }

    /// Throws `usage` where the task's command or outputs cannot be filled in.
    func check(_ task: PlannedTask) throws(HeadError) { _ = try words(of: task) }

    /// What is started, with outputs at their final paths, and these.
    func words(of task: PlannedTask) throws(HeadError) -> (words: [[UInt8]], outputs: [RawPath]) {
        let values = try values(of: task)
        return (try filled(task) { () throws(ProgramError) in try spec.commandLine(values) }, values.outputs)
    }

    /// What is started, on one line for people; a shell reads it back as it is run.
    func displayCommand(of task: PlannedTask) -> String {
        do throws(ProgramError) {
            return try spec.displayCommand(ProgramValues(argument: task.input, number: number(of: task)))
        } catch {
            // The plan refuses such a task before any work.
            return "(\(error))"
        }
    }

    /// Of all that decides what this task does: equal for a task of another job that did the same to an input that was the same.
    func digest(of task: PlannedTask) throws(HeadError) -> Digest256 {
        let (words, outputs) = try words(of: task)
        return Self.digest(of: [digest.bytes, task.input.bytes] + words + outputs.map(\.bytes))
    }

    /// Each part with its length before it, so that no two lists are one text.
    private static func digest(of parts: [[UInt8]]) -> Digest256 {
        var bytes: [UInt8] = []
        for part in parts {
            withUnsafeBytes(of: UInt64(part.count).littleEndian) { bytes.append(contentsOf: $0) }
            bytes += part
        }
        return SHA256Stream.digest(of: bytes)
    }

    private func filled<Result>(_ task: PlannedTask, _ body: () throws(ProgramError) -> Result) throws(HeadError) -> Result {
        do throws(ProgramError) { return try body() } catch { throw .usage("\(task.input): \(error)") }
    }
}
