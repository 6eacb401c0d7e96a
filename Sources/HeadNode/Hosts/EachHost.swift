import LinuxSystem
import Synchronization

/// Does the same with many hosts at once, from a thread each as long as there are not too many.
enum EachHost {
    /// The results in the order of `hosts`.
    static func perform<Result: Sendable>(
        _ hosts: [HostSpec], threadsMax: Int, _ body: @escaping @Sendable (HostSpec) -> Result
    ) -> [Result] {
        let found = Mutex<[Int: Result]>([:])
        let next = Mutex(0)
        let threads = (0..<min(threadsMax, hosts.count)).map { index in
            SystemThread("hosts \(index)") {
                while true {
                    let place = next.withLock { place in
                        defer { place += 1 }
                        return place
                    }
                    guard place < hosts.count else { return }
                    let result = body(hosts[place])
                    found.withLock { $0[place] = result }
                }
            }
        }
        for thread in threads { thread.join() }
        return found.withLock { found in hosts.indices.compactMap { found[$0] } }
    }
}
