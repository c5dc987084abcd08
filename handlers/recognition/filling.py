"""For an agency: its own column, one criterion after another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Button, Fact, Quote, Refusal, Row, Screen, Style, button
from bot.kit.text import Phrase, Raw, When, _, ngettext
from db.agencies import name_of
from db.recognition import Criterion, Recognition, RecognitionChange, Stand, cells, criteria
from handlers.paging import PAGE, turn_pages
from handlers.people.naming import called

from . import asking, becoming, naming
from .room import recognition, voices

NOTE = 600


@recognition.command("column", _("My agency's answers"), allow=voices)
def column(ctx: Context, page: int = 0) -> Screen:
    """Every criterion with what one's own agency says of it."""
    return column_screen(ctx, None, page=page)


def column_screen(ctx: Context, lead: Phrase | None, *, page: int = 0) -> Screen:
    lines = criteria(ctx.session, ctx.who.administration_id)
    found = cells(ctx.session, ctx.who)
    own = {line.id: said for line in lines if (said := found.get((line.id, ctx.who.agency_id or 0))) is not None}
    left = [line for line in lines if line.id not in own]
    rows = tuple(
        Row(naming.label(line), _said(own.get(line.id)), _row_buttons(line, own.get(line.id)))
        for line in lines[page * PAGE : (page + 1) * PAGE]
    )
    waits = ngettext("{count} criterion has no answer yet.", "{count} criteria have no answer yet.", len(left))
    after = (_say(left[0], _("Next without an answer"), Style.PRIMARY),) if left else ()
    return Screen(
        lead or _("Which criteria does your agency recognise?"),
        (
            _("What Customs has checked of a trusted trader: does your agency count it as checked, too?"),
            waits if left else _("Your agency has answered everything. Thank you."),
        ),
        rows=rows,
        buttons=(
            *after,
            *turn_pages("recognition.column", page, len(lines)),
            button(recognition.title, "recognition.recognition"),
        ),
    )


def _said(said: Recognition | None) -> Phrase:
    if said is None:
        return _("Not answered yet")
    return _("{stand} · {when}", stand=said.stand, when=When(said.said_at, day_only=True))


def _row_buttons(line: Criterion, said: Recognition | None) -> tuple[Button, ...]:
    if said is None:
        return (_say(line, _("Answer")),)
    return _say(line, _("Change")), button(_("Open"), "recognition.cell", cell=said.id)


def _say(line: Criterion, label: Phrase, style: Style = Style.PLAIN) -> Button:
    return button(label, "recognition.say", style=style, criterion=line.id)


@recognition.form("say", _("Say what your agency recognises"), allow=voices)
class Say(Form):
    """Where one's agency stands on one criterion, and a note that Customs reads."""

    review = False
    criterion: Criterion = ask.about()
    stand: Stand = ask.choice(_("Does your agency recognise it?"))
    note: str | None = ask.prose(
        _("What is missing, or what should Customs know?"),
        max=NOTE,
        optional=True,
        hint=_("Only Customs and your agency read this. Other agencies do not."),
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        if bound["criterion"].retired_at is not None:
            raise Refusal(_("It is not asked about any longer."))

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Phrase, ...]:
        return (naming.label(bound["criterion"]),)

    def submit(self, ctx: Context) -> Screen:
        agency_id = ctx.who.agency_id or 0
        mine = Recognition.criterion_id == self.criterion.id, Recognition.agency_id == agency_id
        cell = ctx.session.scalar(select(Recognition).where(*mine, Recognition.in_full_to(ctx.who)))
        before = cell.stand if cell is not None else None
        said = {
            "administration_id": ctx.who.administration_id,
            "criterion_id": self.criterion.id,
            "agency_id": agency_id,
            "stand": self.stand,
            "note": self.note,
            "language": ctx.who.language,
        }
        if cell is None:
            cell = Recognition(**said, said_by_id=ctx.who.id, said_at=ctx.now)
            ctx.session.add(cell)
        elif (cell.stand, cell.note) == (self.stand, self.note):
            return column_screen(ctx, _("Your agency says so already."))
        else:
            cell.stand, cell.note, cell.language = self.stand, self.note, ctx.who.language
            cell.said_by_id, cell.said_at = ctx.who.id, ctx.now
        change = RecognitionChange(**said, before=before, by_id=ctx.who.id, at=ctx.now)
        ctx.session.add(change)
        ctx.session.flush()
        becoming.tell_acting(ctx, self.criterion, cell, change)
        asking.note_filled(ctx, agency_id)
        position = [each.id for each in criteria(ctx.session, ctx.who.administration_id)].index(self.criterion.id)
        return column_screen(ctx, _("Noted."), page=position // PAGE)


@recognition.command("cell", _("What an agency says of a criterion"), allow=allow.members, reads=allow.staff)
def cell_(ctx: Context, cell: Recognition) -> Screen:
    """Where an agency stands; to itself and to Customs with its note, who said it, and what it said before."""
    line = ctx.session.get_one(Criterion, cell.criterion_id)
    name = name_of(ctx.session, cell.agency_id)
    facts = (Fact(_("Agency"), name), Fact(_("Where it stands"), cell.stand), Fact(_("Since"), When(cell.said_at)))
    body: tuple[Any, ...] = ()
    if cell.is_in_full_for(ctx.who):
        body = history(ctx, cell)
    change = (_say(line, _("Change")),) if ctx.who.agency_id == cell.agency_id else ()
    back = button(recognition.title, "recognition.recognition")
    return Screen(naming.label(line), body, facts, buttons=(*change, back))


def history(ctx: Context, cell: Recognition) -> tuple[Quote | Phrase, ...]:
    """All that an agency has said of a criterion, the latest first."""
    its = RecognitionChange.criterion_id == cell.criterion_id, RecognitionChange.agency_id == cell.agency_id
    seen = select(RecognitionChange).where(*its, RecognitionChange.visible_to(ctx.who))
    changes = ctx.session.scalars(seen.order_by(RecognitionChange.id.desc()).limit(PAGE)).all()
    names = called(ctx.session, {each.by_id for each in changes})

    def line(each: RecognitionChange) -> Quote | Phrase:
        by = _("{stand}: {name} on {when}", stand=each.stand, name=names[each.by_id], when=When(each.at))
        return Quote(Raw(each.note, each.language), by) if each.note else by

    return tuple(line(each) for each in changes)
