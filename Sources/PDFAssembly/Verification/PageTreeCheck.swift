/// A node of the page tree as its object states it.
struct TreeNode: Sendable {
    var parent: UInt64?
    var count: Int64?
    /// Where its kids begin among all, and how many they are.
    var firstKid: Int
    var kidCount: Int
    var hasKids: Bool
    var hasStrangeKids: Bool
    /// The object that holds the list of kids, if it is one of its own.
    var kidsObject: UInt64?
    var hasMediaBox: Bool
}

extension Verifier {
    private static var depthMax: Int { 64 }

    mutating func addNode(_ value: ParsedObject) {
        var node = TreeNode(
            parent: value["Parent"]?.reference, count: value["Count"]?.integer, firstKid: kids.count, kidCount: 0, hasKids: false,
            hasStrangeKids: false, kidsObject: value["Kids"]?.reference, hasMediaBox: value["MediaBox"] != nil)
        if let list = value["Kids"]?.array { take(list, into: &node) }
        nodes.append(node)
    }

    private mutating func take(_ list: [ParsedObject], into node: inout TreeNode) {
        node.hasKids = true
        node.firstKid = kids.count
        for kid in list {
            if let number = kid.reference { kids.append(UInt32(clamping: number)) } else { node.hasStrangeKids = true }
        }
        node.kidCount = kids.count - node.firstKid
    }

    /// Counts the pages under every node, from the root that the catalog names.
    mutating func checkPageTree() throws(File.Failure) {
        guard let catalog else {
            if hasUnreadStreams { addUncheckedTree() }
            return
        }
        let root = trailer["Root"]?.reference
        if catalog["Type"]?.name != "Catalog" {
            report.add(.trailer, "/Root names an object that is no catalog", object: root)
        }
        guard let pages = catalog["Pages"]?.reference else {
            report.add(.pageTree, "the catalog names no page tree", object: root)
            return
        }
        if hasUnreadStreams, role(of: pages) == .unknown { return addUncheckedTree() }
        report.pageCount = try countPages(under: pages, parent: nil, depth: 0, hasMediaBox: false)
        reportLostPages()
    }

    private mutating func addUncheckedTree() {
        report.addNotChecked("the page tree, which is in object streams that were not read")
        for index in 0..<notes.count where notes[index].role == .page { report.pageCount += 1 }
    }

    private mutating func reportLostPages() {
        var count = 0
        var first: UInt64?
        for index in 0..<notes.count where notes[index].role == .page && !notes[index].isReached {
            count += 1
            if first == nil { first = UInt64(index) + 1 }
        }
        guard let first else { return }
        // A page taken out by an incremental update rightly stays in the file; quire makes none.
        if isOurs {
            report.add(.pageTree, "\(count) pages are not in the page tree, the first is this", object: first)
        } else {
            report.addNotChecked("\(count) page objects that are not in the page tree, the first is object \(first)")
        }
    }

    /// Pages under a node that were not met before.
    private mutating func countPages(
        under number: UInt64, parent: UInt64?, depth: Int, hasMediaBox: Bool
    ) throws(File.Failure) -> Int {
        guard references.exists(number), depth < Self.depthMax else {
            let reason = depth < Self.depthMax ? "which does not exist" : "deeper than \(Self.depthMax) levels"
            report.add(.pageTree, "the page tree leads to object \(number), \(reason)", object: parent)
            return 0
        }
        let index = Int(number) - 1
        let offset = references.offset(of: number)
        switch notes[index].role {
        case .page, .pages:
            guard !notes[index].isReached else {
                report.add(
                    .pageTree, "the page tree comes here twice, the second time from object \(parent ?? 0)", object: number,
                    offset: offset)
                return 0
            }
            notes[index].isReached = true
        case .unknown where hasUnreadStreams:
            report.addNotChecked("parts of the page tree, which are in object streams that were not read")
            return 0
        case .unknown, .other, .image, .profile, .content, .outline, .bookmark:
            report.add(
                .pageTree, "the page tree leads from object \(parent ?? 0) to this, which is no page", object: number, offset: offset)
            return 0
        }
        let detail = notes[index].detail
        guard notes[index].role == .pages else {
            if let parent, UInt64(detail) != parent {
                report.add(
                    .pageTree, "the page names object \(detail) as its parent, but is a kid of object \(parent)", object: number,
                    offset: offset)
            }
            if !hasMediaBox, !notes[index].hasMediaBox {
                report.add(.page, "neither the page nor a node above it has a /MediaBox", object: number, offset: offset)
            }
            return 1
        }
        return try countKids(of: Int(detail), number: number, parent: parent, depth: depth, hasMediaBox: hasMediaBox)
    }

    private mutating func countKids(
        of index: Int, number: UInt64, parent: UInt64?, depth: Int, hasMediaBox: Bool
    ) throws(File.Failure) -> Int {
        let offset = references.offset(of: number)
        if nodes[index].parent != parent {
            let stated = nodes[index].parent.map { "object \($0)" } ?? "nothing"
            let right = parent.map { "is a kid of object \($0)" } ?? "is the root"
            report.add(.pageTree, "the node names \(stated) as its parent, but \(right)", object: number, offset: offset)
        }
        if let list = nodes[index].kidsObject, let items = try strayArray(list) {
            var node = nodes[index]
            take(items, into: &node)
            nodes[index] = node
        }
        let node = nodes[index]
        guard node.hasKids else {
            report.add(.pageTree, "the node has no /Kids", object: number, offset: offset)
            return 0
        }
        if node.hasStrangeKids { report.add(.pageTree, "a kid of the node is no reference", object: number, offset: offset) }
        var sum = 0
        for place in node.firstKid..<(node.firstKid + node.kidCount) {
            sum += try countPages(
                under: UInt64(kids[place]), parent: number, depth: depth + 1, hasMediaBox: hasMediaBox || node.hasMediaBox)
        }
        if node.count != Int64(sum) {
            let stated = node.count.map { "/Count is \($0)" } ?? "there is no /Count"
            report.add(.pageTree, "\(stated), but \(sum) pages are under the node", object: number, offset: offset)
        }
        return sum
    }

    /// An array that is an object of its own.
    private mutating func strayArray(_ number: UInt64) throws(File.Failure) -> [ParsedObject]? {
        switch references.place(of: number) {
        case .free:
            return nil
        case .inStream(let stream, let index):
            return try object(number, inStream: stream, index: index)?.array
        case .at(let offset):
            guard strayBytesLeft >= reader.byteCount - min(offset, reader.byteCount) else { return nil }
            let found = try object(number, at: offset, before: .max)
            strayBytesLeft -= min(strayBytesLeft, (found?.end ?? reader.byteCount) - offset)
            return found?.value.array
        }
    }
}
