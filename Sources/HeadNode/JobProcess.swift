import JobModel
import LinuxSystem

/// The process that works on a job, held so that its id cannot come to mean another.
struct JobProcess: ~Copyable {
    let id: Int32
    let handle: OtherProcess

    /// Nil when it is on another machine or has ended.
    ///
    /// - Parameter holder: what it wrote into the job's lock, `host, pid 123, job ...`.
    init?(holder: String, of job: JobID, _ state: StateFolder) throws(HeadError) {
        // A process id means something on its own host only; a container may share the state folder and no processes.
        guard Self.isHere(holder), let id = Self.id(in: holder) else { return nil }
        let found = try system("find the process of job \(job.rawValue)") { () throws(SystemError) in try OtherProcess(id: id) }
        // Held now: if the lock still names it, the id did not come to mean another process before.
        guard let found, try state.liveHolder(of: job) == holder else { return nil }
        self.id = id
        handle = found
    }

    static func isHere(_ holder: String) -> Bool {
        holder.hasPrefix("\(Capacity.ofThisMachine().hostname), ") && id(in: holder) != nil
    }

    private static func id(in holder: String) -> Int32? {
        holder.split(separator: ", ").lazy.compactMap { $0.hasPrefix("pid ") ? Int32($0.dropFirst(4)) : nil }.first
    }
}
