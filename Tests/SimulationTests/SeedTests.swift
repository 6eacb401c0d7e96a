import ClusterSimulation
import Scheduling
import Testing

@Suite("A job on a simulated cluster")
struct SeedTests {
    @Test("Whatever goes wrong, no rule is broken, and a healed cluster finishes")
    func fiftySeeds() {
        for seed in UInt64(0)..<50 {
            let run = SeedRun(seed: seed)
            #expect(run.violation == nil, "again: scripts/simulate --seed \(seed)")
        }
    }

    @Test("A larger job keeps the rules too", arguments: [UInt64(1), 2, 3])
    func largerJob(seed: UInt64) {
        let run = SeedRun(seed: seed, tasksMax: 5_000)
        #expect(run.violation == nil, "again: scripts/simulate --seed \(seed) --tasks 5000")
    }

    @Test("A scheduler with a planted bug is found out", arguments: PlantedBug.allCases)
    func plantedBug(bug: PlantedBug) {
        // Where the scheduler without the bug keeps the rules.
        let found = (UInt64(0)..<1_000).first { seed in
            guard let violation = SeedRun(seed: seed, making: { BrokenScheduler(bug, $0) }).violation else { return false }
            return (bug.rule.isEmpty || violation.contains(bug.rule)) && SeedRun(seed: seed).violation == nil
        }
        #expect(found != nil, "\(bug) was not noticed in 1,000 seeds")
    }

    @Test("The same seed gives the same run", arguments: [UInt64(3), 77, 1234])
    func repeats(seed: UInt64) {
        let (first, second) = (SeedRun(seed: seed), SeedRun(seed: seed))
        #expect(first.microseconds == second.microseconds && first.stepCount == second.stepCount && first.goodCount == second.goodCount)
    }

    @Test("What the seeds try does happen: late reports, second attempts, new heads, files that fail, programs that are tried again")
    func reach() {
        let runs = (UInt64(0)..<200).map { SeedRun(seed: $0) }
        #expect(runs.contains { $0.fencedCount > 0 })
        #expect(runs.contains { $0.duplicateCount > 0 })
        #expect(runs.contains { $0.runCount > 1 })
        #expect(runs.contains { $0.failedCount > 0 })
        #expect(runs.contains { $0.discardedCount > 0 })
        #expect(runs.contains { $0.retryCount > 0 })
        #expect(runs.contains { $0.startedAgainCount > 0 })
        for conduct in ["idempotent", "exclusive", "onceOnly"] { #expect(runs.contains { $0.kinds.contains(conduct) && $0.goodCount > 0 }) }
        #expect(Set(runs.flatMap(\.kinds)).count >= 17)
    }
}
