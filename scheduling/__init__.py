"""Time: the clock, what is due, calendars and timetables."""
