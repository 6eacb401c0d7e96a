public import Variables
public import JobModel

/// What one file offers to a name template.
public struct NameFacts: Hashable, Sendable {
    /// The input's own folder, or with `-o` the folder under it that stands for it.
    public var ownFolder: RawPath
    /// The input's path below its INPUT; its bare name when the INPUT is a file.
    public var relative: RawPath
    /// The real name of the INPUT folder (also for `.`), or of the folder a file INPUT lies in; may be empty for the root.
    public var inputFolderName: RawPath
    /// The output's extension without a dot; see `OutputNames.fileExtension`. May be empty.
    public var outputExtension: RawPath
    /// From 0.
    public var task: TaskIndex
    /// Place in its folder, from 1.
    public var folderIndex: Int
    /// From 1; 1 for a file of one page.
    public var page: Int
    public var time: CivilTime
    /// Size of the input.
    public var bytes: UInt64
    /// Nil until probed.
    public var probe: ProbeFacts?

    public init(
        ownFolder: RawPath, relative: RawPath, inputFolderName: RawPath, outputExtension: RawPath, task: TaskIndex,
        folderIndex: Int,
        page: Int = 1, identity: InputIdentity, probe: ProbeFacts? = nil
    ) {
        self.ownFolder = ownFolder
        self.relative = relative
        self.inputFolderName = inputFolderName
        self.outputExtension = outputExtension
        self.task = task
        self.folderIndex = folderIndex
        self.page = page
        self.probe = probe
        bytes = identity.sizeBytes
        time = CivilTime(takenAt: probe?.takenAt, identity: identity)
    }

    /// Longest value of an EXIF tag in a name; the rest is cut off.
    static let tagBytesMax = 100

    /// Nil when the file does not have it.
    func value(of variable: NameVariable, width: Int, isFirst: Bool) throws(PlanningError) -> [UInt8]? {
        switch variable {
        case .computed(let template, _):
            do throws(VariableError) {
                let context = ExpressionContext(values: values, side: 0, dpi: probe?.dpi ?? 72)
                let safe = Self.safe(try template.rendered(in: context))
                return safe.isEmpty ? nil : safe
            } catch {
                switch error {
                case .missing: return nil
                case .badExpression, .notANumber, .noResult: throw .noResult("\(error)")
                }
            }
        case .dir:
            if isFirst { return ownFolder.bytes }
            return relative.parent.isEmpty ? inputFolderName.bytes : relative.parent.bytes
        case .subdir: return relative.parent.bytes
        case .folder: return relative.parent.isEmpty ? inputFolderName.bytes : relative.parent.lastComponent.bytes
        case .name: return relative.lastComponent.bytes
        case .stem: return relative.stem.bytes
        case .ext: return outputExtension.bytes
        case .index: return Self.padded(task.position + 1, width)
        case .folderIndex: return Self.padded(folderIndex, width)
        case .page: return Self.padded(page, width)
        case .width: return probe.map { Self.padded($0.orientation >= 5 ? $0.height : $0.width, width) }
        case .height: return probe.map { Self.padded($0.orientation >= 5 ? $0.width : $0.height, width) }
        case .year: return Self.padded(time.year, width)
        case .month: return Self.padded(time.month, width)
        case .day: return Self.padded(time.day, width)
        case .hour: return Self.padded(time.hour, width)
        case .minute: return Self.padded(time.minute, width)
        case .second: return Self.padded(time.second, width)
        case .exif(let tag):
            guard let value = probe?.tags.first(where: { $0.name == tag })?.value else { return nil }
            let safe = Self.safe(value)
            return safe.isEmpty ? nil : safe
        }
    }

    /// Every variable this file offers, as a text would show it: those of its own, then its tags in their order.
    public var offered: [(name: String, text: String)] {
        let values = values
        var found: [(name: String, text: String)] = []
        for plain in PlainVariable.allCases {
            guard let value = values.plain[plain] else { continue }
            let digits = value.text
            let padding = plain.isNumber ? max(0, plain.usualWidth - digits.utf8.count) : 0
            found.append((plain.rawValue, String(repeating: "0", count: padding) + digits))
        }
        return found + (probe?.tags ?? []).map { ($0.name.contains(":") ? $0.name : "exif:\($0.name)", $0.value) }
    }

    /// What arithmetic and texts can ask for.
    private var values: VariableValues {
        func number(_ value: Int) -> VariableValue { .number(Double(value)) }
        func text(_ path: RawPath) -> VariableValue { .text(path.display) }
        let folder = relative.parent.isEmpty ? inputFolderName : relative.parent.lastComponent
        var values = VariableValues(plain: [
            .dir: text(relative.parent.isEmpty ? inputFolderName : relative.parent), .subdir: text(relative.parent), .folder: text(folder),
            .name: text(relative.lastComponent), .stem: text(relative.stem), .ext: text(outputExtension),
            .type: .text(relative.lowercasedExtension), .filesize: .number(Double(bytes)), .index: number(task.position + 1),
            .folderindex: number(folderIndex), .page: number(page),
        ])
        values.add(time)
        if let probe { values.add(probe) }
        return values
    }

    /// A text from inside a file as a part of a name: no slash, no control characters, no spaces around, no `.` or `..`, not long.
    static func safe(_ text: String) -> [UInt8] {
        var scalars = text.unicodeScalars.map { scalar in
            scalar.properties.generalCategory == .control || scalar == "/" ? Unicode.Scalar(UInt8(ascii: "_")) : scalar
        }
        while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
        scalars = Array(scalars.drop { $0.properties.isWhitespace })
        var bytes: [UInt8] = []
        for scalar in scalars {
            let encoded = Array(String(scalar).utf8)
            if bytes.count + encoded.count > tagBytesMax { break }
            bytes += encoded
        }
        return bytes.allSatisfy { $0 == dot } ? bytes.map { _ in UInt8(ascii: "_") } : bytes
    }

    private static func padded(_ number: Int, _ width: Int) -> [UInt8] {
        let digits = Array(String(number).utf8)
        return [UInt8](repeating: UInt8(ascii: "0"), count: max(0, width - digits.count)) + digits
    }
}
