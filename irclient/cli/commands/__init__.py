"""The commands, each in the module that bears its name."""
