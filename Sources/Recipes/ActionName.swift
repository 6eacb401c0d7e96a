/// The name of an action in a recipe file.
public enum ActionName: String, CaseIterable, Sendable {
    // Layout.
    case autoOrient = "auto-orient"
    case rotate, flip, crop, shrink, fit, canvas
    // Tone.
    case greyscale, flatten
    case convertColour = "convert-colour"
    // Filter.
    case sharpen, blur
    // Decoration.
    case border
    // Metadata.
    case strip, keep
    // File.
    case save

    /// The type of its values.
    public var bodyType: any ActionBody.Type {
        switch self {
        // Layout.
        case .autoOrient: AutoOrient.self
        case .rotate: Rotation.self
        case .flip: Flip.self
        case .crop: Crop.self
        case .shrink: Shrink.self
        case .fit: Fit.self
        case .canvas: Canvas.self
        // Tone.
        case .greyscale: Greyscale.self
        case .flatten: Flattening.self
        case .convertColour: ColourConversion.self
        // Filter.
        case .sharpen: Sharpening.self
        case .blur: Blur.self
        // Decoration.
        case .border: Border.self
        // Metadata.
        case .strip: MetadataStripping.self
        case .keep: MetadataSelection.self
        // File.
        case .save: Save.self
        }
    }
}
