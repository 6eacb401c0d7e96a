public import JobModel
import LinuxSystem
import Recipes

extension HostFile {
    /// Reads `--hosts FILE`. The file is read anew by `quire hosts reload`, so its name must stay good.
    public init(reading path: RawPath) throws(HeadError) {
        guard let value = try YAMLReading.read(path, what: "host file") else {
            throw .usage("\(path): the host file is empty; it needs 'hosts:' with a list, see cluster/hosts.example.yaml")
        }
        let here = try system("find the working folder") { () throws(SystemError) in try FileOperation.workingFolder() }
        let folder = (path.isAbsolute ? path : here.appending(path)).normalized.parent
        do throws(RecipeError) {
            try self.init(parsing: value, file: path.display, folder: folder, home: StateFolder.environment()["HOME"] ?? folder)
        } catch {
            throw .recipe(error)
        }
    }

    /// Reads the text of `--host`.
    public init(commandLine text: String) throws(HeadError) {
        do throws(RecipeError) { try self.init(parsing: text) } catch { throw .recipe(error) }
    }
}
