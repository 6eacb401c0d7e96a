import JobModel
import WireProtocol

/// The pictures that every host makes before its first shard, to show that it makes the same bytes.
struct CanarySet: Sendable {
    var work: FingerprintOrder.Work

    /// - Parameter folder: an existing one for scratch, where the worker runs.
    func order(folder: RawPath) -> WorkOrder {
        WorkOrder(
            attempt: Attempt(task: Self.task, number: 1), input: RawPath("canary set"),
            identity: InputIdentity(sizeBytes: 0, modifiedNanoseconds: 0),
            kind: .fingerprint(FingerprintOrder(folder: folder, work: work)), tempName: RawPath(".quire-canary"))
    }

    /// Behind every task a plan can have.
    private static let task = TaskIndex(rawValue: .max)

    /// What a worker on `name` found.
    func digest(in report: WorkReport, of name: String) throws(HeadError) -> Digest256 {
        switch report.outcome {
        case .finished(let work):
            guard let digest = work.fingerprint else { throw .agent("the worker on \(name) told no digest of its canary set") }
            return digest
        case .failed(let failure): throw .host("\(name) cannot make the canary set: \(failure.message)", mayPass: true)
        case .notStored(let fault): throw .host("\(name) has no room for the canary set (\(fault.call))", mayPass: true)
        }
    }
}
