public import Variables

/// One step of a recipe. Positions and sizes are those of the upright picture as the steps before left it.
public struct Action: Hashable, Sendable {
    public let body: any ActionBody

    public init(_ body: any ActionBody) { self.body = body }

    public var name: ActionName { type(of: body).name }

    /// Whether this works on pixels; false for what concerns metadata, files and the encoding only.
    public var changesPixels: Bool { body.changesPixels }

    /// What the action does, for a person: `shrink to a long side of 1600 px`.
    public var sentence: String { body.sentence }

    /// Every field that has a value, in the order of the catalogue.
    var fieldValues: [(name: String, value: FieldValue)] { body.fieldValues }

    /// Each variable its texts and numbers ask for.
    public var variables: Set<Variable> {
        fieldValues.reduce(into: []) { found, field in found.formUnion(field.value.variables) }
    }

    public static func == (left: Action, right: Action) -> Bool { AnyHashable(left.body) == AnyHashable(right.body) }

    public func hash(into hasher: inout Hasher) { AnyHashable(body).hash(into: &hasher) }
}

extension Action {
    public static var autoOrient: Action { Action(AutoOrient()) }
    public static func rotate(_ turn: QuarterTurn) -> Action { Action(Rotation(turn)) }
    public static func flip(_ axis: FlipAxis) -> Action { Action(Flip(axis)) }
    public static func crop(_ crop: Crop) -> Action { Action(crop) }
    public static func shrink(_ bound: ShrinkBound) -> Action { Action(Shrink(to: bound)) }
    public static func fit(_ fit: Fit) -> Action { Action(fit) }
    public static func canvas(_ canvas: Canvas) -> Action { Action(canvas) }
    public static func border(_ border: Border) -> Action { Action(border) }
    public static var greyscale: Action { Action(Greyscale()) }
    public static func sharpen(sigma: Double) -> Action { Action(Sharpening(sigma: sigma)) }
    public static func blur(sigma: Double) -> Action { Action(Blur(sigma: sigma)) }
    public static func flatten(background: Colour) -> Action { Action(Flattening(background: background)) }
    public static func convertColour(to space: ColourSpace) -> Action { Action(ColourConversion(to: space)) }
    public static func strip(_ policy: StripPolicy) -> Action { Action(MetadataStripping(policy)) }
    public static func keep(_ kinds: [MetadataKind]) -> Action { Action(MetadataSelection(kinds)) }
    public static func save(_ save: Save) -> Action { Action(save) }
}
