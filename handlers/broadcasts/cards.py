"""What a broadcast is called and says, and the way to it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit.screen import Button, button
from bot.kit.text import Code, Raw, Text, _
from db.broadcasts import Broadcast, BroadcastText

OPEN = _("Open")


def texts_of(
    session: Session, broadcast: Broadcast, *, first: str = "", edition: int | None = None
) -> Sequence[BroadcastText]:
    """What it says, in the language `first` before its own, and these before the others."""
    its = BroadcastText.broadcast_id == broadcast.id, BroadcastText.edition == (edition or broadcast.edition)
    order = {first: 0, broadcast.language: 1} if first else {broadcast.language: 1}
    return sorted(session.scalars(select(BroadcastText).where(*its)), key=lambda of: (order.get(of.language, 2), of.id))


def text_of(
    session: Session, broadcast: Broadcast, language: str, *, edition: int | None = None
) -> BroadcastText | None:
    """What it says in that language; where there is nothing in it, in its own. None while nothing is written."""
    found = {each.language: each for each in texts_of(session, broadcast, edition=edition)}
    return found.get(language) or found.get(broadcast.language)


def title(session: Session, broadcast: Broadcast, language: str) -> Text:
    return titles(session, (broadcast,), language)[broadcast.id]


def titles(session: Session, broadcasts: Collection[Broadcast], language: str) -> dict[int, Text]:
    """What each is called in that language, or in its own; its reference while it says nothing. In one question."""
    ids = [each.id for each in broadcasts]
    its = select(BroadcastText.broadcast_id, BroadcastText.edition, BroadcastText.language, BroadcastText.title)
    found = {
        (row[0], row[1], row[2]): row[3] for row in session.execute(its.where(BroadcastText.broadcast_id.in_(ids)))
    }
    named: dict[int, Text] = {}
    for each in broadcasts:
        called_ = {code: found.get((each.id, each.edition, code)) for code in (each.language, language)}
        chosen = next((code for code in (language, each.language) if called_[code]), None)
        named[each.id] = Raw(called_[chosen] or "", chosen) if chosen is not None else Code(each.ref)
    return named


def open_it(broadcast: Broadcast) -> Button:
    return button(OPEN, "broadcasts.show", broadcast=broadcast.id)
