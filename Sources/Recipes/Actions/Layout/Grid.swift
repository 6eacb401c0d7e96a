/// Copies of the picture side by side.
public struct Grid: ActionBody {
    public var columns = 2
    public var rows = 2
    public var columnLine = Extent.pixels(0)
    public var rowLine = Extent.pixels(0)
    public var line = Paint.colour(.white)
    public var keepSize = false

    public init() {}

    public static var name: ActionName { .grid }
    public static var family: ActionFamily { .layout }
    public static var summary: String { "Repeat the picture in columns and rows." }
    public static var mainField: String? { "columns" }
    public static var example: String { "grid: {columns: 3, rows: 2, column-line: 2%, row-line: 2%, line: navy, keep-size: yes}" }

    public static var fields: [FieldBinding<Grid>] {
        [
            FieldBinding("columns", "Copies side by side.", .whole(1...100), \.columns),
            FieldBinding("rows", "Copies one below the other.", .whole(1...100), \.rows),
            FieldBinding("column-line", "Width of the lines between columns.", .extent(from: 0), \.columnLine),
            FieldBinding("row-line", "Height of the lines between rows.", .extent(from: 0), \.rowLine),
            FieldBinding("line", "Colour of the lines.", .paint, \.line),
            FieldBinding("keep-size", "Whether copies shrink so that the whole has as many pixels as the picture.", .flag, \.keepSize),
        ]
    }

    public var sentence: String {
        "repeat in \(columns) columns and \(rows) rows\(keepSize ? " without more pixels" : "")"
    }

    public func add(to list: inout StepList) throws(RecipeError) {
        guard columns > 1 || rows > 1 else { return }
        let columnLine = try list.length(columnLine, of: list.width, "column-line", Self.name)
        let rowLine = try list.length(rowLine, of: list.height, "row-line", Self.name)
        if keepSize {
            let ratio = Double(columns * rows).squareRoot()
            list.resize(max(1, Int(Double(list.width) / ratio)), max(1, Int(Double(list.height) / ratio)))
        }
        let width = try list.side(Double(columns * (list.width + columnLine) - columnLine), Self.name)
        let height = try list.side(Double(rows * (list.height + rowLine) - rowLine), Self.name)
        let hasLines = columnLine > 0 || rowLine > 0
        list.append(
            .layout(.grid(columns: columns, rows: rows, columnLine: columnLine, rowLine: rowLine, hasLines ? Backdrop(line) : Backdrop(colour: .white))),
            width: width, height: height)
        if hasLines, line == .transparent { list.hasAlpha = true }
    }
}
