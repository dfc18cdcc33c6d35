"""Tests of the emulated accounts."""
