"""Which page of the register is which: the list, one consultation, one of its drafts, how outcomes are told."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.kit.screen import Fact, NotFound, Table
from bot.kit.site import Item, Leaf, Listing, Part, Section
from bot.kit.text import Code, Named, Text, When, _, listed
from db import telling
from db.centres import Centre
from db.consultations import Consultation
from db.people import Administration
from db.small_groups import LEAST

from . import consultation as one
from . import data, finding
from .room import AT, HOW_TOLD, ON_PROTOCOL, PROTOCOL, TITLE, register

PAST_AT_ONCE = 25
DRAFT = re.compile(r"([^/]+)/(\d{1,4})")
NO_OFFICE = _("No office in particular")


@register.site(AT, TITLE, links=(("", TITLE), (PROTOCOL, HOW_TOLD)))
def find(session: Session, words: str, *, at: datetime, page: int) -> Leaf:
    """`""` is the list, `protocol` how outcomes are told, `C-3` a consultation, and `C-3/1` its first draft."""
    if words == "":
        return everything(session, page)
    if page != 1:
        raise NotFound()
    if words == PROTOCOL:
        return protocol(session, at)
    draft = DRAFT.fullmatch(words)
    found = finding.by_name(session, draft[1] if draft else words)
    shown = one.leaf(session, found, int(draft[2]) if draft else None) if found is not None else None
    if shown is None:
        raise NotFound()
    return shown


def everything(session: Session, page: int) -> Leaf:
    """All that is under way, and what is over by pages; as data everything at once."""
    homes = finding.administrations(session)
    ahead = session.scalars(finding.shown(past=False)).all()
    past = finding.shown(past=True)
    total = session.scalar(select(func.count()).select_from(past.order_by(None).subquery())) or 0
    pages = max(1, -(-total // PAST_AT_ONCE))
    if not 1 <= page <= pages:
        raise NotFound()
    everything_past = session.scalars(past).all()
    over = everything_past[(page - 1) * PAST_AT_ONCE : page * PAST_AT_ONCE]
    words = finding.translations(session, [*ahead, *everything_past])

    def listing(some: list[Consultation]) -> Listing:
        return Listing(
            tuple(
                Item(
                    one.title(each, words),
                    each.ref,
                    (
                        Fact(_("Reference"), Code(each.ref)),
                        Fact(_("State"), each.phase),
                        *_until(each),
                        *((Fact(_("Administration"), _home(homes, each)),) if len(homes) > 1 else ()),
                    ),
                    one.summary(each, words),
                )
                for each in some
            )
        )

    nothing = _("None at present.")
    return Leaf(
        TITLE,
        (
            _("What Customs asks before it decides, and what became of what was said. Anybody may read it."),
            _("Nobody’s name stands here, and no group of fewer than {least} people is counted.", least=LEAST),
        ),
        (
            Section(_("Under way"), (listing(list(ahead)) if ahead else nothing,), "open"),
            Section(_("Over"), (listing(list(over)) if over else nothing,), "past"),
        ),
        data.of_all(session, [*ahead, *everything_past], homes, words),
        zone=next((each.zone for each in homes.values()), "UTC"),
        page=page,
        pages=pages,
    )


def _until(each: Consultation) -> tuple[Fact, ...]:
    if each.takes_answers() and each.closed_at is None and each.closes_at is not None:
        return (Fact(_("Comments until"), When(each.closes_at, venue=each.zone)),)
    return (Fact(_("Ended"), When(each.ended_at, day_only=True)),) if each.ended_at is not None else ()


def _home(homes: dict[int, Administration], each: Consultation) -> Named:
    return Named(homes[each.administration_id].name)


# How outcomes are told


def protocol(session: Session, at: datetime) -> Leaf:
    """What others add, such as the rules; below it how well it is kept."""
    added = [each(session, at) for each in ON_PROTOCOL]
    homes = finding.administrations(session)
    centres = {each.id: each for each in session.scalars(select(Centre).order_by(Centre.id))}
    offices = telling.by_office(session, since=finding.a_year_before(at), until=at)
    return Leaf(
        HOW_TOLD,
        (_("Whoever takes part hears what became of their own words. This is how well that is kept."),),
        (
            *(section for each in added for section in each.sections),
            Section(_("How well it is kept"), _figures(offices, homes, centres), "kept"),
        ),
        (data.of_telling(offices, homes, centres), *(sheet for each in added for sheet in each.sheets)),
        zone=next((each.zone for each in homes.values()), "UTC"),
    )


def _figures(
    offices: list[telling.Telling], homes: dict[int, Administration], centres: dict[int, Centre]
) -> tuple[Part, ...]:
    if not offices:
        return (_("In the last twelve months too few people were told an outcome to give figures."),)
    rows = tuple(
        (
            _office(each, homes, centres),
            each.outcomes,
            each.people,
            _("{percent} %", percent=each.delivered_percent),
            _("{percent} %", percent=each.acknowledged_percent),
            each.to_outcome,
            each.to_arrival,
        )
        for each in offices
    )
    columns = (
        *(_("Office"), _("Outcomes"), _("People told"), _("Delivered"), _("Acknowledged")),
        *(_("Days to the outcome"), _("Days until it arrived")),
    )
    return (
        Table(_("By office, in the last twelve months"), columns, rows),
        _(
            "Outcomes of issues and of consultations. Delivered: their chat or mail took it, or somebody told them. "
            "Acknowledged: they said that they have it. Nobody can know that a message was read."
        ),
        _(
            "Days are those that half of them took at most: from when an issue was raised or a consultation closed "
            "until its outcome, and from then until it arrived."
        ),
        _("Offices that have told fewer than {least} people are counted together with others.", least=LEAST),
    )


def _office(each: telling.Telling, homes: dict[int, Administration], centres: dict[int, Centre]) -> Text:
    names = [Named(centres[centre].name) if centre is not None else NO_OFFICE for centre in each.centres]
    office = listed(names)
    if len(homes) < 2:
        return office
    return _("{office} ({administration})", office=office, administration=Named(homes[each.administration_id].name))
