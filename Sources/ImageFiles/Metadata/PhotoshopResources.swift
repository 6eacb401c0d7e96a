/// Edits of Photoshop image resources (8BIM blocks) that keep their length; resource 0x0404 holds IPTC.
enum PhotoshopResources {
    static let signature: [UInt8] = Array("Photoshop 3.0\0".utf8)

    /// The resources without place names in IPTC, and without positions in the EXIF and XMP that some writers keep there.
    static func clearingPlaces(_ resources: [UInt8]) -> [UInt8] {
        var result = resources
        for resource in self.resources(resources) {
            let old = Array(resources[resource.data])
            let new: [UInt8]
            switch resource.id {
            case 0x0404: new = clearingPlacesInIPTC(old)
            case 0x0422, 0x0423: new = clearingGPSInEXIF(old)
            case 0x0424: new = XMPPacket.clearingPlaces(old)
            default: continue
            }
            result.replaceSubrange(resource.data, with: new)
        }
        return result
    }

    /// The resources without those that show the picture as it was (0x0409 and 0x040C, Photoshop's thumbnails).
    static func withoutThumbnails(_ resources: [UInt8]) -> [UInt8] { without([0x0409, 0x040C], resources) }

    /// The resources without IPTC records and the digest of one (0x0404 and 0x0425); nil where nothing is left.
    static func withoutIPTC(_ resources: [UInt8]) -> [UInt8]? {
        let left = without([0x0404, 0x0425], resources)
        return self.resources(left).isEmpty ? nil : left
    }

    private static func without(_ identifiers: Set<UInt16>, _ resources: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var kept = 0
        for resource in self.resources(resources) where identifiers.contains(resource.id) {
            result += resources[kept..<resource.range.lowerBound]
            kept = resource.range.upperBound
        }
        return result + resources[kept...]
    }

    /// Whether a block that should be an IPTC record holds resources: writers of TIFF and PNG do not agree, so its bytes decide.
    static func areResources(_ block: [UInt8]) -> Bool { block.has("8BIM", at: 0) }

    /// A block of IPTC without place names, be it a bare record, resources, or a record whose every four bytes were turned round
    /// by a writer of TIFF that took it for numbers.
    static func clearingPlaces(inIPTCBlock block: [UInt8]) -> [UInt8] {
        if areResources(block) { return clearingPlaces(block) }
        guard block.count >= 4, block.count % 4 == 0, block[0] != 0x1C, block[3] == 0x1C else { return clearingPlacesInIPTC(block) }
        return turned(clearingPlacesInIPTC(turned(block)))
    }

    private static func turned(_ block: [UInt8]) -> [UInt8] { block.indices.map { block[$0 ^ 3] } }

    /// An IPTC record without content location (2:26, 2:27), city, sublocation, province, country code and name (2:90 to 2:101);
    /// what follows moves up and the end is filled with zeros (IPTC IIM 4.2, chapter 6). Nothing proves that what cannot be read,
    /// such as a data set cut off, tells no place: it goes too.
    static func clearingPlacesInIPTC(_ record: [UInt8]) -> [UInt8] {
        let places: Set<UInt8> = [26, 27, 90, 92, 95, 100, 101]
        var kept: [UInt8] = []
        var at = 0
        while at + 5 <= record.count, record[at] == 0x1C, let size = ByteOrder.big.uint16(record, at + 3) {
            var header = 5
            var bytes = Int(size)
            if size & 0x8000 != 0 {
                // Extended data set: the low bits say how many bytes the size has.
                let sizeBytes = Int(size & 0x7FFF)
                guard sizeBytes <= 4, let extended = ByteOrder.big.number(record, at + 5, byteCount: sizeBytes) else { break }
                header += sizeBytes
                bytes = Int(extended)
            }
            guard record.count - at - header >= bytes else { break }
            let end = at + header + bytes
            if !(record[at + 1] == 2 && places.contains(record[at + 2])) { kept += record[at..<end] }
            at = end
        }
        return kept + [UInt8](repeating: 0, count: record.count - kept.count)
    }

    /// The first IPTC record; nil where there is none.
    static func iptc(_ resources: [UInt8]) -> [UInt8]? {
        self.resources(resources).first { $0.id == 0x0404 }.map { Array(resources[$0.data]) }
    }

    /// The resources with `record` in the place of the first IPTC record, or behind all others.
    static func replacing(iptc record: [UInt8], in resources: [UInt8]) -> [UInt8] {
        let all = self.resources(resources)
        guard let old = all.first(where: { $0.id == 0x0404 }) else {
            let end = all.last?.range.upperBound ?? 0
            let padding: [UInt8] = all.last.map { $0.data.count % 2 == 1 && $0.range.upperBound == $0.data.upperBound } == true ? [0] : []
            return Array(resources[..<end]) + padding + wrapping(iptc: record) + Array(resources[end...])
        }
        let header = resources[old.range.lowerBound..<(old.data.lowerBound - 4)]
        var new = Array(resources[..<old.range.lowerBound]) + Array(header) + ByteOrder.big.bytes(record.count, byteCount: 4) + record
        if record.count % 2 == 1 { new.append(0) }
        return new + Array(resources[old.range.upperBound...])
    }

    /// An IPTC record as the only resource.
    static func wrapping(iptc record: [UInt8]) -> [UInt8] {
        Array("8BIM".utf8) + [0x04, 0x04, 0, 0] + ByteOrder.big.bytes(record.count, byteCount: 4) + record
            + (record.count % 2 == 1 ? [0] : [])
    }

    private struct Resource {
        var id: UInt16
        /// With its header and padding.
        var range: Range<Int>
        var data: Range<Int>
    }

    private static func resources(_ bytes: [UInt8]) -> [Resource] {
        var found: [Resource] = []
        var at = 0
        while bytes.count - at >= 12, bytes.has("8BIM", at: at), let id = ByteOrder.big.uint16(bytes, at + 4) {
            // A Pascal string with its length, padded to an even number of bytes.
            let sizeAt = at + 6 + (Int(bytes[at + 6]) + 2) / 2 * 2
            guard let size = ByteOrder.big.uint32(bytes, sizeAt), bytes.count - sizeAt - 4 >= Int(size) else { break }
            let start = sizeAt + 4
            let next = min(start + Int(size) + Int(size) % 2, bytes.count)
            found.append(Resource(id: id, range: at..<next, data: start..<(start + Int(size))))
            at = next
        }
        return found
    }

    /// All zeros where the block cannot be read: nothing proves then that it tells no place.
    private static func clearingGPSInEXIF(_ block: [UInt8]) -> [UInt8] {
        let zeros = [UInt8](repeating: 0, count: block.count)
        do throws(ImageFileError) {
            let edited = try EXIFBlock(parsing: block).edited(dropGPS: true)
            return edited.count == block.count ? edited : zeros
        } catch {
            return zeros
        }
    }
}
