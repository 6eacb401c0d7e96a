/// An IPTC record as data sets in order (IPTC IIM 4.2, 1.5 and chapter 5).
struct IPTCRecord {
    struct DataSet: Hashable {
        var record: UInt8
        var number: UInt8
        var value: [UInt8]
    }

    var dataSets: [DataSet]
    /// What stands behind the last data set, padding mostly.
    var tail: [UInt8]

    /// ESC % G: the texts are UTF-8 (IIM 4.2, 1:90; ISO 2022).
    private static let utf8Marker: [UInt8] = [0x1B, 0x25, 0x47]

    init(_ bytes: [UInt8]) {
        dataSets = []
        var at = 0
        while at + 5 <= bytes.count, bytes[at] == 0x1C, let size = ByteOrder.big.uint16(bytes, at + 3) {
            var header = 5
            var count = Int(size)
            if size & 0x8000 != 0 {
                // Extended data set: the low bits say how many bytes the size has.
                let sizeBytes = Int(size & 0x7FFF)
                guard sizeBytes <= 4, let extended = ByteOrder.big.number(bytes, at + 5, byteCount: sizeBytes) else { break }
                header += sizeBytes
                count = Int(extended)
            }
            guard bytes.count - at - header >= count else { break }
            let start = at + header
            dataSets.append(DataSet(record: bytes[at + 1], number: bytes[at + 2], value: Array(bytes[start..<(start + count)])))
            at = start + count
        }
        tail = Array(bytes[at...])
    }

    var bytes: [UInt8] {
        dataSets.flatMap { set -> [UInt8] in
            let count = set.value.count
            let size = count < 0x8000 ? ByteOrder.big.bytes(count, byteCount: 2) : [0x80, 4] + ByteOrder.big.bytes(count, byteCount: 4)
            return [0x1C, set.record, set.number] + size + set.value
        } + tail
    }

    private var saysUTF8: Bool { dataSets.contains { $0.record == 1 && $0.number == 90 && $0.value == Self.utf8Marker } }

    /// The texts of a data set; without the marker they are UTF-8 where they can be, else Latin 1, as exiftool takes them.
    func texts(_ tag: IPTCTag) -> [String] {
        dataSets.filter { $0.record == 2 && $0.number == tag.number }.map { text($0.value) }
    }

    private func text(_ value: [UInt8]) -> String {
        if saysUTF8 { return String(decoding: value, as: UTF8.self) }
        return String(validating: value, as: UTF8.self) ?? Self.latin(value)
    }

    private static func latin(_ value: [UInt8]) -> String {
        var text = ""
        for byte in value { text.unicodeScalars.append(Unicode.Scalar(byte)) }
        return text
    }

    /// All data sets of this number become these; the place of the first one, or the order of numbers, says where they stand.
    mutating func set(_ tag: IPTCTag, to texts: [String]) throws(ImageFileError) {
        if self.texts(tag) == texts { return }
        var values: [[UInt8]] = []
        for text in texts { values.append(try encoded(text, tag)) }
        let isSame: (DataSet) -> Bool = { $0.record == 2 && $0.number == tag.number }
        let place =
            dataSets.firstIndex(where: isSame) ?? dataSets.firstIndex { ($0.record, $0.number) > (2, tag.number) } ?? dataSets.count
        dataSets.removeAll(where: isSame)
        let hasVersion = dataSets.contains { $0.record == 2 && $0.number == 0 }
        dataSets.insert(contentsOf: values.map { DataSet(record: 2, number: tag.number, value: $0) }, at: min(place, dataSets.count))
        // Every application record begins with its version, 4.
        if !hasVersion {
            let start = dataSets.firstIndex { $0.record >= 2 } ?? dataSets.count
            dataSets.insert(DataSet(record: 2, number: 0, value: [0, 4]), at: start)
        }
    }

    mutating func delete(_ tag: IPTCTag) { dataSets.removeAll { $0.record == 2 && $0.number == tag.number } }

    /// In the character set of the record. A record that states none and holds nothing but ASCII and UTF-8 is said to be UTF-8 from
    /// now on; one that holds Latin 1 stays so, since every other text would change with the marker.
    private mutating func encoded(_ text: String, _ tag: IPTCTag) throws(ImageFileError) -> [UInt8] {
        let utf8 = Array(text.utf8)
        if saysUTF8 || utf8.allSatisfy({ $0 < 0x80 }) { return utf8 }
        let others = dataSets.filter { $0.record == 2 && $0.number > 0 && $0.number != tag.number }
        let statesOther = dataSets.contains { $0.record == 1 && $0.number == 90 && $0.value != Self.utf8Marker }
        if !statesOther, others.allSatisfy({ String(validating: $0.value, as: UTF8.self) != nil }) {
            let place = dataSets.firstIndex { ($0.record, $0.number) > (1, 90) } ?? dataSets.count
            dataSets.insert(DataSet(record: 1, number: 90, value: Self.utf8Marker), at: place)
            return utf8
        }
        let scalars = text.unicodeScalars
        guard !statesOther, scalars.allSatisfy({ $0.value <= 0xFF }) else {
            throw .unwritable("iptc:\(tag.name) cannot hold `\(text.prefix(80))`: the file's IPTC texts are not UTF-8; delete-tags iptc first")
        }
        return scalars.map { UInt8($0.value) }
    }
}
