/// The picture beside its mirror image: tiles of it have no seams.
public struct Mirroring: ActionBody {
    public var direction = MirrorDirection.both

    public init() {}
    public init(_ direction: MirrorDirection) { self.direction = direction }

    public static var name: ActionName { .mirror }
    public static var family: ActionFamily { .layout }
    public static var summary: String { "Put the mirror image beside the picture, below it or both: a tile without seams." }
    public static var mainField: String? { "direction" }
    public static var example: String { "mirror: both" }
    public static var fields: [FieldBinding<Mirroring>] { [FieldBinding("direction", "Where the mirror images stand.", \.direction)] }

    public var sentence: String {
        switch direction {
        case .horizontal: "put the mirror image to the right"
        case .vertical: "put the mirror image below"
        case .both: "put mirror images to the right and below"
        }
    }

    public func add(to list: inout StepList) throws(RecipeError) {
        let width = try list.side(Double(direction == .vertical ? list.width : 2 * list.width), Self.name)
        let height = try list.side(Double(direction == .horizontal ? list.height : 2 * list.height), Self.name)
        list.append(.layout(.mirror(direction)), width: width, height: height)
    }
}

/// Moves the picture within its frame; what leaves comes in on the other side.
public struct Offset: ActionBody {
    public var right = Extent.percent(50)
    public var down = Extent.percent(50)

    public init() {}
    public init(right: Extent, down: Extent) { (self.right, self.down) = (right, down) }

    public static var name: ActionName { .offset }
    public static var family: ActionFamily { .layout }
    public static var summary: String { "Move the picture; what leaves on one side comes in on the other." }
    public static var example: String { "offset: {right: 30%, down: -20px}" }

    public static var fields: [FieldBinding<Offset>] {
        [
            FieldBinding("right", "By how much; to the left where it is negative.", .extent(from: -sidePixelsMax), \.right),
            FieldBinding("down", "By how much; up where it is negative.", .extent(from: -sidePixelsMax), \.down),
        ]
    }

    public var sentence: String { "move \(right.spoken) to the right and \(down.spoken) down, wrapping around" }

    public func add(to list: inout StepList) throws(RecipeError) {
        let right = try list.length(right, of: list.width, from: -sidePixelsMax, "right", Self.name) % list.width
        let down = try list.length(down, of: list.height, from: -sidePixelsMax, "down", Self.name) % list.height
        if (right, down) != (0, 0) { list.append(.layout(.offset(right: right, down: down))) }
    }
}
