import JobModel
import JobStore
import Planning

/// Settings as facts of a journal, so that another process can go on from it: text a person can read, paths as their bytes.
struct JournalledSettings {
    private var facts: [String: [UInt8]]
    static let prefix = "set."

    init(_ facts: [String: [UInt8]]) { self.facts = facts }

    /// What the job is for; nil where that is not recorded.
    var purpose: RunSettings.Purpose? {
        facts[Self.prefix + "purpose"].flatMap { RunSettings.Purpose(rawValue: String(decoding: $0, as: UTF8.self)) }
    }

    // MARK: Writing

    static func facts(of settings: RunSettings) -> [(key: String, value: [UInt8])] {
        var written = Written()
        written.put("purpose", settings.purpose.rawValue)
        written.put("inputs", list: settings.inputs.map(bytes))
        written.put("nul-separated", settings.listsAreNulSeparated)
        written.put("include", list: settings.include.map { Array($0.utf8) })
        written.put("exclude", list: settings.exclude.map { Array($0.utf8) })
        written.put("hidden", settings.takesHidden)
        written.put("sort", settings.sort?.rawValue)
        written.put("allow-empty", settings.allowsEmpty)
        written.put("sample", settings.sampleCount)
        written.put("damage", settings.damage.rawValue)
        written.put("pixels-max", settings.limits.pixelsMax)
        written.put("file-bytes-max", settings.limits.fileBytesMax)
        written.put("loaders", list: settings.limits.allowedLoaders.map { Array($0.utf8) })
        written.put("output", settings.outputFolder)
        written.put("name", settings.nameTemplate)
        written.put("in-place", settings.isInPlace)
        written.put("collisions", settings.collisions.rawValue)
        written.put("overwrite", settings.overwrite.rawValue)
        written.put("identity", settings.identity.rawValue)
        written.put("redo-other-builds", settings.redoesOtherBuilds)
        written.put("allow-commands", settings.allowsCommands)
        written.put("keep-times", settings.keepsTimes)
        written.put("manifest", settings.manifest)
        written.put("report", settings.report)
        written.put("pdf", settings.pdf)
        written.put("jobs", settings.slots)
        written.put("timeout", settings.timeoutSeconds)
        written.put("drain", settings.drainSeconds)
        written.put("max-failures", settings.failuresMax?.text)
        written.put("keep-going", settings.keepsGoing)
        written.put("max-pause", settings.pauseSecondsMax)
        written.put("spool", settings.spoolFolder)
        written.put("worker-memory", settings.workerMemoryBytesMax)
        written.put("hosts", settings.hosts.file)
        written.put("host", list: settings.hosts.words.map { Array($0.utf8) })
        written.put("storage", settings.hosts.storage?.rawValue)
        written.put("min-hosts", settings.hosts.hostsMin)
        written.put("local-fallback", settings.hosts.fallsBack)
        written.put("mixed-codecs", settings.hosts.allowsMixedCodecs)
        written.put("accept-new-host-keys", settings.hosts.acceptsNewHostKeys)
        written.put("assets", list: settings.assets.map { Array("\($0.digest.hex) ".utf8) + $0.path.bytes })
        if let program = settings.program { written.put(program) }
        return written.facts
    }

    struct Written {
        var facts: [(key: String, value: [UInt8])] = []
        mutating func put(_ key: String, _ value: String?) {
            if let value { facts.append((prefix + key, Array(value.utf8))) }
        }
        mutating func put(_ key: String, _ value: Bool) { put(key, value ? "yes" : "no") }
        mutating func put(_ key: String, _ value: (some FixedWidthInteger)?) { put(key, value.map { String($0) }) }
        mutating func put(_ key: String, _ value: RawPath?) {
            if let value { facts.append((prefix + key, value.bytes)) }
        }
        /// Each element ends in NUL, so that no element and an empty one differ.
        mutating func put(_ key: String, list: [[UInt8]]) { facts.append((prefix + key, list.flatMap { $0 + [0] })) }
    }

    /// An INPUT with its kind before it: no path can be mistaken for a list.
    private static func bytes(_ input: RunSettings.Input) -> [UInt8] {
        switch input {
        case .path(let path): Array("path ".utf8) + path.bytes
        case .list(let path): Array("list ".utf8) + path.bytes
        case .standardInput: Array("stdin".utf8)
        }
    }

    // MARK: Reading

    /// - Parameters:
    ///   - version: of this build, for the agents it starts.
    func settings(version: String) throws(HeadError) -> RunSettings {
        guard let purpose: RunSettings.Purpose = try choice("purpose") else { throw unreadable("purpose", "nothing") }
        var settings = RunSettings(purpose: purpose, version: version, command: command)
        settings.inputs = try list("inputs").map { (bytes) throws(HeadError) in try input(bytes) }
        settings.listsAreNulSeparated = try flag("nul-separated")
        settings.include = try list("include").map { String(decoding: $0, as: UTF8.self) }
        settings.exclude = try list("exclude").map { String(decoding: $0, as: UTF8.self) }
        settings.takesHidden = try flag("hidden")
        settings.sort = try choice("sort")
        settings.allowsEmpty = try flag("allow-empty")
        settings.sampleCount = try number("sample")
        settings.damage = try choice("damage") ?? .fail
        settings.limits.pixelsMax = try number("pixels-max") ?? settings.limits.pixelsMax
        settings.limits.fileBytesMax = try number("file-bytes-max") ?? settings.limits.fileBytesMax
        settings.limits.allowedLoaders = try list("loaders").map { String(decoding: $0, as: UTF8.self) }
        settings.outputFolder = path("output")
        settings.nameTemplate = try text("name")
        settings.isInPlace = try flag("in-place")
        settings.collisions = try choice("collisions") ?? .refuse
        settings.overwrite = try choice("overwrite") ?? .changed
        settings.identity = try choice("identity") ?? .time
        settings.redoesOtherBuilds = try text("redo-other-builds") == "yes"
        settings.allowsCommands = try text("allow-commands") == "yes"
        settings.keepsTimes = try flag("keep-times")
        settings.manifest = path("manifest")
        settings.report = path("report")
        settings.pdf = try text("pdf")
        settings.slots = try number("jobs")
        settings.timeoutSeconds = try number("timeout")
        settings.drainSeconds = try number("drain") ?? settings.drainSeconds
        settings.failuresMax = try text("max-failures").flatMap { RunSettings.FailureCount($0) }
        settings.keepsGoing = try flag("keep-going")
        settings.pauseSecondsMax = try number("max-pause") ?? settings.pauseSecondsMax
        settings.spoolFolder = path("spool")
        settings.workerMemoryBytesMax = try number("worker-memory")
        settings.hosts.file = path("hosts")
        // Jobs of builds that knew no hosts have no such facts.
        settings.hosts.words = facts[Self.prefix + "host"] == nil ? [] : try list("host").map { String(decoding: $0, as: UTF8.self) }
        settings.hosts.storage = try choice("storage")
        settings.hosts.hostsMin = try number("min-hosts") ?? 1
        settings.hosts.fallsBack = try text("local-fallback") == "yes"
        settings.hosts.allowsMixedCodecs = try text("mixed-codecs") == "yes"
        settings.hosts.acceptsNewHostKeys = try text("accept-new-host-keys") == "yes"
        if purpose == .program { settings.program = try program() }
        return settings
    }

    /// Files that the recipe names, as they were when it was planned; none in jobs of builds that knew none.
    func assets() throws(HeadError) -> [(path: RawPath, digest: Digest256)] {
        if facts[Self.prefix + "assets"] == nil { return [] }
        return try list("assets").map { (bytes) throws(HeadError) in
            guard bytes.count > 65, let digest = Digest256(hex: String(decoding: bytes[..<64], as: UTF8.self)) else {
                throw unreadable("assets", String(decoding: bytes, as: UTF8.self))
            }
            return (RawPath(bytes: Array(bytes[65...])), digest)
        }
    }

    /// The command line of the job, one string an argument.
    var command: [String] {
        (facts["command"] ?? []).split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    }

    private func input(_ bytes: [UInt8]) throws(HeadError) -> RunSettings.Input {
        if bytes == Array("stdin".utf8) { return .standardInput }
        let rest = RawPath(bytes: Array(bytes.dropFirst(5)))
        if bytes.starts(with: "path ".utf8) { return .path(rest) }
        if bytes.starts(with: "list ".utf8) { return .list(rest) }
        throw unreadable("inputs", String(decoding: bytes, as: UTF8.self))
    }

    func unreadable(_ key: String, _ value: String) -> HeadError {
        .journal(.unreadable(what: "setting \(key)", reason: "'\(value)'"))
    }

    func text(_ key: String) throws(HeadError) -> String? {
        guard let value = facts[Self.prefix + key] else { return nil }
        guard let text = String(validating: value, as: UTF8.self) else { throw unreadable(key, String(decoding: value, as: UTF8.self)) }
        return text
    }

    func path(_ key: String) -> RawPath? { facts[Self.prefix + key].map { RawPath(bytes: $0) } }

    func flag(_ key: String) throws(HeadError) -> Bool {
        switch try text(key) {
        case "yes": true
        case "no": false
        case let other: throw unreadable(key, other ?? "nothing")
        }
    }

    func number<Number: FixedWidthInteger>(_ key: String) throws(HeadError) -> Number? {
        guard let text = try text(key) else { return nil }
        guard let number = Number(text) else { throw unreadable(key, text) }
        return number
    }

    func choice<Choice: RawRepresentable<String>>(_ key: String) throws(HeadError) -> Choice? {
        guard let text = try text(key) else { return nil }
        guard let choice = Choice(rawValue: text) else { throw unreadable(key, text) }
        return choice
    }

    func list(_ key: String) throws(HeadError) -> [[UInt8]] {
        guard let value = facts[Self.prefix + key] else { throw unreadable(key, "nothing") }
        return value.split(separator: 0, omittingEmptySubsequences: false).dropLast().map { Array($0) }
    }
}

/// Settings of the PDF as facts of a journal.
extension JournalledSettings {
    private static let pdfPrefix = "pdf."

    static func facts(of pdf: PDFSettings) -> [(key: String, value: [UInt8])] {
        let size =
            switch pdf.pageSize {
            case .auto: "auto"
            case .paper(let width, let height): "\(width.milliPoints)x\(height.milliPoints)"
            }
        let values: [(String, String?)] = [
            ("page-size", size), ("margin", "\(pdf.margin.milliPoints)"), ("dpi", pdf.dotsPerInch.map { "\($0)" }), ("title", pdf.title),
            ("author", pdf.author), ("date", pdf.dateSeconds.map { "\($0)" }), ("missing-page", pdf.missingPage.rawValue),
            ("volume-size", "\(pdf.volumeBytesMax)"), ("volume-pages", "\(pdf.volumePagesMax)"), ("pdfa", pdf.isArchival ? "yes" : "no"),
        ]
        return values.compactMap { key, value in value.map { (pdfPrefix + key, Array($0.utf8)) } }
    }

    func pdf() throws(HeadError) -> PDFSettings {
        var pdf = PDFSettings()
        let size = try pdfText("page-size") ?? ""
        if size != "auto" {
            let sides = size.split(separator: "x").compactMap { Int($0) }
            guard sides.count == 2 else { throw unreadable("page-size", size) }
            pdf.pageSize = .paper(width: PaperLength(milliPoints: sides[0]), height: PaperLength(milliPoints: sides[1]))
        }
        pdf.margin = PaperLength(milliPoints: try pdfNumber("margin") ?? 0)
        pdf.dotsPerInch = try pdfNumber("dpi")
        pdf.title = try pdfText("title")
        pdf.author = try pdfText("author")
        pdf.dateSeconds = try pdfNumber("date")
        if let text = try pdfText("missing-page") {
            guard let choice = MissingPage(rawValue: text) else { throw unreadable("missing-page", text) }
            pdf.missingPage = choice
        }
        pdf.volumeBytesMax = try pdfNumber("volume-size") ?? pdf.volumeBytesMax
        pdf.volumePagesMax = try pdfNumber("volume-pages") ?? pdf.volumePagesMax
        pdf.isArchival = try pdfText("pdfa") == "yes"
        return pdf
    }

    private func pdfText(_ key: String) throws(HeadError) -> String? {
        guard let value = facts[Self.pdfPrefix + key] else { return nil }
        guard let text = String(validating: value, as: UTF8.self) else { throw unreadable(key, "bytes that are not UTF-8") }
        return text
    }

    private func pdfNumber<Number: FixedWidthInteger>(_ key: String) throws(HeadError) -> Number? {
        guard let text = try pdfText(key) else { return nil }
        guard let number = Number(text) else { throw unreadable(key, text) }
        return number
    }
}
