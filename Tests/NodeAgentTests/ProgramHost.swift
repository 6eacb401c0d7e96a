import Foundation
import JobModel
import LinuxSystem
import Programs
import Staging
import WireProtocol

/// An agent with minders that has none of the files in `head`, a folder that stands for the head's disk.
final class ProgramHost {
    struct Unexpected: Error, CustomStringConvertible {
        let description: String
    }

    let scratch: TemporaryFolder
    let target: TemporaryFolder
    let head: TemporaryFolder
    let session: AgentSession
    let workingFolder: RawPath
    private let spec: ProgramSpec
    /// What came back for the orders of `run`.
    private(set) var arrived: [FileReceiver.Event] = []

    /// - Parameter words: the program and its arguments.
    init(_ words: [String], returns: [String] = [], kind: ArgumentKind = .file, slots: Int = 1, isShared: Bool = false, scratch: TemporaryFolder? = nil) throws {
        self.scratch = try scratch ?? TemporaryFolder()
        target = try TemporaryFolder()
        head = try TemporaryFolder()
        workingFolder = RawPath(head.path).appending("work")
        try FileOperation.createFolders(workingFolder)
        spec = try ProgramSpec(words: words.map { Array($0.utf8) }, returns: returns.map { Array($0.utf8) }, argumentKind: kind)
        session = try AgentSession()
        session.stageFiles(into: target)
        try session.start(
            slots: slots, leaseSeconds: 30, scratch: self.scratch.path, spec: spec,
            programs: ProgramTerms(workingFolder: workingFolder, isShared: isShared)
        ) { .minder }
    }

    /// Makes a file of the head's; `path` relative to the working folder.
    @discardableResult
    func file(_ path: RawPath, _ content: [UInt8] = [], mode: UInt32 = 0o644) throws -> RawPath {
        let whole = workingFolder.appending(path)
        try FileOperation.createFolders(whole.parent)
        let file = try OpenFile(whole, .create(mode: 0o644))
        try file.write(content, at: 0)
        try FileOperation.setMode(whole, mode)
        return whole
    }

    func order(_ task: Int, _ argument: RawPath, attempt: UInt32 = 1, kind: ArgumentKind = .file, parts: [CarriedFile] = [], isStaged: Bool = true) throws -> StagedOrder {
        let outputs = try spec.outputPaths(ProgramValues(argument: argument, number: Int64(task))).map { workingFolder.appending($0) }
        let input = workingFolder.appending(argument)
        let identity = kind == .file ? try FileOperation.facts(of: input).identity : InputIdentity(sizeBytes: 0, modifiedNanoseconds: 0)
        return StagedOrder(
            order: WorkOrder(
                attempt: Attempt(task: TaskIndex(task), number: attempt), input: input, identity: identity,
                kind: .program(
                    ProgramOrder(
                        argument: argument, kind: kind, number: Int64(task), workingFolder: workingFolder, outputs: outputs,
                        spoolFolder: RawPath("/no/such/spool"))),
                tempName: RawPath(".quire-job-\(task)-\(attempt)")),
            stagesInput: isStaged && kind != .text, stagesOutput: isStaged, parts: parts)
    }

    /// Sends all that an order waits for.
    func sendFiles(of staged: StagedOrder) {
        let order = staged.order
        guard staged.stagesInput, case .program(let program) = order.kind else { return }
        if program.kind == .file { send(order.input, as: .input(order.attempt), order.identity) }
        for (index, part) in staged.parts.enumerated() {
            if case .file(let identity) = part.kind { send(part.path, as: .part(order.attempt, UInt32(index)), identity) }
        }
    }

    func send(_ path: RawPath, as file: TransferredFile, _ identity: InputIdentity) {
        session.staging?.sender.add(OutgoingFile(path: path, file: file, identity: identity))
    }

    /// As a head would list it: `path` relative to the working folder.
    func carried(_ path: RawPath) throws -> CarriedFile {
        let whole = workingFolder.appending(path)
        let facts = try FileOperation.facts(of: whole)
        return CarriedFile(path: whole, kind: facts.type == .folder ? .folder : .file(facts.identity), mode: facts.mode)
    }

    func carry(_ files: [CarriedFile]) {
        session.send(.carry(files))
        for (index, file) in files.enumerated() {
            if case .file(let identity) = file.kind { send(file.path, as: .carried(UInt32(index)), identity) }
        }
    }

    /// Runs orders to their reports, by task, and to the arrival of the files these tell of.
    func run(_ orders: [StagedOrder]) throws -> [TaskIndex: WorkReport] {
        session.send(.assignStaged(orders))
        for order in orders { sendFiles(of: order) }
        let reports = try session.reports(orders.count)
        var travelling = 0
        for order in orders {
            guard let report = reports[order.order.attempt.task] else { continue }
            travelling += report.program?.spooledNames.count ?? 0
            if order.stagesOutput, case .finished(let work) = report.outcome { travelling += work.files.count }
        }
        arrived += try session.staging?.received.drain(travelling) ?? []
        return reports
    }

    func failure(of report: WorkReport?) throws -> TaskFailure {
        guard case .failed(let failure)? = report?.outcome else { throw Unexpected(description: "\(String(describing: report))") }
        return failure
    }

    /// Names of what an attempt made, as they came here.
    func made(_ report: WorkReport?) throws -> [RawPath] {
        guard case .finished(let work)? = report?.outcome else { throw Unexpected(description: "\(String(describing: report))") }
        return work.files.map(\.temp)
    }

    /// What came back under this name.
    func returned(_ name: RawPath) throws -> String { try Self.text(RawPath(target.path).appending(name)) }

    static func text(_ path: RawPath) throws -> String {
        let file = try OpenFile(path, .read)
        return String(decoding: try file.read(count: Int(file.facts().identity.sizeBytes), at: 0), as: UTF8.self)
    }

    func printed(_ report: WorkReport?) -> String {
        guard case .whole(let bytes)? = report?.program?.output else { return "\(String(describing: report))" }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// All below the scratch folder of attempts, files and folders.
    var leftovers: [String] {
        (FileManager.default.enumerator(atPath: scratch.path)?.compactMap { $0 as? String } ?? []).filter { name in
            ["/tasks/", "/spool/", "/out/", "/in/"].contains { name.contains($0) }
        }
    }
}
