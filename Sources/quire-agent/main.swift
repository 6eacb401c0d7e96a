import Glibc
import NodeAgent

exit(AgentProgram.run(arguments: CommandLine.arguments))
