"""The relational part of cooking: statements that run on any engine."""
