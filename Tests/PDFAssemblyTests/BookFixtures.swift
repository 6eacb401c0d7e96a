import Foundation
import JobModel
import PDFAssembly
import Testing

typealias TestWriter = VolumeWriter<PlainSHA256>
typealias TestBook = Book<PlainSHA256>

/// A folder that goes away with the test.
final class ScratchFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("pdf-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        do { try FileManager.default.removeItem(at: url) } catch { Issue.record("\(url.path) remains: \(error)") }
    }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }
}

struct ProgramResult {
    var status: Int32
    var output: String
    var data: Data
}

/// Runs a program found on PATH with both streams joined.
@discardableResult
func run(_ program: String, _ arguments: [String], in folder: String? = nil, errorsToo: Bool = true) throws -> ProgramResult {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = errorsToo ? pipe : FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return ProgramResult(status: process.terminationStatus, output: String(decoding: data, as: UTF8.self), data: data)
}

func has(_ program: String) -> Bool {
    do { return try run("sh", ["-c", "command -v \(program)"]).status == 0 } catch { return false }
}

func hasPython(module: String) -> Bool {
    do { return try run("python3", ["-c", "import \(module)"]).status == 0 } catch { return false }
}

/// The bytes that pages are made of, as a head would have them in files.
struct SourceStore {
    var files: [PageKey: [PageFile: [UInt8]]] = [:]

    mutating func add(_ bytes: [UInt8], for key: PageKey, as file: PageFile = .input) -> StreamSource {
        files[key, default: [:]][file] = bytes
        return StreamSource(
            file: file, ranges: [ByteRange(offset: 0, count: UInt64(bytes.count))], digest: PlainSHA256.digest(of: bytes))
    }

    func read(_ range: ByteRange, of key: PageKey, _ file: PageFile) throws -> ArraySlice<UInt8> {
        let bytes = try #require(files[key]?[file], "no bytes for \(key) \(file)")
        try #require(range.end <= UInt64(bytes.count))
        return bytes[Int(range.offset)..<Int(range.end)]
    }
}

/// Performs instructions in memory.
func perform(_ instructions: some Sequence<WriteInstruction>, with store: SourceStore, onto file: inout [UInt8]) throws {
    for instruction in instructions {
        switch instruction {
        case .bytes(let bytes): file += bytes
        case .copy(.page(let key, let source), let range): file += try store.read(range, of: key, source)
        case .copy(.volume(let index), _): Issue.record("volume \(index) is copied within one volume")
        }
    }
}

extension PDFSettings {
    static var archival: PDFSettings {
        var settings = PDFSettings()
        settings.isArchival = true
        return settings
    }
}

/// One whole PDF of these pages.
func bind(
    _ pages: [BookPage], store: SourceStore, settings: PDFSettings = PDFSettings(), behind earlierPages: Int = 0
) throws -> [UInt8] {
    var writer = try TestWriter(settings: settings, earlierPageCount: UInt64(earlierPages))
    var file: [UInt8] = []
    for page in pages {
        try perform(try writer.append(page), with: store, onto: &file)
        #expect(UInt64(file.count) == writer.byteCount)
    }
    let most = writer.finishedByteCountMax
    try perform(writer.finish(), with: store, onto: &file)
    #expect(UInt64(file.count) <= most, "the bound of the finished size is too low")
    return file
}

/// Performs a book's commands in memory, and keeps what the head must keep apart.
struct BookPerformer {
    var partials: [Int: [UInt8]] = [:]
    var whole: [Int: [UInt8]] = [:]
    /// Endings wait until a checkpoint is durable.
    var endings: [(Int, VolumeEnding)] = []

    mutating func perform(_ commands: [BookCommand], with store: SourceStore) throws {
        for command in commands {
            switch command {
            case .beginVolume(let volume): partials[volume] = []
            case .write(let volume, let instruction):
                switch instruction {
                case .bytes(let bytes): partials[volume]?.append(contentsOf: bytes)
                case .copy(.page(let key, let file), let range):
                    partials[volume]?.append(contentsOf: try store.read(range, of: key, file))
                case .copy(.volume(let other), let range):
                    let bytes = try #require(partials[other])[Int(range.offset)..<Int(range.end)]
                    partials[volume]?.append(contentsOf: bytes)
                }
            case .endVolume(let volume, let ending): endings.append((volume, ending))
            }
        }
    }

    mutating func endVolumes() throws {
        for (volume, ending) in endings {
            var file = Array(try #require(partials[volume]).prefix(Int(ending.keptByteCount)))
            for instruction in ending {
                guard case .bytes(let bytes) = instruction else {
                    Issue.record("an ending copies")
                    continue
                }
                file += bytes
            }
            whole[volume] = file
        }
        endings = []
    }
}

/// A grey picture of one raw byte a pixel, all `shade`.
func greyPage(_ index: Int, side: Int = 4, shade: UInt8? = nil, folder: [String] = [], store: inout SourceStore) -> BookPage {
    let key = PageKey(task: UInt64(index), page: 0)
    let shade = shade ?? UInt8(truncatingIfNeeded: index)
    var bytes = [UInt8](repeating: shade, count: side * side)
    if side * side >= 4 { for place in 0..<4 { bytes[place] = UInt8(truncatingIfNeeded: index >> (8 * place)) } }
    let facts = PageFacts(
        width: side, height: side, bitsPerComponent: 8, colour: .grey, coding: .flate(pngPredictor: false),
        stream: store.add(deflatedStored(bytes), for: key))
    return BookPage(key: key, content: .picture(facts), folder: folder)
}

/// A zlib stream of stored blocks (RFC 1950, RFC 1951), which needs no compressor.
func deflatedStored(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = [0x78, 0x01]
    var rest = bytes[...]
    repeat {
        let block = rest.prefix(65_535)
        rest = rest.dropFirst(65_535)
        let count = UInt16(block.count)
        result.append(rest.isEmpty ? 1 : 0)
        for value in [count, ~count] { result += [UInt8(value & 255), UInt8(value >> 8)] }
        result += block
    } while !rest.isEmpty
    var (a, b): (UInt32, UInt32) = (1, 0)
    for byte in bytes {
        a = (a + UInt32(byte)) % 65_521
        b = (b + a) % 65_521
    }
    return result + [UInt8(b >> 8), UInt8(b & 255), UInt8(a >> 8), UInt8(a & 255)]
}

/// Rows with the PNG filter "none" before each, as a stored zlib stream.
func pngRows(_ bytes: [UInt8], rowBytes: Int) -> [UInt8] {
    var rows: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: rowBytes) {
        rows += [0] + bytes[start..<min(start + rowBytes, bytes.count)]
    }
    return deflatedStored(rows)
}

/// What these tests need of a JPEG: its frame header and whether it has an Adobe marker.
func jpegPage(
    _ bytes: [UInt8], key: PageKey, folder: [String] = [], orientation: Int = 1, density: Density? = nil, store: inout SourceStore
) throws -> BookPage {
    var position = 2
    var hasAdobe = false
    while position + 9 < bytes.count {
        let marker = bytes[position + 1]
        let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
        if marker == 0xEE { hasAdobe = true }
        if [0xC0, 0xC1, 0xC2].contains(marker) {
            let height = Int(bytes[position + 5]) << 8 | Int(bytes[position + 6])
            let width = Int(bytes[position + 7]) << 8 | Int(bytes[position + 8])
            let colours: [UInt8: PageColour] = [1: .grey, 3: .rgb, 4: .cmyk]
            let colour = try #require(colours[bytes[position + 9]])
            let facts = PageFacts(
                width: width, height: height, bitsPerComponent: 8, colour: colour,
                coding: .jpeg(invertedCMYK: hasAdobe && colour == .cmyk, colourTransform: nil),
                stream: store.add(bytes, for: key), orientation: orientation, density: density)
            return BookPage(key: key, content: .picture(facts), folder: folder)
        }
        position += 2 + length
    }
    Issue.record("no frame header")
    throw CocoaError(.fileReadCorruptFile)
}

func readBytes(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: path)))
}

func write(_ bytes: [UInt8], to path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
}
