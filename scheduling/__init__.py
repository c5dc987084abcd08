"""Time: the clock, what is due, calendars and timetables."""

import zoneinfo

# The zones' rules that are pinned with everything else, on every machine alike. Those of the machine are often older,
# and people's reminders, their calendars and the page would then disagree about the same hour.
zoneinfo.reset_tzpath(to=())
