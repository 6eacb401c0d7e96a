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

    init(_ settings: RunSettings, _ state: StateFolder, _ workingFolder: RawPath, holder: String) throws(HeadError) {
        if settings.isDryRun { return }
        var targets: [(String, RawPath)] = []
        if let folder = settings.outputFolder { targets.append(("the output folder", folder)) }
        if let pdf = settings.pdf { targets.append(("the PDF", RawPath(pdf))) }
        for (what, target) in targets {
            let absolute = workingFolder.appending(target).normalized
            let key = SHA256Stream.digest(of: absolute.bytes).hex
            held.append(HeldLock(try state.claim(what, target, key: key, holder: holder)))
        }
    }

    func release() { held.removeAll() }
}

/// What happens to a job's folder once it is over.
enum JobFolder {
    /// Removes the folder of a job that never began, so that `quire jobs` does not list it. What resists is left.
    static func remove(_ folder: RawPath) {
        for name in ["job.sqlite", "job.sqlite-wal", "job.sqlite-shm", "log"] { ignoringErrors { () throws(SystemError) in try FileOperation.removeIfPresent(folder.appending(name)) } }
        ignoringErrors { () throws(SystemError) in try FileOperation.removeEmptyFolder(folder) }
    }

    /// The spool is empty once all pages are bound; one that is not, after a stop, is emptied: its pages are made again.
    static func removeSpool(_ folder: RawPath) {
        ignoringErrors { () throws(SystemError) in
            guard try FileOperation.factsIfPresent(of: folder) != nil else { return }
            for entry in try LinuxSystem.FolderListing.entries(of: folder) { try FileOperation.removeIfPresent(folder.appending(entry.name)) }
            try FileOperation.removeEmptyFolder(folder)
        }
    }

    /// Removes the temp files that a job which was stopped left in a folder of outputs; no worker may write any more.
    static func sweep(_ folder: RawPath, of job: JobID) {
        let folder = folder.isEmpty ? RawPath(".") : folder
        let start = Array(".quire-\(job.rawValue)-".utf8)
        ignoringErrors { () throws(SystemError) in
            guard try FileOperation.factsIfPresent(of: folder) != nil else { return }
            for entry in try LinuxSystem.FolderListing.entries(of: folder) where entry.name.bytes.starts(with: start) {
                try FileOperation.removeIfPresent(folder.appending(entry.name))
            }
        }
    }

    /// Removes the oldest jobs beyond the limits of `StateFolder`; ids sort by age. A job that runs holds its journal's newest time.
    static func prune(_ state: StateFolder, now epochMilliseconds: Int64) {
        ignoringErrors { () throws(SystemError) in
            let jobs = state.path.appending("jobs")
            let entries = try LinuxSystem.FolderListing.entries(of: jobs).sorted { $0.name > $1.name }
            let oldest = epochMilliseconds * 1_000_000 - Int64(StateFolder.finishedDaysMax) * 86_400_000_000_000
            for (place, entry) in entries.enumerated() {
                let folder = jobs.appending(entry.name)
                guard let journal = try FileOperation.factsIfPresent(of: folder.appending("job.sqlite")) else { continue }
                // A job still running has a write-ahead log; a finished one was folded into its journal.
                guard try FileOperation.factsIfPresent(of: folder.appending("job.sqlite-wal")) == nil else { continue }
                if place >= StateFolder.finishedJobsMax || journal.identity.modifiedNanoseconds < oldest { remove(folder) }
            }
        }
    }

    /// Tidying up must not turn a finished job into a failed one; what stays behind is found by the next.
    private static func ignoringErrors(_ body: () throws(SystemError) -> Void) {
        do throws(SystemError) { try body() } catch { return }
    }
}
