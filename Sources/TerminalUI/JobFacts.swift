public import JobModel

/// What a job is, told once: in the `start` event and at the head of reports.
public struct JobFacts: Sendable {
    public var job: JobID
    /// quire's own version.
    public var version: String
    /// The command line, one string an argument.
    public var command: [String]
    /// RFC 3339 text made by the caller, for instance `2026-01-31T09:30:00Z`; nil leaves it out.
    public var startedAt: String?
    public var tasks: Int
    public var hosts: [String]
    /// Folder the outputs go to.
    public var folder: RawPath?

    public init(
        job: JobID, version: String, command: [String], startedAt: String? = nil, tasks: Int, hosts: [String] = [],
        folder: RawPath? = nil
    ) {
        self.job = job
        self.version = version
        self.command = command
        self.startedAt = startedAt
        self.tasks = tasks
        self.hosts = hosts
        self.folder = folder
    }

    /// `job`, `version`, `command` (array), `started_at` (or null), `tasks`, `hosts` (array), `folder` (or null).
    var fields: [(String, JSONValue)] {
        [
            ("job", .string(job.rawValue)), ("version", .string(version)), ("command", .array(command.map(JSONValue.string))),
            ("started_at", .optional(startedAt)), ("tasks", .integer(tasks)), ("hosts", .array(hosts.map(JSONValue.string))),
        ] + (folder.map { JSONValue.pathFields("folder", $0) } ?? [("folder", .null)])
    }
}
