"""Parley killed at every boundary it crosses, and what must be true when it is up again.

A conversation (raise, ask, answer, merge, outcome) is played by people on the fakes, against the real process with its
real clients. In any act of it the process may be killed at the Nth boundary of a kind; it is then started again and
let to settle, and the database and the platforms' own record are compared with those of a calm run.
"""
