import Digests
import JobModel
import JobStore
import LinuxSystem
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
        case .planned, .skipped, .doneEarlier: return []
        }
    }

    /// What stands in the place of a file that failed.
    private func placeholder(of record: TaskRecord, _ reason: FailureReason) -> PageContent {
        .placeholder(fileName: record.task.bookFolder.appending(record.task.input.lastComponent).display, reason: reason)
    }

    /// Why a task that succeeded has no pages to bind after all; nil when it has.
    ///
    /// Asked before its first page is bound, so that a file is in the book whole or not at all.
    func obstacle(to record: TaskRecord) -> TaskFailure? {
        let pages = pages(of: record).compactMap { page -> PageFacts? in if case .picture(let facts) = page.content { facts } else { nil } }
        for facts in pages {
            do throws(PDFError) { try facts.checkForPDF() } catch { return TaskFailure(.damaged, "a PDF cannot show it: \(error.text)") }
        }
        return pages.contains { $0.sources.contains { $0.file == .input } } ? Self.change(of: record) : nil
    }

    /// What became of an input since it was worked on; only inputs can change under the job.
    private static func change(of record: TaskRecord) -> TaskFailure? {
        do throws(SystemError) {
            guard try FileOperation.facts(of: record.task.input).identity != record.task.identity else { return nil }
            return TaskFailure(.changed, "it changed before it was bound into the PDF")
        } catch {
            let reason: FailureReason = error.isNotFound ? .vanished : error.isDenied ? .denied : .unreadable
            return TaskFailure(reason, "it cannot be bound into the PDF: \(error.reason)")
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
