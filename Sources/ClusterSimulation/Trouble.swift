/// What goes wrong in a simulated run, from one seed.
struct Trouble {
    enum Kind: Int, CaseIterable {
        case agentDies, hostGoesDown, freeze, cut, diskFull, sickHost, slowHost, slowDisk, damagedTransfer, slotsChange
        case joinAndLeave, pauses, spoolFull, drain, headDies
        /// Messages told twice and late ones from connections that ended.
        case stray
    }

    /// What a file does to those who work on it.
    enum Nature: UInt8 {
        case good
        /// Every host finds it broken.
        case broken
        /// Kills its worker every time.
        case poison
        /// Takes the agent with it.
        case killer
        /// A program that fails wherever it runs.
        case failing
        /// Fails twice, and then no more.
        case flaky
        /// Fails on every second host.
        case picky
    }

    /// What the tasks are, and so what may become of them.
    enum Conduct: CaseIterable {
        /// Files: nobody minds if one is worked on twice.
        case files
        /// Programs that may run twice.
        case idempotent
        /// Programs that must never run twice at the same time.
        case exclusive
        /// Programs that must never start twice.
        case onceOnly

        var isExclusive: Bool { self == .exclusive || self == .onceOnly }
    }

    var chance: Chance
    /// Each seed knows only some kinds, so that rare ones are not always hidden behind frequent ones.
    let kinds: Set<Kind>
    /// Faults still come; afterwards the cluster is healed and must finish.
    var isOn = true
    let conduct: Conduct
    var natures: [UInt8]
    let meanMicroseconds: UInt64

    init(chance: Chance, kinds: Set<Kind>, conduct: Conduct, natures: [UInt8], meanMicroseconds: UInt64) {
        self.chance = chance
        self.kinds = kinds
        self.conduct = conduct
        self.natures = natures
        self.meanMicroseconds = meanMicroseconds
    }

    func nature(_ task: Int) -> Nature { Nature(rawValue: natures[task]) ?? .good }
}

/// The end of something that went wrong.
enum Cure {
    case thaw(UInt16)
    case heal(UInt16)
    case boot(UInt16)
    case diskHasRoom(UInt16)
    case well(UInt16)
    case pace(UInt16)
    case slots(UInt16)
    case join(UInt16)
    case resume
    case unbound
}
