/// One tag of a file with its value as text.
public struct TagText: Hashable, Sendable {
    /// `iptc:City`, `xmp:dc:title`; a name that `MetadataTag` takes.
    public var name: String
    /// Several values are parted by semicolons.
    public var text: String
    public init(name: String, text: String) {
        self.name = name
        self.text = text
    }
}

extension EmbeddedMetadata {
    /// Of one text in a list of all tags; longer ones are no names and captions.
    private static let textBytesMax = 4096

    /// The IPTC data sets and top XMP properties with a text of at most 4,096 bytes, in the order of the blocks; what cannot be read is
    /// left out. EXIF is libexif's to read.
    public func tagTexts(tagsMax: Int) -> [TagText] {
        var found: [TagText] = []
        if let record = photoshop.flatMap(PhotoshopResources.iptc).map(IPTCRecord.init) {
            for tag in IPTCTag.all where found.count < tagsMax {
                let texts = record.texts(tag)
                let text = texts.joined(separator: "; ")
                if !texts.isEmpty, text.utf8.count <= Self.textBytesMax { found.append(TagText(name: "iptc:\(tag.name)", text: text)) }
            }
        }
        guard let xmp else { return found }
        do throws(ImageFileError) {
            let document = try XMPDocument(xmp)
            let prefixes = [String: String](XMPTag.namespaces.map { ($1, $0) }) { first, _ in first }
            var seen: Set<String> = []
            for property in document.properties where found.count < tagsMax {
                guard let prefix = prefixes[property.namespace], let tag = XMPTag(named: "\(prefix):\(property.local)"),
                    let texts = XMPDocument.texts(of: property, in: xmp), seen.insert(tag.fullName).inserted
                else { continue }
                let text = texts.joined(separator: "; ")
                if text.utf8.count <= Self.textBytesMax { found.append(TagText(name: "xmp:\(tag.fullName)", text: text)) }
            }
        } catch {
            return found
        }
        return found
    }

    /// The texts of one tag; nil where the file does not have it or nothing of it is text.
    public func texts(of tag: MetadataTag) -> [String]? {
        do throws(ImageFileError) {
            switch tag {
            case .exif(let tag):
                guard let exif else { return nil }
                let stream = try TIFFStream(reading: MemorySource(exif))
                let editor = try TIFFTagEditor(stream, mainDirectoriesMax: 2)
                guard let (type, bytes) = try editor.value(tag.number, in: tag.directory) else { return nil }
                return EXIFValue.text(type: type, bytes: bytes, order: stream.order, form: tag.form).map { [$0] }
            case .iptc(let tag):
                let texts = photoshop.flatMap(PhotoshopResources.iptc).map(IPTCRecord.init)?.texts(tag) ?? []
                return texts.isEmpty ? nil : texts
            case .xmp(let tag):
                guard let xmp, let property = try XMPDocument(xmp).properties(tag).first else { return nil }
                return XMPDocument.texts(of: property, in: xmp)
            }
        } catch {
            return nil
        }
    }
}
