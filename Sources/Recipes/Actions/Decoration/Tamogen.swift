/// A picture made of small pictures (Phatch's tone altering mosaic generator).
public struct Tamogen: ActionBody {
    public var tiles = Asset.none
    public var across = 1
    public var down = 1
    public var columns = 10
    public var rows = 10
    public var width = Extent.percent(100)
    public var height = Extent.percent(100)

    public init() {}

    public static var name: ActionName { .tamogen }
    public static var family: ActionFamily { .decoration }
    public static var summary: String { "Build the picture from small ones, each brought to the colour of its place." }
    public static var mainField: String? { "tiles" }
    public static var example: String { "tamogen: {tiles: sheet.jpg, across: 8, down: 6, columns: 60, rows: 45}" }

    public static var fields: [FieldBinding<Tamogen>] {
        [
            FieldBinding("tiles", "A picture of equal tiles side by side, or a single one.", .asset, \.tiles, required: true),
            FieldBinding("across", "How many tiles stand in it side by side.", .whole(1...64), \.across),
            FieldBinding("down", "How many tiles stand in it one below the other.", .whole(1...64), \.down),
            FieldBinding("columns", "How many tiles the result has side by side.", .whole(1...500), \.columns),
            FieldBinding("rows", "How many tiles the result has one below the other.", .whole(1...500), \.rows),
            FieldBinding("width", "Of the result; a share is of the picture's.", .extent(from: 1), \.width),
            FieldBinding("height", "Of the result; a share is of the picture's.", .extent(from: 1), \.height),
        ]
    }

    public var sentence: String { "build the picture from \(columns) x \(rows) tiles of \(tiles.name)" }

    public func add(to list: inout StepList) throws(RecipeError) {
        let step = MosaicStep(
            tiles: tiles, across: across, down: down, columns: columns, rows: rows,
            width: try list.length(width, of: list.width, from: 1, to: 30_000, "width", Self.name),
            height: try list.length(height, of: list.height, from: 1, to: 30_000, "height", Self.name))
        list.append(.decoration(.mosaic(step)), width: step.width, height: step.height)
        list.loseAlpha()
        list.forgetColourSpace()
    }
}
