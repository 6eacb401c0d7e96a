/// Reads the sections that say where objects are: tables, streams, and both in hybrid files.
extension Verifier {
    private static var sectionsMax: Int { 10_000 }
    private static var inflatedSectionBytesMax: Int { 1 << 28 }

    /// Follows the chain of sections from the newest; false when the file's objects cannot be known.
    mutating func readCrossReferences(from start: UInt64) throws(File.Failure) -> Bool {
        newestSection = start
        var next: UInt64? = start
        var seen: Set<UInt64> = []
        var number: UInt16 = 0
        while let offset = next {
            let name = seen.isEmpty ? "startxref" : "/Prev"
            guard offset < reader.byteCount else {
                report.add(.crossReferences, "\(name) says byte \(offset), but the file has \(reader.byteCount) bytes")
                return false
            }
            guard seen.insert(offset).inserted, seen.count <= Self.sectionsMax else {
                report.add(.crossReferences, "\(name) leads to a section that was read before", offset: offset)
                return false
            }
            number += 1
            let isTable = try strayBytes(at: offset, count: 4) == Array("xref".utf8)
            let section =
                isTable ? try readTable(at: offset, number) : try readStream(at: offset, number, namedBy: name, fillsFree: false)
            guard let section else { return false }
            if seen.count == 1 { trailer = section }
            if section["Encrypt"] != nil { isEncrypted = true }
            if isTable, let hidden = section["XRefStm"]?.integer {
                number += 1
                guard let beside = UInt64(exactly: hidden), beside < reader.byteCount,
                    try readStream(at: beside, number, namedBy: "/XRefStm", fillsFree: true) != nil
                else { return false }
            }
            next = section["Prev"]?.integer.flatMap { UInt64(exactly: $0) }
            if section["Prev"] != nil, next == nil {
                report.add(.trailer, "/Prev is no number of bytes", offset: offset)
                return false
            }
        }
        return true
    }

    private mutating func note(
        _ object: UInt64, _ place: CrossReferences.Place, generation: UInt64, section: UInt16, at offset: UInt64,
        fillsFree: Bool = false
    ) -> Bool {
        switch references.note(object, place, generation: generation, section: section, fillsFree: fillsFree) {
        case .taken, .overruled:
            break
        case .twiceInOneSection:
            report.add(.crossReferences, "the section beginning here has two entries for it", object: object, offset: offset)
        case .beyondLimit:
            report.add(
                .crossReferences, "a file of \(reader.byteCount) bytes cannot have an object of this number", object: object,
                offset: offset)
            return false
        }
        return true
    }

    // MARK: - Tables

    /// The trailer's dictionary, or nil after a finding.
    private mutating func readTable(at start: UInt64, _ section: UInt16) throws(File.Failure) -> [String: ParsedObject]? {
        var position = start + 4
        while true {
            let bytes = try strayBytes(at: position, count: 64)
            var syntax = ObjectSyntax(bytes)
            if syntax.takes("trailer") { return try readTrailer(at: position + UInt64(syntax.position)) }
            guard let (first, count) = syntax.sectionHeader() else {
                report.add(
                    .crossReferences, "the table should go on with two numbers or \"trailer\", but there is \(shown(bytes))",
                    offset: position)
                return nil
            }
            position += UInt64(syntax.position)
            guard try readEntries(first: first, count: count, at: position, section) else { return nil }
            position += count * 20
        }
    }

    private mutating func readEntries(
        first: UInt64, count: UInt64, at start: UInt64, _ section: UInt16
    ) throws(File.Failure) -> Bool {
        guard count <= (reader.byteCount - min(start, reader.byteCount)) / 20, first <= reader.byteCount + (1 << 16) else {
            report.add(.crossReferences, "\(count) entries from object \(first) on are more than the file holds", offset: start)
            return false
        }
        var done: UInt64 = 0
        while done < count {
            let batch = min(1024, count - done)
            let bytes = try strayBytes(at: start + done * 20, count: Int(batch) * 20)
            guard bytes.count == Int(batch) * 20 else {
                report.add(.crossReferences, "the tables of this file cover each other", offset: start)
                return false
            }
            for index in 0..<Int(batch) {
                let number = first + done + UInt64(index)
                let offset = start + (done + UInt64(index)) * 20
                guard let entry = TableEntry(bytes[(index * 20)..<(index * 20 + 20)]) else {
                    report.add(
                        .crossReferences, "an entry should be 20 bytes as in \"0000000015 00000 n\", but there is "
                            + shown(bytes[(index * 20)...]), object: number, offset: offset)
                    return false
                }
                var place = CrossReferences.Place.free
                if entry.isInUse {
                    place = .at(entry.offset)
                    if entry.offset >= reader.byteCount {
                        report.add(
                            .crossReferences, "its entry says byte \(entry.offset), but the file has \(reader.byteCount) bytes",
                            object: number, offset: offset)
                        place = .free
                    }
                }
                guard note(number, place, generation: entry.generation, section: section, at: start) else { return false }
            }
            done += batch
        }
        return true
    }

    private mutating func readTrailer(at start: UInt64) throws(File.Failure) -> [String: ParsedObject]? {
        let bytes = try strayBytes(at: start, count: 16_384)
        var syntax = ObjectSyntax(bytes)
        if case .dictionary(let entries)? = syntax.wholeObject() { return entries }
        report.add(.trailer, "behind \"trailer\" there is no dictionary, but \(shown(bytes))", offset: start)
        return nil
    }

    // MARK: - Streams

    private mutating func readStream(
        at start: UInt64, _ section: UInt16, namedBy name: String, fillsFree: Bool
    ) throws(File.Failure) -> [String: ParsedObject]? {
        let bytes = try strayBytes(at: start, count: 65_536)
        var syntax = ObjectSyntax(bytes)
        var found: ParsedObject?
        do throws(SyntaxError) {
            if syntax.isAtDigit, try syntax.objectHeader() != nil {
                let value = try syntax.object()
                if try syntax.take("stream"), try syntax.takeHere("\r\n") ? true : syntax.takeHere("\n") { found = value }
            }
        } catch {
            found = nil
        }
        guard case .dictionary(let entries)? = found, entries["Type"]?.name == "XRef",
            let length = entries["Length"]?.integer.flatMap({ UInt64(exactly: $0) }),
            let widths = Self.widths(entries["W"]), let size = entries["Size"]?.integer.flatMap({ UInt64(exactly: $0) })
        else {
            report.add(
                .crossReferences,
                "\(name) leads here, where neither \"xref\" nor a cross-reference stream begins, but \(shown(bytes))", offset: start)
            return nil
        }
        let data = start + UInt64(syntax.position)
        guard data <= reader.byteCount, length <= reader.byteCount - data,
            let rows = try sectionRows(entries, at: data, length: length)
        else {
            report.add(.crossReferences, "the cross-reference stream is cut off or cannot be decompressed", offset: start)
            return nil
        }
        let pairs = entries["Index"]?.array?.map { $0.integer.flatMap { UInt64(exactly: $0) } ?? .max } ?? [0, size]
        return readRows(rows, pairs, widths, at: start, section, fillsFree: fillsFree) ? entries : nil
    }

    private mutating func sectionRows(
        _ entries: [String: ParsedObject], at data: UInt64, length: UInt64
    ) throws(File.Failure) -> [UInt8]? {
        guard length <= UInt64(Self.inflatedSectionBytesMax) else { return nil }
        let bytes = try strayBytes(at: data, count: Int(length))
        guard UInt64(bytes.count) == length else { return nil }
        guard let filter = entries["Filter"] else { return bytes }
        guard (filter.name ?? filter.array?.first?.name) == "FlateDecode", (filter.array?.count ?? 1) == 1,
            let plain = inflated(bytes, bytesMax: Self.inflatedSectionBytesMax)
        else { return nil }
        return unpredicted(plain, entries["DecodeParms"]?.array?.first ?? entries["DecodeParms"])
    }

    private mutating func readRows(
        _ rows: [UInt8], _ pairs: [UInt64], _ widths: [Int], at start: UInt64, _ section: UInt16, fillsFree: Bool
    ) -> Bool {
        let rowBytes = widths.reduce(0, +)
        var position = 0
        for pair in stride(from: 0, to: pairs.count - 1, by: 2) {
            let (first, count) = (pairs[pair], pairs[pair + 1])
            guard rowBytes > 0, first <= 1 << 40, count <= UInt64((rows.count - position) / rowBytes) else {
                report.add(
                    .crossReferences, "the cross-reference stream holds \(rows.count) bytes, fewer than \(count) entries of \(rowBytes)",
                    offset: start)
                return false
            }
            for index in 0..<count {
                let place = Self.place(ofRow: rows[position..<(position + rowBytes)], widths)
                position += rowBytes
                if case .at(let offset) = place.0, offset >= reader.byteCount {
                    report.add(
                        .crossReferences, "its entry says byte \(offset), but the file has \(reader.byteCount) bytes",
                        object: first + index, offset: start)
                    continue
                }
                guard note(first + index, place.0, generation: place.generation, section: section, at: start, fillsFree: fillsFree)
                else { return false }
            }
        }
        return true
    }

    private static func widths(_ entry: ParsedObject?) -> [Int]? {
        guard let values = entry?.array?.compactMap(\.integer), values.count == 3, values.allSatisfy({ (0...8).contains($0) })
        else { return nil }
        return values.map { Int($0) }
    }

    private static func place(ofRow row: ArraySlice<UInt8>, _ widths: [Int]) -> (CrossReferences.Place, generation: UInt64) {
        func field(_ start: Int, _ count: Int) -> UInt64 {
            var value: UInt64 = 0
            for index in 0..<count { value = value << 8 | UInt64(row[row.startIndex + start + index]) }
            return value
        }
        let second = field(widths[0], widths[1])
        let third = field(widths[0] + widths[1], widths[2])
        switch widths[0] == 0 ? 1 : field(0, widths[0]) {
        case 1: return (.at(second), third)
        case 2: return (.inStream(second, index: third), 0)
        case _: return (.free, 0)
        }
    }
}

/// `nnnnnnnnnn ggggg n` and two bytes of line end.
private struct TableEntry {
    var offset: UInt64 = 0
    var generation: UInt64 = 0
    var isInUse: Bool

    /// Nil for bytes of another form.
    init?(_ bytes: ArraySlice<UInt8>) {
        let start = bytes.startIndex
        for place in 0..<16 where place != 10 {
            let byte = bytes[start + place]
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            let digit = UInt64(byte - UInt8(ascii: "0"))
            if place < 10 { offset = offset * 10 + digit } else { generation = generation * 10 + digit }
        }
        switch (bytes[start + 18], bytes[start + 19]) {
        case (0x20, 0x0A), (0x20, 0x0D), (0x0D, 0x0A): break
        case _: return nil
        }
        guard bytes[start + 10] == 0x20, bytes[start + 16] == 0x20 else { return nil }
        switch bytes[start + 17] {
        case UInt8(ascii: "n"): isInUse = true
        case UInt8(ascii: "f"): isInUse = false
        case _: return nil
        }
    }
}
