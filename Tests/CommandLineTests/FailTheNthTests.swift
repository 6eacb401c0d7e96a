import Foundation
import Testing

/// A small job that is run again and again with one fault a time.
struct SmallJob: CustomStringConvertible, Sendable {
    let words: [Name]
    /// What the same inputs were made into before, if so: its outputs are replaced.
    var earlier: [Name] = []
    var isInPlace = false
    let description: String

    static let run = SmallJob(
        words: ["quire", "run", "in", "-o", "out", "--pdf", "b.pdf", "--manifest", "sums", "--shrink", "10", "--jobs", "2", "--progress", "plain"],
        description: "quire run")
    static let pdf = SmallJob(words: ["quire", "pdf", "in", "-o", "b.pdf", "--jobs", "2", "--progress", "plain"], description: "quire pdf")

    /// The same with another recipe over the outputs of an earlier job.
    static let changed = SmallJob(words: run.words, earlier: run.words.map { $0 == "10" ? "12" : $0 }, description: "quire run with another recipe")

    /// Several volumes, several books.
    static let volumes = SmallJob(words: pdf.words + ["--volume-pages", "3"], description: "quire pdf in volumes")
    static let books = SmallJob(words: run.words.map { $0 == "b.pdf" ? "books/{dir}.pdf" : $0 }, description: "quire run with a PDF a folder")
    /// What it makes stands where its inputs stood.
    static let inPlace = SmallJob(
        words: ["quire", "run", "in", "--in-place", "--shrink", "10", "--jobs", "2", "--progress", "plain"], isInPlace: true,
        description: "quire run --in-place")

    /// A sandbox with its inputs: JPEGs and PNGs that are bound as they are, and one whose page waits in the spool.
    func box() throws -> Sandbox {
        let box = try Sandbox()
        for index in 1...6 { try box.write(TinyPicture.jpeg(16 + index), to: "in/\(index % 2)/\(index).jpg") }
        try box.write(TinyPicture.png(20), to: "in/0/p.png")
        try box.write(Self.clear, to: "in/1/clear.png")
        if !earlier.isEmpty {
            let ended = try box.run(earlier)
            guard ended.status == 0 else { throw Trouble("the earlier job: \(ended)") }
        }
        return box
    }

    /// A picture with transparency.
    private static let clear: [UInt8] = {
        do {
            let box = try Sandbox()
            _ = try box.run(["convert", "-size", "30x20", "xc:rgba(1,2,3,0.5)", "c.png"])
            return box.read("c.png") ?? []
        } catch {
            return []
        }
    }()

    /// Everything the job makes, by name.
    func made(in box: Sandbox) -> [Name: [UInt8]] {
        let names = box.files().filter { isInPlace || !$0.description.hasPrefix("in/") }
        return Dictionary(uniqueKeysWithValues: names.map { ($0, box.read($0) ?? []) })
    }

    /// `quire resume`; where the job had not begun there is nothing to resume, and the same command begins it.
    func goOn(in box: Sandbox) throws -> Ended {
        let resumed = try box.quire("resume", "--progress", "plain")
        return [0, 3].contains(resumed.status) && !made(in: box).isEmpty ? resumed : try box.run(words)
    }

    func undisturbed() throws -> [Name: [UInt8]] {
        let box = try box()
        let ended = try box.run(words)
        #expect(ended.status == 0, "\(ended)")
        let made = made(in: box)
        #expect(made["sums"] != nil || !words.contains("--manifest"))
        #expect(made.keys.contains { $0.description.hasSuffix(".pdf") } || isInPlace)
        return made
    }
}

@Suite("Fail the N-th")
struct FailTheNthTests {
    /// `scripts/soak` sets it: every number with every kind of fault. Else one kind a number, and some numbers only.
    static let isThorough = ProcessInfo.processInfo.environment["QUIRE_TEST_EVERY_FAULT"] != nil

    /// Calls that fail together, and how.
    struct Walk: CustomStringConvertible, Sendable {
        var job: SmallJob
        var calls: String
        var kinds: [Fault.Kind]
        var step = 1
        var description: String { "\(calls) of \(job)" }

        static let all: [Walk] = [SmallJob.run, .pdf].flatMap { job in
            [
                Walk(job: job, calls: "open,mkdir", kinds: [.noSpace, .inputOutput, .denied], step: 2),
                Walk(job: job, calls: "read", kinds: [.inputOutput, .denied], step: 5),
                Walk(job: job, calls: "sync", kinds: [.inputOutput, .noSpace], step: 3),
                Walk(job: job, calls: "rename,unlink", kinds: [.inputOutput, .denied]),
                Walk(job: job, calls: "write,truncate", kinds: [.noSpace, .inputOutput], step: 17),
            ]
        }
    }

    @Test("Whichever call of the head fails, nothing half-made is seen, it says what to do, and going on ends with the same bytes", arguments: Walk.all)
    func fails(_ walk: Walk) throws {
        let reference = try walk.job.undisturbed()
        var number = 1
        var round = 0
        while true {
            let kinds = Self.isThorough ? walk.kinds : [walk.kinds[round % walk.kinds.count]]
            var isReached = false
            for kind in kinds {
                // A full disk stays full.
                let fault = Fault(calls: walk.calls, kind: kind, number: number, isSticky: kind == .noSpace)
                if try disturb(walk.job, fault, reference) { isReached = true }
            }
            guard isReached else { break }
            number += Self.isThorough ? 1 : walk.step
            round += 1
        }
        #expect(round > 2, "no fault was reached")
    }

    /// One run with a fault and another to go on; false if the fault was not reached.
    private func disturb(_ job: SmallJob, _ fault: Fault, _ reference: [Name: [UInt8]]) throws -> Bool {
        let box = try job.box()
        let ended = try box.run(job.words, environment: try fault.environment(in: box))
        let places = fault.places(in: box)
        guard let place = places.first else {
            #expect(ended.status == 0, "\(fault): \(ended)")
            return false
        }
        let what = "\(fault), \(place): \(ended)"
        switch fault.kind {
        case .noSpace: #expect([0, 75].contains(ended.status), "\(what)")
        case .inputOutput: #expect([0, 75].contains(ended.status) || ended.status == 3 && place.contains("/work/in"), "\(what)")
        case .denied: #expect([0, 1, 3, 75].contains(ended.status), "\(what)")
        case .kill: #expect(ended.status == -9, "\(what)")
        }
        if ended.status != 0 {
            #expect(["same command", "again", "quire retry"].contains(where: ended.errors.contains), "no cure: \(what)")
            let isNamed = places.contains { place in
                ended.errors.contains(place.split(separator: "/").last ?? "") || place.hasSuffix("/work") || place.contains("/state/") && ended.errors.contains("journal")
            }
            #expect(isNamed, "no name: \(what)")
        }
        for (name, bytes) in job.made(in: box) {
            // A job that can be gone on with keeps the pages it has bound, and those that wait for it.
            let isKept = name.description.contains(".partial") || name.description.contains(".quire-spool-")
            #expect(isKept || !name.description.contains(".quire-"), "\(name) stays behind: \(what)")
            if isKept { continue }
            // With a file failed, its page is another; a manifest lists what is there.
            let mayDiffer = name == "sums" || name == "b.pdf" && ended.status == 3
            #expect(mayDiffer || bytes == reference[name], "\(name) is not whole: \(what)")
        }
        let again = try ended.status == 3 ? box.run(job.words) : job.goOn(in: box)
        #expect(again.status == 0, "\(what)\nagain: \(again)")
        let made = job.made(in: box)
        for name in Set(made.keys).union(reference.keys).sorted() {
            #expect(made[name] == reference[name], "\(name) differs in the end: \(what)\nagain: \(again)")
        }
        return true
    }
}
