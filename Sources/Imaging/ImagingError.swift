public import JobModel

/// Why a step of imaging ended.
public enum ImagingError: Error, Hashable, Sendable {
    /// This process cannot work at all: a library is missing or too old, or the recipe cannot be read.
    case unusable(String)
    /// A libvips operation refused; `text` is its error text in one line.
    case operation(String, text: String)
    /// The verdict about one file, ready to be reported.
    case file(TaskFailure)
    /// What was made could not be stored.
    case storage(StorageFault)

    static func file(_ reason: FailureReason, _ message: String) -> ImagingError {
        .file(TaskFailure(reason, message))
    }

    /// The cause in one line.
    public var text: String {
        switch self {
        case .unusable(let text): text
        case .operation(let name, let text): "\(name): \(text)"
        case .file(let failure): "\(failure.reason.rawValue): \(failure.message)"
        case .storage(let fault): "storing it: \(fault.call): error \(fault.code)"
        }
    }
}
