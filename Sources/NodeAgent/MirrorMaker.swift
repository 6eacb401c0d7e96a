import JobModel
import LinuxSystem
import WireProtocol

/// Makes mirrors ready and takes them away, on a thread of its own: a folder of twenty thousand files would keep a ping waiting.
final class MirrorMaker: Sendable {
    enum Outcome: Sendable {
        case made(Attempt, Mirror)
        case failed(Attempt, Mirror, WorkOutcome)
    }

    private enum Job: Sendable {
        case complete(Mirror, StagedOrder, ProgramOrder, [Mirror.Kept])
        case remove(Mirror)
    }

    private let jobs = Mailbox<Job>(elementsMax: 1 << 20)
    private let thread: SystemThread

    /// A file that is just being stored may turn up in a folder that was emptied.
    private static let removalTriesMax = 5

    /// - Parameter tell: called on the thread.
    init(tell: @escaping @Sendable (Outcome) -> Void) {
        let jobs = jobs
        thread = SystemThread("mirrors") {
            while let due = jobs.receiveAll(waitingMilliseconds: nil) {
                for job in due {
                    switch job {
                    case .complete(let mirror, let staged, let program, let kept):
                        tell(Self.complete(mirror, staged, program, kept))
                    case .remove(let mirror): Self.remove(mirror)
                    }
                }
            }
        }
    }

    /// Makes all but the attempt's own input, which has come.
    func complete(_ mirror: Mirror, _ staged: StagedOrder, _ program: ProgramOrder, kept: [Mirror.Kept]) {
        jobs.send(.complete(mirror, staged, program, kept))
    }

    /// Takes a mirror away in which nothing runs any more.
    func remove(_ mirror: Mirror) { jobs.send(.remove(mirror)) }

    func close() { jobs.close() }
    /// After `close`: nothing is made any more.
    func join() { thread.join() }

    private static func complete(_ mirror: Mirror, _ staged: StagedOrder, _ program: ProgramOrder, _ kept: [Mirror.Kept]) -> Outcome {
        let attempt = staged.order.attempt
        do throws(Mirror.Fault) {
            try mirror.complete(staged, program, kept: kept)
            return .made(attempt, mirror)
        } catch {
            switch error {
            case .system(let error): return .failed(attempt, mirror, .notStored(StorageFault(code: error.code, call: error.call)))
            case .spoilt(let path):
                let text = "a program on this host wrote to \(path), which --send gives to all tasks for reading: let it work on a copy"
                return .failed(attempt, mirror, .failed(TaskFailure(.changed, text)))
            }
        }
    }

    private static func remove(_ mirror: Mirror) {
        for tryNumber in 1...removalTriesMax {
            do throws(SystemError) {
                try FileOperation.removeTree(mirror.temporary)
                return try FileOperation.removeTree(mirror.root)
            } catch {
                if error.isNotEmpty, tryNumber < removalTriesMax { continue }
                return complain("cannot remove a staged attempt's files: \(error)")
            }
        }
    }
}
