import JobModel
import JobStore
import LinuxSystem

/// The folder beside a PDF where pages wait whose bytes no output holds.
struct Spool {
    let folder: RawPath
    let job: JobID

    /// Whether it holds what programs printed, which stays until it was shown.
    var isOfPrograms = false

    /// Removes what tasks without an end left in it, and the folder if nothing stays.
    ///
    /// Pages of tasks that ended stay: a resumed job binds them.
    func removeUnfinished(_ store: JobStore) throws(HeadError) {
        let exists = try system("look at the spool") { () throws(SystemError) in try FileOperation.factsIfPresent(of: folder)?.type == .folder }
        guard exists else { return }
        let entries = try system("read the spool") { () throws(SystemError) in try LinuxSystem.FolderListing.entries(of: folder) }
        var stay = 0
        for entry in entries {
            guard let task = task(of: entry.name) else { continue }
            if try isNeeded(entry.name, task, store) {
                stay += 1
            } else {
                try system("tidy the spool") { () throws(SystemError) in try FileOperation.removeIfPresent(folder.appending(entry.name)) }
            }
        }
        if stay == 0 { JobFolder.removeWithFiles(folder) }
    }

    /// Whether all of a page's bytes that lie in the spool are there.
    func holds(_ page: PageFacts) throws(HeadError) -> Bool {
        for source in page.sources {
            guard case .spool(let name) = source.file else { continue }
            let facts = try system("look at the spool") { () throws(SystemError) in try FileOperation.factsIfPresent(of: folder.appending(name)) }
            let end = source.ranges.map(\.end).max() ?? 0
            guard let facts, facts.identity.sizeBytes >= end else { return false }
        }
        return true
    }

    private func isNeeded(_ name: RawPath, _ task: Int, _ store: JobStore) throws(HeadError) -> Bool {
        let records = try journal { () throws(JobStoreError) in try store.records(from: task, below: task + 1, count: 1) }
        if isOfPrograms { return records.first.map { $0.outcome.state != .planned } ?? false }
        let sources = records.first?.outcome.work?.pages.flatMap(\.sources) ?? []
        return sources.contains { $0.file == .spool(name) }
    }

    /// The task in `.quire-JOB-TASK-ATTEMPT`.
    private func task(of name: RawPath) -> Int? {
        let start = Array(".quire-\(job.rawValue)-".utf8)
        guard name.bytes.starts(with: start) else { return nil }
        return Int(String(decoding: name.bytes.dropFirst(start.count).prefix { (0x30...0x39).contains($0) }, as: UTF8.self))
    }
}

extension PageFacts {
    /// Whether bytes of it lie in the spool only.
    var isSpooled: Bool { sources.contains { if case .spool = $0.file { true } else { false } } }
}
