"""What the SDK asks of a target: sinks, messages, states."""
