internal import Glibc
public import LinuxSystem
internal import Synchronization

/// A program of this machine on pipes.
public final class ChildChannel: ByteChannel {
    private let core: ChannelCore

    /// Where what the program writes to standard error goes.
    public enum StandardError: Sendable {
        /// Kept for the channel's end.
        case kept
        /// To this process's own.
        case inherited
    }

    /// Starts `plan`'s program; its three standard descriptors are set here. `diesWithThread` means the channel's thread,
    /// so the program then ends with this process at the latest.
    public convenience init(
        _ plan: ProcessPlan, standardError: StandardError = .kept, _ sink: @escaping ChannelSink
    ) throws(SystemError) {
        try self.init(plan, standardError: standardError, sink) { end, text in .exited(ProgramEnd(end), standardError: text) }
    }

    /// - Parameter reading: what the end of the program and its last words mean.
    init(
        _ plan: ProcessPlan, standardError: StandardError = .kept, _ sink: @escaping ChannelSink,
        reading: @escaping @Sendable (ProcessEnd, String) -> ChannelEnd
    ) throws(SystemError) {
        Terminal.ignoreBrokenPipes()
        let core = try ChannelCore()
        self.core = core
        let started = Mailbox<Result<Void, SystemError>>(elementsMax: 1)
        SystemThread.detached("child pipes") {
            let child: ChildPipes
            do throws(SystemError) { child = try ChildPipes(plan, standardError) } catch {
                started.send(.failure(error))
                return
            }
            core.onAbort { child.kill() }
            started.send(.success(()))
            let end = child.serve(core, sink, reading)
            core.conclude()
            sink(.ended(end))
        }
        try started.receiveOne(waitingMilliseconds: nil)!.get()
    }

    deinit { core.abort() }

    @discardableResult
    public func send(_ bytes: [UInt8], _ lane: Lane) -> Bool { core.lanes.send(bytes, lane, waits: true) }
    public func sendIfRoom(_ bytes: [UInt8], _ lane: Lane) -> Bool { core.lanes.send(bytes, lane, waits: false) }
    public func finish() { core.finish() }
    public func close() { core.close() }
    public func abort() { core.abort() }
}

extension ProgramEnd {
    init(_ end: ProcessEnd) {
        self =
            switch end {
            case .exited(let code): .status(code)
            case .killed(let signal): .signal(signalName(signal))
            }
    }
}

/// The process and our ends of its pipes; all but `kill` belongs to the channel's thread.
private final class ChildPipes: Sendable {
    private let child: Mutex<ChildProcess>
    private let exitDescriptor: Int32?
    private let input: Mutex<OpenFile?>
    private let firstInputDescriptor: Int32
    private let output: OpenFile
    /// Ended from the start where the program writes to this process's standard error.
    private let errors: OpenFile

    /// A process whose pipes others hold open is over this long after its own end.
    private static let drainMilliseconds: UInt64 = 1_000

    init(_ plan: ProcessPlan, _ standardError: ChildChannel.StandardError) throws(SystemError) {
        var plan = plan
        let toChild = try Descriptors.pipe()
        let fromChild = try Descriptors.pipe()
        let errorsOfChild = try Descriptors.pipe()
        plan.descriptors = [toChild.reading.descriptor, fromChild.writing.descriptor, standardError == .kept ? errorsOfChild.writing.descriptor : 2]
        let process = try ChildProcess(starting: plan)
        exitDescriptor = process.exitDescriptor
        child = Mutex(process)
        // Copies, so that the ends of the child are closed here when the pipes go out of scope.
        let input = try Descriptors.duplicate(toChild.writing.descriptor)
        output = try Descriptors.duplicate(fromChild.reading.descriptor)
        errors = try Descriptors.duplicate(errorsOfChild.reading.descriptor)
        try Descriptors.setNonBlocking(input.descriptor)
        try Descriptors.setNonBlocking(output.descriptor)
        try Descriptors.setNonBlocking(errors.descriptor)
        firstInputDescriptor = input.descriptor
        self.input = Mutex(input)
    }

    func kill() { child.withLock { $0.kill() } }

    private enum Tag: UInt64 { case wake, input, output, errors, exit }

    /// Moves bytes until the program has ended or the channel is aborted.
    func serve(_ core: ChannelCore, _ sink: ChannelSink, _ reading: (ProcessEnd, String) -> ChannelEnd) -> ChannelEnd {
        do throws(SystemError) {
            return try move(core, sink, reading)
        } catch {
            kill()
            return .lost(reason: "\(error)", standardError: "")
        }
    }

    private func move(_ core: ChannelCore, _ sink: ChannelSink, _ reading: (ProcessEnd, String) -> ChannelEnd) throws(SystemError) -> ChannelEnd {
        let poll = try EventPoll()
        try poll.watch(core.wake.descriptor, for: .readable, tag: Tag.wake.rawValue)
        try poll.watch(output.descriptor, for: .readable, tag: Tag.output.rawValue)
        try poll.watch(errors.descriptor, for: .readable, tag: Tag.errors.rawValue)
        if let exitDescriptor { try poll.watch(exitDescriptor, for: .readable, tag: Tag.exit.rawValue) }
        var sending = SendingBytes()
        var lastWords = LastBytes()
        var scratch = [UInt8](repeating: 0, count: ChannelLimits.chunkBytesMax)
        var inputDescriptor: Int32? = firstInputDescriptor
        var isInputWatched = false
        var isOutputOpen = true
        var isErrorsOpen = true
        var end: (how: ProcessEnd, deadline: UInt64)?

        while true {
            if core.isAborted { return stop() }
            if let descriptor = inputDescriptor {
                let progress = sending.send(from: core.lanes) { Self.write($0, to: descriptor) }
                switch progress {
                case .idle, .blocked:
                    let isBlocked = progress == .blocked
                    if isBlocked != isInputWatched {
                        if isBlocked { try poll.watch(descriptor, for: .writable, tag: Tag.input.rawValue) } else { poll.forget(descriptor) }
                        isInputWatched = isBlocked
                    }
                case .finished, .failed:
                    // A program that reads no more is told apart by its end alone; what else is sent goes nowhere.
                    if isInputWatched { poll.forget(descriptor) }
                    input.withLock { $0 = nil }
                    inputDescriptor = nil
                    if progress == .failed { core.lanes.end() }
                }
            }
            var isIdle = true
            if isOutputOpen {
                switch Descriptors.read(output.descriptor, into: &scratch) {
                case .bytes(let count):
                    sink(.received(Array(scratch[..<count])))
                    isIdle = false
                case .nothingYet: break
                case .ended, .failed:
                    poll.forget(output.descriptor)
                    isOutputOpen = false
                }
            }
            if isErrorsOpen {
                switch Descriptors.read(errors.descriptor, into: &scratch) {
                case .bytes(let count):
                    scratch.withUnsafeBytes { lastWords.append(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
                    isIdle = false
                case .nothingYet: break
                case .ended, .failed:
                    poll.forget(errors.descriptor)
                    isErrorsOpen = false
                }
            }
            let now = SystemClock.monotonicMilliseconds()
            if end == nil, let how = try endOfChild() {
                end = (how, now + Self.drainMilliseconds)
                if let exitDescriptor { poll.forget(exitDescriptor) }
                continue
            }
            if let end, isIdle, !(isOutputOpen || isErrorsOpen) || now >= end.deadline { return reading(end.how, lastWords.text) }
            guard isIdle else { continue }
            var deadline = core.closeDeadline ?? .max
            if let end { deadline = min(deadline, end.deadline) }
            // Kernels before 5.3 do not tell of an end.
            if exitDescriptor == nil { deadline = min(deadline, now + 20) }
            let ready = try poll.wait(milliseconds: deadline == .max ? nil : Int(deadline - min(now, deadline)))
            if ready.contains(where: { $0.tag == Tag.wake.rawValue }) { core.wake.clear() }
        }
    }

    private func endOfChild() throws(SystemError) -> ProcessEnd? {
        try child.withLock { (child) throws(SystemError) in try child.endIfReached() }
    }

    /// Kills the process and takes its end; one that hangs in the kernel is left to the system.
    private func stop() -> ChannelEnd {
        kill()
        let deadline = SystemClock.monotonicMilliseconds() + Self.drainMilliseconds
        do throws(SystemError) {
            while try endOfChild() == nil, SystemClock.monotonicMilliseconds() < deadline { Pause.milliseconds(2) }
        } catch {}
        return .closedByUs
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> SendingBytes.Outcome {
        while true {
            let count = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
            if count >= 0 { return .sent(count) }
            if errno == EAGAIN || errno == EWOULDBLOCK { return .sent(0) }
            if errno != EINTR { return .failed }
        }
    }
}
