public import JobModel

/// A JPEG file's markers up to its first scan (ISO/IEC 10918-1, annex B), read without decoding.
public struct JPEGFile: Hashable, Sendable {
    /// What the first frame header says.
    public struct Frame: Hashable, Sendable {
        public struct Component: Hashable, Sendable {
            public var id: UInt8
            public var horizontalSampling: Int
            public var verticalSampling: Int
        }
        /// 0xC0 (baseline) to 0xCF.
        public var sofMarker: UInt8
        /// Bits a sample.
        public var precision: Int
        public var width: Int
        /// 0 when a DNL marker behind the first scan states it.
        public var height: Int
        public var components: [Component]
    }

    public struct Segment: Hashable, Sendable {
        public enum Kind: Hashable, Sendable {
            case jfif, exif, xmp, extendedXMP, icc, photoshop, adobe, comment
            /// CIPA DC-007: the index of pictures behind this one.
            case mpf
            /// GoPro's APP6, which tracks the position.
            case gopro
            /// Another APPn, by n.
            case otherApplication(Int)
            /// What decoding needs: tables, frame and scan headers.
            case coding(UInt8)
            /// Bytes that belong to no marker.
            case stray
        }
        public var kind: Kind
        /// From its first 0xFF to its last byte.
        public var range: ByteRange
        /// Without marker, length and signature.
        public var payload: ByteRange
    }

    public let frame: Frame
    /// In file order, from behind SOI to the first SOS, which is the last of them.
    public let segments: [Segment]
    public let isProgressive: Bool
    /// More than one scan: a decoder holds all coefficients in memory.
    public let isMultiscan: Bool
    /// The colour transform of an Adobe APP14 segment: 0 none, 1 YCbCr, 2 YCCK; nil without the segment.
    public let adobeTransform: Int?
    public let hasJFIF: Bool
    /// JFIF's, else EXIF's; nil when neither states one that makes sense.
    public let density: Density?
    /// Nil when there is none or it cannot be read.
    public let exif: EXIFBlock?

    /// Where the first scan's data begin.
    public var scanOffset: UInt64 { segments.last?.range.end ?? 2 }

    static let segmentsMax = 8_192

    public init(reading source: some ByteSource) throws(ImageFileError) {
        var reader = WindowReader(source)
        var parser = JPEGHeaderParser()
        try parser.read(&reader)
        guard let frame = parser.frame else { throw .damaged("a scan begins before the frame header") }
        self.frame = frame
        segments = parser.segments
        isProgressive = [0xC2, 0xC6, 0xCA, 0xCE].contains(frame.sofMarker)
        isMultiscan = isProgressive || parser.scanComponentCount < frame.components.count
        adobeTransform = parser.adobeTransform
        hasJFIF = parser.hasJFIF
        exif = parser.exif
        density = parser.jfifDensity ?? parser.exif?.density
    }

    public func segments(of kind: Segment.Kind) -> [Segment] { segments.filter { $0.kind == kind } }

    /// The ICC profile's ranges in order, when its chunks are complete (ICC.1:2010, B.4); nil without one.
    func profileRanges(in source: some ByteSource) throws(ImageFileError) -> [ByteRange]? {
        let chunks = segments(of: .icc)
        guard !chunks.isEmpty else { return nil }
        var ordered = [ByteRange?](repeating: nil, count: chunks.count)
        for chunk in chunks {
            guard chunk.payload.count >= 2 else { return nil }
            let numbers = try source.read(ByteRange(offset: chunk.payload.offset, count: 2))
            let place = Int(numbers[0]) - 1
            guard ordered.indices.contains(place), Int(numbers[1]) == chunks.count, ordered[place] == nil else { return nil }
            ordered[place] = ByteRange(offset: chunk.payload.offset + 2, count: chunk.payload.count - 2)
        }
        return ordered.compactMap { $0 }
    }

    /// The ICC profile; nil without one, or when chunks are missing.
    public func iccProfile(in source: some ByteSource) throws(ImageFileError) -> [UInt8]? {
        guard let ranges = try profileRanges(in: source) else { return nil }
        var profile: [UInt8] = []
        for range in ranges { profile += try source.read(range) }
        return profile
    }

    /// The metadata blocks, as they stand in the file.
    public func metadata(in source: some ByteSource) throws(ImageFileError) -> EmbeddedMetadata {
        var found = EmbeddedMetadata()
        for segment in segments {
            switch segment.kind {
            case .exif: if found.exif == nil { found.exif = try source.read(segment.payload) }
            case .xmp: if found.xmp == nil { found.xmp = try source.read(segment.payload) }
            case .extendedXMP: found.extendedXMP.append(try source.read(segment.payload))
            case .photoshop: found.photoshop = (found.photoshop ?? []) + (try source.read(segment.payload))
            case .jfif, .icc, .adobe, .comment, .mpf, .gopro, .otherApplication, .coding, .stray: break
            }
        }
        return found
    }
}
