/// What `quire-agent --version` prints and the agent's HELLO names as its build.
public let agentVersion = "0.1.0"
