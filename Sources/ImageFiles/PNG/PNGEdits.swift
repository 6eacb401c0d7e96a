import JobModel

extension PNGFile {
    /// The file with `edits` applied; pixels and everything that says how they look stay byte for byte.
    public func pieces(applying edits: [MetadataEdit], source: some ByteSource) throws(ImageFileError) -> [Piece] {
        let plan = try EditPlan(edits) { () throws(ImageFileError) in try metadata(in: source) }
        var splices: [Splice] = []
        try editEXIF(plan, source, &splices)
        for chunk in chunks {
            switch chunk.type {
            case "eXIf": continue
            case "tEXt", "zTXt", "iTXt": try editText(chunk, plan, source, &splices)
            case "iCCP": if !plan.keeps(.icc) { splices.append(.removing(chunk.range)) }
            default: if plan.dropsOthers, !Self.isForLooks(chunk.type) { splices.append(.removing(chunk.range)) }
            }
        }
        try addXMP(plan, source, &splices)
        if plan.dropsTrailer, let end = endOfImage, end < source.byteCount {
            splices.append(.removing(ByteRange(offset: end, count: source.byteCount - end)))
        }
        return try ImageFiles.pieces(splicing: splices, into: source.byteCount)
    }

    /// The file with its EXIF and XMP replaced by `metadata`; Photoshop resources and extended XMP have no place in a PNG.
    public func replacingMetadata(_ metadata: EmbeddedMetadata, source: some ByteSource) throws(ImageFileError) -> [Piece] {
        var splices = chunks("eXIf").map { Splice.removing($0.range) }
        for chunk in chunks where ["tEXt", "zTXt", "iTXt"].contains(chunk.type) && chunk.data.count <= Self.metadataBytesMax {
            switch PNGText(chunk.type, try source.read(chunk.data))?.content {
            case .xmp, .rawProfile: splices.append(.removing(chunk.range))
            case .copyright, .other, nil: break
            }
        }
        var new: [UInt8] = []
        if let exif = metadata.exif { new += Self.chunk("eXIf", exif) }
        if let xmp = metadata.xmp { new += Self.chunk("iTXt", PNGText.xmpData(xmp)) }
        if !new.isEmpty { splices.append(.inserting(new, at: metadataOffset)) }
        return try ImageFiles.pieces(splicing: splices, into: source.byteCount)
    }

    static func chunk(_ type: StaticString, _ data: [UInt8]) -> [UInt8] { chunk("\(type)", data) }

    private static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(type.utf8) + data
        return ByteOrder.big.bytes(data.count, byteCount: 4) + body + ByteOrder.big.bytes(CRC32.of(body), byteCount: 4)
    }

    /// Before the first pixels: decoders that stop behind them know everything then.
    private var metadataOffset: UInt64 { chunks.first { $0.type == "IDAT" }?.range.offset ?? chunks[0].range.end }

    /// Critical chunks, and those that colour, blend, place or animate.
    private static func isForLooks(_ type: String) -> Bool {
        if let first = type.utf8.first, (0x41...0x5A).contains(first) { return true }
        return [
            "cHRM", "gAMA", "iCCP", "sBIT", "sRGB", "cICP", "mDCV", "mDCv", "cLLI", "cLLi", "bKGD", "tRNS", "pHYs", "acTL",
            "fcTL", "fdAT",
        ].contains(type)
    }

    private func editEXIF(_ plan: EditPlan, _ source: some ByteSource, _ splices: inout [Splice]) throws(ImageFileError) {
        let blocks = chunks("eXIf")
        for (index, chunk) in blocks.enumerated() {
            guard chunk.data.count <= Self.metadataBytesMax else {
                throw .unsupported("an EXIF block of \(chunk.data.count) bytes")
            }
            let old = try source.read(chunk.data)
            let new = index == 0 ? try plan.applied(toEXIF: old) : plan.keeps(.exif) ? try plan.withoutTags.applied(toEXIF: old) : nil
            if new != old { splices.append(Splice(range: chunk.range, bytes: new.map { Self.chunk("eXIf", $0) } ?? [])) }
        }
        let hasProfile = plan.tags.setsEXIF ? try hasProfile(["exif", "app1"], source) : true
        if blocks.isEmpty, let new = try (hasProfile ? plan.withoutTags : plan).applied(toEXIF: nil) {
            splices.append(.inserting(Self.chunk("eXIf", new), at: metadataOffset))
        }
    }

    /// Whether a text chunk holds a raw profile of such a name.
    private func hasProfile(_ names: Set<String>, _ source: some ByteSource) throws(ImageFileError) -> Bool {
        for chunk in chunks where ["tEXt", "zTXt", "iTXt"].contains(chunk.type) && chunk.data.count <= Self.metadataBytesMax {
            guard let text = PNGText(chunk.type, try source.read(chunk.data)), case .rawProfile(let name) = text.content else { continue }
            if names.contains(name), text.rawProfile != nil { return true }
        }
        return false
    }

    /// Makes a packet where there is none, and refuses IPTC where no profile holds any.
    private func addXMP(_ plan: EditPlan, _ source: some ByteSource, _ splices: inout [Splice]) throws(ImageFileError) {
        if plan.tags.setsIPTC, try !hasProfile(["iptc", "8bim"], source) {
            throw .unwritable("this PNG holds no IPTC data to write into; XMP takes the same: xmp:photoshop:Headline...")
        }
        guard plan.tags.setsXMP, try metadata(in: source).xmp == nil, try !hasProfile(["xmp"], source) else { return }
        guard let new = try plan.applied(toXMP: nil) else { return }
        splices.append(.inserting(Self.chunk("iTXt", PNGText.xmpData(new)), at: metadataOffset))
    }

    private func editText(_ chunk: Chunk, _ plan: EditPlan, _ source: some ByteSource, _ splices: inout [Splice])
        throws(ImageFileError)
    {
        guard chunk.data.count <= Self.metadataBytesMax else { throw .unsupported("a text chunk of \(chunk.data.count) bytes") }
        let data = try source.read(chunk.data)
        guard let text = PNGText(chunk.type, data) else {
            if plan.dropsTrailer { splices.append(.removing(chunk.range)) }
            return
        }
        switch text.content {
        case .xmp:
            guard let packet = text.text else {
                if plan.dropsTrailer { splices.append(.removing(chunk.range)) }
                return
            }
            let new = try plan.applied(toXMP: packet)
            if new != packet {
                splices.append(Splice(range: chunk.range, bytes: new.map { Self.chunk("iTXt", PNGText.xmpData($0)) } ?? []))
            }
        case .rawProfile(let name):
            let old = text.rawProfile
            let new = try old.flatMap { bytes throws(ImageFileError) in try edited(rawProfile: bytes, name: name, plan) }
            if new != old || old == nil && plan.dropsTrailer {
                splices.append(Splice(range: chunk.range, bytes: new.map { Self.chunk("tEXt", text.rawProfileData($0)) } ?? []))
            }
        case .copyright:
            if plan.dropsOthers, !plan.keeps(.copyright) { splices.append(.removing(chunk.range)) }
        case .other:
            if plan.dropsOthers || plan.dropsGPS && text.tellsPlace { splices.append(.removing(chunk.range)) }
        }
    }

    private func edited(rawProfile block: [UInt8], name: String, _ plan: EditPlan) throws(ImageFileError) -> [UInt8]? {
        switch name {
        case "exif", "app1":
            let signature = block.has(JPEGSignature.exif, at: 0) ? JPEGSignature.exif : []
            if signature.isEmpty, block.has(JPEGSignature.xmp, at: 0) {
                return try plan.applied(toXMP: Array(block.dropFirst(JPEGSignature.xmp.count))).map { JPEGSignature.xmp + $0 }
            }
            // Orientation that must outlive this block goes to an eXIf chunk, which alone all readers look at.
            guard plan.keeps(.exif) else { return nil }
            return try plan.applied(toEXIF: Array(block.dropFirst(signature.count))).map { signature + $0 }
        case "xmp": return try plan.applied(toXMP: block)
        case "iptc", "8bim": return try plan.applied(toIPTCBlock: block)
        case "icc", "icm": return plan.keeps(.icc) ? block : nil
        default: return plan.dropsTrailer ? nil : block
        }
    }
}
