internal import CVips
internal import ImageFiles
internal import JobModel

extension Decoder {
    /// The picture in the colours the file states, and in which a PDF shows the file's own bytes.
    ///
    /// libvips 8.14 turns the inks of every JPEG over, though without Adobe's marker they are stored as they are (pdf.md,
    /// section 4). Of JPEG 2000 it reads no profile, and takes four components for red, green, blue and alpha always.
    func withStatedColours(_ image: Image, page: Int) throws(ImagingError) -> Image {
        switch kind {
        case .jpeg:
            guard image.interpretation == VIPS_INTERPRETATION_CMYK, try !hasAdobeMarker() else { return image }
            let invert = try Operation("invert")
            try invert.set("in", image)
            return try invert.image()
        case .jp2:
            return try withColours(of: image)
        case .png: return try pngColours?.applied(to: image) ?? image
        case .tiff:
            guard directories.indices.contains(page), let alpha = directories[page].facts.onlyAlpha,
                image.bands == directories[page].facts.samplesPerPixel
            else { return image }
            let plain = try image.bands(from: 0, count: image.colourBands)
            return try plain.joined(with: try image.bands(from: alpha, count: 1)).interpreted(as: image.interpretation)
        case .heif, .avif, .webp: return try asGrey(image)
        case .exr:
            // libvips gives it an opacity up to 255, beside colours of which 1 is white.
            return image.hasAlpha
                ? try image.linear([Double](repeating: 1, count: image.bands - 1) + [1 / 255], [Double](repeating: 0, count: image.bands))
                : image
        case .gif, .j2k, .jxl, .bmp, .svg, .pdf, .dicom, .psd, .hdr, .fits, .xcf, .netpbm, .raw:
            return image
        }
    }

    /// What there is to say of colours that a decoded picture is shown without.
    var lostColours: [WorkNote] {
        var lost = (pngColours?.ignored ?? []).map { WorkNote.metadataDropped("\($0), so its colours may differ") }
        if directories.contains(where: { $0.facts.onlyAlpha != nil }) {
            lost.append(.metadataDropped("spot colours or selections beside the transparency"))
        }
        return lost
    }

    /// These kinds hold greys as three equal components: with a profile for one they are grey again, as no reader applies it to three.
    private func asGrey(_ image: Image) throws(ImagingError) -> Image {
        guard image.colourBands == 3, let profile = image.blob("icc-profile-data"), ICCHeader.isUsable(profile, componentCount: 1)
        else { return image }
        let grey = try image.bands(from: 0, count: 1)
        return try (image.hasAlpha ? grey.joined(with: try image.alpha()) : grey)
            .interpreted(as: image.bitsPerBand == 16 ? VIPS_INTERPRETATION_GREY16 : VIPS_INTERPRETATION_B_W)
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
