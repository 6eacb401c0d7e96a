public import JobModel

/// Why something found in a folder became no task. Counted and told at the end; what is named on the command line is never skipped.
public enum SkipReason: Hashable, Sendable {
    /// A name that begins with a dot.
    case hidden
    /// A folder that a file system or a storage box keeps for itself: `@eaDir`, `lost+found`.
    case systemFolder
    case insideOutput
    /// An earlier job wrote it.
    case madeByQuire
    /// By `--exclude`, or by no `--include`.
    case excluded
    /// Neither an image's extension nor an image's first bytes.
    case notImage
    /// A file with this extension, which `--only` or `--skip` leaves out: in lower case, empty for none, nil where too many differ.
    case otherKind(String?)
    /// A link to nothing, where any file is taken.
    case brokenLink
    /// A file, where folders are worked on.
    case notFolder
    /// A folder without what `--having` asks for.
    case withoutEntry
    case emptyLine
    /// Neither file nor folder.
    case special(SpecialFile)
    /// A link to a folder that it lies in.
    case symlinkLoop
    /// Found before, by another INPUT or link.
    case duplicate

    /// For the line that counts them: `12 hidden`.
    public var text: String {
        switch self {
        case .hidden: "hidden (--hidden takes them)"
        case .systemFolder: "system folders (--hidden takes them)"
        case .insideOutput: "inside the output folder"
        case .madeByQuire: "made by quire"
        case .excluded: "excluded"
        case .notImage: "no images"
        case .otherKind(let ending): ending.map { $0.isEmpty ? "without an extension" : "." + $0 } ?? "of still other kinds"
        case .brokenLink: "links to nothing"
        case .notFolder: "no folders"
        case .withoutEntry: "folders without what --having asks for"
        case .emptyLine: "empty lines"
        case .special(let kind): kind.rawValue
        case .symlinkLoop: "links to a folder above"
        case .duplicate: "found twice"
        }
    }
}

public enum SpecialFile: String, CaseIterable, Sendable {
    case pipe = "named pipes"
    case socket = "sockets"
    case blockDevice = "block devices"
    case characterDevice = "character devices"
}

/// Which kinds of files are worked on.
public enum FileKinds: Hashable, Sendable {
    /// What has an image's extension or an image's first bytes.
    case images
    /// Any regular file; with `only`, those that end in one of these extensions, and never those that end in one of `skip`. Extensions are
    /// in lower case, without a dot before them, and may hold one: `tar.gz`.
    case any(only: [String], skip: [String])

    /// Why a file of this name is not of a kind that is taken; nil when it is, or when its first bytes must decide.
    public func reason(against path: RawPath) -> SkipReason? {
        switch self {
        case .images: return nil
        case .any(let only, let skip):
            if only.isEmpty, skip.isEmpty { return nil }
            let name = path.lastComponent.bytes.map(asciiLowercased)
            let isTaken = only.isEmpty || only.contains { Self.ends(name, in: $0) }
            return isTaken && !skip.contains { Self.ends(name, in: $0) } ? nil : .otherKind(path.lowercasedExtension)
        }
    }

    private static func ends(_ name: [UInt8], in ending: String) -> Bool {
        let ending = Array(ending.utf8)
        return name.count > ending.count + 1 && name[name.count - ending.count - 1] == UInt8(ascii: ".") && name.suffix(ending.count).elementsEqual(ending)
    }
}

/// What a walk takes from a folder, as far as names decide.
public struct SkipRules: Hashable, Sendable {
    /// `--hidden`: dot names and system folders are taken too.
    public var takesHidden: Bool
    /// Absolute and normalized: folders that a walk must not enter, such as `-o`.
    public var ownFolders: [RawPath]
    public var includes: [Glob]
    public var excludes: [Glob]
    public var kinds: FileKinds

    public init(
        takesHidden: Bool = false, ownFolders: [RawPath] = [], includes: [Glob] = [], excludes: [Glob] = [], kinds: FileKinds = .images
    ) {
        self.kinds = kinds
        self.takesHidden = takesHidden
        self.ownFolders = ownFolders
        self.includes = includes
        self.excludes = excludes
    }

    /// Why the walk does not enter this folder; nil when it does. `path` is absolute and normalized, `relative` its part below the INPUT.
    public func reason(againstFolder path: RawPath, relative: RawPath) -> SkipReason? {
        if ownFolders.contains(where: path.isInside) { return .insideOutput }
        let name = relative.lastComponent
        if !takesHidden {
            if name.bytes.first == UInt8(ascii: ".") { return .hidden }
            if Self.systemFolders.contains(name) { return .systemFolder }
        }
        return excludes.contains { $0.matches(relative, isFolder: true) } ? .excluded : nil
    }

    /// Why this file is not taken; nil when it is a candidate or its first bytes must decide (`FileExtensions.isImage` tells which).
    /// `path` is absolute and normalized, `relative` its part below the INPUT.
    public func reason(againstFile path: RawPath, relative: RawPath) -> SkipReason? {
        if ownFolders.contains(where: path.isInside) { return .insideOutput }
        if !takesHidden, relative.lastComponent.bytes.first == UInt8(ascii: ".") { return .hidden }
        if excludes.contains(where: { $0.matches(relative) }) { return .excluded }
        return includes.isEmpty || includes.contains { $0.matches(relative) } ? nil : .excluded
    }

    private static let systemFolders = [RawPath("@eaDir"), RawPath("lost+found")]
}
