public import JobModel
public import Programs

/// What the user asked of `quire exec` beyond what every job has; see `RunSettings` for inputs, hosts and the rest.
public struct ProgramSettings: Hashable, Sendable {
    /// What the tasks are made of.
    public enum Source: Hashable, Sendable {
        /// `RunSettings.inputs`, files in folders included.
        case files
        /// The folders in each INPUT that hold an entry of each of these names.
        case folders(having: [RawPath], isRecursive: Bool)
        /// One task a line; `RunSettings.listsAreNulSeparated` says what ends one. No file is involved.
        case lines(LineList)
        /// One task a number.
        case numbers(NumberRange)
    }

    public enum LineList: Hashable, Sendable {
        case file(RawPath)
        case standardInput
    }

    /// What may be started a second time although the first start may have had effects.
    public enum Restarting: String, CaseIterable, Sendable {
        /// A task whose host was lost, once nothing of it can still run there.
        case whenLost
        /// Any task at any time: the user says that running it twice does no harm.
        case freely
        /// None: a lost task has failed.
        case never
    }

    /// Which task's output is shown first.
    public enum Order: String, CaseIterable, Sendable {
        case input, finish
    }

    public enum TableFormat: String, CaseIterable, Sendable {
        case csv, json
    }

    /// One row a task out of what it printed.
    public struct Table: Hashable, Sendable {
        public var pattern: TablePattern
        public var format: TableFormat

        public init(pattern: TablePattern, format: TableFormat) {
            self.pattern = pattern
            self.format = format
        }
    }

    /// Program, templates, environment and what counts as success.
    public var spec: ProgramSpec
    public var source = Source.files

    /// Extensions in lower case without a dot: only such files are taken, where any is given.
    public var only: [String] = []
    /// Extensions that are not taken.
    public var skip: [String] = []
    /// Files that each host that does not share them gets once.
    public var sent: [RawPath] = []

    public var timeLimit: TimeLimit?
    /// How often a program that failed is started again; 0 to `retriesMax`.
    public var retries = 0
    public var halt: Halt?
    public var restarting = Restarting.whenLost
    /// Reserved by each task on its host.
    public var cpus = Cpus.count(1)
    public var memoryBytes: UInt64?

    public var order = Order.input
    /// Each line shown begins with its task's argument and a tab.
    public var tagsLines = false
    /// Where standard output, standard error and facts of each task are kept.
    public var resultsFolder: RawPath?
    public var table: Table?
    public var jobLog: RawPath?
    /// Leave out what earlier jobs of the same program did with the same input.
    public var resumes = false

    public static let retriesMax = 100

    public init(spec: ProgramSpec) { self.spec = spec }
}
