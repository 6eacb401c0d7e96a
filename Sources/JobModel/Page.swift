/// Half-open byte range within a file.
public struct ByteRange: Hashable, Sendable {
    public var offset: UInt64
    public var count: UInt64
    public init(offset: UInt64, count: UInt64) {
        self.offset = offset
        self.count = count
    }
    public var end: UInt64 { offset + count }
}

/// Which file of a task a page's bytes lie in.
public enum PageFile: Hashable, Sendable {
    /// The task's input.
    case input
    /// The n-th file the task made, from 0.
    case output(Int)
    /// A file in the job's spool, by its name there (no slash); the head deletes it once the page is durable.
    case spool(RawPath)
}

/// Encoded bytes of a PDF stream: ranges of a file, put one behind the other.
public struct StreamSource: Hashable, Sendable {
    public var file: PageFile
    public var ranges: [ByteRange]
    /// SHA-256 of the joined ranges; pages with equal digests share one object.
    public var digest: Digest256

    public init(file: PageFile, ranges: [ByteRange], digest: Digest256) {
        self.file = file
        self.ranges = ranges
        self.digest = digest
    }

    public var byteCount: UInt64 { ranges.reduce(0) { $0 + $1.count } }
}

/// The colour space a PDF image is stored in.
public enum PageColour: Hashable, Sendable {
    case grey
    case rgb
    case cmyk
    /// Palette of 1 to 256 entries of 3 bytes (red, green, blue).
    case indexed(palette: [UInt8])

    /// Components a pixel has in the stream: 1, 3 or 4.
    public var componentCount: Int {
        switch self {
        case .grey, .indexed: 1
        case .rgb: 3
        case .cmyk: 4
        }
    }
}

/// How a page's pixels are encoded; each case is one PDF filter (ISO 32000-1, 7.4).
public enum PageCoding: Hashable, Sendable {
    /// DCTDecode: a whole JPEG, untouched. `invertedCMYK` when an Adobe marker says so;
    /// `colourTransform` only where the default of the filter would be wrong (pdf.md, section 4).
    case jpeg(invertedCMYK: Bool, colourTransform: Int?)
    /// FlateDecode with PNG predictors (15), or none; `bitsPerComponent` is 1, 2, 4, 8 or 16.
    case flate(pngPredictor: Bool)
    /// CCITTFaxDecode, group 4.
    case ccittG4(blackIsOne: Bool)
    /// JPXDecode; the stream states its own colour space unless it is a raw codestream.
    case jpx(rawCodestream: Bool)
}

/// How transparent a page's pixels are.
public enum PageMask: Hashable, Sendable {
    case none
    /// Pixels whose components all equal these are not painted: one value a component.
    case colourKey([UInt16])
    /// A grey image of the same size, FlateDecode with PNG predictors.
    case alpha(StreamSource, bitsPerComponent: Int)
}

/// An ICC profile that belongs to a page.
public struct PageProfile: Hashable, Sendable {
    public var source: StreamSource
    /// True when the ranges hold a zlib stream already (PNG's iCCP).
    public var isDeflated: Bool
    public init(source: StreamSource, isDeflated: Bool) {
        self.source = source
        self.isDeflated = isDeflated
    }
}

/// Resolution as a file states it, in thousandths of a dot per inch, so that no floating point reaches the PDF.
public struct Density: Hashable, Sendable {
    public var horizontalMilliDPI: UInt32
    public var verticalMilliDPI: UInt32
    public init(horizontalMilliDPI: UInt32, verticalMilliDPI: UInt32) {
        self.horizontalMilliDPI = horizontalMilliDPI
        self.verticalMilliDPI = verticalMilliDPI
    }
}

/// Everything the PDF needs to know of one page without looking at the file again.
public struct PageFacts: Hashable, Sendable {
    /// Stored size in pixels, before `orientation` is applied.
    public var width: Int
    public var height: Int
    public var bitsPerComponent: Int
    public var colour: PageColour
    public var coding: PageCoding
    public var stream: StreamSource
    public var mask: PageMask
    public var profile: PageProfile?
    /// EXIF orientation 1 to 8; the page shows it upright by a matrix (pdf.md, section 3.1).
    public var orientation: Int
    /// What the file states; nil when absent or nonsense.
    public var density: Density?
    /// True when EXIF names a camera: its density means nothing (behaviour.md, The PDF).
    public var isFromCamera: Bool
    /// True when the embedded bytes still tell where the picture was taken.
    public var carriesGPS: Bool

    public init(
        width: Int, height: Int, bitsPerComponent: Int, colour: PageColour, coding: PageCoding, stream: StreamSource,
        mask: PageMask = .none, profile: PageProfile? = nil, orientation: Int = 1, density: Density? = nil,
        isFromCamera: Bool = false, carriesGPS: Bool = false
    ) {
        self.width = width
        self.height = height
        self.bitsPerComponent = bitsPerComponent
        self.colour = colour
        self.coding = coding
        self.stream = stream
        self.mask = mask
        self.profile = profile
        self.orientation = orientation
        self.density = density
        self.isFromCamera = isFromCamera
        self.carriesGPS = carriesGPS
    }
}

extension PageFacts {
    /// All places this page's bytes come from.
    public var sources: [StreamSource] {
        var sources = [stream]
        if case .alpha(let source, _) = mask { sources.append(source) }
        if let profile { sources.append(profile.source) }
        return sources
    }
}
