/// What shall happen in virtual time, the earliest first and in the order of planning where times are equal (a binary heap).
struct EventQueue<Happening> {
    private struct Entry {
        var microseconds: UInt64
        var number: UInt64
        var happening: Happening

        func precedes(_ other: Entry) -> Bool {
            microseconds != other.microseconds ? microseconds < other.microseconds : number < other.number
        }
    }

    private var heap: [Entry] = []
    private var planned: UInt64 = 0

    var isEmpty: Bool { heap.isEmpty }
    var count: Int { heap.count }
    var nextMicroseconds: UInt64? { heap.first?.microseconds }

    mutating func plan(_ happening: Happening, at microseconds: UInt64) {
        planned += 1
        let entry = Entry(microseconds: microseconds, number: planned, happening: happening)
        heap.append(entry)
        var place = heap.count - 1
        while place > 0 {
            let parent = (place - 1) / 2
            guard entry.precedes(heap[parent]) else { break }
            heap[place] = heap[parent]
            place = parent
        }
        heap[place] = entry
    }

    mutating func takeNext() -> (microseconds: UInt64, happening: Happening)? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if !heap.isEmpty {
            var place = 0
            while true {
                var child = 2 * place + 1
                guard child < heap.count else { break }
                if child + 1 < heap.count && heap[child + 1].precedes(heap[child]) { child += 1 }
                guard heap[child].precedes(last) else { break }
                heap[place] = heap[child]
                place = child
            }
            heap[place] = last
        }
        return (first.microseconds, first.happening)
    }
}
