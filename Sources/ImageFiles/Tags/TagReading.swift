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
    /// The IPTC data sets and top XMP properties with a text, in the order of the blocks; what cannot be read is left out. EXIF is
    /// libexif's to read.
    public func tagTexts(tagsMax: Int) -> [TagText] {
        var found: [TagText] = []
        if let record = photoshop.flatMap(PhotoshopResources.iptc).map(IPTCRecord.init) {
            for tag in IPTCTag.all where found.count < tagsMax {
                let texts = record.texts(tag)
                if !texts.isEmpty { found.append(TagText(name: "iptc:\(tag.name)", text: texts.joined(separator: "; "))) }
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
                found.append(TagText(name: "xmp:\(tag.fullName)", text: texts.joined(separator: "; ")))
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
