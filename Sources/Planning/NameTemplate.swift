public import JobModel
import Variables

/// `--name '{dir}/{stem}_thumbnail.{ext}'`: how an output's name is made from facts of its input.
///
/// `{variable}`, `{number:04}` padded with zeros, `{variable|default}` where the file has no such value, `{{` and `}}` for braces.
/// A slash of the template makes folders; a value from inside a file never does.
public struct NameTemplate: Hashable, Sendable {
    public static let bytesMax = 4000
    /// Largest number of digits a number can be padded to.
    public static let widthMax = 20

    enum Part: Hashable, Sendable {
        case literal([UInt8])
        case variable(NameVariable, width: Int, fallback: [UInt8]?)
    }

    public let text: String
    let parts: [Part]
    /// How many of its own components are `.` or `..`: no value from a file may add one.
    private let dotCount: Int

    /// Throws `badTemplate`, with the place and the nearest name.
    public init(_ text: String) throws(PlanningError) {
        var parser = NameTemplateParser(text)
        parts = try parser.parts()
        self.text = text
        dotCount = Self.dotCount(
            parts.flatMap { part -> [UInt8] in
                switch part {
                case .literal(let text): text
                case .variable: [UInt8(ascii: "x")]
                }
            })
    }

    /// The variables it uses, each as often as it stands there.
    public var variables: [NameVariable] {
        parts.compactMap { part in
            switch part {
            case .literal: nil
            case .variable(let variable, _, _): variable
            }
        }
    }

    /// Whether names depend on what only a look into the files tells: sizes, EXIF, or the date a picture was taken.
    public var needsProbe: Bool { variables.contains(where: \.needsProbe) }

    /// Whether it says itself where the page's number stands; else `OutputNames.pageName` adds it.
    public var usesPage: Bool { variables.contains { $0.asks(for: .page) } }

    /// Whether every file of a folder gets the same name from it, as `--pdf 'books/{dir}.pdf'` needs.
    public var isPerFolder: Bool { variables.allSatisfy { [.dir, .subdir, .folder].contains($0) } }

    /// Whether names begin with the folder of the input, and so are not put under `-o` again.
    public var beginsWithDir: Bool {
        guard case .variable(.dir, _, _)? = parts.first else { return false }
        return true
    }

    /// The name for one file. The same facts give the same name. Throws `missingValue`, `unusableName` or `nameTooLong`.
    public func render(_ facts: NameFacts) throws(PlanningError) -> RawPath {
        var bytes: [UInt8] = []
        var dotsAllowed = dotCount
        for (index, part) in parts.enumerated() {
            switch part {
            case .literal(let text):
                // `{subdir}/{name}` at the top of an INPUT means the name alone, not one in the root folder.
                if index > 0, bytes.isEmpty, text.first == slash {
                    bytes.append(dot)
                    dotsAllowed += 1
                }
                bytes += text
            case .variable(let variable, let width, let fallback):
                guard let value = try facts.value(of: variable, width: width, isFirst: index == 0) ?? fallback else {
                    throw .missingValue(variable: variable.name)
                }
                if variable.isFolderPath { dotsAllowed += Self.dotCount(value) }
                bytes += value
            }
        }
        guard Self.dotCount(bytes) <= dotsAllowed else { throw .unusableName(RawPath(bytes: bytes)) }
        let name = bytes[(bytes.lastIndex(of: slash).map { $0 + 1 } ?? 0)...]
        if name.isEmpty || Self.isDots(name) { throw .unusableName(RawPath(bytes: bytes)) }
        let path = RawPath(bytes: bytes).normalized
        var longest = 0
        Self.forEachComponent(path.bytes[...]) { longest = max(longest, $0.count) }
        if longest > Self.nameBytesMax || path.bytes.count > Self.pathBytesMax { throw .nameTooLong(path) }
        return path
    }

    /// NAME_MAX and PATH_MAX without its NUL (limits.h of Linux).
    static let nameBytesMax = 255
    static let pathBytesMax = 4095

    private static func dotCount(_ bytes: [UInt8]) -> Int {
        var count = 0
        forEachComponent(bytes[...]) { count += isDots($0) ? 1 : 0 }
        return count
    }

    private static func isDots(_ part: ArraySlice<UInt8>) -> Bool {
        part.count <= 2 && !part.isEmpty && part.allSatisfy { $0 == dot }
    }

    /// What stands between slashes, where something does.
    private static func forEachComponent(_ bytes: ArraySlice<UInt8>, _ body: (ArraySlice<UInt8>) -> Void) {
        var start = bytes.startIndex
        for index in bytes.indices where bytes[index] == slash {
            if index > start { body(bytes[start..<index]) }
            start = index + 1
        }
        if start < bytes.endIndex { body(bytes[start...]) }
    }
}

let dot = UInt8(ascii: ".")
