import JobModel
import JobStore
import LinuxSystem

/// Finds PDFs that an earlier run made for a book and that this run, with fewer volumes or one, did not replace.
///
/// quire deletes nothing unasked, so they are named: nobody shall take `album-003.pdf` of last year for a part of today's album.
struct StaleVolumes {
    let ledger: OutputLedger
    let workingFolder: RawPath

    /// Files beside the books that were bound; each folder is read once.
    func find(beside books: [PlannedBook], _ bound: [BoundVolume]) throws(HeadError) -> [RawPath] {
        let made = Set(bound.map(\.path))
        let whole = books.filter { made.contains($0.path) || made.contains($0.volumePath(0, of: 2)) }
        var stale: [RawPath] = []
        for (folder, books) in Dictionary(grouping: whole, by: \.path.parent).sorted(by: { $0.key < $1.key }) {
            let names = Set(books.map(\.path.lastComponent))
            let entries: [FolderEntry]
            do throws(SystemError) {
                entries = try LinuxSystem.FolderListing.entries(
                    of: folder,
                    where: { name in
                        (names.contains(name) || names.contains(name.withoutVolumeNumber)) && !made.contains(folder.appending(name))
                    })
            } catch {
                // A folder that may be written to but not read tells nothing.
                if error.isDenied { continue }
                throw .system(doing: "look for volumes of an earlier run in \(folder)", error)
            }
            for entry in entries.sorted(by: { $0.name < $1.name }) {
                let path = folder.appending(entry.name)
                let ownBooks = [entry.name, entry.name.withoutVolumeNumber].filter(names.contains).map {
                    workingFolder.appending(folder.appending($0)).normalized
                }
                let known = try journal { () throws(JobStoreError) in
                    try ledger.entry(for: workingFolder.appending(path).normalized)
                }
                if let known, known.outputIdentity == entry.facts?.identity, ownBooks.contains(known.input) { stale.append(path) }
            }
        }
        return stale
    }
}

extension RawPath {
    /// `album-012.pdf` as `album.pdf`; the name itself when it has no number.
    var withoutVolumeNumber: RawPath {
        let digits = stem.bytes.reversed().prefix { (0x30...0x39).contains($0) }.count
        let start = stem.bytes.dropLast(digits)
        guard digits >= 3, start.last == 0x2D else { return self }
        return RawPath(bytes: Array(start.dropLast()) + (fileExtension.map { [0x2E] + $0.bytes } ?? []))
    }
}
