import JobModel
import LinuxSystem
import Scheduling
import Staging
import Synchronization
import WireProtocol

/// Lets a job's files be where a host cannot see them: orders and reports name the head's paths on this side, and what a
/// host needs of them on the other.
///
/// Inputs are sent while earlier ones are worked on; what is made comes back to temp files beside its target, and only when
/// all of an attempt's files are here and durable its report is told. What is different with programs is in
/// `HostStaging+Programs`.
final class HostStaging: AgentConnection.Stager {
    /// What a host sees of the head's files.
    struct View: Sendable {
        var mappings: [HostSpec.PathMapping] = []
        /// Absolute folders whose files the host sees.
        var sharedRoots: [RawPath] = []
        var seesTargets = false
        /// Jobs of programs: the host has the working folder and all inputs, so that programs run there as they do here.
        var sharesAll = false
        /// Room for inputs that wait there.
        var stagedBytesMax: UInt64

        func sees(_ input: RawPath) -> Bool { sharedRoots.contains { input.isInside($0) } }

        /// Where the host has what the head calls `path`.
        func onHost(_ path: RawPath) -> RawPath {
            guard let mapping = mappings.filter({ path.isInside($0.head) }).max(by: { $0.head.bytes.count < $1.head.bytes.count }),
                let rest = path.relative(to: mapping.head)
            else { return path }
            return mapping.host.appending(rest)
        }
    }

    struct Pending: Sendable {
        var order: WorkOrder
        var stagesInput: Bool
        var stagesOutput: Bool
        /// Files that are here.
        var arrived: [TransferredFile: RawPath] = [:]
        var fault: ReceivingFault?
        var report: WorkReport?
    }

    /// What the host sees; nothing until that is found out.
    private let seen: Mutex<View>
    let host: HostIndex
    let name: String
    let events: Mailbox<HeadEvent>
    let gatherer: Gatherer
    let fileMode: UInt32
    private let isInPlace: Bool
    let send: @Sendable (HeadMessage) -> Void
    let abort: @Sendable () -> Void
    let pending = Mutex<[Attempt: Pending]>([:])
    let sender: Mutex<FileSender?> = Mutex(nil)
    /// Made for the first folder that is an input.
    let lister: Mutex<FolderLister?> = Mutex(nil)
    /// Attempts whose folder is being listed: the agent has not heard of them.
    let listing = Mutex<Set<Attempt>>([])
    /// Files of `--send`, by their place in the list.
    let carried = Mutex<[CarriedFile]>([])
    private let receiver: Mutex<FileReceiver?> = Mutex(nil)

    init(
        host: HostIndex, name: String, connection: AgentConnection, events: Mailbox<HeadEvent>, gatherer: Gatherer, fileMode: UInt32,
        isInPlace: Bool
    ) {
        self.host = host
        self.name = name
        seen = Mutex(View(stagedBytesMax: 0))
        self.events = events
        self.gatherer = gatherer
        self.fileMode = fileMode
        self.isInPlace = isInPlace
        send = { [weak connection] message in connection?.send(message) }
        abort = { [weak connection] in connection?.abort() }
        let sender = FileSender(
            name: "to \(name)", encode: { Frame.encode(HeadMessage.transfer($0)) },
            send: { [weak connection] bytes in connection?.sendBulk(bytes) ?? false },
            tell: { [weak self] event in self?.take(event) })
        let receiver = FileReceiver(
            name: "from \(name)", place: { [weak self] file in self?.place(file) },
            answer: { [weak connection] message in connection?.send(.transfer(message)) },
            tell: { [weak self] event in self?.take(event) })
        self.sender.withLock { $0 = sender }
        self.receiver.withLock { $0 = receiver }
    }

    var view: View {
        get { seen.withLock { $0 } }
        set { seen.withLock { $0 = newValue } }
    }

    // MARK: Out

    /// Sends files of the worker's bundle; the agent says when all have come.
    func send(_ bundle: [(index: UInt32, path: RawPath)]) {
        sender.withLock { sender in
            for file in bundle { sender?.add(OutgoingFile(path: file.path, file: .bundle(file.index), identity: nil)) }
        }
    }

    /// Sends a shard, and behind it the inputs that the host does not see.
    func assign(_ orders: [WorkOrder]) {
        let view = view
        var staged: [StagedOrder] = []
        var plain: [WorkOrder] = []
        for order in orders {
            if case .program(let program) = order.kind {
                assign(order, program, view)
                continue
            }
            let stagesInput = !view.sees(order.input)
            let stagesOutput = !view.seesTargets && order.kind.makesFiles
            var translated = order
            if !stagesInput { translated.input = view.onHost(order.input) }
            if !stagesOutput { translated.kind = order.kind.inFolders { view.onHost($0) } }
            pending.withLock { $0[order.attempt] = Pending(order: order, stagesInput: stagesInput, stagesOutput: stagesOutput) }
            if stagesInput || stagesOutput {
                staged.append(StagedOrder(order: translated, stagesInput: stagesInput, stagesOutput: stagesOutput))
            } else {
                plain.append(translated)
            }
        }
        if !plain.isEmpty { send(.assign(plain)) }
        if !staged.isEmpty { send(.assignStaged(staged)) }
        sender.withLock { sender in
            for order in orders where !order.kind.isProgram && !view.sees(order.input) {
                sender?.add(OutgoingFile(path: order.input, file: .input(order.attempt), identity: order.identity))
            }
        }
    }

    /// These attempts are not wanted any more.
    func withdraw(_ attempts: [Attempt]) {
        sender.withLock { $0 }?.withdraw(Set(attempts))
        forget(attempts)
    }

    func forget(_ attempts: [Attempt]) {
        let given = pending.withLock { pending in attempts.compactMap { pending.removeValue(forKey: $0) } }
        for one in given { for path in one.arrived.values { gatherer.discard(path) } }
    }

    // MARK: In, on the connection's thread

    func take(_ message: TransferMessage) {
        switch message {
        case .credit(let bytes): if sender.withLock({ $0 })?.grant(bytes: bytes) == false { abort() }
        case .refused(let id, let fault): sender.withLock { $0 }?.refused(id, fault)
        case .begin, .whole, .end, .broken: if receiver.withLock({ $0 })?.take(message) == false { abort() }
        }
    }

    func take(_ transfer: TransferID, _ bytes: [UInt8]) {
        if receiver.withLock({ $0 })?.take(bytes, of: transfer) == false { abort() }
    }

    func take(_ reports: [WorkReport]) {
        for report in reports {
            let whole = pending.withLock { pending -> Pending? in
                pending[report.attempt]?.report = report
                return Self.takeIfWhole(&pending, report.attempt)
            }
            if let whole { finish(whole, report) }
        }
    }

    /// Given back: their inputs need not travel any more.
    func released(_ tasks: [TaskIndex]) {
        let tasks = Set(tasks)
        withdraw(pending.withLock { pending in pending.keys.filter { tasks.contains($0.task) } })
    }

    // MARK: Files

    private func place(_ file: TransferredFile) -> Placement? {
        if let attempt = file.attempt, case .program(let program)? = pending.withLock({ $0[attempt]?.order.kind }) {
            return place(file, of: program)
        }
        let (attempt, name): (Attempt, RawPath)
        let isSpooled: Bool
        switch file {
        case .output(let of, let named): (attempt, name, isSpooled) = (of, named, false)
        case .spooled(let of, let named): (attempt, name, isSpooled) = (of, named, true)
        case .input, .part, .carried, .bundle: return nil
        }
        guard let order = pending.withLock({ $0[attempt]?.order }), name.bytes.starts(with: order.tempName.bytes),
            let folder = isSpooled ? order.kind.spoolFolder : order.kind.folder(of: name, attempt: order.tempName)
        else { return nil }
        return Placement(path: folder.appending(name), mode: fileMode, keepsTime: order.kind.keepsTimes && !isSpooled)
    }

    private func take(_ event: FileReceiver.Event) {
        switch event {
        case .arrived(let file, let path, _): note(file, path, nil)
        case .failed(let file, let fault): note(file, nil, fault)
        case .violated(let why):
            events.send(.agent(host, .log("its agent broke the protocol: \(why)")))
            abort()
        }
    }

    private func note(_ file: TransferredFile, _ path: RawPath?, _ fault: ReceivingFault?) {
        guard let attempt = file.attempt else { return }
        let (isWanted, whole) = pending.withLock { pending -> (Bool, Pending?) in
            guard pending[attempt] != nil else { return (false, nil) }
            if let path { pending[attempt]?.arrived[file] = path }
            if let fault { pending[attempt]?.fault = fault }
            return (true, Self.takeIfWhole(&pending, attempt))
        }
        if !isWanted, let path { gatherer.discard(path) }
        if let whole, let report = whole.report { finish(whole, report) }
    }

    /// Takes an attempt out once its report and all files it tells of are here, or one of them will never be.
    private static func takeIfWhole(_ pending: inout [Attempt: Pending], _ attempt: Attempt) -> Pending? {
        guard let one = pending[attempt], let report = one.report else { return nil }
        if one.fault == nil {
            for file in one.travellingFiles(report) where one.arrived[file] == nil { return nil }
        }
        pending[attempt] = nil
        return one
    }

    private func take(_ event: FileSender.Event) {
        switch event {
        case .sent: break
        // The agent tells of what it could not store.
        case .failed(_, .refused): break
        case .failed(.input(let attempt), let fault): fail(attempt, TaskFailure(fault.reason, fault.text))
        case .failed(.part(let attempt, let index), let fault): failedToSend(part: index, of: attempt, fault)
        case .failed(.carried(let index), let fault): failedToSend(carried: index, fault)
        case .failed(.bundle, _), .failed(.output, _), .failed(.spooled, _): break
        }
    }

    /// The agent does not tell of an attempt whose files could not be sent.
    func fail(_ attempt: Attempt, _ failure: TaskFailure) {
        guard pending.withLock({ $0.removeValue(forKey: attempt) }) != nil else { return }
        events.send(.agent(host, .reports([WorkReport(attempt: attempt, outcome: .failed(failure), usage: .none)])))
    }

    /// All of an attempt is here.
    private func finish(_ one: Pending, _ report: WorkReport) {
        if case .program(let program) = one.order.kind { return finish(one, report, program) }
        var report = report
        switch report.outcome {
        case .failed: events.send(.agent(host, .reports([report])))
        case .notStored(let fault):
            guard one.stagesInput || one.stagesOutput else {
                events.send(.agent(host, .reports([report])))
                return
            }
            let why = "its scratch did not take a file: \(SystemError(fault.call, "", code: fault.code).reason)"
            events.send(.attemptsFailed(host, [report.attempt], .hostFault, why))
        case .finished(var work):
            switch one.fault {
            case .notStored(let fault):
                report.outcome = .notStored(fault)
                for path in one.arrived.values { gatherer.discard(path) }
                events.send(.agent(host, .reports([report])))
            case .garbled, .broken:
                for path in one.arrived.values { gatherer.discard(path) }
                events.send(.attemptsFailed(host, [report.attempt], .transferFailed, "what it made of \(one.order.input) did not come back whole"))
            case nil:
                for index in work.files.indices {
                    let name = work.files[index].temp.lastComponent
                    if let folder = one.order.kind.folder(of: name, attempt: one.order.tempName) {
                        work.files[index].temp = folder.appending(name)
                    }
                }
                report.outcome = .finished(work)
                gatherer.gather(
                    Gatherer.Parcel(
                        host: host, report: report, order: one.order, copiesVerbatim: one.stagesOutput && (!isInPlace || one.order.kind.movesTimes), mustSync: one.stagesOutput,
                        fileMode: fileMode))
            }
        }
    }

    // MARK: End

    /// The connection is over: what is half here is of no use.
    func end() {
        lister.withLock { $0 }?.close()
        sender.withLock { $0 }?.close()
        receiver.withLock { $0 }?.close()
        forget(pending.withLock { Array($0.keys) })
    }

    /// Waits for the threads, after the connection's end.
    func close() {
        end()
        lister.withLock { $0 }?.join()
        sender.withLock { $0 }?.join()
        receiver.withLock { $0 }?.join()
        forget(pending.withLock { Array($0.keys) })
    }
}

extension SendingFault {
    /// What a worker on this machine would have said of the input.
    var reason: FailureReason {
        switch self {
        case .changed: .changed
        case .unreadable(let error): error.isNotFound ? .vanished : error.isDenied ? .denied : .unreadable
        case .refused: .unreadable
        }
    }

    var text: String {
        switch self {
        case .changed: "it changed after it was listed"
        case .unreadable(let error): "\(error.reason)"
        case .refused(let fault): "\(fault.call): error \(fault.code)"
        }
    }
}

extension WorkKind {
    /// Where a made file of this name goes on the head's side.
    fileprivate func folder(of name: RawPath, attempt: RawPath) -> RawPath? {
        switch self {
        case .process(let order): order.folder(ofSave: TempName.save(of: name, attempt: attempt))
        case .page, .probe, .thumbnail, .fingerprint, .program, .sheet: folder
        }
    }
}

extension HostStaging.Pending {
    /// Files that come back for this report: outputs that equal their input do not.
    func travellingFiles(_ report: WorkReport) -> [TransferredFile] {
        let attempt = report.attempt
        var files = (report.program?.spooledNames ?? []).map { TransferredFile.spooled(attempt, $0) }
        guard stagesOutput, case .finished(let work) = report.outcome else { return files }
        files += work.files.filter { !$0.isVerbatim }.map { .output(attempt, $0.temp.lastComponent) }
        files += work.spooledNames.map { .spooled(attempt, $0) }
        return files
    }
}
