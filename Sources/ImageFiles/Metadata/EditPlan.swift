/// What a list of edits comes to.
struct EditPlan {
    var orientation: Int?
    var pixelSize: (width: Int, height: Int)?
    var dropsThumbnail = false
    var thumbnail: [UInt8]?
    var dropsGPS = false
    /// Nil: everything is kept.
    var kept: Set<KeptMetadata>?
    /// Whether Orientation outlives the EXIF block it stood in.
    var keepsOrientation = true
    /// Kinds that go while all else stays.
    var dropped: Set<KeptMetadata> = []
    var tags = TagChanges()

    /// `metadata` are the file's, for tags that become tags of another block.
    init(_ edits: [MetadataEdit], _ metadata: () throws(ImageFileError) -> EmbeddedMetadata) throws(ImageFileError) {
        for edit in edits {
            switch edit {
            case .setOrientation(let value):
                precondition((1...8).contains(value), "orientation \(value) is not 1 to 8")
                orientation = value
            case .setPixelSize(let width, let height): pixelSize = (width, height)
            case .dropThumbnail: dropsThumbnail = true
            case .replaceThumbnail(let picture):
                dropsThumbnail = true
                thumbnail = picture
            case .dropGPS: dropsGPS = true
            case .dropAll(let keepOrientation):
                kept = [.icc]
                keepsOrientation = keepOrientation
            case .keepOnly(let kinds): kept = kinds
            case .drop(let kinds):
                dropped.formUnion(kinds)
                if kinds.contains(.exif) { dropped.insert(.copyright) }
            case .setTag(let tag, let value): tags.set(tag, to: value)
            case .deleteTag(let tag): tags.delete(tag)
            case .renameTag(.exif(let old), to: .exif(let new)): tags.exif.append(.rename(old, to: new))
            case .renameTag(let old, let new):
                // What the edits before have set is not in the file yet.
                guard let texts = try metadata().texts(of: old) else { continue }
                let isList = new.takesSeveral
                tags.set(new, to: isList && texts.count > 1 ? .texts(texts) : try new.value(from: texts.joined(separator: "; ")))
                tags.delete(old)
            }
        }
    }

    func keeps(_ kind: KeptMetadata) -> Bool { (kept?.contains(kind) ?? true) && !dropped.contains(kind) }
    /// Whether bytes go that belong to no known kind: text chunks, comments, vendors' blocks.
    var dropsOthers: Bool { kept != nil }
    /// Whether what lies behind the picture's end goes.
    var dropsTrailer: Bool { dropsGPS || kept != nil }

    /// An EXIF block, or the lack of one, after the edits.
    func applied(toEXIF block: [UInt8]?) throws(ImageFileError) -> [UInt8]? {
        try tags.applied(toEXIF: withoutTags(toEXIF: block))
    }

    private func withoutTags(toEXIF block: [UInt8]?) -> [UInt8]? {
        let parsed = EXIFBlock.ifReadable(block)
        guard keeps(.exif) else {
            let turned = keepsOrientation ? orientation ?? parsed?.orientation : nil
            let artist = keeps(.copyright) ? parsed?.artist : nil
            let copyright = keeps(.copyright) ? parsed?.copyright : nil
            if (turned ?? 1) == 1, artist == nil, copyright == nil { return nil }
            return EXIFBuilder.minimal(orientation: turned == 1 ? nil : turned, artist: artist, copyright: copyright)
        }
        if let parsed {
            let size = pixelSize.map { ($0.width, $0.height) }
            return parsed.edited(
                orientation: orientation, pixelSize: size, dropThumbnail: dropsThumbnail, thumbnail: thumbnail, dropGPS: dropsGPS)
        }
        if let orientation, orientation != 1 { return EXIFBlock.orientationOnly(orientation) }
        // Nothing proves that a block which cannot be read tells no place.
        return dropsGPS ? nil : block
    }

    /// An XMP packet, or the lack of one, after the edits.
    func applied(toXMP packet: [UInt8]?) throws(ImageFileError) -> [UInt8]? {
        try tags.applied(toXMP: packet.flatMap(withoutTags(toXMP:)))
    }

    private func withoutTags(toXMP packet: [UInt8]) -> [UInt8]? {
        guard keeps(.xmp) else { return nil }
        var result = dropsGPS ? XMPPacket.clearingPlaces(packet) : packet
        if let orientation { result = XMPPacket.settingOrientation(orientation, in: result) }
        return result
    }

    /// Photoshop resources, or the lack of them, after the edits.
    func applied(toPhotoshop resources: [UInt8]?) throws(ImageFileError) -> [UInt8]? {
        try tags.applied(toPhotoshop: resources.flatMap(withoutTags(toPhotoshop:)))
    }

    /// A bare IPTC record, or the Photoshop resources that some writers put in its place, after the edits.
    func applied(toIPTCBlock block: [UInt8]) throws(ImageFileError) -> [UInt8]? {
        if PhotoshopResources.areResources(block) { return try applied(toPhotoshop: block) }
        guard keeps(.iptc) else { return nil }
        return try tags.applied(toIPTCBlock: dropsGPS ? PhotoshopResources.clearingPlaces(inIPTCBlock: block) : block)
    }

    /// The plan for a block beside the one that readers look at.
    var withoutTags: EditPlan {
        var plan = self
        plan.tags = TagChanges()
        return plan
    }

    private func withoutTags(toPhotoshop resources: [UInt8]) -> [UInt8]? {
        guard kept?.contains(.iptc) ?? true else { return nil }
        if dropped.contains(.iptc) {
            // What else Photoshop keeps there is no IPTC.
            guard let rest = PhotoshopResources.withoutIPTC(resources) else { return nil }
            return dropsGPS ? PhotoshopResources.clearingPlaces(rest) : rest
        }
        return dropsGPS ? PhotoshopResources.clearingPlaces(resources) : resources
    }
}

extension EmbeddedMetadata {
    /// The blocks with `edits` applied; a block that an edit removes becomes nil. Throws only for edits of single tags.
    public func applying(_ edits: [MetadataEdit]) throws(ImageFileError) -> EmbeddedMetadata {
        var result = self
        for run in MetadataEdit.runs(edits) { result = try result.applying(run: run) }
        return result
    }

    private func applying(run edits: [MetadataEdit]) throws(ImageFileError) -> EmbeddedMetadata {
        let plan = try EditPlan(edits) { () throws(ImageFileError) in self }
        var result = EmbeddedMetadata()
        result.exif = try plan.applied(toEXIF: exif)
        result.xmp = try plan.applied(toXMP: xmp)
        result.photoshop = try plan.applied(toPhotoshop: photoshop)
        if plan.dropsThumbnail {
            result.photoshop = result.photoshop.map(PhotoshopResources.withoutThumbnails).flatMap { $0.isEmpty ? nil : $0 }
            result.xmp = result.xmp.map(XMPPacket.clearingThumbnails)
        }
        if !extendedXMP.isEmpty, let packet = result.xmp {
            if plan.dropsGPS, JPEGExtendedXMP.tellsPlace(extendedXMP) {
                result.xmp = XMPPacket.clearingExtensionNote(packet)
            } else {
                result.extendedXMP = extendedXMP
            }
        }
        return result
    }
}
