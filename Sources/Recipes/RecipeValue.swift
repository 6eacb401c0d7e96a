/// A recipe file as a tree of values, each with its place; an adapter makes it from a YAML or JSON document.
public struct RecipeValue: Hashable, Sendable {
    public enum Content: Hashable, Sendable {
        /// The text as written, without quotes. An absent value (`save:`) is the empty text.
        case scalar(String)
        case list([RecipeValue])
        /// In the order of the file; a key may stand twice here and is refused by the reader.
        case map([Entry])
    }

    /// One `name: value` of a map, with the place of the name.
    public struct Entry: Hashable, Sendable {
        public var name: String
        public var line: Int
        public var column: Int
        public var value: RecipeValue

        public init(name: String, line: Int, column: Int, value: RecipeValue) {
            self.name = name
            self.line = line
            self.column = column
            self.value = value
        }
    }

    public var content: Content
    /// From 1.
    public var line: Int
    /// From 1.
    public var column: Int

    public init(_ content: Content, line: Int, column: Int) {
        self.content = content
        self.line = line
        self.column = column
    }
}
