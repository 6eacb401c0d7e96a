import JobModel
import LinuxSystem

/// Something the work depends on that is not one of its files.
enum Surrounding: Hashable, Sendable {
    case root(InputRoot)
    /// Room for what is written below a folder.
    case room(RawPath)

    /// What a person calls it.
    var name: String {
        switch self {
        case .root(let root): root.path.display
        case .room(let folder): "the disk below \(folder.isEmpty ? RawPath(".") : folder)"
        }
    }

    /// What is said when nothing is wrong with it any more.
    var recovery: String {
        switch self {
        case .root: "\(name) is back"
        case .room: "\(name) has room again"
        }
    }
}

/// Looks at surroundings; remembers how full disks were.
private struct Look {
    /// Free space with which a disk counts as having room: what a few workers write at once...
    private static let roomBytes: UInt64 = 64 << 20
    /// ...or so much more than at the first look, for disks that are small.
    private static let gainBytes: UInt64 = 1 << 20

    private var freeBytes: [RawPath: UInt64] = [:]

    /// What is wrong, and the cure; nil when it is as it should be.
    mutating func fault(of surrounding: Surrounding) -> String? {
        switch surrounding {
        case .root(let root): return root.fault
        case .room(let folder):
            do throws(SystemError) {
                let free = try FileOperation.freeBytes(at: folder.isEmpty ? RawPath(".") : folder)
                let then = freeBytes[folder] ?? free
                freeBytes[folder] = then
                guard free >= min(Self.roomBytes, then + Self.gainBytes) else { return "\(surrounding.name) is full: free some space" }
                freeBytes[folder] = nil
                return nil
            } catch {
                return "\(surrounding.name) cannot be looked at: \(error.reason)"
            }
        }
    }
}

/// Looks at surroundings on a thread of its own, since a look at a dead share may take for ever.
///
/// So the thread is never joined: it ends with the process at the latest.
final class EnvironmentWatch {
    private static let looksMax = 8
    private let requests = Mailbox<Surrounding>(elementsMax: looksMax)
    private let thread: SystemThread
    /// Asked for and not answered yet.
    private var asked: Set<Surrounding> = []

    init(events: Mailbox<HeadEvent>) {
        thread = SystemThread("environment") { [requests] in
            var look = Look()
            while let surrounding = requests.receiveOne(waitingMilliseconds: nil) {
                events.send(.looked(at: surrounding, fault: look.fault(of: surrounding)))
            }
        }
    }

    deinit { requests.close() }

    /// Asks for a look, unless one is under way or too many are; the answer comes as an event.
    func look(at surrounding: Surrounding) {
        guard !asked.contains(surrounding), asked.count < Self.looksMax else { return }
        asked.insert(surrounding)
        requests.send(surrounding)
    }

    /// The answer came.
    func answered(_ surrounding: Surrounding) { asked.remove(surrounding) }
}
