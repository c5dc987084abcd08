"""Calendars people subscribe to: what a capability puts into them, and for whom.

A *calendar* is something to subscribe to: "mine", or the region's, the roundtable's. One capability declares each, and
says which of them somebody may have; any capability adds entries to it with a *feed*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from db.people import Administration, Who
from scheduling.calendar.component import Wording
from scheduling.calendar.entry import Entry

from .text import Phrase, Text, _

MINE = "mine"  # the calendar of all that concerns one person
PROBE = "probe"  # the public one that only says that calendars work


@dataclass(frozen=True)
class Subscriber:
    """Whose calendar program asks, for what, and when. Handed to every feed.

    `who` is None where the calendar is public: then nobody in particular reads it. `about` is which one of a scope's
    calendars is read, such as a region's code; "" where a scope has only one.
    """

    who: Who | None
    administration: Administration
    about: str
    now: datetime
    session: Session  # for reading only
    say: Callable[[Text], str]  # words in the language of whoever reads
    page: Callable[[str], str]  # the public address of one of Parley's own pages

    def uid(self, name: str) -> str:
        """`name`, such as "issue-12-answer", made unique among everybody's calendars: the UID for feed and e-mail."""
        return f"{name}@{self.administration.calendar_domain}"


def wording(say: Callable[[Text], str], language: str) -> Wording:
    """The sentences around an entry's own words, with the places for those still in them."""
    cancelled = say(_("Cancelled: {title}", title="{title}"))
    return Wording(language, cancelled, say(_("Join: {link}", link="{link}")))


@dataclass(frozen=True)
class Choice:
    """One of a scope's calendars: which it is, and what it is called."""

    about: str
    name: Text


@dataclass(frozen=True)
class Calendar:
    """A scope. `choices` are its calendars that a subscriber may have; for `who` None, those that are public."""

    scope: str
    title: Phrase
    choices: Callable[[Subscriber], Iterable[Choice]]


FeedOf = Callable[[Subscriber], Iterable[Entry]]
