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
if CommandLine.arguments.dropFirst().first == CommandWatch.word {
    nameProcess("quire-command")
    // As bytes: names of folders need not be text.
    exit(CommandWatch.run((2..<Int(CommandLine.argc)).map { index in CommandLine.unsafeArgv[index].map { Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) } ?? [] }))
}
nameProcess("quire-worker")
exit(WorkerMain.run())
