import Glibc
import Imaging

exit(WorkerMain.run())
