import JobModel

/// Maker notes that mean the same wherever they stand: their offsets count from their own beginning, in a byte order they state
/// themselves. All others count from the beginning of the EXIF block they were written into.
///
/// What a note begins with, and where its directory lies, is as exiftool's documentation of maker notes tells.
enum MakerNote {
    private struct Layout {
        /// Offsets count from here.
        var base: Int
        var directory: Int
        var order: ByteOrder
    }

    /// Cameras state some bytes less than their notes have.
    private static let overrunBytesMax: UInt64 = 64

    /// All bytes of the note at `range` that its values lie in; nil for a note of an unknown maker, and for one that names bytes far
    /// from itself.
    static func whole(_ range: ByteRange, in source: some ByteSource) throws(ImageFileError) -> [UInt8]? {
        let note = try source.read(range)
        guard let layout = layout(note), let entries = entries(note, at: layout.directory, layout) else { return nil }
        var end = range.count
        for entry in entries {
            let bytes = entry.count.multipliedReportingOverflow(by: tiffTypeBytes(entry.type))
            guard tiffTypeBytes(entry.type) > 0, !bytes.overflow, bytes.partialValue <= UInt64(UInt32.max) else { return nil }
            if bytes.partialValue > 4 { end = max(end, UInt64(layout.base) + entry.value + bytes.partialValue) }
        }
        let all = ByteRange(offset: range.offset, count: end)
        guard end <= range.count + overrunBytesMax, source.contains(all) else { return nil }
        return end == range.count ? note : try source.read(all)
    }

    private static func layout(_ note: [UInt8]) -> Layout? {
        func order(_ at: Int) -> ByteOrder? { note.has("II", at: at) ? .little : note.has("MM", at: at) ? .big : nil }
        if note.has("Nikon\0\u{2}", at: 0), let order = order(10), let start = order.uint32(note, 14) {
            guard start <= UInt32(Int32.max) else { return nil }
            return Layout(base: 10, directory: 10 + Int(start), order: order)
        }
        if note.has("FUJIFILM", at: 0), let start = ByteOrder.little.uint16(note, 8) {
            return Layout(base: 0, directory: Int(start), order: .little)
        }
        let places: [(signature: StaticString, order: Int, directory: Int)] = [
            ("Apple iOS\0", 12, 14), ("OLYMPUS\0", 8, 12), ("OM SYSTEM\0", 12, 16), ("PENTAX \0", 8, 10),
        ]
        for place in places where note.has(place.signature, at: 0) {
            return order(place.order).map { Layout(base: 0, directory: place.directory, order: $0) }
        }
        return nil
    }

    private static func entries(_ note: [UInt8], at start: Int, _ layout: Layout) -> [(type: UInt16, count: UInt64, value: UInt64)]? {
        guard let count = layout.order.uint16(note, start), count > 0, start + 2 + 12 * Int(count) <= note.count else { return nil }
        return (0..<Int(count)).map { index in
            let at = start + 2 + 12 * index
            func number(_ offset: Int, _ byteCount: Int) -> UInt64 { layout.order.number(note, at + offset, byteCount: byteCount) ?? 0 }
            return (UInt16(number(2, 2)), number(4, 4), number(8, 4))
        }
    }
}
