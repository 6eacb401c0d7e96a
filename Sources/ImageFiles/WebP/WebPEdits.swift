import JobModel

extension WebPFile {
    /// The file with `edits` applied; frames stay byte for byte.
    public func pieces(applying edits: [MetadataEdit], source: some ByteSource) throws(ImageFileError) -> [Piece] {
        let old = try metadata(in: source)
        let plan = try EditPlan(edits) { () throws(ImageFileError) in old }
        guard !plan.tags.setsIPTC else { throw .unwritable("a WebP holds no IPTC data; XMP takes the same: xmp:photoshop:Headline...") }
        let new = EmbeddedMetadata(exif: try plan.applied(toEXIF: old.exif), xmp: try plan.applied(toXMP: old.xmp))
        let isDropped: (Chunk) -> Bool = { chunk in
            chunk.type == "ICCP" ? !plan.keeps(.icc) : plan.dropsOthers && !Self.pictureChunks.contains(chunk.type)
        }
        return try rebuilt(with: new, insteadOf: old, dropping: isDropped, dropsTrailer: plan.dropsTrailer, source)
    }

    /// The file with its EXIF and XMP replaced by `metadata`; Photoshop resources and extended XMP have no place in a WebP.
    public func replacingMetadata(_ metadata: EmbeddedMetadata, source: some ByteSource) throws(ImageFileError) -> [Piece] {
        let new = EmbeddedMetadata(exif: metadata.exif, xmp: metadata.xmp)
        return try rebuilt(
            with: new, insteadOf: try self.metadata(in: source), dropping: { _ in false }, dropsTrailer: false, source)
    }

    private static let pictureChunks: Set<String> = ["VP8X", "VP8 ", "VP8L", "ALPH", "ANIM", "ANMF", "ICCP"]

    private func rebuilt(
        with new: EmbeddedMetadata, insteadOf old: EmbeddedMetadata, dropping isDropped: (Chunk) -> Bool, dropsTrailer: Bool,
        _ source: some ByteSource
    ) throws(ImageFileError) -> [Piece] {
        let containerEnd = chunks.last?.range.end ?? 12
        // Readers take the first chunk of a kind only, yet a second one may tell what the first no longer does.
        let hasRepeats = ["EXIF", "XMP "].contains { type in chunks.count { $0.type == type } > 1 }
        let isSame = new.exif == old.exif && new.xmp == old.xmp && !(dropsTrailer && hasRepeats)
        let goes: (Chunk) -> Bool = { chunk in
            switch chunk.type {
            case "EXIF": !isSame
            case "XMP ": !isSame
            default: isDropped(chunk)
            }
        }
        let removed = chunks.filter(goes)
        var splices = removed.map { Splice.removing($0.range) }
        var appended: [UInt8] = []
        if !isSame {
            if let exif = new.exif { appended += Self.chunk("EXIF", exif) }
            if let xmp = new.xmp { appended += Self.chunk("XMP ", xmp) }
        }
        if !removed.isEmpty || !appended.isEmpty {
            splices += try headerSplices(exif: new.exif != nil, xmp: new.xmp != nil, removed: removed, appended: appended, source)
        }
        if dropsTrailer, isComplete, containerEnd < source.byteCount {
            splices.append(.removing(ByteRange(offset: containerEnd, count: source.byteCount - containerEnd)))
        }
        if !appended.isEmpty {
            // An unpadded last chunk gets its padding before another follows.
            let padding: [UInt8] = containerEnd % 2 == 1 ? [0] : []
            splices.append(.inserting(padding + appended, at: containerEnd))
        }
        return try ImageFiles.pieces(splicing: splices, into: source.byteCount)
    }

    /// The container's size and the flags of VP8X, which a simple file gets when metadata come in.
    private func headerSplices(
        exif: Bool, xmp: Bool, removed: [Chunk], appended: [UInt8], _ source: some ByteSource
    ) throws(ImageFileError) -> [Splice] {
        var splices: [Splice] = []
        var size = (chunks.last?.range.end ?? 12) - 8 - removed.reduce(0) { $0 + $1.range.count } + UInt64(appended.count)
        if !appended.isEmpty { size += (chunks.last?.range.end ?? 12) % 2 }
        let keepsProfile = chunks.contains { $0.type == "ICCP" } && !removed.contains { $0.type == "ICCP" }
        let variable = WebPFlags.exif | WebPFlags.xmp | WebPFlags.profile
        let stated = (exif ? WebPFlags.exif : 0) | (xmp ? WebPFlags.xmp : 0) | (keepsProfile ? WebPFlags.profile : 0)
        if let extended = chunks.first, extended.type == "VP8X" {
            let position = ByteRange(offset: extended.data.offset, count: 1)
            let flags = try source.read(position)[0]
            let new = flags & ~variable | stated
            if new != flags { splices.append(Splice(range: position, bytes: [new])) }
        } else if stated != 0 {
            let body =
                [stated | (hasAlpha ? WebPFlags.alpha : 0), 0, 0, 0]
                + ByteOrder.little.bytes(width - 1, byteCount: 3) + ByteOrder.little.bytes(height - 1, byteCount: 3)
            let extended = Self.chunk("VP8X", body)
            size += UInt64(extended.count)
            splices.append(.inserting(extended, at: 12))
        }
        guard size <= UInt64(UInt32.max) - 1 else { throw .unsupported("a WebP file of more than 4 GiB") }
        splices.append(Splice(range: ByteRange(offset: 4, count: 4), bytes: ByteOrder.little.bytes(size, byteCount: 4)))
        return splices
    }

    private static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
        Array(type.utf8) + ByteOrder.little.bytes(data.count, byteCount: 4) + data + (data.count % 2 == 1 ? [0] : [])
    }
}
