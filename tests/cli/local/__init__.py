"""Tests of the `irclient` command."""
