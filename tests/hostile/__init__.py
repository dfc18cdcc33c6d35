"""Answers that no honest service gives: whatever comes, the reader returns a list or a finding."""
