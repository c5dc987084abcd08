"""The demo: a made-up country, its people, and both chat platforms played in memory around the real Parley.

Everything but the transport is production's own: the doors' reading and drawing, the engine, the outbox, the clock.
"""
