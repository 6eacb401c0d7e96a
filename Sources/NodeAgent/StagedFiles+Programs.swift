import JobModel
import LinuxSystem
import Staging
import WireProtocol

// Orders that run a program: each with a mirror of the head's files where the host has none of them.
extension StagedFiles {
    struct HeldMirror {
        let mirror: Mirror
        /// Outputs that the sender has not done with.
        var unsent = 0
    }

    /// Files that every attempt finds in its mirror.
    struct Carried {
        var files: [CarriedFile]?
        /// Whether each has come.
        var arrived: Set<UInt32> = []
        var missing = 0
    }

    // From the head.

    /// Takes the list of files for all attempts; false when there was one before, or orders.
    func carry(_ files: [CarriedFile]) -> Bool {
        guard carried.files == nil, waiting.isEmpty, running.isEmpty, files.count <= StagedOrder.partsMax else { return false }
        carried.files = files
        carried.missing = files.count { $0.kind != .folder }
        paths.awaitCarried(files)
        return true
    }

    func awaitMirror(_ order: StagedOrder, _ program: ProgramOrder) {
        let attempt = order.order.attempt
        let mirror = paths.newMirror(for: attempt)
        mirrors[attempt] = HeldMirror(mirror: mirror)
        var missing = order.stagesInput && program.kind == .file ? 1 : 0
        if order.stagesInput { missing += order.parts.count { $0.kind != .folder } }
        waiting[attempt] = Waiting(order: order, missing: missing)
        if missing > 0 { paths.await(order, in: mirror) } else { completeMirror(of: attempt) }
    }

    /// Lets the mirror be made ready, if nothing has to come any more.
    func completeMirror(of attempt: Attempt) {
        guard carried.missing == 0, let one = waiting[attempt], one.missing == 0, let mirror = mirrors[attempt]?.mirror,
            case .program(let program) = one.order.order.kind
        else { return }
        let kept = (carried.files ?? []).enumerated().map { Mirror.Kept(file: $1, path: paths.kept(UInt32($0))) }
        mirrorMaker.complete(mirror, one.order, program, kept: kept)
    }

    func carriedArrived(_ index: UInt32) {
        guard carried.arrived.insert(index).inserted else { return }
        carried.missing -= 1
        if carried.missing == 0 { for attempt in waiting.keys.sorted(by: { $0.task < $1.task }) { completeMirror(of: attempt) } }
    }

    func carriedFailed(_ index: UInt32, _ fault: ReceivingFault) -> Outcome? {
        switch fault {
        // The head knows why, and ends the connection.
        case .broken: return nil
        case .notStored, .garbled:
            let path = carried.files.flatMap { Int(index) < $0.count ? $0[Int(index)].path.display : nil } ?? "file \(index)"
            let fault = fault.storageFault
            return .unusable("its scratch folder \(folder) did not take \(path), a file of --send: \(SystemError(fault.call, "", code: fault.code).reason); free some space there, or name another folder with 'scratch'")
        }
    }

    /// With the paths of this host: scratch for what it prints, and its mirror where it has one.
    func local(_ program: ProgramOrder, _ order: inout WorkOrder) -> ProgramOrder {
        var program = program
        program.spoolFolder = paths.spool
        guard let mirror = mirrors[order.attempt]?.mirror else { return program }
        program.mirror = mirror.root
        switch program.kind {
        case .file, .folder:
            if program.argument.isAbsolute {
                program.argument = mirror.argument(program.argument)
            } else if order.input.climbsAboveRoot {
                // It would lead out of the mirror, which is no root.
                program.argument = mirror.place(order.input)
            }
            order.input = mirror.place(order.input)
        case .text: break
        }
        return program
    }

    // From the maker of mirrors.

    func mirrored(_ outcome: MirrorMaker.Outcome) -> Outcome? {
        // One that was cancelled or given back meanwhile may have come again, with another mirror.
        switch outcome {
        case .made(let attempt, let mirror): return mirrors[attempt]?.mirror == mirror ? start(attempt) : nil
        case .failed(let attempt, let mirror, let outcome):
            guard mirrors[attempt]?.mirror == mirror, let one = waiting.removeValue(forKey: attempt) else { return nil }
            removeMirror(of: attempt)
            return .report(WorkReport(attempt: attempt, outcome: outcome, usage: .none), of: one.order.order)
        }
    }

    /// Nothing runs in it any more, or never did.
    func removeMirror(of attempt: Attempt) {
        if let held = mirrors.removeValue(forKey: attempt) { mirrorMaker.remove(held.mirror) }
    }

    // From the supervisor.

    /// The program of a cancelled attempt has ended.
    func ended(_ attempt: Attempt) {
        if waiting[attempt] == nil, running[attempt] == nil, mirrors[attempt]?.unsent == 0 { removeMirror(of: attempt) }
    }

    /// Takes a program's end; false when its outputs are where they belong and must only be synced.
    func finish(_ report: WorkReport, of staged: StagedOrder, _ program: ProgramOrder) -> Bool {
        guard mirrors[report.attempt] != nil else {
            guard report.program?.spooledNames.isEmpty == false else { return false }
            guard case .finished(let work) = report.outcome, !work.files.isEmpty else {
                sendPrinted(report)
                return true
            }
            printing.insert(report.attempt)
            return false
        }
        var told = report
        var sent = 0
        if case .finished(var work) = report.outcome {
            for index in work.files.indices {
                let place = work.files[index].page ?? index + 1
                let name = RawPath(bytes: staged.order.tempName.bytes + Array("-\(place)".utf8))
                send(work.files[index].temp, as: .output(report.attempt, name), sizeBytes: work.files[index].sizeBytes)
                sent += 1
                work.files[index].temp = name
                work.files[index].isVerbatim = false
            }
            told.outcome = .finished(work)
        }
        mirrors[report.attempt]?.unsent = sent
        if sent == 0 { removeMirror(of: report.attempt) }
        sendPrinted(told)
        return true
    }

    /// Takes the report of a program whose outputs on shared storage are durable; false when what it printed is in the report.
    func sendIfPrinted(_ report: WorkReport) -> Bool {
        guard printing.remove(report.attempt) != nil else { return false }
        sendPrinted(report)
        return true
    }

    /// What it printed, and the report behind it.
    private func sendPrinted(_ report: WorkReport) {
        for captured in [report.program?.output, report.program?.errors] {
            switch captured {
            case nil, .whole: break
            case .spooled(let name, let sizeBytes):
                send(paths.spool.appending(name.lastComponent), as: .spooled(report.attempt, name.lastComponent), sizeBytes: sizeBytes)
            }
        }
        sender.addInOrder(Frame.encode(AgentMessage.reports([report])))
    }

    func outputWent(of attempt: Attempt) {
        guard var held = mirrors[attempt] else { return }
        held.unsent -= 1
        mirrors[attempt] = held
        if held.unsent == 0 { removeMirror(of: attempt) }
    }
}
