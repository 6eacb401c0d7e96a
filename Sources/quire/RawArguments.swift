import ArgumentParser
import HeadNode
import JobModel

/// Command-line arguments without loss: the parser knows only Unicode strings, and file names are any bytes.
///
/// A byte that is no part of UTF-8 travels as the private scalar U+10FF00 plus its value and becomes the byte again in `path`.
enum RawArguments {
    private static let escapeBase: UInt32 = 0x10_FF00

    static func ofThisProcess() -> [String] {
        (1..<max(1, Int(CommandLine.argc))).compactMap { index in
            CommandLine.unsafeArgv[index].map { text in
                var bytes: [UInt8] = []
                var next = text
                while next.pointee != 0 {
                    bytes.append(UInt8(bitPattern: next.pointee))
                    next += 1
                }
                return string(bytes)
            }
        }
    }

    static func string(_ bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        var scalars = String.UnicodeScalarView()
        var rest = bytes[...]
        while let first = rest.first {
            let length = (1...4).first { $0 <= rest.count && String(validating: rest.prefix($0), as: UTF8.self) != nil }
            if let length {
                scalars.append(contentsOf: String(decoding: rest.prefix(length), as: UTF8.self).unicodeScalars)
                rest = rest.dropFirst(length)
            } else {
                scalars.append(Unicode.Scalar(escapeBase + UInt32(first)) ?? "?")
                rest = rest.dropFirst()
            }
        }
        return String(scalars)
    }

    static func path(_ argument: String) -> RawPath {
        var bytes: [UInt8] = []
        for scalar in argument.unicodeScalars {
            if scalar.value >= escapeBase + 0x80, scalar.value <= escapeBase + 0xFF {
                bytes.append(UInt8(scalar.value - escapeBase))
            } else {
                bytes.append(contentsOf: Array(String(scalar).utf8))
            }
        }
        return RawPath(bytes: bytes)
    }
}

extension RawArguments {
    /// A name that may hold variables, which is a text: bytes that are no UTF-8 have no place in it.
    static func template(_ path: RawPath, of flag: String) throws(HeadError) -> String {
        guard let text = String(validating: path.bytes, as: UTF8.self) else {
            throw .usage("\(flag) takes a name in UTF-8, and '\(path)' is none; where a folder is called so, go there first")
        }
        return text
    }
}

/// Any word of the command line, empty ones too, in the system's own bytes.
struct BytesArgument: ExpressibleByArgument {
    let bytes: [UInt8]
    init(argument: String) { bytes = RawArguments.path(argument).bytes }
}

/// A path on the command line.
struct PathArgument: ExpressibleByArgument {
    let path: RawPath
    init?(argument: String) {
        if argument.isEmpty { return nil }
        path = RawArguments.path(argument)
    }
    static var defaultCompletionKind: CompletionKind { .file() }
}
