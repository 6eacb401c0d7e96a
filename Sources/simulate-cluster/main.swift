import ArgumentParser
import ClusterSimulation
import Glibc

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

    @Option(help: ArgumentHelp("Stop at so many failures.", valueName: "n"))
    var failuresMax = 20

    @Flag(help: "Ten million tasks on a thousand hosts, without faults: makespan against its lower bound.")
    var big = false

    @Option(help: ArgumentHelp("Hosts of the big run.", valueName: "n"))
    var bigHosts = 1_000

    @Option(help: ArgumentHelp("Tasks of the big run.", valueName: "n"))
    var bigTasks = 10_000_000

    func run() throws {
        if big { return try runBig() }
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
            if failures == failuresMax { break }
        }
        print("\(seeds) seeds, \(steps) steps, \(duplicates) duplicates, \(fenced) late reports fenced, \(failures) failures")
        if failures > 0 { throw ExitCode(1) }
    }

    private func runBig() throws {
        let clock = ContinuousClock()
        let start = clock.now
        let model = ClusterModel.large(hostCount: bigHosts, taskCount: bigTasks)
        let order = model.largestFirst
        let made = clock.now
        let forecast = Forecast(model, order: order)
        let end = clock.now
        var usage = rusage()
        getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
        let share = Double(forecast.microseconds) / Double(max(1, forecast.bounds.microseconds))
        let seconds = { (microseconds: UInt64) in "\(microseconds / 1_000_000).\(microseconds / 100_000 % 10) s" }
        print("\(bigHosts) hosts, \(model.hosts.reduce(0) { $0 + $1.slots }) slots, \(bigTasks) tasks")
        print("makespan \(seconds(forecast.microseconds)), \(Int((share * 1000).rounded()))/1000 of its lower bound")
        let bounds = forecast.bounds
        print("bounds: work \(seconds(bounds.workMicroseconds)), links \(seconds(bounds.linkMicroseconds)), longest task \(seconds(bounds.longestTaskMicroseconds))")
        print("\(forecast.stepCount) steps, \(forecast.dispatchedTwiceCount) duplicates, head link \(forecast.headLinkPercent)% busy")
        print("took \(end - made) and \(made - start) to set up; at most \(usage.ru_maxrss / 1024) MiB")
        if let violation = forecast.violation {
            print("FAILED: \(violation)")
            throw ExitCode(1)
        }
        if share > 1.03 { throw ExitCode(1) }
    }

    private static func line(_ run: SeedRun) -> String {
        let what = run.violation.map { "FAILED: \($0)" } ?? "fine"
        return "seed \(run.seed): \(what); \(run.taskCount) tasks, \(run.hostCount) hosts, \(run.runCount) starts, \(run.goodCount) done, "
            + "\(run.failedCount) failed, \(run.discardedCount) discarded, \(run.duplicateCount) duplicates, \(run.fencedCount) fenced; "
            + "\(run.microseconds / 1000) ms, \(run.stepCount) steps; \(run.kinds.joined(separator: " "))"
    }
}

SimulateCluster.main()
