public import JobModel

/// Where outputs go: the rules of `-o` and `--name` in one place.
public struct OutputNames: Hashable, Sendable {
    /// `-o`; nil without it.
    public var outputFolder: RawPath?
    /// `--name`; nil without it.
    public var template: NameTemplate?

    /// Nil when neither is given: then there are no output files (only a PDF, or `--in-place`, whose names are the inputs').
    public init?(outputFolder: RawPath?, template: NameTemplate?) {
        if outputFolder == nil, template == nil { return nil }
        self.outputFolder = outputFolder
        self.template = template
    }

    /// The final path of a file's output, or of one page of it; see `NameSource` for what it needs to know.
    ///
    /// Without a template the tree is replicated under `-o`. A template's name goes under `-o` too, unless it begins with `{dir}`, which
    /// then is the folder under `-o`, or is absolute. Without `-o` a name that does not begin with `{dir}` is relative to the working
    /// folder, as every path on a command line. Throws what `NameTemplate.render` throws.
    public func finalPath(_ source: NameSource, page: Int? = nil) throws(PlanningError) -> RawPath {
        let ending = Self.fileExtension(of: source.relative, as: source.format)
        guard let template else {
            guard let outputFolder else { preconditionFailure("output names need a folder or a template") }
            let whole = outputFolder.appending(Self.replacingExtension(of: source.relative, with: ending))
            return page.map { Self.pageName(of: whole, page: $0) } ?? whole
        }
        let facts = NameFacts(
            ownFolder: ownFolder(of: source), relative: source.relative, inputFolderName: source.inputFolderName,
            outputExtension: ending,
            task: source.task, folderIndex: source.folderIndex, page: page ?? 1, identity: source.identity, probe: source.probe)
        let rendered = try template.render(facts)
        let path = template.beginsWithDir ? rendered : outputFolder?.appending(rendered) ?? rendered
        guard let page, !template.usesPage else { return path }
        return Self.pageName(of: path, page: page)
    }

    private func ownFolder(of source: NameSource) -> RawPath {
        let folder = outputFolder?.appending(source.relative.parent) ?? source.path.parent
        return folder.isEmpty ? RawPath(".") : folder
    }

    /// The extension of an output: the input's own spelling while the format stays, else the format's usual one.
    public static func fileExtension(of input: RawPath, as format: OutputFormat) -> RawPath {
        FileExtensions.ofOutput(input, as: format)
    }

    static func replacingExtension(of path: RawPath, with ending: RawPath) -> RawPath {
        path.parent.appending(RawPath(bytes: path.stem.bytes + [dot] + ending.bytes))
    }

    /// `scan.tif` becomes `scan-3.tif`: one output of a file of several pages. `page` counts from 1.
    public static func pageName(of final: RawPath, page: Int) -> RawPath {
        inserting("-\(page)", into: final)
    }

    /// Another name for an output that would take one already given (`--collisions rename`).
    ///
    /// First try (`attempt` 1) of a converted file: its whole input name and the new extension, `IMG_1.heic.jpg`. Then, and for files
    /// that keep their format: `IMG_1~2.jpg`, `IMG_1~3.jpg`...
    public static func renamed(_ final: RawPath, input: RawPath, isConverted: Bool, attempt: Int) -> RawPath {
        if attempt == 1, isConverted, let own = input.fileExtension {
            return inserting([dot] + own.bytes, into: final)
        }
        return inserting("~\(attempt + (isConverted ? 0 : 1))", into: final)
    }

    private static func inserting(_ text: String, into path: RawPath) -> RawPath { inserting(Array(text.utf8), into: path) }

    private static func inserting(_ bytes: [UInt8], into path: RawPath) -> RawPath {
        let ending = path.fileExtension.map { [dot] + $0.bytes } ?? []
        let name = RawPath(bytes: path.stem.bytes + bytes + ending)
        return path.parent.appending(name)
    }
}

/// What of an input and its place decides the output's name.
public struct NameSource: Hashable, Sendable {
    /// The input as it is opened.
    public var path: RawPath
    /// Below its INPUT folder; the bare name for an INPUT that is a file.
    public var relative: RawPath
    /// The real name of the INPUT folder (also for `.`), or of the folder a file INPUT lies in; may be empty for the root.
    public var inputFolderName: RawPath
    public var format: OutputFormat
    public var task: TaskIndex
    /// Place in its folder, from 1.
    public var folderIndex: Int
    public var identity: InputIdentity
    /// Needed where the template's `needsProbe` says so.
    public var probe: ProbeFacts?

    public init(
        path: RawPath, relative: RawPath, inputFolderName: RawPath, format: OutputFormat, task: TaskIndex, folderIndex: Int,
        identity: InputIdentity, probe: ProbeFacts? = nil
    ) {
        self.path = path
        self.relative = relative
        self.inputFolderName = inputFolderName
        self.format = format
        self.task = task
        self.folderIndex = folderIndex
        self.identity = identity
        self.probe = probe
    }
}
