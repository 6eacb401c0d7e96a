internal import ImageFiles
internal import JobModel

extension InputFile {
    /// Throws `truncated` where the structure of a file tells, with nothing decoded, that it ends before its picture does.
    func checkCompleteness(kind: ImageKind) throws(ImageFileError) {
        switch kind {
        case .jpeg:
            if try JPEGFile(reading: self).endOfImage(in: self) == nil { throw .truncated("the JPEG has no end marker") }
        case .png:
            guard try PNGFile(reading: self).isComplete else { throw Self.broken }
        case .gif:
            guard try GIFFile(reading: self).isComplete else { throw Self.broken }
        case .webp:
            guard try WebPFile(reading: self).isComplete else { throw Self.broken }
        // Their headers, which a cut file lacks or which point behind its end, have been read by their decoders.
        case .tiff, .heif, .avif, .jp2, .j2k, .jxl, .bmp, .svg, .pdf, .dicom, .psd, .exr, .hdr, .fits, .xcf, .netpbm, .raw: break
        }
    }

    private static var broken: ImageFileError { .truncated("the file ends before its picture does") }
}
