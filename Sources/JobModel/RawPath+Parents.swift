extension RawPath {
    /// This absolute path with `..` taken by its letters: where a file lies in a tree that has no links. Above the root is the root.
    public var withoutParents: RawPath {
        var parts: [ArraySlice<UInt8>] = []
        for part in bytes.split(separator: 0x2F) where !part.elementsEqual([0x2E]) {
            if part.elementsEqual([0x2E, 0x2E]) { _ = parts.popLast() } else { parts.append(part) }
        }
        return RawPath(bytes: [0x2F] + parts.joined(separator: [0x2F]))
    }

    /// The folders that the system goes through on its way along this absolute path and that `withoutParents` does not name: `/a/b`
    /// of `/a/b/../c`.
    public var foldersLeft: [RawPath] {
        var folders: [RawPath] = []
        var way: [ArraySlice<UInt8>] = []
        for part in bytes.split(separator: 0x2F) where !part.elementsEqual([0x2E]) {
            guard part.elementsEqual([0x2E, 0x2E]) else {
                way.append(part)
                continue
            }
            if !way.isEmpty { folders.append(RawPath(bytes: [0x2F] + way.joined(separator: [0x2F]))) }
            _ = way.popLast()
        }
        return folders
    }

    /// Whether this absolute path has more `..` than folders to leave: the system stays at the root then.
    public var climbsAboveRoot: Bool {
        var depth = 0
        for part in bytes.split(separator: 0x2F) where !part.elementsEqual([0x2E]) {
            depth += part.elementsEqual([0x2E, 0x2E]) ? -1 : 1
            if depth < 0 { return true }
        }
        return false
    }
}
