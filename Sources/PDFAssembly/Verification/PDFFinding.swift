/// One thing that is wrong with a PDF.
public struct PDFFinding: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable {
        case header
        /// No `startxref` and `%%EOF` at the end, or bytes behind them.
        case ending
        case crossReferences
        case trailer
        /// No `N G obj` where the cross-references say, or another number there.
        case objectHeader
        case syntax
        /// `/Length` does not lead to `endstream`.
        case streamLength
        /// A stream does not begin as its filter demands.
        case streamContent
        case danglingReference
        case pageTree
        /// Nothing wrong, but something this checker does not look into.
        case notChecked
    }

    public var kind: Kind
    /// The object's number, if it concerns one.
    public var object: UInt64?
    /// Where in the file, in bytes.
    public var offset: UInt64?
    /// One line for a person.
    public var text: String
}

/// What the checker found; a file is sound when `findings` is empty.
public struct VerificationReport: Hashable, Sendable {
    /// At most `findingsMax`, in the order found.
    public var findings: [PDFFinding] = []
    /// Findings beyond those.
    public var furtherFindingCount = 0
    public var objectCount = 0
    public var pageCount = 0

    public static let findingsMax = 100

    mutating func add(_ kind: PDFFinding.Kind, _ text: String, object: UInt64? = nil, offset: UInt64? = nil) {
        guard findings.count < Self.findingsMax else {
            furtherFindingCount += 1
            return
        }
        findings.append(PDFFinding(kind: kind, object: object, offset: offset, text: text))
    }
}
