import JobModel

extension ProgramSpec {
    /// The first bytes; another number is refused.
    static let canonicalVersion = Array("quire-program 1\n".utf8)
    /// Room for as many arguments as Linux passes to a program (2 MiB by default) and as many variables; within a message of the protocol.
    public static let canonicalBytesMax = 8 << 20

    /// The program as its digest is taken over and as hosts receive it. Equal programs have equal bytes.
    public var canonicalBytes: [UInt8] {
        var writer = CanonicalWriter()
        writer.bytes = Self.canonicalVersion
        writer.put(list: words)
        writer.put(list: returns.map(\.text))
        switch columns {
        case nil: writer.put(0)
        case .tab: writer.put(1)
        case .comma: writer.put(2)
        case .blanks: writer.put(3)
        case .bytes(let separator):
            writer.put(4)
            writer.put(data: separator)
        }
        writer.put(usesShell ? 1 : 0)
        writer.put(UInt32(argumentKind.rawValue))
        writer.put(list: environment.flatMap { [$0.name, $0.value] })
        writer.put(UInt32(acceptedCodes.count))
        for code in acceptedCodes { writer.put(UInt32(bitPattern: code)) }
        writer.put(list: forbiddenTexts)
        writer.put(expectsOutput ? 1 : 0)
        writer.put(graceMilliseconds)
        writer.put(streamsLines ? 1 : 0)
        return writer.bytes
    }

    /// Reads `canonicalBytes` back; throws on any other bytes, so that equal programs never have two digests.
    public init(canonicalBytes bytes: [UInt8]) throws(ProgramError) {
        guard bytes.count <= Self.canonicalBytesMax else { throw .tooLong("the encoded program", limit: "\(Self.canonicalBytesMax) bytes") }
        guard bytes.starts(with: Self.canonicalVersion) else { throw .notCanonical("it does not begin with quire-program 1") }
        var reader = CanonicalReader(bytes: bytes[Self.canonicalVersion.count...])
        let words = try reader.list(countMax: Self.wordsMax)
        let returns = try reader.list(countMax: Self.listMax)
        let columns: ColumnSeparator?
        switch try reader.number() {
        case 0: columns = nil
        case 1: columns = .tab
        case 2: columns = .comma
        case 3: columns = .blanks
        case 4: columns = .bytes(try reader.data())
        case let other: throw .notCanonical("column separator \(other)")
        }
        let usesShell = try reader.flag()
        let kind = try reader.number()
        guard let argumentKind = UInt8(exactly: kind).flatMap({ ArgumentKind(rawValue: $0) }) else { throw .notCanonical("argument kind \(kind)") }
        try self.init(words: words, returns: returns, columns: columns, usesShell: usesShell, argumentKind: argumentKind)
        let variables = try reader.list(countMax: 2 * Self.listMax)
        guard variables.count.isMultiple(of: 2) else { throw .notCanonical("a variable without a value") }
        environment = stride(from: 0, to: variables.count, by: 2).map { EnvironmentVariable(name: variables[$0], value: variables[$0 + 1]) }
        let codes = try reader.number()
        guard codes <= 256 else { throw .notCanonical("\(codes) exit codes") }
        acceptedCodes = []
        for _ in 0..<codes { acceptedCodes.append(Int32(bitPattern: try reader.number())) }
        forbiddenTexts = try reader.list(countMax: Self.listMax)
        expectsOutput = try reader.flag()
        graceMilliseconds = try reader.number()
        streamsLines = try reader.flag()
        guard reader.isAtEnd else { throw .notCanonical("more bytes than a program has") }
        try check()
    }
}

/// Fixed-width numbers, highest byte first, and bytes with their count before them: one form for each value.
private struct CanonicalWriter {
    var bytes: [UInt8] = []

    mutating func put(_ number: UInt32) {
        for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: number >> UInt32(shift))) }
    }

    mutating func put(data: [UInt8]) {
        put(UInt32(data.count))
        bytes += data
    }

    mutating func put(list: [[UInt8]]) {
        put(UInt32(list.count))
        for data in list { put(data: data) }
    }
}

private struct CanonicalReader {
    var bytes: ArraySlice<UInt8>

    var isAtEnd: Bool { bytes.isEmpty }

    mutating func number() throws(ProgramError) -> UInt32 {
        guard bytes.count >= 4 else { throw .notCanonical("it ends early") }
        defer { bytes = bytes.dropFirst(4) }
        return bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    mutating func flag() throws(ProgramError) -> Bool {
        switch try number() {
        case 0: return false
        case 1: return true
        case let other: throw .notCanonical("flag \(other)")
        }
    }

    mutating func data() throws(ProgramError) -> [UInt8] {
        let count = Int(try number())
        guard bytes.count >= count else { throw .notCanonical("it ends early") }
        defer { bytes = bytes.dropFirst(count) }
        return Array(bytes.prefix(count))
    }

    mutating func list(countMax: Int) throws(ProgramError) -> [[UInt8]] {
        let count = Int(try number())
        guard count <= countMax else { throw .notCanonical("a list of \(count)") }
        var list: [[UInt8]] = []
        for _ in 0..<count { list.append(try data()) }
        return list
    }
}
