import JobModel
import LinuxSystem
import Programs

/// What a program's end means for its task.
struct Verdict {
    /// Nil when nobody wants to know: the agent asked for the end.
    let outcome: WorkOutcome?

    /// - Parameter files: the outputs of a program that succeeded; nil when the agent asked for the end meanwhile.
    init(
        _ run: ProgramRun, _ spec: ProgramSpec, _ places: OutputPlaces, files: () throws(SystemError) -> [MadeFile]?
    ) throws(SystemError) {
        switch run.ending {
        case .stopped: outcome = nil
        case .notStored(let fault): outcome = .notStored(fault)
        case .timeout(let limit): outcome = .failed(TaskFailure(.timeout, Self.timeoutMessage(run, spec, limitMilliseconds: limit)))
        case nil:
            if let failure = try Self.failure(run, spec, places) {
                outcome = .failed(failure)
            } else if let made = try files() {
                var finished = FinishedWork()
                finished.files = made
                outcome = .finished(finished)
            } else {
                outcome = nil
            }
        }
    }

    private static func failure(_ run: ProgramRun, _ spec: ProgramSpec, _ places: OutputPlaces) throws(SystemError) -> TaskFailure? {
        if run.isStuck { return TaskFailure(.timeout, "a process it left cannot be killed: it hangs in the kernel, perhaps on a dead share") }
        switch run.end {
        case .exited(let code):
            if !spec.acceptedCodes.contains(code) { return TaskFailure(.exitCode, "exit code \(code)\(saying(run.errors))") }
        case .killed(let signal):
            let hint = signal == killSignal ? " (not by quire; perhaps the host had no memory left)" : ""
            return TaskFailure(.signal, "ended by \(signalName(signal))\(hint)\(saying(run.errors))")
        case nil: preconditionFailure("a program that ended has no end")
        }
        for (capture, name) in [(run.output, "standard output"), (run.errors, "standard error")] {
            if let found = capture.search.found {
                return TaskFailure(.output, "printed '\(RawPath(bytes: spec.forbiddenTexts[found]).display)' on \(name)")
            }
        }
        return try places.fault(mayBeEmpty: !spec.expectsOutput).map { TaskFailure(.output, $0) }
    }

    private static let killSignal: Int32 = 9

    private static func timeoutMessage(_ run: ProgramRun, _ spec: ProgramSpec, limitMilliseconds: UInt64) -> String {
        let grace = seconds(UInt64(spec.graceMilliseconds))
        let how =
            run.isStuck
            ? "does not end though killed: it hangs in the kernel, perhaps on a dead share"
            : run.neededKill ? "killed, since it went on for \(grace) after SIGTERM" : "ended with SIGTERM"
        return "took longer than \(seconds(limitMilliseconds)): \(how)"
    }

    /// `30 s`, `1.5 s`, `0.25 s`.
    static func seconds(_ milliseconds: UInt64) -> String {
        var digits = String(milliseconds % 1000 + 1000).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return "\(milliseconds / 1000)\(digits.isEmpty ? "" : "." + digits) s"
    }

    /// The last line that holds something, behind a colon; made harmless for a terminal.
    private static func saying(_ capture: Capture) -> String {
        let lines = capture.end.split { $0 == 0x0A || $0 == 0x0D }
        guard let line = lines.last(where: { $0.contains { $0 > 0x20 } }) else { return "" }
        let text = String(decoding: line.prefix(lineBytesMax), as: UTF8.self).unicodeScalars.map { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format: "?"
            default: String(scalar)
            }
        }.joined()
        return ": \(text)"
    }

    private static let lineBytesMax = 300
}
