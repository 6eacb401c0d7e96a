/// The outline of a volume as it grows: one closed bookmark a folder, nested as the folders are.
///
/// Only the facts that no later page changes are kept: title, parent and first page. The links between
/// siblings follow from the parents when the outline is written.
struct Bookmarks: Sendable {
    /// A folder behind this many gets no bookmark of its own: viewers become unusable long before.
    static let countMax = 200_000
    static let depthMax = 32
    /// Of a title, in UTF-8; a file name has at most 255.
    static let titleBytesMax = 1024

    private var titles: [UInt8] = []
    private var titleEnds = Segments<UInt64>()
    /// Index of the enclosing bookmark, or -1.
    private var parents = Segments<Int32>()
    private var targets = Segments<ObjectNumber>()
    /// The folders the last page lay in, with their bookmarks.
    private var open: [(name: String, index: Int)] = []

    var count: Int { parents.count }
    var titleByteCount: Int { titles.count }

    /// Notes that `page`, the next in order, lies in `folder`.
    mutating func visit(_ folder: [String], page: ObjectNumber) {
        var depth = 0
        while depth < min(open.count, folder.count), open[depth].name == folder[depth] { depth += 1 }
        open.removeLast(open.count - depth)
        for name in folder.dropFirst(depth).prefix(Self.depthMax - min(depth, Self.depthMax)) {
            guard count < Self.countMax else { return }
            let parent = open.last?.index ?? -1
            open.append((name, count))
            add(title: Self.title(name), parent: parent, target: page)
        }
    }

    mutating func add(title: String, parent: Int, target: ObjectNumber) {
        titles.append(contentsOf: title.utf8)
        titleEnds.append(UInt64(titles.count))
        parents.append(Int32(parent))
        targets.append(target)
    }

    var openFolders: [(name: String, index: Int)] { open }

    mutating func reopen(_ name: String, index: Int) {
        open.append((name, index))
    }

    /// Forgets all but the first `newCount` bookmarks; no page follows afterwards.
    mutating func truncate(to newCount: Int) {
        open = []
        titleEnds.truncate(to: newCount)
        parents.truncate(to: newCount)
        targets.truncate(to: newCount)
        titles.removeLast(titles.count - (newCount == 0 ? 0 : Int(titleEnds[newCount - 1])))
    }

    func title(_ index: Int) -> String {
        let start = index == 0 ? 0 : Int(titleEnds[index - 1])
        return String(decoding: titles[start..<Int(titleEnds[index])], as: UTF8.self)
    }

    func parent(_ index: Int) -> Int { Int(parents[index]) }
    func target(_ index: Int) -> ObjectNumber { targets[index] }

    private static func title(_ name: String) -> String {
        guard name.utf8.count > titleBytesMax else { return name }
        var kept = ""
        for character in name {
            guard kept.utf8.count + character.utf8.count <= titleBytesMax else { break }
            kept.append(character)
        }
        return kept
    }

    /// An upper bound for the bytes of all bookmark objects: a title in hexadecimal UTF-16 takes four bytes for each of UTF-8.
    var byteCountMax: UInt64 { UInt64(titles.count) * 4 + UInt64(count) * 180 + 100 }
}

/// The links between bookmarks that the outline's objects spell out; indices, with -1 for none.
struct BookmarkLinks {
    var first: [Int32]
    var last: [Int32]
    var previous: [Int32]
    var next: [Int32]
    var childCount: [Int32]
    var topFirst: Int32 = -1
    var topLast: Int32 = -1
    var topCount = 0

    init(_ bookmarks: Bookmarks) {
        let none = [Int32](repeating: -1, count: bookmarks.count)
        (first, last, previous, next) = (none, none, none, none)
        childCount = [Int32](repeating: 0, count: bookmarks.count)
        for index in 0..<bookmarks.count {
            let parent = bookmarks.parent(index)
            let sibling = parent < 0 ? topLast : last[parent]
            if sibling >= 0 {
                next[Int(sibling)] = Int32(index)
                previous[index] = sibling
            }
            if parent < 0 {
                if topFirst < 0 { topFirst = Int32(index) }
                topLast = Int32(index)
                topCount += 1
            } else {
                if first[parent] < 0 { first[parent] = Int32(index) }
                last[parent] = Int32(index)
                childCount[parent] += 1
            }
        }
    }
}
