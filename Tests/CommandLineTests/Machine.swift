import Foundation
import Glibc

/// What this machine lets tests do.
enum Machine {
    /// In front of a program: root without its right to pass over permissions. Nothing for others, who have none.
    static let obeyingRights: [Name] = geteuid() == 0 ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] : []
}
