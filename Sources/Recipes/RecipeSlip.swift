/// What people who know other programs, or write YAML once a year, get wrong in recipes, and what to write instead.
///
/// Asked only about what is no action, field or value here; nil where nothing usual is seen.
enum RecipeSlip {
    /// A colon or blank left out behind the name, another program's word, or an action that would run code.
    static func cure(ofAction text: String) -> String? {
        switch text.lowercased() {
        case "geek": return "geek is called command here: - command: \"convert {in} -charcoal 2 {out}\", with --allow-commands"
        case "blender":
            return "blender renders scenes, not files of a batch: use quire exec -- blender -b SCENE ..., or perspective, reflection and shadow"
        case "resize", "thumbnail", "resample":
            return "\(quoted(text)) is called shrink here, which never enlarges, or scale: - shrink: 1600"
        case "convert", "format", "quality", "compress":
            return "\(quoted(text)) is a matter of save: - save: {format: jpeg, quality: 85}"
        default: break
        }
        let word = text.prefix { $0.isLetter || $0 == "-" || $0 == "_" }
        guard word.count < text.count, let name = ActionName(rawValue: canonicalSpelling(String(word))) else { return nil }
        let example = ActionCatalogue.description(of: name).example
        return "\(quoted(text)) is no action; behind \(name.rawValue) a colon and a blank belong, on a line of its own: - \(example)"
    }

    /// A value of another action's, given to an action without naming its field.
    static func cure(of value: RecipeValue, as name: ActionName) -> String? {
        guard case .scalar(let text) = value.content else { return nil }
        switch (name, text.lowercased()) {
        case (.rotate, "auto"): return "rotate takes degrees; what turns pictures as the camera was held is an action of its own: - auto-orient"
        case (.rotate, "left"): return "rotate takes degrees, clockwise: - rotate: 270"
        case (.rotate, "right"): return "rotate takes degrees, clockwise: - rotate: 90"
        case (.crop, "auto"): return "what is cut off by itself is a mode of crop: - crop: {mode: auto}"
        default: return nil
        }
    }

    /// `text: {year}` without quotes is a map in YAML, with the variable for a field.
    ///
    /// - Parameter entries: all that was given to the action. Beside others the one without a value is a name misspelt.
    static func cure(ofFields entries: [RecipeValue.Entry], of action: ActionDescription) -> String? {
        guard entries.count == 1, case .scalar("") = entries[0].value.content, let main = action.fields.first(where: { $0.name == action.mainField }), main.kind.isText
        else { return nil }
        return "put a text that begins with a brace in quotes: '{\(entries[0].name)}'"
    }

    /// A variable as Phatch writes it would stand in the picture or name as it is.
    ///
    /// What is no name of Phatch's stays text: `< year>` does. A command line is for another program, which may want such words.
    static func cure(ofText text: String, in action: ActionName) -> String? {
        if action == .command { return nil }
        var rest = text[...]
        while let start = rest.firstIndex(of: "<") {
            rest = rest[rest.index(after: start)...]
            guard let end = rest.firstIndex(of: ">") else { return nil }
            let inside = rest[..<end].drop { $0 == "#" }
            if let cure = cure(ofPhatchVariable: inside.prefix { $0 != "." }) {
                return "\(quoted("<\(rest[..<end])>")) is how Phatch writes a variable; \(cure)"
            }
        }
        return nil
    }

    private static func cure(ofPhatchVariable name: Substring) -> String? {
        switch name {
        case "filename": "here it is {stem}"
        case "folder": "here it is {dir}"
        case "foldername": "here it is {folder}"
        case "subfolder": "here it is {subdir}"
        case "type": "here it is {ext}"
        case "imageindex": "here it is {index}"
        case "index", "folderindex": "here it is {\(name)}, with zeros {\(name):04}"
        case "width", "height", "filesize", "format", "mode", "dpi", "aspect", "orientation", "year", "month", "monthname", "day", "weekday",
            "weekdayname", "hour", "minute", "second":
            "here it is {\(name)}"
        case "desktop", "root", "path": "here -o names the folder of the results"
        default:
            name.hasPrefix("Exif_") || name.hasPrefix("Iptc_") ? "here tags are written as {exif:DateTimeOriginal.year}, {iptc:City}" : nil
        }
    }
}

extension FieldKind {
    /// Whether a person writes free text in it, perhaps with variables.
    var isText: Bool {
        switch self {
        case .template, .text, .texts: true
        case .choice, .choices, .whole, .odd, .number, .flag, .extent, .size, .bound, .colour, .paint, .asset, .byteSize: false
        }
    }
}
