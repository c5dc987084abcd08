"""What was not kept in time: the office's list, one of them, and why, in the office's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Button, Fact, Quote, Refusal, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, When, _, ngettext
from db.protocols import Duty, Event, ProtocolRule
from db.protocols.owing import cases
from handlers.paging import PAGE, turn_pages
from handlers.people.naming import SOMEBODY, called

from . import wording
from .offices import Offices
from .room import leads, protocols

WORDS = 1000
OPENS = {
    Event.ISSUE_RAISED: ("issues.show", "issue"),
    Event.ISSUE_OUTCOME: ("issues.show", "issue"),
    Event.CONSULTATION_CLOSED: ("consultations.show", "consultation"),
    Event.CONSULTATION_OUTCOME: ("consultations.show", "consultation"),
    Event.MEETING_HELD: ("roundtables.show", "meeting"),
    Event.ACTION_DUE: ("actions.show", "action"),
}


@protocols.command("breaches", _("Promises not kept"), allow=leads, reads=leads)
def breaches(ctx: Context, all: bool = False, page: int = 0) -> Screen:
    """What is owed still or was never explained, the oldest first; or all there ever were, the latest first."""
    mine = Duty.visible_to(ctx.who), Duty.is_breach() if all else Duty.waits()
    total = ctx.session.scalar(select(func.count()).select_from(Duty).where(*mine)) or 0
    order = (Duty.due_at.desc(), Duty.id.desc()) if all else (Duty.due_at, Duty.id)
    its = select(Duty).where(*mine).order_by(*order).offset(page * PAGE).limit(PAGE)
    found = ctx.session.scalars(its).all()
    names = cases(ctx.session, found)
    offices = Offices(ctx.session, ctx.who.administration_id)
    count = ngettext("{count} promise was not kept in time.", "{count} promises were not kept in time.", total)
    other = (
        button(_("Only what waits"), "protocols.breaches")
        if all
        else button(_("All there were"), "protocols.breaches", all=True)
    )
    return Screen(
        _("Promises not kept"),
        (count if total else _("Every promise of the communication protocol was kept, or its breach is explained."),),
        rows=tuple(
            Row(
                _("{ref} · {what}", ref=Code(names[each.id][0]), what=each.event),
                _stands(ctx, each, offices),
                (button(_("Open"), "protocols.breach", duty=each.id),),
            )
            for each in found
        ),
        buttons=(
            *turn_pages("protocols.breaches", page, total, all=all),
            other,
            button(_("How well it is kept"), "protocols.kept"),
        ),
    )


def _stands(ctx: Context, duty: Duty, offices: Offices) -> Phrase:
    """Whether it happened after all, and how long that took."""
    if duty.kept_at is not None:
        return ngettext(
            "Kept too late: after {count} working day", "Kept too late: after {count} working days", duty.days or 0
        )
    if duty.released_at is not None:
        return _("Owed no longer since {day}", day=When(duty.released_at, day_only=True))
    days = offices.week(duty.centre_id).working_days_between(duty.began_at, ctx.now)
    return ngettext("Still owed, after {count} working day", "Still owed, after {count} working days", days)


@protocols.command("breach", _("A promise not kept"), allow=leads, reads=leads)
def breach(ctx: Context, duty: Duty) -> Screen:
    return card(ctx, duty)


def card(ctx: Context, duty: Duty, lead: Phrase | None = None) -> Screen:
    """One of them: what was promised, what became of it, and why."""
    offices = Offices(ctx.session, duty.administration_id)
    rule = ctx.session.get_one(ProtocolRule, duty.rule_id)
    ref, about = cases(ctx.session, [duty])[duty.id]
    command, entity = OPENS[duty.event]
    why: tuple[Quote, ...] = ()
    if duty.words is not None and duty.explained_at is not None:
        names = called(ctx.session, [duty.explained_by_id] if duty.explained_by_id is not None else [])
        by = _(
            "{name}, {when}",
            name=names.get(duty.explained_by_id or 0, SOMEBODY),
            when=When(duty.explained_at, day_only=True),
        )
        why = (Quote(Raw(duty.words, duty.language), by, _("Why, in the words of the office")),)
    explain: tuple[Button, ...] = ()
    if duty.breached_at is not None:
        style = Style.PRIMARY if duty.explained_at is None else Style.PLAIN
        explain = (button(_("Explain it"), "protocols.explain", style=style, duty=duty.id),)
    return Screen(
        _("{ref} · {what}", ref=Code(ref), what=duty.event),
        (*((lead,) if lead is not None else ()), _stands(ctx, duty, offices), *why),
        (
            Fact(_("Promised"), wording.promise(rule)),
            Fact(_("Office"), offices.name([duty.centre_id])),
            Fact(_("Began"), When(duty.began_at)),
            *((Fact(_("Happened"), When(duty.kept_at)),) if duty.kept_at is not None else ()),
            *((Fact(_("Found too late"), When(duty.breached_at)),) if duty.breached_at is not None else ()),
            *((Fact(_("Passed on upwards"), When(duty.escalated_at)),) if duty.escalated_at is not None else ()),
        ),
        buttons=(
            *explain,
            Button(_("Open {ref}", ref=Code(ref)), command, {entity: about}),
            button(_("Promises not kept"), "protocols.breaches"),
        ),
    )


@protocols.form("explain", _("Explain it"), allow=leads, reads=leads)
class Explain(Form):
    """Why a promise was not kept. What was said before is replaced; when it is kept after all is noted anyway."""

    review = False
    duty: Duty = ask.about()
    words: str = ask.prose(
        _("Why was it not kept?"), max=WORDS, hint=_("Whoever oversees the offices reads it. Name nobody.")
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        if bound["duty"].breached_at is None:
            raise Refusal(_("It is not too late for it: there is nothing to explain."))

    def submit(self, ctx: Context) -> Screen:
        self.duty.explain(ctx.who.id, self.words, ctx.who.language, at=ctx.now)
        ctx.session.flush()
        return card(ctx, self.duty, _("Noted."))
