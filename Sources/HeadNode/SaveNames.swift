import JobModel
import JobStore
import Planning
import Recipes
import Variables

/// The names of all that a task makes: by `-o`, `--name` and what the recipe's saves say of themselves.
///
/// A save's own `name` stands in for `--name`, and its `in` is a folder below `-o`, or an absolute one instead of it.
struct SaveNames {
    private struct One {
        var names: OutputNames
        /// Nil keeps the input's.
        var format: OutputFormat?
        var usesPage: Bool
    }

    private let saves: [One]
    /// The variables of all templates.
    let variables: Set<NameVariable>

    /// Nil where no file is made beside a PDF, or each input is replaced.
    init?(_ settings: RunSettings, _ recipe: Recipe) throws(HeadError) {
        guard settings.purpose == .process else { return nil }
        let wanted = recipe.saves
        if settings.isInPlace {
            try Self.checkInPlace(wanted)
            return nil
        }
        let isPlaced = wanted.map { settings.outputFolder != nil || settings.nameTemplate != nil || $0.name != nil || $0.folder != nil }
        guard let missing = isPlaced.firstIndex(of: false) else {
            if settings.nameTemplate != nil, wanted.allSatisfy({ $0.name != nil }) {
                throw .usage("--name has nothing to name: every save of the recipe has a 'name' of its own; leave out one of the two")
            }
            saves = try wanted.map { (save) throws(HeadError) in try Self.one(save, settings) }
            variables = Set(saves.flatMap { $0.names.template?.variables ?? [] })
            return
        }
        if settings.pdf != nil, wanted.count == 1 { return nil }
        if wanted.count > 1 {
            throw .usage(
                "the recipe makes \(wanted.count) files of each picture, and save \(missing + 1) has nowhere to go; say -o FOLDER, "
                    + "or give that save a folder with 'in'")
        }
        throw .usage(
            """
            nowhere to put the results; say one of
              -o FOLDER                       files in FOLDER, the tree as it was
              --pdf FILE                      one PDF
              --in-place                      each file replaces its input
              --name '{dir}/{stem}_small.{ext}'  files beside their inputs
            """)
    }

    private static func checkInPlace(_ saves: [Save]) throws(HeadError) {
        if saves.count > 1 {
            throw .usage(
                "--in-place replaces each input by one result, and the recipe saves \(saves.count) times; use -o FOLDER, or a recipe with one save")
        }
        if saves.contains(where: { $0.name != nil || $0.folder != nil }) {
            throw .usage("--in-place writes where the inputs are, and the recipe's save has a 'name' or 'in' of its own; leave out one of the two")
        }
    }

    private static func one(_ save: Save, _ settings: RunSettings) throws(HeadError) -> One {
        let template = try (save.name ?? settings.nameTemplate).map { (text) throws(HeadError) in
            try planning { () throws(PlanningError) in try NameTemplate(text) }
        }
        guard let names = OutputNames(outputFolder: folder(of: save, settings), template: template) else {
            preconditionFailure("a save without folder and name was refused")
        }
        return One(names: names, format: save.format, usesPage: template?.usesPage == true)
    }

    /// Where a save's files go; nil where its template alone says so.
    private static func folder(of save: Save, _ settings: RunSettings) -> RawPath? {
        guard let own = save.folder.map({ RawPath($0) }) else { return settings.outputFolder }
        return settings.outputFolder?.appending(own) ?? own
    }

    /// `-o` and every folder that a save names: nothing in them is an input.
    static func folders(_ settings: RunSettings, _ recipe: Recipe) -> [RawPath] {
        Array(Set([settings.outputFolder].compactMap(\.self) + recipe.saves.compactMap { $0.folder == nil ? nil : folder(of: $0, settings) }))
    }

    /// Whether a job of these makes files beside a PDF.
    static func makesFiles(_ settings: RunSettings, _ recipe: Recipe) -> Bool {
        settings.outputFolder != nil || settings.nameTemplate != nil || settings.isInPlace
            || recipe.saves.contains { $0.name != nil || $0.folder != nil }
    }

    /// Tags that names ask for.
    static func tags(_ settings: RunSettings, _ recipe: Recipe) throws(HeadError) -> Set<String> {
        guard let names = try SaveNames(settings, recipe) else { return [] }
        return Set(names.variables.flatMap(\.probedTags))
    }

    var needsProbe: Bool { variables.contains(where: \.needsProbe) }

    var countsFolders: Bool { variables.contains { $0.asks(for: .folderindex) } }

    /// All outputs of a file, in the order of the saves. Throws what `NameTemplate.render` throws.
    func outputs(of source: NameSource) throws(PlanningError) -> [FurtherOutput] {
        try saves.map { (save) throws(PlanningError) in
            var source = source
            source.format = save.format ?? OutputFormat(keepingExtension: source.path.lowercasedExtension)
            let path = try save.names.finalPath(source).normalized
            return FurtherOutput(
                path: path, format: source.format, pageNumber: save.usesPage ? try Self.pageNumber(in: path, save.names, source) : nil)
        }
    }

    /// Where in a name the page's number stands, found by asking for the names of other pages; nil if it stands there twice.
    private static func pageNumber(in name: RawPath, _ names: OutputNames, _ source: NameSource) throws(PlanningError) -> Range<Int>? {
        let second = try names.finalPath(source, page: 2).normalized.bytes
        let long = try names.finalPath(source, page: 12_345_678).normalized.bytes
        let differing = name.bytes.indices.filter { $0 < second.count && name.bytes[$0] != second[$0] }
        let width = 8 - (long.count - name.bytes.count)
        guard name.bytes.count == second.count, differing.count == 1, let last = differing.first, (1...8).contains(width), last + 1 >= width else {
            return nil
        }
        return last + 1 - width..<last + 1
    }
}
