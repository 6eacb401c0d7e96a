/// What can be told of a stream's data from its first and last bytes.
extension Verifier {
    /// A block of zeros is what a write lost in a crash leaves; it is found where it covers a beginning or a checksum. In the
    /// middle of compressed data zeros may stand rightly, so only decoding would tell.
    mutating func checkData(
        of dictionary: ParsedObject, at offset: UInt64, length: UInt64, object: UInt64
    ) throws(File.Failure) {
        if dictionary["Type"]?.name == "ObjStm" {
            try checkObjectStream(object, dictionary, at: offset, length: length)
            return
        }
        guard !isEncrypted else { return }
        let filters = dictionary["Filter"]?.array?.map(\.name) ?? dictionary["Filter"].map { [$0.name] } ?? []
        let start = try reader.bytes(at: offset, count: Int(min(length, 256)))
        if let promised = Self.promisedStart(filters.first ?? nil, dictionary, start, isOurs: isOurs) {
            report.add(
                .streamContent, "its data begins with \(shown(start.prefix(8))), but \(promised)", object: object, offset: offset)
            return
        }
        switch filters.first {
        case "FlateDecode" where length >= 16:
            // The Adler-32 behind the data is 0 for nothing that is ever written.
            let end = try reader.bytes(at: offset + length - 8, count: 8)
            if end.allSatisfy({ $0 == 0 }) {
                report.add(
                    .streamContent, "its data ends in zeros, where FlateDecode has a checksum", object: object,
                    offset: offset + length - 8)
                return
            }
        case "DCTDecode" where length >= 2:
            if try reader.bytes(at: offset + length - 2, count: 2) != [0xFF, 0xD9] {
                openJPEGCount += 1
                if firstOpenJPEG == nil { firstOpenJPEG = object }
            }
        default:
            break
        }
        guard dictionary["Type"] == nil, dictionary["FunctionType"] == nil, let stated = dictionary["N"]?.integer else { return }
        try checkProfile(object, components: stated, filters: filters, at: offset, length: length)
    }

    /// What the data should begin with, if it does not.
    private static func promisedStart(
        _ filter: String?, _ dictionary: ParsedObject, _ start: [UInt8], isOurs: Bool
    ) -> String? {
        guard start.count >= 4 else { return nil }
        let isZero = start.count >= 32 && start.prefix(32).allSatisfy { $0 == 0 }
        switch filter {
        case "DCTDecode":
            return start.starts(with: [0xFF, 0xD8]) ? nil : "DCTDecode needs FF D8"
        case "FlateDecode":
            let isHeader = start[0] & 15 == 8 && (Int(start[0]) << 8 | Int(start[1])) % 31 == 0
            return isHeader ? nil : "FlateDecode needs the two bytes of a zlib header"
        case "JPXDecode":
            let isStart = start.starts(with: [0, 0, 0, 12]) || start.starts(with: [0xFF, 0x4F])
            return isStart ? nil : "JPXDecode needs the signature box or FF 4F"
        case "CCITTFaxDecode":
            let parameters = dictionary["DecodeParms"]?.array?.first ?? dictionary["DecodeParms"]
            let isGroup4 = (parameters?["K"]?.integer ?? 0) < 0
            return isZero && isGroup4 ? "no line of a Group 4 fax does" : nil
        case "JBIG2Decode":
            return isZero ? "no JBIG2 segment does" : nil
        case nil:
            return isOurs && isZero && dictionary["Type"]?.name != "XRef" ? "quire writes text or a profile" : nil
        case .some:
            return nil
        }
    }

    private static var profileBytesMax: Int { 4 << 20 }

    /// ICC.1:2010, 7.2: the signature at 36, the colour space at 16.
    private mutating func checkProfile(
        _ number: UInt64, components: Int64, filters: [String?], at offset: UInt64, length: UInt64
    ) throws(File.Failure) {
        var header = try reader.bytes(at: offset, count: Int(min(length, 128)))
        switch filters {
        case []:
            break
        case ["FlateDecode"]:
            guard length <= UInt64(Self.profileBytesMax), let plain = inflated(
                try strayBytes(at: offset, count: Int(length)), bytesMax: Self.profileBytesMax)
            else {
                report.addNotChecked("colour profiles that are damaged or of more than \(Self.profileBytesMax >> 20) MB")
                notes[Int(number) - 1].role = .profile
                return
            }
            header = Array(plain.prefix(128))
        default:
            notes[Int(number) - 1].role = .profile
            return
        }
        guard header.count == 128, header[36..<40].elementsEqual("acsp".utf8) else {
            report.add(.profile, "it should be a colour profile, but has no signature of one", object: number, offset: offset)
            return
        }
        notes[Int(number) - 1].role = .profile
        let space = String(decoding: header[16..<20], as: UTF8.self)
        let held: Int64? = ["GRAY": 1, "RGB ": 3, "Lab ": 3, "CMYK": 4][space]
        if let held, held != components {
            report.add(
                .profile, "/N is \(components), but the profile's colour space \"\(space)\" has \(held) components",
                object: number, offset: offset)
        }
    }

    /// Decompressed data, within what may still be decompressed; nil when it is damaged or too large.
    mutating func inflated(_ bytes: [UInt8], bytesMax: Int) -> [UInt8]? {
        guard !bytes.isEmpty, inflatedBytesLeft > 0 else { return nil }
        let limit = min(bytesMax, inflatedBytesLeft)
        let plain = inflate(bytes, limit)
        // What comes to nothing has been worked on all the same: deflate's ratio is below 1,032.
        inflatedBytesLeft -= plain?.count ?? min(limit, 1032 * bytes.count)
        return plain
    }
}
