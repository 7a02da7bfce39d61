"""What is asked: guide files, conditions and the engine. Pure: no I/O, no clock, no randomness."""
