import JobModel
import LinuxSystem
import Scheduling
import Staging
import Synchronization
import WireProtocol

// Orders that run a program. A host has either all of the head's files or none of them: one decision, made before its first
// order. What a program prints comes here from every host, also when it failed.
extension HostStaging {
    // MARK: Out

    /// Announces the files that every attempt there finds in its place, and sends them; once, before the first order.
    func carry(_ files: [CarriedFile]) {
        carried.withLock { $0 = files }
        send(.carry(files))
        sender.withLock { sender in
            for (index, file) in files.enumerated() {
                guard case .file(let identity) = file.kind else { continue }
                sender?.add(OutgoingFile(path: file.path, file: .carried(UInt32(index)), identity: identity))
            }
        }
    }

    func assign(_ order: WorkOrder, _ program: ProgramOrder, _ view: View) {
        let attempt = order.attempt
        if view.sharesAll {
            pending.withLock { $0[attempt] = Pending(order: order, stagesInput: false, stagesOutput: false) }
            var translated = order
            if program.kind != .text { translated.input = view.onHost(order.input) }
            translated.kind = order.kind.inFolders { view.onHost($0) }
            send(.assignStaged([StagedOrder(order: translated, stagesInput: false, stagesOutput: false)]))
            return
        }
        pending.withLock { $0[attempt] = Pending(order: order, stagesInput: program.kind != .text, stagesOutput: true) }
        switch program.kind {
        case .text: send(.assignStaged([StagedOrder(order: order, stagesInput: false, stagesOutput: true)]))
        case .file:
            send(.assignStaged([StagedOrder(order: order, stagesInput: true, stagesOutput: true)]))
            sender.withLock { _ = $0?.add(OutgoingFile(path: order.input, file: .input(attempt), identity: order.identity)) }
        case .folder:
            listing.withLock { _ = $0.insert(attempt) }
            folderLister().list(order)
        }
    }

    private func folderLister() -> FolderLister {
        lister.withLock { lister in
            if let lister { return lister }
            let new = FolderLister(
                mayGoOn: { [weak self] in self?.awaitRoom() ?? false }, tell: { [weak self] order, outcome in self?.listed(order, outcome) })
            lister = new
            return new
        }
    }

    /// Waits until most of what was listed before is sent; false once the connection is over.
    private func awaitRoom() -> Bool {
        while true {
            guard let sender = sender.withLock({ $0 }), !sender.isClosed else { return false }
            if sender.waiting <= FileSender.waitingHigh { return true }
            Pause.milliseconds(20)
        }
    }

    /// On the lister's thread.
    private func listed(_ order: WorkOrder, _ outcome: FolderLister.Outcome) {
        let attempt = order.attempt
        switch outcome {
        case .failed(let failure):
            listing.withLock { _ = $0.remove(attempt) }
            fail(attempt, failure)
        case .listed(let content):
            if let text = content.passedOverText { events.send(.agent(host, .log(text))) }
            // In one step, so that a cancel comes either before it, and is answered here, or behind it, to the agent.
            let isWanted = listing.withLock { listing in
                guard listing.remove(attempt) != nil else { return false }
                send(.assignStaged([StagedOrder(order: order, stagesInput: true, stagesOutput: true, parts: content.files)]))
                return true
            }
            guard isWanted else { return }
            for (index, file) in content.files.enumerated() {
                guard case .file(let identity) = file.kind else { continue }
                sender.withLock { _ = $0?.add(OutgoingFile(path: file.path, file: .part(attempt, UInt32(index)), identity: identity)) }
            }
        }
    }

    /// Takes back those of `attempts` that the agent has not heard of; returns the others.
    func cancelListed(_ attempts: [Attempt]) -> [Attempt] {
        let unheard = listing.withLock { listing in
            let unheard = listing.intersection(attempts)
            listing.subtract(unheard)
            return unheard
        }
        if !unheard.isEmpty { events.send(.agent(host, .released(unheard.map(\.task).sorted()))) }
        return attempts.filter { !unheard.contains($0) }
    }

    func failedToSend(part index: UInt32, of attempt: Attempt, _ fault: SendingFault) {
        // The others are of no use without it.
        sender.withLock { $0 }?.withdraw([attempt])
        fail(attempt, TaskFailure(fault.reason, "a file in it: \(fault.text)"))
    }

    /// No task can be done there without it.
    func failedToSend(carried index: UInt32, _ fault: SendingFault) {
        let path = carried.withLock { Int(index) < $0.count ? $0[Int(index)].path.display : "" }
        events.send(.agent(host, .log("\(path), a file of --send, cannot be sent: \(fault.text)")))
        abort()
    }

    // MARK: In

    /// Outputs stand beside their targets, what was printed in the spool; nil for anything the order does not ask for.
    func place(_ file: TransferredFile, of program: ProgramOrder) -> Placement? {
        guard let attempt = file.attempt, let order = pending.withLock({ $0[attempt]?.order }) else { return nil }
        switch file {
        case .output(_, let name):
            guard let output = Self.output(named: name, of: order, program) else { return nil }
            return Placement(path: output.parent.appending(name), mode: 0o600, keepsTime: false, keepsMode: true)
        case .spooled(_, let name):
            guard ProgramResult.spoolNames(for: order.tempName).contains(name) else { return nil }
            return Placement(path: program.spoolFolder.appending(name), mode: 0o600, keepsTime: false)
        case .input, .part, .carried, .bundle: return nil
        }
    }

    /// The declared output that travels under `name`.
    private static func output(named name: RawPath, of order: WorkOrder, _ program: ProgramOrder) -> RawPath? {
        program.outputs.indices.first { name.bytes == order.tempName.bytes + Array("-\($0 + 1)".utf8) }.map { program.outputs[$0] }
    }

    /// All of an attempt is here.
    func finish(_ one: Pending, _ given: WorkReport, _ program: ProgramOrder) {
        var report = given
        var isWhole = one.fault == nil
        switch report.outcome {
        case .notStored(let fault):
            guard one.stagesOutput else { break }
            let error = SystemError(fault.call, "", code: fault.code)
            let why = "its scratch did not take a file: \(error.reason)"
            guard report.program != nil else {
                events.send(.attemptsFailed(host, [report.attempt], .hostFault, why))
                return
            }
            report.outcome = .failed(TaskFailure(error.isNoSpace ? .noSpace : .output, "the program ran on \(name), but \(why)"))
        case .failed: break
        case .finished(let work):
            switch one.fault {
            case .notStored(let fault): report.outcome = .notStored(fault)
            case .garbled, .broken: report.outcome = notWhole
            case nil:
                let placed = Self.placed(work, one, program, view)
                isWhole = placed != nil
                report.outcome = placed.map { .finished($0) } ?? notWhole
            }
        }
        if !isWhole {
            for path in one.arrived.values { gatherer.discard(path) }
            report.program?.dropSpooled()
        }
        gatherer.gather(
            Gatherer.Parcel(host: host, report: report, order: one.order, copiesVerbatim: false, mustSync: one.stagesOutput, fileMode: fileMode))
    }

    /// Of a program that has run: to start it again is the user's choice (`--retries`).
    private var notWhole: WorkOutcome { .failed(TaskFailure(.output, "what the program made did not come back whole from \(name)")) }

    /// The made files as this machine names them; nil if one is none that was asked for.
    private static func placed(_ given: FinishedWork, _ one: Pending, _ program: ProgramOrder, _ view: View) -> FinishedWork? {
        var work = given
        for index in work.files.indices {
            let temp = work.files[index].temp
            if one.stagesOutput {
                guard let output = output(named: temp, of: one.order, program) else { return nil }
                work.files[index].temp = output.parent.appending(temp)
            } else {
                // Beside its target, wherever the host sees that.
                let place = (work.files[index].page ?? 1) - 1
                guard program.outputs.indices.contains(place) else { return nil }
                let folder = program.outputs[place].parent
                guard let rest = temp.relative(to: view.onHost(program.outputs[place]).parent) else { return nil }
                work.files[index].temp = folder.appending(rest)
            }
        }
        return work
    }
}

extension ProgramResult {
    /// For what was lost on its way here: the program's own end counts all the same.
    fileprivate mutating func dropSpooled() {
        if case .spooled = output { output = .whole([]) }
        if case .spooled = errors { errors = .whole([]) }
    }
}
