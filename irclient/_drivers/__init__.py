"""The two drivers: they carry out what the core asks for, and decide nothing."""
