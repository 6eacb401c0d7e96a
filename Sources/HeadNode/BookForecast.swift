import Digests
import JobModel
import JobStore
import PDFAssembly

/// What a book will be, counted through before any work as if every open file gave one page and nothing were encoded anew.
struct BookForecast: Sendable {
    struct Volume: Sendable {
        var path: RawPath
        var pages: Int
        /// Nil while pages are still to be encoded: nobody knows their size before.
        var bytes: UInt64?
    }

    var path: RawPath
    var volumes: [Volume]
    /// Files of kinds a PDF cannot carry, counted with their own size.
    var encodedAnewCount = 0
    /// A file failed while the plan was made, and its page is not to be missed.
    var isWithheld = false

    var pages: Int { volumes.reduce(0) { $0 + $1.pages } }
    var bytes: UInt64? {
        volumes.reduce(UInt64(0) as UInt64?) { sum, volume in sum.flatMap { sum in volume.bytes.map { sum + $0 } } }
    }
}

/// Runs planned books through the very rules that cut and measure volumes, with pages made of file sizes.
///
/// Streams the plan from the journal: memory is that of binding, a few bytes a page.
struct BookForecasting {
    let store: JobStore
    let settings: PDFSettings
    /// Whether the bytes of an input are those of its page: then its size is the page's.
    let takesInputsAsTheyAre: Bool
    let interrupts: InterruptCount
    private static let recordsAtOnce = 512

    func forecast(_ index: Int, of books: [PlannedBook]) throws(HeadError) -> BookForecast {
        let planned = books[index]
        var forecast = BookForecast(path: planned.path, volumes: [])
        var tally = VolumeTally()
        var book = try pdf { () throws(PDFError) in try Book<SHA256Stream>(settings: settings) }
        var next = planned.start
        while next < planned.end {
            try interrupts.check()
            let position = next
            let records = try journal { () throws(JobStoreError) in
                try store.records(
                    from: position, below: planned.end, book: books.count > 1 ? index : nil, count: Self.recordsAtOnce)
            }
            for record in records {
                if record.outcome.state == .failed, settings.missingPage == .withhold {
                    forecast.isWithheld = true
                    return forecast
                }
                for page in pages(of: record, &tally) {
                    do throws(PDFError) {
                        tally.note(try book.append(page))
                    } catch .invalidPage {
                        // A file too large for a PDF, say: what it is gets a page that says so.
                        let blank = placeholder(record, .damaged)
                        tally.note(try pdf { () throws(PDFError) in try book.append(blank) })
                    } catch {
                        throw .agent("a page cannot be forecast: \(error)")
                    }
                }
            }
            guard let last = records.last else { break }
            next = records.count < Self.recordsAtOnce ? planned.end : last.task.index.position + 1
        }
        tally.note(book.finish())
        forecast.encodedAnewCount = tally.encodedAnewCount
        for (volume, ending) in tally.endings.enumerated() {
            forecast.volumes.append(
                BookForecast.Volume(
                    path: planned.volumePath(volume, of: tally.endings.count), pages: ending.pages,
                    bytes: tally.hasUnknownSizes ? nil : ending.bytes))
        }
        return forecast
    }

    private func pages(of record: TaskRecord, _ tally: inout VolumeTally) -> [BookPage] {
        let key = UInt64(record.task.index.position)
        switch record.outcome.state {
        case .planned:
            if takesInputsAsTheyAre {
                if !record.task.input.isCarriedByPDF { tally.encodedAnewCount += 1 }
            } else {
                tally.hasUnknownSizes = true
            }
            let facts = PageFacts(ofFile: takesInputsAsTheyAre ? record.task.identity.sizeBytes : 1, number: key)
            return [BookPage(key: PageKey(task: key, page: 0), content: .picture(facts), folder: record.task.folderNames)]
        case .committed, .current, .won:
            let folder = record.task.folderNames
            return (record.outcome.work?.pages ?? []).enumerated().map { index, facts in
                BookPage(key: PageKey(task: key, page: UInt64(index)), content: .picture(facts), folder: folder)
            }
        case .failed:
            switch settings.missingPage {
            case .placeholder: return [placeholder(record, record.outcome.failure?.reason ?? .damaged)]
            case .skip, .withhold: return []
            }
        case .skipped, .doneEarlier: return []
        }
    }

    private func placeholder(_ record: TaskRecord, _ reason: FailureReason) -> BookPage {
        let name = record.task.bookFolder.appending(record.task.input.lastComponent).display
        return BookPage(
            key: PageKey(task: UInt64(record.task.index.position), page: 0), content: .placeholder(fileName: name, reason: reason),
            folder: record.task.folderNames)
    }
}

/// Pages and bytes of volumes by the commands that would make them.
private struct VolumeTally {
    var endings: [(pages: Int, bytes: UInt64)] = []
    var encodedAnewCount = 0
    var hasUnknownSizes = false

    mutating func note(_ commands: [BookCommand]) {
        for command in commands {
            switch command {
            case .beginVolume, .write: continue
            case .endVolume(_, let ending):
                // The bytes of the ending are counted only where somebody will read them: a million pages have 40 MB of table.
                let tail = hasUnknownSizes ? 0 : ending.reduce(UInt64(0)) { $0 + $1.byteCount }
                endings.append((ending.pageCount, ending.keptByteCount + tail))
            }
        }
    }
}

extension PlannedTask {
    /// Display names of the folders its page lies in, from the book's root.
    var folderNames: [String] {
        bookFolder.bytes.split(separator: 0x2F).map { RawPath(bytes: Array($0)).display }
    }
}

extension RawPath {
    /// Whether a PDF can take a file with this extension as it is, or nearly so.
    var isCarriedByPDF: Bool {
        switch lowercasedExtension {
        case "jp2", "j2k", "jpc", "jpx", "jpf", "j2c": true
        default:
            switch FileExtensions.format(of: lowercasedExtension) {
            case .jpeg, .png, .tiff, .jp2: true
            case .webp, .gif, .avif, nil: false
            }
        }
    }
}

extension PageFacts {
    /// A page that takes as much room as one of a file of this size, unlike every other.
    fileprivate init(ofFile bytes: UInt64, number: UInt64) {
        let digest = (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) } + [UInt8](repeating: 0, count: 24)
        self.init(
            width: 2480, height: 3508, bitsPerComponent: 8, colour: .rgb, coding: .jpeg(invertedCMYK: false, colourTransform: nil),
            stream: StreamSource(
                file: .input, ranges: [ByteRange(offset: 0, count: bytes)], digest: Digest256(bytes: digest)))
    }
}
