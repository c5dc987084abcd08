"""The language capabilities are written in: no I/O, no SDK, no framework."""
