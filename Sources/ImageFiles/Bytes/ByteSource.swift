public import JobModel

/// A file's bytes by position; this module never opens anything itself.
public protocol ByteSource {
    var byteCount: UInt64 { get }
    /// Exactly the bytes of `range`; throws `truncated` when the source ends before it does.
    func read(_ range: ByteRange) throws(ImageFileError) -> [UInt8]
}

/// A byte source over bytes in memory.
public struct MemorySource: ByteSource, Sendable {
    public let bytes: [UInt8]

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    public var byteCount: UInt64 { UInt64(bytes.count) }

    public func read(_ range: ByteRange) throws(ImageFileError) -> [UInt8] {
        let (end, overflow) = range.offset.addingReportingOverflow(range.count)
        guard !overflow, end <= byteCount else { throw .truncated("the data end before byte \(range.offset) + \(range.count)") }
        return Array(bytes[Int(range.offset)..<Int(end)])
    }
}

/// Why a file's structure could not be read or edited; the text is one line for a person, without the file's name.
public enum ImageFileError: Error, Hashable, Sendable {
    /// The first bytes are those of another kind of file.
    case notThisKind
    /// The file ends before its structure does.
    case truncated(String)
    /// The content contradicts itself.
    case damaged(String)
    /// Well-formed, but of a kind this operation does not handle; the caller may decode and encode again.
    case unsupported(String)
    /// A tag or value that this file cannot take; encoding again would not help.
    case unwritable(String)
    /// The byte source failed.
    case unreadable(String)

    /// The line for a person.
    public var reason: String {
        switch self {
        case .notThisKind: "the content is not what its first bytes say"
        case .truncated(let text), .damaged(let text), .unsupported(let text), .unwritable(let text), .unreadable(let text): text
        }
    }
}
