import JobModel

/// Orders that have not started, first come first served.
struct WaitingOrders: Hashable, Sendable {
    private var orders: [SupervisedOrder?] = []
    private var start = 0

    var count: Int { orders.count - start }
    var isEmpty: Bool { count == 0 }

    var all: [SupervisedOrder] { orders[start...].compactMap { $0 } }

    mutating func append(_ order: SupervisedOrder) {
        orders.append(order)
    }

    /// Puts an order that was given out already before all others.
    mutating func returnToFront(_ order: SupervisedOrder) {
        if start > 0 {
            start -= 1
            orders[start] = order
        } else {
            orders.insert(order, at: 0)
        }
    }

    mutating func removeFirst() -> SupervisedOrder? {
        guard start < orders.count else { return nil }
        let order = orders[start]
        orders[start] = nil
        start += 1
        if start > 1024 && start > orders.count / 2 || start == orders.count {
            orders.removeFirst(start)
            start = 0
        }
        return order
    }

    /// Takes out the orders of `tasks`, in queue order.
    mutating func remove(tasks: Set<TaskIndex>) -> [SupervisedOrder] {
        remove { tasks.contains($0.work.attempt.task) }
    }

    /// Takes out the orders of `attempts`, in queue order.
    mutating func remove(attempts: Set<Attempt>) -> [SupervisedOrder] {
        remove { attempts.contains($0.work.attempt) }
    }

    private mutating func remove(where isWanted: (SupervisedOrder) -> Bool) -> [SupervisedOrder] {
        let held = all
        orders = held.filter { !isWanted($0) }
        start = 0
        return held.filter(isWanted)
    }
}
