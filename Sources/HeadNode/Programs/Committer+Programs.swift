import Glibc
import JobModel
import JobStore
import LinuxSystem

// What a program leaves: outputs in a hidden folder of its attempt, or under their final names already where it was not told
// where to write.
extension Committer {
    /// Whether the program wrote the file where it belongs, so that there is nothing to rename.
    func standsAtHome(_ file: MadeFile, as output: RawPath) -> Bool {
        program != nil && file.temp.normalized == workingFolder.appending(output).normalized
    }

    /// Refuses a name that is taken before the first of several is given: they appear together or not at all.
    func refuseTakenNames(_ files: [MadeFile], _ outputs: [RawPath], _ earlier: [RawPath: Set<InputIdentity>]) throws(SystemError) {
        guard program != nil, files.count > 1, !replacesForeign, !finishesOthers else { return }
        for (file, output) in zip(files, outputs) where !standsAtHome(file, as: output) {
            guard let existing = try FileOperation.factsIfPresent(of: output, followingLinks: false) else { continue }
            guard existing.type == .regular, earlier[output]?.contains(existing.identity) == true else {
                throw SystemError("rename", "\(file.temp.display) to \(output.display)", code: EEXIST)
            }
        }
    }

    /// Removes the hidden folders that held these files, with whatever else the program left there; they are empty of outputs by now.
    func removeAttemptFolders(of files: [MadeFile]) {
        guard program != nil else { return }
        for folder in Set(files.map(\.temp.parent)) where JobFolder.isAttemptFolder(folder, of: job) { JobFolder.removeTreeIfPossible(folder) }
    }
}
