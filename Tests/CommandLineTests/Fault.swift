import Foundation
import Glibc

/// One system call of one program that fails, or at which the program dies, by Tests/Fixtures/fail-the-nth in LD_PRELOAD.
struct Fault: CustomStringConvertible {
    enum Program: String { case head = "quire", agent = "quire-agent", worker = "quire-worker" }
    enum Kind: String { case noSpace = "ENOSPC", inputOutput = "EIO", denied = "EACCES", kill = "KILL" }

    var program = Program.head
    /// As QUIRE_FAULT_CALLS takes them.
    var calls: String
    var kind: Kind
    var number: Int
    /// From then on all counted calls fail, as on a full disk.
    var isSticky = false

    var description: String { "\(kind.rawValue)\(isSticky ? " from then on" : "") at \(program.rawValue)'s \(calls) number \(number)" }

    /// The library, compiled once for all tests.
    private static let library: Swift.Result<String, Trouble> = {
        let source = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fixtures/fail-the-nth/fail_the_nth.c")
        let target = libraryFile
        let compiler = Process()
        compiler.executableURL = URL(filePath: "/usr/bin/env")
        compiler.arguments = ["cc", "-O1", "-shared", "-fPIC", "-Wall", "-Werror", "-o", target, source.path]
        do { try compiler.run() } catch { return .failure(Trouble("cc cannot be started: \(error)")) }
        compiler.waitUntilExit()
        guard compiler.terminationStatus == 0 else { return .failure(Trouble("cc failed on \(source.path)")) }
        atexit { unlink(Fault.libraryFile) }
        return .success(target)
    }()

    private static let libraryFile = "\(temporaryFolder)/quire-fail-the-nth-\(getpid()).so"

    /// What a program is started with for the fault to happen to it, or to what it starts.
    func environment(in box: Sandbox) throws -> [String: String] {
        let library = try Self.library.get()
        var variables = [
            "QUIRE_FAULT_PROGRAM": program.rawValue, "QUIRE_FAULT_BELOW": box.work + ":" + box.state, "QUIRE_FAULT_CALLS": calls, "QUIRE_FAULT_AT": "\(number)",
            "QUIRE_FAULT_KIND": kind.rawValue, "QUIRE_FAULT_MARK": mark(in: box),
        ]
        if isSticky { variables["QUIRE_FAULT_STICKY"] = "1" }
        switch program {
        case .head, .agent: variables["LD_PRELOAD"] = library
        case .worker:
            // Workers inherit little, but what begins with QUIRE_.
            let script = "#!/bin/sh\nLD_PRELOAD=\(library) exec \(builtPrograms)/quire-worker \"$@\"\n"
            try box.write(script, to: Name(box.root + "/worker"))
            try box.setMode(Name(box.root + "/worker"), 0o755)
            variables["QUIRE_WORKER"] = box.root + "/worker"
        }
        return variables
    }

    private func mark(in box: Sandbox) -> String { box.root + "/fault" }

    /// The calls that failed, each with its file; none when the fault was not reached.
    func places(in box: Sandbox) -> [String] { box.text(Name(mark(in: box))).split(separator: "\n").map { String($0) } }
}
