/// Arithmetic of a balanced page tree: every node but the last of a level has 64 kids.
///
/// So a viewer reaches any page of a million in four steps, and never has to read a long list.
enum PageTree {
    static let arity = 64

    /// Nodes of each level, from the one above pages to the single root.
    static func levelCounts(pages: Int) -> [Int] {
        var counts = [(pages + arity - 1) / arity]
        while let count = counts.last, count > 1 { counts.append((count + arity - 1) / arity) }
        return counts
    }

    /// The first page under a node and how many there are.
    static func pages(under index: Int, level: Int, of total: Int) -> (first: Int, count: Int) {
        var span = arity
        for _ in 0..<level { span *= arity }
        return (index * span, min(span, total - index * span))
    }

    static func kids(of index: Int, among count: Int) -> Range<Int> {
        index * arity..<min(count, (index + 1) * arity)
    }

    /// Nodes of all levels above the lowest, at most.
    static func nodesAboveLeaves(pages: Int) -> Int {
        levelCounts(pages: pages).dropFirst().reduce(0, +)
    }
}
