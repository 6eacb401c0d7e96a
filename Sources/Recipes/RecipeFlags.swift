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

    /// This recipe with the flags' actions before its save, whose format and quality the flags override.
    ///
    /// When the format changes, settings of the recipe's save that the new one does not have are left away.
    /// Throws what `check` throws: flags that contradict each other or the recipe.
    public func adding(_ flags: RecipeFlags) throws(RecipeError) -> Recipe {
        if let quality = flags.quality, !(1...100).contains(quality) {
            throw RecipeError(.badValue("\(quality)", for: "quality", accepted: FieldKind.whole(1...100).accepted))
        }
        var result = self
        let saved: Save?
        if case .save(let save)? = actions.last {
            saved = save
            result.actions.removeLast()
        } else {
            saved = nil
        }
        switch flags.rotate {
        case .auto: result.actions.append(.autoOrient)
        case .turn(let turn): result.actions += [.autoOrient, .rotate(turn)]
        case nil: break
        }
        if let bound = flags.shrink { result.actions.append(.shrink(bound)) }
        if let policy = flags.strip { result.actions.append(.strip(policy)) }
        if saved != nil || flags.format != nil || flags.quality != nil {
            var save = saved ?? Save()
            if let flag = flags.format {
                save.format = flag.format
                if let format = flag.format { save = save.keepingSettings(of: format) }
            }
            save.quality = flags.quality ?? save.quality
            result.actions.append(.save(save))
        }
        try result.check()
        return result
    }
}
