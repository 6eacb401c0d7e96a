import JobModel
import LinuxSystem
import WireProtocol

/// Takes the place for a job's files, from a thread of its own: an older agent's end may be waited for.
final class Preparation: Sendable {
    enum Outcome: Sendable {
        case scratch(Scratch)
        case failed(ScratchError)
    }

    private let outcome = Mailbox<Outcome>(elementsMax: 1)
    private let thread: SystemThread

    /// - Parameter wake: signalled when it is done.
    init(_ setup: AgentSetup, capacity: Capacity, wake: Wake) {
        let outcome = outcome
        thread = SystemThread("prepare") {
            do throws(ScratchError) {
                outcome.send(.scratch(try Scratch.claim(job: setup.job, epoch: setup.epoch, named: setup.scratch, capacity: capacity)))
            } catch {
                outcome.send(.failed(error))
            }
            wake.signal()
        }
    }

    /// How it went, once it is done.
    func take() -> Outcome? { outcome.receiveOne(waitingMilliseconds: 0) }
}
