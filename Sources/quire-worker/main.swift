import Glibc
import Imaging

if CommandLine.arguments.dropFirst() == ["--version"] {
    print(ImageEngine.version)
    exit(0)
}
exit(WorkerMain.run())
