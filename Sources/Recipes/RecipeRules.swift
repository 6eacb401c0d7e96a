public import JobModel

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
            case is TagSaving:
                let encodes = { (action: Action) in
                    action.changesPixels || (action.body as? Save).map { !$0.givenSettings.isEmpty || $0.format != nil } == true
                }
                if actions.contains(where: encodes) {
                    return (index, .contradiction("save-tags leaves pictures as they are; take out the actions on pixels and save"))
                }
            case is DICOMReading, is RawDevelopment:
                if actions[..<index].contains(where: { $0.name == action.name }) {
                    return (index, .contradiction("\(action.name.rawValue) is given twice; every file is read once"))
                }
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
            if let problem = besideLossless(action, in: actions) { return (index, problem) }
            // Strip and keep hold for all saves, wherever they stand.
            let isPlaceless = action.body is MetadataStripping || action.body is MetadataSelection
            if let lastSave, index > lastSave, !isPlaceless { return (lastSave, .saveNotLast) }
        }
        if let saves = actions.indices.filter({ actions[$0].body is Save }).dropFirst(savesMax).first {
            return (saves, .tooLong("the list of saves", limit: "\(savesMax)"))
        }
        return nil
    }

    /// What cannot stand beside `lossless-jpeg`: it never sees pixels, and so encodes none.
    private static func besideLossless(_ action: Action, in actions: [Action]) -> RecipeProblem? {
        guard actions.contains(where: { $0.body is LosslessJPEG }) else { return nil }
        if action.changesPixels {
            return .contradiction("lossless-jpeg leaves pixels as they are and \(action.name.rawValue) changes them; give one of them")
        }
        guard let save = action.body as? Save else { return nil }
        if actions.filter({ $0.body is Save }).count > 1 { return .contradiction("beside lossless-jpeg one save can stand") }
        if let format = save.format, format != .jpeg { return .contradiction("what lossless-jpeg makes cannot be saved as \(format.rawValue)") }
        if let setting = save.givenSettings.first {
            return .contradiction("\(setting.rawValue) has no meaning beside lossless-jpeg, which encodes no pixels")
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
            if format.isLossyByChoice, setting.isAboutLoss, save.isLossless(as: format) {
                return .contradiction("\(setting.rawValue) says nothing beside lossless; leave one of them out")
            }
            return .contradiction("\(setting.rawValue) has no meaning for \(format.rawValue)")
        }
        switch (colourSpace, format) {
        case (.cmyk, .png), (.cmyk, .webp), (.cmyk, .gif), (.cmyk, .avif), (.cmyk, .jp2):
            return .contradiction("\(format.rawValue) cannot hold cmyk; use jpeg or tiff")
        case (.cmyk, .jpeg), (.cmyk, .tiff), (.srgb, _), (.grey, _), (nil, _): return nil
        }
    }
}

/// A field of save that says how to encode, by its name in a recipe file.
enum EncodingSetting: String, CaseIterable {
    case quality, progressive, lossless, compression, subsampling, colours, effort, layout, dither, tolerance
    case allFrames = "all-frames"
    case sizeMissed = "size-missed"
    case pngCompression = "png-compression"
    case sizeMax = "size-max"
    case nearLossless = "near-lossless"

    /// Whether a file that nothing else changes has to be encoded anew for it.
    var asksForCoding: Bool {
        switch self {
        case .sizeMax, .tolerance, .sizeMissed, .allFrames: false
        case .quality, .progressive, .lossless, .compression, .subsampling, .colours, .effort, .layout, .dither, .pngCompression,
            .nearLossless:
            true
        }
    }

    /// Whether it says how much may be lost.
    var isAboutLoss: Bool {
        switch self {
        case .quality, .sizeMax, .tolerance, .sizeMissed: true
        case .progressive, .lossless, .compression, .subsampling, .colours, .effort, .layout, .dither, .allFrames, .pngCompression,
            .nearLossless:
            false
        }
    }

    func applies(to format: OutputFormat, in save: Save) -> Bool {
        switch self {
        case .quality:
            format == .tiff
                ? save.tiffCompression == nil || save.tiffCompression == .jpeg : format.isLossyByChoice && !save.isLossless(as: format)
        case .sizeMax, .tolerance, .sizeMissed: save.canSearchQuality(as: format)
        case .progressive: format == .jpeg || format == .png
        // AVIF of libheif 1.15 changes colours however it is asked.
        case .lossless: format == .webp || format == .jp2
        case .nearLossless: format == .webp
        case .compression, .layout: format == .tiff
        case .pngCompression, .colours, .dither: format == .png
        case .allFrames: format == .gif || format == .webp
        case .subsampling: format == .jpeg || format == .avif
        case .effort: format == .webp || format == .avif || format == .png && save.colours != nil
        }
    }
}

extension OutputFormat {
    /// Whether a quality decides how much is lost.
    public var isLossyByChoice: Bool {
        switch self {
        case .jpeg, .webp, .avif, .jp2: true
        case .png, .tiff, .gif: false
        }
    }
}

extension Save {
    /// Whether nothing is lost in this format; `lossless` says so only of formats that have both ways.
    func isLossless(as format: OutputFormat) -> Bool {
        lossless && EncodingSetting.lossless.applies(to: format, in: self)
    }

    /// Whether a lower quality would make a smaller file of this format.
    public func canSearchQuality(as format: OutputFormat) -> Bool {
        format.isLossyByChoice && !isLossless(as: format) && !(nearLossless && EncodingSetting.nearLossless.applies(to: format, in: self))
    }

    /// The settings that were asked for, as against left to their defaults.
    var givenSettings: [EncodingSetting] {
        EncodingSetting.allCases.filter { setting in
            switch setting {
            case .quality: quality != nil
            case .progressive: progressive
            case .lossless: lossless
            case .compression: tiffCompression != nil
            case .pngCompression: pngCompression != nil
            case .subsampling: subsampling != nil
            case .sizeMax: sizeMax != nil
            case .colours: colours != nil
            case .nearLossless: nearLossless
            case .effort: effort != nil
            case .layout: layout != .strips
            case .dither: ditherPercent != Save().ditherPercent
            case .tolerance: tolerancePercent != Save().tolerancePercent
            case .allFrames: allFrames
            case .sizeMissed: sizeMissed != .fail
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
            case .subsampling: save.subsampling = nil
            case .sizeMax: (save.sizeMax, save.qualityMin) = (nil, nil)
            case .tolerance: save.tolerancePercent = Save().tolerancePercent
            case .sizeMissed: save.sizeMissed = .fail
            case .dither: save.ditherPercent = Save().ditherPercent
            case .allFrames: save.allFrames = false
            case .colours: save.colours = nil
            case .nearLossless: save.nearLossless = false
            case .effort: save.effort = nil
            case .layout: save.layout = .strips
            }
        }
        return save
    }
}
