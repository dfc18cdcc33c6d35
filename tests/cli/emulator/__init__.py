"""Tests of how `irclient emulator` runs the local service and talks to it."""
