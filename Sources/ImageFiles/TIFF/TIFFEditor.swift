import JobModel

/// Edits a TIFF structure so that no value moves: directories are rewritten in their place, dropped values are zeroed.
/// Only a directory that must grow is written again, behind everything else.
struct TIFFEditor<Source: ByteSource> {
    private struct Node {
        let directory: TIFFDirectory
        /// Entries as they will be written, in order of their tags as found.
        var entries: [[UInt8]]
        var next: UInt64
        var isChanged = false
        var offset: UInt64

        func tag(_ index: Int, _ order: ByteOrder) -> UInt16 { order.uint16(entries[index], 0) ?? 0 }
    }

    private let stream: TIFFStream<Source>
    private var pointed: PointedDirectories<Source>
    private var main: [Node] = []
    private var exif: [Node] = []
    /// Directories that are kept as they are.
    private struct Bystander {
        enum Kind { case interoperability, subImage }
        var kind: Kind
        var directory: TIFFDirectory
    }
    private var bystanders: [Bystander] = []
    private var zeroed: [ByteRange] = []
    private var clearsGPS = false
    private var orientation: Int?
    private var thumbnail: (old: ByteRange, new: [UInt8])?

    /// All that is overwritten together; zeros pass through memory.
    private static var zeroedBytesMax: UInt64 { 256 << 20 }
    private static var packetBytesMax: UInt64 { 64 << 20 }
    private static var pointersMax: Int { 64 }

    init(_ stream: TIFFStream<Source>, mainDirectoriesMax: Int) throws(ImageFileError) {
        self.stream = stream
        pointed = PointedDirectories(stream)
        var seen: Set<UInt64> = []
        for directory in try stream.mainDirectories(limit: mainDirectoriesMax).directories {
            main.append(try node(directory))
            if let detail = try pointed.directory(directory.entry(TIFFTag.exif)), seen.insert(detail.range.offset).inserted {
                exif.append(try node(detail))
                if let other = try pointed.directory(detail.entry(TIFFTag.interoperability)) {
                    bystanders.append(Bystander(kind: .interoperability, directory: other))
                }
            }
            for offset in try stream.integers(directory.entry(TIFFTag.subIFDs), limit: Self.pointersMax) {
                if let sub = try pointed.directory(at: offset), seen.insert(offset).inserted {
                    bystanders.append(Bystander(kind: .subImage, directory: sub))
                }
            }
        }
    }

    private func node(_ directory: TIFFDirectory) throws(ImageFileError) -> Node {
        let raw = try stream.source.read(directory.range)
        let entries = directory.entries.indices.map { index in
            let start = stream.countBytes + index * stream.entryBytes
            return Array(raw[start..<(start + stream.entryBytes)])
        }
        return Node(directory: directory, entries: entries, next: directory.next, offset: directory.range.offset)
    }

    /// Removes GPS directories and the coordinates of maps, and what tells the place in the XMP, IPTC and Photoshop values of main
    /// directories.
    mutating func dropGPS() throws(ImageFileError) {
        clearsGPS = true
        var seen: Set<UInt64> = []
        for directory in (main + exif).map(\.directory) {
            guard let gps = try pointed.directory(directory.entry(TIFFTag.gps)), seen.insert(gps.range.offset).inserted else {
                continue
            }
            zero(gps)
        }
        for index in main.indices {
            for entry in main[index].directory.entries where TIFFTag.mapCoordinates.contains(entry.tag) {
                if entry.isOutOfLine, let value = entry.value { zeroed.append(value) }
                remove(entry.tag, from: &main[index])
            }
            remove(TIFFTag.gps, from: &main[index])
        }
        for index in exif.indices { remove(TIFFTag.gps, from: &exif[index]) }
    }

    /// Removes every main directory but the first, and the pictures they hold.
    mutating func dropThumbnail() throws(ImageFileError) {
        for thumbnail in main.dropFirst() {
            zero(thumbnail.directory)
            zeroed += try pictureRanges(thumbnail.directory)
        }
        main.removeSubrange(1...)
        if main[0].next != 0 {
            main[0].next = 0
            main[0].isChanged = true
        }
    }

    /// Puts a JPEG in the place of the one that the second directory names, behind everything where it is too long for that;
    /// false where there is none that could be exchanged.
    mutating func replaceThumbnail(_ picture: [UInt8]) throws(ImageFileError) -> Bool {
        guard main.count == 2, let place = main[1].directory.entry(TIFFTag.thumbnailOffset), place.type == 4,
            let size = main[1].directory.entry(TIFFTag.thumbnailByteCount), size.type == 4,
            let offset = try stream.integers(place, limit: 1).first, let count = try stream.integers(size, limit: 1).first
        else { return false }
        let old = ByteRange(offset: offset, count: count)
        // Whoever else uses these bytes would find others there.
        guard stream.source.contains(old), count > 0, ranges([old], without: try protectedRanges(besides: 1)) == [old]
        else { return false }
        replace(TIFFTag.thumbnailByteCount, type: 4, value: picture.count, in: &main[1])
        thumbnail = (old, picture)
        return true
    }

    /// Removes all tags of main directories but these, with what they hold and point at.
    mutating func keepOnly(_ tags: Set<UInt16>) throws(ImageFileError) {
        let order = stream.order
        var seen: Set<UInt64> = []
        for index in main.indices {
            let kept = main[index].entries.filter { tags.contains(order.uint16($0, 0) ?? 0) }
            if kept.count < main[index].entries.count {
                main[index].entries = kept
                main[index].isChanged = true
            }
            for entry in main[index].directory.entries where !tags.contains(entry.tag) {
                if entry.isOutOfLine, let value = entry.value { zeroed.append(value) }
                guard entry.tag == TIFFTag.exif || entry.tag == TIFFTag.gps else { continue }
                guard let directory = try pointed.directory(entry), seen.insert(directory.range.offset).inserted else { continue }
                zero(directory)
                for inner in [TIFFTag.gps, TIFFTag.interoperability] {
                    if let nested = try pointed.directory(directory.entry(inner)), seen.insert(nested.range.offset).inserted {
                        zero(nested)
                    }
                }
            }
        }
        if !tags.contains(TIFFTag.exif) {
            exif = []
            bystanders = bystanders.filter { $0.kind == .subImage }
        }
    }

    /// In all main directories, or in the first and, where it has the tag, in those behind it.
    mutating func setOrientation(_ value: Int, inAll: Bool) throws(ImageFileError) {
        precondition((1...8).contains(value), "orientation \(value) is not 1 to 8")
        orientation = value
        for index in main.indices {
            let entry = main[index].directory.entry(TIFFTag.orientation)
            if let entry {
                let isRight = try stream.integers(entry, limit: 1) == [UInt64(value)]
                if !isRight { replace(TIFFTag.orientation, type: 3, value: value, in: &main[index]) }
            } else if value != 1, index == 0 || inAll {
                insert(TIFFTag.orientation, value: value, into: &main[index])
            }
        }
    }

    mutating func setPixelSize(width: Int, height: Int) {
        for index in exif.indices {
            for (tag, value) in [(TIFFTag.pixelXDimension, width), (TIFFTag.pixelYDimension, height)] {
                guard let entry = exif[index].directory.entry(tag), !entry.isOutOfLine else { continue }
                replace(tag, type: entry.type == 3 && value <= 0xFFFF ? 3 : 4, value: value, in: &exif[index])
            }
        }
    }

    /// The edited file or block.
    consuming func pieces() throws(ImageFileError) -> [Piece] {
        var splices = try packetSplices()
        var appended = try placeGrown(&splices)
        placeThumbnail(&splices, &appended)
        for node in main + exif where node.isChanged && node.offset == node.directory.range.offset {
            var bytes = serialised(node)
            bytes += [UInt8](repeating: 0, count: Int(node.directory.range.count) - bytes.count)
            splices.append(Splice(range: node.directory.range, bytes: bytes))
        }
        if !zeroed.isEmpty {
            let unwanted = ranges(zeroed, without: try protectedRanges())
            guard unwanted.reduce(0, { $0 + $1.count }) <= Self.zeroedBytesMax else {
                throw .unsupported("more than \(Self.zeroedBytesMax >> 20) MiB of metadata")
            }
            for range in unwanted {
                splices.append(Splice(range: range, bytes: [UInt8](repeating: 0, count: Int(range.count))))
            }
        }
        if !appended.isEmpty { splices.append(.inserting(appended, at: stream.source.byteCount)) }
        return try ImageFiles.pieces(splicing: splices, into: stream.source.byteCount)
    }

    // MARK: Directories

    private mutating func placeThumbnail(_ splices: inout [Splice], _ appended: inout [UInt8]) {
        guard let (old, new) = thumbnail else { return }
        var rest = [UInt8](repeating: 0, count: Int(old.count))
        if new.count <= rest.count {
            rest.replaceSubrange(..<new.count, with: new)
        } else {
            replace(TIFFTag.thumbnailOffset, type: 4, value: Int(stream.source.byteCount) + appended.count, in: &main[1])
            appended += new
        }
        splices.append(Splice(range: old, bytes: rest))
    }

    private func serialised(_ node: Node) -> [UInt8] {
        let hasNext =
            node.offset != node.directory.range.offset
            || node.directory.range.count > UInt64(stream.countBytes + node.directory.entries.count * stream.entryBytes)
        return stream.order.bytes(node.entries.count, byteCount: stream.countBytes) + node.entries.joined()
            + (hasNext ? stream.order.bytes(node.next, byteCount: stream.offsetBytes) : [])
    }

    /// Gives main directories that outgrew their place a new one behind the file, and tells whoever points at them.
    private mutating func placeGrown(_ splices: inout [Splice]) throws(ImageFileError) -> [UInt8] {
        let end = stream.source.byteCount
        var appended: [UInt8] = []
        for index in main.indices.reversed() where main[index].entries.count > main[index].directory.entries.count {
            if (end + UInt64(appended.count)) % 2 == 1 { appended.append(0) }
            let offset = end + UInt64(appended.count)
            main[index].offset = offset
            appended += serialised(main[index])
            guard stream.isBig || offset <= UInt64(UInt32.max) else {
                throw .unsupported("a TIFF file of 4 GiB cannot get another directory")
            }
            zeroed.append(main[index].directory.range)
            if index == 0 {
                splices.append(
                    Splice(
                        range: ByteRange(offset: stream.firstDirectoryPosition, count: UInt64(stream.offsetBytes)),
                        bytes: stream.order.bytes(offset, byteCount: stream.offsetBytes)))
            } else {
                main[index - 1].next = offset
                main[index - 1].isChanged = true
            }
        }
        return appended
    }

    private func remove(_ tag: UInt16, from node: inout Node) {
        let order = stream.order
        let kept = node.entries.filter { order.uint16($0, 0) != tag }
        if kept.count < node.entries.count {
            node.entries = kept
            node.isChanged = true
        }
    }

    private func entry(_ tag: UInt16, type: UInt16, value: Int) -> [UInt8] {
        let valueBytes = type == 3 ? 2 : 4
        return stream.order.bytes(tag, byteCount: 2) + stream.order.bytes(type, byteCount: 2)
            + stream.order.bytes(1, byteCount: stream.offsetBytes) + stream.order.bytes(value, byteCount: valueBytes)
            + [UInt8](repeating: 0, count: stream.offsetBytes - valueBytes)
    }

    private func replace(_ tag: UInt16, type: UInt16, value: Int, in node: inout Node) {
        let new = entry(tag, type: type, value: value)
        for index in node.entries.indices where node.tag(index, stream.order) == tag && node.entries[index] != new {
            node.entries[index] = new
            node.isChanged = true
        }
    }

    private func insert(_ tag: UInt16, value: Int, into node: inout Node) {
        let place = node.entries.indices.first { node.tag($0, stream.order) > tag } ?? node.entries.count
        node.entries.insert(entry(tag, type: 3, value: value), at: place)
        node.isChanged = true
    }

    // MARK: Values

    /// XMP, IPTC and Photoshop values of main directories, edited to the same length.
    private func packetSplices() throws(ImageFileError) -> [Splice] {
        guard clearsGPS || orientation != nil else { return [] }
        var splices: [Splice] = []
        var seen: Set<ByteRange> = []
        var bytesLeft = stream.source.byteCount
        for node in main {
            let tags = Set(node.entries.indices.map { node.tag($0, stream.order) }).intersection([
                TIFFTag.xmp, TIFFTag.iptc, TIFFTag.photoshop,
            ])
            for entry in node.directory.entries where tags.contains(entry.tag) {
                guard entry.isOutOfLine, let range = entry.value, seen.insert(range).inserted,
                    let old = try stream.bytes(entry, limit: Self.packetBytesMax)
                else { continue }
                guard range.count <= bytesLeft else { throw .damaged("metadata lie over each other at \(range.offset)") }
                bytesLeft -= range.count
                var new = old
                if clearsGPS {
                    switch entry.tag {
                    case TIFFTag.iptc: new = PhotoshopResources.clearingPlaces(inIPTCBlock: new)
                    case TIFFTag.photoshop: new = PhotoshopResources.clearingPlaces(new)
                    default: new = XMPPacket.clearingPlaces(new)
                    }
                }
                if let orientation, entry.tag == TIFFTag.xmp { new = XMPPacket.settingOrientation(orientation, in: new) }
                if new != old { splices.append(Splice(range: range, bytes: new)) }
            }
        }
        return splices
    }

    private mutating func zero(_ directory: TIFFDirectory) {
        zeroed.append(directory.range)
        for entry in directory.entries where entry.isOutOfLine {
            if let value = entry.value { zeroed.append(value) }
        }
    }

    /// The pixels that a directory names: an old-style JPEG or strips.
    private func pictureRanges(_ directory: TIFFDirectory) throws(ImageFileError) -> [ByteRange] {
        var found: [ByteRange] = []
        for (place, size) in [
            (TIFFTag.thumbnailOffset, TIFFTag.thumbnailByteCount), (TIFFTag.stripOffsets, TIFFTag.stripByteCounts),
            (TIFFTag.tileOffsets, TIFFTag.tileByteCounts),
        ] {
            let offsets = try stream.integers(directory.entry(place), limit: Self.pointersMax)
            let counts = try stream.integers(directory.entry(size), limit: Self.pointersMax)
            for (offset, count) in zip(offsets, counts) {
                let range = ByteRange(offset: offset, count: count)
                if stream.source.contains(range) { found.append(range) }
            }
        }
        return found
    }

    /// Everything that stays and is reachable: nothing dropped may take it along, however the file's parts overlap.
    ///
    /// - Parameter leftOut: A main directory whose pictures are left out.
    private func protectedRanges(besides leftOut: Int? = nil) throws(ImageFileError) -> [ByteRange] {
        var kept = [ByteRange(offset: 0, count: stream.isBig ? 16 : 8)]
        for (index, node) in (main + exif).enumerated() {
            if node.offset == node.directory.range.offset { kept.append(node.directory.range) }
            let tags = Set(node.entries.indices.map { node.tag($0, stream.order) })
            kept += node.directory.entries.filter { tags.contains($0.tag) && $0.isOutOfLine }.compactMap(\.value)
            if index != leftOut { kept += try pictureRanges(node.directory) }
        }
        for directory in bystanders.map(\.directory) {
            kept.append(directory.range)
            kept += directory.entries.filter(\.isOutOfLine).compactMap(\.value)
        }
        return kept
    }
}

/// The bytes of `ranges` that lie in none of `others`, ascending and without overlap. Every end must fit 64 bits.
func ranges(_ ranges: [ByteRange], without others: [ByteRange]) -> [ByteRange] {
    let holes = united(others)
    var result: [ByteRange] = []
    var done: UInt64 = 0
    // Neither list goes back, so each hole is passed once.
    var passed = 0
    for range in ranges.sorted(by: { $0.offset < $1.offset }) {
        var position = max(range.offset, done)
        while passed < holes.count, holes[passed].end <= position { passed += 1 }
        var next = passed
        while next < holes.count, holes[next].offset < range.end {
            let hole = holes[next]
            if hole.offset > position { result.append(ByteRange(offset: position, count: hole.offset - position)) }
            position = max(position, hole.end)
            next += 1
        }
        if position < range.end { result.append(ByteRange(offset: position, count: range.end - position)) }
        done = max(done, position, range.end)
    }
    return result
}

/// The same bytes as ascending ranges that neither overlap nor touch.
private func united(_ ranges: [ByteRange]) -> [ByteRange] {
    var result: [ByteRange] = []
    for range in ranges.filter({ $0.count > 0 }).sorted(by: { $0.offset < $1.offset }) {
        if let last = result.last, range.offset <= last.end {
            result[result.count - 1].count = max(last.end, range.end) - last.offset
        } else {
            result.append(range)
        }
    }
    return result
}
