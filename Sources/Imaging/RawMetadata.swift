internal import ImageFiles
internal import JobModel

/// EXIF, XMP and IPTC of a camera's raw file: most are TIFF files in disguise.
enum RawMetadata {
    /// Nil for raw files that are no TIFF inside (CR3, RAF...): of them the preview's own EXIF tells.
    static func blocks(of input: InputFile) -> EmbeddedMetadata? {
        do throws(ImageFileError) {
            let source = UndisguisedTIFF(input: input)
            var found = try TIFFFile(reading: source).metadata(in: source)
            // Nobody expects a picture to have what a negative has.
            found.leftBehind = []
            return found.exif == nil ? nil : found
        } catch {
            return nil
        }
    }

    /// Whether a TIFF is a DNG; one that cannot be read is judged as a TIFF.
    static func isDNG(_ input: InputFile) -> Bool {
        do throws(ImageFileError) { return try TIFFFile.isDNG(input) } catch { return false }
    }
}

/// A raw file with TIFF's own number where Olympus and others have theirs.
private struct UndisguisedTIFF: ByteSource {
    let input: InputFile
    var byteCount: UInt64 { input.byteCount }

    func read(_ range: ByteRange) throws(ImageFileError) -> [UInt8] {
        var bytes = try input.read(range)
        guard range.offset == 0, bytes.count >= 4 else { return bytes }
        switch String(decoding: bytes[..<4], as: UTF8.self) {
        case "IIRO", "IIRS": bytes.replaceSubrange(2..<4, with: [42, 0])
        case "MMOR": bytes.replaceSubrange(2..<4, with: [0, 42])
        default: break
        }
        return bytes
    }
}
