import Foundation
import Glibc
import Testing

/// What this machine lets tests do.
enum Machine {
    /// In front of a program: root without its right to pass over permissions. Nothing for others, who have none.
    static let obeyingRights: [Name] = geteuid() == 0 ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] : []
}

extension Machine {
    /// Whether tests may mount file systems here.
    static let canMount: Bool = {
        guard geteuid() == 0, let box = try? Sandbox(), (try? box.makeFolder("m")) != nil else { return false }
        guard (try? box.run(["mount", "-t", "tmpfs", "tmpfs", "m"]))?.status == 0 else { return false }
        return (try? box.run(["umount", "m"]))?.status == 0
    }()
}
