public import JobModel

/// Names a page to the head, which alone knows the file behind it.
public struct PageKey: Hashable, Sendable {
    /// The task's index in the plan.
    public var task: UInt64
    /// The page within the task's file, from 0.
    public var page: UInt64

    public init(task: UInt64, page: UInt64) {
        self.task = task
        self.page = page
    }
}

/// One page in plan order, as the head hands it over.
public struct BookPage: Hashable, Sendable {
    public var key: PageKey
    public var content: PageContent
    /// Display names of the folders the page lies in, outermost first, from the book's root; empty for the root itself.
    /// They become nested bookmarks, and a change of them is where volumes may be cut.
    public var folder: [String]

    public init(key: PageKey, content: PageContent, folder: [String]) {
        self.key = key
        self.content = content
        self.folder = folder
    }
}

public enum PageContent: Hashable, Sendable {
    case picture(PageFacts)
    /// A page that stands for a file that failed; it names the file and the reason class and nothing that varies.
    case placeholder(fileName: String, reason: FailureReason)
}

/// Where bytes that are copied into a PDF lie.
public enum SourceRef: Hashable, Sendable {
    case page(PageKey, PageFile)
    /// The unfinished file of an earlier volume of the same book, by its index from 0: pages carried onward.
    case volume(Int)
}

/// What the head does next to the end of a volume's file.
public enum WriteInstruction: Hashable, Sendable {
    case bytes([UInt8])
    case copy(from: SourceRef, range: ByteRange)

    public var byteCount: UInt64 {
        switch self {
        case .bytes(let bytes): UInt64(bytes.count)
        case .copy(_, let range): range.count
        }
    }
}

/// Why a page, a setting or a checkpoint was refused; the writer is unchanged then.
public enum PDFError: Error, Hashable, Sendable {
    /// The facts contradict themselves or the PDF format; the text says how.
    case invalidPage(String)
    /// No further page fits: 8,388,607 objects (ISO 32000-1, annex C) or 1,048,574 pages (PDFium) are reached.
    case volumeFull
    case invalidSettings(String)
    case invalidCheckpoint(String)

    /// The reason in words.
    public var text: String {
        switch self {
        case .invalidPage(let text), .invalidSettings(let text), .invalidCheckpoint(let text): text
        case .volumeFull: "no further page fits"
        }
    }
}
