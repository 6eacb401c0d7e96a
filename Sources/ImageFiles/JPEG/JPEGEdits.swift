import JobModel

extension JPEGFile {
    /// The file with `edits` applied; scan data and everything needed to decode them stay byte for byte.
    ///
    /// Throws `unsupported` when a block does not fit a segment (65,533 bytes).
    public func pieces(applying edits: [MetadataEdit], source: some ByteSource) throws(ImageFileError) -> [Piece] {
        let plan = try EditPlan(edits) { () throws(ImageFileError) in try metadata(in: source) }
        var splices: [Splice] = []
        try editEXIF(plan, source, &splices)
        try editXMP(plan, source, &splices)
        try editPhotoshop(plan, source, &splices)
        for segment in segments where drops(segment.kind, plan) { splices.append(.removing(segment.range)) }
        if plan.dropsTrailer {
            let scans = try walkScans(in: source)
            splices += scans.lateMetadata.filter(source.contains).map(Splice.removing)
            if let end = scans.end, end < source.byteCount {
                splices.append(.removing(ByteRange(offset: end, count: source.byteCount - end)))
            }
        }
        try moveOtherPictures(plan, source, &splices)
        return try ImageFiles.pieces(splicing: splices, into: source.byteCount)
    }

    /// The file with its EXIF, XMP and IPTC replaced by `metadata`, put behind JFIF's APP0; the ICC profile stays.
    ///
    /// For a file just encoded: libvips rebuilds EXIF through libexif, which destroys maker notes, so the worker strips while
    /// saving and puts the original's block back. Throws `unsupported` when a block does not fit a segment.
    public func replacingMetadata(_ metadata: EmbeddedMetadata, source: some ByteSource) throws(ImageFileError) -> [Piece] {
        var splices: [Splice] = []
        for segment in segments {
            switch segment.kind {
            case .exif, .xmp, .extendedXMP, .photoshop: splices.append(.removing(segment.range))
            case .jfif, .icc, .adobe, .comment, .mpf, .gopro, .otherApplication, .coding, .stray: break
            }
        }
        var new: [UInt8] = []
        if let exif = metadata.exif { new += try Self.segment(1, JPEGSignature.exif + exif, "the EXIF block") }
        if let xmp = metadata.xmp { new += try Self.segment(1, JPEGSignature.xmp + xmp, "the XMP packet") }
        for part in metadata.extendedXMP { new += try Self.segment(1, part, "an extended XMP part") }
        if let photoshop = metadata.photoshop { new += try Self.photoshopSegments(photoshop) }
        if !new.isEmpty { splices.append(.inserting(new, at: metadataOffset)) }
        return try ImageFiles.pieces(splicing: splices, into: source.byteCount)
    }

    /// Room in a segment behind its length field.
    static let segmentBytesMax = 65_533

    /// Whether an EXIF block fits a segment.
    public static func holds(exif: [UInt8]) -> Bool { JPEGSignature.exif.count + exif.count <= segmentBytesMax }

    /// Whether an XMP packet fits a segment.
    public static func holds(xmp: [UInt8]) -> Bool { JPEGSignature.xmp.count + xmp.count <= segmentBytesMax }

    /// New metadata go behind JFIF's APP0, which has to come first, else behind SOI.
    private var metadataOffset: UInt64 {
        if let first = segments.first, first.kind == .jfif { return first.range.end }
        return 2
    }

    private static func segment(_ number: UInt8, _ payload: [UInt8], _ what: String) throws(ImageFileError) -> [UInt8] {
        guard payload.count <= segmentBytesMax else {
            throw .unsupported("\(what) has \(payload.count) bytes; a JPEG segment holds \(segmentBytesMax)")
        }
        return [0xFF, 0xE0 + number] + ByteOrder.big.bytes(payload.count + 2, byteCount: 2) + payload
    }

    private static func photoshopSegments(_ resources: [UInt8]) throws(ImageFileError) -> [UInt8] {
        let room = Self.segmentBytesMax - PhotoshopResources.signature.count
        var segments: [UInt8] = []
        for start in stride(from: 0, to: resources.count, by: room) {
            let part = resources[start..<min(start + room, resources.count)]
            segments += try Self.segment(13, PhotoshopResources.signature + part, "a Photoshop resource")
        }
        return segments
    }

    /// New XMP and Photoshop segments go behind EXIF, which some readers look for in the first place only.
    private var xmpOffset: UInt64 { segments.last { $0.kind == .exif }?.range.end ?? metadataOffset }

    private func drops(_ kind: Segment.Kind, _ plan: EditPlan) -> Bool {
        switch kind {
        // Edited by themselves.
        case .exif, .xmp, .extendedXMP, .photoshop: false
        case .jfif, .adobe, .coding: false
        case .icc: !plan.keeps(.icc)
        // It points behind the picture's end.
        case .mpf, .gopro: plan.dropsTrailer
        case .comment, .otherApplication, .stray: plan.dropsOthers
        }
    }

    private func editEXIF(_ plan: EditPlan, _ source: some ByteSource, _ splices: inout [Splice]) throws(ImageFileError) {
        let blocks = segments(of: .exif)
        for (index, segment) in blocks.enumerated() {
            let old = try source.read(segment.payload)
            // A second block means nothing to readers; it is never made anew.
            let new = index == 0 ? try plan.applied(toEXIF: old) : plan.keeps(.exif) ? try plan.withoutTags.applied(toEXIF: old) : nil
            if new != old { try replace(segment, 1, JPEGSignature.exif, new, "the EXIF block", &splices) }
        }
        if blocks.isEmpty, let new = try plan.applied(toEXIF: nil) {
            splices.append(.inserting(try Self.segment(1, JPEGSignature.exif + new, "the EXIF block"), at: metadataOffset))
        }
    }

    private func editXMP(_ plan: EditPlan, _ source: some ByteSource, _ splices: inout [Splice]) throws(ImageFileError) {
        let extended = segments(of: .extendedXMP)
        var parts: [[UInt8]] = []
        for segment in extended { parts.append(try source.read(segment.payload)) }
        let dropsExtended = !parts.isEmpty && (!plan.keeps(.xmp) || plan.dropsGPS && JPEGExtendedXMP.tellsPlace(parts))
        if dropsExtended { splices += extended.map { .removing($0.range) } }
        let packets = segments(of: .xmp)
        if !parts.isEmpty, !dropsExtended, plan.tags.xmp.contains(where: { JPEGExtendedXMP.mentions($0.tag, parts) }) {
            throw .unwritable("the property lies in extended XMP, which cannot be edited; delete-tags xmp removes all of it")
        }
        if packets.isEmpty, let new = try plan.applied(toXMP: nil) {
            splices.append(.inserting(try Self.segment(1, JPEGSignature.xmp + new, "the XMP packet"), at: xmpOffset))
        }
        for (index, segment) in packets.enumerated() {
            let old = try source.read(segment.payload)
            var new = try (index == 0 ? plan : plan.withoutTags).applied(toXMP: old)
            if dropsExtended { new = new.map(XMPPacket.clearingExtensionNote) }
            if new != old { try replace(segment, 1, JPEGSignature.xmp, new, "the XMP packet", &splices) }
        }
    }

    /// Resources may run over the border of a segment; edits that keep the length keep the borders.
    private func editPhotoshop(_ plan: EditPlan, _ source: some ByteSource, _ splices: inout [Splice]) throws(ImageFileError) {
        let parts = segments(of: .photoshop)
        var old: [UInt8] = []
        for segment in parts { old += try source.read(segment.payload) }
        guard let new = try plan.applied(toPhotoshop: parts.isEmpty ? nil : old) else {
            splices += parts.map { .removing($0.range) }
            return
        }
        guard new != old else { return }
        guard new.count == old.count else {
            splices += parts.map { .removing($0.range) }
            splices.append(.inserting(try Self.photoshopSegments(new), at: parts.first?.range.offset ?? xmpOffset))
            return
        }
        var start = 0
        for segment in parts {
            let end = start + Int(segment.payload.count)
            splices.append(Splice(range: segment.payload, bytes: Array(new[start..<end])))
            start = end
        }
    }

    /// Multi-picture tables count from themselves to pictures behind the first one's end, and state its size: what grows moves those
    /// (CIPA DC-007, 5.2.3.3). A table that cannot be read is left as it is.
    private func moveOtherPictures(_ plan: EditPlan, _ source: some ByteSource, _ splices: inout [Splice]) throws(ImageFileError) {
        guard !plan.dropsTrailer, let segment = segments(of: .mpf).first else { return }
        func growth(from start: UInt64) -> Int {
            splices.filter { $0.range.offset >= start }.reduce(0) { $0 + $1.bytes.count - Int($1.range.count) }
        }
        let (all, behind) = (growth(from: 0), growth(from: segment.range.end))
        guard all != 0, let table = try pictureTable(in: source) else { return }
        for (index, picture) in table.pictures.enumerated() {
            // The first one's offset is 0; of the others none can lie before the table.
            let (value, field) = index == 0 ? (Int(picture.size) + all, picture.place + 4) : (Int(picture.offset) + behind, picture.place + 8)
            guard index == 0 || picture.offset != 0, let new = UInt32(exactly: value), value != (index == 0 ? Int(picture.size) : Int(picture.offset))
            else { continue }
            splices.append(Splice(range: ByteRange(offset: field, count: 4), bytes: table.order.bytes(new, byteCount: 4)))
        }
    }

    private struct PictureTable {
        var order: ByteOrder
        /// Where each entry stands in the file, and the size and offset it states.
        var pictures: [(place: UInt64, size: UInt32, offset: UInt32)]
    }

    /// The entries of the first multi-picture table; nil where there is none or it cannot be read.
    private func pictureTable(in source: some ByteSource) throws(ImageFileError) -> PictureTable? {
        guard let segment = segments(of: .mpf).first else { return nil }
        let block = MemorySource(try source.read(segment.payload))
        do throws(ImageFileError) {
            let stream = try TIFFStream(reading: block)
            guard let list = try stream.directory(at: stream.firstDirectory).entry(0xB002)?.value, list.count >= 16 else { return nil }
            let bytes = try block.read(list)
            let pictures = stride(from: 0, through: bytes.count - 16, by: 16).map { at in
                (
                    segment.payload.offset + list.offset + UInt64(at), stream.order.uint32(bytes, at + 4) ?? 0,
                    stream.order.uint32(bytes, at + 8) ?? 0
                )
            }
            return PictureTable(order: stream.order, pictures: pictures)
        } catch {
            return nil
        }
    }

    /// Whether the table of the pictures behind the first is there and cannot be read, so that edits do not keep it right.
    public func hasDamagedPictureTable(in source: some ByteSource) throws(ImageFileError) -> Bool {
        guard !segments(of: .mpf).isEmpty else { return false }
        return try pictureTable(in: source) == nil
    }

    private func replace(
        _ segment: Segment, _ number: UInt8, _ signature: [UInt8], _ payload: [UInt8]?, _ what: String, _ splices: inout [Splice]
    ) throws(ImageFileError) {
        if let payload, UInt64(payload.count) == segment.payload.count {
            splices.append(Splice(range: segment.payload, bytes: payload))
        } else if let payload {
            splices.append(Splice(range: segment.range, bytes: try Self.segment(number, signature + payload, what)))
        } else {
            splices.append(.removing(segment.range))
        }
    }
}

/// The part of an XMP packet that did not fit one segment (XMP Specification part 3, 1.1.3.1).
enum JPEGExtendedXMP {
    /// Signature, GUID (32), full length (4), offset (4).
    private static let headerBytes = JPEGSignature.extendedXMP.count + 40

    /// Whether a property of this name may be among the parts.
    static func mentions(_ tag: XMPTag, _ parts: [[UInt8]]) -> Bool {
        parts.contains { $0.firstPosition(of: Array(tag.fullName.utf8)) != nil }
    }

    /// Whether the parts, put together, tell where the picture was taken; true when they cannot be put together.
    static func tellsPlace(_ parts: [[UInt8]]) -> Bool {
        var ordered: [(offset: UInt32, data: ArraySlice<UInt8>)] = []
        for part in parts {
            guard part.count >= headerBytes, let offset = ByteOrder.big.uint32(part, headerBytes - 4) else { return true }
            ordered.append((offset, part[headerBytes...]))
        }
        ordered.sort { $0.offset < $1.offset }
        let packet = ordered.flatMap(\.data)
        return XMPPacket.clearingPlaces(packet) != packet
    }
}
