public import JobModel

/// Why a program's description, a flag's value or one task's command is refused. `description` is one line for a person.
public enum ProgramError: Error, Hashable, Sendable {
    case noProgram
    /// A NUL, which no argument of a program can hold.
    case holdsNUL(String)
    case tooLong(String, limit: String)
    /// A value that is no such thing or out of range; `accepted` says what is.
    case badValue(String, of: String, accepted: String)
    /// A `--return` that names the input itself.
    case outputIsInput(template: String)
    case repeatedReturn(String)
    /// The text for the shell ends within quotes or brackets; what is open is told in words.
    case unclosedShellText(String)
    /// A placeholder of a text for the shell that cannot be filled without the value being taken for code.
    case unsafePlaceholder(String, because: String)
    /// Bytes that are no program of this version.
    case notCanonical(String)

    // One task's values.

    /// The `--return` asks for a column that the argument does not have.
    case missingColumn(Int, template: String, argument: RawPath)
    /// A rendered output that cannot be a file's name: empty, `.`, `..`, ending in a slash, or too long.
    case unusableOutput(RawPath, template: String)
    /// Two `--return` of one task name the same file.
    case repeatedOutput(RawPath)
    /// An argument longer than Linux passes to a program.
    case argumentTooLong(bytes: Int)
    /// A value inside `$(( ))` that is not a whole number.
    case notANumber(RawPath, placeholder: String)
    /// Fewer outputs were given than templates mention: a fault of who asked.
    case missingOutput(index: Int)
}

extension ProgramError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noProgram: "no program is named; write it behind --, such as: quire exec INPUT... -- wc -l {}"
        case .holdsNUL(let what): "\(what) holds a NUL, which cannot be passed to a program"
        case .tooLong(let what, let limit): "\(what) is too long; at most \(limit)"
        case .badValue(let text, let what, let accepted):
            if text.isEmpty {
                "\(what) has no value; accepted: \(accepted)"
            } else {
                what.hasPrefix("--") ? "\(what) does not take '\(text)'; accepted: \(accepted)" : "'\(text)' is no \(what); accepted: \(accepted)"
            }
        case .outputIsInput(let template):
            "--return '\(template)' is the input itself, which is never written over; name another file, such as '{.}.out'"
        case .repeatedReturn(let template): "--return '\(template)' is given twice"
        case .unclosedShellText(let what): "the text for the shell ends within \(what)"
        case .unsafePlaceholder(let placeholder, let reason):
            "\(placeholder) cannot be filled in safely \(reason); leave out --shell and write: -- sh -c 'SCRIPT' sh {}, with \"$1\" in the script"
        case .notCanonical(let reason): "not a program this build can read: \(reason)"
        case .missingColumn(let column, let template, let argument):
            "--return '\(template)' needs column \(column), and '\(argument.display)' has none"
        case .unusableOutput(let path, let template): "--return '\(template)' gives '\(path.display)', which cannot be a file's name"
        case .repeatedOutput(let path): "two --return give the same file '\(path.display)'"
        case .argumentTooLong(let bytes):
            "an argument has \(bytes) bytes, and Linux passes at most \(ProgramSpec.argumentBytesMax) to a program"
        case .notANumber(let value, let placeholder): "\(placeholder) stands inside $(( )), and '\(value.display)' is not a whole number"
        case .missingOutput(let index): "no path was given for output \(index + 1)"
        }
    }
}

/// Foreign bytes for one line of a message: at most 60 characters, nothing that moves a cursor.
func shown(_ bytes: [UInt8]) -> String {
    let text = RawPath(bytes: bytes).display
    return text.count > 60 ? text.prefix(60) + "…" : text
}
