import JobModel

/// Metadata of AVIF files that libheif has just written.
public enum AVIFMetadata {
    /// The file with its EXIF block, which the encoder made up, exchanged for `exif`.
    ///
    /// Nothing moves: the new block stands behind everything, its entry in the item locations points there, and the old one is
    /// zeroed (ISO/IEC 23008-12, A.2.1; 14496-12, 8.11.3). `unsupported` where there is no such block or it lies otherwise.
    public static func pieces(replacingEXIF exif: [UInt8], in file: MemorySource) throws(ImageFileError) -> [Piece] {
        let bytes = file.bytes
        guard let meta = Box.list(bytes, in: 0..<bytes.count).first(where: { $0.type == "meta" }), meta.content.count > 4 else {
            throw .unsupported("no metadata box")
        }
        let boxes = Box.list(bytes, in: (meta.content.lowerBound + 4)..<meta.content.upperBound)
        guard let items = boxes.first(where: { $0.type == "iinf" }), let places = boxes.first(where: { $0.type == "iloc" }),
            let item = exifItem(bytes, items.content), let place = Place(of: item, bytes, places.content)
        else { throw .unsupported("no place of an EXIF block") }
        // The offset of the TIFF header comes first.
        let block: [UInt8] = [0, 0, 0, 0] + exif
        let start = bytes.count + 8
        guard start + block.count <= Int(UInt32.max), place.old.upperBound <= bytes.count else {
            throw .unsupported("no room for an EXIF block")
        }
        var splices = [
            Splice(range: place.offsetField.bytes, bytes: ByteOrder.big.bytes(start, byteCount: 4)),
            Splice(range: place.lengthField.bytes, bytes: ByteOrder.big.bytes(block.count, byteCount: 4)),
            Splice(range: place.old.bytes, bytes: [UInt8](repeating: 0, count: place.old.count)),
            .inserting(Box.made("mdat", block), at: file.byteCount),
        ]
        if let base = place.baseField { splices.append(Splice(range: base.bytes, bytes: [0, 0, 0, 0])) }
        return try ImageFiles.pieces(splicing: splices, into: file.byteCount)
    }

    /// The number of the item of type `Exif`.
    private static func exifItem(_ bytes: [UInt8], _ content: Range<Int>) -> UInt32? {
        guard let version = content.first.map({ bytes[$0] }) else { return nil }
        let entries = Box.list(bytes, in: (content.lowerBound + (version == 0 ? 6 : 8))..<max(content.lowerBound + 8, content.upperBound))
        for entry in entries where entry.type == "infe" {
            let at = entry.content.lowerBound
            switch bytes[at] {
            case 2: if bytes.has("Exif", at: at + 8) { return ByteOrder.big.uint16(bytes, at + 4).map(UInt32.init) }
            case 3: if bytes.has("Exif", at: at + 10) { return ByteOrder.big.uint32(bytes, at + 4) }
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

        init?(of item: UInt32, _ bytes: [UInt8], _ content: Range<Int>) {
            let order = ByteOrder.big
            var at = content.lowerBound
            guard content.count > 8, let version = bytes.dropFirst(at).first, version <= 2 else { return nil }
            let (offsetBytes, lengthBytes) = (Int(bytes[at + 4] >> 4), Int(bytes[at + 4] & 15))
            let (baseBytes, indexBytes) = (Int(bytes[at + 5] >> 4), version == 0 ? 0 : Int(bytes[at + 5] & 15))
            guard offsetBytes == 4, lengthBytes == 4, baseBytes == 4 || baseBytes == 0 else { return nil }
            let numberBytes = version == 2 ? 4 : 2
            guard let count = order.number(bytes, at + 6, byteCount: numberBytes) else { return nil }
            at += 6 + numberBytes
            for _ in 0..<count {
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
                    return
                }
                at += Int(extents) * (indexBytes + offsetBytes + lengthBytes)
            }
            return nil
        }
    }
}
