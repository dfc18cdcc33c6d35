"""One HTTP/1.1 server of the emulator, and how faults break it."""
