"""The decisions: pure, told the time, free of I/O, clocks, randomness, threads and logging.

`call.py` tells the call of one call from top to bottom; each other module owns one concept.
"""
