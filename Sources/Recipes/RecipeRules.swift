import JobModel

extension Recipe {
    /// More is a mistake, not a recipe.
    public static let actionsMax = 100
    /// Outputs a picture.
    public static let savesMax = 16
    /// Of the recipe's name, in UTF-8.
    public static let nameBytesMax = 200

    /// Checks what holds between actions: their number, the place of save, and wishes that cannot both be met.
    public func check() throws(RecipeError) {
        if let found = Self.firstProblem(in: actions) { throw RecipeError(found.problem) }
    }

    /// The first action that cannot stand where it does, and why.
    static func firstProblem(in actions: [Action]) -> (index: Int, problem: RecipeProblem)? {
        if actions.count > actionsMax { return (actionsMax, .tooLong("the list of actions", limit: "\(actionsMax)")) }
        var strip: StripPolicy?
        var keepsKinds = false
        var colourSpace: ColourSpace?
        var plainSave: Int?
        let lastSave = actions.lastIndex { $0.body is Save }
        for (index, action) in actions.enumerated() {
            switch action.body {
            case is Greyscale: colourSpace = .grey
            case let conversion as ColourConversion: colourSpace = conversion.space
            case let conversion as ModeConversion: colourSpace = conversion.mode == .cmyk ? .cmyk : nil
            case let stripping as MetadataStripping:
                let policy = stripping.policy
                if let other = strip, other != policy {
                    return (index, .contradiction("strip is both \(other.rawValue) and \(policy.rawValue)"))
                }
                if keepsKinds, policy != .none { return (index, stripAndKeep(policy)) }
                strip = policy
            case is MetadataSelection:
                if keepsKinds { return (index, .contradiction("keep is given twice; name all kinds in one list")) }
                if let strip, strip != .none { return (index, stripAndKeep(strip)) }
                keepsKinds = true
            case let save as Save:
                if save.name == nil, save.folder == nil {
                    if plainSave != nil { return (index, .savedTwice) }
                    plainSave = index
                }
                if let problem = firstProblem(in: save, colourSpace: colourSpace) { return (index, problem) }
            default:
                // Steps on light leave no inks.
                if type(of: action.body).family == .tone, !(action.body is Flattening || action.body is Background) { colourSpace = nil }
            }
            // Strip and keep hold for all saves, wherever they stand.
            let isPlaceless = action.body is MetadataStripping || action.body is MetadataSelection
            if let lastSave, index > lastSave, !isPlaceless { return (lastSave, .saveNotLast) }
        }
        if let saves = actions.indices.filter({ actions[$0].body is Save }).dropFirst(savesMax).first {
            return (saves, .tooLong("the list of saves", limit: "\(savesMax)"))
        }
        return nil
    }

    private static func stripAndKeep(_ policy: StripPolicy) -> RecipeProblem {
        .contradiction("strip: \(policy.rawValue) drops metadata and keep names what stays; give one of them")
    }

    /// Settings that the named format does not have. With keep the format differs by file, so every setting may matter.
    private static func firstProblem(in save: Save, colourSpace: ColourSpace?) -> RecipeProblem? {
        guard let format = save.format else { return nil }
        for setting in save.givenSettings where !setting.applies(to: format, in: save) {
            return .contradiction("\(setting.rawValue) has no meaning for \(format.rawValue)")
        }
        switch (colourSpace, format) {
        case (.cmyk, .png), (.cmyk, .webp), (.cmyk, .gif):
            return .contradiction("\(format.rawValue) cannot hold cmyk; use jpeg or tiff")
        case (.cmyk, .jpeg), (.cmyk, .tiff), (.srgb, _), (.grey, _), (nil, _): return nil
        }
    }
}

/// A field of save that says how to encode, by its name in a recipe file.
enum EncodingSetting: String, CaseIterable {
    case quality, progressive, lossless, compression
    case pngCompression = "png-compression"

    func applies(to format: OutputFormat, in save: Save) -> Bool {
        switch (self, format) {
        case (.quality, .jpeg), (.quality, .webp): true
        case (.quality, .tiff): save.tiffCompression == nil || save.tiffCompression == .jpeg
        case (.quality, .png), (.quality, .gif): false
        case (.progressive, .jpeg), (.progressive, .png): true
        case (.progressive, .webp), (.progressive, .tiff), (.progressive, .gif): false
        case (.lossless, .webp): true
        case (.lossless, .jpeg), (.lossless, .png), (.lossless, .tiff), (.lossless, .gif): false
        case (.compression, .tiff): true
        case (.compression, .jpeg), (.compression, .png), (.compression, .webp), (.compression, .gif): false
        case (.pngCompression, .png): true
        case (.pngCompression, .jpeg), (.pngCompression, .webp), (.pngCompression, .tiff), (.pngCompression, .gif): false
        }
    }
}

extension Save {
    /// The settings that were asked for, as against left to their defaults.
    var givenSettings: [EncodingSetting] {
        EncodingSetting.allCases.filter { setting in
            switch setting {
            case .quality: quality != nil
            case .progressive: progressive
            case .lossless: lossless
            case .compression: tiffCompression != nil
            case .pngCompression: pngCompression != nil
            }
        }
    }

    /// Leaves away the settings that `format` does not have.
    func keepingSettings(of format: OutputFormat) -> Save {
        var save = self
        for setting in givenSettings where !setting.applies(to: format, in: self) {
            switch setting {
            case .quality: save.quality = nil
            case .progressive: save.progressive = false
            case .lossless: save.lossless = false
            case .compression: save.tiffCompression = nil
            case .pngCompression: save.pngCompression = nil
            }
        }
        return save
    }
}
