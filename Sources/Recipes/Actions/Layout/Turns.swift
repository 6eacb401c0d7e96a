/// Turn the picture as its Orientation says and reset the tag.
public struct AutoOrient: ActionBody {
    public init() {}
    public static var name: ActionName { .autoOrient }
    public static var family: ActionFamily { .layout }
    public static var summary: String { "Turn the picture as its Orientation says and reset the tag." }
    public static var example: String { "auto-orient" }
    public static var fields: [FieldBinding<AutoOrient>] { [] }
    public var sentence: String { "turn upright as Orientation says" }
    public func add(to list: inout StepList) { list.wantsUpright = true }
}

/// Clockwise by a right angle.
public struct Rotation: ActionBody {
    public var turn: QuarterTurn

    public init() { self.init(.quarter) }
    public init(_ turn: QuarterTurn) { self.turn = turn }

    public static var name: ActionName { .rotate }
    public static var family: ActionFamily { .layout }
    public static var summary: String { "Turn the picture clockwise." }
    public static var mainField: String? { "degrees" }
    public static var example: String { "rotate: 90" }

    public static var fields: [FieldBinding<Rotation>] {
        [
            FieldBinding(
                "degrees", "By how much.", .choice(QuarterTurn.allCases.map { "\($0.rawValue)" }), .required,
                read: { .word("\($0.turn.rawValue)") },
                write: { rotation, value in
                    guard case .word(let word) = value, let turn = Int(word).flatMap(QuarterTurn.init) else {
                        preconditionFailure("degrees of rotate are \(value)")
                    }
                    rotation.turn = turn
                })
        ]
    }

    public var sentence: String { "rotate clockwise by \(turn.rawValue)°" }

    public func add(to list: inout StepList) {
        let swaps = turn != .half
        list.append(.rotate(turn), width: swaps ? list.height : list.width, height: swaps ? list.width : list.height)
    }
}

/// Two sides change places.
public struct Flip: ActionBody {
    public var axis: FlipAxis

    public init() { self.init(.horizontal) }
    public init(_ axis: FlipAxis) { self.axis = axis }

    public static var name: ActionName { .flip }
    public static var family: ActionFamily { .layout }
    public static var summary: String { "Mirror the picture." }
    public static var mainField: String? { "axis" }
    public static var example: String { "flip: horizontal" }

    public static var fields: [FieldBinding<Flip>] {
        [FieldBinding("axis", "Which sides change places.", \.axis, required: true)]
    }

    public var sentence: String {
        switch axis {
        case .horizontal: "swap left and right"
        case .vertical: "swap top and bottom"
        }
    }

    public func add(to list: inout StepList) { list.append(.flip(axis)) }
}
