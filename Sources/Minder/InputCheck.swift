import JobModel
import LinuxSystem

/// Looks whether an order's input is as the plan saw it.
enum InputCheck {
    /// Nil when it is; a line or a number is not looked at.
    static func failure(of order: WorkOrder, _ program: ProgramOrder) -> TaskFailure? {
        let path = program.workingFolder.appending(order.input)
        switch program.kind {
        case .text: return nil
        case .file:
            return failure(path) { facts in
                switch facts.type {
                case .folder: return TaskFailure(.changed, "it was a file when it was planned and is a folder now")
                case .regular, .link, .other: break
                }
                if facts.identity.sizeBytes != order.identity.sizeBytes {
                    return TaskFailure(
                        .changed, "planned with \(order.identity.sizeBytes) bytes, it has \(facts.identity.sizeBytes) now")
                }
                guard facts.identity != order.identity else { return nil }
                return TaskFailure(.changed, "modified since it was planned")
            }
        case .folder:
            return failure(path) { facts in
                facts.type == .folder ? nil : TaskFailure(.changed, "it was a folder when it was planned and is none now")
            }
        }
    }

    private static func failure(_ path: RawPath, _ check: (FileFacts) -> TaskFailure?) -> TaskFailure? {
        do throws(SystemError) {
            return check(try FileOperation.facts(of: path))
        } catch {
            if error.isNotFound { return TaskFailure(.vanished, "it is not there any more") }
            if error.isDenied { return TaskFailure(.denied, "looking at it is not allowed: \(error.reason)") }
            return TaskFailure(.unreadable, "\(error.call): \(error.reason)")
        }
    }
}
