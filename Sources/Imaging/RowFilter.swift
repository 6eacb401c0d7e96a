internal import CVips

/// How the rows of a PNG are prepared for compression (PNG 3rd edition, 9).
///
/// Filters halve photographs and gradients, but make drawings, screenshots and clean text larger by up to half.
enum RowFilter: String {
    case none
    /// libpng's choice by row.
    case adaptive = "all"

    /// What makes the smaller file by a sample of rows, and the picture to save with it; the same for the same pixels.
    static func better(for image: Image) throws(ImagingError) -> (filter: RowFilter, image: Image) {
        // Rows that are looked at before they are saved have to be held; of pictures this large photographs are most.
        let heldBytesMax = 64 << 20
        let rawBytes = image.width * image.height * image.bands * (image.bitsPerBand / 8)
        guard rawBytes <= heldBytesMax else { return (.adaptive, image) }
        let held = try image.inMemory()
        let (stripCount, stripRows) = (8, 16)
        var plainBytes = 0
        var filteredBytes = 0
        for strip in 0..<stripCount {
            let rows = min(stripRows, held.height)
            let extract = try Operation("extract_area")
            try extract.set("input", held)
            try extract.set("left", 0)
            try extract.set("top", (held.height - rows) * strip / (stripCount - 1))
            try extract.set("width", held.width)
            try extract.set("height", rows)
            let sample = try extract.image()
            plainBytes += try sampledBytes(sample, .none)
            filteredBytes += try sampledBytes(sample, .adaptive)
        }
        return (filteredBytes < plainBytes ? .adaptive : .none, held)
    }

    private static func sampledBytes(_ sample: Image, _ filter: RowFilter) throws(ImagingError) -> Int {
        let save = try Operation("pngsave_buffer")
        try save.set("in", sample)
        try save.set("strip", true)
        try save.set("filter", nick: filter.rawValue)
        return try save.bytes { bytes in bytes.count }
    }
}
