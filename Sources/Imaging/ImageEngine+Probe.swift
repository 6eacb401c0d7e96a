internal import ImageFiles
internal import JobModel

extension ImageEngine {
    func metadata(of input: InputFile, kind: ImageKind) -> EmbeddedMetadata {
        do throws(ImageFileError) {
            return try embeddedMetadata(of: input, kind: kind)
        } catch {
            // What cannot be read as metadata is none; whether the picture can be read is the decoder's verdict.
            return EmbeddedMetadata()
        }
    }
    func probe(_ input: InputFile) throws(ImagingError) -> FinishedWork { throw .file(.unsupported, "soon") }
    func thumbnail(_ input: InputFile, side: Int) throws(ImagingError) -> FinishedWork { throw .file(.unsupported, "soon") }
    func pages(_ order: WorkOrder, _ page: PageOrder, _ input: InputFile) throws(ImagingError) -> FinishedWork { throw .file(.unsupported, "soon") }
}
