/// A DICOM file written by hand (PS3.5, 7.1; PS3.10, 7.1), so that each test says what is in it.
struct DICOMFixture {
    enum Syntax: String {
        case implicit = "1.2.840.10008.1.2"
        case explicit = "1.2.840.10008.1.2.1"
        case jpeg2000Lossless = "1.2.840.10008.1.2.4.90"
        case jpeg2000 = "1.2.840.10008.1.2.4.91"
        case jpeg2000Components = "1.2.840.10008.1.2.4.92"
    }

    var syntax = Syntax.explicit
    /// Beside those that say how the pixels are stored; `item` makes sequences.
    var elements: [Element] = []
    /// Coded pixels in pieces, in place of plain ones.
    var fragments: [[UInt8]] = []

    struct Element {
        var group: UInt16
        var tag: UInt16
        var vr: String
        var bytes: [UInt8]

        static func text(_ group: UInt16, _ tag: UInt16, _ vr: String, _ text: String) -> Element {
            let padding: UInt8 = vr == "UI" ? 0 : 0x20
            return Element(group: group, tag: tag, vr: vr, bytes: even(Array(text.utf8), padding))
        }

        static func numbers(_ group: UInt16, _ tag: UInt16, _ vr: String, _ values: [Int]) -> Element {
            Element(group: group, tag: tag, vr: vr, bytes: values.flatMap { little(UInt16(truncatingIfNeeded: $0)) })
        }
    }

    /// A grey picture of 16 bits a pixel.
    static func grey(
        _ values: [Int], width: Int, signed: Bool = false, stored: Int = 16, colours: String = "MONOCHROME2", frames: Int = 1
    ) -> DICOMFixture {
        let height = values.count / width / frames
        var file = DICOMFixture(elements: shape(width, height, samples: 1, allocated: 16, stored: stored, signed: signed, colours))
        if frames > 1 { file.elements.append(.text(0x0028, 0x0008, "IS", "\(frames)")) }
        file.elements.append(.numbers(0x7FE0, 0x0010, "OW", values))
        return file
    }

    /// A picture of components of 8 bits, interleaved.
    static func bytes(_ values: [UInt8], width: Int, samples: Int, colours: String) -> DICOMFixture {
        let height = values.count / width / samples
        var file = DICOMFixture(elements: shape(width, height, samples: samples, allocated: 8, stored: 8, signed: false, colours))
        file.elements.append(Element(group: 0x7FE0, tag: 0x0010, vr: "OW", bytes: even(values, 0)))
        return file
    }

    private static func shape(
        _ width: Int, _ height: Int, samples: Int, allocated: Int, stored: Int, signed: Bool, _ colours: String
    ) -> [Element] {
        [
            .text(0x0008, 0x0016, "UI", "1.2.840.10008.5.1.4.1.1.7"), .text(0x0008, 0x0018, "UI", "1.2.3.4"),
            .text(0x0010, 0x0010, "PN", "SECRET^PERSON"), .text(0x0010, 0x0020, "LO", "SECRET-0815"),
            .numbers(0x0028, 0x0002, "US", [samples]), .text(0x0028, 0x0004, "CS", colours),
            .numbers(0x0028, 0x0010, "US", [height]), .numbers(0x0028, 0x0011, "US", [width]),
            .numbers(0x0028, 0x0100, "US", [allocated]), .numbers(0x0028, 0x0101, "US", [stored]),
            .numbers(0x0028, 0x0102, "US", [stored - 1]), .numbers(0x0028, 0x0103, "US", [signed ? 1 : 0]),
        ] + (samples > 1 ? [.numbers(0x0028, 0x0006, "US", [0])] : [])
    }

    func adding(_ more: Element...) -> DICOMFixture { adding(more) }

    func adding(_ more: [Element]) -> DICOMFixture {
        var file = self
        file.elements += more
        return file
    }

    func stored(as syntax: Syntax) -> DICOMFixture {
        var file = self
        file.syntax = syntax
        return file
    }

    /// With coded pixels instead of its own.
    func packed(_ fragments: [[UInt8]], as syntax: Syntax) -> DICOMFixture {
        var file = stored(as: syntax)
        file.elements.removeAll { $0.group == 0x7FE0 }
        file.fragments = fragments
        return file
    }

    /// With a sequence of one item.
    func adding(sequence group: UInt16, _ tag: UInt16, _ content: [Element]) -> DICOMFixture {
        adding(sequence: group, tag, items: [content])
    }

    func adding(sequence group: UInt16, _ tag: UInt16, items: [[Element]]) -> DICOMFixture {
        adding(Element(group: group, tag: tag, vr: "SQ", bytes: items.flatMap { Self.item($0.flatMap(encoded)) }))
    }

    private static func item(_ bytes: [UInt8]) -> [UInt8] { delimiter(0xE000, UInt32(bytes.count)) + bytes }

    private static func delimiter(_ tag: UInt16, _ count: UInt32) -> [UInt8] { little(UInt16(0xFFFE)) + little(tag) + little(count) }

    var file: [UInt8] {
        let version = Element(group: 2, tag: 1, vr: "OB", bytes: [0, 1])
        let names: [Element] = [
            .text(2, 2, "UI", "1.2.840.10008.5.1.4.1.1.7"), .text(2, 3, "UI", "1.2.3.4"), .text(2, 0x10, "UI", syntax.rawValue),
            .text(2, 0x12, "UI", "1.2.3"),
        ]
        let meta = ([version] + names).flatMap { encoded($0, isExplicit: true) }
        let length = Element(group: 2, tag: 0, vr: "UL", bytes: Self.little(UInt32(meta.count)))
        let sorted = elements.sorted { ($0.group, $0.tag) < ($1.group, $1.tag) }
        return [UInt8](repeating: 0, count: 128) + Array("DICM".utf8) + encoded(length, isExplicit: true) + meta
            + sorted.flatMap(encoded) + (fragments.isEmpty ? [] : encapsulated)
    }

    /// PS3.5, A.4: an empty table of offsets, the fragments, and a delimiter.
    private var encapsulated: [UInt8] {
        [0xE0, 0x7F, 0x10, 0, 0x4F, 0x42, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF] + Self.item([])
            + fragments.flatMap { Self.item(Self.even($0, 0)) } + Self.delimiter(0xE0DD, 0)
    }

    private func encoded(_ element: Element) -> [UInt8] { encoded(element, isExplicit: syntax != .implicit) }

    private func encoded(_ element: Element, isExplicit: Bool) -> [UInt8] {
        let name = Self.little(element.group) + Self.little(element.tag)
        guard isExplicit else { return name + Self.little(UInt32(element.bytes.count)) + element.bytes }
        let isLong = ["OB", "OW", "SQ", "UN"].contains(element.vr)
        let length = isLong ? [0, 0] + Self.little(UInt32(element.bytes.count)) : Self.little(UInt16(element.bytes.count))
        return name + Array(element.vr.utf8) + length + element.bytes
    }

    private static func little<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] {
        (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> Number($0 * 8)) }
    }

    private static func even(_ bytes: [UInt8], _ padding: UInt8) -> [UInt8] { bytes.count % 2 == 0 ? bytes : bytes + [padding] }
}
