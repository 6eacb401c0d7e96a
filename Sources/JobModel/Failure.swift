/// Why a file failed: the closed list of behaviour.md that `quire retry --reason` and reports use.
public enum FailureReason: String, CaseIterable, Sendable {
    /// The bytes could not be read, though the file and its root are there.
    case unreadable
    /// The content is no image although the name says so.
    case notImage = "not-image"
    /// The file ends before its picture does.
    case truncated
    /// The content contradicts itself.
    case damaged
    /// More pixels, pages or bytes than the limits allow.
    case tooLarge = "too-large"
    /// An image of a kind that is not accepted, or not without `--allow-loader`.
    case unsupported
    /// The worker died twice on this file.
    case crashed
    case timeout
    case memory
    /// The file was there when the job was planned and is not any more.
    case vanished
    /// Size or modification time differ from the plan's.
    case changed
    case noSpace = "no-space"
    case denied
    /// A program ended with a code that is not among those of `--ok`.
    case exitCode = "exit-code"
    /// A program was ended by a signal that quire did not send.
    case signal
    /// A program's output is missing, empty, not declared, or has a text that shall not be there.
    case output
    /// Its host was lost while the program ran, and it may not run twice.
    case lost
}

/// What is reported of a task that did not succeed.
public struct TaskFailure: Hashable, Sendable {
    public var reason: FailureReason
    /// One line for a person: what was tried and what happened, without the file's name, at most `messageBytesMax` bytes.
    public var message: String

    public static let messageBytesMax = 500

    public init(_ reason: FailureReason, _ message: String) {
        self.reason = reason
        let line = message.split(whereSeparator: \.isNewline).joined(separator: "; ")
        self.message = line.utf8.count <= Self.messageBytesMax ? line : String(line.prefix(Self.messageBytesMax / 4)) + "…"
    }
}

extension FailureReason {
    /// Whether another try in a fresh worker can help: a decoder's verdict is final at once (architecture, section 4).
    public var isWorthRetrying: Bool {
        switch self {
        case .crashed, .timeout, .memory: true
        case .unreadable, .notImage, .truncated, .damaged, .tooLarge, .unsupported, .vanished, .changed, .noSpace, .denied, .exitCode,
            .signal, .output, .lost:
            false
        }
    }
}

/// The exit codes of every quire command (behaviour.md, Running).
public enum ExitStatus: Int32, Sendable {
    case done = 0
    case internalError = 1
    case usage = 2
    case someFilesFailed = 3
    case noInputs = 4
    case noUsableHost = 5
    case verificationFailed = 6
    case stoppedResumable = 75
    case cancelled = 130
}
