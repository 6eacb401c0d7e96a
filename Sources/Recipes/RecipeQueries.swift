public import JobModel
public import Variables

extension Recipe {
    /// How results are written, in order; one with the defaults when the recipe says nothing.
    public var saves: [Save] {
        let saves = actions.compactMap { $0.body as? Save }
        return saves.isEmpty ? [Save()] : saves
    }

    /// The first save: what the pages of the PDF are made of.
    public var save: Save { saves[0] }

    /// What is dropped of the metadata; `none` when nothing is said.
    public var stripPolicy: StripPolicy {
        actions.lazy.compactMap { ($0.body as? MetadataStripping)?.policy }.first { $0 != .none } ?? .none
    }

    /// The only kinds of metadata to keep; nil when all stay that `stripPolicy` leaves.
    public var keptMetadata: [MetadataKind]? { actions.lazy.compactMap { ($0.body as? MetadataSelection)?.kinds }.first }

    /// The actions that work on pixels, in order.
    public var pixelActions: [Action] { actions.filter(\.changesPixels) }

    /// The actions but those on pixels, saves, `strip` and `keep`: edits of metadata and files, in order.
    public var otherActions: [Action] {
        actions.filter { !$0.changesPixels && !($0.body is Save) && !($0.body is MetadataStripping) && !($0.body is MetadataSelection) }
    }

    /// Each variable that some text or length asks for.
    public var variables: Set<Variable> { actions.reduce(into: []) { $0.formUnion($1.variables) } }

    /// Whether it has actions that refuse files, as those do that ask for a tag, also for a name, take one kind alone or set a limit; what flags ask
    /// for never does.
    public var hasPickyActions: Bool {
        !actions.allSatisfy { action in
            switch action.name {
            case .autoOrient, .rotate, .shrink, .strip: true
            case .save: (action.body as? Save).map { $0.sizeMax == nil && $0.name == nil } == true
            default: false
            }
        }
    }

    /// Whether no picture is ever changed but perhaps to another format.
    public var isIdentity: Bool {
        pixelActions.isEmpty && otherActions.isEmpty && stripPolicy == .none && keptMetadata == nil && saves.count == 1
            && save.sizeMax == nil && save.metadata == .all && OutputFormat.allCases.allSatisfy { !reencodes(as: $0) }
    }

    /// Whether a picture that already has this format and that no action changes is encoded again all the same.
    ///
    /// So it is only where nothing but the encoding was asked for, `--quality 60` alone say. Next to an action on pixels the
    /// settings are for the pictures it changes; the others are copied byte for byte (behaviour.md, What happens to a picture).
    public func reencodes(as format: OutputFormat) -> Bool {
        reencodes(as: format, by: save)
    }

    /// The same of one of several saves.
    public func reencodes(as format: OutputFormat, by save: Save) -> Bool {
        pixelActions.isEmpty && save.givenSettings.contains { $0.asksForCoding && $0.applies(to: format, in: save) }
    }

    /// Whether its turns are to be made without loss where a JPEG allows it: nothing else is done to the pixels, and no quality
    /// is asked for.
    public var turnsWithoutLoss: Bool {
        saves.allSatisfy { $0.quality == nil && $0.sizeMax == nil && $0.subsampling == nil }
            && pixelActions.allSatisfy { $0.body is AutoOrient || $0.body is Flip || $0.body is Transposition || ($0.body as? Rotation)?.isExact == true }
    }

    /// The format of the output of a file with this extension (any case, without dot), known before any work.
    public func outputFormat(forExtension fileExtension: String) -> OutputFormat {
        save.outputFormat(forExtension: fileExtension)
    }

    /// The same wishes in the one way the canonical encoding writes them.
    ///
    /// No name, upright first (turning upright anywhere in the list means the same, since positions and sizes are those of the
    /// upright picture), no action that says nothing, kinds in a fixed order, and a save at the end with its defaults filled in
    /// wherever giving them or not means the same.
    public var resolved: Recipe {
        var steps: [Action] = actions.contains(.autoOrient) ? [.autoOrient] : []
        var retention: [Action] = []
        if stripPolicy != .none { retention.append(.strip(stripPolicy)) }
        if let kept = keptMetadata { retention.append(.keep(MetadataKind.allCases.filter(kept.contains))) }
        var hasSave = false
        for action in actions {
            switch action.body {
            case let save as Save:
                if !hasSave { steps += retention }
                hasSave = true
                steps.append(.save(Recipe(actions: steps.filter { !($0.body is Save) } + [action]).resolvedSave(save)))
            case is AutoOrient, is MetadataStripping, is MetadataSelection: break
            default: steps.append(action)
            }
        }
        if !hasSave { steps += retention + [.save(resolvedSave(Save()))] }
        return Recipe(actions: steps)
    }

    /// What a save means behind these actions.
    private func resolvedSave(_ given: Save) -> Save {
        guard !pixelActions.isEmpty else { return given }
        var save = given
        for setting in [EncodingSetting.quality, .pngCompression] {
            if let format = save.format, !setting.applies(to: format, in: save) { continue }
            switch setting {
            case .quality: if !turnsWithoutLoss { save.quality = save.quality ?? Save.defaultQuality }
            case .pngCompression: save.pngCompression = save.pngCompression ?? Save.defaultPNGCompression
            case .progressive, .lossless, .compression, .subsampling, .sizeMax, .colours, .nearLossless, .effort, .layout, .dither,
                .tolerance, .allFrames, .sizeMissed:
                break
            }
        }
        return save
    }
}

extension Save {
    public static let defaultPNGCompression = 6

    /// The format of the output of a file with this extension (any case, without dot).
    public func outputFormat(forExtension fileExtension: String) -> OutputFormat {
        format ?? OutputFormat(keepingExtension: fileExtension)
    }
}

extension OutputFormat {
    /// The fixed table of `--format keep` (behaviour.md): what quire writes for a file with this extension, any case, without dot.
    public init(keepingExtension fileExtension: String) {
        let ending = fileExtension.lowercased()
        switch FileExtensions.format(of: ending) {
        case .jpeg: self = .jpeg
        case .png: self = .png
        case .webp: self = .webp
        case .tiff: self = .tiff
        case .gif: self = .gif
        // Hardly any program that is not a browser takes them: only who asks for them gets them.
        case .avif, .jp2, nil: self = FileExtensions.isHEIF(ending) || FileExtensions.isCameraRaw(ending) ? .jpeg : .png
        }
    }
}

extension Recipe {
    /// What `--dry-run` shows: one line an action of the resolved recipe, without a dot at the end.
    public var sentences: [String] { resolved.actions.map(\.sentence) }
}
