/// The filters that Pillow calls enhancements (ImageFilter), as an `effect` action names them.
public enum PixelEffect: String, CaseIterable, Hashable, Sendable {
    case blur, contour, detail
    case edgeEnhance = "edge-enhance"
    case edgeEnhanceMore = "edge-enhance-more"
    case emboss
    case findEdges = "find-edges"
    case smooth
    case smoothMore = "smooth-more"
    case sharpen
}
