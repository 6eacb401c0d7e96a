internal import CVips
internal import ImageFiles
internal import JobModel
internal import LinuxSystem
internal import Recipes

/// What all pictures of a job share, made of its bytes once a worker: watermarks, masks, tiles as pictures, fonts as files, tracks.
///
/// Like the engine for one thread.
final class SharedAssets {
    /// Pixels of a shared picture; it is held as long as the worker lives.
    static let pixelsMax = 64 << 20

    private let bytes: [Digest256: [UInt8]]
    private var pictures: [Digest256: Image] = [:]
    private var fonts: [Digest256: FontFile] = [:]
    private var tracks: [Digest256: GPXTrack] = [:]
    /// How often a file was decoded, for the test that it is once.
    private(set) var decodedCount = 0

    init(_ assets: [WorkAsset]) {
        bytes = Dictionary(assets.map { ($0.digest, $0.bytes) }) { first, _ in first }
    }

    /// The first page, upright, in sRGB or grey of 8 bits, with or without alpha.
    func picture(_ asset: Asset) throws(ImagingError) -> Image {
        let (digest, bytes) = try content(asset)
        if let known = pictures[digest] { return known }
        let image = try Self.decode(bytes, name: asset.path)
        decodedCount += 1
        pictures[digest] = image
        return image
    }

    func font(_ asset: Asset) throws(ImagingError) -> FontFile {
        let (digest, bytes) = try content(asset)
        if let known = fonts[digest] { return known }
        let font = try FontFile(bytes, name: asset.path)
        decodedCount += 1
        fonts[digest] = font
        return font
    }

    func track(_ asset: Asset) throws(ImagingError) -> GPXTrack {
        let (digest, bytes) = try content(asset)
        if let known = tracks[digest] { return known }
        let track: GPXTrack
        do throws(ImageFileError) { track = try GPXTrack(parsing: bytes) } catch {
            throw .file(.unsupported, "the track \(asset.path) cannot be read: \(error.reason)")
        }
        decodedCount += 1
        tracks[digest] = track
        return track
    }

    private func content(_ asset: Asset) throws(ImagingError) -> (Digest256, [UInt8]) {
        guard let digest = asset.digest, let bytes = bytes[digest] else {
            throw .unusable("the shared file \(asset.path) did not come with the job")
        }
        return (digest, bytes)
    }

    private static func decode(_ bytes: [UInt8], name: String) throws(ImagingError) -> Image {
        let loader: String
        switch ImageKind.of(prefix: Array(bytes.prefix(ImageKind.sniffBytes)), lowercasedExtension: "") {
        case .jpeg?: loader = "jpegload_source"
        case .png?: loader = "pngload_source"
        case .tiff?: loader = "tiffload_source"
        case .webp?: loader = "webpload_source"
        case .gif?: loader = "gifload_source"
        default: throw .file(.unsupported, "the shared file \(name) is no JPEG, PNG, TIFF, WebP or GIF")
        }
        let decoded = bytes.withUnsafeBytes { bytes in
            Result { () throws(ImagingError) in
                let operation = try Operation(loader)
                let source = try PixelSource(borrowing: bytes)
                try operation.set("source", source)
                try operation.set("fail-on", nick: "truncated")
                let opened = try operation.image().unpacked()
                guard opened.width * opened.height <= pixelsMax else {
                    throw .file(.tooLarge, "the shared file \(name) has \(opened.width)x\(opened.height) pixels; \(pixelsMax) are the most")
                }
                let upright = try Operation("autorot")
                try upright.set("in", opened)
                var rendering = Rendering(try upright.image())
                try rendering.makeShowable()
                try rendering.makePlain(allowsInk: false)
                try rendering.dropProfileToSRGB()
                if rendering.image.bitsPerBand == 16 { try rendering.convertSpace(rendering.image.bands < 3 ? "b-w" : "srgb") }
                let plain = rendering.image.hasAlpha ? rendering.image.colourBands + 1 : rendering.image.colourBands
                let held = try rendering.image.bands(from: 0, count: plain).inMemory().withOwnHeader(resolution: (1, 1))
                held.removeFields(keeping: [])
                return try held.inMemory()
            }
        }
        do throws(ImagingError) { return try decoded.get() } catch {
            switch error {
            case .operation(_, let text): throw .file(.damaged, "the shared file \(name) cannot be decoded: \(text)")
            case .file, .storage, .unusable: throw error
            }
        }
    }
}

/// A font that came as bytes, where the text renderer finds it: it opens names only.
final class FontFile {
    /// Family and style as Pango reads them, with a comma behind the family.
    let name: String
    private let file: OpenFile

    init(_ bytes: [UInt8], name file: String) throws(ImagingError) {
        guard let names = FontNames(bytes) else {
            throw .file(.unsupported, "the shared file \(file) is no TrueType or OpenType font")
        }
        name = names.description
        do throws(SystemError) {
            self.file = try OpenFile.inMemory(bytes, name: "font")
        } catch {
            throw .unusable("holding the font \(file) in memory: \(error)")
        }
    }

    var path: String { "/proc/self/fd/\(file.descriptor)" }
}
