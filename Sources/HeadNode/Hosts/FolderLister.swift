import JobModel
import LinuxSystem

/// Lists the folders that are inputs on their way to one staged host, on a thread of its own: a large folder, or a dead share,
/// would hold up the whole job.
final class FolderLister: Sendable {
    enum Outcome: Sendable {
        case listed(CarriedListing)
        case failed(TaskFailure)
    }

    private let orders = Mailbox<WorkOrder>(elementsMax: 1 << 16)
    private let thread: SystemThread

    /// - Parameters:
    ///   - mayGoOn: waits until there is room for more; false once nobody wants any more.
    ///   - tell: called on the thread.
    init(mayGoOn: @escaping @Sendable () -> Bool, tell: @escaping @Sendable (WorkOrder, Outcome) -> Void) {
        let orders = orders
        thread = SystemThread("list folders") {
            while let order = orders.receiveOne(waitingMilliseconds: nil) {
                guard mayGoOn() else { return }
                tell(order, Self.list(order.input))
            }
        }
    }

    func list(_ order: WorkOrder) { orders.sendIfRoom(order) }

    func close() { orders.close() }
    /// After `close`. A folder on a dead share can hold it for long.
    func join() { thread.join() }

    private static func list(_ folder: RawPath) -> Outcome {
        do throws(CarriedListing.Fault) {
            return .listed(try CarriedListing(below: folder))
        } catch {
            switch error {
            case .noFile: return .failed(TaskFailure(.unreadable, "it is no folder"))
            case .tooMany: return .failed(TaskFailure(.tooLarge, CarriedListing.tooManyText))
            case .system(let error):
                return .failed(TaskFailure(error.isNotFound ? .vanished : error.isDenied ? .denied : .unreadable, "\(error)"))
            }
        }
    }
}
