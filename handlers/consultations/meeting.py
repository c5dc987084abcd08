"""Roundtables held for a consultation: whoever was there took part in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from bot.kit.clean import clean_line
from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Button, Refusal, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, _
from db.consultations import Consultation, ConsultationMeeting
from db.meetings import Meeting, MeetingState
from handlers.paging import PAGE, turn_pages
from handlers.roundtables import calling
from handlers.roundtables import cards as meeting_cards
from handlers.roundtables import lists as meeting_lists

from . import cards
from .room import ON_CONSULTATION, consultations, members, runs


def _held_for(ctx: Context, consultation: Consultation) -> tuple[Any, ...]:
    """Those of its meetings that whoever asks sees."""
    ids = select(ConsultationMeeting.meeting_id).where(ConsultationMeeting.consultation_id == consultation.id)
    return Meeting.id.in_(ids), Meeting.visible_to(ctx.who)


@consultations.command("meetings", _("Roundtables"), allow=members)
def meetings(ctx: Context, consultation: Consultation, page: int = 0) -> Screen:
    """Those held for it, and those ahead."""
    return _listed(ctx, consultation, None, page=page)


def _listed(ctx: Context, consultation: Consultation, lead: Phrase | None, *, page: int = 0) -> Screen:
    its = _held_for(ctx, consultation)
    total = ctx.session.scalar(select(func.count()).select_from(Meeting).where(*its)) or 0
    found = ctx.session.scalars(select(Meeting).where(*its).order_by(Meeting.id.desc()).offset(page * PAGE).limit(PAGE))
    about: dict[str, Any] = {"consultation": consultation.id}
    return Screen(
        lead or _("Roundtables"),
        (cards.title(consultation), *(() if total else (_("None is held for it yet."),))),
        rows=tuple(
            Row(meeting_cards.title(each), meeting_cards.line(each), (meeting_cards.open_it(each),)) for each in found
        ),
        buttons=(
            *turn_pages("consultations.meetings", page, total, **about),
            button(_("Call a roundtable"), "consultations.call_meeting", style=Style.PRIMARY, **about),
            button(_("Add one that was called"), "consultations.add_meeting", **about),
            cards.back(consultation),
        ),
    )


@consultations.command("call_meeting", _("Call a roundtable"), allow=runs)
def call_meeting(ctx: Context, consultation: Consultation) -> Screen:
    """With the title and the audience of the consultation. Nobody hears of it until it is given a date."""
    cards.must_be_under_way(consultation)
    meeting = calling.call(ctx, sector=consultation.sector, centre_id=consultation.centre_id)
    meeting.title, meeting.language, meeting.zone = consultation.title, consultation.language, consultation.zone
    meeting.audience = consultation.audience
    link(ctx, consultation, meeting)
    calling.put_on_agenda(ctx, meeting, consultation.title)
    meeting_lists.found.keep(ctx.session, meeting)
    lead = _("Called, for {ref}. Nobody hears of it until you look for a date or set one.", ref=Code(consultation.ref))
    return meeting_cards.card(ctx, meeting, lead)


def link(ctx: Context, consultation: Consultation, meeting: Meeting) -> bool:
    """It is held for that consultation from now on; False where it was already."""
    known = ConsultationMeeting.consultation_id == consultation.id, ConsultationMeeting.meeting_id == meeting.id
    if ctx.session.scalar(select(ConsultationMeeting.id).where(*known)) is not None:
        return False
    ctx.session.add(ConsultationMeeting(consultation_id=consultation.id, meeting_id=meeting.id))
    ctx.session.flush()
    return True


def _called(ctx: Context, query: str) -> Sequence[Option]:
    """Meetings one runs, the latest first, by their title or reference."""
    run = Meeting.run_by(ctx.who), Meeting.state != MeetingState.CANCELLED
    found = ctx.session.scalars(select(Meeting).where(*run).order_by(Meeting.id.desc()).limit(200))
    wanted = clean_line(query).casefold()
    return [
        Option(str(each.id), _("{title}", title=meeting_cards.title(each)))
        for each in found
        if wanted in (str(each.id), each.ref.casefold()) or wanted in (each.title or "").casefold()
    ][:20]


@consultations.form("add_meeting", _("Add one that was called"), allow=runs)
class AddMeeting(Form):
    """Whoever was there took part in the consultation."""

    review = False
    consultation: Consultation = ask.about()
    meeting: int = ask.pick(_("Which roundtable?"), options=_called, hint=_("Type a part of its title."))

    def submit(self, ctx: Context) -> Screen:
        cards.must_be_under_way(self.consultation)
        if not link(ctx, self.consultation, ctx.session.get_one(Meeting, self.meeting)):
            raise Refusal(_("It is held for this consultation already."), field="meeting")
        return _listed(ctx, self.consultation, _("Added."))


def _on_card(ctx: Context, consultation: Consultation) -> tuple[Button, ...]:
    if consultation.is_owned_by(ctx.who):
        return ()
    if ctx.session.scalar(select(Meeting.id).where(*_held_for(ctx, consultation)).limit(1)) is None:
        return ()
    return (button(_("Roundtables"), "consultations.meetings", consultation=consultation.id),)


ON_CONSULTATION.append(_on_card)
