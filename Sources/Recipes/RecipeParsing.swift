/// What a recipe file says: the recipe, and its wishes for the PDF.
public struct RecipeFile: Hashable, Sendable {
    public var recipe: Recipe
    public var pdf: PDFWishes

    public init(recipe: Recipe, pdf: PDFWishes) {
        self.recipe = recipe
        self.pdf = pdf
    }

    /// Reads a file's value tree; `file` is named in errors. Nothing in a recipe file is ever executed.
    public init(parsing value: RecipeValue, file: String) throws(RecipeError) {
        let reader = RecipeReader(file: file)
        let accepted = ["name", "actions", "pdf"]
        if case .list = value.content {
            throw reader.error(.wrongShape(of: "a recipe", accepted: "a map: put 'actions:' on a line above the list"), value)
        }
        var name: String?
        var actions: [Action]?
        var pdf: PDFWishes?
        for entry in try reader.entries(of: value, "a recipe", accepted: "a map with \(accepted.joined(separator: ", "))") {
            switch entry.name {
            case "name":
                guard name == nil else { throw reader.error(.repeatedField("name"), entry) }
                let text = try reader.scalar(entry.value, "name")
                guard text.utf8.count <= Recipe.nameBytesMax else {
                    throw reader.error(.tooLong("name", limit: "\(Recipe.nameBytesMax) bytes"), entry.value)
                }
                name = text
            case "actions":
                guard actions == nil else { throw reader.error(.repeatedField("actions"), entry) }
                actions = try reader.actions(entry.value)
            case "pdf":
                guard pdf == nil else { throw reader.error(.repeatedField("pdf"), entry) }
                pdf = try reader.pdf(entry.value)
            default:
                if ActionName(rawValue: canonicalSpelling(entry.name)) != nil {
                    throw reader.error(.contradiction("\(quoted(entry.name)) is an action; it stands behind a dash in the list below 'actions:'"), entry)
                }
                throw reader.error(.unknownKey(entry.name, accepted: accepted), entry)
            }
        }
        self.init(recipe: Recipe(name: name, actions: actions ?? []), pdf: pdf ?? PDFWishes())
    }
}

extension Recipe {
    /// The recipe of a file alone; see `RecipeFile` for its wishes for the PDF.
    public init(parsing value: RecipeValue, file: String) throws(RecipeError) {
        self = try RecipeFile(parsing: value, file: file).recipe
    }
}

/// Walks a value tree and gives every error its place.
struct RecipeReader {
    let file: String

    func error(_ problem: RecipeProblem, _ value: RecipeValue) -> RecipeError {
        RecipeError(problem, at: RecipePlace(file: file, line: value.line, column: value.column))
    }

    func error(_ problem: RecipeProblem, _ entry: RecipeValue.Entry) -> RecipeError {
        RecipeError(problem, at: RecipePlace(file: file, line: entry.line, column: entry.column))
    }

    func placed<Value>(_ value: RecipeValue, _ body: () throws(RecipeError) -> Value) throws(RecipeError) -> Value {
        do throws(RecipeError) { return try body() } catch {
            throw error.place == nil ? self.error(error.problem, value) : error
        }
    }

    func entries(of value: RecipeValue, _ what: String, accepted: String) throws(RecipeError) -> [RecipeValue.Entry] {
        switch value.content {
        case .map(let entries): return entries
        case .scalar(let text) where text.isEmpty: return []
        case .scalar, .list: throw error(.wrongShape(of: what, accepted: accepted), value)
        }
    }

    func scalar(_ value: RecipeValue, _ what: String) throws(RecipeError) -> String {
        switch value.content {
        case .scalar(let text): return text
        case .list, .map: throw error(.wrongShape(of: what, accepted: "one value"), value)
        }
    }

    func actions(_ value: RecipeValue) throws(RecipeError) -> [Action] {
        let items: [RecipeValue]
        switch value.content {
        case .list(let list): items = list
        case .scalar(let text) where text.isEmpty: items = []
        case .scalar, .map:
            throw error(.wrongShape(of: "actions", accepted: "a list, each line with a dash and a blank: - auto-orient"), value)
        }
        guard items.count <= Recipe.actionsMax else {
            throw error(.tooLong("the list of actions", limit: "\(Recipe.actionsMax)"), items[Recipe.actionsMax])
        }
        var actions: [Action] = []
        for item in items { actions.append(try action(item)) }
        if let found = Recipe.firstProblem(in: actions) { throw error(found.problem, items[found.index]) }
        return actions
    }

    private func action(_ item: RecipeValue) throws(RecipeError) -> Action {
        let shape = RecipeProblem.wrongShape(of: "an action", accepted: "a name, name: value or name: {field: value}")
        switch item.content {
        case .scalar(let text):
            let name = try actionName(text, item.line, item.column)
            return try placed(item) { () throws(RecipeError) in try ActionFields(name).action() }
        case .map(let entries):
            guard let entry = entries.first else { throw error(shape, item) }
            let name = try actionName(entry.name, entry.line, entry.column)
            if entries.count > 1 { throw error(secondName(entries[1], of: name) ?? shape, entries[1]) }
            var fields = ActionFields(name)
            try read(entry.value, into: &fields)
            return try placed(item) { () throws(RecipeError) in try fields.action() }
        case .list: throw error(shape, item)
        }
    }

    /// YAML's classic slip: fields not indented below their action stand beside it.
    private func secondName(_ entry: RecipeValue.Entry, of name: ActionName) -> RecipeProblem? {
        let isField = ActionCatalogue.description(of: name).fields.contains { $0.name == entry.name }
        return isField
            ? .wrongShape(of: "field \(entry.name) of \(name.rawValue)", accepted: "indented below \(name.rawValue)") : nil
    }

    private func actionName(_ text: String, _ line: Int, _ column: Int) throws(RecipeError) -> ActionName {
        guard let name = ActionName(rawValue: canonicalSpelling(text)) else {
            let place = RecipePlace(file: file, line: line, column: column)
            if let other = RecipeSlip.cure(ofAction: text) { throw RecipeError(.contradiction(other), at: place) }
            throw RecipeError(.unknownAction(text, accepted: ActionName.allCases.map(\.rawValue)), at: place)
        }
        return name
    }

    private func read(_ value: RecipeValue, into fields: inout ActionFields) throws(RecipeError) {
        let description = ActionCatalogue.description(of: fields.name)
        switch value.content {
        case .scalar(let text) where text.isEmpty: break
        case .scalar, .list:
            guard let main = description.fields.first(where: { $0.name == description.mainField }) else {
                let accepted = description.fields.isEmpty ? "without a value" : "given by its fields, as in \(description.example)"
                throw error(.wrongShape(of: fields.name.rawValue, accepted: accepted), value)
            }
            if let cure = RecipeSlip.cure(of: value, as: fields.name) { throw error(.contradiction(cure), value) }
            // Who wrote `rotate: left` did not write `degrees`.
            try read(value, as: main, called: fields.name.rawValue, into: &fields)
        case .map(let entries):
            for entry in entries {
                let name = canonicalSpelling(entry.name)
                guard let field = description.fields.first(where: { $0.name == name }) else {
                    if let cure = RecipeSlip.cure(ofFields: entries, of: description) { throw error(.contradiction(cure), entry) }
                    let accepted = description.fields.map(\.name)
                    throw error(.unknownField(entry.name, of: fields.name.rawValue, accepted: accepted), entry)
                }
                guard !fields.has(name) else { throw error(.repeatedField(name), entry) }
                try read(entry.value, as: field, called: field.name, into: &fields)
            }
        }
    }

    /// - Parameter name: what a message calls the field.
    private func read(
        _ value: RecipeValue, as field: FieldDescription, called name: String, into fields: inout ActionFields
    ) throws(RecipeError) {
        let read: FieldValue
        switch value.content {
        case .scalar(let text):
            if field.kind.isText, let cure = RecipeSlip.cure(ofText: text, in: fields.name) { throw error(.contradiction("\(name): \(cure)"), value) }
            read = try placed(value) { () throws(RecipeError) in try field.kind.read(text, field: name) }
        case .list(let items):
            var words: [String] = []
            for item in items { words.append(try scalar(item, name)) }
            read = try placed(value) { () throws(RecipeError) in try field.kind.read(words, field: name) }
        case .map: throw error(.wrongShape(of: name, accepted: field.kind.accepted), value)
        }
        fields.set(field.name, read)
    }
}
