import Digests
import JobModel
import JobStore
import PDFAssembly

/// Turns outcomes into the pages of a book, the same for who binds them and who places them again.
struct BookPages: Sendable {
    let missingPage: MissingPage

    func pages(of record: TaskRecord) -> [BookPage] {
        let task = UInt64(record.task.index.position)
        let folder = record.task.folderNames
        switch record.outcome.state {
        case .committed, .current, .won:
            return (record.outcome.work?.pages ?? []).enumerated().map { index, facts in
                BookPage(key: PageKey(task: task, page: UInt64(index)), content: .picture(facts), folder: folder)
            }
        case .failed:
            switch missingPage {
            case .placeholder:
                let content = placeholder(of: record, record.outcome.failure?.reason ?? .damaged)
                return [BookPage(key: PageKey(task: task, page: 0), content: content, folder: folder)]
            case .skip, .withhold: return []
            }
        case .planned, .skipped: return []
        }
    }

    /// What stands in the place of a page that cannot be had.
    func placeholder(of record: TaskRecord, _ reason: FailureReason) -> PageContent {
        .placeholder(fileName: record.task.bookFolder.appending(record.task.input.lastComponent).display, reason: reason)
    }

    /// Places a page behind those before it; one whose facts contradict the format becomes a placeholder.
    func append(_ page: inout BookPage, of record: TaskRecord, to book: inout Book<SHA256Stream>) throws(HeadError) -> [BookCommand] {
        do throws(PDFError) {
            return try book.append(page)
        } catch .invalidPage {
            // Facts that contradict the format are a damaged file's; one odd picture never stops the book.
            page.content = placeholder(of: record, .damaged)
            let odd = page
            return try pdf { () throws(PDFError) in try book.append(odd) }
        } catch {
            throw .agent("a page cannot be bound: \(error)")
        }
    }
}

/// A book as far as an earlier process bound it; the bytes are in the partial files already.
struct ResumedBook: Sendable {
    var book: Book<SHA256Stream>
    /// The task of the last page that is bound, and how many of its pages are.
    var task: Int
    var pagesOfTask: Int
    /// Of the volumes that are full.
    var pageCounts: [Int: Int] = [:]
    var byteCounts: [Int: UInt64] = [:]
}
