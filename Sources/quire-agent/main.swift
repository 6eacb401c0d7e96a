import Glibc
import LinuxSystem
import NodeAgent

nameProcess("quire-agent")
exit(AgentProgram.run(arguments: CommandLine.arguments))
