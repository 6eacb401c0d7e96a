/// Edits of single tags, in order, sorted by the block they concern.
struct TagChanges {
    enum EXIFChange {
        case set(EXIFTag, EXIFValue)
        case delete(EXIFTag)
        case rename(EXIFTag, to: EXIFTag)
    }

    var exif: [EXIFChange] = []
    /// Nil deletes.
    var iptc: [(tag: IPTCTag, texts: [String]?)] = []
    var xmp: [(tag: XMPTag, texts: [String]?)] = []

    var isEmpty: Bool { exif.isEmpty && iptc.isEmpty && xmp.isEmpty }

    /// Whether a block would be made where there is none.
    var setsEXIF: Bool {
        exif.contains { change in
            switch change {
            case .set: true
            case .delete, .rename: false
            }
        }
    }
    var setsIPTC: Bool { iptc.contains { $0.texts?.isEmpty == false } }
    var setsXMP: Bool { xmp.contains { $0.texts?.isEmpty == false } }

    mutating func set(_ tag: MetadataTag, to value: TagValue) {
        switch (tag, value) {
        case (.exif(let tag), .exif(let value)): exif.append(.set(tag, value))
        case (.iptc(let tag), .texts(let texts)): iptc.append((tag, texts))
        case (.xmp(let tag), .texts(let texts)): xmp.append((tag, texts))
        case (.exif, .texts), (.iptc, .exif), (.xmp, .exif): preconditionFailure("\(tag.name) cannot have the value \(value)")
        }
    }

    mutating func delete(_ tag: MetadataTag) {
        switch tag {
        case .exif(let tag): exif.append(.delete(tag))
        case .iptc(let tag): iptc.append((tag, nil))
        case .xmp(let tag): xmp.append((tag, nil))
        }
    }

    // MARK: Applying

    /// An EXIF block behind the changes; nil where there is none and none is wanted.
    func applied(toEXIF block: [UInt8]?) throws(ImageFileError) -> [UInt8]? {
        guard !exif.isEmpty, block != nil || setsEXIF else { return block }
        guard let block else { return try Self.newBlock(exif) }
        let source = MemorySource(block)
        let stream: TIFFStream<MemorySource>
        var editor: TIFFTagEditor<MemorySource>
        do throws(ImageFileError) {
            stream = try TIFFStream(reading: source)
            editor = try TIFFTagEditor(stream, mainDirectoriesMax: 8)
        } catch {
            guard setsEXIF else { return block }
            throw .damaged("the EXIF data cannot be read, so no tag can be written into them; `strip: all` before removes them")
        }
        try apply(to: &editor)
        return try editor.pieces().joined(from: source)
    }

    func apply<Source: ByteSource>(to editor: inout TIFFTagEditor<Source>) throws(ImageFileError) {
        let order = editor.stream.order
        for change in exif {
            switch change {
            case .set(let tag, let value):
                let (type, bytes) = value.encoded(order)
                let stored = try editor.value(tag.number, in: tag.directory)
                if let stored, Self.isSame(stored, type, bytes, tag.form, order) { continue }
                try editor.set(tag.number, in: tag.directory, type: type, bytes: bytes)
            case .delete(let tag): editor.delete(tag.number, in: tag.directory)
            case .rename(let old, let new):
                guard let (type, bytes) = try editor.value(old.number, in: old.directory) else { continue }
                if Self.family(old.form) == Self.family(new.form) {
                    try editor.set(new.number, in: new.directory, type: type, bytes: bytes)
                } else {
                    guard let text = EXIFValue.text(type: type, bytes: bytes, order: order, form: old.form) else {
                        throw .unwritable("exif:\(old.fullName) cannot become exif:\(new.fullName): its value is no text")
                    }
                    let (newType, newBytes) = try new.value(from: text).encoded(order)
                    try editor.set(new.number, in: new.directory, type: newType, bytes: newBytes)
                }
                editor.delete(old.number, in: old.directory)
            }
        }
    }

    /// Whether what stands there means the same already: a camera may pad a text, or write a size as LONG.
    private static func isSame(
        _ stored: (type: UInt16, bytes: [UInt8]), _ type: UInt16, _ bytes: [UInt8], _ form: EXIFTag.Form, _ order: ByteOrder
    ) -> Bool {
        if stored.type == type && stored.bytes == bytes { return true }
        switch form {
        case .ascii, .dateTime, .date, .shortOrLong, .comment:
            let old = EXIFValue.text(type: stored.type, bytes: stored.bytes, order: order, form: form)
            return old != nil && old == EXIFValue.text(type: type, bytes: bytes, order: order, form: form) && old != ""
        case .byte, .short, .long, .rational, .signedRational, .undefined, .version, .wideText, .opaque: return false
        }
    }

    /// Tags of one family may hold each other's values as they stand.
    private static func family(_ form: EXIFTag.Form) -> String {
        switch form {
        case .short, .long, .shortOrLong: "number"
        case .ascii, .dateTime, .date, .byte, .rational, .signedRational, .undefined, .version, .comment, .wideText, .opaque: "\(form)"
        }
    }

    private static func newBlock(_ changes: [EXIFChange]) throws(ImageFileError) -> [UInt8] {
        var fields: [EXIFDirectory: [EXIFBuilder.Field]] = [:]
        for change in changes {
            switch change {
            case .set(let tag, let value):
                let (type, bytes) = value.encoded(.big)
                fields[tag.directory, default: []].removeAll { $0.tag == tag.number }
                fields[tag.directory, default: []].append(EXIFBuilder.Field(tag: tag.number, type: type, bytes: bytes))
            case .delete(let tag): fields[tag.directory]?.removeAll { $0.tag == tag.number }
            case .rename(let old, let new):
                guard let place = fields[old.directory]?.firstIndex(where: { $0.tag == old.number }),
                    var field = fields[old.directory]?.remove(at: place)
                else { continue }
                field.tag = new.number
                fields[new.directory, default: []].append(field)
            }
        }
        for directory in [EXIFDirectory.thumbnail, .interoperability] where fields[directory]?.isEmpty == false {
            throw .unwritable("the file has no \(directory.rawValue) directory to write a tag into")
        }
        var builder = EXIFBuilder()
        builder.main = fields[.image] ?? []
        builder.exif = fields[.exif] ?? []
        builder.gps = fields[.gps] ?? []
        if !builder.exif.isEmpty, !builder.exif.contains(where: { $0.tag == 0x9000 }) {
            builder.exif.append(EXIFBuilder.Field(tag: 0x9000, type: 7, bytes: Array("0232".utf8)))
        }
        if !builder.gps.isEmpty, !builder.gps.contains(where: { $0.tag == 0 }) {
            builder.gps.append(EXIFBuilder.Field(tag: 0, type: 1, bytes: [2, 3, 0, 0]))
        }
        return builder.stream()
    }

    func applied(toXMP packet: [UInt8]?) throws(ImageFileError) -> [UInt8]? {
        guard !xmp.isEmpty, packet != nil || setsXMP else { return packet }
        var result = packet ?? XMPTagEditor.empty
        for change in xmp {
            if let texts = change.texts, !texts.isEmpty {
                result = try XMPTagEditor.setting(change.tag, to: texts, in: result)
            } else {
                result = try XMPTagEditor.deleting(change.tag, from: result)
            }
        }
        return result
    }

    /// A bare IPTC record; nil where nothing is left of it.
    func applied(toIPTC record: [UInt8]?) throws(ImageFileError) -> [UInt8]? {
        guard !iptc.isEmpty, record != nil || setsIPTC else { return record }
        var edited = IPTCRecord(record ?? [])
        let old = edited.dataSets
        for change in iptc {
            if let texts = change.texts, !texts.isEmpty {
                try edited.set(change.tag, to: texts)
            } else {
                edited.delete(change.tag)
            }
        }
        return edited.dataSets == old ? record : edited.bytes
    }

    /// What stands where a bare record should: some writers put Photoshop resources there.
    func applied(toIPTCBlock block: [UInt8]?) throws(ImageFileError) -> [UInt8]? {
        if let block, PhotoshopResources.areResources(block) { return try applied(toPhotoshop: block) }
        return try applied(toIPTC: block)
    }

    /// Photoshop resources; the record is one of them.
    func applied(toPhotoshop resources: [UInt8]?) throws(ImageFileError) -> [UInt8]? {
        guard !iptc.isEmpty else { return resources }
        let old = resources.flatMap(PhotoshopResources.iptc)
        guard let new = try applied(toIPTC: old), new != old else { return resources }
        guard let resources else { return PhotoshopResources.wrapping(iptc: new) }
        return PhotoshopResources.replacing(iptc: new, in: resources)
    }
}
