/// An outline item as its object states it (ISO 32000-1, table 153).
struct Bookmark: Sendable {
    var parent: UInt32
    var first: UInt32
    var last: UInt32
    var previous: UInt32
    var next: UInt32
    var count: Int32
    var target: UInt32

    /// Absent links are 0.
    init(_ value: ParsedObject) {
        func link(_ key: String) -> UInt32 { UInt32(clamping: value[key]?.reference ?? 0) }
        (parent, first, last, previous, next) = (link("Parent"), link("First"), link("Last"), link("Prev"), link("Next"))
        count = Int32(clamping: value["Count"]?.integer ?? 0)
        target = UInt32(clamping: value["Dest"]?.array?.first?.reference ?? 0)
    }
}

extension Verifier {
    private static var bookmarkDepthMax: Int { 128 }

    /// Follows every link of the outline and compares it with those that should agree with it.
    mutating func checkOutline() {
        guard let number = catalog?["Outlines"]?.reference else {
            if isOurs, bookmarks.count > 0 { report.add(.outline, "there are bookmarks, but the catalog names no outline") }
            return
        }
        guard role(of: number) == .outline else {
            if isOurs { report.add(.outline, "the catalog names this as the outline, which it is not", object: number) }
            return
        }
        let root = bookmarks[Int(notes[Int(number) - 1].detail)]
        let visible = checkItems(of: UInt32(clamping: number), root, depth: 0)
        if root.count != 0 || isOurs, Int(root.count) != visible {
            report.add(.outline, "/Count is \(root.count), but \(visible) bookmarks show when it is opened", object: number)
        }
        guard isOurs else { return }
        var lost = 0
        for index in 0..<notes.count where notes[index].role == .bookmark && !notes[index].isReached { lost += 1 }
        if lost > 0 { report.add(.outline, "no link leads to \(lost) bookmarks", object: number) }
    }

    /// How many items show below `parent` when it is open.
    private mutating func checkItems(of parent: UInt32, _ owner: Bookmark, depth: Int) -> Int {
        guard depth < Self.bookmarkDepthMax else {
            report.add(.outline, "the outline is deeper than \(Self.bookmarkDepthMax) levels", object: UInt64(parent))
            return 0
        }
        var visible = 0
        var previous: UInt32 = 0
        var number = owner.first
        while number != 0 {
            guard role(of: UInt64(number)) == .bookmark else {
                if hasUnreadStreams, role(of: UInt64(number)) == .unknown {
                    report.addNotChecked("parts of the outline, which are in object streams that were not read")
                } else {
                    let from = previous == 0 ? "/First of object \(parent)" : "/Next of object \(previous)"
                    report.add(.outline, "\(from) leads to this, which is no bookmark", object: UInt64(number))
                }
                return visible
            }
            let index = Int(number) - 1
            guard !notes[index].isReached else {
                report.add(
                    .outline, "the outline comes here twice, the second time from object \(previous == 0 ? parent : previous)",
                    object: UInt64(number))
                return visible
            }
            notes[index].isReached = true
            visible += 1 + checkItem(number, bookmarks[Int(notes[index].detail)], parent: parent, previous: previous, depth: depth)
            previous = number
            number = bookmarks[Int(notes[index].detail)].next
        }
        if owner.last != previous {
            report.add(.outline, "/Last is object \(owner.last), but the links end at object \(previous)", object: UInt64(parent))
        }
        return visible
    }

    /// How many items show below this one as it stands, open or closed.
    private mutating func checkItem(_ number: UInt32, _ item: Bookmark, parent: UInt32, previous: UInt32, depth: Int) -> Int {
        if item.parent != parent {
            report.add(.outline, "/Parent is object \(item.parent), but it is below object \(parent)", object: UInt64(number))
        }
        if item.previous != previous {
            let right = previous == 0 ? "it is the first" : "it comes behind object \(previous)"
            report.add(.outline, "/Prev is object \(item.previous), but \(right)", object: UInt64(number))
        }
        if isOurs, role(of: UInt64(item.target)) != .page {
            report.add(.outline, "it leads to object \(item.target), which is no page", object: UInt64(number))
        }
        var below = 0
        if item.first != 0 {
            below = checkItems(of: number, item, depth: depth + 1)
        } else if item.last != 0 {
            report.add(.outline, "it has /Last, but no /First", object: UInt64(number))
        }
        if Int(item.count.magnitude) != below {
            report.add(.outline, "/Count is \(item.count), but \(below) bookmarks show when it is opened", object: UInt64(number))
        }
        return item.count > 0 ? below : 0
    }
}
