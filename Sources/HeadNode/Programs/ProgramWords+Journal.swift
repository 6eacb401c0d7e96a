import JobModel
import JobStore
import LinuxSystem
import TerminalUI

extension ProgramWords {
    /// As the journal has it.
    init(_ store: JobStore) throws(HeadError) {
        self.init()
        let (count, first) = try journal { () throws(JobStoreError) in
            let count = try store.startedTwiceCount()
            guard count > 0 else { return (0, [PlannedTask]()) }
            let first = try store.startedTwice(from: 0, below: .max, count: RunSummary.namesMax)
            return (count, try store.tasks(of: first.map { Attempt(task: $0, number: 1) }))
        }
        noteStartedTwice(count, first: first.map(\.input))
    }
}

extension ReportRow.ProgramEnd {
    init(_ end: ProgramResult.End) {
        switch end {
        case .exited(let code): self = .exited(code: Int(code))
        case .killed(let signal): self = .killed(signal: signalName(signal))
        }
    }
}
