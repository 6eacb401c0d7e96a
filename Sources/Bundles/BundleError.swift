public import JobModel
public import LinuxSystem

/// Why a bundle could not be made here, or not be kept there.
public enum BundleError: Error, Hashable, Sendable {
    /// A call of the system, with what was being done.
    case system(doing: String, SystemError)
    /// The program names no loader: a script, or no program at all.
    case notDynamic(RawPath)
    /// Libraries a program needs that this machine does not have.
    case librariesMissing(program: RawPath, [String])
    /// A helper that was asked something ended without an answer.
    case helperFailed(RawPath, String)
    /// The files add up to no bundle that may be unpacked: too many, too large or oddly named.
    case notABundle(String)
    /// What arrived for a file is not what was announced.
    case wrongContent(RawPath)
    /// No folder of the host takes a bundle; by folder, why.
    case noPlace([String])
}

extension BundleError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .system(let doing, let error): "cannot \(doing): \(error); \(error.cure)"
        case .notDynamic(let program): "\(program) names no loader, so it cannot be bundled; build it with scripts/build"
        case .librariesMissing(let program, let names):
            "\(program) needs libraries that are not on this machine: \(names.joined(separator: ", ")); install them"
        case .helperFailed(let program, let text): "\(program) gave no answer: \(text); see that it runs here"
        case .notABundle(let text): "this is no bundle: \(text)"
        case .wrongContent(let name): "\(name) of the bundle arrived damaged; try again"
        case .noPlace(let reasons): "no folder takes the bundle (\(reasons.joined(separator: "; "))); free some space there"
        }
    }
}

/// Runs system calls on behalf of something a person can name.
func system<Result>(_ doing: String, _ body: () throws(SystemError) -> Result) throws(BundleError) -> Result {
    do throws(SystemError) { return try body() } catch { throw .system(doing: doing, error) }
}
