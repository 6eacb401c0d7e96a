/// What the argument of a program's task is.
public enum ArgumentKind: UInt8, Sendable {
    /// A file that must be as the plan saw it.
    case file = 0
    /// A folder (`--dirs`).
    case folder = 1
    /// A line or a number: no file is looked at.
    case text = 2
}

/// One run of a program: what differs from task to task. What all share is the job's `ProgramSpec`, in the setup.
///
/// All paths are the head's until the agent or the head's staging puts those of the host in their place.
public struct ProgramOrder: Hashable, Sendable {
    /// What `{}` stands for, as the plan has it: a path, relative ones against `workingFolder`, or a line, or a number.
    public var argument: RawPath
    public var kind: ArgumentKind
    /// What `{#}` stands for.
    public var number: Int64
    /// Absolute: where the program starts.
    public var workingFolder: RawPath
    /// Where each declared output goes, absolute, in the order of the spec's `returns`.
    public var outputs: [RawPath]
    /// Existing folder for what the program prints beyond `ProgramResult.wholeBytesMax`.
    public var spoolFolder: RawPath
    /// From start to the first signal; nil is no limit.
    public var limitMilliseconds: UInt64?
    /// Stands before every absolute path on a host that has none of the head's files; nil where the program sees them.
    public var mirror: RawPath?

    public init(
        argument: RawPath, kind: ArgumentKind, number: Int64, workingFolder: RawPath, outputs: [RawPath], spoolFolder: RawPath,
        limitMilliseconds: UInt64? = nil, mirror: RawPath? = nil
    ) {
        self.argument = argument
        self.kind = kind
        self.number = number
        self.workingFolder = workingFolder
        self.outputs = outputs
        self.spoolFolder = spoolFolder
        self.limitMilliseconds = limitMilliseconds
        self.mirror = mirror
    }
}

/// How a program ended, and what it printed; told for every attempt that started one, whatever came of it.
public struct ProgramResult: Hashable, Sendable {
    public enum End: Hashable, Sendable {
        case exited(code: Int32)
        case killed(signal: Int32)
    }

    /// What a program wrote to one of its two streams.
    public enum Captured: Hashable, Sendable {
        case whole([UInt8])
        /// A file of this name in the order's spool folder.
        case spooled(name: RawPath, sizeBytes: UInt64)
    }

    public var end: End
    /// By the clock of its host, since 1970.
    public var startedEpochMilliseconds: Int64
    public var output: Captured
    public var errors: Captured

    /// What a stream may hold to travel within the report.
    public static let wholeBytesMax = 16 << 10

    public init(end: End, startedEpochMilliseconds: Int64, output: Captured, errors: Captured) {
        self.end = end
        self.startedEpochMilliseconds = startedEpochMilliseconds
        self.output = output
        self.errors = errors
    }

    /// What the spooled files of an attempt are called.
    ///
    /// - Parameter tempName: of its order.
    public static func spoolNames(for tempName: RawPath) -> [RawPath] {
        ["-out", "-err"].map { RawPath(bytes: tempName.bytes + Array($0.utf8)) }
    }

    /// Names of the spooled files that there are.
    public var spooledNames: [RawPath] {
        [output, errors].compactMap { captured in
            switch captured {
            case .whole: nil
            case .spooled(let name, _): name
            }
        }
    }
}

extension ProgramResult.Captured {
    public var sizeBytes: UInt64 {
        switch self {
        case .whole(let bytes): UInt64(bytes.count)
        case .spooled(_, let sizeBytes): sizeBytes
        }
    }
}

/// Which of a program's two streams.
public enum ProgramStream: UInt8, Sendable {
    case output = 1
    case errors = 2
}

/// A file or folder of the head that goes to a staged host in its own place: part of a folder INPUT, or a file of `--send`.
public struct CarriedFile: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        case folder
        case file(InputIdentity)
    }
    /// Absolute, as the head names it.
    public var path: RawPath
    public var kind: Kind
    /// Permission bits.
    public var mode: UInt32

    public init(path: RawPath, kind: Kind, mode: UInt32) {
        self.path = path
        self.kind = kind
        self.mode = mode
    }
}
