import Digests
import Foundation
import JobModel
import LinuxSystem
import Programs
import Testing
import WireProtocol

@Suite("What a program prints and how it ends")
struct CaptureTests {
    @Test("Both streams, the exit code and the cost come back")
    func streams() throws {
        let session = try MinderSession(.script("echo \"got $1\"; echo warned >&2; exit 0"))
        let report = try session.run(session.order("a b"))
        #expect(report.files == [])
        #expect(report.text(.output) == "got a b\n" && report.text(.errors) == "warned\n")
        #expect(report.program?.end == .exited(code: 0))
        #expect(report.usage.wallMicroseconds > 0 && report.usage.peakMemoryBytes > 100_000)
        let age = SystemClock.epochMilliseconds() - (report.program?.startedEpochMilliseconds ?? 0)
        #expect((0..<60_000).contains(age))
    }

    @Test("One after another, also one that is ahead in the pipe, each is reported in its turn")
    func ahead() throws {
        let session = try MinderSession(.script("echo $1"))
        for task in 0..<20 { session.send(.order(session.order("\(task)", task: task))) }
        for task in 0..<20 {
            let report = try session.report()
            #expect(report.attempt.task == TaskIndex(task) && report.text(.output) == "\(task)\n")
        }
    }

    @Test("More than a report takes lies whole in a file of the spool folder, any bytes, both streams")
    func spooled() throws {
        let session = try MinderSession(.script("head -c 1000000 /dev/zero; echo end; i=0; while [ $i -lt 3000 ]; do echo line-$i >&2; i=$((i+1)); done"))
        let report = try session.run(session.order(task: 7))
        guard case .spooled(let name, 1_000_004) = report.program?.output else {
            Issue.record("\(String(describing: report.program?.output))")
            return
        }
        let path = session.folder.appending("spool").appending(name)
        #expect(try session.content(of: path) == [UInt8](repeating: 0, count: 1_000_000) + Array("end\n".utf8))
        #expect(try FileOperation.facts(of: path).mode == 0o600)
        guard case .spooled(let errors, _) = report.program?.errors else {
            Issue.record("standard error is not spooled")
            return
        }
        let lines = (0..<3000).map { "line-\($0)\n" }.joined()
        #expect(try session.content(of: session.folder.appending("spool").appending(errors)) == Array(lines.utf8))
        #expect(name != errors)
    }

    @Test("Where what was printed cannot be stored, the report has its end, and names no file that is not there")
    func notStored() throws {
        let session = try MinderSession(.script("rmdir spool; echo warned >&2; head -c 100000 /dev/zero | tr '\\0' a"))
        let report = try session.run(session.order())
        guard case .notStored = report.outcome else {
            Issue.record("\(report)")
            return
        }
        #expect(report.program?.spooledNames == [])
        let end = report.text(.output) ?? ""
        #expect(!end.isEmpty && end.utf8.count <= 4096 && end.allSatisfy { $0 == "a" })
        #expect(report.text(.errors) == "warned\n")
    }

    @Test("What just fits travels in the report, one byte more does not", arguments: [16_384, 16_385])
    func limit(count: Int) throws {
        let session = try MinderSession(.script("head -c $1 /dev/zero"))
        let report = try session.run(session.order("\(count)"))
        #expect(report.program?.output.sizeBytes == UInt64(count))
        #expect(report.program?.spooledNames.isEmpty == (count <= ProgramResult.wholeBytesMax))
    }

    @Test("A spool folder that takes nothing is told as the disk's fault, and the program does not go on")
    func spoolFault() throws {
        let session = try MinderSession(.script("yes; exit 0"))
        var order = session.order()
        guard case .program(var program) = order.kind else { throw MinderSession.Failed(description: "no program") }
        program.spoolFolder = session.folder.appending("nowhere")
        order.kind = .program(program)
        guard case .notStored(let fault) = try session.run(order).outcome else {
            Issue.record("stored")
            return
        }
        #expect(fault.code == ENOENT)
    }

    @Test("An exit code that is not accepted fails with the last line of standard error")
    func exitCode() throws {
        let session = try MinderSession(.script("echo first >&2; printf 'the cause\\n\\n \\n' >&2; exit 3"))
        let report = try session.run(session.order())
        #expect(report.failure == TaskFailure(.exitCode, "exit code 3: the cause"))
        #expect(report.program?.end == .exited(code: 3))
    }

    @Test("The last line of much standard error is the message too, made harmless and short")
    func lastLine() throws {
        let session = try MinderSession(.script("yes | head -c 100000 >&2; printf '\\033[31mred\\007\\n' >&2; exit $1"))
        #expect(try session.run(session.order("1")).failure?.message == "exit code 1: ?[31mred?")
        let long = try MinderSession(.script("head -c 5000 /dev/zero | tr '\\0' x >&2; exit 1"))
        let message = try #require(try long.run(long.order()).failure?.message)
        #expect(message.hasPrefix("exit code 1: xxx") && message.utf8.count <= TaskFailure.messageBytesMax)
    }

    @Test("Exit codes may be accepted")
    func accepted() throws {
        let session = try MinderSession(.script("exit $1") { $0.acceptedCodes = [0, 3] })
        #expect(try session.run(session.order("3")).files == [])
        #expect(try session.run(session.order("1")).failure?.reason == .exitCode)
    }

    @Test("A signal is told by its name")
    func signal() throws {
        let session = try MinderSession(.script("echo bad >&2; kill -SEGV $$"))
        let report = try session.run(session.order())
        #expect(report.failure == TaskFailure(.signal, "ended by SIGSEGV: bad"))
        #expect(report.program?.end == .killed(signal: 11))
    }

    @Test("A forbidden text fails the task, on either stream, also across the borders of what is read at once")
    func forbidden() throws {
        let spec = try ProgramSpec.script("eval \"$1\"") { $0.forbiddenTexts = [Array("CMake Error".utf8), Array("x".utf8)] }
        let session = try MinderSession(spec)
        #expect(try session.run(session.order("echo all is well")).files == [])
        let split = try session.run(session.order("printf 'CMake '; sleep 0.05; printf Err; sleep 0.05; printf 'or in y'"))
        #expect(split.failure == TaskFailure(.output, "printed 'CMake Error' on standard output"))
        #expect(try session.run(session.order("yes | head -c 65530; printf 'CMake Error'")).failure?.reason == .output)
        #expect(try session.run(session.order("echo x >&2")).failure == TaskFailure(.output, "printed 'x' on standard error"))
        #expect(try session.run(session.order("echo CMake; echo Error")).files == [])
    }

    @Test("Lines are passed on while the program runs, whole, and all of them")
    func lines() throws {
        let session = try MinderSession(.script("echo one; printf par; read x < $1; echo tial; echo oops >&2; printf end") { $0.streamsLines = true })
        let fifo = session.folder.appending("fifo")
        #expect(fifo.withCString { mkfifo($0, 0o600) } == 0)
        session.send(.order(session.order(fifo, kind: .text)))
        guard case .printed(let attempt, .output, let bytes) = try session.next() else { throw MinderSession.Failed(description: "no line") }
        #expect(bytes == Array("one\n".utf8) && attempt == Attempt(task: TaskIndex(1), number: 1))
        // It runs still: it waits for this.
        let writer = try OpenFile(fifo, .update(mode: 0))
        try writer.append(Array("go\n".utf8))
        var printed: [ProgramStream: [UInt8]] = [:]
        let report = try session.report { if case .printed(_, let stream, let bytes) = $0 { printed[stream, default: []] += bytes } }
        #expect(printed == [.output: Array("partial\nend".utf8), .errors: Array("oops\n".utf8)])
        #expect(report.text(.output) == "one\npartial\nend")
        // Open until now: what is in a pipe that nobody has open is gone.
        #expect(try writer.facts().type == .other("named pipe"))
    }

    @Test("A program that prints faster than the agent reads waits, and nothing is lost")
    func backpressure() throws {
        let session = try MinderSession(.script("seq 1 1000000") { $0.streamsLines = true })
        session.send(.order(session.order()))
        // The minder may hold some hundred KB; the program cannot have ended.
        let memory = try #require(ProcessSample.take(of: session.id)).residentBytes
        var count = 0
        var ends = true
        let report = try session.report(seconds: 60) {
            guard case .printed(_, .output, let bytes) = $0 else { return }
            count += bytes.count
            ends = ends && bytes.last == 0x0A && bytes.count <= AgentMessage.printedBytesMax
        }
        #expect(count == 6_888_896 && ends)
        #expect(report.program?.output.sizeBytes == 6_888_896)
        #expect(try #require(ProcessSample.take(of: session.id)).residentBytes < memory + (16 << 20))
    }

    @Test("A line without an end is passed on in pieces")
    func longLine() throws {
        let session = try MinderSession(.script("head -c 200000 /dev/zero") { $0.streamsLines = true })
        session.send(.order(session.order()))
        var pieces: [Int] = []
        _ = try session.report { if case .printed(_, .output, let bytes) = $0 { pieces.append(bytes.count) } }
        #expect(pieces.reduce(0, +) == 200_000 && pieces.allSatisfy { $0 <= AgentMessage.printedBytesMax })
    }
}
