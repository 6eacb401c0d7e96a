import Recipes

/// The action list of `quire run --help`, from the same catalogue that recipes are checked against.
enum ActionHelp {
    static var text: String {
        ActionCatalogue.actions.flatMap { action -> [String] in
            let fields = action.fields.map { field -> String in
                switch field.presence {
                case .required: field.name
                case .optional: "[\(field.name)]"
                case .fixed(let usual): "[\(field.name): \(usual)]"
                }
            }
            return ["  \(action.name.rawValue)\(fields.isEmpty ? "" : "  " + fields.joined(separator: " "))", "      \(action.summary)"]
        }.joined(separator: "\n")
    }
}
