"""Calendars: Parley's entries as feeds and invitations, and a check of anybody's feed.

| To | open |
|---|---|
| describe a meeting or a series | `entry`, `rule` |
| know when SEQUENCE rises | `sequence` |
| make a feed's bytes | `build`, which joins what `component` makes of single entries |
| tell a zone's clock to clients | `zones` |
| invite, cancel, read an answer | `itip` |
| find what is wrong with a feed | `check` |

Only this package knows icalendar. Nothing here reads a clock, a database or a catalogue.
"""
