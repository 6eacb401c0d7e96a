public import JobModel

/// A task as the plan fixed it.
public struct PlannedTask: Hashable, Sendable {
    public var index: TaskIndex
    /// The input as it is opened: as the user spelled it, or found below a folder.
    public var input: RawPath
    public var identity: InputIdentity
    /// Final name of the output; nil when only the PDF is wanted, and for a file that failed since it gets no name.
    public var output: RawPath?
    public var format: OutputFormat
    /// Folders from the input's root down to the file, for bookmarks and volumes.
    public var bookFolder: RawPath
    /// Whether an existing output of this name may be replaced: it is quire's own, or the user said so.
    public var mayReplace: Bool
    /// Which PDF its page goes into, from 0.
    public var book: Int
    /// Bytes of `output` that are the page's number, when its template says where that stands; else pages get `-{page}`.
    public var pageNumber: Range<Int>?
    /// What the recipe's saves behind its first make, in their order; empty where `output` is nil.
    public var further: [FurtherOutput]
    /// Where the input stands, if the recipe's texts ask for it.
    public var place: InputPlace?

    public init(
        index: TaskIndex, input: RawPath, identity: InputIdentity, output: RawPath?, format: OutputFormat, bookFolder: RawPath,
        mayReplace: Bool, book: Int, pageNumber: Range<Int>? = nil, further: [FurtherOutput] = []
    ) {
        self.further = further
        self.index = index
        self.input = input
        self.identity = identity
        self.output = output
        self.format = format
        self.bookFolder = bookFolder
        self.mayReplace = mayReplace
        self.book = book
        self.pageNumber = pageNumber
    }
}

/// One more output of a task, as the plan fixed it.
public struct FurtherOutput: Hashable, Sendable {
    /// Final name.
    public var path: RawPath
    public var format: OutputFormat
    /// As those of `PlannedTask`.
    public var mayReplace: Bool
    public var pageNumber: Range<Int>?

    public init(path: RawPath, format: OutputFormat, mayReplace: Bool = false, pageNumber: Range<Int>? = nil) {
        self.path = path
        self.format = format
        self.mayReplace = mayReplace
        self.pageNumber = pageNumber
    }
}

/// The outputs of a task by the save that makes them, from 0.
extension PlannedTask {
    /// Final names of all its outputs; of a program those that the plan names itself.
    public var outputs: [RawPath] { [output].compactMap(\.self) + further.map(\.path) }

    public func output(ofSave save: Int) -> RawPath? {
        if save == 0 { return output }
        return further.indices.contains(save - 1) ? further[save - 1].path : nil
    }

    public func format(ofSave save: Int) -> OutputFormat { save == 0 ? format : further[save - 1].format }

    public func pageNumber(ofSave save: Int) -> Range<Int>? {
        if save == 0 { return pageNumber }
        return further.indices.contains(save - 1) ? further[save - 1].pageNumber : nil
    }

    public func mayReplace(save: Int) -> Bool { save == 0 ? mayReplace : further[save - 1].mayReplace }

    /// Leaves nothing to be made but its page. In a job that works in place that is a page of the file as it stands.
    public mutating func makePageAlone() {
        output = nil
        mayReplace = false
        further = []
    }

    public mutating func setOutput(_ path: RawPath, ofSave save: Int) {
        if save == 0 { output = path } else { further[save - 1].path = path }
    }

    public mutating func setMayReplace(_ may: Bool, save: Int) {
        if save == 0 { mayReplace = may } else { further[save - 1].mayReplace = may }
    }
}

/// How far a task has come.
public enum TaskState: Int, Sendable {
    case planned = 0
    /// A winner is recorded; its files may or may not have their final names.
    case won = 1
    case committed = 2
    case failed = 3
    /// An earlier job's output is still right; nothing was done.
    case current = 4
    /// `--overwrite never` left an existing file alone.
    case skipped = 5
    /// `--resume` found that an earlier job of the same program did it.
    case doneEarlier = 6

    /// What it means to a plan that is only shown, as `--dry-run --json` names it.
    public var planWord: String {
        switch self {
        case .planned, .won, .committed: "planned"
        case .current: "current"
        case .skipped: "skipped"
        case .doneEarlier: "done-earlier"
        case .failed: "failed"
        }
    }
}

/// The recorded end of a task.
public struct TaskOutcome: Hashable, Sendable {
    public var index: TaskIndex
    public var state: TaskState
    /// Present unless the task failed or was skipped.
    public var work: FinishedWork?
    public var failure: TaskFailure?
    /// Final names in the order of `work.files`.
    public var outputs: [RawPath]
    public var usage: WorkUsage
    public var host: String?
    public var attempts: UInt32

    public init(
        index: TaskIndex, state: TaskState, work: FinishedWork? = nil, failure: TaskFailure? = nil, outputs: [RawPath] = [],
        usage: WorkUsage = .none, host: String? = nil, attempts: UInt32 = 0
    ) {
        self.index = index
        self.state = state
        self.work = work
        self.failure = failure
        self.outputs = outputs
        self.usage = usage
        self.host = host
        self.attempts = attempts
    }
}

/// A task with its end, for reports and manifests.
public struct TaskRecord: Sendable {
    public var task: PlannedTask
    public var outcome: TaskOutcome
}
