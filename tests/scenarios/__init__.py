"""What accounts answer, and what callers get: one file for each rule, run by every driver."""
