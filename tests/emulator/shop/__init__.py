"""Tests of the made-up shop."""
