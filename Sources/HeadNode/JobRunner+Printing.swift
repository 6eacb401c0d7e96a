import JobModel
import JobStore
import LinuxSystem
import TerminalUI

/// What the thread that prints tells the main thread.
enum PrintingEvent: Sendable {
    case message(String)
    case ended(ProgramPrinter.Ending)
}

/// Printing what programs printed: the main thread says how far tasks have ended, and never waits for whoever reads standard output.
extension JobRunner {
    struct Printing {
        /// What waits to be printed takes so much disk; beyond it nothing is dispatched until half of it is printed, or only what
        /// printing waits for.
        static let waitingBytesMax: UInt64 = 10 << 30

        let mark: PrintingMark
        /// Nil while it is under way.
        var ending: ProgramPrinter.Ending?
        private var isFull = false

        init(mark: PrintingMark) { self.mark = mark }

        /// Only tasks below this may start; nil for all.
        ///
        /// While others are to be printed before it, the lowest open one would only add to what waits.
        mutating func dispatchBound(lowestOpen: TaskIndex, bytesMax: UInt64 = Self.waitingBytesMax) -> TaskIndex? {
            let waiting = mark.waiting
            isFull = waiting.byteCount > (isFull ? bytesMax / 2 : bytesMax)
            guard isFull else { return nil }
            return waiting.printedBelow < lowestOpen.position ? TaskIndex(0) : TaskIndex(lowestOpen.position + 1)
        }
    }

    /// How long a printer that shall end at once is waited for: it may be within a write that nobody takes.
    private static let abandonedMilliseconds: UInt64 = 500

    /// Starts the thread that prints; nil for jobs of pictures.
    static func startPrinting(
        _ settings: RunSettings, _ plan: JobPlan, _ store: JobStore, _ events: Mailbox<HeadEvent>, terminal: TerminalQuestions, thisMachine: String
    ) throws(HeadError) -> Printing? {
        guard let program = plan.program, let terms = settings.program else { return nil }
        let mark = PrintingMark()
        // A table is printed anew, whole.
        mark.expect(byteCount: try journal { () throws(JobStoreError) in try store.printableByteCount(withPrinted: terms.table != nil) })
        let printer = ProgramPrinter(
            store: store, job: plan.job, settings: terms, workingFolder: plan.workingFolder,
            output: CapturedOutput(spoolFolder: plan.workingFolder.appending(plan.spoolFolder)), mark: mark, terminal: terminal,
            isSilent: settings.printsJSON, thisMachine: thisMachine, command: { program.displayCommand(of: $0) }, tell: { events.send(.printing(.message($0))) })
        SystemThread.detached("print") { events.send(.printing(.ended(printer.run()))) }
        return Printing(mark: mark)
    }

    func take(_ event: PrintingEvent) {
        switch event {
        case .message(let text): display.message(text)
        case .ended(let ending):
            printing?.ending = ending
            switch ending {
            case .finished, .abandoned: break
            // Who reads has all that was wanted: what runs may finish, and nobody is told.
            case .readerGone: drain()
            case .failed(let error): halt(error)
            }
        }
    }

    /// Hands on what a program prints while it runs.
    func print(_ attempt: Attempt, _ stream: ProgramStream, _ bytes: [UInt8]) {
        guard open[attempt.task] != nil, !committing.contains(attempt.task) else { return }
        printing?.mark.add(PrintingMark.LiveLines(attempt: attempt, stream: stream, bytes: bytes))
    }

    /// Waits until all that can be printed is, whatever ended the job; Ctrl-C ends the waiting as it ends work.
    func endPrinting() throws(HeadError) {
        guard let mark = printing?.mark else { return }
        mark.advance(to: try journal { () throws(JobStoreError) in try store.endedBelow() })
        mark.finish()
        var abandonedAt: UInt64?
        while printing?.ending == nil {
            let now = SystemClock.monotonicMilliseconds()
            if abandonedAt == nil, isOutOfPatience(now) {
                abandonedAt = now
                mark.abandon()
                stopAtOnce()
            }
            if let abandonedAt, now >= abandonedAt + Self.abandonedMilliseconds { break }
            for event in events.receiveAll(waitingMilliseconds: 100) ?? [] {
                if case .printing(let event) = event { take(event) }
                if case .signal(let signal) = event { take(signal) }
            }
            display.update(phase: .finishing, hosts: [])
        }
    }

    private func isOutOfPatience(_ now: UInt64) -> Bool {
        if wasInterruptedTwice { return true }
        guard case .asked(let deadline)? = stop else { return false }
        return now >= deadline
    }
}
