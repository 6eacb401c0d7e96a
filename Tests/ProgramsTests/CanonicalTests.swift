import JobModel
import Programs
import SeededNumbers
import Testing

@Suite("A program's canonical bytes")
struct CanonicalTests {
    @Test("They stay what they were: a job goes on under a later build")
    func golden() throws {
        var spec = try ProgramSpec(words: [[0x61], [0xFF]], returns: [[0x7B, 0x2E, 0x7D, 0x62]], columns: .bytes([0x3B]), usesShell: true, argumentKind: .text)
        spec.environment = [EnvironmentVariable(name: [0x4E], value: [])]
        spec.acceptedCodes = [0, 255]
        spec.forbiddenTexts = [[0x45]]
        spec.expectsOutput = true
        spec.streamsLines = true
        func number(_ value: UInt8) -> [UInt8] { [0, 0, 0, value] }
        let expected: [[UInt8]] = [
            Array("quire-program 1\n".utf8), number(2), number(1), [0x61], number(1), [0xFF], number(1), number(4), [0x7B, 0x2E, 0x7D, 0x62],
            number(4), number(1), [0x3B], number(1), number(2), number(2), number(1), [0x4E], number(0), number(2), number(0), number(255),
            number(1), number(1), [0x45], number(1), [0, 0, 0x13, 0x88], number(1),
        ]
        #expect(spec.canonicalBytes == expected.flatMap { $0 })
    }

    @Test("Any program read back is the same, and programs that differ have different bytes", .timeLimit(.minutes(1)))
    func roundTrip() throws {
        var random = SeededNumbers(seed: 6)
        var seen: [[UInt8]: ProgramSpec] = [:]
        for _ in 0..<2_000 {
            guard let spec = try Self.spec(&random) else { continue }
            let bytes = spec.canonicalBytes
            let back = try ProgramSpec(canonicalBytes: bytes)
            #expect(throws: ProgramError.self) { try ProgramSpec(canonicalBytes: bytes + [0]) }
            #expect(throws: ProgramError.self) { try ProgramSpec(canonicalBytes: bytes.dropLast()) }
            #expect(back == spec && back.canonicalBytes == bytes)
            if let other = seen[bytes] { #expect(other == spec) }
            seen[bytes] = spec
        }
        #expect(seen.count > 1_000)
    }

    @Test("Any other bytes are refused or are themselves canonical; nothing traps", .timeLimit(.minutes(2)))
    func mutations() throws {
        var random = SeededNumbers(seed: 7)
        var accepted = 0
        var refused = 0
        for _ in 0..<20_000 {
            guard let spec = try Self.spec(&random) else { continue }
            var bytes = spec.canonicalBytes
            for _ in 0...random.below(3) where !bytes.isEmpty {
                let place = random.below(bytes.count)
                switch random.below(5) {
                case 4: bytes.append(UInt8(random.below(2)))
                case 0: bytes[place] = UInt8(random.below(256))
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(UInt8(random.below(256)), at: place)
                default: bytes.removeSubrange(place...)
                }
            }
            do {
                let read = try ProgramSpec(canonicalBytes: bytes)
                #expect(read.canonicalBytes == bytes)
                // What was read can be used.
                _ = try? read.commandLine(ProgramValues(argument: RawPath("a/b.c"), number: 1, outputs: read.returns.map { _ in RawPath("o") }))
                _ = try? read.outputPaths(ProgramValues(argument: RawPath("a/b.c"), number: 1))
                accepted += 1
            } catch { refused += 1 }
        }
        #expect(accepted > 100 && refused > 100)
    }

    @Test("What check refuses is refused when it is read")
    func checks() throws {
        func refused(_ change: (inout ProgramSpec) -> Void) throws {
            var spec = try ProgramSpec(words: [[0x61]])
            change(&spec)
            #expect(throws: ProgramError.self) { try spec.check() }
            #expect(throws: ProgramError.self) { try ProgramSpec(canonicalBytes: spec.canonicalBytes) }
        }
        try refused { $0.acceptedCodes = [] }
        try refused { $0.acceptedCodes = [256] }
        try refused { $0.acceptedCodes = [-1] }
        try refused { $0.acceptedCodes = [1, 0] }
        try refused { $0.environment = [EnvironmentVariable(name: [], value: [])] }
        try refused { $0.environment = [EnvironmentVariable(name: [0x3D], value: [])] }
        try refused { $0.environment = [EnvironmentVariable(name: [0x41], value: [0])] }
        try refused { $0.environment = [1, 2].map { EnvironmentVariable(name: [0x41], value: [$0]) } }
        try refused { $0.forbiddenTexts = [[]] }
        try refused { $0.graceMilliseconds = ProgramSpec.graceMillisecondsMax + 1 }
    }

    /// Nil where random words are no program: a text for a shell may end in quotes.
    private static func spec(_ random: inout SeededNumbers) throws -> ProgramSpec? {
        let pieces: [[UInt8]] =
            ["{}", "{.}", "{/}", "{//}", "{/.}", "{#}", "{#4}", "{1}", "{2/.}", "a", " ", "'", "\"", "$(", ")", "\\", "-o", "{", "}", ".mkv"].map { Array($0.utf8) } + [[0xFF]]
        func text(_ random: inout SeededNumbers) -> [UInt8] { (0...random.below(4)).flatMap { _ in pieces[random.below(pieces.count)] } }
        let words = (0...random.below(4)).map { _ in text(&random) }
        let returns = Set((0..<random.below(3)).map { _ in text(&random) }).sorted { $0.lexicographicallyPrecedes($1) }
        let columns: [ColumnSeparator?] = [nil, .tab, .comma, .blanks, .bytes([0x3B])]
        do throws(ProgramError) {
            var spec = try ProgramSpec(
                words: words, returns: returns, columns: columns[random.below(5)], usesShell: random.below(2) == 0,
                argumentKind: [ArgumentKind.file, .folder, .text][random.below(3)])
            spec.environment = (0..<random.below(3)).map { EnvironmentVariable(name: [0x41 + UInt8($0)], value: text(&random)) }
            spec.acceptedCodes = Set((0...random.below(3)).map { _ in Int32(random.below(256)) }).sorted()
            spec.forbiddenTexts = (0..<random.below(3)).map { _ in text(&random) }
            spec.expectsOutput = random.below(2) == 0
            spec.graceMilliseconds = UInt32(random.below(10_000))
            spec.streamsLines = random.below(2) == 0
            return spec
        } catch {
            switch error {
            case .unclosedShellText, .unsafePlaceholder, .outputIsInput: return nil
            case .noProgram, .holdsNUL, .tooLong, .badValue, .repeatedReturn, .notCanonical, .missingColumn, .unusableOutput, .repeatedOutput,
                .argumentTooLong, .notANumber, .missingOutput:
                throw error
            }
        }
    }
}
