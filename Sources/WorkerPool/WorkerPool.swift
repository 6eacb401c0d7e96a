public import JobModel
public import LinuxSystem
public import WireProtocol

/// The worker processes of an agent: starts them, carries their messages, sees their ends. Decides nothing.
///
/// Belongs to one thread that lives as long as the process, since workers die with the thread that started them.
/// That thread waits in the poll it shares with the pool and hands on what concerns the pool.
public final class WorkerPool {
    public enum Event: Sendable {
        case ready(slot: Int, Hello, version: String)
        case reported(slot: Int, WorkReport)
        case unusable(slot: Int, String)
        /// What it sent is no message, or its output is closed; only its end follows.
        case misbehaved(slot: Int, String)
        /// What a program prints while it runs.
        case printed(slot: Int, Attempt, ProgramStream, [UInt8])
        /// Dead and reaped; all it sent came before. `lastWords` is one line without control characters, maybe empty.
        case ended(slot: Int, ProcessEnd, lastWords: String)
    }

    /// Tags of the shared poll from this on are the pool's.
    public static let firstTag: UInt64 = 1 << 32

    private enum Stream: UInt64 {
        case input, output, errors, exit
    }

    private let settings: WorkerSettings
    private let poll: EventPoll
    private var workers: [Worker?] = []
    private var buffer = [UInt8](repeating: 0, count: 65536)
    private let plainGreeting: [UInt8]
    /// With what was told to all since.
    private var greeting: [UInt8]
    /// False while nothing is read of what they say.
    private var isReading = true

    /// A minder that was told to end gives its program a second's grace at most, and kills it.
    static let endingMillisecondsMax: UInt64 = 3_000

    public init(_ settings: WorkerSettings, poll: EventPoll) {
        self.settings = settings
        self.poll = poll
        plainGreeting = Frame.encode(WorkerCommand.hello(settings.hello)) + Frame.encode(WorkerCommand.setup(settings.setup))
        greeting = plainGreeting
    }

    /// Starts a worker in an empty slot and sends it hello and setup; it answers with `ready` or `unusable`.
    public func spawn(slot: Int) throws(SystemError) {
        while workers.count <= slot { workers.append(nil) }
        precondition(workers[slot] == nil, "slot \(slot) has a worker")
        let worker = try Worker(settings)
        if isReading { try poll.watch(worker.output.descriptor, for: .readable, tag: tag(slot, .output)) }
        try poll.watch(worker.errors.descriptor, for: .readable, tag: tag(slot, .errors))
        if let exit = worker.process.exitDescriptor { try poll.watch(exit, for: .readable, tag: tag(slot, .exit)) }
        workers[slot] = worker
        send(greeting, to: slot)
    }

    /// Puts an order into the worker's pipe. A worker that is dead already takes it silently: its end is on the way.
    public func feed(slot: Int, _ order: WorkOrder) {
        send(Frame.encode(WorkerCommand.order(order)), to: slot)
    }

    /// Asks the worker to finish and exit.
    public func closeInput(slot: Int) {
        guard let worker = workers[slot] else { return }
        forgetInput(worker)
        worker.input = nil
    }

    /// Ends the worker: a minder is asked first, and takes its program with it; one that does not obey is killed by `killOverdue`.
    public func kill(slot: Int) {
        if let worker = workers[slot] { end(worker) }
    }

    private func end(_ worker: Worker) {
        guard settings.minding != nil else { return worker.process.kill() }
        guard worker.killMilliseconds == nil else { return }
        worker.killMilliseconds = SystemClock.monotonicMilliseconds() + Self.endingMillisecondsMax
        worker.process.terminateAndContinue()
    }

    /// When `killOverdue` is due; nil while nothing depends on time.
    public var nextDeadlineMilliseconds: UInt64? { workers.compactMap { $0?.killMilliseconds }.min() }

    /// Kills minders that did not end in time.
    public func killOverdue(nowMilliseconds now: UInt64) {
        for case let worker? in workers {
            guard let due = worker.killMilliseconds, now >= due else { continue }
            worker.killMilliseconds = .max
            worker.process.kill()
        }
    }

    /// Tells all minders, and those to come, how long programs without a limit of their own may run.
    public func limitTime(milliseconds: UInt64) {
        let command = Frame.encode(WorkerCommand.limitTime(milliseconds: milliseconds))
        greeting = plainGreeting + command
        for slot in workers.indices { send(command, to: slot) }
    }

    /// Whether to read what workers say. Those that print much wait meanwhile; what a dead one said is read all the same.
    public func setReading(_ reading: Bool) {
        guard reading != isReading else { return }
        isReading = reading
        for (slot, worker) in workers.enumerated() {
            guard let worker, !worker.outputHasEnded else { continue }
            if reading {
                do throws(SystemError) {
                    try poll.watch(worker.output.descriptor, for: .readable, tag: tag(slot, .output))
                } catch {
                    // It would never be heard again.
                    end(worker)
                }
            } else {
                poll.forget(worker.output.descriptor)
            }
        }
    }

    public func sample(slot: Int) -> ProcessSample? {
        guard let worker = workers[slot] else { return nil }
        return ProcessSample.take(of: worker.process.id)
    }

    /// Process ids of the living, for tests and logs.
    public var processIDs: [Int32] { workers.compactMap { $0?.process.id } }

    /// While true, `collectEnds` must be called every few milliseconds: this kernel does not tell of ends.
    public var mustLookForEnds: Bool {
        workers.contains { worker in worker.map { $0.outputHasEnded && $0.process.exitDescriptor == nil } ?? false }
    }

    /// What follows from a readiness whose tag is the pool's.
    public func take(_ ready: EventPoll.Ready, into events: inout [Event]) {
        let slot = Int((ready.tag - Self.firstTag) >> 2)
        // The worker may have been replaced since the poll returned: then nothing is there to read, which is harmless.
        guard workers.indices.contains(slot), let worker = workers[slot], let stream = Stream(rawValue: ready.tag & 3) else {
            return
        }
        switch stream {
        case .input: flush(worker, slot: slot)
        case .output: readMessages(worker, slot: slot, piecesMax: Self.piecesAtOnceMax, into: &events)
        case .errors:
            worker.readErrors(into: &buffer)
            if worker.errorsHaveEnded { poll.forget(worker.errors.descriptor) }
        case .exit: collectEnd(worker, slot: slot, into: &events)
        }
    }

    /// Looks for workers that have ended.
    public func collectEnds(into events: inout [Event]) {
        for (slot, worker) in workers.enumerated() {
            if let worker, worker.outputHasEnded { collectEnd(worker, slot: slot, into: &events) }
        }
    }

    private func collectEnd(_ worker: Worker, slot: Int, into events: inout [Event]) {
        let end: ProcessEnd
        do throws(SystemError) {
            guard let found = try worker.process.endIfReached() else { return }
            end = found
        } catch {
            preconditionFailure("our own child \(worker.process.id) is not ours: \(error)")
        }
        // What it said before it died is in the pipes still.
        readMessages(worker, slot: slot, piecesMax: .max, into: &events)
        worker.readErrors(into: &buffer)
        if !worker.outputHasEnded { poll.forget(worker.output.descriptor) }
        if !worker.errorsHaveEnded { poll.forget(worker.errors.descriptor) }
        if let exit = worker.process.exitDescriptor { poll.forget(exit) }
        forgetInput(worker)
        workers[slot] = nil
        events.append(.ended(slot: slot, end, lastWords: worker.lastWords.text))
    }

    /// A minder whose program prints without end must not keep us from the others, nor from the head.
    private static let piecesAtOnceMax = 4

    private func readMessages(_ worker: Worker, slot: Int, piecesMax: Int, into events: inout [Event]) {
        var pieces = 0
        while !worker.outputHasEnded, pieces < piecesMax {
            pieces += 1
            switch Descriptors.read(worker.output.descriptor, into: &buffer) {
            case .bytes(let count):
                if !worker.hasMisbehaved {
                    worker.reader.feed(buffer[..<count])
                    takeMessages(worker, slot: slot, into: &events)
                }
                // Less than asked for: the pipe is empty, and whoever writes next wakes us.
                if count < buffer.count { return }
            case .nothingYet: return
            case .ended, .failed:
                worker.outputHasEnded = true
                poll.forget(worker.output.descriptor)
                // It is dying; one that only closed its output is of no use. Its exit status is fixed before its pipes close.
                end(worker)
                if worker.process.exitDescriptor == nil { collectEnd(worker, slot: slot, into: &events) }
                return
            }
        }
    }

    private func takeMessages(_ worker: Worker, slot: Int, into events: inout [Event]) {
        do throws(WireError) {
            while let message = try worker.reader.next() {
                switch message {
                case .ready(let hello, let version): events.append(.ready(slot: slot, hello, version: version))
                case .report(let report):
                    // What it said before belongs to a task that is over.
                    if !worker.lastWords.isEmpty { worker.lastWords.clear() }
                    events.append(.reported(slot: slot, report))
                case .printed(let attempt, let stream, let bytes): events.append(.printed(slot: slot, attempt, stream, bytes))
                case .unusable(let text): events.append(.unusable(slot: slot, text))
                }
            }
        } catch {
            worker.hasMisbehaved = true
            events.append(.misbehaved(slot: slot, "sent what is no message: \(error)"))
        }
    }

    private func send(_ bytes: [UInt8], to slot: Int) {
        guard let worker = workers[slot], worker.input != nil else { return }
        let fits = worker.outgoing.append(bytes)
        precondition(fits, "\(bytes.count) bytes for a worker that has \(worker.outgoing.count) unread")
        if !worker.isBlocked { flush(worker, slot: slot) }
    }

    private func flush(_ worker: Worker, slot: Int) {
        guard let descriptor = worker.input?.descriptor else { return }
        switch worker.outgoing.write(to: descriptor) {
        case .done: forgetInput(worker)
        case .blocked:
            if worker.isBlocked { return }
            worker.isBlocked = true
            do throws(SystemError) {
                try poll.watch(descriptor, for: .writable, tag: tag(slot, .input))
            } catch {
                // Without it the order would never arrive: as good as a dead worker.
                end(worker)
            }
        // It is dead; its end is on the way.
        case .failed: forgetInput(worker)
        }
    }

    private func forgetInput(_ worker: Worker) {
        guard worker.isBlocked, let descriptor = worker.input?.descriptor else { return }
        worker.isBlocked = false
        poll.forget(descriptor)
    }

    private func tag(_ slot: Int, _ stream: Stream) -> UInt64 {
        Self.firstTag + UInt64(slot) << 2 + stream.rawValue
    }
}
