import Digests
import JobModel
import LinuxSystem
import WireProtocol

/// Finds out which of the head's files a host sees itself (behaviour.md, Hosts).
///
/// Inputs are never written to: size, time and first bytes of some of them are compared, root by root. In each folder for
/// results the host leaves a token which this machine reads and removes: that shows a wrong user, a squashed root, a wrong
/// mapping.
struct SharedStorage {
    let spec: HostSpec
    let name: String
    let connection: AgentConnection

    private static let answerMilliseconds = 15_000
    private static let samplesMax = 3
    /// An NFS client may be this late to see what another wrote.
    private static let visibilityMilliseconds: UInt64 = 3_000

    func view(_ briefing: Briefing, scratchFreeBytes: UInt64) throws(HeadError) -> HostStaging.View {
        var view = HostStaging.View(mappings: spec.mappings, stagedBytesMax: Self.roomForInputs(scratchFreeBytes: scratchFreeBytes))
        switch spec.storage {
        case .staged: return view
        case .auto, .shared: break
        }
        let byRoot = Dictionary(grouping: briefing.samples, by: \.root).mapValues { $0.prefix(Self.samplesMax) }
        for (root, samples) in byRoot.sorted(by: { $0.key < $1.key }) where try seesAll(samples.map(\.file), view) {
            view.sharedRoots.append(root)
        }
        view.seesTargets = !briefing.targets.isEmpty
        for target in briefing.targets where try !sees(target: target, view) {
            view.seesTargets = false
            guard spec.storage == .auto else { throw unseen(target, "a file written there by \(name) is not seen, or not removable, here") }
            break
        }
        if spec.storage == .shared, let root = byRoot.keys.sorted().first(where: { !view.sharedRoots.contains($0) }) {
            throw unseen(root, "\(name) does not see the same files under \(view.onHost(root))")
        }
        return view
    }

    /// For programs, which shall see all of it or nothing: a program goes where its arguments, and the files beside them, lead it.
    func viewOfAll(_ briefing: Briefing) throws(HeadError) -> HostStaging.View {
        var view = HostStaging.View(mappings: spec.mappings, stagedBytesMax: 0)
        switch spec.storage {
        case .staged: return view
        case .auto, .shared: break
        }
        let byRoot = Dictionary(grouping: briefing.samples, by: \.root).mapValues { $0.prefix(Self.samplesMax) }
        for (root, samples) in byRoot.sorted(by: { $0.key < $1.key }) where try !seesAll(samples.map(\.file), view) {
            guard spec.storage == .auto else { throw unseen(root, "\(name) does not see the same files under \(view.onHost(root))") }
            return view
        }
        for target in briefing.targets where try !sees(target: target, view) {
            guard spec.storage == .auto else { throw unseen(target, "a file written there by \(name) is not seen, or not removable, here") }
            return view
        }
        view.sharedRoots = byRoot.keys.sorted()
        view.seesTargets = true
        view.sharesAll = true
        return view
    }

    /// Prefetched inputs take at most half of the scratch (architecture, section 4).
    static func roomForInputs(scratchFreeBytes: UInt64) -> UInt64 { min(scratchFreeBytes / 2, stagedBytesMax) }

    /// More would only wait there: the scheduler sends 64 MiB at a time.
    private static let stagedBytesMax: UInt64 = 1 << 30

    private func unseen(_ folder: RawPath, _ why: String) -> HeadError {
        .host("\(name) is to share storage, but not \(folder): \(why); mount it there, set `map:` in the host file, or use --storage auto", mayPass: true)
    }

    private func seesAll(_ files: [RawPath], _ view: HostStaging.View) throws(HeadError) -> Bool {
        var questions: [SharedFileQuestion] = []
        for file in files {
            // A sample that cannot be read here tells nothing.
            do throws(SystemError) {
                let opened = try OpenFile(file, .read)
                let head = try opened.read(count: SharedFileQuestion.headBytes, at: 0)
                var digest = SHA256Stream()
                head.withUnsafeBytes { digest.update($0) }
                questions.append(
                    SharedFileQuestion(path: view.onHost(file), identity: try opened.facts().identity, headDigest: digest.finish()))
            } catch {
                continue
            }
        }
        if questions.isEmpty { return false }
        connection.send(.lookForShared(questions))
        while true {
            switch try connection.greeting(waitingMilliseconds: Self.answerMilliseconds) {
            case .sharedFiles(let answers): return answers.count == questions.count && answers.allSatisfy { $0 }
            case .log, .load, .slots, .pong: continue
            case .unusable(let why): throw .host("\(name) cannot work: \(why)", mayPass: true)
            case .hello, .ready, .reports, .released, .started, .transfer, .tokenLeft, .bundleMissing, .bundleReady, .printed:
                throw .agent("the agent on \(name) answered out of turn")
            }
        }
    }

    private func sees(target: RawPath, _ view: HostStaging.View) throws(HeadError) -> Bool {
        let token = RawPath(".quire-token-\(UInt64.random(in: 0...UInt64.max))")
        let content = (0..<16).map { _ in UInt8.random(in: 0...255) }
        connection.send(.leaveToken(folder: view.onHost(target), name: token, content: content))
        while true {
            switch try connection.greeting(waitingMilliseconds: Self.answerMilliseconds) {
            case .tokenLeft(let fault):
                if fault != nil { return false }
                return isHere(target.appending(token), content)
            case .log, .load, .slots, .pong: continue
            case .unusable(let why): throw .host("\(name) cannot work: \(why)", mayPass: true)
            case .hello, .ready, .reports, .released, .started, .transfer, .sharedFiles, .bundleMissing, .bundleReady, .printed:
                throw .agent("the agent on \(name) answered out of turn")
            }
        }
    }

    /// Whether the token is seen here as it was written, and can be removed, as outputs must be renamed.
    private func isHere(_ token: RawPath, _ content: [UInt8]) -> Bool {
        let deadline = SystemClock.monotonicMilliseconds() + (spec.storage == .shared ? Self.visibilityMilliseconds : 1_000)
        while true {
            do throws(SystemError) {
                let found = try OpenFile(token, .read).read(count: content.count + 1, at: 0)
                try FileOperation.remove(token)
                return found == content
            } catch {
                guard error.isNotFound, SystemClock.monotonicMilliseconds() < deadline else { return false }
                Pause.milliseconds(50)
            }
        }
    }
}
