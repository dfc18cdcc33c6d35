"""Kinds of values: those of a moment, secrets, and models that keep unknown fields."""
