import Digests
import Foundation
import JobModel
import LinuxSystem
import Programs
import Testing
import WireProtocol

@Suite("Inputs, arguments and outputs of programs")
struct OutputTests {
    @Test("An output that an argument names is written beside its target under its own name, and is not there yet")
    func mentioned() throws {
        let session = try MinderSession(.script("echo \"$2\" > \"$2\"; echo more > \"$3\"", mentioned: ["a/out one.txt", "two.txt"]))
        let report = try session.run(session.order(outputs: ["a/out one.txt", "two.txt"]))
        let files = try #require(report.files)
        #expect(files.map(\.page) == [1, 2])
        #expect(files[0].temp == session.folder.appending("a/.quire-job-1-1/out one.txt"))
        #expect(files[1].temp == session.folder.appending(".quire-job-1-1/two.txt"))
        let content = try session.content(of: files[0].temp)
        #expect(content == files[0].temp.bytes + [0x0A])
        #expect(files[0].digest == SHA256Stream.digest(of: content) && files[0].sizeBytes == UInt64(content.count))
        #expect(try session.names() == [".quire-job-1-1", "a"] && session.names(in: "a") == [".quire-job-1-1"])
    }

    @Test("An output that no argument names is at its final place, in folders that were made for it")
    func unmentioned() throws {
        let session = try MinderSession(.script("echo made > sub/x.$1", returns: ["sub/x.txt"]))
        let report = try session.run(session.order("txt", outputs: ["sub/x.txt"]))
        #expect(report.files?.map(\.temp) == [session.folder.appending("sub/x.txt")])
        #expect(try session.names(in: "sub") == ["x.txt"])
    }

    @Test("A failed try leaves nothing, but what was there before stays")
    func failed() throws {
        let session = try MinderSession(.script("echo new > \"$2\"; echo new > kept.txt; echo new > fresh.txt; exit 1", mentioned: ["m.txt"], returns: ["m.txt", "kept.txt", "fresh.txt"]))
        _ = try session.write("old", to: "kept.txt")
        let report = try session.run(session.order(outputs: ["m.txt", "kept.txt", "fresh.txt"]))
        #expect(report.failure?.reason == .exitCode)
        #expect(try session.names() == ["kept.txt"])
    }

    @Test("A promised output that is missing, and one that is no file, fail the task; an empty one does where that was asked for")
    func faults() throws {
        func failure(_ script: String, expects: Bool = false) throws -> TaskFailure? {
            let session = try MinderSession(.script(script, mentioned: ["sub/x.mkv"]) { $0.expectsOutput = expects })
            let report = try session.run(session.order(outputs: ["sub/x.mkv"]))
            if report.failure != nil { #expect(try session.names(in: "sub") == []) }
            return report.failure
        }
        #expect(try failure(":") == TaskFailure(.output, "made no output sub/x.mkv"))
        #expect(try failure("mkdir $2") == TaskFailure(.output, "made a folder as output sub/x.mkv, not a file"))
        #expect(try failure("ln -s /etc/passwd $2") == TaskFailure(.output, "made a link as output sub/x.mkv, not a file"))
        #expect(try failure(": > $2") == nil)
        #expect(try failure(": > $2", expects: true) == TaskFailure(.output, "made an empty output sub/x.mkv"))
        #expect(try failure("echo x > $2", expects: true) == nil)
    }

    @Test("Folders nested deeper than any path can be, and closed to all, go with a failed try")
    func nested() throws {
        let name = String(repeating: "d", count: 200)
        let session = try MinderSession(
            .script("cd $(dirname $2); i=0; while [ $i -lt 40 ]; do mkdir \(name) && cd -P \(name) || exit 2; echo > file; i=$((i + 1)); done; chmod 0 .; exit 1", mentioned: ["x"]))
        #expect(try session.run(session.order(outputs: ["x"])).program?.end == .exited(code: 1))
        #expect(try session.names() == [])
    }

    @Test("An output that cannot be read is the program's fault and not the disk's")
    func unreadable() throws {
        let session = try MinderSession(.script("ln -s loop.txt loop.txt", returns: ["loop.txt"]))
        let failure = try session.run(session.order(outputs: ["loop.txt"])).failure
        #expect(failure?.reason == .output && failure?.message.contains("loop.txt") == true, "\(String(describing: failure))")
        #expect(try session.names() == [])
    }

    @Test("A file beside the output that nobody declared fails the task by name")
    func undeclared() throws {
        let session = try MinderSession(.script("echo > $2; echo > $(dirname $2)/x.log", mentioned: ["x.mkv"]))
        #expect(try session.run(session.order(outputs: ["x.mkv"])).failure == TaskFailure(.output, "left 1 undeclared output x.log; add --return"))
        #expect(try session.names() == [])
    }

    @Test("What a killed minder left under an attempt's name does not get in the way")
    func stale() throws {
        let session = try MinderSession(.script("echo > $2", mentioned: ["x"]))
        try FileOperation.createFolders(session.folder.appending(".quire-job-1-1"))
        _ = try session.write("old", to: ".quire-job-1-1/other")
        #expect(try session.run(session.order(outputs: ["x"])).files?.count == 1)
    }

    @Test("A folder that may not be written to is told as denied, without starting anything", .enabled(if: OwnProcess.user != 0, "root may write anywhere"))
    func denied() throws {
        let session = try MinderSession(.script("echo > started", mentioned: ["sub/x"]))
        try FileOperation.createFolders(session.folder.appending("sub"), mode: 0o500)
        #expect(try session.run(session.order(outputs: ["sub/x"])).failure?.reason == .denied)
        #expect(try session.names() == ["sub"])
    }

    @Test("New files have the mode that the head's user gives files, folders that of folders")
    func mask() throws {
        let session = try MinderSession(.script("echo > f; mkdir d"), fileMode: 0o640)
        _ = try session.run(session.order())
        #expect(try FileOperation.facts(of: session.folder.appending("f")).mode == 0o640)
        #expect(try FileOperation.facts(of: session.folder.appending("d")).mode == 0o750)
    }

    // Inputs.

    @Test("An input that is gone, or not as it was planned, is told so and nothing is started")
    func inputs() throws {
        let session = try MinderSession(.script("echo ran >> ran; cat $1"))
        let identity = try session.write("content", to: "in.txt")
        #expect(try session.run(session.order("in.txt", kind: .file, identity: identity)).text(.output) == "content")
        _ = try session.write("contenu", to: "in.txt")
        #expect(try session.run(session.order("in.txt", kind: .file, identity: identity)).failure == TaskFailure(.changed, "modified since it was planned"))
        _ = try session.write("longer content", to: "in.txt")
        #expect(try session.run(session.order("in.txt", kind: .file, identity: identity)).failure == TaskFailure(.changed, "planned with 7 bytes, it has 14 now"))
        #expect(try session.run(session.order("no.txt", kind: .file, identity: identity)).failure == TaskFailure(.vanished, "it is not there any more"))
        #expect(try session.run(session.order("in.txt", kind: .folder)).failure?.reason == .changed)
        #expect(try session.run(session.order("spool", kind: .folder)).failure?.reason == .exitCode)
        #expect(try session.text(of: "ran") == "ran\nran\n")
    }

    @Test("Any bytes in names and arguments pass exactly", arguments: [
        Array("a b'c\"d$e`f\\g*h?.txt".utf8), Array("-rf --".utf8), [0xFF, 0xC3, 0x28, 0x0A, 0x09, 0x7F, 0x01] + Array("é".utf8), Array("{}{.}{#}".utf8),
    ])
    func bytes(name: [UInt8]) throws {
        let spec = try ProgramSpec(words: ["/bin/sh", "-c", "printf %s \"$1\"; cat -- \"$1\" > \"$2\"", "sh", "{}", "{}.out"].map { Array($0.utf8) }, returns: [Array("{}.out".utf8)])
        let session = try MinderSession(spec)
        let path = RawPath(bytes: name)
        let file = try OpenFile(session.folder.appending(path), .create(mode: 0o600))
        try file.write(Array("content".utf8), at: 0)
        let output = session.folder.appending(RawPath(bytes: name + Array(".out".utf8)))
        let report = try session.run(session.order(path, kind: .file, outputs: [output], identity: try file.facts().identity))
        guard case .whole(name)? = report.program?.output else {
            Issue.record("\(report)")
            return
        }
        let made = try #require(report.files?.first)
        #expect(try session.content(of: made.temp) == Array("content".utf8) && made.temp.lastComponent == output.lastComponent)
    }

    // Starting.

    @Test("A program that cannot be started is told why, in the words of a person")
    func absent() throws {
        func message(_ word: String, changing: (inout WorkOrder) -> Void = { _ in }) throws -> String? {
            let session = try MinderSession(ProgramSpec(words: [Array(word.utf8)]))
            _ = try session.write("#!/no/such/interpreter\n", to: "script")
            try FileOperation.setMode(session.folder.appending("script"), 0o755)
            var order = session.order()
            changing(&order)
            let report = try session.run(order)
            #expect(report.failure?.reason == .exitCode && report.program == nil)
            return report.failure?.message
        }
        #expect(try message("no-such-program") == "cannot be started: there is no program no-such-program")
        #expect(try message("./spool") == "cannot be started: there is no program ./spool")
        #expect(try message("./script") == "cannot be started: No such file or directory")
        let elsewhere = try message("true") { order in
            guard case .program(var program) = order.kind else { return }
            program.workingFolder = RawPath("/no/such/folder")
            order.kind = .program(program)
        }
        #expect(elsewhere == "cannot be started: its working folder cannot be entered: No such file or directory")
    }

    @Test("A program is looked for as a shell does: in the PATH, also a changed one, or by its path; a script may say nothing of its shell")
    func lookup() throws {
        let session = try MinderSession(ProgramSpec(words: ["./tool", "{}"].map { Array($0.utf8) }))
        _ = try session.write("echo tool says $1\n", to: "tool")
        try FileOperation.setMode(session.folder.appending("tool"), 0o755)
        #expect(try session.run(session.order("hello")).text(.output) == "tool says hello\n")
        var spec = try ProgramSpec(words: ["tool", "{}"].map { Array($0.utf8) })
        spec.environment = [EnvironmentVariable(name: Array("PATH".utf8), value: Array("/nowhere:".utf8) + session.folder.bytes)]
        let other = try MinderSession(spec)
        #expect(try other.run(other.order("again")).text(.output) == "tool says again\n")
    }

    @Test("The environment is the minder's own with what was added, each name once")
    func environment() throws {
        let spec = try ProgramSpec.script("env") {
            $0.environment = [EnvironmentVariable(name: Array("MINE".utf8), value: [0xFF, 0x3D]), EnvironmentVariable(name: Array("HOME".utf8), value: Array("/h".utf8))]
        }
        let session = try MinderSession(spec, variables: ["GIVEN=1 2"])
        let report = try session.run(session.order())
        guard case .whole(let bytes)? = report.program?.output else { throw MinderSession.Failed(description: "\(report)") }
        let lines = bytes.split(separator: 0x0A).map(Array.init)
        #expect(lines.contains(Array("GIVEN=1 2".utf8)) && lines.contains(Array("MINE=".utf8) + [0xFF, 0x3D]))
        #expect(lines.filter { $0.starts(with: Array("HOME=".utf8)) } == [Array("HOME=/h".utf8)])
    }

    // Mirrors.

    @Test("In a mirror all lies below it, and the program has a place of its own for what it needs meanwhile")
    func mirror() throws {
        let session = try MinderSession(.script("pwd; cat in.txt; echo \"$2\"; echo x > \"$2\"; echo y > $TMPDIR/t; echo $TMPDIR", mentioned: ["out/x.txt"]))
        let mirror = session.folder.appending("tree")
        let inside = RawPath(bytes: mirror.bytes + session.folder.bytes)
        try FileOperation.createFolders(inside)
        let input = try OpenFile(inside.appending("in.txt"), .create(mode: 0o600))
        try input.write(Array("input\n".utf8), at: 0)
        let order = session.order(
            RawPath("in.txt"), kind: .file, outputs: [session.folder.appending("out/x.txt")], identity: try input.facts().identity, mirror: mirror,
            input: inside.appending("in.txt"))
        let report = try session.run(order)
        let temporary = session.folder.appending("tree-tmp")
        #expect(report.text(.output) == "\(inside)\ninput\n\(inside)/out/x.txt\n\(temporary)\n")
        #expect(report.files?.map(\.temp) == [inside.appending("out/x.txt")])
        #expect(try FileOperation.factsIfPresent(of: temporary) == nil)
        #expect(try session.names() == ["tree"])
    }

    @Test("A file in a mirror that nobody declared fails the task by name")
    func undeclaredInMirror() throws {
        let session = try MinderSession(.script("echo > extra.mkv; echo changed > in.txt; mkdir empty"))
        let mirror = session.folder.appending("tree")
        let inside = RawPath(bytes: mirror.bytes + session.folder.bytes)
        try FileOperation.createFolders(inside)
        let input = try OpenFile(inside.appending("in.txt"), .create(mode: 0o600))
        let order = session.order(
            RawPath("in.txt"), kind: .file, identity: try input.facts().identity, mirror: mirror, input: inside.appending("in.txt"))
        #expect(try session.run(order).failure == TaskFailure(.output, "left 1 undeclared output extra.mkv; add --return"))
    }
}
