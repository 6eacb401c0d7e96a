public import Variables
public import JobModel

/// `--sort`: an order over all inputs of a job. Without it, inputs stay as the walk finds them.
public enum InputSort: String, CaseIterable, Sendable {
    /// As a walk of the whole tree: natural order, files before subfolders.
    case natural
    /// By the bytes of the path.
    case name
    /// By the time the picture was taken, else the file's time; equal times in natural order. Needs a probe.
    case date
    /// As the command line and lists give them.
    case given

    public var needsProbe: Bool { self == .date }

    /// Whether `left` stands before `right`; for `given` never, so that a stable sort leaves all as it is.
    public func precedes(_ left: SortedInput, _ right: SortedInput) -> Bool {
        switch self {
        case .natural: NaturalOrder.pathPrecedes(left.path, right.path)
        case .name: left.path < right.path
        case .date: left.time == right.time ? NaturalOrder.pathPrecedes(left.path, right.path) : left.time < right.time
        case .given: false
        }
    }
}

/// What of an input decides its place.
public struct SortedInput: Hashable, Sendable {
    public var path: RawPath
    public var time: CivilTime

    /// `takenAt` is what `ProbeFacts` says; without it the file's modification time counts, as UTC.
    public init(path: RawPath, takenAt: String?, identity: InputIdentity) {
        self.path = path
        time = CivilTime(takenAt: takenAt, identity: identity)
    }
}

extension CivilTime {
    /// When a picture was taken, or last written to when it does not say.
    public init(takenAt: String?, identity: InputIdentity) {
        self.init(takenAt: takenAt, modifiedNanoseconds: identity.modifiedNanoseconds)
    }
}
