"""The made-up shop that the emulator serves when it is given no data."""
