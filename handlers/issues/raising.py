"""Raising an issue: at most six questions, then a desk has it and a date is promised."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import bindparam, select

from bot.kit import allow
from bot.kit.clean import clean_line, shorten
from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, When, _
from db.centres import Centre
from db.issues import How, Issue, Participation, Voice
from db.people import Kind, Organisation, Sector, Standing, Topic
from handlers import centres

from . import cards, clock, finding, telling
from .room import issues

TITLE, PORT, OPTIONS = 120, 60, 25

# Put together once: a form asks them again with every answer.
PORTS = select(Centre.ports).where(Centre.administration_id == bindparam("home"))
AGENCIES = (
    select(Organisation.id, Organisation.name)
    .where(Organisation.administration_id == bindparam("home"))
    .where(Organisation.kind == Kind.AGENCY, Organisation.standing == Standing.VERIFIED)
    .order_by(Organisation.name)
)


def ports(ctx: Context, query: str) -> Sequence[Option]:
    """The ports that the centres know; or another, as it was typed."""
    held = ctx.session.scalars(PORTS, {"home": ctx.who.administration_id})
    known = sorted({port for each in held for port in each})
    wanted = clean_line(query)
    found = [port for port in known if wanted.casefold() in port.casefold()]
    is_known = wanted.casefold() in (port.casefold() for port in known)
    typed = [] if not wanted or is_known or len(wanted) > PORT else [wanted]
    return [Option(port, Raw(port)) for port in [*found, *typed][:OPTIONS]]


def agencies(ctx: Context, query: str) -> Sequence[Option]:
    """The verified agencies of the administration, by name; one's own number finds it too."""
    rows = ctx.session.execute(AGENCIES, {"home": ctx.who.administration_id})
    wanted = clean_line(query).casefold()
    found = [row for row in rows if wanted in row.name.casefold() or wanted == str(row.id)]
    return [Option(str(row.id), Raw(row.name)) for row in found[:OPTIONS]]


@issues.form("raise", _("Raise an issue"), allow=allow.members, menu=10)
class Raise(Form):
    """A member says what happened; the centre of expertise for it receives it."""

    detail: str = ask.prose(
        _("What happened?"), max=3000, hint=_("In your own words and your own language. You can add to it later.")
    )
    sector: Sector = ask.choice(_("Which sector is it about?"))
    port: str | None = ask.pick(
        _("At which port or border crossing?"),
        options=ports,
        optional=True,
        hint=_("Choose one, or write the name of another."),
    )
    chapter: int | None = ask.number(
        _("Which chapter of the tariff (HS)?"),
        least=1,
        most=97,
        optional=True,
        hint=_("The first two digits of the HS code. Leave it out if you do not know it."),
    )
    agency: int | None = ask.pick(_("Does it concern another agency?"), options=agencies, optional=True)
    files: tuple[int, ...] = ask.files(_("Do you want to add photos or documents?"))

    def submit(self, ctx: Context) -> Screen:
        who = ctx.who
        issue = Issue(
            administration_id=who.administration_id,
            title=title_of(self.detail),
            language=who.language,
            reporter_id=who.id,
            organisation_id=who.organisation_id,
            sector=self.sector,
            chapter=f"{self.chapter:02d}" if self.chapter else None,
            port=self.port,
            agency_id=self.agency,
            raised_at=ctx.now,
            clock_started_at=ctx.now,
        )
        centre = centres.route(
            ctx.session,
            who.administration_id,
            sector=self.sector,
            chapter=issue.chapter,
            port=issue.port,
            agency_id=issue.agency_id,
        )
        issue.centre_id = centre.id if centre else None
        ctx.session.add(issue)
        ctx.session.flush()
        ctx.session.add(
            Participation(
                administration_id=who.administration_id,
                issue_id=issue.id,
                person_id=who.id,
                how=How.REPORTER,
                words=self.detail,
                language=who.language,
                joined_at=ctx.now,
            )
        )
        entry = telling.write(ctx, issue, Voice.RAISED, self.detail, self.files)
        clock.promise(ctx, issue)
        lead = _("A new issue has come to your desk.")
        telling.tell_desk(ctx, issue, lead, once=f"{issue.ref}:arrived", new=(entry,), topic=Topic.ARRIVALS)
        return received(ctx, issue, centre, self.detail)


def received(ctx: Context, issue: Issue, centre: Centre | None, words: str) -> Screen:
    """What the person holds in hand: a reference, a date, why it is that date, and who may have the same problem."""
    alike = finding.lookalikes(ctx, words)
    lead = _("Received. Your reference is {ref}. We are finding the right desk for it.", ref=Code(issue.ref))
    why: tuple[Phrase, ...] = ()
    if centre is not None and issue.answer_due is not None:
        when = When(issue.answer_due)
        lead = _("Received. Your reference is {ref}. We answer by {when}.", ref=Code(issue.ref), when=when)
        why = clock.days_off(centre, ctx.now, issue.answer_due, ctx.who.language)
    screen = cards.own_card(ctx, issue, lead)
    others = (_("Others may have the same problem. If it is yours too, say so: you will hear what becomes of it."),)
    return replace(
        screen,
        body=(*why, *screen.body, *(others if alike else ())),
        rows=tuple(
            Row(
                Raw(each.line, each.language),
                buttons=(button(_("Same here"), "issues.same", style=Style.PRIMARY, problem=each.id),),
            )
            for each in alike
        ),
    )


def title_of(detail: str) -> str:
    """The first sentence, on one line and not too long."""
    first = re.split(r"(?<=[.!?؟。])\s|\n", detail.strip(), maxsplit=1)[0]
    return shorten(clean_line(first), TITLE)
