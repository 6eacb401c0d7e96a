internal import LinuxSystem
internal import Synchronization

/// How far the setup of a connection is, and the time it has left; stands still while a person is asked.
final class SetupClock: Sendable {
    private struct State {
        var stage: SSHError.Stage
        var deadline: UInt64
        var pausedAt: UInt64?
    }
    private let state: Mutex<State>

    init(_ stage: SSHError.Stage, deadline: UInt64) {
        state = Mutex(State(stage: stage, deadline: deadline))
    }

    var stage: SSHError.Stage { state.withLock { $0.stage } }

    func reach(_ stage: SSHError.Stage) { state.withLock { $0.stage = stage } }

    func pause() { state.withLock { $0.pausedAt = SystemClock.monotonicMilliseconds() } }

    func resume() {
        state.withLock { state in
            guard let pausedAt = state.pausedAt else { return }
            state.deadline += SystemClock.monotonicMilliseconds() - pausedAt
            state.pausedAt = nil
        }
    }

    /// Milliseconds to wait before looking again; nil when the time is over.
    var waitMilliseconds: Int? {
        let now = SystemClock.monotonicMilliseconds()
        return state.withLock { state in
            if state.pausedAt != nil { return 200 }
            return now >= state.deadline ? nil : Int(state.deadline - now)
        }
    }
}
