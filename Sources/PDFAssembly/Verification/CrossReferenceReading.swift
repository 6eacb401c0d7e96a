extension Verifier {
    /// Follows the chain of sections from the newest; false when the file's objects cannot be known.
    mutating func readCrossReferences(
        from start: UInt64, inflate: (_ compressed: [UInt8], _ bytesMax: Int) -> [UInt8]?
    ) throws(File.Failure) -> Bool {
        var next: UInt64? = start
        var seen: Set<UInt64> = []
        while let offset = next {
            guard offset < reader.byteCount, seen.count < 10_000, seen.insert(offset).inserted else {
                report.add(.crossReferences, "the chain of sections leads nowhere", offset: offset)
                return false
            }
            let isTable = try reader.bytes(at: offset, count: 4) == Array("xref".utf8)
            let section = isTable ? try readTable(at: offset) : try readStream(at: offset, inflate: inflate)
            guard let section else { return false }
            if seen.count == 1 { trailer = section }
            if section["Encrypt"] != nil { report.add(.notChecked, "the file is encrypted") }
            if section["XRefStm"] != nil { report.add(.notChecked, "a cross-reference stream beside the table") }
            next = section["Prev"]?.integer.flatMap { UInt64(exactly: $0) }
        }
        let size = trailer["Size"]?.integer ?? -1
        if size < Int64(references.count) + 1 {
            report.add(.trailer, "/Size \(size) is below the \(references.count + 1) entries there are")
        }
        if trailer["Root"]?.reference == nil { report.add(.trailer, "no /Root") }
        return true
    }

    /// The trailer's dictionary, or nil after a finding.
    private mutating func readTable(at start: UInt64) throws(File.Failure) -> [String: ParsedObject]? {
        var position = start + 4
        while true {
            let bytes = try reader.bytes(at: position, count: 64)
            var syntax = ObjectSyntax(bytes)
            if syntax.takes("trailer") { return try readTrailer(at: position + UInt64(syntax.position)) }
            guard let (first, count) = syntax.sectionHeader() else {
                report.add(.crossReferences, "the table's section does not begin with two numbers", offset: position)
                return nil
            }
            position += UInt64(syntax.position)
            guard try readEntries(first: first, count: count, at: position) else { return nil }
            position += count * 20
        }
    }

    private mutating func readEntries(first: UInt64, count: UInt64, at start: UInt64) throws(File.Failure) -> Bool {
        guard count <= CrossReferences.objectsMax, first <= CrossReferences.objectsMax, start + count * 20 <= reader.byteCount
        else {
            report.add(.crossReferences, "a section of \(count) entries is longer than the file", offset: start)
            return false
        }
        var done: UInt64 = 0
        while done < count {
            let batch = min(4096, count - done)
            let bytes = try reader.bytes(at: start + done * 20, count: Int(batch) * 20)
            for index in 0..<Int(batch) {
                let entry = bytes[(index * 20)..<(index * 20 + 20)]
                let number = first + done + UInt64(index)
                guard let offset = Self.offset(of: entry) else {
                    report.add(
                        .crossReferences, "an entry is not in the form of 20 bytes", object: number,
                        offset: start + (done + UInt64(index)) * 20)
                    return false
                }
                if offset != CrossReferences.free, offset >= reader.byteCount {
                    report.add(
                        .crossReferences, "the entry points outside the file", object: number,
                        offset: start + (done + UInt64(index)) * 20)
                }
                guard references.note(number, at: offset) else {
                    report.add(.crossReferences, "more objects than a PDF can have", offset: start)
                    return false
                }
            }
            done += batch
        }
        return true
    }

    /// `nnnnnnnnnn ggggg n` and two bytes of line end; nil for anything else.
    private static func offset(of entry: ArraySlice<UInt8>) -> UInt64? {
        let bytes = Array(entry)
        var value: UInt64 = 0
        for place in 0..<16 where place != 10 {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[place]) else { return nil }
            if place < 10 { value = value * 10 + UInt64(bytes[place] - UInt8(ascii: "0")) }
        }
        guard bytes[10] == 0x20, bytes[16] == 0x20, [[0x20, 0x0A], [0x20, 0x0D], [0x0D, 0x0A]].contains(Array(bytes[18...]))
        else { return nil }
        switch bytes[17] {
        case UInt8(ascii: "n"): return value
        case UInt8(ascii: "f"): return CrossReferences.free
        case _: return nil
        }
    }

    private mutating func readTrailer(at start: UInt64) throws(File.Failure) -> [String: ParsedObject]? {
        var syntax = ObjectSyntax(try reader.bytes(at: start, count: 16_384))
        if case .dictionary(let entries)? = syntax.wholeObject() { return entries }
        report.add(.trailer, "the trailer is no dictionary", offset: start)
        return nil
    }

    // MARK: - Cross-reference streams

    private mutating func readStream(
        at start: UInt64, inflate: (_ compressed: [UInt8], _ bytesMax: Int) -> [UInt8]?
    ) throws(File.Failure) -> [String: ParsedObject]? {
        guard let object = try object(at: start, before: .max, expected: nil), case .dictionary(let entries) = object.value,
            entries["Type"]?.name == "XRef", let data = object.dataOffset,
            let length = entries["Length"]?.integer.flatMap({ UInt64(exactly: $0) }), data <= reader.byteCount, length <= reader.byteCount - data,
            let widths = Self.widths(entries["W"]), let size = entries["Size"]?.integer.flatMap({ UInt64(exactly: $0) })
        else {
            report.add(
                .crossReferences, "startxref or /Prev points to neither a table nor a cross-reference stream", offset: start)
            return nil
        }
        let sections = entries["Index"]?.array?.compactMap { $0.integer.flatMap { UInt64(exactly: $0) } } ?? [0, size]
        let rowBytes = widths.reduce(0, +)
        var rows = [UInt8]()
        let isPlain = entries["Filter"] == nil
        if !isPlain {
            let limit = Int(min(size, CrossReferences.objectsMax) + 1) * (rowBytes + 1)
            guard length < 1 << 30, let inflated = inflate(try reader.bytes(at: data, count: Int(length)), limit),
                let plain = Self.unpredicted(inflated, entries["DecodeParms"], rowBytes: rowBytes)
            else {
                report.add(.crossReferences, "the cross-reference stream cannot be decompressed", offset: start)
                return nil
            }
            rows = plain
        }
        let total = isPlain ? length : UInt64(rows.count)
        var position: UInt64 = 0
        for pair in stride(from: 0, to: sections.count - 1, by: 2) {
            let (first, count) = (sections[pair], sections[pair + 1])
            guard first <= CrossReferences.objectsMax, count <= CrossReferences.objectsMax,
                position + count * UInt64(rowBytes) <= total
            else {
                report.add(.crossReferences, "the cross-reference stream is shorter than its entries", offset: start)
                return nil
            }
            for index in 0..<count {
                let row =
                    isPlain
                    ? try reader.bytes(at: data + position, count: rowBytes)
                    : Array(rows[Int(position)..<(Int(position) + rowBytes)])
                position += UInt64(rowBytes)
                guard references.note(first + index, at: Self.offset(ofRow: row, widths)) else { return nil }
            }
        }
        return entries
    }

    private static func widths(_ entry: ParsedObject?) -> [Int]? {
        guard let values = entry?.array?.compactMap(\.integer), values.count == 3, values.allSatisfy({ (0...8).contains($0) })
        else { return nil }
        return values.map { Int($0) }
    }

    private static func offset(ofRow row: [UInt8], _ widths: [Int]) -> UInt64 {
        func field(_ start: Int, _ count: Int) -> UInt64 { row[start..<(start + count)].reduce(0) { $0 << 8 | UInt64($1) } }
        switch widths[0] == 0 ? 1 : field(0, widths[0]) {
        case 1: return min(field(widths[0], widths[1]), CrossReferences.compressed - 1)
        case 2: return CrossReferences.compressed
        case _: return CrossReferences.free
        }
    }

    /// Undoes PNG's "up" and "none" rows, which is what writers use here; nil for other predictors.
    private static func unpredicted(_ bytes: [UInt8], _ parameters: ParsedObject?, rowBytes: Int) -> [UInt8]? {
        let predictor = parameters?["Predictor"]?.integer ?? 1
        if predictor == 1 { return bytes }
        guard predictor >= 10, rowBytes > 0, parameters?["Columns"]?.integer == Int64(rowBytes) else { return nil }
        var result: [UInt8] = []
        var above = [UInt8](repeating: 0, count: rowBytes)
        for start in stride(from: 0, to: bytes.count - rowBytes, by: rowBytes + 1) {
            let row = bytes[(start + 1)...(start + rowBytes)]
            switch bytes[start] {
            case 0: above = Array(row)
            case 2: above = zip(row, above).map { $0 &+ $1 }
            case _: return nil
            }
            result += above
        }
        return result
    }
}
