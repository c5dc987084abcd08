"""Consultations in calendars: until when one can have one's say."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import and_, or_, select

from bot.kit.feeds import MINE, Subscriber
from bot.kit.text import Code, _
from db.consultations import OPEN, Consultation, Phase
from scheduling.calendar.entry import Entry, Label, Status

from . import texts
from .room import consultations

LASTS = timedelta(minutes=30)  # an instant is no entry: it ends when comments close
GONE_FOR = timedelta(days=30)  # so long one that was given up is shown as such
PAST_FOR = timedelta(days=365)


@consultations.feed(MINE)
def deadlines(subscriber: Subscriber) -> Iterable[Entry]:
    """Of all that are open to them, and of those in which they have said something; long past ones left out."""
    who = subscriber.who
    if who is None:
        return
    stands = and_(Consultation.phase.in_((*OPEN, Phase.OUTCOME)), Consultation.closes_at >= subscriber.now - PAST_FOR)
    gone = and_(Consultation.phase == Phase.WITHDRAWN, Consultation.ended_at >= subscriber.now - GONE_FOR)
    dated = Consultation.visible_to(who), Consultation.closes_at.is_not(None), or_(stands, gone)
    found = subscriber.session.scalars(select(Consultation).where(*dated).order_by(Consultation.id)).all()
    titles = texts.titles_for(subscriber.session, found, who.language)
    for each in found:
        cover = subscriber.say(_("{ref}: comments close", ref=Code(each.ref)))
        yield _entry(subscriber, each, cover, subscriber.say(titles[each.id]))


def _entry(subscriber: Subscriber, consultation: Consultation, cover: str, title: str) -> Entry:
    """In the zone its deadline is stated in. A row's version counts its changes, and dates are among them: so many
    seconds after it was made is an instant that is later after each, as calendar programs want it."""
    if consultation.closes_at is None:
        raise ValueError(f"{consultation.ref} has no deadline")
    closes = consultation.closes_at.astimezone(ZoneInfo(consultation.zone)).replace(microsecond=0)
    made = consultation.created_at.replace(microsecond=0)
    return Entry(
        uid=subscriber.uid(f"consultation-{consultation.id}-closes"),
        revision=consultation.version,
        sequence=consultation.version - 1,
        changed_at=made + timedelta(seconds=consultation.version - 1),
        created_at=made,
        starts=closes - LASTS,
        ends=closes,
        title=f"{cover} – {title}",
        cover=cover,
        label=Label.PUBLIC if consultation.is_public else Label.MEMBERS,
        page=subscriber.page(""),
        status=Status.CANCELLED if consultation.phase is Phase.WITHDRAWN else Status.CONFIRMED,
        busy=False,
    )
