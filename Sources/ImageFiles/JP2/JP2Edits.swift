import JobModel

extension JP2File {
    /// The `uuid` boxes of EXIF (as exiftool and Kakadu write it), XMP (XMP Specification part 3) and an IPTC record.
    static let metadataIdentifiers: [(kind: MetadataBox.Kind, identifier: [UInt8])] = [
        (.exif, Array("JpgTiffExif->JP2".utf8)),
        (.xmp, [0xBE, 0x7A, 0xCF, 0xCB, 0x97, 0xA9, 0x42, 0xE8, 0x9C, 0x71, 0x99, 0x94, 0x91, 0xE3, 0xAF, 0xAC]),
        (.iptc, [0x33, 0xC7, 0xA4, 0xD2, 0xB8, 0x1D, 0x47, 0x23, 0xA0, 0xBA, 0xF1, 0xA3, 0xE0, 0x97, 0xAD, 0x38]),
    ]

    /// The blocks of the file's `uuid` boxes.
    public func metadata(in source: some ByteSource) throws(ImageFileError) -> EmbeddedMetadata {
        var found = EmbeddedMetadata()
        if let range = payload(.exif) { found.exif = try source.read(range) }
        if let range = payload(.xmp) { found.xmp = try source.read(range) }
        if let range = payload(.iptc) { found.photoshop = PhotoshopResources.wrapping(iptc: try source.read(range)) }
        return found
    }

    /// The file with `edits` applied; the codestream and what says how it looks stay byte for byte.
    ///
    /// Where EXIF goes, Orientation stays as in other files; where there is none, none is added.
    public func pieces(applying edits: [MetadataEdit], source: some ByteSource) throws(ImageFileError) -> [Piece] {
        let plan = try EditPlan(edits) { () throws(ImageFileError) in EmbeddedMetadata() }
        guard plan.tags.isEmpty else { throw .unwritable("single tags of a JPEG 2000 file are not edited") }
        var splices: [Splice] = []
        for box in metadata {
            let keeps: Bool
            switch box.kind {
            // Of what goes an Orientation may be left.
            case .exif: keeps = plan.keeps(.exif) || box.payload.count <= Self.metadataBytesMax
            case .xmp: keeps = plan.keeps(.xmp)
            case .iptc: keeps = plan.keeps(.iptc)
            case .other: keeps = !plan.dropsOthers
            }
            guard keeps else {
                splices.append(.removing(box.range))
                continue
            }
            guard box.kind != .other else { continue }
            guard box.payload.count <= Self.metadataBytesMax else { throw .unsupported("a block of \(box.payload.count) bytes") }
            let old = try source.read(box.payload)
            let new: [UInt8]?
            switch box.kind {
            case .exif: new = try plan.applied(toEXIF: old)
            case .xmp: new = try plan.applied(toXMP: old)
            case .iptc: new = plan.dropsGPS ? PhotoshopResources.clearingPlacesInIPTC(old) : old
            case .other: new = old
            }
            if let new, new.count == old.count {
                if new != old { splices.append(Splice(range: box.payload, bytes: new)) }
            } else if let new, box.kind == .exif, let (_, identifier) = Self.metadataIdentifiers.first(where: { $0.kind == .exif }) {
                splices.append(Splice(range: box.range, bytes: Box.made("uuid", identifier + new)))
            } else {
                splices.append(.removing(box.range))
            }
        }
        return try ImageFiles.pieces(splicing: splices, into: source.byteCount)
    }
}
