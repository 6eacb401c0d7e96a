import ArgumentParser
import HeadNode
import JobModel

/// `quire recipe`
struct RecipeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recipe",
        abstract: "List, show, begin and check recipes.",
        discussion: """
            A recipe is a YAML file with a list of actions. 'quire run --recipe WORD' takes a file, one of your own by its name
            ($XDG_CONFIG_HOME/quire/recipes/WORD.yaml), or a ready-made one.

            EXAMPLES
              quire recipe list
              quire recipe new holiday --from web
              quire recipe check holiday.yaml
              quire recipe schema > ~/.config/quire/recipe.schema.json     for editors that complete YAML
            """,
        subcommands: [List.self, Show.self, New.self, Check.self, Schema.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Your own recipes and those that come with quire.")
        @Flag(help: "An array of objects on standard output.")
        var json = false
        func run() throws { throw ExitCode(try RecipeTasks().list(printsJSON: json).rawValue) }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print a recipe as it was written.")
        @Argument(help: ArgumentHelp("A file, or a name of 'quire recipe list'.", valueName: "recipe"))
        var recipe: PathArgument
        func run() throws { throw ExitCode(try RecipeTasks().show(recipe.path).rawValue) }
    }

    struct New: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Write a recipe to begin with; never over a file.")
        @Argument(help: ArgumentHelp("Its name among your own, or the name of a file.", valueName: "name"))
        var name: String
        @Option(help: ArgumentHelp("Begin with this one instead of a commented example.", valueName: "recipe"))
        var from: PathArgument?
        func run() throws { throw ExitCode(try RecipeTasks().new(name, from: from?.path).rawValue) }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Say whether recipes can be used, and if not where and why.")
        @Argument(help: ArgumentHelp("Files, or names of 'quire recipe list'.", valueName: "recipe"))
        var recipes: [PathArgument]
        func run() throws { throw ExitCode(try RecipeTasks().check(recipes.map(\.path)).rawValue) }
    }

    struct Schema: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print the JSON Schema of recipes, for editors.")
        func run() throws { throw ExitCode(try RecipeTasks().schema().rawValue) }
    }
}
