import JobModel

extension Recipe {
    /// What `--dry-run` shows: one line an action of the resolved recipe, without a dot at the end.
    public var sentences: [String] { resolved.actions.map(\.sentence) }
}

extension Action {
    /// What the action does, for a person: `shrink to a long side of 1600 px`.
    public var sentence: String {
        switch self {
        case .autoOrient: "turn upright as Orientation says"
        case .rotate(let turn): "rotate clockwise by \(turn.rawValue)°"
        case .flip(.horizontal): "swap left and right"
        case .flip(.vertical): "swap top and bottom"
        case .crop(let crop):
            switch (crop.left, crop.top) {
            case (nil, nil): "crop to \(size(crop.width, crop.height)) at \(crop.gravity.rawValue)"
            case (let left?, nil): "crop to \(size(crop.width, crop.height)), \(side(left)) from the left"
            case (nil, let top?): "crop to \(size(crop.width, crop.height)), \(side(top)) from the top"
            case (let left?, let top?):
                "crop to \(size(crop.width, crop.height)), \(side(left)) from the left and \(side(top)) from the top"
            }
        case .shrink(.longSide(let side)): "shrink to a long side of \(side) px"
        case .shrink(.box(let width, let height)): "shrink into \(width) x \(height) px"
        case .shrink(.percent(let share)): "shrink to \(plain(share))%"
        case .fit(let fit): fitSentence(fit)
        case .canvas(let canvas):
            "place on a canvas of \(size(canvas.width, canvas.height)) at \(canvas.gravity.rawValue), background \(canvas.background.text)"
        case .border(let border): "add a border of \(side(border.width)) in \(border.colour.text)"
        case .greyscale: "take the colours away"
        case .sharpen(let sigma): "sharpen with sigma \(plain(sigma))"
        case .blur(let sigma): "blur with sigma \(plain(sigma))"
        case .flatten(let background): "put transparent parts on \(background.text)"
        case .convertColour(let space): "convert the colours to \(space.rawValue)"
        case .strip(.none): "keep all metadata"
        case .strip(.gps): "drop the place from the metadata"
        case .strip(.all): "drop all metadata"
        case .keep(let kinds):
            kinds.isEmpty ? "drop all metadata" : "keep only \(kinds.map(\.rawValue).joined(separator: ", ")) metadata"
        case .save(let save): saveSentence(save)
        }
    }

    private func fitSentence(_ fit: Fit) -> String {
        let limit = fit.enlarge ? "" : ", never enlarging"
        return switch fit.mode {
        case .cover: "fill \(fit.width) x \(fit.height) px and cut off the rest at \(fit.gravity.rawValue)\(limit)"
        case .contain:
            "fit on \(fit.width) x \(fit.height) px at \(fit.gravity.rawValue), background \(fit.background.text)\(limit)"
        case .inside: "fit into \(fit.width) x \(fit.height) px\(limit)"
        }
    }

    private func saveSentence(_ save: Save) -> String {
        var parts = [save.format.map { "save as \($0.rawValue)" } ?? "save in the input's own format"]
        let isLossyByName = save.format != .png && save.format != .gif && !save.lossless
        if isLossyByName, let quality = save.quality { parts.append("quality \(quality)") }
        if save.progressive { parts.append("progressive") }
        if save.lossless { parts.append("lossless") }
        if let compression = save.tiffCompression { parts.append("TIFF compression \(compression.rawValue)") }
        if save.format == .png, let effort = save.pngCompression { parts.append("compression \(effort)") }
        if save.allFrames { parts.append("all frames") }
        return parts.joined(separator: ", ")
    }

    private func size(_ width: Extent, _ height: Extent) -> String {
        if case .pixels(let width) = width, case .pixels(let height) = height { return "\(width) x \(height) px" }
        return "\(side(width)) x \(side(height))"
    }

    private func side(_ extent: Extent) -> String {
        switch extent {
        case .pixels(let count): "\(count) px"
        case .percent(let share): "\(plain(share))%"
        }
    }
}
