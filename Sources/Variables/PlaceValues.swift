public import JobModel

extension VariableValues {
    /// What an input's place says: its path parts and its numbers in job and folder.
    ///
    /// - Parameter format: Of what is made of it.
    public mutating func add(_ place: InputPlace, madeAs format: OutputFormat) {
        let folder = place.relative.parent
        let isAtTop = folder.isEmpty
        plain[.subdir] = .text(folder.display)
        plain[.dir] = .text((isAtTop ? place.inputFolderName : folder).display)
        plain[.folder] = .text((isAtTop ? place.inputFolderName : folder.lastComponent).display)
        plain[.name] = .text(place.relative.lastComponent.display)
        plain[.stem] = .text(place.relative.stem.display)
        plain[.ext] = .text(FileExtensions.ofOutput(place.relative, as: format).display)
        plain[.type] = .text(place.relative.lowercasedExtension)
        plain[.index] = .number(Double(place.index))
        plain[.folderindex] = .number(Double(place.folderIndex))
    }
}

extension Variable {
    /// Whether a worker knows it from its order only.
    public var needsPlace: Bool {
        switch subject {
        case .plain(let plain): plain.needsPlace
        case .tag: false
        }
    }
}
