public import JobModel
import JobStore
import LinuxSystem
import Programs
import TerminalUI

/// `quire jobs`: the jobs of a state folder, newest first.
///
/// JSON: an array of `id`, `state` (`running`, `stopped`, `interrupted`, `finished`, `finished with failures`, `cancelled` or
/// `unreadable`), `started_at`, `command` (array), `done`, `failed`, `skipped`, `left`, `tasks` (null while it is planned), `output`,
/// `pdf`, `working_folder`, `holder` (host, pid and job while it runs, or null), `fault` (why its journal cannot be read, or null).
public struct JobList {
    private let stateFolder: RawPath?
    private let printsJSON: Bool

    public init(stateFolder: RawPath?, printsJSON: Bool) {
        self.stateFolder = stateFolder
        self.printsJSON = printsJSON
    }

    public func run() throws(HeadError) -> ExitStatus {
        let state = try StateFolder(named: stateFolder, environment: StateFolder.environment())
        let entries = try JobCatalogue(state: state).entries()
        if printsJSON {
            try FactsOutput.write(JSONValue.array(entries.map(value)).prettyText + "\n")
            return .done
        }
        if entries.isEmpty {
            try FactsOutput.write("no jobs in \(state.path)\n")
            return .done
        }
        var table = TextTable([
            .init("JOB"), .init("STATE"), .init("STARTED"), .init("DONE", .right), .init("FAILED", .right), .init("OF", .right), .init("WHERE"),
            .init("COMMAND"),
        ])
        for entry in entries {
            let isKnown = entry.fault == nil
            table.add([
                entry.id.rawValue, entry.standing.rawValue, isKnown ? CalendarText.timestamp(epochSeconds: entry.started / 1000) : "",
                isKnown ? HumanText.count(entry.counts.done + entry.counts.skipped) : "", isKnown ? HumanText.count(entry.counts.failed) : "",
                isKnown ? (entry.isPlanned ? HumanText.count(entry.counts.total) : "planning") : "", place(entry), entry.fault ?? shortCommand(entry),
            ])
        }
        try FactsOutput.write(table.text(columnsMax: Terminal.outputColumns()))
        return .done
    }

    /// Where its results are.
    private func place(_ entry: JobEntry) -> String {
        let places = [entry.outputFolder, entry.pdf.map { RawPath($0) }].compactMap { $0 }.map { entry.workingFolder.appending($0).normalized.display }
        return places.isEmpty && entry.fault == nil ? entry.workingFolder.display : places.joined(separator: ", ")
    }

    private func shortCommand(_ entry: JobEntry) -> String {
        ShellWords.display((["quire"] + entry.command.dropFirst()).map { Array($0.utf8) })
    }

    private func value(_ entry: JobEntry) -> JSONValue {
        let counts = entry.counts
        var fields: [(String, JSONValue)] = [
            ("id", .string(entry.id.rawValue)), ("state", .string(entry.standing.rawValue)),
            ("started_at", entry.fault == nil ? .string(CalendarText.timestamp(epochSeconds: entry.started / 1000)) : .null),
            ("command", .array(entry.command.map(JSONValue.string))), ("done", .integer(counts.done)), ("failed", .integer(counts.failed)),
            ("skipped", .integer(counts.skipped)), ("left", .integer(counts.open)), ("tasks", entry.isPlanned ? .integer(counts.total) : .null),
        ]
        fields += entry.outputFolder.map { JSONValue.pathFields("output", $0) } ?? [("output", .null)]
        fields += [("pdf", .optional(entry.pdf))] + JSONValue.pathFields("working_folder", entry.workingFolder)
        return .object(fields + [("holder", .optional(entry.holder)), ("fault", .optional(entry.fault))])
    }
}

/// `quire jobs prune`: forgets jobs that are over. What they made stays, and stays known as quire's.
public struct JobPruning {
    public enum Which: Sendable {
        /// Beyond the limits that every new job applies.
        case beyondLimits
        case olderThan(days: Int)
        case allFinished
    }

    private let stateFolder: RawPath?
    private let which: Which

    public init(stateFolder: RawPath?, _ which: Which) {
        self.stateFolder = stateFolder
        self.which = which
    }

    public func run() throws(HeadError) -> ExitStatus {
        let state = try StateFolder(named: stateFolder, environment: StateFolder.environment())
        let catalogue = JobCatalogue(state: state)
        var removed = 0
        var goneOnWith = 0
        for (place, id) in try catalogue.ids().enumerated() where isDue(id, place) {
            let entry = try catalogue.entry(id)
            switch entry.standing {
            case .finished, .failed, .cancelled:
                JobFolder.remove(id, of: state)
                removed += 1
            case .stopped, .interrupted: goneOnWith += 1
            case .running, .unreadable: break
            }
        }
        var text = "removed \(HumanText.counted(removed, "job")); what they made stays\n"
        if goneOnWith > 0 {
            text += "\(HumanText.counted(goneOnWith, "job")) not finished: kept for 'quire resume'; 'quire cancel JOB' gives one up\n"
        }
        try FactsOutput.write(text)
        return .done
    }

    private func isDue(_ id: JobID, _ place: Int) -> Bool {
        func isOlder(days: Int) -> Bool {
            id.rawValue < CalendarText.compact(epochSeconds: SystemClock.epochMilliseconds() / 1000 - Int64(days) * 86_400)
        }
        return switch which {
        case .beyondLimits: place >= StateFolder.finishedJobsMax || isOlder(days: StateFolder.finishedDaysMax)
        case .olderThan(let days): isOlder(days: days)
        case .allFinished: true
        }
    }
}
