import JobModel
import JobStore
import LinuxSystem
import Programs
import WireProtocol

/// Prints what programs printed, and keeps it where the user asked for it, on a thread of its own while tasks still run: the only one
/// that writes to standard output in a job of programs.
///
/// Reads ended tasks from the journal, so that what waits for an earlier task costs no memory, and remembers there what is printed: a
/// process that goes on with the job prints the rest. After a crash a few tasks may be printed twice, never left out. A table is one
/// document and is printed anew, whole.
struct ProgramPrinter: Sendable {
    /// Why it ended.
    enum Ending: Sendable {
        /// All that could be printed is.
        case finished
        case abandoned
        /// Who reads standard output has gone.
        case readerGone
        case failed(HeadError)
    }

    let store: JobStore
    let job: JobID
    let settings: ProgramSettings
    /// Relative names of the settings stand here.
    let workingFolder: RawPath
    let output: CapturedOutput
    let mark: PrintingMark
    let terminal: TerminalQuestions
    /// Whether standard output is for the facts of `--json`, and nothing that programs printed is shown.
    let isSilent: Bool
    /// The host that `--joblog` calls `:`.
    let thisMachine: String
    let command: @Sendable (PlannedTask) -> String
    /// Takes messages for people.
    let tell: @Sendable (String) -> Void

    private static let recordsAtOnce = 128

    /// Refuses files and folders that cannot be what the settings say, before any work.
    static func check(_ settings: ProgramSettings, in workingFolder: RawPath) throws(HeadError) {
        if let log = settings.jobLog { try ProgramLog.check(workingFolder.appending(log)) }
        if let results = settings.resultsFolder {
            let path = workingFolder.appending(results)
            let facts = try system("look at --results \(results)") { () throws(SystemError) in try FileOperation.factsIfPresent(of: path) }
            if let facts, facts.type != .folder { throw .usage("--results \(results): there is a file under this name; name a folder") }
        }
    }

    func run() -> Ending {
        do throws(HeadError) {
            let printing = try Printing(self)
            return try printing.run() ? .finished : .abandoned
        } catch .output(let error) where error.isBrokenPipe {
            return .readerGone
        } catch {
            return .failed(error)
        }
    }

    /// What the thread has in hand.
    private final class Printing {
        private let printer: ProgramPrinter
        private var streams: ProgramStreams
        private var live = LivePrinting()
        private var log: ProgramLog?
        private let results: ResultsFolder?
        private var table: ProgramTable?
        private let isInInputOrder: Bool
        private var endedAfter = 0
        /// Tasks of the plan below this are printed or have nothing to print; only in input order.
        private var next = 0
        private var isHeaderPrinted = false

        private var store: JobStore { printer.store }
        private var files: Bool { log != nil || results != nil }

        init(_ printer: ProgramPrinter) throws(HeadError) {
            self.printer = printer
            let settings = printer.settings
            streams = ProgramStreams(terminal: printer.terminal)
            log = if let path = settings.jobLog {
                try ProgramLog(printer.workingFolder.appending(path), thisMachine: printer.thisMachine)
            } else {
                nil
            }
            let argumentsArePaths =
                switch settings.source {
                case .files, .folders: true
                case .lines, .numbers: false
                }
            results = settings.resultsFolder.map {
                ResultsFolder(
                    folder: printer.workingFolder.appending($0), job: printer.job, argumentsArePaths: argumentsArePaths, output: printer.output)
            }
            table = printer.isSilent ? nil : settings.table.map { ProgramTable($0, source: settings.source) }
            switch settings.order {
            case .input: isInInputOrder = table != nil || !settings.spec.streamsLines
            case .finish: isInInputOrder = false
            }
            if table == nil, isInInputOrder {
                next = try journal { () throws(JobStoreError) in try printer.store.firstUnprinted()?.position ?? 0 }
                printer.mark.printed(below: next)
            }
        }

        /// False when it was told to abandon the rest.
        func run() throws(HeadError) -> Bool {
            while let news = printer.mark.wait() {
                var hasMore = true
                while hasMore {
                    if printer.mark.isAbandoned { return false }
                    try printLive()
                    hasMore = false
                    if !isInInputOrder || files { hasMore = try takeEnded() }
                    if isInInputOrder, try takeInOrder(below: news.endedBelow) { hasMore = true }
                }
                if news.isLast {
                    try finish()
                    return true
                }
            }
            return false
        }

        /// Takes tasks in the order in which they ended; whether there may be more.
        private func takeEnded() throws(HeadError) -> Bool {
            let (after, without) = (endedAfter, isInInputOrder ? ProgramMark.filed : table == nil ? .printed : nil)
            let records = try journal { () throws(JobStoreError) in
                try store.programs(endedAfter: after, without: without, count: ProgramPrinter.recordsAtOnce)
            }
            guard let last = records.last else { return false }
            endedAfter = last.sequence
            try file(records)
            if !isInInputOrder { try print(records) }
            return records.count == ProgramPrinter.recordsAtOnce
        }

        /// Takes the tasks of the plan that ended without a gap; whether there may be more.
        private func takeInOrder(below end: Int) throws(HeadError) -> Bool {
            guard next < end else { return false }
            let (range, withPrinted) = (next..<end, table != nil)
            let records = try journal { () throws(JobStoreError) in
                try store.programs(in: range, withPrinted: withPrinted, count: ProgramPrinter.recordsAtOnce)
            }
            let isAll = records.count < ProgramPrinter.recordsAtOnce
            try file(records)
            try print(records)
            next = isAll ? end : records[records.count - 1].task.index.position + 1
            printer.mark.printed(below: next)
            return !isAll
        }

        // MARK: Keeping

        /// Keeps those that are not kept yet, and remembers that before any of them is printed: who reads that may stand still.
        private func file(_ records: [ProgramRecord]) throws(HeadError) {
            let unfiled = files ? records.filter { !$0.isFiled } : []
            if unfiled.isEmpty { return }
            var lines: [String] = []
            for record in unfiled {
                let command = printer.command(record.task)
                try results?.keep(record, command: command)
                if let line = log?.line(record, command: command) { lines.append(line) }
            }
            try log?.add(lines)
            try journal { () throws(JobStoreError) in try store.mark(unfiled.map(\.task.index), .filed) }
        }

        // MARK: Printing

        private func print(_ records: [ProgramRecord]) throws(HeadError) {
            var done: [ProgramRecord] = []
            var rows: [(task: TaskIndex, cells: [UInt8])] = []
            do throws(HeadError) {
                // What came of these while they ran lies before their ends.
                try printLive()
                for record in records {
                    if printer.mark.isAbandoned { break }
                    if table == nil { try print(record) } else if let cells = try tabulate(record) { rows.append((record.task.index, cells)) }
                    done.append(record)
                }
            } catch {
                try close(done, rows)
                throw error
            }
            try close(done, rows)
        }

        /// Remembers what is done, and only then removes what it was read from.
        private func close(_ done: [ProgramRecord], _ rows: [(task: TaskIndex, cells: [UInt8])]) throws(HeadError) {
            try journal { () throws(JobStoreError) in
                try store.recordCells(rows)
                try store.mark(done.map(\.task.index), .printed)
            }
            for record in done {
                guard let result = record.result else { continue }
                printer.output.remove(result)
                printer.mark.printed(byteCount: result.byteCount)
            }
        }

        private func print(_ record: ProgramRecord) throws(HeadError) {
            let shown = live.take(record)
            printer.mark.forget(record.task.index)
            guard let result = record.result, !printer.isSilent else { return }
            let tag = printer.settings.tagsLines ? LineTag(record.task.input, isForTerminal: streams.outputIsTerminal) : nil
            let output = printer.output
            var isThere = true
            try streams.turn(hasErrors: result.errors.sizeBytes > shown.errors.byteCount) { (streams) throws(HeadError) in
                for (captured, shown, stream) in [(result.output, shown.output, ProgramStream.output), (result.errors, shown.errors, .errors)] {
                    var tag = shown.tag ?? tag
                    let isWhole = try output.read(captured, from: shown.byteCount) { (bytes) throws(HeadError) in
                        try streams.write(tag?.tagged(bytes) ?? bytes, to: stream)
                    }
                    if let end = tag?.end() { try streams.write(end, to: stream) }
                    isThere = isThere && isWhole
                }
            }
            if !isThere { printer.tell("\(record.task.input): what it printed is not in the spool any more") }
        }

        private func printLive() throws(HeadError) {
            let lines = printer.mark.takeLines()
            if table != nil || printer.isSilent { return }
            for line in lines {
                if printer.mark.isAbandoned { return }
                let isTagged = printer.settings.tagsLines
                let (store, isForTerminal) = (store, streams.outputIsTerminal)
                let bytes = try live.shown(line) { () throws(HeadError) in
                    guard isTagged else { return nil }
                    let task = try journal { () throws(JobStoreError) in try store.tasks(of: [line.attempt]) }[0]
                    return LineTag(task.input, isForTerminal: isForTerminal)
                }
                try streams.turn(hasErrors: line.stream == .errors) { (streams) throws(HeadError) in try streams.write(bytes, to: line.stream) }
            }
        }

        // MARK: The table

        /// Prints a task's row; what was found in its output, if that was not known before.
        private func tabulate(_ record: ProgramRecord) throws(HeadError) -> [UInt8]? {
            guard var table else { return nil }
            defer { self.table = table }
            var found: [UInt8]?
            var cells: [String?] = []
            if let known = record.cells {
                do throws(WireError) { cells = try ProgramTable.cells(from: known) } catch {
                    throw .journal(.unreadable(what: "row \(record.task.index.rawValue) of the table", reason: "\(error)"))
                }
            } else {
                var start: [UInt8] = []
                if let result = record.result {
                    _ = try printer.output.read(result.output, below: ProgramTable.lookedAtBytesMax) { start += $0 }
                }
                cells = table.cells(in: start)
                found = ProgramTable.bytes(of: cells)
            }
            let bytes = (isHeaderPrinted ? [] : table.header) + table.row(record, cells)
            isHeaderPrinted = true
            try streams.turn(hasErrors: false) { (streams) throws(HeadError) in try streams.write(bytes, to: .output) }
            return found
        }

        private func finish() throws(HeadError) {
            guard let table else { return }
            let isWhole = try journal { () throws(JobStoreError) in try store.taskCounts() }.open == 0
            let bytes = (isHeaderPrinted ? [] : table.header) + table.footer(isWhole: isWhole)
            try streams.turn(hasErrors: false) { (streams) throws(HeadError) in try streams.write(bytes, to: .output) }
            guard table.unmatchedCount > 0 else { return }
            printer.tell("--table: the pattern matched nothing in the output of \(table.unmatchedCount) of \(table.rowCount) tasks")
        }
    }
}

/// What is on the terminal already of tasks that still run (`--lines`).
private struct LivePrinting {
    struct Shown {
        var byteCount: UInt64 = 0
        var tag: LineTag?
    }

    private var shown: [TaskIndex: [UInt32: (output: Shown, errors: Shown)]] = [:]

    /// The bytes to print for lines that come now.
    ///
    /// - Parameter tag: asked once for each stream of an attempt.
    mutating func shown(_ lines: PrintingMark.LiveLines, tag: () throws(HeadError) -> LineTag?) throws(HeadError) -> [UInt8] {
        let (task, number) = (lines.attempt.task, lines.attempt.number)
        if shown[task]?[number] == nil {
            let tag = try tag()
            shown[task, default: [:]][number] = (Shown(tag: tag), Shown(tag: tag))
        }
        func show(_ shown: inout Shown) -> [UInt8] {
            shown.byteCount += UInt64(lines.bytes.count)
            return shown.tag?.tagged(lines.bytes) ?? lines.bytes
        }
        return switch lines.stream {
        case .output: show(&shown[task]![number]!.output)
        case .errors: show(&shown[task]![number]!.errors)
        }
    }

    /// What was shown of the attempt that counts, of a task that ended.
    mutating func take(_ record: ProgramRecord) -> (output: Shown, errors: Shown) {
        shown.removeValue(forKey: record.task.index)?[record.outcome.attempts] ?? (Shown(), Shown())
    }
}

extension ProgramResult {
    /// Of all it printed.
    var byteCount: UInt64 { output.sizeBytes &+ errors.sizeBytes }
}
