public import JobModel
import LinuxSystem
import Recipes
import TerminalUI

/// Where recipes come from: a file, the user's own by name (`$XDG_CONFIG_HOME/quire/recipes`, else `~/.config/quire/recipes`), or
/// one that comes with the program.
public struct RecipeLibrary {
    /// The user's own recipes; nil without a HOME.
    let folder: RawPath?

    public init() {
        let home = environmentVariable("HOME").flatMap { $0.isAbsolute ? $0.appending(".config") : nil }
        let configuration = environmentVariable("XDG_CONFIG_HOME").flatMap { $0.isAbsolute ? $0 : nil } ?? home
        folder = configuration?.appending("quire/recipes")
    }

    init(folder: RawPath?) { self.folder = folder }

    /// A recipe's text and where it is from.
    struct Source {
        var name: String
        /// Nil for one that comes with the program.
        var path: RawPath?
        /// Nil where the file is read when it is needed.
        var text: String?

        /// As errors name it.
        var place: String { path?.display ?? name }
    }

    private static let endings = ["yaml", "yml"]
    /// Files looked at in the user's folder.
    private static let filesMax = 10_000

    /// What `--recipe WORD` means: a file of that name, else the user's recipe, else a ready-made one.
    func source(_ word: RawPath) throws(HeadError) -> Source {
        // A folder of that name is what the same command made the last time: --recipe web -o web.
        let facts = try system("look at \(word)") { () throws(SystemError) in try FileOperation.factsIfPresent(of: word) }
        if let facts, facts.type != .folder { return Source(name: word.stem.display, path: word) }
        let missing = facts == nil ? "there is no file \(word)" : "\(word) is a folder"
        guard !word.bytes.contains(0x2F), let name = word.utf8Text else {
            throw .usage("the recipe cannot be read: \(missing)")
        }
        let known = try all()
        if let found = known.first(where: { $0.name == name }) { return found }
        let near = nearestName(to: name, among: known.map(\.name)).map { "; did you mean '\($0)'?" } ?? "; 'quire recipe list' shows them"
        throw .usage("\(missing), and there is no recipe of that name\(near)")
    }

    /// The user's own in the order of their names, then the ready-made ones that none of them hides.
    func all() throws(HeadError) -> [Source] {
        var found: [Source] = []
        if let folder {
            do throws(SystemError) {
                let entries = try FolderListing.entries(of: folder, where: { Self.endings.contains($0.lowercasedExtension) })
                found = entries.prefix(Self.filesMax).map { Source(name: $0.name.stem.display, path: folder.appending($0.name)) }
                    .sorted { $0.name < $1.name }
            } catch {
                if !error.isNotFound { throw .system(doing: "list the recipes in \(folder)", error) }
            }
        }
        let own = Set(found.map(\.name))
        return found + ReadyMadeRecipes.all.filter { !own.contains($0.name) }.map { Source(name: $0.name, text: $0.text) }
    }

    func file(_ source: Source) throws(HeadError) -> RecipeFile { try RecipeFileReading.read(source) }

    /// Where a new recipe of the user goes.
    func place(ofNew name: String) throws(HeadError) -> RawPath {
        let path = RawPath(name)
        if name.utf8.contains(0x2F) || Self.endings.contains(path.lowercasedExtension) { return path }
        guard let folder else { throw .usage("there is no HOME to keep recipes in; give the name of a file, such as ./\(name).yaml") }
        let isPlain = !name.isEmpty && !name.hasPrefix(".") && !name.hasPrefix("-")
        guard isPlain else { throw .usage("'\(name)' cannot be the name of a recipe") }
        return folder.appending("\(name).yaml")
    }
}
