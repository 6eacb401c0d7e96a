import JobModel

/// Writes, renames and deletes single tags of a TIFF structure so that nothing else moves: a value goes where the old one stood if it
/// fits there, else behind everything; a directory that must grow is written again behind everything, and whoever points at it is
/// told. What is no longer reachable is overwritten with zeros.
struct TIFFTagEditor<Source: ByteSource> {
    private struct Field {
        var tag: UInt16
        /// The entry as it is written, unless `value` is to be placed yet.
        var entry: [UInt8]
        /// In the stream's byte order.
        var value: (type: UInt16, bytes: [UInt8])?
        /// Where the old value stands, if not in the entry.
        var old: ByteRange?
    }

    private struct Node {
        /// Nil for a directory made anew.
        var found: TIFFDirectory?
        var fields: [Field] = []
        var next: UInt64 = 0
        var isChanged = false
        var offset: UInt64 = 0
    }

    let stream: TIFFStream<Source>
    private var nodes: [EXIFDirectory: Node] = [:]
    /// Directories that are there and cannot be read.
    private var damaged: Set<EXIFDirectory> = []
    private var bystanders: [TIFFDirectory] = []
    private var chain: [TIFFDirectory]
    private var zeroed: [ByteRange] = []

    private static var pointersMax: Int { 64 }
    private static var stripsMax: Int { 1 << 16 }
    /// Of one value that is read to be moved or renamed.
    static var valueBytesMax: UInt64 { 64 << 20 }

    init(_ stream: TIFFStream<Source>, mainDirectoriesMax: Int) throws(ImageFileError) {
        self.stream = stream
        chain = try stream.mainDirectories(limit: mainDirectoriesMax).directories
        var pointed = PointedDirectories(stream)
        var seen = Set(chain.map(\.range.offset))
        nodes[.image] = try Self.node(chain[0], stream)
        if chain.count > 1 { nodes[.thumbnail] = try Self.node(chain[1], stream) }
        for directory in [EXIFDirectory.exif, .gps, .interoperability] {
            guard let (parent, tag) = Self.pointer(to: directory), let entry = nodes[parent]?.found?.entry(tag) else { continue }
            if let found = try pointed.directory(entry), seen.insert(found.range.offset).inserted {
                nodes[directory] = try Self.node(found, stream)
            } else {
                damaged.insert(directory)
            }
        }
        // One that is also in `nodes` is shared: it stays for the other that points at it.
        var others: [UInt64: TIFFDirectory] = [:]
        for (page, directory) in chain.enumerated() {
            for offset in try stream.integers(directory.entry(TIFFTag.subIFDs), limit: Self.pointersMax) {
                if let sub = try pointed.directory(at: offset) { others[offset] = sub }
            }
            for tag in [TIFFTag.exif, TIFFTag.gps] where page > 0 {
                guard let other = try pointed.directory(directory.entry(tag)), others[other.range.offset] == nil else { continue }
                others[other.range.offset] = other
                for inner in [TIFFTag.gps, TIFFTag.interoperability] where tag == TIFFTag.exif {
                    if let nested = try pointed.directory(other.entry(inner)) { others[nested.range.offset] = nested }
                }
            }
        }
        if let inner = nodes[.exif]?.found?.entry(TIFFTag.gps), let other = try pointed.directory(inner) { others[other.range.offset] = other }
        bystanders = others.values.sorted { $0.range.offset < $1.range.offset }
    }

    private static func node(_ directory: TIFFDirectory, _ stream: TIFFStream<Source>) throws(ImageFileError) -> Node {
        let raw = try stream.source.read(directory.range)
        let fields = directory.entries.enumerated().map { index, entry in
            let start = stream.countBytes + index * stream.entryBytes
            return Field(
                tag: entry.tag, entry: Array(raw[start..<(start + stream.entryBytes)]), value: nil, old: entry.isOutOfLine ? entry.value : nil)
        }
        return Node(found: directory, fields: fields, next: directory.next, offset: directory.range.offset)
    }

    /// Which entry points at a directory; nil for those of the chain.
    private static func pointer(to directory: EXIFDirectory) -> (parent: EXIFDirectory, tag: UInt16)? {
        switch directory {
        case .image, .thumbnail: nil
        case .exif: (.image, TIFFTag.exif)
        case .gps: (.image, TIFFTag.gps)
        case .interoperability: (.exif, TIFFTag.interoperability)
        }
    }

    // MARK: Reading

    /// The stored value of a tag; nil where the file does not have it.
    func value(_ tag: UInt16, in directory: EXIFDirectory) throws(ImageFileError) -> (type: UInt16, bytes: [UInt8])? {
        guard let field = nodes[directory]?.fields.first(where: { $0.tag == tag }) else { return nil }
        if let value = field.value { return value }
        guard let entry = nodes[directory]?.found?.entry(tag), let bytes = try stream.bytes(entry, limit: Self.valueBytesMax) else {
            return nil
        }
        return (entry.type, bytes)
    }

    func has(_ tag: UInt16, in directory: EXIFDirectory) -> Bool { nodes[directory]?.fields.contains { $0.tag == tag } ?? false }

    // MARK: Changing

    /// Throws `unwritable` where there is no directory for it, `damaged` where there is one that cannot be read.
    mutating func set(_ tag: UInt16, in directory: EXIFDirectory, type: UInt16, bytes: [UInt8]) throws(ImageFileError) {
        guard !damaged.contains(directory) else {
            throw .damaged("the \(directory.rawValue) directory of the EXIF data cannot be read, so no tag can be written into it")
        }
        if nodes[directory] == nil {
            try make(directory)
            if directory == .exif { try set(0x9000, in: .exif, type: 7, bytes: Array("0232".utf8)) }
            if directory == .gps { try set(0, in: .gps, type: 1, bytes: [2, 3, 0, 0]) }
        }
        guard var node = nodes[directory] else { preconditionFailure("\(directory) was not made") }
        if let place = node.fields.firstIndex(where: { $0.tag == tag }) {
            let stored = try value(tag, in: directory)
            let isRepeated = node.fields[(place + 1)...].contains { $0.tag == tag }
            if let stored, stored.type == type, stored.bytes == bytes, !isRepeated { return }
            node.fields[place].value = (type, bytes)
            // Of one tag given twice readers take either.
            for index in node.fields.indices.reversed() where index > place && node.fields[index].tag == tag {
                if let old = node.fields[index].old { zeroed.append(old) }
                node.fields.remove(at: index)
            }
        } else {
            let place = node.fields.firstIndex { $0.tag > tag } ?? node.fields.count
            node.fields.insert(Field(tag: tag, entry: [], value: (type, bytes), old: nil), at: place)
        }
        node.isChanged = true
        nodes[directory] = node
    }

    mutating func delete(_ tag: UInt16, in directory: EXIFDirectory) {
        guard let node = nodes[directory], node.fields.contains(where: { $0.tag == tag }) else { return }
        zeroed += node.fields.filter { $0.tag == tag }.compactMap(\.old)
        nodes[directory]?.fields.removeAll { $0.tag == tag }
        nodes[directory]?.isChanged = true
        guard nodes[directory]?.fields.isEmpty == true, let (parent, pointer) = Self.pointer(to: directory) else { return }
        // TIFF 6.0 allows no directory without fields.
        if let found = node.found { zeroed.append(found.range) }
        nodes[directory] = nil
        delete(pointer, in: parent)
    }

    /// Puts fields into a directory, each in the place of the one of its tag, and makes the directory where there is none; no fields
    /// make none.
    mutating func add(_ fields: [(tag: UInt16, type: UInt16, bytes: [UInt8])], to directory: EXIFDirectory) throws(ImageFileError) {
        guard !fields.isEmpty else { return }
        if nodes[directory] == nil { try make(directory) }
        guard var node = nodes[directory] else { preconditionFailure("\(directory) was not made") }
        let tags = Set(fields.map(\.tag))
        zeroed += node.fields.filter { tags.contains($0.tag) }.compactMap(\.old)
        node.fields.removeAll { tags.contains($0.tag) }
        node.fields += fields.map { Field(tag: $0.tag, entry: [], value: ($0.type, $0.bytes), old: nil) }
        node.fields.sort { $0.tag < $1.tag }
        node.isChanged = true
        nodes[directory] = node
    }

    private mutating func make(_ directory: EXIFDirectory) throws(ImageFileError) {
        guard let (parent, tag) = Self.pointer(to: directory), directory != .interoperability else {
            throw .unwritable("the file has no \(directory.rawValue) directory to write a tag into")
        }
        nodes[directory] = Node(isChanged: true)
        // Its place is known when it is laid out.
        try set(tag, in: parent, type: stream.isBig ? 16 : 4, bytes: [UInt8](repeating: 0, count: stream.offsetBytes))
    }

    // MARK: Writing

    /// The edited file or block.
    consuming func pieces() throws(ImageFileError) -> [Piece] {
        let occupied = Occupied(try occupiedRanges())
        var splices: [Splice] = []
        var appended: [UInt8] = []
        let end = stream.source.byteCount
        func append(_ bytes: [UInt8]) -> UInt64 {
            if (end + UInt64(appended.count)) % 2 == 1 { appended.append(0) }
            let offset = end + UInt64(appended.count)
            appended += bytes
            return offset
        }
        var header: Splice?
        // Those that are pointed at before those that point.
        for directory in [EXIFDirectory.interoperability, .exif, .gps, .thumbnail, .image] {
            guard var node = nodes[directory], node.isChanged else { continue }
            for index in node.fields.indices {
                guard let (type, bytes) = node.fields[index].value else { continue }
                let count = UInt64(bytes.count) / max(1, tiffTypeBytes(type))
                var entry = stream.order.bytes(node.fields[index].tag, byteCount: 2) + stream.order.bytes(type, byteCount: 2)
                entry += stream.order.bytes(count, byteCount: stream.offsetBytes)
                let old = node.fields[index].old
                if bytes.count <= stream.offsetBytes {
                    entry += bytes + [UInt8](repeating: 0, count: stream.offsetBytes - bytes.count)
                    if let old { zeroed.append(old) }
                } else if let old, old.count >= UInt64(bytes.count), occupied.isAlone(old) {
                    entry += stream.order.bytes(old.offset, byteCount: stream.offsetBytes)
                    splices.append(Splice(range: old, bytes: bytes + [UInt8](repeating: 0, count: Int(old.count) - bytes.count)))
                } else {
                    entry += stream.order.bytes(append(bytes), byteCount: stream.offsetBytes)
                    if let old { zeroed.append(old) }
                }
                node.fields[index].entry = entry
            }
            let hadRoom = node.found.map { node.fields.count <= $0.entries.count && occupied.isAlone($0.range) } ?? false
            if hadRoom, let found = node.found {
                var bytes = serialised(node, hasNext: found.range.count > UInt64(stream.countBytes + found.entries.count * stream.entryBytes))
                bytes += [UInt8](repeating: 0, count: Int(found.range.count) - bytes.count)
                splices.append(Splice(range: found.range, bytes: bytes))
            } else {
                if let found = node.found { zeroed.append(found.range) }
                node.offset = append(serialised(node, hasNext: true))
                switch directory {
                case .image:
                    header = Splice(
                        range: ByteRange(offset: stream.firstDirectoryPosition, count: UInt64(stream.offsetBytes)),
                        bytes: stream.order.bytes(node.offset, byteCount: stream.offsetBytes))
                case .thumbnail:
                    nodes[.image]?.next = node.offset
                    nodes[.image]?.isChanged = true
                case .exif, .gps, .interoperability:
                    guard let (parent, tag) = Self.pointer(to: directory) else { preconditionFailure("\(directory) has no pointer") }
                    point(parent, tag, to: node.offset)
                }
            }
            nodes[directory] = node
        }
        guard stream.isBig || end + UInt64(appended.count) <= UInt64(UInt32.max) else {
            throw .unwritable("a TIFF file of 4 GiB has no room for another tag")
        }
        if let header { splices.append(header) }
        let touched = splices.map(\.range)
        for range in ranges(zeroed, without: try keptRanges() + touched) {
            splices.append(Splice(range: range, bytes: [UInt8](repeating: 0, count: Int(range.count))))
        }
        if !appended.isEmpty { splices.append(.inserting(appended, at: end)) }
        return try ImageFiles.pieces(splicing: splices, into: end)
    }

    private mutating func point(_ parent: EXIFDirectory, _ tag: UInt16, to offset: UInt64) {
        guard let index = nodes[parent]?.fields.firstIndex(where: { $0.tag == tag }) else { preconditionFailure("no pointer \(tag)") }
        let type: UInt16 = stream.isBig ? 16 : 4
        let bytes = stream.order.bytes(offset, byteCount: stream.offsetBytes)
        nodes[parent]?.fields[index].value = (type, bytes)
        nodes[parent]?.isChanged = true
    }

    private func serialised(_ node: Node, hasNext: Bool) -> [UInt8] {
        stream.order.bytes(node.fields.count, byteCount: stream.countBytes) + node.fields.flatMap(\.entry)
            + (hasNext ? stream.order.bytes(node.next, byteCount: stream.offsetBytes) : [])
    }

    // MARK: What lies where

    private func contents(_ directory: TIFFDirectory) -> [ByteRange] {
        [directory.range] + directory.entries.filter(\.isOutOfLine).compactMap(\.value)
    }

    /// Everything reachable before the edit.
    private func occupiedRanges() throws(ImageFileError) -> [ByteRange] {
        var found = [ByteRange(offset: 0, count: stream.isBig ? 16 : 8)]
        for directory in chain + [EXIFDirectory.exif, .gps, .interoperability].compactMap({ nodes[$0]?.found }) + bystanders {
            found += contents(directory)
        }
        return found + (try pictures())
    }

    /// Everything reachable behind the edit that was there before.
    private func keptRanges() throws(ImageFileError) -> [ByteRange] {
        var kept = [ByteRange(offset: 0, count: stream.isBig ? 16 : 8)]
        for directory in chain.dropFirst(2) + bystanders { kept += contents(directory) }
        for node in nodes.values {
            if let found = node.found, node.offset == found.range.offset { kept.append(found.range) }
            kept += node.fields.filter { $0.value == nil }.compactMap(\.old)
        }
        return kept + (try pictures())
    }

    /// Strips and tiles, as far as their lists together are no longer than the file.
    private func pictures() throws(ImageFileError) -> [ByteRange] {
        var found: [ByteRange] = []
        var bytesLeft = stream.source.byteCount
        for directory in chain + bystanders {
            for (place, size) in [
                (TIFFTag.thumbnailOffset, TIFFTag.thumbnailByteCount), (TIFFTag.stripOffsets, TIFFTag.stripByteCounts),
                (TIFFTag.tileOffsets, TIFFTag.tileByteCounts),
            ] {
                guard let places = directory.entry(place), let sizes = directory.entry(size) else { continue }
                let cost = min(places.count, UInt64(Self.stripsMax)) * 8
                guard cost <= bytesLeft else { return found }
                bytesLeft -= cost
                let offsets = try stream.integers(places, limit: Self.stripsMax)
                let counts = try stream.integers(sizes, limit: Self.stripsMax)
                for (offset, count) in zip(offsets, counts) {
                    let range = ByteRange(offset: offset, count: count)
                    if stream.source.contains(range) { found.append(range) }
                }
            }
        }
        return found
    }
}

/// Tells whether a stretch of a file belongs to one thing alone.
private struct Occupied {
    private let starts: [UInt64]
    private let ends: [UInt64]

    init(_ ranges: [ByteRange]) {
        let filled = ranges.filter { $0.count > 0 }
        starts = filled.map(\.offset).sorted()
        ends = filled.map(\.end).sorted()
    }

    /// Whether only one of the ranges, `range` itself, reaches into it.
    func isAlone(_ range: ByteRange) -> Bool {
        // Those that begin before its end, less those that end before it begins.
        let begun = Self.count(in: starts) { $0 < range.end }
        let over = Self.count(in: ends) { $0 <= range.offset }
        return begun - over == 1
    }

    private static func count(in sorted: [UInt64], where isBefore: (UInt64) -> Bool) -> Int {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if isBefore(sorted[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
