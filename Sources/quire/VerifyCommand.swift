import ArgumentParser
import HeadNode
import JobModel

/// `quire verify`
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check the structure of PDFs: every object, length, page count. No picture is decoded.",
        discussion: """
            Exit code 0 when all are sound, 6 when not. What could not be looked into is said and is no fault. Bytes
            changed inside a picture's data are not found: for those there are checksums, see --manifest of quire run.

            EXAMPLE
              quire verify album.pdf
            """)

    @Argument(help: "PDF files.")
    var files: [PathArgument]

    @Flag(help: "The findings as JSON on standard output.")
    var json = false

    func run() throws {
        let status = try StructureCheck(files: files.map(\.path), printsJSON: json).run()
        throw ExitCode(status.rawValue)
    }
}
