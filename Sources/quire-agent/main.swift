import Glibc
import LinuxSystem
import Minder
import NodeAgent

if CommandLine.arguments.dropFirst() == ["minder"] { exit(MinderProgram.run(version: agentVersion)) }
nameProcess("quire-agent")
exit(AgentProgram.run(arguments: CommandLine.arguments))
