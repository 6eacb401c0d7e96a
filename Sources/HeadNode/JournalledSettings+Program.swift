import JobModel
import JobStore
import Programs

/// Settings of `quire exec` as facts of a journal. The program itself is kept in its canonical bytes, as hosts receive it.
extension JournalledSettings.Written {
    mutating func put(_ program: ProgramSettings) {
        facts.append((JournalledSettings.prefix + "program", program.spec.canonicalBytes))
        switch program.source {
        case .files: put("source", "files")
        case .folders(let having, let isRecursive):
            put("source", "folders")
            put("having", list: having.map(\.bytes))
            put("recursive", isRecursive)
        case .lines(.file(let path)):
            put("source", "lines")
            put("args-from", path)
        case .lines(.standardInput): put("source", "lines-stdin")
        case .numbers(let range):
            put("source", "numbers")
            put("range", range.text)
        }
        put("only", list: program.only.map { Array($0.utf8) })
        put("skip", list: program.skip.map { Array($0.utf8) })
        put("send", list: program.sent.map(\.bytes))
        put("time-limit", program.timeLimit?.text)
        put("retries", program.retries as Int?)
        put("halt", program.halt?.text)
        put("restarting", program.restarting.rawValue)
        put("cpus", program.cpus.text)
        put("memory", program.memoryBytes)
        put("order", program.order.rawValue)
        put("tag", program.tagsLines)
        put("results", program.resultsFolder)
        put("table", program.table?.pattern.text)
        put("table-format", program.table?.format.rawValue)
        put("joblog", program.jobLog)
        put("resume", program.resumes)
    }
}

extension JournalledSettings {
    func program() throws(HeadError) -> ProgramSettings {
        guard let spec = path("program") else { throw unreadable("program", "nothing") }
        var program = ProgramSettings(spec: try parsed { () throws(ProgramError) in try ProgramSpec(canonicalBytes: spec.bytes) })
        program.source = try source()
        program.only = try list("only").map { String(decoding: $0, as: UTF8.self) }
        program.skip = try list("skip").map { String(decoding: $0, as: UTF8.self) }
        program.sent = try list("send").map { RawPath(bytes: $0) }
        if let limit = try text("time-limit") { program.timeLimit = try parsed { () throws(ProgramError) in try TimeLimit(parsing: limit) } }
        program.retries = try number("retries") ?? 0
        if let halt = try text("halt") { program.halt = try parsed { () throws(ProgramError) in try Halt(parsing: halt) } }
        program.restarting = try choice("restarting") ?? .whenLost
        if let cpus = try text("cpus") { program.cpus = try parsed { () throws(ProgramError) in try Cpus(parsing: cpus) } }
        program.memoryBytes = try number("memory")
        program.order = try choice("order") ?? .input
        program.tagsLines = try flag("tag")
        program.resultsFolder = path("results")
        if let pattern = try text("table") {
            let format: ProgramSettings.TableFormat? = try choice("table-format")
            program.table = ProgramSettings.Table(
                pattern: try parsed { () throws(ProgramError) in try TablePattern(pattern) }, format: format ?? .csv)
        }
        program.jobLog = path("joblog")
        program.resumes = try flag("resume")
        return program
    }

    private func source() throws(HeadError) -> ProgramSettings.Source {
        switch try text("source") {
        case "files": return .files
        case "folders": return .folders(having: try list("having").map { RawPath(bytes: $0) }, isRecursive: try flag("recursive"))
        case "lines":
            guard let file = path("args-from") else { throw unreadable("args-from", "nothing") }
            return .lines(.file(file))
        case "lines-stdin": return .lines(.standardInput)
        case "numbers":
            let range = try text("range") ?? ""
            return .numbers(try parsed { () throws(ProgramError) in try NumberRange(parsing: range) })
        case let other: throw unreadable("source", other ?? "nothing")
        }
    }

    private func parsed<Value>(_ body: () throws(ProgramError) -> Value) throws(HeadError) -> Value {
        do throws(ProgramError) {
            return try body()
        } catch {
            throw .journal(.unreadable(what: "the settings of the program", reason: "\(error)"))
        }
    }
}
