import JobModel
import JobStore
import LinuxSystem
import Recipes
import TerminalUI

/// Whether the PDFs of `quire pdf` find room on their file systems, asked before any work.
///
/// Pages of inputs as they are take the sizes of these, so what is missing is known now and not after hours. Two things
/// make a book smaller than that: equal files are stored once, and a file that fails leaves a page of some hundred bytes.
struct SpaceCheck {
    let plan: JobPlan
    let store: JobStore
    /// The largest input that is worked on at all.
    let fileBytesMax: UInt64

    enum Verdict {
        case fits
        /// There is less room than all files together take; equal ones among them may still make it fit.
        case doubtful(String)
        /// Even without equal files it cannot fit.
        case short(String)
    }

    /// What stands beside its picture for each page, about.
    private static let pageOverheadBytes: UInt64 = 400

    func verdict() throws(HeadError) -> Verdict {
        guard plan.bindsInputsAsTheyAre else { return .fits }
        var doubt: String?
        for (_, disk) in try disks().sorted(by: { $0.key < $1.key }) {
            let needed = disk.books.reduce(UInt64(0)) { sum, index in
                let book = plan.books[index]
                return sum + book.inputBytes + Self.pageOverheadBytes * UInt64(book.inputCount)
            }
            let folder = disk.folder
            let free = try HeadNode.system("look for free space") { () throws(SystemError) in try FileOperation.freeBytes(at: folder) }
            guard needed > free else { continue }
            let what = disk.books.count == 1 ? "the PDF \(plan.books[disk.books[0]].path)" : "\(HumanText.count(disk.books.count)) PDFs"
            let text = "\(what) will take about \(HumanText.bytes(needed)), and \(folder) has \(HumanText.bytes(free)) free"
            if try certainBytes(Set(disk.books)) > free {
                return .short("\(text): free \(HumanText.bytes(needed - free)) there, or put it elsewhere, and run the command again")
            }
            doubt = "\(text); going on, since files of equal bytes are stored once"
        }
        return doubt.map { .doubtful($0) } ?? .fits
    }

    /// Books by the device they will lie on, with a folder that is there already.
    private func disks() throws(HeadError) -> [UInt64: (folder: RawPath, books: [Int])] {
        var disks: [UInt64: (folder: RawPath, books: [Int])] = [:]
        var known: [RawPath: UInt64] = [:]
        for (index, book) in plan.books.enumerated() {
            let parent = book.path.parent
            if let device = known[parent] {
                disks[device]?.books.append(index)
                continue
            }
            let (folder, device) = try existing(parent)
            known[parent] = device
            disks[device, default: (folder, [])].books.append(index)
        }
        return disks
    }

    private func existing(_ wanted: RawPath) throws(HeadError) -> (folder: RawPath, device: UInt64) {
        var folder = wanted.isEmpty ? RawPath(".") : wanted
        while true {
            let asked = folder
            let facts = try HeadNode.system("look at \(asked)") { () throws(SystemError) in try FileOperation.factsIfPresent(of: asked) }
            if let facts { return (folder, facts.device) }
            folder = folder.parent.isEmpty ? RawPath(".") : folder.parent
        }
    }

    /// What these books take even if every two files of one size are equal and only JPEG files turn out to be pictures.
    private func certainBytes(_ books: Set<Int>) throws(HeadError) -> UInt64 {
        guard plan.recipe.stripPolicy == .none else { return 0 }
        // A bit for each of 2^23 residues: two sizes of one residue count once, which errs on the safe side.
        var seen = [UInt64](repeating: 0, count: 1 << 17)
        var sum: UInt64 = 0
        try store.forEachRecord(in: 0..<plan.taskCount) { record in
            let task = record.task
            let size = task.identity.sizeBytes
            guard books.contains(task.book), record.outcome.state == .planned, size <= fileBytesMax,
                FileExtensions.format(of: task.input.lowercasedExtension) == .jpeg
            else { return }
            let residue = Int(size % (1 << 23))
            if seen[residue >> 6] >> UInt64(residue & 63) & 1 == 1 { return }
            seen[residue >> 6] |= 1 << UInt64(residue & 63)
            sum += size
        }
        return sum
    }
}
