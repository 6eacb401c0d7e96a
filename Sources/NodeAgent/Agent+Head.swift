import Bundles
import JobModel
import LinuxSystem
import Supervising
import WireProtocol
import WorkerPool

// What the head says.
extension Agent {
    func take(_ input: HeadLink.Input) {
        switch input {
        case .message(.ping(let number)): head.send(.pong(number))
        case .message(.stop): stop(code: 0)
        case .ended: stop(code: 0)
        case .broken(let error):
            complain("the head sent what is no message: \(error)")
            stop(code: 1)
        case .message, .chunk:
            if stopCode != nil { return }
            if case .preparing(let setup, let preparation, let kept) = phase {
                phase = .preparing(setup, preparation, kept + [input])
            } else if case .message(let message) = input {
                take(message)
            } else if case .chunk(let id, let bytes) = input, !files.take(bytes, of: id) {
                refuse("the head sent more of its files than there was room for")
            }
        }
    }

    private func take(_ message: HeadMessage) {
        switch (message, phase) {
        case (.hello(let theirs), .awaitingHello):
            do throws(WireError) {
                _ = try hello.agreed(with: theirs)
                phase = .awaitingSetup
            } catch {
                refuse("this agent speaks protocol \(hello.versions), the head \(theirs.versions)")
            }
        case (.bundle(let hash, let entries), .awaitingSetup):
            bundleHash = hash
            if !bundleReceiver.announce(hash, entries) { refuse("the head announced what is no bundle") }
        case (.setup(let setup), .awaitingSetup): prepare(setup)
        case (.assign(let orders), .working): assign(orders)
        case (.assignStaged(let orders), .working) where files.isOpen: assign(files.assign(orders))
        case (.carry(let carried), .working) where files.isOpen: if !files.carry(carried) { refuse("the head sent its files for all tasks too late, or twice") }
        case (.retract(let tasks), .working): retract(tasks)
        case (.cancel(let attempts), .working):
            let unstarted = files.cancel(attempts)
            if !unstarted.isEmpty { head.send(.released(unstarted.map(\.task))) }
            pending.append(.cancelled(attempts))
        case (.limitTime(let milliseconds), .working(let work)): work.pool.limitTime(milliseconds: milliseconds)
        case (.transfer(let message), .awaitingSetup), (.transfer(let message), .working):
            if !files.take(message) { refuse("the head sent more of its files, or more credit, than there was room for") }
        case (.lookForShared(let questions), .awaitingSetup), (.lookForShared(let questions), .working):
            if !sharedStorage.ask(.files(questions)) { refuse("the head asked for shared files without waiting for answers") }
        case (.leaveToken(let folder, let name, let content), .awaitingSetup), (.leaveToken(let folder, let name, let content), .working):
            if !sharedStorage.ask(.token(folder: folder, name: name, content: content)) {
                refuse("the head asked for tokens without waiting for answers")
            }
        case (.hello, _), (.setup, _), (.assign, _), (.assignStaged, _), (.retract, _), (.cancel, _), (.transfer, _), (.lookForShared, _),
            (.leaveToken, _), (.bundle, _), (.carry, _), (.limitTime, _), (.ping, _), (.stop, _):
            refuse("the head sent its messages in a wrong order")
        }
    }

    func assign(_ orders: [WorkOrder]) {
        guard case .working(let work) = phase, !orders.isEmpty else { return }
        pending.append(
            .assigned(
                orders.map {
                    SupervisedOrder($0, limitMilliseconds: work.timeout.limitMilliseconds(inputBytes: $0.identity.sizeBytes))
                }))
    }

    /// Every task is answered once: as released here, or as released or started by the supervisor.
    private func retract(_ tasks: [TaskIndex]) {
        let released = files.retract(tasks)
        if !released.isEmpty { head.send(.released(released)) }
        let others = tasks.filter { !released.contains($0) }
        if !others.isEmpty || released.isEmpty { pending.append(.retracted(others)) }
    }

    // The beginning.

    private func prepare(_ setup: AgentSetup) {
        if Preparation.isNeeded(for: setup) {
            phase = .preparing(setup, Preparation(setup, capacity: capacity, wake: filesWake), [])
        } else {
            setUp(setup, Prepared())
        }
    }

    func finishPreparing(_ setup: AgentSetup, _ outcome: Preparation.Outcome, _ kept: [HeadLink.Input]) {
        phase = .awaitingSetup
        switch outcome {
        case .failed(let text): refuse(text)
        case .ready(let prepared):
            if let scratch = prepared.scratch { files.open(scratch) }
            setUp(setup, prepared)
            for input in kept { take(input) }
        }
    }

    private func setUp(_ setup: AgentSetup, _ prepared: Prepared) {
        guard stopCode == nil else { return }
        guard (1...Self.slotsMax).contains(setup.slots) else { return refuse("\(setup.slots) slots cannot be had") }
        do {
            var settings = WorkerSettings(
                start: try workerStart(setup.worker), hello: hello, setup: try WorkSetup(wireBytes: setup.work),
                yieldsToOthers: setup.yieldsToOthers, addressSpaceBytesMax: setup.workerMemoryBytesMax)
            if setup.worker == .minder {
                settings.minding = MinderSettings(
                    environment: setup.programs?.environment ?? ProcessPlan.inheritedEnvironment(), lockDescriptor: prepared.lockDescriptor,
                    openFilesMax: openFilesMax)
                supervisor = Supervisor(limits: .minders)
                try OwnChildren.adoptOrphans()
            }
            let cpusPerTask = max(1, setup.programs?.cpusPerTask ?? 1)
            phase = .working(
                Work(
                    pool: WorkerPool(settings, poll: poll), timeout: setup.worker == .minder ? .none : setup.timeout,
                    leaseMilliseconds: UInt64(setup.leaseSeconds) * 1000, slots: setup.slots,
                    slotWatch: SlotWatch(job: setup.job, slots: setup.slots, cpusPerTask: cpusPerTask, capacity: capacity, wake: filesWake),
                    isMinding: setup.worker == .minder, lock: prepared.lock))
            // Until the locks are asked: one slot a job always has.
            pending += [.slotsUsable(1), .setup(slots: setup.slots)]
        } catch {
            refuse("the setup cannot be worked: \(error)")
        }
    }

    private static let slotsMax = 4_096

    private enum WorkerError: Error, CustomStringConvertible {
        case noBundle(Digest256)
        var description: String {
            switch self {
            case .noBundle(let hash): "the worker's bundle \(hash.hex.prefix(16)) is not on this host"
            }
        }
    }

    private func workerStart(_ place: WorkerPlace) throws -> ProgramStart {
        switch place {
        case .beside: ProgramStart(try WorkerProgram.path())
        case .minder: try minderStart()
        case .bundle(let hash): BundleLayout.workerStart(in: try bundleFolder(hash))
        case .bundleOnHostLibraries(let hash): BundleLayout.workerOnHostLibraries(in: try bundleFolder(hash))
        }
    }

    /// As this agent itself was started: from a bundle, through the bundle's own loader.
    private func minderStart() throws(SystemError) -> ProgramStart {
        var start = if let own = StoredBundle.own(.agent) { BundleLayout.agentStart(in: own.folder) } else { ProgramStart(try ownExecutable()) }
        start.arguments.append(Array("minder".utf8))
        return start
    }

    private func bundleFolder(_ hash: Digest256) throws(WorkerError) -> RawPath {
        guard let bundle, bundle.hash == hash else { throw .noBundle(hash) }
        return bundle.stored.folder
    }
}
