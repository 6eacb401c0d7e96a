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

    init(_ edits: [MetadataEdit]) {
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
            }
        }
    }

    func keeps(_ kind: KeptMetadata) -> Bool { kept?.contains(kind) ?? true }
    /// Whether bytes go that belong to no known kind: text chunks, comments, vendors' blocks.
    var dropsOthers: Bool { kept != nil }
    /// Whether what lies behind the picture's end goes.
    var dropsTrailer: Bool { dropsGPS || kept != nil }

    /// An EXIF block, or the lack of one, after the edits.
    func applied(toEXIF block: [UInt8]?) -> [UInt8]? {
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

    func applied(toXMP packet: [UInt8]) -> [UInt8]? {
        guard keeps(.xmp) else { return nil }
        var result = dropsGPS ? XMPPacket.clearingPlaces(packet) : packet
        if let orientation { result = XMPPacket.settingOrientation(orientation, in: result) }
        return result
    }

    func applied(toPhotoshop resources: [UInt8]) -> [UInt8]? {
        guard keeps(.iptc) else { return nil }
        return dropsGPS ? PhotoshopResources.clearingPlaces(resources) : resources
    }
}

extension EmbeddedMetadata {
    /// The blocks with `edits` applied; a block that an edit removes becomes nil.
    public func applying(_ edits: [MetadataEdit]) -> EmbeddedMetadata {
        let plan = EditPlan(edits)
        var result = EmbeddedMetadata()
        result.exif = plan.applied(toEXIF: exif)
        result.xmp = xmp.flatMap(plan.applied(toXMP:))
        result.photoshop = photoshop.flatMap(plan.applied(toPhotoshop:))
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
