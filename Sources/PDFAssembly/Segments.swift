/// An array in blocks, so that growing a long one never holds it twice.
struct Segments<Element: Sendable>: Sendable {
    private var blocks: [[Element]] = []
    private(set) var count = 0
    private static var blockCount: Int { 1 << 15 }

    mutating func append(_ element: Element) {
        if count % Self.blockCount == 0 {
            blocks.append([])
            if count > 0 { blocks[blocks.count - 1].reserveCapacity(Self.blockCount) }
        }
        blocks[blocks.count - 1].append(element)
        count += 1
    }

    subscript(_ index: Int) -> Element {
        get { blocks[index / Self.blockCount][index % Self.blockCount] }
        set { blocks[index / Self.blockCount][index % Self.blockCount] = newValue }
    }

    /// Drops what follows the first `newCount` elements.
    mutating func truncate(to newCount: Int) {
        precondition(newCount <= count, "\(newCount) of \(count) elements cannot be kept")
        blocks.removeLast(blocks.count - (newCount + Self.blockCount - 1) / Self.blockCount)
        if newCount % Self.blockCount != 0 {
            blocks[blocks.count - 1].removeLast(blocks[blocks.count - 1].count - newCount % Self.blockCount)
        }
        count = newCount
    }
}
