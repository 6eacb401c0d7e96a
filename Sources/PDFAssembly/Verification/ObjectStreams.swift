/// An object stream, decompressed (ISO 32000-1, 7.5.7).
struct ObjectStream {
    var number: UInt64
    var bytes: [UInt8]
    /// Numbers of the objects with where each begins in `bytes`, ascending.
    var entries: [(number: UInt64, start: Int)]

    /// Nil where the object is malformed.
    func object(at index: Int) -> ParsedObject? {
        let end = index + 1 < entries.count ? entries[index + 1].start : bytes.count
        // What stands behind a number shows that it is none of a reference.
        var syntax = ObjectSyntax(bytes[entries[index].start..<end] + [0x20, UInt8(ascii: "]")])
        return syntax.wholeObject()
    }
}

extension Verifier {
    private static var streamBytesMax: Int { 1 << 26 }
    private static var streamObjectsMax: Int64 { 1 << 20 }
    private static var openStreamsMax: Int { 4 }

    private enum Opening {
        case open(ObjectStream)
        case notRead
        case broken(String)
    }

    /// Looks at every object in an object stream whose place in the file is known.
    mutating func checkObjectStream(
        _ number: UInt64, _ dictionary: ParsedObject, at offset: UInt64, length: UInt64
    ) throws(File.Failure) {
        let stream: ObjectStream
        switch try opening(number, dictionary, at: offset, length: length) {
        case .notRead:
            hasUnreadStreams = true
            return
        case .broken(let text):
            hasUnreadStreams = true
            report.add(.streamContent, text, object: number, offset: offset)
            return
        case .open(let opened):
            stream = opened
        }
        keepOpen(stream)
        for (index, entry) in stream.entries.enumerated() {
            guard case .inStream(number, let stated) = references.place(of: entry.number) else { continue }
            if stated != UInt64(index) {
                report.add(
                    .crossReferences, "it is entry \(index) of object stream \(number), not \(stated) as the cross-references say",
                    object: entry.number, offset: offset)
            }
            guard let value = stream.object(at: index) else {
                report.add(.syntax, "it cannot be read in object stream \(number)", object: entry.number, offset: offset)
                notes[Int(entry.number) - 1].role = .other
                continue
            }
            note(entry.number, value, isStream: false, at: nil)
        }
    }

    /// Each object that is said to be in a stream was met in one.
    mutating func checkObjectStreamsAreWhole() {
        guard !hasUnreadStreams else { return }
        for index in 0..<references.count where notes[index].role == .unknown {
            guard case .inStream(let stream, _) = references.place(of: UInt64(index) + 1) else { continue }
            report.add(
                .crossReferences, "it is said to be in object stream \(stream), which does not hold it", object: UInt64(index) + 1)
        }
    }

    /// One object out of a stream, wherever that is; nil when there is none.
    mutating func object(_ number: UInt64, inStream stream: UInt64, index: UInt64) throws(File.Failure) -> ParsedObject? {
        if !openStreams.contains(where: { $0.number == stream }) {
            guard let offset = references.offset(of: stream) else { return nil }
            var syntax = ObjectSyntax(try strayBytes(at: offset, count: 1024))
            var dictionary: ParsedObject?
            do throws(SyntaxError) {
                guard try syntax.objectHeader()?.number == stream else { return nil }
                let value = try syntax.object()
                if try syntax.take("stream"), try syntax.takeHere("\r\n") ? true : syntax.takeHere("\n") { dictionary = value }
            } catch {
                return nil
            }
            // The stream's own length must not lie in a stream in turn.
            guard let dictionary, let length = dictionary["Length"]?.integer.flatMap({ UInt64(exactly: $0) }),
                case .open(let opened) = try opening(stream, dictionary, at: offset + UInt64(syntax.position), length: length)
            else { return nil }
            keepOpen(opened)
        }
        guard let open = openStreams.first(where: { $0.number == stream }), index < UInt64(open.entries.count),
            open.entries[Int(index)].number == number
        else { return nil }
        return open.object(at: Int(index))
    }

    private mutating func keepOpen(_ stream: ObjectStream) {
        openStreams.removeAll { $0.number == stream.number }
        openStreams.insert(stream, at: 0)
        if openStreams.count > Self.openStreamsMax { openStreams.removeLast() }
    }

    private mutating func opening(
        _ number: UInt64, _ dictionary: ParsedObject, at offset: UInt64, length: UInt64
    ) throws(File.Failure) -> Opening {
        guard !isEncrypted else { return .notRead }
        guard let count = dictionary["N"]?.integer, let first = dictionary["First"]?.integer, count >= 0, first >= 0 else {
            return .broken("the object stream has no /N or no /First")
        }
        guard count <= Self.streamObjectsMax, length <= UInt64(Self.streamBytesMax), first <= Int64(Self.streamBytesMax) else {
            return tooLarge()
        }
        let data = try strayBytes(at: offset, count: Int(length))
        guard UInt64(data.count) == length else { return strayBytesLeft < length ? tooLarge() : .broken("it is cut off") }
        let plain: [UInt8]
        switch dictionary["Filter"]?.array?.first?.name ?? dictionary["Filter"]?.name {
        case nil:
            plain = data
        case "FlateDecode" where (dictionary["Filter"]?.array?.count ?? 1) == 1:
            guard inflatedBytesLeft > 0 else { return tooLarge() }
            let parameters = dictionary["DecodeParms"]?.array?.first ?? dictionary["DecodeParms"]
            guard let bytes = inflated(data, bytesMax: Self.streamBytesMax), let rows = unpredicted(bytes, parameters) else {
                return .broken("the object stream cannot be decompressed")
            }
            plain = rows
        case .some(let filter):
            report.addNotChecked("objects in streams that \(filter) decodes")
            return .notRead
        }
        return entries(of: number, in: plain, count: Int(count), first: Int(first))
    }

    private mutating func tooLarge() -> Opening {
        report.addNotChecked("objects in object streams larger than \(Self.streamBytesMax >> 20) MB, or very large altogether")
        return .notRead
    }

    private func entries(of number: UInt64, in bytes: [UInt8], count: Int, first: Int) -> Opening {
        guard first <= bytes.count else { return .broken("/First \(first) lies behind the \(bytes.count) bytes of the object stream") }
        var syntax = ObjectSyntax(bytes[..<first] + [0x20])
        var entries: [(number: UInt64, start: Int)] = []
        for _ in 0..<count {
            do throws(SyntaxError) {
                guard let object = try syntax.unsigned(), let start = try syntax.unsigned(),
                    start <= UInt64(bytes.count - first), first + Int(start) >= entries.last?.start ?? first
                else { throw SyntaxError.malformed }
                entries.append((object, first + Int(start)))
            } catch {
                return .broken("the object stream's list of \(count) objects is wrong from entry \(entries.count) on")
            }
        }
        return .open(ObjectStream(number: number, bytes: bytes, entries: entries))
    }
}

/// Undoes the PNG row filters (ISO 15948, 9.2) that `/Predictor` 10 to 15 announces; nil for other predictors and damage.
func unpredicted(_ bytes: [UInt8], _ parameters: ParsedObject?) -> [UInt8]? {
    let predictor = parameters?["Predictor"]?.integer ?? 1
    if predictor == 1 { return bytes }
    let colours = parameters?["Colors"]?.integer ?? 1
    let bits = parameters?["BitsPerComponent"]?.integer ?? 8
    let columns = parameters?["Columns"]?.integer ?? 1
    guard predictor >= 10, (1...32).contains(colours), [1, 2, 4, 8, 16].contains(bits), (1...1 << 20).contains(columns) else {
        return nil
    }
    let pixelBytes = max(1, Int(colours * bits) / 8)
    let rowBytes = Int(colours * bits * columns + 7) / 8
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var above = [UInt8](repeating: 0, count: rowBytes)
    var start = 0
    while bytes.count - start > rowBytes {
        var row = Array(bytes[(start + 1)...(start + rowBytes)])
        for index in row.indices {
            let left = index >= pixelBytes ? row[index - pixelBytes] : 0
            let corner = index >= pixelBytes ? above[index - pixelBytes] : 0
            switch bytes[start] {
            case 0: break
            case 1: row[index] &+= left
            case 2: row[index] &+= above[index]
            case 3: row[index] &+= UInt8((Int(left) + Int(above[index])) / 2)
            case 4: row[index] &+= paeth(left, above[index], corner)
            default: return nil
            }
        }
        result += row
        above = row
        start += rowBytes + 1
    }
    return result
}

private func paeth(_ left: UInt8, _ above: UInt8, _ corner: UInt8) -> UInt8 {
    let estimate = Int(left) + Int(above) - Int(corner)
    let distances = [abs(estimate - Int(left)), abs(estimate - Int(above)), abs(estimate - Int(corner))]
    if distances[0] <= distances[1], distances[0] <= distances[2] { return left }
    return distances[1] <= distances[2] ? above : corner
}
