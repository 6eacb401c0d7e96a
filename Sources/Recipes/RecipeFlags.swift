public import JobModel

/// The actions that have a flag of their own; nil where the flag was not given.
public struct RecipeFlags: Hashable, Sendable {
    public var rotate: RotateFlag?
    public var shrink: ShrinkBound?
    public var strip: StripPolicy?
    public var format: FormatFlag?
    /// 1 to 100.
    public var quality: Int?
    public init() {}
}

/// `--rotate`.
public enum RotateFlag: Hashable, Sendable {
    /// As Orientation says.
    case auto
    /// First as Orientation says, then clockwise by this much, so that the turn is the one a viewer would show.
    case turn(QuarterTurn)

    public static let accepted = ["auto"] + QuarterTurn.allCases.map { "\($0.rawValue)" }

    public init(parsing text: String) throws(RecipeError) {
        if text.lowercased() == "auto" {
            self = .auto
        } else if let degrees = digits(text), degrees <= 360, let turn = QuarterTurn(rawValue: Int(degrees)) {
            self = .turn(turn)
        } else {
            throw RecipeError(.badValue(text, for: "rotation", accepted: Self.accepted.joined(separator: ", ")))
        }
    }
}

/// `--format`.
public enum FormatFlag: Hashable, Sendable {
    case keep
    case to(OutputFormat)

    public static let accepted = ["keep"] + OutputFormat.allCases.map(\.rawValue)

    public init(parsing text: String) throws(RecipeError) {
        self = text.lowercased() == "keep" ? .keep : .to(try OutputFormat(parsing: text))
    }

    var format: OutputFormat? {
        switch self {
        case .keep: nil
        case .to(let format): format
        }
    }
}

extension StripPolicy {
    /// `--strip`.
    public init(parsing text: String) throws(RecipeError) {
        guard let policy = StripPolicy(rawValue: text.lowercased()) else {
            let accepted = StripPolicy.allCases.map(\.rawValue).joined(separator: ", ")
            throw RecipeError(.badValue(text, for: "strip policy", accepted: accepted))
        }
        self = policy
    }
}

extension Recipe {
    /// The recipe that flags alone say, in their fixed order: orient, rotate, shrink, strip, save.
    public init(flags: RecipeFlags) throws(RecipeError) {
        self = try Recipe(actions: []).adding(flags)
    }

    /// This recipe with the flags' actions before its first save; of an only save format and quality the flags override.
    ///
    /// When the format changes, settings of the recipe's save that the new one does not have are left away.
    /// Throws what `check` throws: flags that contradict each other or the recipe.
    public func adding(_ flags: RecipeFlags) throws(RecipeError) -> Recipe {
        if let quality = flags.quality, !(1...100).contains(quality) {
            throw RecipeError(.badValue("\(quality)", for: "quality", accepted: FieldKind.whole(1...100).accepted))
        }
        let saves = actions.compactMap { $0.body as? Save }
        if saves.count > 1, flags.format != nil || flags.quality != nil {
            throw RecipeError(.contradiction("the recipe has \(saves.count) saves; format and quality are set there, not by a flag"))
        }
        var added: [Action] = []
        switch flags.rotate {
        case .auto: added.append(.autoOrient)
        case .turn(let turn): added += [.autoOrient, .rotate(turn)]
        case nil: break
        }
        if let bound = flags.shrink { added.append(.shrink(bound)) }
        if let policy = flags.strip { added.append(.strip(policy)) }
        var result = self
        let place = result.actions.firstIndex { $0.body is Save } ?? result.actions.endIndex
        if saves.count == 1 || flags.format != nil || flags.quality != nil, saves.count < 2 {
            var save = saves.first ?? Save()
            if let flag = flags.format {
                save.format = flag.format
                if let format = flag.format { save = save.keepingSettings(of: format) }
            }
            save.quality = flags.quality ?? save.quality
            result.actions.replaceSubrange(place..<(saves.isEmpty ? place : place + 1), with: [.save(save)])
        }
        result.actions.insert(contentsOf: added, at: place)
        try result.check()
        return result
    }
}
