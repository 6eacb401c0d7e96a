import JobModel
import LinuxSystem

/// Something the work depends on that is not one of its files.
enum Surrounding: Hashable, Sendable {
    case root(StorageRoot)
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

    /// By device: folders on one disk fill up together.
    private var freeBytes: [UInt64: UInt64] = [:]

    /// Whether the first byte of a file can be read.
    static func canRead(_ file: RawPath) -> Bool {
        do throws(SystemError) {
            _ = try OpenFile(file, .read).read(count: 1, at: 0)
            return true
        } catch {
            return false
        }
    }

    /// What is wrong, and the cure; nil when it is as it should be.
    mutating func fault(of surrounding: Surrounding) -> String? {
        switch surrounding {
        case .root(let root): return root.fault
        case .room(let folder):
            do throws(SystemError) {
                let place = folder.isEmpty ? RawPath(".") : folder
                let free = try FileOperation.freeBytes(at: place)
                let device = try FileOperation.facts(of: place).device
                let then = freeBytes[device] ?? free
                freeBytes[device] = then
                guard free >= min(Self.roomBytes, then + Self.gainBytes) else { return "\(surrounding.name) is full: free some space" }
                freeBytes[device] = nil
                return nil
            } catch {
                return "\(surrounding.name) cannot be looked at: \(error.reason)"
            }
        }
    }
}

/// A question to the thread that looks.
struct Inquiry: Hashable, Sendable {
    var surrounding: Surrounding
    /// An input that could not be read.
    var file: RawPath?
}

/// Looks at surroundings on a thread of its own, since a look at a dead share may take for ever.
///
/// So the thread is never joined: it ends with the process at the latest.
final class EnvironmentWatch {
    private static let looksMax = 64
    private let inquiries = Mailbox<Inquiry>(elementsMax: looksMax)
    private let thread: SystemThread
    /// Not answered yet.
    private var asked: Set<Inquiry> = []

    init(events: Mailbox<HeadEvent>) {
        thread = SystemThread("environment") { [inquiries] in
            var look = Look()
            while let inquiry = inquiries.receiveOne(waitingMilliseconds: nil) {
                let fault = look.fault(of: inquiry.surrounding)
                events.send(.looked(inquiry, fault: fault, fileIsThere: fault == nil && inquiry.file.map(Look.canRead) ?? false))
            }
        }
    }

    deinit { inquiries.close() }

    /// Asks for a look, unless the same is under way or too many are; the answer comes as an event.
    func ask(_ inquiry: Inquiry) {
        guard !asked.contains(inquiry), asked.count < Self.looksMax else { return }
        asked.insert(inquiry)
        inquiries.send(inquiry)
    }

    /// The answer came.
    func answered(_ inquiry: Inquiry) { asked.remove(inquiry) }
}
