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
    }

    var chance: Chance
    /// Each seed knows only some kinds, so that rare ones are not always hidden behind frequent ones.
    let kinds: Set<Kind>
    /// Faults still come; afterwards the cluster is healed and must finish.
    var isOn = true
    /// Tasks that must never run twice at the same time, as those of `exec`.
    let isExclusive: Bool
    var natures: [UInt8]
    let meanMicroseconds: UInt64

    init(chance: Chance, kinds: Set<Kind>, isExclusive: Bool, natures: [UInt8], meanMicroseconds: UInt64) {
        self.chance = chance
        self.kinds = kinds
        self.isExclusive = isExclusive
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
