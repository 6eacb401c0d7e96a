/// First in, first out; both ends at constant cost.
struct Queue<Element: Sendable>: Sendable {
    private var elements: [Element?] = []
    private var start = 0

    var count: Int { elements.count - start }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func popFirst() -> Element? {
        guard start < elements.count else { return nil }
        let element = elements[start]
        elements[start] = nil
        start += 1
        if start == elements.count || start > 1024 && start > elements.count / 2 {
            elements.removeFirst(start)
            start = 0
        }
        return element
    }

    mutating func removeAll(where isUnwanted: (Element) -> Bool = { _ in true }) {
        elements = elements[start...].filter { element in element.map { !isUnwanted($0) } ?? false }
        start = 0
    }
}
