"""The local service as `irclient emulator` runs it and talks to it."""
