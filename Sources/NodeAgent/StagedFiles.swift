import JobModel
import LinuxSystem
import Staging
import Supervising
import WireProtocol

/// Orders whose files travel, from their coming to the last of their files. Lives on the agent's first thread.
///
/// An order waits for its input; what was made is sent, its report behind it, and all of it removed. What is different with
/// programs is in `StagedFiles+Programs`.
final class StagedFiles {
    /// What the agent must do because of files that came or went.
    enum Outcome {
        case start(WorkOrder)
        case report(WorkReport, of: WorkOrder)
        /// The head does not keep to the protocol.
        case violated(String)
        /// No order can be worked here.
        case unusable(String)
        case log(String)
    }

    private enum Event: Sendable {
        case received(FileReceiver.Event)
        case sent(FileSender.Event)
        case mirrored(MirrorMaker.Outcome)
    }

    struct Waiting {
        var order: StagedOrder
        /// Files that have not come.
        var missing: Int
    }

    /// Made files that wait to be sent, before the agent starts nothing new: a slow link shall not fill the disk.
    private static let unsentBytesHigh: UInt64 = 512 << 20

    private let bundle: BundleReceiver
    let sender: FileSender
    private let receiver: FileReceiver
    let paths = ScratchPaths()
    private let events: Mailbox<Event>
    private let unwanted = Mailbox<RawPath>(elementsMax: 1 << 20)
    private let remover: SystemThread
    let mirrorMaker: MirrorMaker
    private var scratch: Scratch?
    /// By attempt: orders whose files have not come, or whose mirror is not made.
    var waiting: [Attempt: Waiting] = [:]
    /// By attempt: orders the supervisor has.
    var running: [Attempt: StagedOrder] = [:]
    /// Trees of programs' attempts, from the order's coming to the last of its outputs.
    var mirrors: [Attempt: HeldMirror] = [:]
    /// Attempts on shared storage whose report is behind the sync of their outputs, and then behind what they printed.
    var printing: Set<Attempt> = []
    var carried = Carried()
    /// By attempt and name: files given to the sender.
    private var unsent: [TransferredFile: (path: RawPath, sizeBytes: UInt64)] = [:]
    private var unsentBytes: UInt64 = 0

    /// - Parameters:
    ///   - lanes: to the head.
    ///   - bundle: gets the files of the bundle.
    ///   - wake: signalled when `takeOutcomes` has something.
    init(lanes: OutgoingLanes, bundle: BundleReceiver, wake: Wake) {
        self.bundle = bundle
        // Never full before the windows are: its writers may wait for the agent's thread, which never waits for them.
        let events = Mailbox<Event>(elementsMax: 1 << 16)
        self.events = events
        let tell: @Sendable (Event) -> Void = { event in
            events.send(event)
            wake.signal()
        }
        let paths = paths
        receiver = FileReceiver(
            name: "receive files",
            place: { file in
                switch file {
                case .input(let attempt): paths.placement(of: attempt)
                case .part(let attempt, let index): paths.placement(ofPart: index, of: attempt)
                case .carried(let index): paths.placement(ofCarried: index)
                case .bundle(let index): bundle.placement(index)
                case .output, .spooled: nil
                }
            },
            answer: { message in
                lanes.addControl(Frame.encode(AgentMessage.transfer(message)))
                wake.signal()
            }, tell: { tell(.received($0)) })
        sender = FileSender(
            name: "send files", encode: { Frame.encode(AgentMessage.transfer($0)) }, send: { lanes.addBulk($0) }, tell: { tell(.sent($0)) })
        mirrorMaker = MirrorMaker { tell(.mirrored($0)) }
        let unwanted = unwanted
        // On a thread of its own: taking a large file off a slow disk would keep a ping waiting.
        remover = SystemThread("remove files") {
            while let paths = unwanted.receiveAll(waitingMilliseconds: nil) {
                for path in paths { removeOrComplain(path) }
            }
        }
    }

    /// The place for files is there.
    func open(_ scratch: Scratch) {
        self.scratch = scratch
        paths.open(scratch.folder)
    }

    var isOpen: Bool { scratch != nil }
    var folder: RawPath { scratch?.folder ?? RawPath("") }
    var freeBytes: UInt64 { scratch?.freeBytes ?? 0 }

    /// The way back is behind: start nothing new.
    var isCongested: Bool { sender.waiting > FileSender.waitingHigh || unsentBytes > Self.unsentBytesHigh }

    /// Orders that wait for their input.
    var waitingCount: Int { waiting.count }

    /// Removes everything there is; called once, when no worker is left.
    func remove() {
        sender.close()
        receiver.close()
        bundle.close()
        unwanted.close()
        mirrorMaker.close()
        // They would make files, and the folders these are in, behind our back.
        receiver.join()
        mirrorMaker.join()
        scratch?.remove()
    }

    // From the head.

    /// False when the head does not keep to the protocol.
    func take(_ message: TransferMessage) -> Bool {
        switch message {
        case .credit(let bytes): return sender.grant(bytes: bytes)
        case .refused(let id, let fault):
            sender.refused(id, fault)
            return true
        case .begin, .whole, .end, .broken: return receiver.take(message)
        }
    }

    func take(_ chunk: [UInt8], of id: TransferID) -> Bool { receiver.take(chunk, of: id) }

    /// Takes orders; returns those that need not wait, with the paths they have here.
    func assign(_ orders: [StagedOrder]) -> [WorkOrder] {
        orders.compactMap { order in
            let attempt = order.order.attempt
            // A head that was told to resend after a lost answer may do so.
            guard waiting[attempt] == nil, running[attempt] == nil else { return nil }
            if case .program(let program) = order.order.kind, order.stagesOutput {
                awaitMirror(order, program)
                return nil
            }
            if order.stagesInput {
                waiting[attempt] = Waiting(order: order, missing: 1)
                paths.await(attempt, at: paths.input(order.order))
                return nil
            }
            running[attempt] = order
            return local(order)
        }
    }

    /// The order as a worker here gets it.
    func local(_ staged: StagedOrder) -> WorkOrder {
        var order = staged.order
        if case .program(let program) = order.kind {
            order.kind = .program(local(program, &order))
            return order
        }
        if staged.stagesInput { order.input = paths.input(order) }
        guard staged.stagesOutput else { return order }
        switch order.kind {
        case .process(var process):
            if process.folder != nil { process.folder = paths.outputs }
            // Their names tell them apart.
            for save in process.further.indices { process.further[save].folder = paths.outputs }
            if process.spoolFolder != nil { process.spoolFolder = paths.spool }
            order.kind = .process(process)
        case .page(var page):
            page.spoolFolder = paths.spool
            order.kind = .page(page)
        case .fingerprint(var canary):
            canary.folder = paths.outputs
            order.kind = .fingerprint(canary)
        case .sheet(var sheet):
            sheet.folder = paths.outputs
            order.kind = .sheet(sheet)
        case .program, .probe, .thumbnail: break
        }
        return order
    }

    /// Gives back those of `tasks` whose input has not come; returns them.
    func retract(_ tasks: [TaskIndex]) -> [TaskIndex] {
        let wanted = Set(tasks)
        let attempts = waiting.keys.filter { wanted.contains($0.task) }
        for attempt in attempts { forget(attempt) }
        return attempts.map(\.task).sorted()
    }

    /// The supervisor gave these back.
    func released(_ tasks: [TaskIndex]) {
        let gone = Set(tasks)
        for attempt in running.keys where gone.contains(attempt.task) {
            forget(attempt)
            removeMirror(of: attempt)
        }
    }

    /// Nobody wants these any more: their files go, those on their way too. Returns those whose input has not come.
    func cancel(_ attempts: [Attempt]) -> [Attempt] {
        let unstarted = attempts.filter { waiting[$0] != nil }
        for attempt in attempts { forget(attempt) }
        let gone = Set(attempts)
        sender.withdraw(gone)
        for (file, _) in unsent where file.attempt.map(gone.contains) ?? false { removeSent(file) }
        return unstarted
    }

    private func forget(_ attempt: Attempt) {
        paths.forget(attempt)
        printing.remove(attempt)
        let wasWaiting = waiting.removeValue(forKey: attempt) != nil
        if wasWaiting { removeMirror(of: attempt) }
        if let order = running.removeValue(forKey: attempt) { removeInput(order) }
    }

    private func removeInput(_ staged: StagedOrder) {
        if staged.stagesInput, mirrors[staged.order.attempt] == nil { unwanted.send(paths.input(staged.order)) }
    }

    // From the supervisor.

    /// Whether its files would travel, but nobody waits for them.
    func isCancelled(_ attempt: Attempt, _ order: WorkOrder) -> Bool {
        isOpen && running[attempt] == nil && (order.kind.folder == paths.outputs || order.kind.spoolFolder == paths.spool)
    }

    /// Takes the end of an attempt whose output travels; false when the report goes the usual way.
    func finish(_ report: WorkReport, of order: WorkOrder) -> Bool {
        guard let staged = running.removeValue(forKey: report.attempt) else { return false }
        if case .program(let program) = staged.order.kind { return finish(report, of: staged, program) }
        removeInput(staged)
        guard staged.stagesOutput, case .finished(var work) = report.outcome else { return false }
        var names: Set<RawPath> = []
        for index in work.files.indices {
            let name = work.files[index].temp.lastComponent
            work.files[index].temp = name
            let path = paths.outputs.appending(name)
            guard names.insert(name).inserted else { continue }
            if work.files[index].isVerbatim {
                unwanted.send(path)
            } else {
                send(path, as: .output(report.attempt, name), sizeBytes: work.files[index].sizeBytes)
            }
        }
        var spooled: Set<RawPath> = []
        for source in work.pages.flatMap(\.sources) {
            guard case .spool(let name) = source.file, spooled.insert(name).inserted else { continue }
            send(paths.spool.appending(name.lastComponent), as: .spooled(report.attempt, name.lastComponent), sizeBytes: source.byteCount)
        }
        var told = report
        told.outcome = .finished(work)
        sender.addInOrder(Frame.encode(AgentMessage.reports([told])))
        return true
    }

    func send(_ path: RawPath, as file: TransferredFile, sizeBytes: UInt64) {
        unsent[file] = (path, sizeBytes)
        unsentBytes += sizeBytes
        sender.add(OutgoingFile(path: path, file: file, identity: nil))
    }

    private func removeSent(_ file: TransferredFile) {
        guard let gone = unsent.removeValue(forKey: file) else { return }
        unsentBytes -= gone.sizeBytes
        if case .output(let attempt, _) = file, mirrors[attempt] != nil { outputWent(of: attempt) } else { unwanted.send(gone.path) }
    }

    // From the threads.

    /// What follows from files that came or went since the last call.
    func takeOutcomes() -> [Outcome] {
        (events.receiveAll(waitingMilliseconds: 0) ?? []).compactMap { event in
            switch event {
            case .received(.arrived(.bundle(let index), _, let digest)): pass { bundle.arrived(index, digest) }
            case .received(.failed(.bundle(let index), let fault)): pass { bundle.failed(index, fault.storageFault) }
            case .received(.arrived(.carried(let index), _, _)): pass { carriedArrived(index) }
            case .received(.failed(.carried(let index), let fault)): carriedFailed(index, fault)
            case .received(.arrived(let file, let path, _)): arrived(file, at: path)
            case .received(.failed(let file, let fault)): failed(file, fault)
            case .received(.violated(let text)): .violated(text)
            case .sent(.sent(let file, _)): went(file, nil)
            case .sent(.failed(let file, let fault)): went(file, fault)
            case .mirrored(let outcome): mirrored(outcome)
            }
        }
    }

    private func pass(_ body: () -> Void) -> Outcome? {
        body()
        return nil
    }

    private func arrived(_ file: TransferredFile, at path: RawPath) -> Outcome? {
        guard let attempt = file.attempt, var one = waiting[attempt] else {
            // Cancelled or given back while it came.
            unwanted.send(path)
            return nil
        }
        one.missing -= 1
        waiting[attempt] = one
        if one.missing > 0 { return nil }
        paths.forget(attempt)
        if mirrors[attempt] != nil {
            completeMirror(of: attempt)
            return nil
        }
        return start(attempt)
    }

    /// All that it waited for is here.
    func start(_ attempt: Attempt) -> Outcome? {
        guard let one = waiting.removeValue(forKey: attempt) else { return nil }
        running[attempt] = one.order
        return .start(local(one.order))
    }

    private func failed(_ file: TransferredFile, _ fault: ReceivingFault) -> Outcome? {
        guard let attempt = file.attempt, let one = waiting.removeValue(forKey: attempt) else { return nil }
        paths.forget(attempt)
        removeMirror(of: attempt)
        switch fault {
        // The head knows why: it broke it off itself and reports the task as its own finding.
        case .broken: return nil
        case .notStored, .garbled:
            return .report(WorkReport(attempt: attempt, outcome: .notStored(fault.storageFault), usage: .none), of: one.order.order)
        }
    }

    /// The head, which got no such file or refused it, finds the report wanting.
    private func went(_ file: TransferredFile, _ fault: SendingFault?) -> Outcome? {
        removeSent(file)
        switch fault {
        case nil, .refused: return nil
        case .changed: return .log("a made file changed while it was sent")
        case .unreadable(let error): return .log("a made file cannot be sent: \(error)")
        }
    }
}

private func removeOrComplain(_ path: RawPath) {
    do throws(SystemError) { try FileOperation.removeIfPresent(path) } catch { complain("cannot remove a staged file: \(error)") }
}
