import JobModel

/// Metadata of AVIF files that libheif has just written.
public enum AVIFMetadata {
    /// The file with its EXIF block, which the encoder made up, exchanged for `exif`.
    ///
    /// Nothing moves: the new block stands behind everything, its entry in the item locations points there, and the old one is
    /// zeroed (ISO/IEC 23008-12, A.2.1; 14496-12, 8.11.3). `unsupported` where there is no such block or it lies otherwise.
    public static func pieces(replacingEXIF exif: [UInt8], in file: MemorySource) throws(ImageFileError) -> [Piece] {
        let found = try Found(file.bytes)
        // The offset of the TIFF header comes first.
        let block: [UInt8] = [0, 0, 0, 0] + exif
        let start = file.bytes.count + 8
        guard start + block.count <= Int(UInt32.max) else { throw .unsupported("no room for an EXIF block") }
        var splices = [
            Splice(range: found.place.offsetField.bytes, bytes: ByteOrder.big.bytes(start, byteCount: 4)),
            Splice(range: found.place.lengthField.bytes, bytes: ByteOrder.big.bytes(block.count, byteCount: 4)),
            found.zeroes,
            .inserting(Box.made("mdat", block), at: file.byteCount),
        ]
        if let base = found.place.baseField { splices.append(Splice(range: base.bytes, bytes: [0, 0, 0, 0])) }
        return try ImageFiles.pieces(splicing: splices, into: file.byteCount)
    }

    /// The file without the EXIF block that the encoder made up.
    ///
    /// Nothing moves: the block is zeroed, its item goes from the lists of items, of their places and of their references, and a box
    /// of free space takes the room of what went (14496-12, 8.1.2).
    public static func pieces(droppingEXIFOf file: MemorySource) throws(ImageFileError) -> [Piece] {
        let found = try Found(file.bytes)
        var kept: [UInt8] = []
        for box in found.boxes {
            switch box.type {
            case "iinf": kept += found.without(found.item.entry, in: box, countAt: 4, byteCount: found.bytes[box.content.lowerBound] == 0 ? 2 : 4)
            case "iloc": kept += found.without(found.place.entry, in: box, countAt: 6, byteCount: found.bytes[box.content.lowerBound] == 2 ? 4 : 2)
            case "iref": kept += found.withoutReferences(box)
            default: kept += found.bytes[box.range]
            }
        }
        let content = (found.meta.content.lowerBound + 4)..<found.meta.content.upperBound
        let room = content.count - kept.count
        guard room >= 8 else { throw .unsupported("no room for a box of free space") }
        let splices = [
            Splice(range: content.bytes, bytes: kept + Box.made("free", [UInt8](repeating: 0, count: room - 8))), found.zeroes,
        ]
        return try ImageFiles.pieces(splicing: splices, into: file.byteCount)
    }

    /// Where the EXIF block is, and where that is said.
    private struct Found {
        let bytes: [UInt8]
        let meta: Box
        /// What the metadata box holds.
        let boxes: [Box]
        let item: (number: UInt32, entry: Range<Int>)
        let place: Place

        init(_ bytes: [UInt8]) throws(ImageFileError) {
            self.bytes = bytes
            guard let meta = Box.list(bytes, in: 0..<bytes.count).first(where: { $0.type == "meta" }), meta.content.count > 4 else {
                throw .unsupported("no metadata box")
            }
            self.meta = meta
            boxes = Box.list(bytes, in: (meta.content.lowerBound + 4)..<meta.content.upperBound)
            guard let items = boxes.first(where: { $0.type == "iinf" }), let places = boxes.first(where: { $0.type == "iloc" }),
                let item = AVIFMetadata.exifItem(bytes, items.content), let place = Place(of: item.number, bytes, places.content),
                place.old.upperBound <= bytes.count
            else { throw .unsupported("no place of an EXIF block") }
            (self.item, self.place) = (item, place)
        }

        var zeroes: Splice { Splice(range: place.old.bytes, bytes: [UInt8](repeating: 0, count: place.old.count)) }

        /// A box without one of its entries; how many it has stands `countAt` bytes into it.
        func without(_ entry: Range<Int>, in box: Box, countAt: Int, byteCount: Int) -> [UInt8] {
            let field = (box.content.lowerBound + countAt)..<(box.content.lowerBound + countAt + byteCount)
            let count = (ByteOrder.big.number(bytes, field.lowerBound, byteCount: byteCount) ?? 1) - 1
            let content =
                bytes[box.content.lowerBound..<field.lowerBound] + ByteOrder.big.bytes(count, byteCount: byteCount)
                + bytes[field.upperBound..<entry.lowerBound] + bytes[entry.upperBound..<box.content.upperBound]
            return Box.made(box.type, Array(content))
        }

        /// The references that are not from the item; nothing of the box where none is left.
        func withoutReferences(_ box: Box) -> [UInt8] {
            let numberBytes = bytes[box.content.lowerBound] == 0 ? 2 : 4
            let references = Box.list(bytes, in: (box.content.lowerBound + 4)..<max(box.content.lowerBound + 4, box.content.upperBound))
            let kept = references.filter { ByteOrder.big.number(bytes, $0.content.lowerBound, byteCount: numberBytes) != UInt64(item.number) }
            guard !kept.isEmpty else { return [] }
            return Box.made("iref", Array(bytes[box.content.lowerBound..<(box.content.lowerBound + 4)]) + kept.flatMap { bytes[$0.range] })
        }
    }

    /// The number of the item of type `Exif`, and what lists it.
    private static func exifItem(_ bytes: [UInt8], _ content: Range<Int>) -> (number: UInt32, entry: Range<Int>)? {
        guard let version = content.first.map({ bytes[$0] }) else { return nil }
        let entries = Box.list(bytes, in: (content.lowerBound + (version == 0 ? 6 : 8))..<max(content.lowerBound + 8, content.upperBound))
        for entry in entries where entry.type == "infe" {
            let at = entry.content.lowerBound
            guard at < bytes.count else { return nil }
            switch bytes[at] {
            case 2: if bytes.has("Exif", at: at + 8), let number = ByteOrder.big.uint16(bytes, at + 4) { return (UInt32(number), entry.range) }
            case 3: if bytes.has("Exif", at: at + 10), let number = ByteOrder.big.uint32(bytes, at + 4) { return (number, entry.range) }
            default: continue
            }
        }
        return nil
    }

    /// Where the one extent of an item lies, and where that is said, in fields of four bytes.
    private struct Place {
        /// Added to the offset; nil where it is left away.
        var baseField: Range<Int>?
        var offsetField: Range<Int>
        var lengthField: Range<Int>
        var old: Range<Int>
        /// Its whole entry in `iloc`.
        var entry: Range<Int>

        init?(of item: UInt32, _ bytes: [UInt8], _ content: Range<Int>) {
            let order = ByteOrder.big
            var at = content.lowerBound
            guard content.count > 8, let version = bytes[content].first, version <= 2 else { return nil }
            let (offsetBytes, lengthBytes) = (Int(bytes[at + 4] >> 4), Int(bytes[at + 4] & 15))
            let (baseBytes, indexBytes) = (Int(bytes[at + 5] >> 4), version == 0 ? 0 : Int(bytes[at + 5] & 15))
            guard offsetBytes == 4, lengthBytes == 4, baseBytes == 4 || baseBytes == 0 else { return nil }
            let numberBytes = version == 2 ? 4 : 2
            guard let count = order.number(bytes, at + 6, byteCount: numberBytes) else { return nil }
            at += 6 + numberBytes
            for _ in 0..<count {
                let entryStart = at
                guard at + 14 <= content.upperBound, let number = order.number(bytes, at, byteCount: numberBytes) else { return nil }
                at += numberBytes
                var method: UInt64 = 0
                if version > 0 {
                    method = (order.number(bytes, at, byteCount: 2) ?? 0) & 15
                    at += 2
                }
                // Which file the data are in: this one.
                at += 2
                let base = Int(order.number(bytes, at, byteCount: baseBytes) ?? 0)
                let field = baseBytes == 0 ? nil : at..<(at + baseBytes)
                at += baseBytes
                guard let extents = order.uint16(bytes, at) else { return nil }
                at += 2
                if number == UInt64(item) {
                    at += indexBytes
                    guard extents == 1, method == 0, let offset = order.uint32(bytes, at),
                        let length = order.uint32(bytes, at + 4)
                    else { return nil }
                    baseField = field
                    offsetField = at..<(at + 4)
                    lengthField = (at + 4)..<(at + 8)
                    old = (base + Int(offset))..<(base + Int(offset) + Int(length))
                    entry = entryStart..<(at + 8)
                    return
                }
                at += Int(extents) * (indexBytes + offsetBytes + lengthBytes)
            }
            return nil
        }
    }
}
