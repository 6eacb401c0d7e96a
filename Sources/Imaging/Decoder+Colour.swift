internal import CVips
internal import ImageFiles
internal import JobModel

extension Decoder {
    /// The picture in the colours the file states, and in which a PDF shows the file's own bytes.
    ///
    /// libvips 8.14 turns the inks of every JPEG over, though without Adobe's marker they are stored as they are (pdf.md,
    /// section 4). Of JPEG 2000 it reads no profile, and takes four components for red, green, blue and alpha always.
    func withStatedColours(_ image: Image) throws(ImagingError) -> Image {
        switch kind {
        case .jpeg:
            guard image.interpretation == VIPS_INTERPRETATION_CMYK, try !hasAdobeMarker() else { return image }
            let invert = try Operation("invert")
            try invert.set("in", image)
            return try invert.image()
        case .jp2:
            return try withColours(of: image)
        case .png, .tiff, .webp, .gif, .heif, .avif, .j2k, .jxl, .bmp, .svg, .pdf, .dicom, .psd, .exr, .hdr, .fits, .xcf, .netpbm,
            .raw:
            return image
        }
    }

    private func hasAdobeMarker() throws(ImagingError) -> Bool {
        do throws(ImageFileError) {
            return try JPEGFile(reading: input).adobeTransform != nil
        } catch .unreadable(let reason) {
            throw ImagingError(.unreadable(reason))
        } catch {
            // What is left of a damaged file is shown as libvips sees it.
            return true
        }
    }

    private func withColours(of image: Image) throws(ImagingError) -> Image {
        let file: JP2File
        let profile: [UInt8]?
        do throws(ImageFileError) {
            file = try JP2File(reading: input)
            let range = image.has("icc-profile-data") ? nil : file.colours.first?.profile
            profile = try range.map { range throws(ImageFileError) in try input.read(range) }
        } catch .unreadable(let reason) {
            throw ImagingError(.unreadable(reason))
        } catch {
            // What is left of a damaged file is shown as libvips sees it.
            return image
        }
        var result = image
        if image.bands == 4, image.interpretation != VIPS_INTERPRETATION_CMYK, Self.statesInks(file, profile) {
            let copy = try Operation("copy")
            try copy.set("in", image)
            try copy.set("interpretation", nick: "cmyk")
            result = try copy.image()
        }
        if let profile, ICCHeader.isUsable(profile, componentCount: result.colourBands) {
            result = try result.withOwnHeader()
            result.setBlob("icc-profile-data", profile)
        }
        return result
    }

    private static func statesInks(_ file: JP2File, _ profile: [UInt8]?) -> Bool {
        guard !file.hasOpacity, !file.hasPalette, file.components.count == 4, let colour = file.colours.first
        else { return false }
        if let profile { return ICCHeader.isUsable(profile, componentCount: 4) }
        // OpenJPEG writes CMYK as 0, which is for pictures of two colours and fits nothing else of four components.
        return colour.enumerated == 12 || colour.enumerated == 0
    }
}
