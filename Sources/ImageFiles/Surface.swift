public import JobModel
extension ImageKind {
    public static let sniffBytes = 512
    public static func sniff(_ prefix: [UInt8]) -> ImageKind? { nil }
    public static func fromExtension(_ lowercased: String) -> ImageKind? { nil }
    public static let imageExtensions: Set<String> = []
    public func matchesExtension(_ lowercased: String) -> Bool { false }
}
extension EmbeddedMetadata {
    /// The blocks with `edits` applied; a block that an edit removes becomes nil.
    public func applying(_ edits: [MetadataEdit]) -> EmbeddedMetadata { self }
}
public struct EXIFBlock: Hashable, Sendable {
    public let bytes: [UInt8]
    public init(parsing bytes: [UInt8]) throws(ImageFileError) { self.bytes = bytes }
    public var orientation: Int? { nil }
    public var make: String? { nil }
    public var model: String? { nil }
    public var dateTime: String? { nil }
    public var dateTimeOriginal: String? { nil }
    public var dateTimeDigitized: String? { nil }
    public var hasGPS: Bool { false }
    public var hasMakerNote: Bool { false }
    public var isFromCamera: Bool { false }
    public var density: Density? { nil }
    public var pixelSize: (width: Int, height: Int)? { nil }
    public func edited(orientation: Int? = nil, pixelSize: (Int, Int)? = nil, dropThumbnail: Bool = false, dropGPS: Bool = false) -> [UInt8] { bytes }
    public static func orientationOnly(_ orientation: Int) -> [UInt8] { [] }
}
public struct JPEGFile: Hashable, Sendable {
    public struct Frame: Hashable, Sendable {
        public struct Component: Hashable, Sendable {
            public var id: UInt8
            public var horizontalSampling: Int
            public var verticalSampling: Int
        }
        /// 0xC0 to 0xCF.
        public var sofMarker: UInt8
        public var precision: Int
        public var width: Int
        public var height: Int
        public var components: [Component]
    }
    public struct Segment: Hashable, Sendable {
        public enum Kind: Hashable, Sendable { case jfif, exif, xmp, extendedXMP, icc, mpf, photoshop, adobe, comment, otherApplication(Int), coding(UInt8) }
        public var kind: Kind
        /// From its 0xFF to its last byte.
        public var range: ByteRange
    }
    public let frame: Frame
    public let segments: [Segment]
    public let isProgressive: Bool
    /// More than one scan: a decoder holds all coefficients in memory.
    public let isMultiscan: Bool
    public let adobeTransform: Int?
    public let hasJFIF: Bool
    public let density: Density?
    public let exif: EXIFBlock?
    public init(reading source: some ByteSource) throws(ImageFileError) { throw .notThisKind }
    public func endOfImage(in source: some ByteSource) throws(ImageFileError) -> UInt64? { nil }
    public func iccProfile(in source: some ByteSource) throws(ImageFileError) -> [UInt8]? { nil }
    public func metadata(in source: some ByteSource) throws(ImageFileError) -> EmbeddedMetadata { .init() }
    public func pieces(applying edits: [MetadataEdit], source: some ByteSource) throws(ImageFileError) -> [Piece] { [] }
    public func replacingMetadata(_ metadata: EmbeddedMetadata, source: some ByteSource) throws(ImageFileError) -> [Piece] { [] }
}
public struct PNGFile: Hashable, Sendable {
    public let width: Int
    public let height: Int
    public let bitDepth: Int
    public let colourType: Int
    public let isInterlaced: Bool
    public let density: Density?
    public init(reading source: some ByteSource) throws(ImageFileError) { throw .notThisKind }
    public func metadata(in source: some ByteSource) throws(ImageFileError) -> EmbeddedMetadata { .init() }
    public func pieces(applying edits: [MetadataEdit], source: some ByteSource) throws(ImageFileError) -> [Piece] { [] }
    public func replacingMetadata(_ metadata: EmbeddedMetadata, source: some ByteSource) throws(ImageFileError) -> [Piece] { [] }
}
public struct WebPFile: Hashable, Sendable {
    public let width: Int
    public let height: Int
    public let hasAlpha: Bool
    public let frameCount: Int
    public init(reading source: some ByteSource) throws(ImageFileError) { throw .notThisKind }
    public func metadata(in source: some ByteSource) throws(ImageFileError) -> EmbeddedMetadata { .init() }
    public func pieces(applying edits: [MetadataEdit], source: some ByteSource) throws(ImageFileError) -> [Piece] { [] }
    public func replacingMetadata(_ metadata: EmbeddedMetadata, source: some ByteSource) throws(ImageFileError) -> [Piece] { [] }
}
public struct TIFFFile: Hashable, Sendable {
    public init(reading source: some ByteSource) throws(ImageFileError) { throw .notThisKind }
    public func metadata(in source: some ByteSource) throws(ImageFileError) -> EmbeddedMetadata { .init() }
    public func pieces(applying edits: [MetadataEdit], source: some ByteSource) throws(ImageFileError) -> [Piece] { [] }
}
public struct GIFFile: Hashable, Sendable {
    public let width: Int
    public let height: Int
    public let frameCount: Int
    public init(reading source: some ByteSource) throws(ImageFileError) { throw .notThisKind }
    public func pieces(applying edits: [MetadataEdit], source: some ByteSource) throws(ImageFileError) -> [Piece] { [] }
}
/// The file with `edits` applied, by its kind; `unsupported` where the caller has to decode and encode again. Unchanged: one copy of everything.
public func editMetadata(_ edits: [MetadataEdit], of source: some ByteSource, kind: ImageKind) throws(ImageFileError) -> [Piece] { [] }
/// The metadata of a JPEG, PNG, WebP or TIFF file; empty for other kinds.
public func embeddedMetadata(of source: some ByteSource, kind: ImageKind) throws(ImageFileError) -> EmbeddedMetadata { .init() }
/// A newly encoded JPEG, PNG or WebP with its EXIF, XMP and IPTC replaced by `metadata`; its ICC profile stays.
public func replaceMetadata(with metadata: EmbeddedMetadata, in source: some ByteSource, kind: ImageKind) throws(ImageFileError) -> [Piece] { [] }
/// What `pageFacts` found.
public enum PageFactsResult: Hashable, Sendable {
    /// The file's pages, embeddable as they are.
    case ready([PageFacts])
    /// A PDF cannot carry these bytes, and why.
    case needsEncoding(String)
}
public func pageFacts<H: DigestStream>(
    of source: some ByteSource, kind: ImageKind, in file: PageFile, hashing: H.Type
) throws(ImageFileError) -> PageFactsResult { .needsEncoding("") }
