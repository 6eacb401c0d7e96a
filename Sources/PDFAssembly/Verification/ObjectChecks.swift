extension Verifier {
    /// A dictionary larger than this is taken for damage; a flat list of a million pages takes 12 MB.
    private static var objectBytesMax: Int { 1 << 26 }

    /// Every object that has a place of its own, in the order of their places.
    mutating func checkObjects() throws(File.Failure) {
        var order: [UInt32] = []
        var isSorted = true
        var last: UInt64 = 0
        for index in 0..<references.count {
            notes.append(ObjectNote())
            switch references.place(of: UInt64(index) + 1) {
            case .free: continue
            case .inStream: report.objectCount += 1
            case .at(let offset):
                report.objectCount += 1
                isSorted = isSorted && offset >= last
                last = offset
                order.append(UInt32(index) + 1)
            }
        }
        if !isSorted {
            let references = references
            order.sort { (references.offset(of: UInt64($0)) ?? 0, $0) < (references.offset(of: UInt64($1)) ?? 0, $1) }
        }
        isOurs = try isByQuire()
        var covered: UInt64? = isOurs ? UInt64(Self.ourHeader.count) : nil
        for place in order.indices {
            let number = UInt64(order[place])
            guard let offset = references.offset(of: number) else { continue }
            if isOurs, let covered, offset > covered {
                report.add(.gap, "\(offset - covered) bytes that belong to no object", offset: covered)
            }
            let next = place + 1 < order.count ? references.offset(of: UInt64(order[place + 1])) : nil
            covered = try checkObject(number, at: offset, before: next ?? reader.byteCount)
        }
        if isOurs, let covered, newestSection > covered {
            report.add(.gap, "\(newestSection - covered) bytes that belong to no object", offset: covered)
        }
        checkObjectStreamsAreWhole()
    }

    private static var ourHeader: [UInt8] { Array("%PDF-1.7\n%".utf8) + [0xE2, 0xE3, 0xCF, 0xD3, 0x0A] }

    /// Whether quire wrote the file and nobody wrote it anew: others keep its name, but not the form of its header.
    private mutating func isByQuire() throws(File.Failure) -> Bool {
        guard try strayBytes(at: 0, count: 15) == Self.ourHeader, let info = trailer["Info"]?.reference,
            let offset = references.offset(of: info)
        else { return false }
        let mark = Array("/Producer(\(DocumentInformation.producer))".utf8)
        let bytes = try strayBytes(at: offset, count: 4 * DocumentInformation.textBytesMax)
        return bytes.indices.contains { bytes[$0...].starts(with: mark) }
    }

    /// The object at `offset`, which ends before `limit`; a finding says why there is none.
    mutating func object(
        _ expected: UInt64, at offset: UInt64, before limit: UInt64
    ) throws(File.Failure) -> IndirectObject? {
        let lead: UInt64 = offset > 0 ? 1 : 0
        var window = 1024
        while true {
            let bytes = try reader.bytes(at: offset - lead, count: window, end: limit)
            var syntax = ObjectSyntax(bytes, at: Int(lead))
            do throws(SyntaxError) {
                guard syntax.isAtDigit, lead == 0 || isSpace(bytes[0]), let header = try syntax.objectHeader(),
                    header.number == expected, header.generation == references.generation(of: expected) ?? header.generation
                else {
                    addMisplaced(expected, at: offset, bytes.dropFirst(Int(lead)), before: lead == 0 ? nil : bytes.first)
                    return nil
                }
                let value = try syntax.object()
                var data: UInt64?
                if value.isDictionary, try syntax.take("stream") {
                    let hasLineEnd = try syntax.takeHere("\r\n") ? true : try syntax.takeHere("\n")
                    guard hasLineEnd else { throw SyntaxError.malformed }
                    data = offset - lead + UInt64(syntax.position)
                }
                return IndirectObject(value: value, dataOffset: data, end: offset - lead + UInt64(syntax.position))
            } catch {
                if error == .incomplete, bytes.count == window, window < Self.objectBytesMax {
                    window *= 8
                    continue
                }
                guard ObjectSyntax(bytes, at: Int(lead)).isObject() else {
                    addMisplaced(expected, at: offset, bytes.dropFirst(Int(lead)), before: nil)
                    return nil
                }
                // An object that would go on past the next one's offset is as broken as one that is no object at all.
                let place = offset - lead + UInt64(syntax.position)
                let text =
                    error == .incomplete
                    ? "the object does not end before the next one, at byte \(offset - lead + UInt64(bytes.count))"
                    : "it cannot be read from byte \(place) on, where \(shown(bytes.dropFirst(syntax.position))) stands"
                report.add(.syntax, text, object: expected, offset: offset)
                return nil
            }
        }
    }

    private mutating func addMisplaced(_ expected: UInt64, at offset: UInt64, _ found: ArraySlice<UInt8>, before: UInt8?) {
        let generation = references.generation(of: expected) ?? 0
        var text = "the cross-references promise \"\(expected) \(generation) obj\" here, but there is \(shown(found))"
        if let before, !isSpace(before) { text += " behind \(shown([before]))" }
        report.add(.objectHeader, text, object: expected, offset: offset)
    }

    /// Where the object's bytes end, if it is whole.
    private mutating func checkObject(_ number: UInt64, at offset: UInt64, before limit: UInt64) throws(File.Failure) -> UInt64? {
        guard limit > offset else {
            report.add(.crossReferences, "another object is said to begin at the same byte", object: number, offset: offset)
            return nil
        }
        guard let object = try object(number, at: offset, before: limit) else { return nil }
        guard let data = object.dataOffset else {
            note(number, object.value, isStream: false, at: offset)
            return try behindEndobj(of: number, at: object.end, before: limit)
        }
        guard let length = try length(of: object.value) else {
            note(number, object.value, isStream: true, at: offset)
            report.add(.streamLength, "the stream has no /Length, or one that is no number", object: number, offset: offset)
            return nil
        }
        note(number, object.value, isStream: true, at: offset)
        guard let end = try behindEndstream(of: number, data: data, length: length, before: limit) else { return nil }
        try checkData(of: object.value, at: data, length: length, object: number)
        return try behindEndobj(of: number, at: end, before: limit)
    }

    private mutating func behindEndobj(of number: UInt64, at end: UInt64, before limit: UInt64) throws(File.Failure) -> UInt64? {
        let bytes = try reader.bytes(at: end, count: 64, end: limit)
        var syntax = ObjectSyntax(bytes)
        guard syntax.takes("endobj") else {
            report.add(.syntax, "no endobj behind the object, but \(shown(bytes))", object: number, offset: end)
            return nil
        }
        return end + UInt64(syntax.position) + (syntax.position < bytes.count && bytes[syntax.position] == 0x0A ? 1 : 0)
    }

    /// Where `endstream` ends, if `/Length` leads to it.
    private mutating func behindEndstream(
        of number: UInt64, data: UInt64, length: UInt64, before limit: UInt64
    ) throws(File.Failure) -> UInt64? {
        let word = Array("endstream".utf8)
        let (end, overflow) = data.addingReportingOverflow(length)
        guard !overflow, end < limit else {
            report.add(
                .streamLength, "/Length \(length) goes beyond byte \(limit), where the next object or the end of the file is",
                object: number, offset: data)
            return nil
        }
        let lead = min(32, length)
        let around = try reader.bytes(at: end - lead, count: Int(lead) + 64, end: limit)
        let tail = around.dropFirst(Int(lead))
        // The line end is recommended only; but it is ours, and with it left out a length one too large would pass.
        for lineEnd in isOurs ? [[0x0A]] : [[0x0A], [], [0x0D, 0x0A], [0x0D]] as [[UInt8]] where tail.starts(with: lineEnd + word) {
            return end + UInt64(lineEnd.count + word.count)
        }
        var text = "/Length \(length) does not lead to endstream, but to \(shown(tail))"
        if let place = around.indices.first(where: { around[$0...].starts(with: word) }) {
            text += "; endstream begins at byte \(end - lead + UInt64(place))"
        }
        report.add(.streamLength, text, object: number, offset: end)
        return nil
    }

    // MARK: - What objects are

    /// Takes down what later checks need of an object, and checks what it can tell alone.
    mutating func note(_ number: UInt64, _ value: ParsedObject, isStream: Bool, at offset: UInt64?) {
        var dangling: UInt64?
        value.forEachReference { if !references.exists($0) { dangling = $0 } }
        if let dangling {
            report.add(
                .danglingReference, "it refers to object \(dangling), which does not exist", object: number, offset: offset)
        }
        let index = Int(number) - 1
        notes[index].role = .other
        if trailer["Root"]?.reference == number { catalog = value }
        switch value["Type"]?.name {
        case "Page" where !isStream:
            notes[index].role = .page
            notes[index].detail = UInt32(clamping: value["Parent"]?.reference ?? 0)
            notes[index].hasMediaBox = value["MediaBox"] != nil
            if isOurs { checkOurPage(number, value, at: offset) }
        case "Pages" where !isStream:
            notes[index].role = .pages
            notes[index].detail = UInt32(nodes.count)
            addNode(value)
        case "XObject" where isStream && value["Subtype"]?.name == "Image":
            notes[index].role = .image
            if isOurs { checkOurImage(number, value, at: offset) }
        case nil where isStream:
            notes[index].role = .content
        case _ where !isStream && value["Title"] != nil && value["Parent"] != nil:
            notes[index].role = .bookmark
            notes[index].detail = UInt32(bookmarks.count)
            bookmarks.append(Bookmark(value))
        case _ where !isStream && value["Title"] == nil && (value["Type"]?.name == "Outlines" || value["First"]?.reference != nil):
            notes[index].role = .outline
            notes[index].detail = UInt32(bookmarks.count)
            bookmarks.append(Bookmark(value))
        default:
            break
        }
    }

    func role(of number: UInt64?) -> ObjectNote.Role {
        guard let number, number >= 1, number <= UInt64(notes.count) else { return .unknown }
        return notes[Int(number) - 1].role
    }

    /// What every page of ours has in its own dictionary; images and contents are written before their page.
    private mutating func checkOurPage(_ number: UInt64, _ page: ParsedObject, at offset: UInt64?) {
        if page["MediaBox"]?.array?.count != 4 {
            report.add(.page, "the page has no /MediaBox of four numbers", object: number, offset: offset)
        }
        if page["Resources"]?.isDictionary != true {
            report.add(.page, "the page has no /Resources", object: number, offset: offset)
        }
        if role(of: page["Contents"]?.reference) != .content {
            let stated = page["Contents"]?.reference.map { "object \($0), which is no content stream" } ?? "missing"
            report.add(.page, "the page's /Contents is \(stated)", object: number, offset: offset)
        }
        guard case .dictionary(let images)? = page["Resources"]?["XObject"] else { return }
        for (name, image) in images where role(of: image.reference) != .image {
            let stated = image.reference.map { "object \($0), which is no image" } ?? "no reference"
            report.add(.page, "the page's /XObject /\(name) is \(stated)", object: number, offset: offset)
        }
    }

    private mutating func checkOurImage(_ number: UInt64, _ image: ParsedObject, at offset: UInt64?) {
        if let mask = image["SMask"]?.reference, role(of: mask) != .image {
            report.add(.page, "the image's /SMask is object \(mask), which is no image", object: number, offset: offset)
        }
        var space = image["ColorSpace"]?.array
        if space?.first?.name == "Indexed", let base = space?.dropFirst().first?.array { space = base }
        guard space?.first?.name == "ICCBased", let profile = space?.last?.reference, role(of: profile) != .profile else { return }
        report.add(
            .profile, "the image's colour profile is object \(profile), which is no profile", object: number, offset: offset)
    }
}
