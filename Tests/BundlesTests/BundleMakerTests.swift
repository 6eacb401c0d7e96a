import Bundles
import Digests
import Foundation
import JobModel
import LinuxSystem
import Recipes
import Testing
import WireProtocol

@Suite("Bundles of the installed programs", .serialized)
struct BundleMakerTests {
    @Test("An agent starts from its bundle where there is no library at all", .enabled(if: canHideLibraries))
    func agent() throws {
        let scratch = try Scratch()
        let bundle = try freshMaker(scratch).agent(product("quire-agent"))
        try bundle.unpack(into: scratch.path("bundle"))
        let start = BundleLayout.agentStart(in: scratch.path("bundle"))
        let (status, output, errors) = try run(start, ["--version"], hidesLibraries: true)
        #expect(status == 0, "\(errors)")
        #expect(output == (try run(ProgramStart(product("quire-agent")), ["--version"]).output))
        // The test would say nothing if the installed agent started there too.
        #expect(try run(ProgramStart(product("quire-agent")), ["--version"], hidesLibraries: true).status != 0)
    }

    @Test("A worker from its bundle, with no library beside, makes the very bytes of the installed one", .enabled(if: canHideLibraries))
    func worker() throws {
        let scratch = try Scratch()
        let bundle = try freshMaker(scratch).worker(product("quire-worker"))
        try bundle.unpack(into: scratch.path("bundle"))
        let bundled = BundleLayout.workerStart(in: scratch.path("bundle"))
        let installed = ProgramStart(try product("quire-worker"))
        // The version names the program's own digest: it must find itself behind the loader.
        let version = try run(installed, ["--version"]).output
        #expect(try run(bundled, ["--version"], hidesLibraries: true).output == version)
        #expect(try run(BundleLayout.workerOnHostLibraries(in: scratch.path("bundle")), ["--version"]).output == version)

        for command in [
            "convert -size 300x200 -seed 7 plasma:fractal -depth 8 PNG24:a.png", "heif-enc -q 70 -o b.heic a.png", "heif-enc -A -q 70 -o c.avif a.png",
            "cwebp -quiet a.png -o d.webp", "convert a.png e.jp2", "convert a.png f.bmp", "convert a.png g.tif", "convert a.png h.jpg",
            "convert a.png i.psd",
        ] {
            let shell = ProgramStart(RawPath("/bin/sh"), arguments: ["-c", "cd \(scratch.folder) && \(command)"].map { Array($0.utf8) })
            let (status, _, errors) = try run(shell)
            try #require(status == 0, "\(command): \(errors)")
        }
        let inputs = ["a.png", "b.heic", "c.avif", "d.webp", "e.jp2", "f.bmp", "g.tif", "h.jpg", "i.psd"]
        func orders(_ folder: String) throws -> [WorkOrder] {
            let folder = scratch.path(folder)
            try FileOperation.createFolders(folder)
            let pictures = try inputs.enumerated().map { index, name in
                WorkOrder(
                    attempt: Attempt(task: TaskIndex(index), number: 1), input: scratch.path(name),
                    identity: try FileOperation.facts(of: scratch.path(name)).identity,
                    kind: .process(
                        ProcessOrder(folder: folder, format: .jpeg, pages: false, spoolFolder: nil, digestInput: false, keepTimes: false)),
                    tempName: RawPath("t\(index)"))
            }
            let canaries = WorkOrder(
                attempt: Attempt(task: TaskIndex(99), number: 1), input: folder, identity: InputIdentity(sizeBytes: 0, modifiedNanoseconds: 0),
                kind: .fingerprint(FingerprintOrder(folder: folder, work: .process(files: true, pages: true))), tempName: RawPath("c"))
            return pictures + [canaries]
        }
        let recipe = Recipe(actions: [.autoOrient, .shrink(.longSide(120)), .save(Save(format: .jpeg))])
        let here = try work(installed, recipe, try orders("here"), loaders: ["magick"])
        let there = try work(bundled, recipe, try orders("there"), loaders: ["magick"], hidesLibraries: true)
        #expect(here.count == inputs.count + 1)
        for (name, (one, other)) in zip(inputs + ["canaries"], zip(here, there)) {
            guard case .finished(let mine) = one, case .finished(let theirs) = other else {
                Issue.record("\(name): \(one), from the bundle \(other)")
                continue
            }
            #expect(mine.files.map(\.digest) == theirs.files.map(\.digest), "\(name)")
            #expect(mine.fingerprint == theirs.fingerprint, "\(name)")
        }
    }

    @Test("A worker from its bundle opens no library of a host that has them all")
    func opensNothingElse() throws {
        let scratch = try Scratch()
        try freshMaker(scratch).worker(product("quire-worker")).unpack(into: scratch.path("bundle"))
        let picture = ProgramStart(RawPath("/usr/bin/convert"), arguments: ["-size", "40x30", "plasma:", scratch.path("a.bmp").display].map { Array($0.utf8) })
        try #require(try run(picture).status == 0)
        var traced = BundleLayout.workerStart(in: scratch.path("bundle"))
        let options = ["-f", "-e", "trace=openat", "-o", scratch.path("calls").display, traced.program.display]
        traced.program = RawPath("/usr/bin/strace")
        traced.arguments = options.map { Array($0.utf8) } + traced.arguments
        let none = InputIdentity(sizeBytes: 0, modifiedNanoseconds: 0)
        let kinds: [(RawPath, InputIdentity, WorkKind)] = [
            (scratch.folder, none, .fingerprint(FingerprintOrder(folder: scratch.folder, work: .process(files: true, pages: true)))),
            (scratch.path("a.bmp"), try FileOperation.facts(of: scratch.path("a.bmp")).identity, .probe),
        ]
        let orders = kinds.map { input, identity, kind in
            WorkOrder(attempt: Attempt(task: TaskIndex(0), number: 1), input: input, identity: identity, kind: kind, tempName: RawPath("t"))
        }
        let outcomes = try work(traced, Recipe(actions: [.shrink(.longSide(100))]), orders, loaders: ["magick"])
        #expect(outcomes.count == 2)
        for outcome in outcomes { if case .finished = outcome {} else { Issue.record("\(outcome)") } }
        let calls = String(decoding: try scratch.bytes(scratch.path("calls")), as: UTF8.self).split(separator: "\n")
        let opened = calls.filter { $0.contains(".so") && !$0.contains("ENOENT") }
        #expect(opened.contains { $0.contains("bundle/magick/coders/bmp.so") })
        #expect(opened.filter { !$0.contains("\(scratch.path("bundle"))/") }.isEmpty)
    }

    @Test("A bundle is remembered until a file of it changes, and has the same hash both ways")
    func remembered() throws {
        let scratch = try Scratch()
        let program = scratch.path("quire-agent")
        try scratch.write(try scratch.bytes(product("quire-agent")), "quire-agent")
        try FileOperation.setMode(program, 0o755)
        let maker = BundleMaker(cacheFolder: scratch.path("cache"))
        let made = try maker.agent(program)
        let began = ContinuousClock.now
        let again = try maker.agent(program)
        #expect(ContinuousClock.now - began < .milliseconds(200))
        #expect(again.manifest == made.manifest)
        #expect(again.paths == made.paths)
        #expect(made.manifest.hash(SHA256Stream.self) == (try freshMaker(scratch).agent(program)).manifest.hash(SHA256Stream.self))

        try OpenFile(program, .update(mode: 0)).write([1, 2, 3], at: 4_000)
        let changed = try maker.agent(program)
        #expect(changed.manifest.hash(SHA256Stream.self) != made.manifest.hash(SHA256Stream.self))
        #expect(changed.manifest.files.filter { !made.manifest.files.contains($0) }.map(\.name) == [BundleLayout.agent])
    }

    @Test("What is no program, or lacks a library, is told by its name")
    func unusable() throws {
        let scratch = try Scratch()
        try scratch.write(Array("#!/bin/sh\n".utf8), "script")
        #expect(throws: BundleError.notDynamic(scratch.path("script"))) { try freshMaker(scratch).agent(scratch.path("script")) }
        // The agent with one library's name spelled otherwise.
        var bytes = try scratch.bytes(product("quire-agent"))
        let name = Array("libm.so.6\0".utf8)
        let place = try #require(bytes.indices.first { bytes[$0...].starts(with: name) })
        bytes[place + 3] = UInt8(ascii: "q")
        try scratch.write(bytes, "broken")
        try FileOperation.setMode(scratch.path("broken"), 0o755)
        #expect(throws: BundleError.librariesMissing(program: scratch.path("broken"), ["libq.so.6"])) {
            try freshMaker(scratch).agent(scratch.path("broken"))
        }
    }
}
