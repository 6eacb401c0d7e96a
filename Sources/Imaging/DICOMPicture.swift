private import CDicom
internal import JobModel
internal import LinuxSystem
internal import Recipes

/// The frames of a DICOM file, read by DCMTK: rescaled, then seen through a window.
///
/// Nothing of the file but pixels, their distance and a colour profile comes out of here, so no patient's data can get into an output.
final class DICOMPicture {
    private let file: OpaquePointer
    private let facts: quire_dicom_facts
    private let window: GreyWindow
    /// Whether a frame was stretched from its smallest to its largest value, for lack of a window.
    private(set) var wasStretched = false

    init(_ input: InputFile, window: GreyWindow, isTolerant: Bool) throws(ImagingError) {
        var made: OpaquePointer?
        var facts = quire_dicom_facts()
        var failure = FailureText()
        let status = failure.take {
            quire_dicom_open("/proc/self/fd/\(input.file.descriptor)", isTolerant ? 1 : 0, &made, &facts, $0, $1)
        }
        try Self.check(status, failure.text)
        guard let made else { preconditionFailure("an opened DICOM file without a handle") }
        file = made
        self.facts = facts
        self.window = window
    }

    deinit { quire_dicom_close(file) }

    var frameCount: Int { Int(facts.frames) }

    private var form: PixelForm {
        PixelForm(width: Int(facts.width), height: Int(facts.height), components: Int(facts.components), bits: Int(facts.bits))
    }

    /// A black picture with the header of every frame.
    func header() throws(ImagingError) -> Image { try described(form.blank()) }

    /// - Parameter frame: From 0.
    func picture(_ frame: Int) throws(ImagingError) -> Image {
        var wanted = window.forC
        var stretched: Int32 = 0
        let image = try form.picture { pixels throws(ImagingError) in
            var failure = FailureText()
            let status = failure.take {
                quire_dicom_render(file, Int32(frame), &wanted, pixels.baseAddress, pixels.count, &stretched, $0, $1)
            }
            try Self.check(status, failure.text)
        }
        if stretched != 0, window == .auto { wasStretched = true }
        return try described(image)
    }

    /// The same with resolution and profile.
    private func described(_ image: Image) throws(ImagingError) -> Image {
        let isSpaced = facts.spacing_x > 0 && facts.spacing_y > 0
        let result = try image.withOwnHeader(resolution: isSpaced ? (1 / facts.spacing_x, 1 / facts.spacing_y) : nil)
        var start: UnsafePointer<UInt8>?
        let count = quire_dicom_profile(file, &start)
        if count > 0, let start { result.setBlob("icc-profile-data", Array(UnsafeBufferPointer(start: start, count: count))) }
        return result
    }

    private static func check(_ status: quire_dicom_status, _ text: String) throws(ImagingError) {
        let reason: FailureReason
        switch status {
        case QUIRE_DICOM_DONE: return
        case QUIRE_DICOM_TRUNCATED: reason = .truncated
        case QUIRE_DICOM_UNSUPPORTED: reason = .unsupported
        case QUIRE_DICOM_NO_MEMORY: reason = .memory
        default: reason = .damaged
        }
        throw .file(reason, "dicom decoder: \(text)")
    }
}

/// Which values of a grey medical picture become black and white.
enum GreyWindow: Hashable {
    /// The file's first window; else values of 8 bits as they are, and of more from the smallest to the largest.
    case auto
    case file
    case minMax
    case given(centre: Double, width: Double)

    init(_ reading: DICOMReading) {
        if let centre = reading.centre, let width = reading.width {
            self = .given(centre: centre, width: width)
        } else {
            switch reading.window {
            case .auto: self = .auto
            case .file: self = .file
            case .minMax: self = .minMax
            }
        }
    }

    fileprivate var forC: quire_dicom_window {
        switch self {
        case .auto: quire_dicom_window(choice: QUIRE_DICOM_AUTO, centre: 0, width: 0)
        case .file: quire_dicom_window(choice: QUIRE_DICOM_FILE, centre: 0, width: 0)
        case .minMax: quire_dicom_window(choice: QUIRE_DICOM_MIN_MAX, centre: 0, width: 0)
        case .given(let centre, let width): quire_dicom_window(choice: QUIRE_DICOM_GIVEN, centre: centre, width: width)
        }
    }
}
