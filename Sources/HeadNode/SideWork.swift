import JobModel
import LinuxSystem
import WireProtocol

/// Work beside the plan on the same agent: probes before names are known, `inspect`, thumbnails for a report.
///
/// Feeds a window of orders and takes reports in any order; nothing is journalled, and the loss of this one agent ends it.
struct SideWork {
    let link: AgentLink
    let events: Mailbox<HeadEvent>

    private static let windowTasks = 512

    /// Performs `count` orders; `each` gets every report once. Orders are made as room comes up.
    func perform(_ count: Int, order: (Int) -> WorkOrder, each: (WorkReport) throws(HeadError) -> Void) throws(HeadError) {
        var next = 0
        var open = 0
        // Hosts fail to come while the plan is made; the job counts them.
        var ofOthers: [HeadEvent] = []
        defer { for event in ofOthers { events.sendIfRoom(event) } }
        while next < count || open > 0 {
            var shard: [WorkOrder] = []
            while next < count, open + shard.count < Self.windowTasks {
                shard.append(order(next))
                next += 1
            }
            if !shard.isEmpty { link.send(.assign(shard)) }
            open += shard.count
            guard let batch = events.receiveAll(waitingMilliseconds: nil) else { throw .interrupted }
            for event in batch {
                switch event {
                case .agent(link.host, .reports(let reports)):
                    open -= reports.count
                    for report in reports { try each(report) }
                case .agent(link.host, .unusable(let why)): throw .noUsableHost("\(link.name) cannot work: \(why)")
                case .agentGone(link.host, let why): throw .agent("the agent on \(link.name) ended: \(why)")
                case .signal(.interrupt), .signal(.terminate): throw .interrupted
                case .hostReady, .hostFailed, .hostShallLeave: ofOthers.append(event)
                case .agent, .agentGone, .signal, .committed, .commitFailed, .bound, .bindFailed, .failedLate, .printing, .looked, .attemptsFailed: continue
                }
            }
        }
    }

    enum Probed: Sendable {
        case found(ProbeFacts)
        case failed(TaskFailure)

        var facts: ProbeFacts? {
            switch self {
            case .found(let facts): facts
            case .failed: nil
            }
        }
    }

    /// What headers and metadata say of each input; `failed` for those that cannot be read, whose task will fail and say why.
    func probe(_ inputs: [(path: RawPath, identity: InputIdentity)], keepingTags kept: Set<String>?) throws(HeadError) -> [Probed] {
        var facts = [Probed](repeating: .failed(TaskFailure(.unreadable, "not looked at")), count: inputs.count)
        try perform(
            inputs.count,
            order: { index in
                WorkOrder(
                    attempt: Attempt(task: TaskIndex(index), number: 1), input: inputs[index].path, identity: inputs[index].identity,
                    kind: .probe, tempName: RawPath(".quire-probe-\(index)"))
            },
            each: { (report) throws(HeadError) in
                let place = report.attempt.task.position
                switch report.outcome {
                case .finished(let work):
                    guard var probe = work.probe else { return }
                    if let kept {
                        probe.tags.removeAll { tag in
                            // Names may ask for a property of XMP without its schema.
                            let bare = tag.name.hasPrefix("xmp:") ? tag.name.split(separator: ":").last.map { "xmp:\($0)" } : nil
                            return !kept.contains(tag.name) && bare.map(kept.contains) != true
                        }
                    }
                    facts[place] = .found(probe)
                case .failed(let failure): facts[place] = .failed(failure)
                case .notStored: preconditionFailure("a probe stores nothing")
                }
            })
        return facts
    }
}

