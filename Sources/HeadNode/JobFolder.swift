import Digests
import JobModel
import LinuxSystem

/// Claims on what a job writes, held until it ends.
final class Locks {
    private var held: [HeldLock] = []

    private final class HeldLock {
        let lock: FileLock
        init(_ lock: consuming FileLock) { self.lock = lock }
    }

    /// Outputs, PDF and log of jobs, and the INPUTs where results come to lie beside or in place of them.
    init(_ settings: RunSettings, _ state: StateFolder, _ workingFolder: RawPath, holder: String) throws(HeadError) {
        if settings.isDryRun { return }
        var targets: [(String, RawPath)] = []
        if let folder = settings.outputFolder { targets.append(("the output folder", folder)) }
        if let pdf = settings.pdf { targets.append(("the PDF", RawPath(pdf))) }
        if let log = settings.program?.jobLog { targets.append(("the log of jobs", log)) }
        if settings.isInPlace || (settings.nameTemplate != nil && settings.outputFolder == nil) {
            targets += settings.inputs.compactMap { if case .path(let path) = $0 { ("the input", path) } else { nil } }.prefix(Self.inputsMax)
        }
        var keys: Set<RawPath> = []
        for (what, target) in targets {
            let absolute = try Places.resolved(target, in: workingFolder)
            guard keys.insert(absolute).inserted else { continue }
            let key = SHA256Stream.digest(of: absolute.bytes).hex
            held.append(HeldLock(try state.claim(what, target, key: key, holder: holder)))
        }
    }

    /// Each lock is an open file. A command line with more INPUTs has names of single files, where two jobs that meet are told
    /// apart by each file's identity when it gets its name.
    private static let inputsMax = 256

    func release() { held.removeAll() }
}

/// What happens to a job's folder once it is over.
enum JobFolder {
    /// Removes the folder of a job that never began, so that `quire jobs` does not list it. What resists is left.
    static func remove(_ folder: RawPath) {
        for name in ["job.sqlite", "job.sqlite-wal", "job.sqlite-shm", "log", ProgramLock.name, StateFolder.cancelRequestName.display] { ignoringErrors { () throws(SystemError) in try FileOperation.removeIfPresent(folder.appending(name)) } }
        removeWithFiles(folder.appending("spool"))
        ignoringErrors { () throws(SystemError) in try FileOperation.removeEmptyFolder(folder) }
    }

    /// Removes a folder and the files in it: a spool that nobody goes on with, or scraps of this process. What resists is left.
    static func removeWithFiles(_ folder: RawPath) {
        ignoringErrors { () throws(SystemError) in
            guard try FileOperation.factsIfPresent(of: folder) != nil else { return }
            for entry in try LinuxSystem.FolderListing.entries(of: folder) { try FileOperation.removeIfPresent(folder.appending(entry.name)) }
            try FileOperation.removeEmptyFolder(folder)
        }
    }

    /// Removes a folder and all below it: what an attempt of a program left. What resists is left.
    static func removeTreeIfPossible(_ folder: RawPath) {
        ignoringErrors { () throws(SystemError) in try FileOperation.removeTree(folder) }
    }

    /// Whether a path is the hidden folder of one attempt of a program.
    static func isAttemptFolder(_ folder: RawPath, of job: JobID) -> Bool {
        folder.lastComponent.bytes.starts(with: Array(".quire-\(job.rawValue)-".utf8))
    }

    /// Removes the temp files that a job which was stopped left in a folder of outputs; no worker may write any more.
    ///
    /// - Parameter keepingPartials: leaves the PDFs that are half bound.
    static func sweep(_ folder: RawPath, of job: JobID, keepingPartials: Bool) {
        let folder = folder.isEmpty ? RawPath(".") : folder
        let start = Array(".quire-\(job.rawValue)-".utf8)
        ignoringErrors { () throws(SystemError) in
            guard try FileOperation.factsIfPresent(of: folder) != nil else { return }
            for entry in try LinuxSystem.FolderListing.entries(of: folder, where: { $0.bytes.starts(with: start) }) {
                if keepingPartials, entry.name.fileExtension == RawPath("partial") { continue }
                let path = folder.appending(entry.name)
                // What one attempt of a program wrote is in a folder of its own.
                if !entry.isLink, entry.facts?.type == .folder { try FileOperation.removeTree(path) } else { try FileOperation.removeIfPresent(path) }
            }
        }
    }

    /// Removes what jobs that were killed left beside outputs and PDF: only jobs of this state folder, whose lock shows that
    /// they are dead, and which nobody will go on with: they are over, or this job binds the same PDF. Folders below `-o` are not
    /// searched.
    static func sweepDeadJobs(_ settings: RunSettings, _ state: StateFolder) {
        let beside = settings.pdf.map { RawPath($0).parent }
        let folders = Set([settings.outputFolder, beside, settings.spoolFolder].compactMap { $0.map { $0.isEmpty ? RawPath(".") : $0 } })
        for folder in folders.sorted() {
            ignoringErrors { () throws(SystemError) in
                guard try FileOperation.factsIfPresent(of: folder)?.type == .folder else { return }
                let left = try LinuxSystem.FolderListing.entries(of: folder, where: { owner(of: $0) != nil })
                var dead: [JobID: Bool] = [:]
                for entry in left {
                    guard let job = owner(of: entry.name) else { continue }
                    if dead[job] == nil { dead[job] = try state.isDead(job) && isForsaken(job, settings, state) }
                    guard dead[job] == true, !entry.isLink, let facts = entry.facts else { continue }
                    let path = folder.appending(entry.name)
                    switch facts.type {
                    case .folder: removeTreeIfPossible(path)
                    case .regular: try FileOperation.removeIfPresent(path)
                    case .link, .other: break
                    }
                }
            }
        }
    }

    /// Whether what a dead job left half done serves nobody.
    private static func isForsaken(_ job: JobID, _ settings: RunSettings, _ state: StateFolder) -> Bool {
        do throws(HeadError) {
            let catalogue = JobCatalogue(state: state)
            guard try catalogue.ids().contains(job) else { return true }
            let entry = try catalogue.entry(job)
            guard entry.isResumable else { return entry.standing != .running }
            guard let pdf = settings.pdf, let other = entry.pdf else { return entry.pdf == nil }
            let here = try system("find the working folder") { () throws(SystemError) in try FileOperation.workingFolder() }
            return try Places.resolved(RawPath(pdf), in: here) == Places.resolved(RawPath(other), in: entry.workingFolder)
        } catch {
            return false
        }
    }

    /// The job in `.quire-JOB-...` and `.quire-spool-JOB`.
    static func owner(of name: RawPath) -> JobID? {
        let (spool, temp) = (Array(".quire-spool-".utf8), Array(".quire-".utf8))
        let isSpool = name.bytes.starts(with: spool)
        guard isSpool || name.bytes.starts(with: temp) else { return nil }
        let rest = name.bytes.dropFirst(isSpool ? spool.count : temp.count)
        let id = rest.prefix(StateFolder.jobIDBytes)
        // Date, time and letters, joined by hyphens.
        let parts = id.split(separator: 0x2D, omittingEmptySubsequences: false)
        guard parts.map(\.count) == [8, 6, 4], parts[..<2].joined().allSatisfy({ (0x30...0x39).contains($0) }),
            isSpool ? rest.count == id.count : rest.dropFirst(id.count).first == 0x2D
        else { return nil }
        return JobID(rawValue: String(decoding: id, as: UTF8.self))
    }

    /// Removes the journals of finished jobs beyond the limits of `StateFolder`; ids sort by age.
    static func prune(_ state: StateFolder, now epochMilliseconds: Int64) {
        do throws(HeadError) {
            let catalogue = JobCatalogue(state: state)
            let oldest = CalendarText.compact(epochSeconds: epochMilliseconds / 1000 - Int64(StateFolder.finishedDaysMax) * 86_400)
            for (place, id) in try catalogue.ids().enumerated() where place >= StateFolder.finishedJobsMax || id.rawValue < oldest {
                let entry = try catalogue.entry(id)
                switch entry.standing {
                case .finished, .failed, .cancelled: remove(entry.id, of: state)
                case .running, .stopped, .interrupted, .unreadable: break
                }
            }
        } catch {
            return  // The next job finds them again.
        }
    }

    /// Removes a job's journal, log and lock; what it made stays.
    static func remove(_ id: JobID, of state: StateFolder) {
        remove(state.jobFolder(id))
        state.removeLock(of: id)
    }

    /// Tidying up must not turn a finished job into a failed one; what stays behind is found by the next.
    private static func ignoringErrors(_ body: () throws(SystemError) -> Void) {
        do throws(SystemError) { try body() } catch { return }
    }
}
