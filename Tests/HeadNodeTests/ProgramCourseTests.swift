import JobModel
import Programs
import Scheduling
import Testing
import WireProtocol

@testable import HeadNode

@Suite("Times and reservations of programs")
struct ProgramCourseTests {
    private func settings(_ change: (inout ProgramSettings) -> Void = { _ in }) throws -> ProgramSettings {
        var settings = ProgramSettings(spec: try ProgramSpec(words: [Array("/usr/bin/ffmpeg".utf8)]))
        change(&settings)
        return settings
    }

    private func usage(wallMilliseconds: UInt64, cpus: Double = 1) -> WorkUsage {
        WorkUsage(cpuMicroseconds: UInt64(Double(wallMilliseconds) * 1000 * cpus), wallMicroseconds: wallMilliseconds * 1000, peakMemoryBytes: 0)
    }

    @Test("The median is exact, and follows the newest thousand")
    func median() {
        var times = RunTimes()
        times.note(milliseconds: 9)
        times.note(milliseconds: 1)
        #expect(times.medianMilliseconds == nil)
        times.note(milliseconds: 5)
        #expect(times.medianMilliseconds == 5)
        for _ in 0..<10_000 { times.note(milliseconds: 7) }
        #expect(times.medianMilliseconds == 7)
        for time in 1...1_001 { times.note(milliseconds: UInt64(time)) }
        #expect(times.medianMilliseconds == 501, "what came before is forgotten")
    }

    @Test("A limit in percent is told once three tasks have succeeded, and again when it has changed by more than a tenth")
    func limit() throws {
        var course = ProgramCourse(try settings { $0.timeLimit = .percentOfMedian(200) })
        for _ in 0..<2 { course.note(usage(wallMilliseconds: 10_000)) }
        #expect(course.newLimit() == nil)
        course.note(usage(wallMilliseconds: 10_000))
        #expect(course.newLimit() == 20_000)
        course.note(usage(wallMilliseconds: 10_500))
        #expect(course.newLimit() == nil)
        for _ in 0..<10 { course.note(usage(wallMilliseconds: 30_000)) }
        #expect(course.newLimit() == 60_000)
        var quick = ProgramCourse(try settings { $0.timeLimit = .percentOfMedian(200) })
        for _ in 0..<3 { quick.note(usage(wallMilliseconds: 2)) }
        #expect(quick.newLimit() == 1_000, "less would be no limit of the program's")
    }

    @Test("Who reserves one CPU and takes four is told so, once")
    func hint() throws {
        var course = ProgramCourse(try settings())
        for _ in 0..<5 { course.note(usage(wallMilliseconds: 1_000, cpus: 3.8)) }
        #expect(course.reservationHint() == "ffmpeg uses 3.8 CPUs a task: say --cpus 4")
        #expect(course.reservationHint() == nil)
        var chosen = ProgramCourse(try settings { $0.cpus = .count(2) })
        for _ in 0..<5 { chosen.note(usage(wallMilliseconds: 1_000, cpus: 3.8)) }
        #expect(chosen.reservationHint() == nil)
    }

    @Test("As many tasks run as CPUs and memory allow each what it reserves, and one at least")
    func reservations() throws {
        let host = HostFacts(hostname: "h", bootID: "", logicalCPUs: 8, physicalCPUs: 8, slotsMax: 8, memoryBytes: 16 << 30, workerVersion: "")
        func slots(_ cpus: Cpus, _ memoryBytes: UInt64? = nil, chosen: Int? = nil) throws -> Int {
            Reservation(try settings {
                $0.cpus = cpus
                $0.memoryBytes = memoryBytes
            }).slots(on: host, chosen: chosen)
        }
        #expect(try slots(.count(1)) == 8)
        #expect(try slots(.count(3)) == 2)
        #expect(try slots(.count(64)) == 1)
        #expect(try slots(.all) == 1)
        #expect(try slots(.count(1), 5 << 30) == 3)
        #expect(try slots(.count(1), 64 << 30) == 1)
        #expect(try slots(.count(1), chosen: 20) == 20, "-j alone is the user's to choose")
        #expect(try slots(.count(3), chosen: 20) == 2, "what is reserved is not given twice")
        #expect(try Reservation(settings { $0.cpus = .count(8) }).shortfall(on: host) == nil)
        let beyond = try settings {
            $0.cpus = .count(9)
            $0.memoryBytes = 17 << 30
        }
        #expect(Reservation(beyond).shortfall(on: host)?.contains("9 CPUs of 8 and 18 GB of memory of 17 GB") == true)
    }

    @Test("A report says whether its program may have run")
    func mayHaveStarted() {
        let attempt = Attempt(task: TaskIndex(0), number: 1)
        func mayHaveStarted(_ outcome: WorkOutcome) -> Bool {
            Scheduler.Ending(WorkReport(attempt: attempt, outcome: outcome, usage: .none), restarting: .whenLost, verdict: nil).mayHaveStarted
        }
        #expect(!mayHaveStarted(.failed(TaskFailure(.vanished, ""))))
        #expect(mayHaveStarted(.failed(TaskFailure(.crashed, ""))))
        #expect(!mayHaveStarted(.notStored(StorageFault(code: 28, call: "mkdir"))))
    }
}
