"""Tests of the emulator's HTTP server."""
