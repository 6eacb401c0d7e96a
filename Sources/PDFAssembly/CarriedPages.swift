import JobModel

/// Pages of one folder that may still move to the next volume, with the places of their streams in this one.
///
/// Packed, because there can be a million.
struct CarriedPages: Sendable {
    let folder: [String]
    private(set) var blocks: [[UInt8]] = []
    private static var blockBytes: Int { 1 << 16 }

    init(folder: [String]) {
        self.folder = folder
    }

    init(folder: [String], blocks: [[UInt8]]) {
        self.folder = folder
        self.blocks = blocks
    }

    mutating func append(_ page: BookPage, _ placement: Placement?) {
        var record = ByteWriter()
        record.put(page.key.task)
        record.put(page.key.page)
        switch page.content {
        case .placeholder(let fileName, let reason):
            record.put(0)
            record.put(text: fileName)
            record.put(text: reason.rawValue)
        case .picture(let facts):
            guard let placement else { preconditionFailure("a picture was written nowhere") }
            record.put(1)
            record.put(facts)
            record.put(placement.stream)
            record.put(placement.mask)
            record.put(placement.profile)
        }
        if blocks.isEmpty || blocks[blocks.count - 1].count + record.bytes.count > Self.blockBytes {
            blocks.append([])
            blocks[blocks.count - 1].reserveCapacity(Self.blockBytes)
        }
        blocks[blocks.count - 1].append(contentsOf: record.bytes)
    }

    func reader() -> Reader {
        Reader(pages: self)
    }

    struct Reader {
        private let pages: CarriedPages
        private var block = 0
        private var bytes: ByteReader

        fileprivate init(pages: CarriedPages) {
            self.pages = pages
            bytes = ByteReader(pages.blocks.first ?? [])
        }

        /// The next page with the places of its streams, nil for a placeholder's; nil at the end.
        mutating func next() throws(PDFError) -> (BookPage, Placement?)? {
            if bytes.isAtEnd {
                block += 1
                guard block < pages.blocks.count else { return nil }
                bytes = ByteReader(pages.blocks[block])
            }
            let key = PageKey(task: try bytes.number(), page: try bytes.number())
            guard try bytes.number() == 1 else {
                let fileName = try bytes.text()
                guard let reason = FailureReason(rawValue: try bytes.text()) else { throw .invalidCheckpoint("unknown reason") }
                return (BookPage(key: key, content: .placeholder(fileName: fileName, reason: reason), folder: pages.folder), nil)
            }
            let facts = try bytes.pageFacts()
            let placement = Placement(stream: try bytes.number(), mask: try bytes.number(), profile: try bytes.number())
            return (BookPage(key: key, content: .picture(facts), folder: pages.folder), placement)
        }
    }
}
