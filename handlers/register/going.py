"""From Parley to the register."""

from __future__ import annotations

from bot.kit.context import Context
from bot.kit.screen import Button
from bot.kit.text import _
from db.consultations import SHOWN, Consultation
from handlers.consultations.room import ON_CONSULTATION

from .room import AT


def in_public(ctx: Context, consultation: Consultation) -> tuple[Button, ...]:
    """From its card to its page in the register, to read at length or to pass on."""
    if not consultation.is_public or consultation.phase not in SHOWN:
        return ()
    return (Button(_("In the public register"), url=ctx.page(f"{AT}/{consultation.ref}")),)


ON_CONSULTATION.append(in_public)
