public import JobModel

extension Recipe {
    /// How the result is written: the last action's wish, or the defaults.
    public var save: Save {
        if case .save(let save)? = actions.last { return save }
        return Save()
    }

    /// What is dropped of the metadata; `none` when nothing is said.
    public var stripPolicy: StripPolicy {
        for case .strip(let policy) in actions where policy != .none { return policy }
        return .none
    }

    /// The only kinds of metadata to keep; nil when all stay that `stripPolicy` leaves.
    public var keptMetadata: [MetadataKind]? {
        for case .keep(let kinds) in actions { return kinds }
        return nil
    }

    /// The actions that work on pixels, in order.
    public var pixelActions: [Action] { actions.filter(\.changesPixels) }

    /// Whether no picture is ever changed but perhaps to another format.
    public var isIdentity: Bool {
        pixelActions.isEmpty && stripPolicy == .none && keptMetadata == nil
            && OutputFormat.allCases.allSatisfy { !reencodes(as: $0) }
    }

    /// Whether a picture that already has this format and that no action changes is encoded again all the same.
    ///
    /// So it is only where nothing but the encoding was asked for, `--quality 60` alone say. Next to an action on pixels the
    /// settings are for the pictures it changes; the others are copied byte for byte (behaviour.md, What happens to a picture).
    public func reencodes(as format: OutputFormat) -> Bool {
        pixelActions.isEmpty && save.givenSettings.contains { $0.applies(to: format, in: save) }
    }

    /// Whether its turns are to be made without loss where a JPEG allows it: nothing else is done to the pixels, and no quality
    /// is asked for.
    public var turnsWithoutLoss: Bool {
        save.quality == nil
            && pixelActions.allSatisfy { action in
                switch action {
                case .autoOrient, .rotate, .flip: true
                case .crop, .shrink, .fit, .canvas, .border, .greyscale, .sharpen, .blur, .flatten, .convertColour, .strip, .keep,
                    .save:
                    false
                }
            }
    }

    /// The format of the output of a file with this extension (any case, without dot), known before any work.
    public func outputFormat(forExtension fileExtension: String) -> OutputFormat {
        save.format ?? OutputFormat(keepingExtension: fileExtension)
    }

    /// The same wishes in the one way the canonical encoding writes them.
    ///
    /// No name, upright first (turning upright anywhere in the list means the same, since positions and sizes are those of the
    /// upright picture), no action that says nothing, kinds in a fixed order, and a save at the end with its defaults filled in
    /// wherever giving them or not means the same.
    public var resolved: Recipe {
        var steps = pixelActions.filter { $0 != .autoOrient }
        if actions.contains(.autoOrient) { steps.insert(.autoOrient, at: 0) }
        if stripPolicy != .none { steps.append(.strip(stripPolicy)) }
        if let kept = keptMetadata { steps.append(.keep(MetadataKind.allCases.filter(kept.contains))) }
        var save = save
        if !pixelActions.isEmpty {
            for setting in [EncodingSetting.quality, .pngCompression] {
                if let format = save.format, !setting.applies(to: format, in: save) { continue }
                switch setting {
                case .quality: if !turnsWithoutLoss { save.quality = save.quality ?? Save.defaultQuality }
                case .pngCompression: save.pngCompression = save.pngCompression ?? Save.defaultPNGCompression
                case .progressive, .lossless, .compression: break
                }
            }
        }
        return Recipe(actions: steps + [.save(save)])
    }
}

extension Save {
    public static let defaultPNGCompression = 6
}

extension Action {
    /// Whether this works on pixels; false for what concerns metadata and the encoding only.
    public var changesPixels: Bool {
        switch self {
        case .autoOrient, .rotate, .flip, .crop, .shrink, .fit, .canvas, .border, .greyscale, .sharpen, .blur, .flatten,
            .convertColour:
            true
        case .strip, .keep, .save: false
        }
    }
}

extension OutputFormat {
    /// The fixed table of `--format keep` (behaviour.md): what quire writes for a file with this extension, any case, without dot.
    public init(keepingExtension fileExtension: String) {
        let ending = fileExtension.lowercased()
        if let own = FileExtensions.format(of: ending) {
            self = own
        } else {
            self = FileExtensions.isHEIF(ending) || FileExtensions.isCameraRaw(ending) ? .jpeg : .png
        }
    }
}
