internal import Glibc
import JobModel
import LinuxSystem
import Supervising
import WireProtocol

// Values of the system as the supervisor knows them.

extension WorkerEnd {
    init(_ end: ProcessEnd) {
        switch end {
        case .exited(let code): self = .exited(code: code)
        case .killed(let signal): self = .killed(signal: signal, name: signalName(signal))
        }
    }
}

extension WorkerSample {
    init(_ sample: ProcessSample) {
        let activity: Activity =
            switch sample.activity {
            case .runnable: .runnable
            case .waiting: .waiting
            case .stopped: .stopped
            }
        self.init(
            activity: activity, cpuMilliseconds: sample.cpuMilliseconds, ioWaitMilliseconds: sample.ioWaitMilliseconds,
            residentBytes: sample.residentBytes)
    }
}

extension SystemError {
    /// A file that is no program of this machine.
    var isNotExecutable: Bool { code == ENOEXEC || code == ELIBBAD }
}

extension WorkReport {
    /// A generous guess of its encoded size; paths are counted as the longest the system allows.
    var bytesAtMost: Int { outcomeBytesAtMost + [program?.output, program?.errors].reduce(0) { $0 + ($1?.bytesInReport ?? 0) } }

    private var outcomeBytesAtMost: Int {
        switch outcome {
        case .failed, .notStored: return 1_000
        case .finished(let work):
            let tags = (work.probe?.tags ?? []).reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 10 }
            return 1_000 + work.files.count * 4_200 + work.pages.count * 6_000 + work.notes.count * 600 + tags
                + (work.thumbnail?.count ?? 0)
        }
    }
}

extension ProgramResult.Captured {
    fileprivate var bytesInReport: Int {
        switch self {
        case .whole(let bytes): bytes.count
        case .spooled: 100
        }
    }
}

/// The ends of a minder that left nothing: none of its programs ran, or it ended the one that did.
let minderCleanEnds: [ProcessEnd] = [.exited(code: 0), .exited(code: WorkerMessage.minderEndedProgramCode)]

/// Removes what a dead worker may have left of an attempt, pages of each save until one is absent.
///
/// What cannot be removed is left to the head, which sweeps the temp names of a job at its end.
func discardTemporaries(of order: WorkOrder) {
    for folder in [order.kind.folder, order.kind.spoolFolder].compactMap({ $0 }) { discardPages(of: order, save: 0, in: folder) }
    if case .process(let process) = order.kind {
        for (index, target) in process.further.enumerated() { discardPages(of: order, save: index + 1, in: target.folder) }
    }
    if case .program(let program) = order.kind { discardTemporaries(of: order, program) }
}

private func discardPages(of order: WorkOrder, save: Int, in folder: RawPath) {
    do throws(SystemError) {
        try FileOperation.removeIfPresent(folder.appending(TempName.name(order.tempName, save: save, page: 0)))
        for page in 1..<1_000_000 { try FileOperation.remove(folder.appending(TempName.name(order.tempName, save: save, page: page))) }
    } catch {
        return
    }
}

/// What the program of a dead minder wrote under private names; what it wrote at final names cannot be told from what was there.
private func discardTemporaries(of order: WorkOrder, _ program: ProgramOrder) {
    var paths = ProgramResult.spoolNames(for: order.tempName).map { program.spoolFolder.appending($0) }
    if let mirror = program.mirror {
        paths.append(RawPath(bytes: mirror.bytes + Array("-tmp".utf8)))
    } else {
        paths += Set(program.outputs.map(\.parent)).sorted().map { $0.appending(order.tempName) }
    }
    for path in paths {
        do throws(SystemError) { try FileOperation.removeTree(path) } catch { continue }
    }
}

/// One line on standard error, for whoever started the agent.
func complain(_ text: String) {
    let line = Array("quire-agent: \(text)\n".utf8)
    // Nobody may be left to read it.
    _ = write(2, line, line.count)
}
