public import JobModel

/// Why the journal cannot be used.
public enum JobStoreError: Error, Hashable, CustomStringConvertible {
    /// SQLite refused: what was tried and what it said.
    case database(doing: String, message: String, isFull: Bool)
    /// A row holds what this build cannot read.
    case unreadable(what: String, reason: String)
    /// The file itself is damaged.
    case damaged(file: String, findings: String)

    public var description: String {
        switch self {
        case .database(let doing, let message, _): "journal: \(doing): \(message)"
        case .unreadable(let what, let reason): "journal: \(what) cannot be read: \(reason)"
        case .damaged(let file, let findings):
            "journal: \(file) is damaged (\(findings)); the outputs it made are whole and known to the ledger: run the job's command again, which makes only what is missing"
        }
    }
}
