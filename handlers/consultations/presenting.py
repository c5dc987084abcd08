"""A session of a symposium proposed from a consultation: by its owners, and by whoever takes part in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.forms import ask
from bot.kit.screen import Button, Refusal, Scalar, Screen, button
from bot.kit.text import _
from db.consultations import Consultation, Phase
from db.participants import participants_of
from db.people import Person
from db.symposia import Symposium
from handlers.symposia import proposals, proposing, sessions

from . import cards
from .room import ON_CONSULTATION, consultations, members


def _may(ctx: Context, consultation: Consultation) -> bool:
    """While it is under way or its outcome is out."""
    if not consultation.is_under_way and consultation.phase is not Phase.OUTCOME:
        return False
    if consultation.is_owned_by(ctx.who):
        return True
    taking = participants_of(consultation.id, at=ctx.now).where(Person.id == ctx.who.id)
    return ctx.session.scalar(taking.limit(1)) is not None


def _must(ctx: Context, consultation: Consultation) -> None:
    if not _may(ctx, consultation):
        raise Refusal(_("Those who own the consultation propose a session about it, and those who take part in it."))


@consultations.command("present", _("Propose a session about it"), allow=members)
def present(ctx: Context, consultation: Consultation) -> Screen:
    """To which symposium, with the consultation's own title."""
    _must(ctx, consultation)
    about: dict[str, Scalar] = {"consultation": consultation.id, "title": consultation.title[: proposing.TITLE]}
    back = cards.back(consultation)
    return proposing.where_to(ctx, consultation.ref, "consultations.propose_session", about, back)


@consultations.form("propose_session", _("Propose a session about a consultation"), allow=members)
class ProposeSession(proposing.Proposing):
    """It goes with the name of the consultation, and with nothing that anybody said there."""

    symposium: Symposium = ask.about()
    consultation: Consultation = ask.about()
    title: str = ask.line(proposing.TITLE_ASKED["label"], max=proposing.TITLE, hint=proposing.TITLE_ASKED["hint"])
    abstract: str = ask.prose(
        proposing.ABSTRACT_ASKED["label"], max=proposing.ABSTRACT, hint=proposing.ABSTRACT_ASKED["hint"]
    )
    track: int | None = ask.pick(_("In which track?"), options=sessions.track_options, optional=True)
    speaker: str = ask.pick(_("Who speaks?"), options=proposing.speakers, hint=_("A colleague's name can be typed."))
    needs: str | None = ask.line(_("What does it need?"), max=proposing.NEEDS, optional=True, hint=sessions.NEEDS_HINT)
    interest: str | None = ask.line(
        proposing.INTEREST_ASKED["label"],
        max=proposing.INTEREST,
        optional=True,
        hint=proposing.INTEREST_ASKED["hint"],
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        super().opens(ctx, bound)
        _must(ctx, bound["consultation"])

    def submit(self, ctx: Context) -> Screen:
        about = self.consultation
        made = proposing.send(ctx, self.symposium, organisation_id=ctx.who.organisation_id, **self.answers())
        made.consultation_id, made.sector = about.id, made.sector or about.sector
        ctx.session.flush()
        return proposals.card(ctx, made, proposing.sent(self.symposium))


def _on_card(ctx: Context, consultation: Consultation) -> tuple[Button, ...]:
    """While a symposium calls for sessions."""
    if ctx.session.scalar(select(Symposium.id).where(*proposing.calls(ctx)).limit(1)) is None:
        return ()
    if not _may(ctx, consultation):
        return ()
    return (button(_("Propose a session about it"), "consultations.present", consultation=consultation.id),)


ON_CONSULTATION.append(_on_card)
