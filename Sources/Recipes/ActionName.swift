/// The name of an action in a recipe file.
public enum ActionName: String, CaseIterable, Sendable {
    // Layout.
    case autoOrient = "auto-orient"
    case rotate, flip, transpose, crop, shrink, scale, fit, canvas, grid, mirror, offset, perspective
    case losslessJPEG = "lossless-jpeg"
    // Tone.
    case greyscale, flatten
    case convertColour = "convert-colour"
    case convertMode = "convert-mode"
    case autoContrast = "auto-contrast"
    case background, brightness
    case colorToAlpha = "color-to-alpha"
    case colorize, contrast, desaturate, equalize, invert, posterize, saturation
    case warmUp = "warm-up"
    // Filter.
    case sharpen, blur, common, contour, effect, imagemagick, maximum, median, minimum, rank, sketch, solarize
    // Decoration.
    case border, highlight, mask, reflection, round, shadow, tamogen, text, watermark
    // Metadata.
    case strip, keep, resolution
    case writeTag = "write-tag"
    case renameTag = "rename-tag"
    case deleteTags = "delete-tags"
    case saveTags = "save-tags"
    case timeShift = "time-shift"
    case geotag
    // File.
    case dicom, develop, command, copy, rename, save

    /// The type of its values.
    public var bodyType: any ActionBody.Type {
        switch self {
        // Layout.
        case .autoOrient: AutoOrient.self
        case .rotate: Rotation.self
        case .flip: Flip.self
        case .transpose: Transposition.self
        case .crop: Crop.self
        case .shrink: Shrink.self
        case .scale: Scale.self
        case .fit: Fit.self
        case .canvas: Canvas.self
        case .grid: Grid.self
        case .mirror: Mirroring.self
        case .offset: Offset.self
        case .perspective: Perspective.self
        case .losslessJPEG: LosslessJPEG.self
        // Tone.
        case .greyscale: Greyscale.self
        case .flatten: Flattening.self
        case .convertColour: ColourConversion.self
        case .convertMode: ModeConversion.self
        case .autoContrast: AutoContrast.self
        case .background: Background.self
        case .brightness: Brightness.self
        case .colorToAlpha: ColourToAlpha.self
        case .colorize: Colourisation.self
        case .contrast: Contrast.self
        case .desaturate: Desaturation.self
        case .equalize: Equalisation.self
        case .invert: Inversion.self
        case .posterize: Posterisation.self
        case .saturation: Saturation.self
        case .warmUp: WarmUp.self
        // Filter.
        case .sharpen: Sharpening.self
        case .blur: Blur.self
        case .common: Common.self
        case .contour: Contour.self
        case .effect: Effect.self
        case .imagemagick: ImageMagickEffect.self
        case .maximum: Maximum.self
        case .median: Median.self
        case .minimum: Minimum.self
        case .rank: Rank.self
        case .sketch: Sketch.self
        case .solarize: Solarize.self
        // Decoration.
        case .border: Border.self
        case .highlight: Highlight.self
        case .mask: Mask.self
        case .reflection: Reflection.self
        case .round: Round.self
        case .shadow: Shadow.self
        case .tamogen: Tamogen.self
        case .text: Text.self
        case .watermark: Watermark.self
        // Metadata.
        case .strip: MetadataStripping.self
        case .keep: MetadataSelection.self
        case .resolution: ResolutionSetting.self
        case .writeTag: TagWriting.self
        case .renameTag: TagRenaming.self
        case .deleteTags: TagDeletion.self
        case .saveTags: TagSaving.self
        case .timeShift: TimeShifting.self
        case .geotag: Geotagging.self
        // File.
        case .dicom: DICOMReading.self
        case .develop: RawDevelopment.self
        case .command: Command.self
        case .copy: Copy.self
        case .rename: Rename.self
        case .save: Save.self
        }
    }
}
