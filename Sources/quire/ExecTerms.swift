import ArgumentParser
import HeadNode
import JobModel
import LinuxSystem
import Programs
import Recipes

/// How the program is run: its surroundings, what counts as success, and what follows a failure.
struct ExecTerms: ParsableArguments {
    @Flag(help: "Join the words behind -- by spaces and let /bin/sh run them; values are quoted, also within your own quotes.")
    var shell = false

    @Option(name: .customLong("env"), parsing: .unconditionalSingleValue, help: ArgumentHelp("Set a variable for the program; NAME alone passes on this machine's value. Repeatable.", valueName: "name[=value]"))
    var variables: [BytesArgument] = []

    @Option(name: .customLong("ok"), help: ArgumentHelp("Exit codes that are a success (default 0).", valueName: "0,1"))
    var acceptedCodes: String?

    @Option(parsing: .unconditionalSingleValue, help: ArgumentHelp("A task that prints this text has failed. Repeatable.", valueName: "text"))
    var failIfOutput: [BytesArgument] = []

    @Flag(help: "A task whose --return files do not all exist and hold something has failed.")
    var expectOutput = false

    @Option(help: ArgumentHelp("End a task after so long: seconds, 10m, 2h, or a share of the median such as 200% (default: never).", valueName: "s|%"))
    var timeout: String?

    @Option(help: ArgumentHelp("Between TERM and KILL, when a task is ended (default 5).", valueName: "s"))
    var grace: String?

    @Option(help: ArgumentHelp("Start a program that failed again, so often, on another host first (default 0).", valueName: "n"))
    var retries: Int?

    @Option(help: ArgumentHelp("End the job at so many failures: soon,fail=1 lets running tasks end, now,fail=10% does not.", valueName: "how,fail=n"))
    var halt: String?

    @Flag(help: "Running a task twice does no harm: idle slots may try the last ones again.")
    var idempotent = false

    @Flag(help: "Never start a task twice: one whose host was lost has failed.")
    var atMostOnce = false

    @Option(help: ArgumentHelp("CPUs each task reserves on its host: a number or all (default 1).", valueName: "n|all"))
    var cpus: String?

    @Option(help: ArgumentHelp("Memory each task reserves on its host, such as 2G.", valueName: "size"))
    var memory: String?

    func validate() throws {
        if idempotent && atMostOnce { throw ValidationError("--idempotent allows what --at-most-once forbids; keep one of them.") }
        if let retries, !(0...ProgramSettings.retriesMax).contains(retries) {
            throw ValidationError("--retries takes a number from 0 to \(ProgramSettings.retriesMax).")
        }
        if atMostOnce, let retries, retries > 0 { throw ValidationError("--retries starts a task again, which --at-most-once forbids; leave out one of them.") }
    }

    func apply(to spec: inout ProgramSpec) throws(ProgramError) {
        spec.environment = try environment()
        if let acceptedCodes { spec.acceptedCodes = try ProgramSpec.exitCodes(parsing: acceptedCodes) }
        spec.forbiddenTexts = failIfOutput.map(\.bytes)
        spec.expectsOutput = expectOutput
        if let grace { spec.graceMilliseconds = try Self.graceMilliseconds(grace) }
    }

    private static func graceMilliseconds(_ text: String) throws(ProgramError) -> UInt32 {
        if text == "0" { return 0 }
        let bad = ProgramError.badValue(text, of: "--grace", accepted: "seconds from 0 to \(ProgramSpec.graceMillisecondsMax / 1000)")
        let limit: TimeLimit
        do throws(ProgramError) { limit = try TimeLimit(parsing: text) } catch { throw bad }
        switch limit {
        case .milliseconds(let time) where time <= UInt64(ProgramSpec.graceMillisecondsMax): return UInt32(time)
        case .milliseconds, .percentOfMedian: throw bad
        }
    }

    func apply(to program: inout ProgramSettings) throws(ProgramError) {
        if let timeout { program.timeLimit = try TimeLimit(parsing: timeout) }
        program.retries = retries ?? 0
        if let halt { program.halt = try Halt(parsing: halt) }
        program.restarting = idempotent ? .freely : atMostOnce ? .never : .whenLost
        if let cpus { program.cpus = try Cpus(parsing: cpus) }
        if let memory {
            do throws(RecipeError) {
                program.memoryBytes = try ByteSize(parsing: memory).bytes
            } catch {
                throw .badValue(memory, of: "--memory", accepted: "2G, 512M, 2GiB or a number of bytes")
            }
            // Nothing runs in less; the unit was left out.
            if let bytes = program.memoryBytes, bytes < 1_000_000 {
                throw .badValue(memory, of: "--memory", accepted: "at least a megabyte, with its unit: \(memory)G or \(memory)M")
            }
        }
    }

    /// Of a name given twice the later value counts, as with env(1).
    private func environment() throws(ProgramError) -> [EnvironmentVariable] {
        var variables: [EnvironmentVariable] = []
        for word in self.variables.map(\.bytes) {
            let name: [UInt8]
            let value: [UInt8]
            if let cut = word.firstIndex(of: UInt8(ascii: "=")) {
                name = Array(word[..<cut])
                value = Array(word[(cut + 1)...])
            } else {
                name = word
                guard let own = RawPath(bytes: word).utf8Text.flatMap({ environmentVariable($0) }) else {
                    throw .badValue(RawPath(bytes: word).display, of: "variable that is set here", accepted: "NAME=VALUE, or the NAME of one that is")
                }
                value = own.bytes
            }
            variables.removeAll { $0.name == name }
            variables.append(EnvironmentVariable(name: name, value: value))
        }
        return variables
    }
}
