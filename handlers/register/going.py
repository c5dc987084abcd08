"""From the register into Parley, and from there to the register."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.screen import Button, NotFound, Screen
from bot.kit.text import _
from db.consultations import SHOWN, Consultation
from handlers.consultations import cards
from handlers.consultations.room import NOT_FOUND, ON_CONSULTATION

from .room import AT, register

TAKE_PART = "part"  # where it stands on the site


@register.command("take_part", _("Take part in a consultation"), allow=allow.members)
def take_part(ctx: Context, words: str) -> Screen:
    """The consultation that the register calls so."""
    named = Consultation.named(words)
    found = (
        ctx.session.scalar(select(Consultation).where(named, Consultation.visible_to(ctx.who)))
        if named is not None
        else None
    )
    if found is None:
        raise NotFound(NOT_FOUND)
    ctx.shows(found)
    return cards.card(ctx, found)


@register.page(TAKE_PART, shows="take_part")
def to_strangers(_session: Session, _words: str, **_when: Any) -> None:
    """They have to sign in first."""


def in_public(ctx: Context, consultation: Consultation) -> tuple[Button, ...]:
    """From its card to its page in the register, to read at length or to pass on."""
    if not consultation.is_public or consultation.phase not in SHOWN:
        return ()
    return (Button(_("In the public register"), url=ctx.page(f"{AT}/{consultation.ref}")),)


ON_CONSULTATION.append(in_public)
