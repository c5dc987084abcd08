"""Looking for a date: times are offered, everybody says when they can, the silent are reminded once, and the best time
is proposed to whoever called the meeting, with its reasons."""

from . import ending
from .answering import ask_one, ask_one_less
from .asking import LAST_MINUTE, SUGGESTING
from .polls import poll_of, voters

__all__ = ["LAST_MINUTE", "SUGGESTING", "ask_one", "ask_one_less", "ending", "poll_of", "voters"]
