import LinuxSystem
import Supervising

/// What programs left whose minder was killed: their processes come to the agent, and are gone before their tasks are reported.
struct StrayPrograms {
    /// A killed process that is not dead by then hangs in the kernel.
    private static let dyingMillisecondsMax: UInt64 = 5_000

    /// Ends of minders that are not told yet.
    private var held: [(end: Supervisor.Event, deadlineMilliseconds: UInt64)] = []

    var isEmpty: Bool { held.isEmpty }

    /// Takes a minder's end to be told once its strays are gone.
    mutating func hold(_ end: Supervisor.Event, nowMilliseconds now: UInt64) {
        held.append((end, now + Self.dyingMillisecondsMax))
    }

    /// Kills what is there; returns the ends that may be told now, and whether strays are left behind them.
    ///
    /// - Parameter minders: children that are no strays.
    mutating func sweep(minders: [Int32], nowMilliseconds now: UInt64) -> (ends: [Supervisor.Event], areLeft: Bool) {
        if held.isEmpty { return ([], false) }
        let areGone = Self.areGone(minders: Set(minders))
        let due = held.filter { areGone || now >= $0.deadlineMilliseconds }
        held.removeAll { areGone || now >= $0.deadlineMilliseconds }
        return (due.map(\.end), !areGone)
    }

    private static let roundsMax = 4

    private static func areGone(minders: Set<Int32>) -> Bool {
        for _ in 0..<roundsMax {
            // Each round finds what those left that were killed in the one before.
            let strays = OwnChildren.ids().filter { !minders.contains($0) }
            if strays.isEmpty { return true }
            for id in strays {
                OwnChildren.kill(id)
                // One that is not dead yet is met again.
                do throws(SystemError) { _ = try OwnChildren.reap(id) } catch { continue }
            }
        }
        return false
    }
}
