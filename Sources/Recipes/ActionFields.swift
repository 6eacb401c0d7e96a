import JobModel

/// The fields of one action, read but not yet an action; and the way back.
struct ActionFields {
    let name: ActionName
    /// In no particular order, each name once, all of the catalogue.
    private(set) var values: [(name: String, value: FieldValue)] = []

    init(_ name: ActionName) { self.name = name }

    func has(_ field: String) -> Bool { values.contains { $0.name == field } }

    mutating func set(_ field: String, _ value: FieldValue) {
        precondition(!has(field), "field \(field) of \(name.rawValue) is set twice")
        values.append((field, value))
    }

    /// Fills in defaults and makes the action; throws when a required field or half a size is missing.
    consuming func action() throws(RecipeError) -> Action {
        for field in ActionCatalogue.description(of: name).fields where !has(field.name) {
            switch field.presence {
            case .required: throw RecipeError(.missingField(field.name, of: name.rawValue, accepted: field.kind.accepted))
            case .optional: break
            case .fixed(let text): set(field.name, try field.kind.read(text, field: field.name))
            }
        }
        switch name {
        case .autoOrient: return .autoOrient
        case .rotate:
            guard let turn = Int(word("degrees")).flatMap(QuarterTurn.init) else { disagrees("degrees") }
            return .rotate(turn)
        case .flip: return .flip(choice("axis"))
        case .crop:
            let (width, height) = try box()
            return .crop(Crop(width: width, height: height, gravity: choice("gravity"), left: extent("left"), top: extent("top")))
        case .shrink:
            guard case .bound(let bound)? = value("to") else { disagrees("to") }
            return .shrink(bound)
        case .fit:
            guard case (.pixels(let width), .pixels(let height)) = try box() else { disagrees("size") }
            return .fit(
                Fit(
                    mode: choice("mode"), width: width, height: height, gravity: choice("gravity"),
                    background: colour("background"),
                    enlarge: flag("enlarge")))
        case .canvas:
            let (width, height) = try box()
            return .canvas(Canvas(width: width, height: height, gravity: choice("gravity"), background: colour("background")))
        case .border:
            guard let width = extent("width") else { disagrees("width") }
            return .border(Border(width: width, colour: colour("colour")))
        case .greyscale: return .greyscale
        case .sharpen: return .sharpen(sigma: number("sigma"))
        case .blur: return .blur(sigma: number("sigma"))
        case .flatten: return .flatten(background: colour("background"))
        case .convertColour: return .convertColour(to: choice("to"))
        case .strip: return .strip(choice("what"))
        case .keep:
            guard case .words(let words)? = value("kinds") else { disagrees("kinds") }
            return .keep(words.compactMap(MetadataKind.init))
        case .save:
            return .save(
                Save(
                    format: OutputFormat(rawValue: word("format")), quality: whole("quality"), progressive: flag("progressive"),
                    lossless: flag("lossless"), tiffCompression: has("compression") ? choice("compression") : nil,
                    pngCompression: whole("png-compression"), allFrames: flag("all-frames")))
        }
    }

    private func box() throws(RecipeError) -> (Extent, Extent) {
        if case .size(let width, let height)? = value("size") {
            if has("width") || has("height") {
                throw RecipeError(.contradiction("\(name.rawValue) takes either size or width and height, not both"))
            }
            return (width, height)
        }
        guard let width = extent("width"), let height = extent("height") else {
            throw RecipeError(.missingField("size, or width and height", of: name.rawValue, accepted: "800x600"))
        }
        return (width, height)
    }

    private func value(_ field: String) -> FieldValue? { values.first { $0.name == field }?.value }

    private func word(_ field: String) -> String {
        guard case .word(let word)? = value(field) else { disagrees(field) }
        return word
    }

    private func choice<Choice: RawRepresentable<String>>(_ field: String) -> Choice {
        guard let choice = Choice(rawValue: word(field)) else { disagrees(field) }
        return choice
    }

    private func flag(_ field: String) -> Bool {
        guard case .flag(let flag)? = value(field) else { disagrees(field) }
        return flag
    }

    private func number(_ field: String) -> Double {
        guard case .number(let number)? = value(field) else { disagrees(field) }
        return number
    }

    private func colour(_ field: String) -> Colour {
        guard case .colour(let colour)? = value(field) else { disagrees(field) }
        return colour
    }

    private func whole(_ field: String) -> Int? {
        guard case .whole(let number)? = value(field) else { return nil }
        return number
    }

    private func extent(_ field: String) -> Extent? {
        switch value(field) {
        case .extent(let extent): extent
        case .whole(let count): .pixels(count)
        case nil, .word, .words, .number, .flag, .size, .bound, .colour: nil
        }
    }

    private func disagrees(_ field: String) -> Never {
        preconditionFailure("the catalogue and the reader of \(name.rawValue) disagree about \(field)")
    }
}

extension Action {
    public var name: ActionName {
        switch self {
        case .autoOrient: .autoOrient
        case .rotate: .rotate
        case .flip: .flip
        case .crop: .crop
        case .shrink: .shrink
        case .fit: .fit
        case .canvas: .canvas
        case .border: .border
        case .greyscale: .greyscale
        case .sharpen: .sharpen
        case .blur: .blur
        case .flatten: .flatten
        case .convertColour: .convertColour
        case .strip: .strip
        case .keep: .keep
        case .save: .save
        }
    }

    /// Every field that has a value, in a fixed order; `ActionFields` makes the same action of them.
    var fieldValues: [(name: String, value: FieldValue)] {
        switch self {
        case .autoOrient, .greyscale: []
        case .rotate(let turn): [("degrees", .word("\(turn.rawValue)"))]
        case .flip(let axis): [("axis", .word(axis.rawValue))]
        case .crop(let crop):
            [("size", .size(crop.width, crop.height)), ("gravity", .word(crop.gravity.rawValue))]
                + (crop.left.map { [("left", .extent($0))] } ?? []) + (crop.top.map { [("top", .extent($0))] } ?? [])
        case .shrink(let bound): [("to", .bound(bound))]
        case .fit(let fit):
            [
                ("size", .size(.pixels(fit.width), .pixels(fit.height))), ("mode", .word(fit.mode.rawValue)),
                ("gravity", .word(fit.gravity.rawValue)), ("background", .colour(fit.background)),
                ("enlarge", .flag(fit.enlarge)),
            ]
        case .canvas(let canvas):
            [
                ("size", .size(canvas.width, canvas.height)), ("gravity", .word(canvas.gravity.rawValue)),
                ("background", .colour(canvas.background)),
            ]
        case .border(let border): [("width", .extent(border.width)), ("colour", .colour(border.colour))]
        case .sharpen(let sigma), .blur(let sigma): [("sigma", .number(sigma))]
        case .flatten(let background): [("background", .colour(background))]
        case .convertColour(let space): [("to", .word(space.rawValue))]
        case .strip(let policy): [("what", .word(policy.rawValue))]
        case .keep(let kinds): [("kinds", .words(kinds.map(\.rawValue)))]
        case .save(let save):
            [("format", .word(save.format?.rawValue ?? "keep"))]
                + (save.quality.map { [("quality", .whole($0))] } ?? [])
                + [("progressive", .flag(save.progressive)), ("lossless", .flag(save.lossless))]
                + (save.tiffCompression.map { [("compression", .word($0.rawValue))] } ?? [])
                + (save.pngCompression.map { [("png-compression", .whole($0))] } ?? [])
                + [("all-frames", .flag(save.allFrames))]
        }
    }
}
