"""Work: jobs deferred inside a transaction, and the threads that turns run in.

Jobs carry ids, never content: a body reads its rows, does what is still undone, and may run twice. `port` is what
callers know of either engine. The embedded one is a table and a loop in one process; a file lock (SQLite) or an
advisory lock (PostgreSQL) refuses a second. `scaled` is the engine of many processes.
"""

from .embedded import LONGEST_PAUSE, MOST_ATTEMPTS, Embedded, Planned
from .labour import Task
from .port import ANSWER, BROADCAST, MEND, URGENT, WAITED_FOR, Retry, Work, lane
from .threads import Threads

__all__ = [
    "ANSWER",
    "BROADCAST",
    "LONGEST_PAUSE",
    "MEND",
    "MOST_ATTEMPTS",
    "URGENT",
    "WAITED_FOR",
    "Embedded",
    "Planned",
    "Retry",
    "Task",
    "Threads",
    "Work",
    "lane",
]
