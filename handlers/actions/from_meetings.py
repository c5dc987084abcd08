"""What a meeting has noted as an action becomes one of the plan, with owners and a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, select

from bot.kit.clean import clean_line, shorten
from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Button, Refusal, Screen, button
from bot.kit.text import Code, Raw, _
from db.actions import Action, Source
from db.meetings import Confidentiality, Meeting, Minute, MinuteKind
from handlers.roundtables.minutes import next_of_action

from . import cards
from .adopting import BUSINESS, CUSTOMS, DUE, TITLE, added, adopt, moved
from .room import actions, proposers


@next_of_action
def into_the_plan(ctx: Context, _meeting: Meeting, minute: Minute) -> Button:
    known = ctx.session.scalars(select(Action).where(*_same(minute), Action.visible_to(ctx.who)).limit(1)).first()
    if known is not None:
        return button(_("In the plan: {ref}", ref=Code(known.ref)), "actions.show", action=known.id)
    return button(_("Put it into the plan"), "actions.from_minute", minute=minute.id)


@actions.form("from_minute", _("Put it into the plan"), allow=proposers, reads=proposers)
class FromMinute(Form):
    """The minutes say what is to be done; who owns it, and until when, is said here."""

    minute: Minute = ask.about()
    customs_owner: str = CUSTOMS
    business_owner: str = BUSINESS
    due_day: date = DUE

    @classmethod
    def intro(cls, ctx: Context, bound: dict[str, Minute]) -> tuple[Raw, ...]:  # type: ignore[override]
        return (Raw(bound["minute"].words, bound["minute"].language),)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _must_be_new(ctx, bound["minute"])

    def submit(self, ctx: Context) -> Screen:
        ctx.session.scalars(select(Minute.id).where(Minute.id == self.minute.id).with_for_update()).one()
        _must_be_new(ctx, self.minute)
        title = _title(self.minute)
        action = adopt(
            ctx,
            title=title,
            detail=_detail(self.minute),
            language=self.minute.language,
            customs_owner=int(self.customs_owner),
            business_owner=int(self.business_owner),
            due_day=self.due_day,
            source=Source.MEETING,
            source_id=self.minute.meeting_id,
        )
        return cards.card(ctx, action, added(action), *moved(self.due_day, action))


def _title(minute: Minute) -> str:
    return shorten(clean_line(minute.words), TITLE)


def _detail(minute: Minute) -> str | None:
    """All of its words, where the title is not all of them."""
    return minute.words if minute.words != _title(minute) else None


def _must_be_new(ctx: Context, minute: Minute) -> None:
    """One line of the minutes is one action, whoever taps first. Raises Refusal."""
    if minute.kind is not MinuteKind.ACTION:
        raise Refusal(_("The minutes do not note this as an action."))
    if ctx.session.get_one(Meeting, minute.meeting_id).confidentiality is Confidentiality.CONFIDENTIAL:
        raise Refusal(
            _("What was said there is confidential, and a plan is read by all its owners. Add it in other words.")
        )
    known = ctx.session.scalars(select(Action).where(*_same(minute)).limit(1)).first()
    if known is not None:
        raise Refusal(_("It is in the plan already: {ref}.", ref=Code(known.ref)))


def _same(minute: Minute) -> tuple[ColumnElement[bool], ...]:
    """The action that this line of the minutes has become."""
    of_meeting = Action.source == Source.MEETING, Action.source_id == minute.meeting_id
    return *of_meeting, Action.title == _title(minute), Action.detail.is_not_distinct_from(_detail(minute))
