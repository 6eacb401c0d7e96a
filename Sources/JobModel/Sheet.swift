/// One contact sheet to be put together from small pictures.
public struct SheetOrder: Hashable, Sendable {
    /// Folder that the final name will stand in; it exists.
    public var folder: RawPath
    public var format: OutputFormat
    /// Cells side by side.
    public var columns: Int
    /// Of the room for a picture, in pixels.
    public var cellSide: Int
    public var hasCaptions: Bool
    /// In reading order, at most `cellsMax`.
    public var cells: [SheetCell]

    public static let cellsMax = 400
    public static let cellSideRange = 32...1024
    public static let columnsRange = 1...40
    /// Of one sheet.
    public static let pixelsMax = 120_000_000

    public init(folder: RawPath, format: OutputFormat, columns: Int, cellSide: Int, hasCaptions: Bool, cells: [SheetCell]) {
        self.folder = folder
        self.format = format
        self.columns = columns
        self.cellSide = cellSide
        self.hasCaptions = hasCaptions
        self.cells = cells
    }
}

public struct SheetCell: Hashable, Sendable {
    public enum Content: Hashable, Sendable {
        /// A JPEG as a `thumbnail` order makes it.
        case picture([UInt8])
        /// A file that cannot be shown, and why in a word or two.
        case absent(String)
    }

    public var content: Content
    public var caption: String

    public init(_ content: Content, caption: String) {
        self.content = content
        self.caption = caption
    }
}
