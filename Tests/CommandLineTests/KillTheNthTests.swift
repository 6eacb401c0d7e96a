import Foundation
import Glibc
import Testing

/// Every boundary between two calls is a moment at which a program may be killed; those of the plan, of dispatch, of temp files,
/// of winners and their names, of checkpoints and volumes are all among them.
@Suite("Killed at the N-th")
struct KillTheNthTests {
    struct Walk: CustomStringConvertible, Sendable {
        var job = SmallJob.run
        var program: Fault.Program
        var calls: String
        var step = 1
        var description: String { "\(program.rawValue) at \(calls) of \(job)" }

        static let all = [
            // Each sync is a fact that became durable, each rename one that became visible.
            Walk(program: .head, calls: "sync,rename", step: 3),
            Walk(program: .head, calls: "open,mkdir,unlink,truncate,pipe", step: 7),
            Walk(program: .head, calls: "write", step: 29),
            Walk(job: .changed, program: .head, calls: "sync,rename", step: 3),
            Walk(job: .pdf, program: .head, calls: "sync,rename,pipe", step: 4),
            Walk(job: .volumes, program: .head, calls: "rename"),
            Walk(job: .books, program: .head, calls: "rename,sync", step: 4),
            Walk(job: .inPlace, program: .head, calls: "rename,sync", step: 2),
            Walk(program: .agent, calls: "read,sync,pipe", step: 5),
            Walk(program: .worker, calls: "read,open,write,unlink,pipe", step: 2),
        ]
    }

    @Test("Whenever it dies, nothing half-made has a final name, and going on ends with the same bytes", arguments: Walk.all)
    func dies(_ walk: Walk) throws {
        let reference = try walk.job.undisturbed()
        var number = 1
        while try kill(walk, number, reference) { number += FailTheNthTests.isThorough ? 1 : walk.step }
        #expect(number > walk.step, "it was never killed")
    }

    private func kill(_ walk: Walk, _ number: Int, _ reference: [Name: [UInt8]]) throws -> Bool {
        let fault = Fault(program: walk.program, calls: walk.calls, kind: .kill, number: number)
        let box = try walk.job.box()
        let earlier = walk.job.made(in: box)
        let ended = try box.run(walk.job.words, environment: try fault.environment(in: box))
        guard let place = fault.places(in: box).first else {
            #expect(ended.status == 0, "\(fault): \(ended)")
            return false
        }
        let what = "\(fault), \(place): \(ended)"
        switch walk.program {
        case .head: #expect(ended.status == -9, "\(what)")
        // One that dies before it has ever worked is nothing to go on with.
        case .agent: #expect([0, 5, 75].contains(ended.status), "\(what)")
        case .worker: #expect(ended.status == 0, "one death is no verdict: \(what)")
        }
        for (name, bytes) in walk.job.made(in: box) where !name.description.contains(".quire-") {
            #expect(bytes == reference[name] || bytes == earlier[name], "\(name) is not whole: \(what)")
        }
        // Agent and workers of a dead head end by themselves; what they are about to write is theirs until then.
        try eventually("no worker is left") { ProcessTree.below(box.root).isEmpty }
        if ended.status != 0 {
            let again = try walk.job.goOn(in: box)
            #expect(again.status == 0, "\(what)\nagain: \(again)")
        }
        let made = walk.job.made(in: box)
        for name in Set(made.keys).union(reference.keys).sorted() {
            #expect(made[name] == reference[name], "\(name) differs in the end: \(what)")
        }
        return true
    }
}

extension ProcessTree {
    /// Programs of ours whose working folder is below `folder`.
    static func below(_ folder: String) -> [pid_t] {
        let numbers = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }
        return numbers.filter { process in
            let place = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/cwd")) ?? ""
            return place.hasPrefix(folder) && isAlive(process)
        }
    }
}
