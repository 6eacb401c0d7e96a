import JobModel
import LinuxSystem
import SSHTransport
import Synchronization
import WireProtocol

/// Keeps one remote host of a job at work: connects, has its agent prepared, tells the job, watches over the connection, and
/// begins anew when it was lost.
///
/// One thread for the job's whole life. A host that cannot be reached is tried again every minute; one that refuses us, or
/// that would make other bytes, is left out.
final class HostKeeper: Sendable {
    let host: HostIndex
    let spec: HostSpec
    private let dialer: HostDialer
    private let events: Mailbox<HeadEvent>
    private let board: HostBoard
    private let briefing: Promise<Briefing>
    private let orders = Mailbox<Order>(elementsMax: 16)
    private let cancellation = Cancellation()
    private let isEnding = Atomic<Bool>(false)
    private let thread = Mutex<SystemThread?>(nil)

    private enum Order: Sendable {
        case end
        /// The link may be closed: the host is leaving and holds nothing.
        case close
    }

    /// First waits after a loss; from then on `retrySecondsMax`.
    private static let retrySeconds: [UInt64] = [1, 5, 20]
    private static let retrySecondsMax: UInt64 = 60
    private static let pingMilliseconds: UInt64 = 3_000

    init(host: HostIndex, spec: HostSpec, dialer: HostDialer, events: Mailbox<HeadEvent>, board: HostBoard, briefing: Promise<Briefing>) {
        self.host = host
        self.spec = spec
        self.dialer = dialer
        self.events = events
        self.board = board
        self.briefing = briefing
        board.set(host, name: spec.name, .connecting)
    }

    func start() {
        thread.withLock { $0 = SystemThread("host \(spec.name)") { [self] in keep() } }
    }

    /// Tells the thread to end; `join` waits for it. A connect that is under way is given up.
    func end() {
        isEnding.store(true, ordering: .relaxed)
        cancellation.cancel()
        orders.sendIfRoom(.end)
    }

    func join() { thread.withLock { thread in
        thread?.join()
        thread = nil
    } }

    /// The host is leaving, and holds nothing any more.
    func closeLink() { orders.sendIfRoom(.close) }

    private var mustEnd: Bool { isEnding.load(ordering: .relaxed) }

    private func keep() {
        var failures = 0
        while !mustEnd {
            guard awaitHours() else { return }
            board.set(host, name: spec.name, .connecting)
            do throws(HeadError) {
                let link = try dialer.dial(spec, as: host, briefing: briefing, events: events, cancellation: cancellation) { [board, host, spec] what in
                    board.set(host, name: spec.name, .preparing(what))
                }
                failures = 0
                // Nobody listens any more who would end it.
                if mustEnd { return link.close(kill: true) }
                board.set(host, name: spec.name, .ready)
                events.send(.hostReady(link))
                watch(link)
            } catch {
                if mustEnd { return }
                guard error.mayPass else {
                    board.set(host, name: spec.name, .leftOut(error.brief(of: spec.name)))
                    tell(error.line(of: spec.name), isFinal: true)
                    return
                }
                rest(error.brief(of: spec.name), failures: failures)
                tell(error.line(of: spec.name), isFinal: false)
                failures += 1
                pauseAfter(failures - 1)
                continue
            }
            if mustEnd { return }
            // Lost, or out of its hours: soon tried again.
            rest("lost", failures: 0)
            pauseAfter(0)
        }
    }

    /// Tells the job, which listens only once its plan is made.
    private func tell(_ fault: String, isFinal: Bool) {
        guard briefing.wait() != nil else { return }
        events.send(.hostFailed(host, fault, isFinal: isFinal))
    }

    private func rest(_ fault: String, failures: Int) {
        let again = SystemClock.monotonicMilliseconds() + waitSeconds(failures) * 1000
        board.set(host, name: spec.name, .away(fault, againAtMilliseconds: again))
    }

    private func pauseAfter(_ failures: Int) {
        let deadline = SystemClock.monotonicMilliseconds() + waitSeconds(failures) * 1000
        while !mustEnd {
            let now = SystemClock.monotonicMilliseconds()
            guard now < deadline else { return }
            _ = orders.receiveOne(waitingMilliseconds: Int(min(deadline - now, 1_000)))
        }
    }

    private func waitSeconds(_ failures: Int) -> UInt64 {
        failures < Self.retrySeconds.count ? Self.retrySeconds[failures] : Self.retrySecondsMax
    }

    /// Waits until the host may be used; false when the job ends first.
    private func awaitHours() -> Bool {
        guard let hours = spec.hours else { return true }
        var isTold = false
        while !mustEnd {
            if hours.contains(minute: SystemClock.localMinuteOfDay()) { return true }
            board.set(host, name: spec.name, .outsideHours(hours))
            if !isTold { tell("\(spec.name) works only from \(hours.text)", isFinal: false) }
            isTold = true
            _ = orders.receiveOne(waitingMilliseconds: 1_000)
        }
        return false
    }

    /// Pings the agent until the connection ends or the host has left.
    private func watch(_ link: AgentLink) {
        let lossMilliseconds = UInt64(spec.connection.lossSeconds) * 1000
        let period = min(Self.pingMilliseconds, max(200, lossMilliseconds / 4))
        var number: UInt64 = 0
        var askedMilliseconds = SystemClock.monotonicMilliseconds()
        var isLeaving = false
        while !link.isOver {
            link.send(.ping(number))
            number += 1
            switch orders.receiveOne(waitingMilliseconds: Int(period)) {
            case .end: return
            case .close:
                link.close()
                return
            case nil: break
            }
            let now = SystemClock.monotonicMilliseconds()
            // Was it this machine that slept? Then nobody is judged by the time that passed.
            if now > askedMilliseconds + 2 * period + 500 { link.forgive() }
            askedMilliseconds = now
            if now > link.heardMilliseconds + lossMilliseconds { link.abort() }
            if let hours = spec.hours, !isLeaving,
                !hours.contains(minute: SystemClock.localMinuteOfDay())
            {
                isLeaving = true
                board.set(host, name: spec.name, .outsideHours(hours))
                events.send(.hostShallLeave(host))
            }
        }
    }
}
