import JobModel
import LinuxSystem
import TerminalUI
import WireProtocol

/// The ways in which a run, or a part of it, ends.
extension JobRunner {
    /// How far the binder's thread is.
    enum Binding {
        case underWay
        /// All books are bound, withheld or abandoned, or none is wanted.
        case ended
        case failed
    }

    /// Why the job ends before all is done.
    enum Stop {
        /// Ctrl-C or SIGTERM: what runs may finish until this time.
        case asked(deadlineMilliseconds: UInt64)
        /// The environment is at fault; the text says what to do.
        case fault(HeadError)
    }

    /// What a run came to.
    struct Result {
        var status: ExitStatus
        var volumes: [BoundVolume]
        var fault: HeadError?
        /// Where tasks that did not end may have left temp files.
        var unfinishedFolders: Set<RawPath> = []
        /// Workers may still be at work and are not waited for.
        var leavesWorkRunning = false
        /// Failures ended it (`--halt`), and tasks are left.
        var isHalted = false
    }

    var phase: ProgressSnapshot.Phase {
        switch stop {
        case .asked(let deadline):
            let now = SystemClock.monotonicMilliseconds()
            return .draining(secondsLeft: deadline > now ? Int((deadline - now + 999) / 1000) : 0)
        case .fault(let error):
            // Told whole as a message.
            let words = "\(error)".prefix { $0 != ";" && !$0.isNewline }
            return .paused(reason: String(words.last == ":" ? words.dropLast() : words))
        case .none:
            if let pause { return .paused(reason: pause.fault) }
            guard unsettledCount != nil, open.isEmpty else { return .working }
            return course == nil ? .binding : .finishing
        }
    }

    var result: Result {
        let finished = Result(status: display.summary.failed > 0 ? .someFilesFailed : .done, volumes: volumes ?? [])
        switch stop {
        case .none: return finished
        case .asked:
            if !wasKilled && unsettledCount == 0 && isBound { return finished }
            return Result(status: wasInterruptedTwice ? .cancelled : .stoppedResumable, volumes: [])
        case .fault(.surroundings) where !wasKilled && unsettledCount == 0 && isBound: return finished
        case .fault(.halted) where !wasKilled && unsettledCount == 0: return finished
        case .fault(let error): return Result(status: error.statusOfStoppedJob, volumes: [], fault: error)
        }
    }

    var isHalted: Bool {
        guard case .fault(.halted)? = stop else { return false }
        return true
    }

    /// Deletes the files of a report that came too late.
    func discard(_ report: WorkReport) {
        var temps: [RawPath] = []
        var spooled = report.program?.spooledNames ?? []
        if case .finished(let work) = report.outcome {
            // What a program wrote at its final path is not this attempt's alone.
            temps = work.files.map(\.temp).filter { course == nil || JobFolder.isAttemptFolder($0.parent, of: plan.job) }
            spooled += work.spooledNames
        }
        for file in temps + spooled.map({ plan.workingFolder.appending(plan.spoolFolder).appending($0) }) {
            do throws(SystemError) { try FileOperation.removeIfPresent(file) } catch { display.message("a late result stays behind: \(error)") }
        }
        if course != nil { for folder in Set(temps.map(\.parent)) { JobFolder.removeTreeIfPossible(folder) } }
    }
}
