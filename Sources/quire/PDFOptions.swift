import ArgumentParser
import HeadNode
import JobModel
import Recipes

/// How pages lie in the PDF; every value is read by the same code as the `pdf:` part of a recipe.
struct PDFOptions: ParsableArguments {
    @Option(help: ArgumentHelp("auto (a scan keeps its size, anything else has a long side of 297 mm), a4, letter or WIDTHxHEIGHT such as 210x297mm.", valueName: "size"))
    var pageSize: String?

    @Option(help: ArgumentHelp("White around each picture, such as 10mm.", valueName: "length"))
    var margin: String?

    @Option(help: ArgumentHelp("Resolution to take instead of what files state.", valueName: "n"))
    var dpi: String?

    @Option(help: ArgumentHelp("Title of the PDF."))
    var title: String?

    @Option(help: ArgumentHelp("Author of the PDF."))
    var author: String?

    @Option(help: ArgumentHelp("Date to write into the PDF; without it (and SOURCE_DATE_EPOCH) none is written, so that equal pictures make equal PDFs.", valueName: "date"))
    var date: String?

    @Option(help: ArgumentHelp("For a file that failed: placeholder (a page that says so), skip, or withhold the PDF.", valueName: "what"))
    var missingPage: String?

    @Option(help: ArgumentHelp("Cut the PDF below this size, at a folder's border (default 9.9GB, least 1MB).", valueName: "size"))
    var volumeSize: String?

    @Option(help: ArgumentHelp("Cut the PDF below this number of pages (default 1000000).", valueName: "n"))
    var volumePages: String?

    @Flag(inversion: .prefixedNo, help: "Make a PDF/A-2b, for archives: colours are stated by profiles, nothing outside the file is needed.")
    var pdfa: Bool?

    func wishes() throws(HeadError) -> PDFWishes {
        var wishes = PDFWishes()
        let given: [(PDFWishes.Field, String?)] = [
            (.pageSize, pageSize), (.margin, margin), (.dpi, dpi), (.title, title), (.author, author), (.date, date),
            (.missingPage, missingPage), (.volumeSize, volumeSize), (.volumePages, volumePages),
            (.pdfa, pdfa.map { $0 ? "true" : "false" }),
        ]
        for (field, text) in given {
            guard let text else { continue }
            do throws(RecipeError) { try wishes.set(field, parsing: text) } catch { throw .usage("--\(field.rawValue): \(error)") }
        }
        do throws(RecipeError) { try wishes.check() } catch { throw .recipe(error) }
        return wishes
    }
}
