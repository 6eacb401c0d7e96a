import JobModel
import LinuxSystem
import WireProtocol

// Hosts for jobs of programs: the agent is all they get. It runs minders where others have workers, so there is no bundle to
// send and no canary to compare.
extension HostDialer {
    /// Finds out what the host sees, and has its minders started accordingly.
    func begin(
        _ reached: ReachedHost, _ briefing: Briefing, _ programs: ProgramBriefing, _ progress: @Sendable (String) -> Void
    ) throws(HeadError) -> ReadyHost {
        let (spec, facts) = (reached.spec, reached.facts)
        progress("looking for shared storage")
        let storage = SharedStorage(spec: spec, name: spec.name, connection: reached.connection)
        var view = try storage.viewOfAll(briefing)
        progress("starting its minders")
        let setup = AgentSetup(
            job: briefing.job, epoch: briefing.epoch, leaseSeconds: spec.leaseSeconds,
            slots: Reservation(programs.settings).slots(on: facts, chosen: spec.slots), worker: reached.worker, scratch: spec.scratch,
            yieldsToOthers: spec.yieldsToOthers, workerMemoryBytesMax: spec.workerMemoryBytesMax ?? 0, timeout: briefing.timeout,
            work: briefing.work.wireBytes, programs: try programs.terms(on: facts, of: spec.name, view))
        let ready = try reached.greeting.setUp(setup)
        view.stagedBytesMax = SharedStorage.roomForInputs(scratchFreeBytes: ready.scratchFreeBytes)
        reached.staging.view = view
        if !view.sharesAll, !programs.carried.files.isEmpty {
            try programs.checkRoom(freeBytes: ready.scratchFreeBytes, on: spec.name)
            reached.staging.carry(programs.carried.files)
        }
        return ready
    }
}
