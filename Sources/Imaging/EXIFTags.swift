private import CLibExif
internal import JobModel

/// The tags of an EXIF block by libexif's names, for `quire inspect` and names made of tags.
///
/// libexif only reads here: what it writes is not what it read (images.md, section 6).
struct EXIFTags {
    private(set) var byName: [String: String] = [:]
    private static let tagsMax = 2000
    private static let blockBytesMax = 1 << 20

    /// A block that libexif cannot read has no tags.
    init(reading block: [UInt8]) {
        guard block.count <= Self.blockBytesMax, block.count <= Int(UInt32.max) - 6, let data = exif_data_new() else { return }
        defer { exif_data_unref(data) }
        exif_data_unset_option(data, EXIF_DATA_OPTION_FOLLOW_SPECIFICATION)
        exif_data_set_option(data, EXIF_DATA_OPTION_DONT_CHANGE_MAKER_NOTE)
        let framed = Array("Exif\0\0".utf8) + block
        exif_data_load_data(data, framed, UInt32(framed.count))
        for directory in [EXIF_IFD_0, EXIF_IFD_EXIF, EXIF_IFD_GPS, EXIF_IFD_INTEROPERABILITY] {
            read(directory, of: data)
        }
        readPosition(of: data)
    }

    var sorted: [ProbeFacts.Tag] {
        byName.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map {
            ProbeFacts.Tag(name: $0, value: byName[$0] ?? "")
        }
    }

    /// DateTimeOriginal, else DateTimeDigitized, else DateTime, where it has the form `YYYY:MM:DD HH:MM:SS`.
    var takenAt: String? {
        for name in ["DateTimeOriginal", "DateTimeDigitized", "DateTime"] {
            if let text = byName[name], Self.isDate(text) { return text }
        }
        return nil
    }

    private static func isDate(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count == 19 else { return false }
        for (index, byte) in bytes.enumerated() {
            switch index {
            case 4, 7, 13, 16: if byte != 0x3A { return false }
            case 10: if byte != 0x20 { return false }
            default: if !(0x30...0x39).contains(byte) { return false }
            }
        }
        return !bytes.starts(with: Array("0000".utf8))
    }

    private mutating func read(_ directory: ExifIfd, of data: UnsafeMutablePointer<ExifData>) {
        guard let content = quire_exif_content(data, directory), let entries = content.pointee.entries else { return }
        for index in 0..<Int(content.pointee.count) where byName.count < Self.tagsMax {
            guard let entry = entries[index], let name = exif_tag_get_name_in_ifd(entry.pointee.tag, directory) else { continue }
            var text = [CChar](repeating: 0, count: 1024)
            guard exif_entry_get_value(entry, &text, UInt32(text.count)) != nil else { continue }
            let end = text.firstIndex(of: 0) ?? text.count
            var value = String(decoding: text[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
            while value.last == " " { value.removeLast() }
            let key = String(cString: name)
            if byName[key] == nil { byName[key] = value }
        }
    }

    /// Replaces the three numbers of a position by decimal degrees, negative in the south and west (EXIF 2.32, 4.6.6).
    private mutating func readPosition(of data: UnsafeMutablePointer<ExifData>) {
        for (name, tag, reference, negative) in [("GPSLatitude", 2, 1, "S"), ("GPSLongitude", 4, 3, "W")] {
            byName[name] = nil
            guard let content = quire_exif_content(data, EXIF_IFD_GPS),
                let entry = exif_content_get_entry(content, ExifTag(rawValue: UInt32(tag))),
                entry.pointee.format == EXIF_FORMAT_RATIONAL, entry.pointee.components >= 3, entry.pointee.size >= 24,
                let bytes = entry.pointee.data
            else { continue }
            let order = exif_data_get_byte_order(data)
            var degrees = 0.0
            var scale = 1.0
            var isSound = true
            for index in 0..<3 {
                let ratio = exif_get_rational(bytes + 8 * index, order)
                // Seconds are often 0/0 where minutes carry the fraction.
                if ratio.denominator == 0 {
                    if ratio.numerator != 0 || index == 0 { isSound = false }
                } else {
                    degrees += Double(ratio.numerator) / Double(ratio.denominator) / scale
                }
                scale *= 60
            }
            guard isSound, degrees <= 180 else { continue }
            if let side = exif_content_get_entry(content, ExifTag(rawValue: UInt32(reference))), side.pointee.size > 0,
                let letter = side.pointee.data, letter.pointee == negative.utf8.first
            {
                degrees = -degrees
            }
            byName[name] = Self.decimal(degrees)
        }
    }

    /// Six digits behind the point: a tenth of a metre.
    private static func decimal(_ degrees: Double) -> String {
        let micro = Int((abs(degrees) * 1_000_000).rounded())
        let fraction = String(micro % 1_000_000)
        let digits = String(repeating: "0", count: 6 - fraction.utf8.count) + fraction
        return (degrees < 0 && micro > 0 ? "-" : "") + "\(micro / 1_000_000).\(digits)"
    }
}
