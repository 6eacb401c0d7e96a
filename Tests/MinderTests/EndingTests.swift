import Foundation
import JobModel
import LinuxSystem
import Programs
import Testing
import WireProtocol

/// Nothing of a program outlives its task, whatever it does.
@Suite("The end of programs, of their minder and of what they leave")
struct EndingTests {
    /// Reads the id that a program wrote to a file, once it is there.
    private func id(in session: MinderSession, _ name: String) throws -> Int32 {
        var found: Int32?
        let isThere = try eventually {
            guard try FileOperation.factsIfPresent(of: session.folder.appending(name)) != nil else { return false }
            let text = try session.text(of: name)
            if text.hasSuffix("\n") { found = Int32(text.dropLast()) }
            return found != nil
        }
        #expect(isThere)
        return try #require(found)
    }

    @Test("What is left behind is killed before the report: in the background, in a session of its own, double-forked, ignoring signals")
    func leftovers() throws {
        let session = try MinderSession(
            .script(
                """
                trap '' TERM HUP
                sleep 1000 & echo $! > plain
                setsid sh -c 'echo $$ > session; exec sleep 1000' &
                (setsid sh -c '(sh -c "echo \\$\\$ > double; exec sleep 1000" &)' &)
                while [ ! -s session ] || [ ! -s double ]; do sleep 0.01; done
                echo done
                """))
        let report = try session.run(session.order())
        #expect(report.text(.output) == "done\n" && report.files == [])
        for name in ["plain", "session", "double"] { #expect(try !isRunning(id(in: session, name)), "\(name)") }
    }

    @Test("A process in the background that holds standard output keeps no report waiting")
    func heldOutput() throws {
        let session = try MinderSession(.script("sleep 1000 & echo $! > left; echo done"))
        let started = SystemClock.monotonicMilliseconds()
        let report = try session.run(session.order())
        #expect(SystemClock.monotonicMilliseconds() - started < 5_000)
        #expect(report.text(.output) == "done\n")
        #expect(try !isRunning(id(in: session, "left")))
    }

    @Test("What the main process leaves to finish its output may do so for a moment")
    func farewell() throws {
        let session = try MinderSession(.script("(sleep 0.05; echo late) & echo early"))
        #expect(try session.run(session.order()).text(.output) == "early\nlate\n")
    }

    @Test("What forks all the time is ended too")
    func forking() throws {
        let session = try MinderSession(.script("setsid sh -c 'while :; do (sleep 0.01; :) & sleep 0.005; done' > /dev/null 2>&1 & sleep 0.1; echo done"))
        #expect(try session.run(session.order()).text(.output) == "done\n")
        // None is left as a child of the minder either.
        #expect(try session.run(session.order(task: 2)).text(.output) == "done\n")
    }

    @Test("A program over its limit gets TERM and may end in its own way")
    func timeout() throws {
        let session = try MinderSession(.script("trap 'echo cleaning; exit 0' TERM; echo begun; while :; do sleep 0.01; done"))
        let report = try session.run(session.order(limitMilliseconds: 200))
        #expect(report.failure == TaskFailure(.timeout, "took longer than 0.2 s: ended with SIGTERM"))
        #expect(report.text(.output) == "begun\ncleaning\n")
        #expect(report.program?.end == .exited(code: 0))
    }

    @Test("One that ignores TERM is killed when the grace is over, with all its group")
    func stubborn() throws {
        let spec = try ProgramSpec.script("trap '' TERM; sh -c 'trap \"\" TERM; echo $$ > child; sleep 1000' & wait; sleep 1000") { $0.graceMilliseconds = 100 }
        let session = try MinderSession(spec)
        let report = try session.run(session.order(limitMilliseconds: 200))
        #expect(report.failure == TaskFailure(.timeout, "took longer than 0.2 s: killed, since it went on for 0.1 s after SIGTERM"))
        #expect(report.program?.end == .killed(signal: 9))
        #expect(try !isRunning(id(in: session, "child")))
    }

    @Test("A stopped program is ended too")
    func stopped() throws {
        let session = try MinderSession(.script("kill -STOP $$"))
        #expect(try session.run(session.order(limitMilliseconds: 200)).program?.end == .killed(signal: 15))
    }

    @Test("A limit told while a program runs counts from its start, and for later ones; an order's own limit goes before it")
    func toldLimit() throws {
        let session = try MinderSession(.script("echo $$ > started; sleep $1"))
        session.send(.order(session.order("1000", task: 1)))
        _ = try id(in: session, "started")
        session.send(.limitTime(milliseconds: 300))
        #expect(try session.report().failure?.reason == .timeout)
        #expect(try session.run(session.order("1000", task: 2)).failure?.reason == .timeout)
        #expect(try session.run(session.order("0.5", task: 3, limitMilliseconds: 60_000)).files == [])
    }

    @Test("When the agent is gone the program is ended, what it made is removed, and the minder ends", arguments: ["hang up", "terminate"])
    func gone(how: String) throws {
        let spec = try ProgramSpec.script("echo half > $2; echo $$ > running; trap '' TERM; while :; do sleep 1; done", mentioned: ["out.txt"])
        let session = try MinderSession(spec)
        session.send(.order(session.order(outputs: ["out.txt"])))
        session.send(.order(session.order(task: 2, outputs: ["never.txt"])))
        let program = try id(in: session, "running")
        #expect(try session.names() == [".quire-job-1-1", "running"])
        if how == "hang up" { session.hangUp() } else { session.terminate() }
        #expect(try session.end() == .exited(code: WorkerMessage.minderEndedProgramCode))
        #expect(!isRunning(program))
        #expect(try session.names() == ["running"])
    }

    @Test("A minder without a program ends with 0 when its agent is gone", arguments: ["hang up", "terminate"])
    func idle(how: String) throws {
        let session = try MinderSession(.script("echo $1"))
        _ = try session.run(session.order())
        if how == "hang up" { session.hangUp() } else { session.terminate() }
        #expect(try session.end() == .exited(code: 0))
    }

    @Test("A killed minder takes its program with it")
    func killed() throws {
        let session = try MinderSession(.script("echo $$ > running; exec sleep 1000"))
        session.send(.order(session.order()))
        let program = try id(in: session, "running")
        session.kill()
        _ = try session.end()
        #expect(eventually { !isRunning(program) })
    }

    @Test("A program sees no descriptor of ours, no terminal, an empty input, and leads a session of its own")
    func surroundings() throws {
        let session = try MinderSession(
            .script("ls /proc/$$/fd; wc -c; (: < /dev/tty) 2> /dev/null && echo tty; ps -o sid= -p $$ | tr -d ' '; echo $$; grep -E 'Sig(Blk|Ign)' /proc/self/status"))
        let report = try session.run(session.order())
        let lines = try #require(report.text(.output)).split(separator: "\n").map(String.init)
        #expect(Array(lines.prefix(4)) == ["0", "1", "2", "0"])
        #expect(lines.count == 8 && lines[4] == lines[5])
        for line in lines.suffix(2) { #expect(line.hasSuffix("\t0000000000000000"), "\(line)") }
    }
}
