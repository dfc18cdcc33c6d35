"""Tests of reading the data contract."""
