import Testing

extension Sandbox {
    /// Widths in pixels of the pictures in a PDF, page by page, as poppler sees them: tiny pictures are known by theirs.
    func pageWidths(_ pdf: Name, _ place: SourceLocation = #_sourceLocation) throws -> [Int] {
        let ended = try run(["pdfimages", "-list", pdf])
        #expect(ended.status == 0, "\(ended)", sourceLocation: place)
        return ended.out.split(separator: "\n").dropFirst(2).compactMap { line in
            let fields = line.split(separator: " ")
            return fields.count > 4 && fields[2] == "image" ? Int(fields[3]) : nil
        }
    }

    func expectSound(_ pdf: Name, _ place: SourceLocation = #_sourceLocation) throws {
        let ended = try run(["qpdf", "--check", pdf])
        #expect(ended.status == 0, "\(ended)", sourceLocation: place)
    }
}
