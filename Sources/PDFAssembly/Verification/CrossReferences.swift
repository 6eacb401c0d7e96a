/// Where each object of a file lies, as its cross-reference tables and streams say (ISO 32000-1, 7.5.4 and 7.5.8).
struct CrossReferences {
    enum Place: Hashable {
        case free
        case at(UInt64)
        case inStream(UInt64, index: UInt64)
    }

    enum Noted: Hashable {
        case taken
        /// A newer section says where the object is.
        case overruled
        case twiceInOneSection
        case beyondLimit
    }

    /// Place of object n + 1: an offset, or with the highest bit set a stream's number and the index in it.
    private var codes = Segments<UInt64>()
    /// The section each entry is from, counted from 1; 0 for an object without an entry.
    private var sections = Segments<UInt16>()
    /// Of objects whose generation is not 0, up to `generationsMax`.
    private var generations: [UInt64: UInt64] = [:]
    private let objectsMax: UInt64

    private static let freeCode: UInt64 = .max
    private static let streamBit: UInt64 = 1 << 63
    private static let indexBits: UInt64 = 32
    private static let generationsMax = 65_536
    /// PDFium's limit, the largest of those known.
    private static let objectsMaxOfAll: UInt64 = 24 << 20

    /// A small file cannot have a large number of objects, and must not make the checker keep room for them.
    init(byteCount: UInt64 = 0) {
        objectsMax = min(Self.objectsMaxOfAll, byteCount + (1 << 16))
    }

    var count: Int { codes.count }

    func place(of object: UInt64) -> Place {
        guard object >= 1, object <= UInt64(count) else { return .free }
        let code = codes[Int(object) - 1]
        if code == Self.freeCode { return .free }
        guard code & Self.streamBit != 0 else { return .at(code) }
        let rest = code & ~Self.streamBit
        return .inStream(rest >> Self.indexBits, index: rest & ((1 << Self.indexBits) - 1))
    }

    /// Nil for an object that is free, unknown or in an object stream.
    func offset(of object: UInt64) -> UInt64? {
        if case .at(let offset) = place(of: object) { offset } else { nil }
    }

    func exists(_ object: UInt64) -> Bool {
        object >= 1 && object <= UInt64(count) && codes[Int(object) - 1] != Self.freeCode
    }

    /// Nil where it is not known.
    func generation(of object: UInt64) -> UInt64? {
        generations[object] ?? (generations.count < Self.generationsMax ? 0 : nil)
    }

    /// Notes an entry unless a newer section has one for the same object. A hybrid file's stream fills what its table, the
    /// section before, calls free (7.5.8.4).
    mutating func note(_ object: UInt64, _ place: Place, generation: UInt64, section: UInt16, fillsFree: Bool = false) -> Noted {
        guard object >= 1 else { return .taken }
        guard object <= objectsMax else { return .beyondLimit }
        while UInt64(count) < object {
            codes.append(Self.freeCode)
            sections.append(0)
        }
        let index = Int(object) - 1
        if sections[index] == section { return .twiceInOneSection }
        let isFilled = fillsFree && sections[index] == section - 1 && codes[index] == Self.freeCode
        guard sections[index] == 0 || isFilled else { return .overruled }
        sections[index] = section
        switch place {
        case .free:
            codes[index] = Self.freeCode
        case .at(let offset):
            codes[index] = min(offset, Self.streamBit - 1)
            if generation > 0, generations.count < Self.generationsMax { generations[object] = generation }
        case .inStream(let stream, let place):
            let isNumber = stream <= Self.objectsMaxOfAll && place < 1 << Self.indexBits
            codes[index] = isNumber ? Self.streamBit | stream << Self.indexBits | place : Self.freeCode
        }
        return .taken
    }
}
