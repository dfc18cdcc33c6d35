"""Tests of the service side of the wire contract."""
