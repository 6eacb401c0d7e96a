private import CJPEG
private import CTurboJPEG
internal import ImageFiles
internal import JobModel

/// A turn, a cut or the loss of colour of a JPEG, made on its DCT blocks: no pixel is decoded, and none changes.
struct BlockTransform: Hashable {
    var turn = Turn.none
    /// In pixels of the stored picture, at corners of its blocks; not together with a turn.
    var area: PixelArea?
    var isGrey = false
    /// Whether columns and rows that fill no block are cut off where a turn would bring them to the left or the top.
    var trims = false
    var coding = Coding()

    /// How the coefficients are written; all ways hold the same.
    struct Coding: Hashable {
        var isProgressive = false
        var isArithmetic = false
        /// Tables made for this picture: a few percent smaller, at the price of a second pass.
        var isOptimised = true
    }

    struct PixelArea: Hashable {
        var left: Int
        var top: Int
        var width: Int
        var height: Int
    }

    /// Coefficients of source and result lie in memory, two bytes each.
    static func memoryBytes(_ frame: JPEGFile.Frame) -> UInt64 {
        let (most, rows) = (frame.samplingMax.horizontal, frame.samplingMax.vertical)
        return frame.components.reduce(UInt64(0)) { sum, component in
            let width = frame.width * component.horizontalSampling / most
            let height = frame.height * component.verticalSampling / rows
            return sum + 4 * UInt64(width + 16) * UInt64(height + 16)
        }
    }

    /// The JPEG transformed, without metadata but what JFIF and Adobe say.
    ///
    /// - Parameter isStrict: Whether damage is refused.
    func applied(to file: UnsafeRawBufferPointer, isStrict: Bool) throws(ImagingError) -> [UInt8] {
        guard let handle = tjInitTransform() else { throw .unusable("libturbojpeg cannot be started") }
        defer { tjDestroy(handle) }
        var options = TJXOPT_COPYNONE | (trims ? TJXOPT_TRIM : TJXOPT_PERFECT)
        if isGrey { options |= TJXOPT_GRAY }
        if coding.isProgressive, !coding.isArithmetic { options |= TJXOPT_PROGRESSIVE }
        var made: UnsafeMutablePointer<UInt8>?
        var count: UInt = 0
        let status = quire_tj_transform(
            handle, file.assumingMemoryBound(to: UInt8.self).baseAddress, UInt(file.count), operation, options,
            Int32(area?.left ?? 0), Int32(area?.top ?? 0), Int32(area?.width ?? 0), Int32(area?.height ?? 0), isStrict ? 1 : 0,
            &made, &count)
        defer { tjFree(made) }
        guard status == 0, let made else {
            let text = tjGetErrorStr2(handle).map { String(cString: $0) } ?? ""
            if ["subsampling type", "not perfect", "crop request", "requested"].contains(where: text.contains) {
                throw .file(.unsupported, "on its blocks: \(text); rotate, crop and greyscale encode anew")
            }
            throw .file(DecoderVerdict.failure(for: text, kind: .jpeg))
        }
        let result = UnsafeRawBufferPointer(start: made, count: Int(count))
        // A progressive file always has tables of its own.
        guard coding.isArithmetic || coding.isOptimised && !coding.isProgressive else { return Array(result) }
        return try coding.applied(to: result)
    }

    /// The frame that comes out of it.
    func result(of frame: JPEGFile.Frame) -> JPEGFile.Frame {
        var made = frame
        if let area {
            (made.width, made.height) = (area.width, area.height)
        } else {
            let rest = trims ? frame.remainder(of: turn, isGrey: isGrey) : (0, 0)
            (made.width, made.height) = (frame.width - rest.0, frame.height - rest.1)
        }
        if isGrey { made.components = Array(made.components.prefix(1)) }
        guard turn.swapsSides else { return made }
        (made.width, made.height) = (made.height, made.width)
        for index in made.components.indices {
            let component = made.components[index]
            made.components[index].horizontalSampling = component.verticalSampling
            made.components[index].verticalSampling = component.horizontalSampling
        }
        return made
    }

    private var operation: Int32 {
        let turns =
            turn.mirrored
            ? [TJXOP_HFLIP, TJXOP_TRANSVERSE, TJXOP_VFLIP, TJXOP_TRANSPOSE]
            : [TJXOP_NONE, TJXOP_ROT90, TJXOP_ROT180, TJXOP_ROT270]
        return Int32(turns[turn.quarters].rawValue)
    }
}

extension BlockTransform.Coding {
    /// The same coefficients coded so, of a file that libjpeg has just written.
    fileprivate func applied(to file: UnsafeRawBufferPointer) throws(ImagingError) -> [UInt8] {
        var coding = 0
        if isProgressive { coding |= QUIRE_JPEG_PROGRESSIVE }
        if isArithmetic { coding |= QUIRE_JPEG_ARITHMETIC }
        var made: UnsafeMutablePointer<UInt8>?
        var count = 0
        let status = quire_jpeg_recode(
            file.assumingMemoryBound(to: UInt8.self).baseAddress, file.count, Int32(coding), &made, &count)
        guard status == 0, let made else {
            // What decodes of a damaged arithmetic JPEG may be out of range for Huffman codes.
            throw status == -2
                ? .file(.memory, "no memory to code its coefficients again") : .file(.damaged, "its coefficients cannot be coded again")
        }
        defer { quire_bytes_free(made) }
        return Array(UnsafeBufferPointer(start: made, count: count))
    }
}

extension JPEGFile.Frame {
    var samplingMax: (horizontal: Int, vertical: Int) {
        (
            max(1, components.map(\.horizontalSampling).max() ?? 1), max(1, components.map(\.verticalSampling).max() ?? 1)
        )
    }

    /// Sides of the smallest part that holds whole blocks of every component (iMCU), in pixels.
    ///
    /// - Parameter isGrey: Whether only the first component is left.
    func blockGrid(isGrey: Bool = false) -> (width: Int, height: Int) {
        guard components.count > 1, !isGrey else { return (8, 8) }
        return (8 * samplingMax.horizontal, 8 * samplingMax.vertical)
    }

    /// What a turn cannot bring to the left or the top because it fills no block: columns at the right, rows at the bottom.
    func remainder(of turn: Turn, isGrey: Bool = false) -> (columns: Int, rows: Int) {
        let grid = blockGrid(isGrey: isGrey)
        // By which sides change places with the opposite one in the stored picture.
        let (columns, rows) =
            switch (turn.mirrored, turn.quarters) {
            case (false, 0), (true, 3): (false, false)
            case (false, 1), (true, 2): (false, true)
            case (false, 3), (true, 0): (true, false)
            default: (true, true)
            }
        return (columns ? width % grid.width : 0, rows ? height % grid.height : 0)
    }
}
