public import JobModel
import LinuxSystem
public import Planning
public import Recipes
public import TerminalUI

/// Everything the user asked of `quire run`, `quire pdf` or `quire exec`, checked word by word but not yet against the disk.
public struct RunSettings: Sendable {
    public enum Purpose: String, Sendable {
        /// `quire run`: a recipe makes files, a PDF, or both.
        case process
        /// `quire pdf`: pages of the inputs as they are.
        case bind
        /// `quire exec`: a program is run for each input; see `program`.
        case program
    }

    /// An INPUT as given.
    public enum Input: Hashable, Sendable {
        case path(RawPath)
        /// `@LIST`
        case list(RawPath)
        /// `-`
        case standardInput
    }

    public enum Overwrite: String, CaseIterable, Sendable {
        case changed, never, always
    }

    /// A number of failures, or a share of all files.
    public enum FailureCount: Hashable, Sendable {
        case files(Int)
        /// 1 to 100.
        case percent(Int)

        /// `20` or `5%`; nil for anything else.
        public init?(_ text: String) {
            let isPercent = text.hasSuffix("%")
            guard let number = Int(isPercent ? String(text.dropLast()) : text), number > 0, !isPercent || number <= 100 else { return nil }
            self = isPercent ? .percent(number) : .files(number)
        }

        /// As `init` reads it.
        var text: String {
            switch self {
            case .files(let count): "\(count)"
            case .percent(let part): "\(part)%"
            }
        }

        /// At least one.
        func files(of total: Int) -> Int {
            switch self {
            case .files(let count): count
            case .percent(let part): max(1, (total * part + 99) / 100)
            }
        }
    }

    /// What tells whether an input is still the one that an output was made from.
    public enum Identity: String, CaseIterable, Sendable {
        /// Path, size and modification time.
        case time
        /// Size, and where path or time differ, the SHA-256 of its bytes.
        case digest
    }

    public enum Collisions: String, CaseIterable, Sendable {
        case refuse, rename
    }

    public var purpose: Purpose
    /// quire's version and the command line, for the journal and reports.
    public var version: String
    public var command: [String]

    public var inputs: [Input] = []
    public var listsAreNulSeparated = false
    public var include: [String] = []
    public var exclude: [String] = []
    public var takesHidden = false
    public var sort: InputSort?
    public var allowsEmpty = false
    /// Work only on this many inputs spread over the plan.
    public var sampleCount: Int?

    /// A file, or the name of one of the user's recipes or a ready-made one.
    public var recipeFile: RawPath?
    /// What the recipe names, once it is read.
    public var assets: [RecipeAsset] = []
    public var flags = RecipeFlags()
    public var damage = DamagePolicy.fail
    public var limits = WorkLimits()

    public var outputFolder: RawPath?
    public var nameTemplate: String?
    public var isInPlace = false
    public var collisions = Collisions.refuse
    public var overwrite = Overwrite.changed
    public var identity = Identity.time
    /// Outputs that another build made are made again.
    public var redoesOtherBuilds = false
    /// Whether the recipe may run other programs, on this machine (`--allow-commands`).
    public var allowsCommands = false
    public var keepsTimes = false
    public var manifest: RawPath?
    public var report: RawPath?

    /// What `quire exec` runs, and how; nil for the other purposes.
    public var program: ProgramSettings?

    /// `--pdf` or the PDF of `quire pdf`; may hold template variables.
    public var pdf: String?
    public var pdfWishes = PDFWishes()

    /// Slots on this machine; nil takes what the agent finds.
    public var slots: Int?
    public var hosts = HostSettings()
    public var timeoutSeconds: UInt32?
    public var drainSeconds = 30
    /// Stop at so many failures; nil never does.
    public var failuresMax: FailureCount?
    /// Do not stop at equal failures in a row.
    public var keepsGoing = false
    /// How long a pause for a share or disk at fault may take; 0 stops at once.
    public var pauseSecondsMax = 600
    public var stateFolder: RawPath?
    public var spoolFolder: RawPath?
    public var workerMemoryBytesMax: UInt64?

    public var progress: ProgressMode = .plain
    public var printsJSON = false
    public var isDryRun = false

    /// Whether names or lines come from standard input, which can be read only once.
    var readsStandardInput: Bool { inputs.contains(.standardInput) || program?.source == .lines(.standardInput) }

    /// What a walk through folders takes and leaves by `--include`, `--exclude` and `--hidden`.
    func skipRules(_ kinds: FileKinds = .images) throws(HeadError) -> SkipRules {
        let includes = try planning { () throws(PlanningError) in try include.map { text throws(PlanningError) in try Glob(text) } }
        let excludes = try planning { () throws(PlanningError) in try exclude.map { text throws(PlanningError) in try Glob(text) } }
        return SkipRules(takesHidden: takesHidden, includes: includes, excludes: excludes, kinds: kinds)
    }

    /// Whether workers read each input to its end for its digest.
    var digestsInputs: Bool { manifest != nil || identity == .digest }

    public init(purpose: Purpose, version: String, command: [String]) {
        self.purpose = purpose
        self.version = version
        self.command = command
    }
}

extension RunSettings {
    /// Whether a recipe that runs other programs may do so here.
    ///
    /// A recipe may come from anybody: only the command line that began the job lets it, and only on this machine, which must have
    /// the programs.
    func checkCommands(of recipe: Recipe, in workingFolder: RawPath) throws(HeadError) {
        guard recipe.runsCommands else { return }
        guard allowsCommands else {
            throw .usage("the recipe runs another program (command); --allow-commands lets it, for recipes you trust")
        }
        guard !hosts.areGiven else {
            throw .usage("a recipe that runs other programs (command) works on this machine alone; leave out the hosts, or use quire exec, which runs a program on hosts")
        }
        let search = ProgramSearch(workingFolder: workingFolder, searchPath: environmentVariable("PATH"))
        // What has a relative path is seen from the folder of each picture.
        for program in recipe.programs where !program.contains("/") || program.hasPrefix("/") {
            let missing = "the recipe runs '\(program)', which is \(program.contains("/") ? "not there" : "in no folder of PATH"); install it, or write its whole path"
            try search.check(RawPath(program), insteadOfMissing: .usage(missing))
        }
    }
}
