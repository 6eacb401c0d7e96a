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
        /// Bytes between objects in a file whose writer leaves none.
        case gap
        /// `/Length` does not lead to `endstream`.
        case streamLength
        /// A stream does not begin or end as its filter demands.
        case streamContent
        /// A colour profile that is none, or is not of the components it is used for.
        case profile
        case danglingReference
        case page
        case pageTree
        case outline
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
    /// What of this file was not looked into; nothing of it makes the file unsound.
    public var notChecked: [String] = []
    public var objectCount = 0
    public var pageCount = 0

    public static let findingsMax = 100
    static let notCheckedMax = 16

    mutating func add(_ kind: PDFFinding.Kind, _ text: String, object: UInt64? = nil, offset: UInt64? = nil) {
        guard findings.count < Self.findingsMax else {
            furtherFindingCount += 1
            return
        }
        findings.append(PDFFinding(kind: kind, object: object, offset: offset, text: text))
    }

    mutating func addNotChecked(_ text: String) {
        if notChecked.count < Self.notCheckedMax, !notChecked.contains(text) { notChecked.append(text) }
    }
}

/// The first of `bytes` for a person: printable ASCII in quotes, else hexadecimal.
func shown(_ bytes: some Collection<UInt8>) -> String {
    let start = bytes.prefix(16)
    guard !start.isEmpty else { return "nothing" }
    if start.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x0A || $0 == 0x0D }) {
        return "\"\(String(decoding: start.map { $0 < 0x20 ? 0x20 : $0 }, as: UTF8.self))\""
    }
    return start.prefix(8).map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined(separator: " ").uppercased()
}
