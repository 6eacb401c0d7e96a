import JobModel
import JobStore
import LinuxSystem
import Scheduling
import TerminalUI
import WireProtocol

/// What keeps a share that went away, a full disk or a wrong flag from failing a million files (behaviour.md, Running).
extension JobRunner {
    /// A failed report, and what may be to blame instead of its file.
    struct Suspect {
        var host: HostIndex
        var report: WorkReport
        var inquiry: Inquiry
        var sinceMilliseconds: UInt64

        init(of report: WorkReport, from host: HostIndex, _ inquiry: Inquiry) {
            self.host = host
            self.report = report
            self.inquiry = inquiry
            sinceMilliseconds = SystemClock.monotonicMilliseconds()
        }
    }

    /// Nothing is dispatched until `cause` is as it should be.
    struct Pause {
        var cause: Surrounding
        var fault: String
        var nextLookMilliseconds: UInt64
        /// Looks before this do not end it.
        var endsNotBeforeMilliseconds: UInt64
    }

    private static let lookPeriodMilliseconds: UInt64 = 2_000
    private static let longestWaitMilliseconds: UInt64 = 60_000
    /// Tries of a file that can be read again whenever somebody looks (a share that comes and goes, a stale handle).
    private static let triesMax = 3
    /// A folder that gives no answer for so long is taken for gone.
    private static let lookMillisecondsMax: UInt64 = 15_000

    /// Keeps a report back if its file may not be to blame.
    func suspect(_ report: WorkReport, from host: HostIndex) -> Bool {
        guard let task = open[report.attempt.task] else { return false }
        let suspect: Suspect
        switch report.outcome {
        case .finished: return false
        case .failed(let failure):
            // Nothing is started again to find out whether a file can be read now.
            if report.program != nil { return false }
            switch failure.reason {
            case .vanished, .unreadable, .denied:
                guard let root = plan.roots.root(of: task.input) else { return false }
                suspect = Suspect(of: report, from: host, Inquiry(surrounding: .root(root), file: task.input))
            case .notImage, .truncated, .damaged, .tooLarge, .unsupported, .crashed, .timeout, .memory, .changed, .noSpace, .exitCode, .signal,
                .output, .lost:
                return false
            }
        case .notStored(let fault):
            let folder = fullestFolder(of: task)
            let error = SystemError(fault.call, folder.isEmpty ? "." : folder.display, code: fault.code)
            suspect = Suspect(of: report, from: host, Inquiry(surrounding: .room(folder)))
            if !error.isNoSpace, links[host]?.writesWhereItBelongs == true {
                // The share may be gone there, while it is well here.
                suspects.append(suspect)
                watch.ask(suspect.inquiry)
                return true
            }
            guard error.isNoSpace else {
                // A disk that is broken or read-only says nothing by which its recovery would be known.
                halt(.system(doing: "store what was made of \(task.input)", error))
                letGo([suspect])
                return true
            }
            suspects.append(suspect)
            watch.ask(suspect.inquiry)
            // Of room the failed write has told already.
            pause(for: suspect.inquiry.surrounding, "\(suspect.inquiry.surrounding.name) is full (\(error.reason)): free some space")
            return true
        }
        suspects.append(suspect)
        watch.ask(suspect.inquiry)
        return true
    }

    /// The answer to a look: lets files be blamed or tried again, or everything wait.
    func looked(_ inquiry: Inquiry, _ fault: String?, _ fileIsThere: Bool) {
        watch.answered(inquiry)
        let surrounding = inquiry.surrounding
        if let fault { return pause(for: surrounding, fault) }
        let cleared = suspects.filter { $0.inquiry == inquiry }
        suspects.removeAll { $0.inquiry == inquiry }
        var faults: [HostIndex: String] = [:]
        for suspect in cleared {
            if let fault = hostFault(of: suspect, fileIsThere) {
                if faults.updateValue(fault, forKey: suspect.host) == nil {
                    display.message("\(name(of: suspect.host)) \(fault), and this machine can: look at the share there")
                }
                settle([suspect.report], from: suspect.host, verdict: .hostFault)
            } else if fileIsThere, suspect.report.attempt.number < Self.triesMax {
                letGo([suspect])
            } else {
                settle([suspect.report], from: suspect.host)
            }
        }
        guard let pause, pause.cause == surrounding, SystemClock.monotonicMilliseconds() >= pause.endsNotBeforeMilliseconds else { return }
        self.pause = nil
        display.message("going on: \(surrounding.recovery)")
        perform(scheduler.apply(.resume, at: .now))
    }

    /// What a host cannot do that this machine, which found nothing wrong, can.
    private func hostFault(of suspect: Suspect, _ fileIsThere: Bool) -> String? {
        guard suspect.host != Fleet.thisMachineIndex else { return nil }
        let surrounding = suspect.inquiry.surrounding
        switch suspect.report.outcome {
        case .finished: return nil
        case .failed(let failure): return fileIsThere ? "cannot read in \(surrounding.name) (\(failure.message))" : nil
        case .notStored(let fault): return "cannot write to \(surrounding.name) (\(SystemError(fault.call, "", code: fault.code).reason))"
        }
    }

    /// A folder for results could not be made: its disk is full.
    func pauseForRoom(for task: TaskIndex, _ error: SystemError) {
        var folder = open[task].map(fullestFolder) ?? plan.spoolFolder
        do throws(SystemError) {
            while !folder.isEmpty, folder.parent != folder, try FileOperation.factsIfPresent(of: folder) == nil { folder = folder.parent }
        } catch {
            return halt(.system(doing: "make the folder \(folder)", error))
        }
        let cause = Surrounding.room(folder)
        pause(for: cause, "\(cause.name) is full (\(error.reason)): free some space")
    }

    /// Of the folders that a task's outputs go to, the one with the least room.
    private func fullestFolder(of task: PlannedTask) -> RawPath {
        let folders = task.outputs.map(\.parent)
        guard folders.count > 1 else { return folders.first ?? plan.spoolFolder }
        let free = folders.map { folder -> UInt64 in
            // One that is not there or does not answer is where the trouble is.
            do throws(SystemError) { return try FileOperation.freeBytes(at: folder.isEmpty ? RawPath(".") : folder) } catch { return 0 }
        }
        return zip(folders, free).min { $0.1 < $1.1 }?.0 ?? plan.spoolFolder
    }

    /// Waits for what is at fault; no file is blamed meanwhile.
    private func pause(for cause: Surrounding, _ fault: String) {
        letGo(of: cause)
        guard stop == nil else { return }
        let now = SystemClock.monotonicMilliseconds()
        let since = faultyMilliseconds ?? now
        faultyMilliseconds = since
        guard settings.pauseSecondsMax > 0 else { return halt(.surroundings("\(fault). Nothing is lost: quire resume goes on then")) }
        // Another fault shows again when this one is mended.
        guard pause == nil else { return }
        if since == now { display.message("paused: \(fault). The job goes on by itself then; it stops after \(settings.pauseSecondsMax) s") }
        // What looks mended and fails again (a quota, a file too large for the room there is) is tried less and less often.
        let wait = min(max(Self.lookPeriodMilliseconds, now - since), Self.longestWaitMilliseconds)
        pause = Pause(
            cause: cause, fault: fault, nextLookMilliseconds: now + Self.lookPeriodMilliseconds, endsNotBeforeMilliseconds: now + wait)
        perform(scheduler.apply(.pause, at: .now))
    }

    /// Called several times a second.
    func lookAround(_ now: UInt64) {
        for suspect in suspects {
            watch.ask(suspect.inquiry)
            if now > suspect.sinceMilliseconds + Self.lookMillisecondsMax {
                pause(for: suspect.inquiry.surrounding, "\(suspect.inquiry.surrounding.name) does not answer")
            }
        }
        guard let pause, stop == nil else { return }
        if let faultyMilliseconds, now >= faultyMilliseconds + UInt64(settings.pauseSecondsMax) * 1000 {
            return halt(.surroundings("stopped after \(settings.pauseSecondsMax) s: \(pause.fault). Nothing is lost: quire resume goes on then"))
        }
        if now >= pause.nextLookMilliseconds {
            self.pause?.nextLookMilliseconds = now + Self.lookPeriodMilliseconds
            watch.ask(Inquiry(surrounding: pause.cause))
        }
    }

    private func letGo(of surrounding: Surrounding) {
        let held = suspects.filter { $0.inquiry.surrounding == surrounding }
        suspects.removeAll { $0.inquiry.surrounding == surrounding }
        letGo(held)
    }

    /// Gives the tasks back as if they had not begun.
    private func letGo(_ suspects: [Suspect]) {
        for (host, of) in Dictionary(grouping: suspects, by: \.host) {
            let tasks = of.map(\.report.attempt.task)
            for suspect in of { recordPutBack(suspect.report, on: host) }
            perform(scheduler.apply(.released(host, tasks), at: .now))
        }
    }

    /// Stops where so many files fail that something else must be wrong.
    func count(_ settled: [SettledReport]) {
        for one in settled {
            var failure: TaskFailure?
            if case .failed(let reason) = one.report.outcome { failure = reason }
            if failure == nil { faultyMilliseconds = nil }
            // With nothing left to do there is nothing to save.
            guard let breach = failures.note(failure?.reason),
                scheduler.readyCount + scheduler.inFlightCount > 0
            else { continue }
            let last = "the last was \(one.task.input): \(failure?.message ?? "")"
            switch breach {
            case .equalInRow(let reason, let count):
                halt(.surroundings("\(count) \(course == nil ? "files" : "tasks") in a row failed as \(reason.rawValue); \(last). quire resume --keep-going goes on all the same"))
            case .tooMany(let count):
                if let rule = course?.settings.halt { return haltPrograms(rule, failures: count, last: last) }
                halt(.surroundings("\(count) files have failed, which is what --max-failures allows; \(last). quire resume --keep-going goes on all the same"))
            }
        }
    }
}
