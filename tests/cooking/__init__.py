"""Tests of computing lists from data."""
