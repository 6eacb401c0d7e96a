import ArgumentParser
import HeadNode
import JobModel

/// `quire verify`
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check the structure of PDFs, and files against the checksums of a manifest.",
        discussion: """
            Of PDFs every object, length and page count is checked; no picture is decoded. What could not be looked into is said
            and is no fault. Bytes changed inside a picture's data are found by checksums only: --manifest reads every file that
            a manifest of quire or sha256sum names, from the working folder if its name is relative, and tells which are missing,
            changed or unreadable.

            Exit code 0 when all is as it should be, 6 when not.

            EXAMPLES
              quire verify album.pdf
              quire verify --manifest archive.sha256
            """)

    @Argument(help: "PDF files.")
    var files: [PathArgument] = []

    @Option(help: ArgumentHelp("Check every file this manifest names.", valueName: "file"))
    var manifest: PathArgument?

    @Flag(help: "The findings as JSON on standard output.")
    var json = false

    func validate() throws {
        if files.isEmpty && manifest == nil { throw ValidationError("Name PDF files, or a manifest with --manifest.") }
    }

    func run() throws {
        let status = try Verification(files: files.map(\.path), manifest: manifest?.path, printsJSON: json).run()
        throw ExitCode(status.rawValue)
    }
}
