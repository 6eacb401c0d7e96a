import Glibc
import Imaging
import LinuxSystem

if CommandLine.arguments.dropFirst() == ["--version"] {
    do {
        print(try ImageEngine.build())
        exit(0)
    } catch {
        let text = "quire-worker: cannot read its own executable: \(error)\n"
        _ = write(STDERR_FILENO, text, text.utf8.count)
        exit(1)
    }
}
if CommandLine.arguments.dropFirst() == ["--module-folder"] {
    print(ImageEngine.moduleFolder)
    exit(0)
}
nameProcess("quire-worker")
exit(WorkerMain.run())
