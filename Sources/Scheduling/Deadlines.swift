/// What is to be done at its moment, earliest first: a binary heap.
struct Deadlines<Item: Sendable>: Sendable {
    struct Entry: Sendable {
        var due: Instant
        var item: Item
    }

    /// In no order that means anything, the earliest first.
    private(set) var entries: [Entry] = []

    var first: Entry? { entries.first }
    var count: Int { entries.count }
    var isEmpty: Bool { entries.isEmpty }

    mutating func insert(_ due: Instant, _ item: Item) {
        entries.append(Entry(due: due, item: item))
        var child = entries.count - 1
        while child > 0, entries[child].due < entries[(child - 1) / 2].due {
            entries.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() {
        entries.swapAt(0, entries.count - 1)
        entries.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count && entries[child].due < entries[least].due {
                least = child
            }
            if least == parent { break }
            entries.swapAt(parent, least)
            parent = least
        }
    }

    /// Takes out what need not wait, in time proportional to all.
    mutating func remove(where isWanted: (Item) -> Bool) -> [Item] {
        let wanted = entries.filter { isWanted($0.item) }.map(\.item)
        guard !wanted.isEmpty else { return [] }
        let kept = entries.filter { !isWanted($0.item) }
        entries = []
        for entry in kept { insert(entry.due, entry.item) }
        return wanted
    }
}
