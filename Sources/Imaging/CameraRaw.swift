private import CLibRaw
internal import ImageFiles
internal import JobModel
internal import LinuxSystem
internal import Recipes

/// A camera's raw file: its embedded preview, or the picture LibRaw develops from the sensor's values.
final class CameraRaw {
    /// A preview with this long side is taken for the picture, whatever the sensor has: what the camera made to be looked at.
    static let previewSideMin = 1024

    private let input: InputFile
    private let develop: RawDevelopment?
    private let isTolerant: Bool
    private let facts: quire_raw_facts
    /// The preview where it is the picture; else nil.
    private let preview: Preview?

    /// - Parameter develop: How to develop; nil takes the preview where there is one fit to be looked at.
    init(_ input: InputFile, develop: RawDevelopment?, isTolerant: Bool) throws(ImagingError) {
        self.input = input
        self.develop = develop
        self.isTolerant = isTolerant
        let quality = (develop ?? RawDevelopment()).quality.forC
        facts = try Self.facts(of: input, quality)
        var preview: Preview?
        if develop == nil, let found = try Self.preview(of: input, isTolerant: isTolerant) {
            let side = max(found.width, found.height)
            if side >= Self.previewSideMin || 2 * side >= max(Int(facts.width), Int(facts.height)) { preview = found }
        }
        self.preview = preview
    }

    var usesPreview: Bool { preview != nil }

    /// Whether it was developed though nobody asked for that: there is no preview worth the name.
    var lacksPreview: Bool { preview == nil && develop == nil }

    /// What turns the stored picture upright, 1 to 8.
    private var orientation: Int {
        let stated = Int(facts.orientation)
        // Some put a preview in that stands upright already.
        if stated >= 5, let preview, preview.width < preview.height, facts.width > facts.height { return 1 }
        return stated
    }

    private var form: PixelForm {
        PixelForm(
            width: Int(facts.width), height: Int(facts.height), components: Int(facts.components),
            bits: (develop ?? RawDevelopment()).depth.bits)
    }

    func header() throws(ImagingError) -> Image {
        if preview != nil { return try open(shrink: 1) }
        return try described(form.blank())
    }

    /// - Parameter shrink: 1, 2, 4 or 8; a picture that is developed is not made smaller so.
    func open(shrink: Int) throws(ImagingError) -> Image {
        if let preview { return try described(preview.open(shrink: shrink, isTolerant: isTolerant)) }
        let facts = facts
        return try described(
            form.picture { pixels throws(ImagingError) in
                let wanted = develop ?? RawDevelopment()
                var options = quire_raw_options(
                    balance: wanted.balance.forC, quality: wanted.quality.forC, brightness: wanted.brightness ?? 0,
                    bits: Int32(wanted.depth.bits), is_tolerant: isTolerant ? 1 : 0)
                var size = facts
                var failure = FailureText()
                let status = Self.withSource(of: input) { source in
                    failure.take { quire_raw_develop(source, &options, &size, pixels.baseAddress, pixels.count, $0, $1) }
                }
                try Self.check(status, failure.text)
            })
    }

    private func described(_ image: Image) throws(ImagingError) -> Image {
        let result = try image.withOwnHeader()
        result.setNumber("orientation", orientation)
        return result
    }

    // MARK: LibRaw

    /// Of a damaged file what the sensor measured may still be whole.
    private static func preview(of input: InputFile, isTolerant: Bool) throws(ImagingError) -> Preview? {
        do throws(ImagingError) {
            return try Preview(of: input)
        } catch {
            guard isTolerant, case .file = error else { throw error }
            return nil
        }
    }

    private static func facts(of input: InputFile, _ quality: quire_raw_quality) throws(ImagingError) -> quire_raw_facts {
        var facts = quire_raw_facts()
        var failure = FailureText()
        let status = withSource(of: input) { source in
            failure.take { quire_raw_read(source, quality, &facts, $0, $1) }
        }
        try check(status, failure.text)
        return facts
    }

    fileprivate static func withSource<Result>(
        of input: InputFile, _ body: (UnsafePointer<quire_raw_source>) -> Result
    ) -> Result {
        "/proc/self/fd/\(input.file.descriptor)".withCString { path in
            var source = quire_raw_source(
                bytes: input.wholeBytes?.assumingMemoryBound(to: UInt8.self).baseAddress, count: Int(input.byteCount),
                path: path)
            return body(&source)
        }
    }

    fileprivate static func check(_ status: quire_raw_status, _ text: String) throws(ImagingError) {
        let reason: FailureReason
        switch status {
        case QUIRE_RAW_DONE: return
        case QUIRE_RAW_TRUNCATED: reason = .truncated
        case QUIRE_RAW_UNSUPPORTED: reason = .unsupported
        case QUIRE_RAW_TOO_LARGE: reason = .tooLarge
        case QUIRE_RAW_NO_MEMORY: reason = .memory
        default: reason = .damaged
        }
        throw .file(reason, "raw decoder: \(text)")
    }
}

/// The JPEG a camera puts into its raw file.
private final class Preview {
    private let start: UnsafeMutablePointer<UInt8>
    private let count: Int
    let width: Int
    let height: Int

    /// Nil where the file has none that can be read.
    init?(of input: InputFile) throws(ImagingError) {
        var made: UnsafeMutablePointer<UInt8>?
        var count = 0
        var failure = FailureText()
        let status = CameraRaw.withSource(of: input) { source in
            failure.take { quire_raw_preview(source, &made, &count, $0, $1) }
        }
        try CameraRaw.check(status, failure.text)
        guard let made else { return nil }
        do throws(ImageFileError) {
            let frame = try JPEGFile(reading: BorrowedSource(bytes: UnsafeRawBufferPointer(start: made, count: count))).frame
            (width, height) = (frame.width, frame.height)
        } catch {
            quire_raw_free(made)
            return nil
        }
        (start, self.count) = (made, count)
    }

    deinit { quire_raw_free(start) }

    /// The image keeps no reference to this object, which therefore has to outlive it.
    func open(shrink: Int, isTolerant: Bool) throws(ImagingError) -> Image {
        let load = try Operation("jpegload_source")
        try load.set("source", try PixelSource(borrowing: UnsafeRawBufferPointer(start: start, count: count)))
        if shrink > 1 { try load.set("shrink", shrink) }
        try load.set("access", nick: "sequential")
        try load.set("fail-on", nick: isTolerant ? "none" : "truncated")
        return try load.image()
    }
}

/// Bytes that somebody else keeps.
private struct BorrowedSource: ByteSource {
    let bytes: UnsafeRawBufferPointer
    var byteCount: UInt64 { UInt64(bytes.count) }

    func read(_ range: ByteRange) throws(ImageFileError) -> [UInt8] {
        let (end, overflow) = range.offset.addingReportingOverflow(range.count)
        guard !overflow, end <= byteCount else { throw .truncated("the preview ends before byte \(range.offset) + \(range.count)") }
        return Array(bytes[Int(range.offset)..<Int(end)])
    }
}

extension RawDevelopment.Balance {
    fileprivate var forC: quire_raw_balance {
        switch self {
        case .camera: QUIRE_RAW_CAMERA
        case .auto: QUIRE_RAW_AUTO
        case .daylight: QUIRE_RAW_DAYLIGHT
        }
    }
}

extension RawDevelopment.Quality {
    fileprivate var forC: quire_raw_quality {
        switch self {
        case .half: QUIRE_RAW_HALF
        case .fast: QUIRE_RAW_FAST
        case .best: QUIRE_RAW_BEST
        }
    }
}

extension RawDevelopment.Depth {
    fileprivate var bits: Int {
        switch self {
        case .eight: 8
        case .sixteen: 16
        }
    }
}
