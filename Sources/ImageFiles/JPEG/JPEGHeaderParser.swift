import JobModel

/// Walks the markers from SOI to the first SOS.
struct JPEGHeaderParser {
    var segments: [JPEGFile.Segment] = []
    var frame: JPEGFile.Frame?
    var scanComponentCount = 0
    var adobeTransform: Int?
    var hasJFIF = false
    var jfifDensity: Density?
    var exif: EXIFBlock?

    private static let signatureBytesMax = 36
    private static let strayBytesMax: UInt64 = 65_536

    mutating func read<Source: ByteSource>(_ reader: inout WindowReader<Source>) throws(ImageFileError) {
        guard reader.byteCount >= 3, try reader.bytes(at: 0, count: 3) == [0xFF, 0xD8, 0xFF] else { throw .notThisKind }
        var position: UInt64 = 2
        while true {
            guard segments.count < JPEGFile.segmentsMax else {
                throw .damaged("more than \(JPEGFile.segmentsMax) segments before the first scan")
            }
            let start = position
            while try reader.byte(at: position) != 0xFF {
                position += 1
                guard position - start <= Self.strayBytesMax else { throw .damaged("no marker follows at \(start)") }
            }
            if position > start {
                // libjpeg skips such bytes with a warning.
                let range = ByteRange(offset: start, count: position - start)
                segments.append(.init(kind: .stray, range: range, payload: range))
                continue
            }
            while try reader.byte(at: position) == 0xFF { position += 1 }
            let marker = try reader.byte(at: position)
            position += 1
            switch marker {
            case 0x01, 0xD0...0xD7:
                segments.append(coding(marker, from: start, to: position))
                continue
            case 0xD9: throw .damaged("the picture ends before its first scan")
            case 0x00, 0xD8: throw .damaged("marker FF\(marker == 0 ? "00" : "D8") stands before the first scan")
            default: break
            }
            guard let length = ByteOrder.big.uint16(try reader.bytes(at: position, count: 2), 0), length >= 2 else {
                throw .damaged("a segment at \(start) is shorter than its own length field")
            }
            let body = ByteRange(offset: position + 2, count: UInt64(length) - 2)
            guard body.end <= reader.byteCount else { throw .truncated("the file ends inside the segment at \(start)") }
            position = body.end
            var segment = coding(marker, from: start, to: position)
            segment.payload = body
            try classify(&segment, marker: marker, reader: &reader)
            segments.append(segment)
            if marker == 0xDA { return }
        }
    }

    private func coding(_ marker: UInt8, from start: UInt64, to end: UInt64) -> JPEGFile.Segment {
        .init(
            kind: .coding(marker), range: ByteRange(offset: start, count: end - start), payload: ByteRange(offset: end, count: 0))
    }

    private mutating func classify<Source: ByteSource>(
        _ segment: inout JPEGFile.Segment, marker: UInt8, reader: inout WindowReader<Source>
    ) throws(ImageFileError) {
        let body = segment.payload
        switch marker {
        case 0xC0...0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF:
            if frame == nil { frame = try Self.frame(marker, try reader.bytes(at: body.offset, count: Int(body.count))) }
        case 0xDA:
            guard body.count > 0 else { throw .damaged("an empty scan header") }
            scanComponentCount = Int(try reader.byte(at: body.offset))
        case 0xFE:
            segment.kind = .comment
        case 0xE0...0xEF:
            let head = try reader.bytes(at: body.offset, count: min(Int(body.count), Self.signatureBytesMax))
            let signatureBytes: Int
            (segment.kind, signatureBytes) = Self.application(Int(marker) - 0xE0, head)
            segment.payload = ByteRange(offset: body.offset + UInt64(signatureBytes), count: body.count - UInt64(signatureBytes))
            try note(segment, head: head, reader: &reader)
        default:
            break
        }
    }

    private mutating func note<Source: ByteSource>(
        _ segment: JPEGFile.Segment, head: [UInt8], reader: inout WindowReader<Source>
    ) throws(ImageFileError) {
        switch segment.kind {
        case .jfif where !hasJFIF:
            hasJFIF = true
            guard head.count >= 12, let x = ByteOrder.big.uint16(head, 8), let y = ByteOrder.big.uint16(head, 10) else { return }
            // Units 0 is a ratio of pixel sides only.
            let perInch: UInt64 = head[7] == 1 ? 1000 : head[7] == 2 ? 2540 : 0
            jfifDensity = Density(stated: UInt64(x) * perInch, UInt64(y) * perInch)
        case .adobe where adobeTransform == nil:
            adobeTransform = head.count >= 12 ? Int(head[11]) : 0
        case .exif where exif == nil:
            exif = .ifReadable(try reader.bytes(at: segment.payload.offset, count: Int(segment.payload.count)))
        case .jfif, .adobe, .exif, .xmp, .extendedXMP, .icc, .photoshop, .comment, .mpf, .gopro, .otherApplication, .coding,
            .stray:
            break
        }
    }

    /// The kind of an APPn by its signature, and the signature's length.
    private static func application(_ number: Int, _ head: [UInt8]) -> (JPEGFile.Segment.Kind, Int) {
        switch number {
        case 0 where head.has("JFIF\0", at: 0): (.jfif, 5)
        case 1 where head.has("Exif\0", at: 0) && head.count >= 6: (.exif, 6)
        case 1 where head.has(JPEGSignature.xmp, at: 0): (.xmp, JPEGSignature.xmp.count)
        // Its own signature belongs to the payload: GUID, length and offset follow it.
        case 1 where head.has(JPEGSignature.extendedXMP, at: 0): (.extendedXMP, 0)
        case 2 where head.has("ICC_PROFILE\0", at: 0): (.icc, 12)
        case 2 where head.has("MPF\0", at: 0): (.mpf, 4)
        case 6 where head.has("GoPro\0", at: 0): (.gopro, 6)
        case 13 where head.has(PhotoshopResources.signature, at: 0): (.photoshop, PhotoshopResources.signature.count)
        case 14 where head.has("Adobe", at: 0): (.adobe, 0)
        default: (.otherApplication(number), 0)
        }
    }

    private static func frame(_ marker: UInt8, _ body: [UInt8]) throws(ImageFileError) -> JPEGFile.Frame {
        guard body.count >= 6, let height = ByteOrder.big.uint16(body, 1), let width = ByteOrder.big.uint16(body, 3),
            body[5] > 0, body.count >= 6 + 3 * Int(body[5])
        else { throw .damaged("the frame header is too short") }
        guard width > 0 else { throw .damaged("the frame is 0 pixels wide") }
        let components = (0..<Int(body[5])).map { index in
            let at = 6 + 3 * index
            return JPEGFile.Frame.Component(
                id: body[at], horizontalSampling: Int(body[at + 1] >> 4), verticalSampling: Int(body[at + 1] & 15))
        }
        return JPEGFile.Frame(
            sofMarker: marker, precision: Int(body[0]), width: Int(width), height: Int(height), components: components)
    }
}

enum JPEGSignature {
    static let exif: [UInt8] = Array("Exif\0\0".utf8)
    static let xmp: [UInt8] = Array("http://ns.adobe.com/xap/1.0/\0".utf8)
    static let extendedXMP: [UInt8] = Array("http://ns.adobe.com/xmp/extension/\0".utf8)
}
