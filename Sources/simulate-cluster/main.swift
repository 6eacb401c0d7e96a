import ArgumentParser
import ClusterSimulation

/// Runs the scheduler through simulated faults, one seed a job.
struct SimulateCluster: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate-cluster", abstract: "Runs quire's scheduler through simulated faults and checks every step.")

    @Option(help: ArgumentHelp("Run the seeds from 0 up to this many.", valueName: "n"))
    var seeds: UInt64 = 50

    @Option(help: ArgumentHelp("Begin with this seed.", valueName: "n"))
    var from: UInt64 = 0

    @Option(help: ArgumentHelp("Run this one seed and print what came of it.", valueName: "n"))
    var seed: UInt64?

    @Option(help: ArgumentHelp("At most so many tasks a seed.", valueName: "n"))
    var tasks: Int = 600

    func run() throws {
        if let seed {
            let run = SeedRun(seed: seed, tasksMax: tasks)
            print(Self.line(run))
            if run.violation != nil { throw ExitCode(1) }
            return
        }
        var failures = 0
        var steps = 0
        var duplicates = 0
        var fenced = 0
        for seed in from..<from + seeds {
            let run = SeedRun(seed: seed, tasksMax: tasks)
            steps += run.stepCount
            duplicates += run.duplicateCount
            fenced += run.fencedCount
            guard run.violation != nil else { continue }
            failures += 1
            print(Self.line(run))
            print("  again: scripts/simulate --seed \(seed)\(tasks == 600 ? "" : " --tasks \(tasks)")")
            if failures == 20 { break }
        }
        print("\(seeds) seeds, \(steps) steps, \(duplicates) duplicates, \(fenced) late reports fenced, \(failures) failures")
        if failures > 0 { throw ExitCode(1) }
    }

    private static func line(_ run: SeedRun) -> String {
        let what = run.violation.map { "FAILED: \($0)" } ?? "fine"
        return "seed \(run.seed): \(what); \(run.taskCount) tasks, \(run.hostCount) hosts, \(run.runCount) starts, \(run.goodCount) done, "
            + "\(run.failedCount) failed, \(run.discardedCount) discarded, \(run.duplicateCount) duplicates, \(run.fencedCount) fenced; "
            + "\(run.microseconds / 1000) ms, \(run.stepCount) steps; \(run.kinds.joined(separator: " "))"
    }
}

SimulateCluster.main()
