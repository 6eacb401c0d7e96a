internal import Glibc
import JobModel
import LinuxSystem
import Supervising

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
    var bytesAtMost: Int {
        switch outcome {
        case .failed, .notStored: return 1_000
        case .finished(let work):
            let tags = (work.probe?.tags ?? []).reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 10 }
            return 1_000 + work.files.count * 4_200 + work.pages.count * 6_000 + work.notes.count * 600 + tags
                + (work.thumbnail?.count ?? 0)
        }
    }
}

/// Removes what a dead worker may have left of an attempt: `tempName`, `tempName-2`, `tempName-3`... until one is absent.
///
/// What cannot be removed is left to the head, which sweeps the temp names of a job at its end.
func discardTemporaries(of order: WorkOrder) {
    for folder in [order.kind.folder, order.kind.spoolFolder].compactMap({ $0 }) {
        let first = folder.appending(order.tempName)
        do throws(SystemError) {
            try FileOperation.removeIfPresent(first)
            for page in 2...1_000_000 { try FileOperation.remove(RawPath(bytes: first.bytes + Array("-\(page)".utf8))) }
        } catch {
            continue
        }
    }
}

/// One line on standard error, for whoever started the agent.
func complain(_ text: String) {
    let line = Array("quire-agent: \(text)\n".utf8)
    // Nobody may be left to read it.
    _ = write(2, line, line.count)
}
