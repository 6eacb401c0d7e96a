import JobModel
import LinuxSystem

/// The lock that this machine's agent and its minders hold while any program of a job may run.
struct ProgramLock: Sendable {
    let file: RawPath

    /// A program that was told to end is killed after a short grace; one that hangs in the kernel takes what the kernel takes.
    private static let waitSeconds = 20

    init(jobFolder: RawPath) { file = jobFolder.appending(Self.name) }

    static let name = "programs.lock"

    /// Waits until no program of the job runs on this machine any more.
    func awaitFree(of job: JobID) throws(HeadError) {
        let deadline = SystemClock.monotonicMilliseconds() + UInt64(Self.waitSeconds) * 1000
        while let holder = try isHeld() {
            guard SystemClock.monotonicMilliseconds() < deadline else {
                throw .surroundings(
                    "programs of job \(job.rawValue) still run on this machine after \(Self.waitSeconds) s (\(holder)): look for them with 'ps', end them, then go on with: quire resume \(job.rawValue)"
                )
            }
            Pause.milliseconds(10)
        }
    }

    private func isHeld() throws(HeadError) -> String? {
        try system("look at \(file)") { () throws(SystemError) in try FileLock.holder(of: file) }
    }
}
