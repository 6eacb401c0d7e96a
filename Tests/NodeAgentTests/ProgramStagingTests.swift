import Foundation
import Glibc
import JobModel
import LinuxSystem
import Programs
import Staging
import Testing
import WireProtocol

@Suite("Programs on a host that has none of the head's files", .serialized)
struct ProgramStagingTests {
    private let odd = RawPath(bytes: Array("od\u{e4} ' ".utf8) + [0xFF, 0x0A] + Array("x.txt".utf8))

    private func leave(nothingOn host: ProgramHost) throws {
        try host.session.serve { host.leftovers.isEmpty }
        host.session.hangUp()
        #expect(try host.session.wait() == .exited(code: 0))
        #expect(try FileManager.default.contentsOfDirectory(atPath: host.scratch.path).isEmpty)
    }

    @Test("Every argument finds its file: odd names, folders above the working folder, equal names, absolute paths; outputs come back")
    func places() throws {
        let host = try ProgramHost(["sh", "-c", "cat \"$0\" \"$0\" > \"$1\"; pwd -P; cat \"$0\"", "{}", "{.}.out"], returns: ["{.}.out"], slots: 2)
        let arguments = [odd, RawPath("../data/a.txt"), RawPath("../other/a.txt"), RawPath("sub/../b.txt"), RawPath(host.head.path).appending("absolute/a.txt")]
        for (task, argument) in arguments.enumerated() { try host.file(argument, Array("content \(task)\n".utf8)) }
        try FileOperation.createFolders(host.workingFolder.appending("sub"))
        let reports = try host.run(try arguments.enumerated().map { try host.order($0, $1) })
        for task in arguments.indices {
            let report = reports[TaskIndex(task)]
            let name = RawPath(".quire-job-\(task)-1-1")
            #expect(try host.made(report) == [name])
            #expect(try host.returned(name) == "content \(task)\ncontent \(task)\n")
            // It stood where its user stands, below a folder of its own.
            let lines = host.printed(report).split(separator: "\n")
            #expect(lines.first?.hasSuffix(host.workingFolder.display) == true)
            #expect(lines.first?.hasPrefix(host.scratch.path) == true)
            #expect(lines.last == "content \(task)")
        }
        try leave(nothingOn: host)
    }

    @Test("A path with more .. than there are folders ends in the mirror and not beside it")
    func aboveRoot() throws {
        let host = try ProgramHost(["sh", "-c", "echo \"$0\"; cat \"$0\""])
        let argument = RawPath(String(repeating: "../", count: 40) + host.head.path.dropFirst() + "/a.txt")
        try host.file(RawPath("../a.txt"), Array("content\n".utf8))
        let lines = host.printed(try host.run([try host.order(0, argument)])[TaskIndex(0)]).split(separator: "\n")
        #expect(lines.first?.hasPrefix(host.scratch.path) == true)
        #expect(lines.last == "content")
        try leave(nothingOn: host)
    }

    @Test("Inputs and outputs keep their permissions on the way", arguments: [0o755, 0o640, 0o444, 0o4700])
    func modes(mode: UInt32) throws {
        let host = try ProgramHost(["sh", "-c", "stat -c %a {}; cp -p {} {}.copy; : > {}.new; chmod 2710 {}.new"], returns: ["{}.copy", "{}.new"])
        try host.file(RawPath("tool"), Array("#!/bin/sh\n".utf8), mode: mode)
        let report = try host.run([try host.order(0, RawPath("tool"))])[TaskIndex(0)]
        #expect(host.printed(report) == String(mode & 0o777, radix: 8) + "\n")
        let modes = try host.made(report).map { try FileOperation.facts(of: RawPath(host.target.path).appending($0)).mode }
        #expect(modes == [mode & 0o777, 0o710])
        try leave(nothingOn: host)
    }

    @Test("Outputs that no argument names, in folders that are not there yet and at absolute paths, come back in the order declared")
    func returns() throws {
        let elsewhere = "/var/tmp/quire-no-such-\(UUID().uuidString)"
        let host = try ProgramHost(
            ["sh", "-c", "echo 1 > new/deep/{/.}.one; echo 2 > \"$1\"; echo 3 > three; cat {}", "x", "\(elsewhere)/{/.}.two"],
            returns: ["new/deep/{/.}.one", "\(elsewhere)/{/.}.two", "three"])
        try host.file(RawPath("a.txt"))
        let report = try host.run([try host.order(7, RawPath("a.txt"))])[TaskIndex(7)]
        let names = (1...3).map { RawPath(".quire-job-7-1-\($0)") }
        #expect(try host.made(report) == names)
        #expect(try names.map(host.returned) == ["1\n", "2\n", "3\n"])
        #expect(!FileManager.default.fileExists(atPath: elsewhere), "it is the head's path, not this host's")
        try leave(nothingOn: host)
    }

    @Test("A folder comes with all that is in it, times, rights and empty folders too")
    func folders() throws {
        let host = try ProgramHost(["sh", "-c", "cd \"$0\" && find . | LC_ALL=C sort && ./run.sh && stat -c %Y run.sh > when"], returns: ["{}/when"], kind: .folder)
        try host.file(RawPath("project/run.sh"), Array("#!/bin/sh\ncat deep/er/data.txt\n".utf8), mode: 0o755)
        try host.file(RawPath("project/deep/er/data.txt"), Array("the data\n".utf8))
        try host.file(RawPath("project/none"))
        try FileOperation.createFolders(host.workingFolder.appending("project/empty"))
        let modified = InputIdentity(sizeBytes: 0, modifiedNanoseconds: 1_000_000_000 * 86_400)
        try OpenFile(host.workingFolder.appending("project/run.sh"), .update(mode: 0o755)).setModified(nanoseconds: modified.modifiedNanoseconds)
        let parts = try ["deep", "deep/er", "deep/er/data.txt", "empty", "none", "run.sh"].map { try host.carried(RawPath("project/\($0)")) }
        let report = try host.run([try host.order(0, RawPath("project"), kind: .folder, parts: parts)])[TaskIndex(0)]
        #expect(host.printed(report) == ".\n./deep\n./deep/er\n./deep/er/data.txt\n./empty\n./none\n./run.sh\nthe data\n")
        #expect(try host.returned(try host.made(report)[0]) == "86400\n")
        try leave(nothingOn: host)
    }

    @Test("An empty folder, and a line that is no file, wait for nothing")
    func nothingToSend() throws {
        let folders = try ProgramHost(["sh", "-c", "ls -A \"$0\" | wc -l"], kind: .folder)
        try FileOperation.createFolders(folders.workingFolder.appending("void"))
        #expect(folders.printed(try folders.run([try folders.order(0, RawPath("void"), kind: .folder)])[TaskIndex(0)]) == "0\n")
        let lines = try ProgramHost(["sh", "-c", "echo \"<$0>\""], kind: .text)
        #expect(lines.printed(try lines.run([try lines.order(0, RawPath("/a/line"), kind: .text)])[TaskIndex(0)]) == "</a/line>\n")
        try leave(nothingOn: lines)
    }

    @Test("Files for all tasks come once, stand in their places in every mirror, and are for reading")
    func carried() throws {
        let host = try ProgramHost(["sh", "-c", "../tools/run.sh \"$0\" && stat -c %a ../tools/table && test -d ../tools/none"])
        try host.file(RawPath("../tools/run.sh"), Array("#!/bin/sh\ncat \"$1\" ../tools/table\n".utf8), mode: 0o755)
        try host.file(RawPath("../tools/table"), Array("table\n".utf8), mode: 0o664)
        try FileOperation.createFolders(host.workingFolder.appending("../tools/none"))
        for task in 0..<3 { try host.file(RawPath("\(task).txt"), Array("task \(task)\n".utf8)) }
        let orders = try (0..<3).map { try host.order($0, RawPath("\($0).txt")) }
        // The orders come first to have their input: they wait for the others all the same.
        let list = try ["../tools", "../tools/none", "../tools/run.sh", "../tools/table"].map { try host.carried(RawPath($0)) }
        host.session.send(.carry(list))
        host.session.send(.assignStaged(orders))
        for order in orders { host.sendFiles(of: order) }
        for (index, file) in list.enumerated() {
            if case .file(let identity) = file.kind { host.send(file.path, as: .carried(UInt32(index)), identity) }
        }
        let reports = try host.session.reports(3)
        for task in 0..<3 { #expect(host.printed(reports[TaskIndex(task)]) == "task \(task)\ntable\n444\n") }
        #expect(try host.session.staging!.sent.drain(5).count == 5, "three inputs and two files for all")
        try leave(nothingOn: host)
    }

    @Test("A program that spoils a file for all tasks fails the next that would be given it")
    func spoilt() throws {
        // Others than root are kept from writing.
        guard geteuid() == 0 else { return }
        let host = try ProgramHost(["sh", "-c", "echo more >> shared"])
        try host.file(RawPath("shared"), Array("once\n".utf8))
        for task in 0..<2 { try host.file(RawPath("\(task).txt")) }
        host.carry([try host.carried(RawPath("shared"))])
        _ = try host.made(try host.run([try host.order(0, RawPath("0.txt"))])[TaskIndex(0)])
        let failure = try host.failure(of: try host.run([try host.order(1, RawPath("1.txt"))])[TaskIndex(1)])
        #expect(failure.reason == .changed)
        #expect(failure.message.contains("work/shared, which --send gives to all tasks for reading"))
    }

    @Test("What is left and was not declared fails the task by name; changed inputs, empty folders and TMPDIR do not")
    func undeclared() throws {
        let host = try ProgramHost(
            ["sh", "-c", "echo x >> \"$0\"; mkdir -p hollow/er; echo > $TMPDIR/t; echo o > \"$1\"; sh ./\"$0\"", "{}", "{.}.out"], returns: ["{.}.out"])
        try host.file(RawPath("fine.sh"), Array("exit 0; ".utf8))
        try host.file(RawPath("one.sh"), Array("echo > x.mkv; exit 0; ".utf8))
        try host.file(RawPath("many.sh"), Array("mkdir -p new; ln -s /x new/c; touch b a ../up 'd e'; exit 0; ".utf8))
        try host.file(RawPath("wrong.sh"), Array("touch left; echo because >&2; exit 3; ".utf8))
        let reports = try host.run(try ["fine.sh", "one.sh", "many.sh", "wrong.sh"].enumerated().map { try host.order($0, RawPath($1)) })
        #expect(try host.made(reports[TaskIndex(0)]).count == 1)
        #expect(try host.failure(of: reports[TaskIndex(1)]) == TaskFailure(.output, "left 1 undeclared output x.mkv; add --return"))
        let many = try host.failure(of: reports[TaskIndex(2)]).message
        #expect(many.hasPrefix("left 5 undeclared outputs "))
        #expect(many.hasSuffix(" and 2 more; add --return"))
        #expect(many.contains("/up, a, b"), "\(many): outside the working folder by its whole path, before the others")
        let wrong = try host.failure(of: reports[TaskIndex(3)])
        #expect(wrong.reason == .exitCode)
        #expect(wrong.message.contains("because"))
        try leave(nothingOn: host)
        let came = host.arrived.map { if case .arrived(.output(let attempt, _), _, _) = $0 { attempt.task.position } else { -1 } }
        #expect(came == [0], "of attempts that failed no output comes")
    }

    @Test("All that a program prints comes before its report, also when it failed and when its files are shared", arguments: [true, false])
    func printing(isStaged: Bool) throws {
        let host = try ProgramHost(["sh", "-c", "seq 30000; seq 40000 >&2; exit $0", "{}"], kind: .text, slots: 2, isShared: !isStaged)
        let orders = try ["0", "1"].enumerated().map { try host.order($0, RawPath($1), kind: .text, isStaged: isStaged) }
        let reports = try host.run(orders)
        for (task, code) in [(0, Int32(0)), (1, 1)] {
            let result = reports[TaskIndex(task)]?.program
            #expect(result?.end == .exited(code: code))
            guard case .spooled(let output, _)? = result?.output, case .spooled(let errors, let size)? = result?.errors else {
                Issue.record("\(String(describing: result))")
                continue
            }
            #expect(try host.returned(RawPath("spooled\(output)")).hasSuffix("\n30000\n"))
            #expect(try host.returned(RawPath("spooled\(errors)")).utf8.count == Int(size))
        }
        try leave(nothingOn: host)
    }

    @Test("On shared files outputs stay where they were made, whatever the program printed")
    func sharedOutputs() throws {
        let host = try ProgramHost(["sh", "-c", "echo made > \"$1\"; seq 30000", "{}", "{.}.out"], returns: ["{.}.out"], isShared: true)
        let input = try host.file(RawPath("a.txt"))
        let report = try host.run([try host.order(0, RawPath("a.txt"), isStaged: false)])[TaskIndex(0)]
        let made = try host.made(report)
        #expect(made.map(\.lastComponent) == [RawPath("a.out")])
        #expect(made.first?.isInside(input.parent) == true)
        #expect(try ProgramHost.text(made[0]) == "made\n")
        guard case .spooled(let name, _)? = report?.program?.output else { throw ProgramHost.Unexpected(description: "\(String(describing: report))") }
        #expect(try host.returned(RawPath("spooled\(name)")).hasSuffix("\n30000\n"))
        try leave(nothingOn: host)
    }

    @Test("A cancelled program ends before its mirror goes; one that was given back runs when it comes again")
    func cancelAndRetract() throws {
        let host = try ProgramHost(["sh", "-c", "while :; do echo x >> grows; sleep 0.01; done", "{}"])
        for task in 0..<3 { try host.file(RawPath("\(task).txt")) }
        let orders = try (0..<3).map { try host.order($0, RawPath("\($0).txt")) }
        host.session.send(.assignStaged(orders))
        host.sendFiles(of: orders[0])
        try host.session.serve { host.leftovers.contains { $0.hasSuffix("grows") } }
        host.session.send(.retract([TaskIndex(1)]))
        #expect(try host.session.next { if case .released = $0 { true } else { false } } == .released([TaskIndex(1)]))
        host.session.send(.cancel([orders[2].order.attempt]))
        #expect(try host.session.next { if case .released = $0 { true } else { false } } == .released([TaskIndex(2)]))
        host.session.send(.cancel([orders[0].order.attempt]))
        #expect(try host.session.next { if case .released = $0 { true } else { false } } == .released([TaskIndex(0)]))
        try host.session.serve { host.leftovers.isEmpty }
        host.session.send(.assignStaged([orders[1]]))
        host.sendFiles(of: orders[1])
        try host.session.serve { host.leftovers.contains { $0.hasSuffix("grows") } }
        host.session.hangUp()
        _ = try host.session.wait()
        #expect(try FileManager.default.contentsOfDirectory(atPath: host.scratch.path).isEmpty)
    }

    @Test("A head that goes while its files are on their way leaves nothing of them on the host")
    func headGone() throws {
        let host = try ProgramHost(["true"], kind: .folder)
        var parts: [CarriedFile] = []
        for name in 0..<800 {
            try host.file(RawPath("project/sub-\(name)/x"), [1])
            parts += [try host.carried(RawPath("project/sub-\(name)")), try host.carried(RawPath("project/sub-\(name)/x"))]
        }
        let order = try host.order(0, RawPath("project"), kind: .folder, parts: parts)
        host.session.send(.assignStaged([order]))
        host.sendFiles(of: order)
        try host.session.serve { host.leftovers.count > 100 }
        host.session.hangUp()
        #expect(try host.session.wait() == .exited(code: 0))
        #expect(try FileManager.default.contentsOfDirectory(atPath: host.scratch.path).isEmpty, "\(host.leftovers.prefix(3))")
    }

    @Test("A folder that scratch has no room for is the disk's fault, and leaves nothing")
    func fullScratch() throws {
        guard geteuid() == 0 else { return }
        let scratch = try TemporaryFolder()
        guard mount("tmpfs", scratch.path, "tmpfs", 0, "size=2m") == 0 else { return }
        defer { umount2(scratch.path, Int32(MNT_DETACH)) }
        let host = try ProgramHost(["sh", "-c", "cat \"$0\"/small"], kind: .folder, scratch: scratch)
        try host.file(RawPath("big/one"), [UInt8](repeating: 1, count: 1_500_000))
        try host.file(RawPath("big/two"), [UInt8](repeating: 2, count: 1_500_000))
        try host.file(RawPath("tiny/small"), Array("it fits\n".utf8))
        let big = try host.order(0, RawPath("big"), kind: .folder, parts: [try host.carried(RawPath("big/one")), try host.carried(RawPath("big/two"))])
        guard case .notStored(let fault)? = try host.run([big])[TaskIndex(0)]?.outcome else { throw ProgramHost.Unexpected(description: "stored") }
        #expect(fault.code == ENOSPC)
        let tiny = try host.order(1, RawPath("tiny"), kind: .folder, parts: [try host.carried(RawPath("tiny/small"))])
        #expect(host.printed(try host.run([tiny])[TaskIndex(1)]) == "it fits\n")
        try host.session.serve { host.leftovers.isEmpty }
    }
}
