"""Trusted traders: how an organisation stands in the AEO programme, as an officer has confirmed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Refusal, Screen
from bot.kit.text import _, phrase_of
from db.people import Aeo, Organisation, Standing

from .mandates import about
from .room import people
from .rules import verifiers

NONE = "none"


def stands(ctx: Context, query: str) -> Sequence[Option]:
    return [*(Option(each.value, phrase_of(each)) for each in Aeo), Option(NONE, _("Not in the programme"))]


@people.form("trust", _("Trusted trader (AEO)"), allow=verifiers)
class Trust(Form):
    """Who said so, and when, is kept beside it. Broadcasts can be meant for those of one status."""

    organisation: Organisation = ask.about()
    aeo: str = ask.choice(_("How does it stand in the trusted-trader (AEO) programme?"), options=stands)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        if bound["organisation"].standing is not Standing.VERIFIED:
            raise Refusal(_("Verify the organisation first."))

    def submit(self, ctx: Context) -> Screen:
        stand = None if self.aeo == NONE else Aeo(self.aeo)
        self.organisation.trust(stand, by=ctx.who.id, at=ctx.now)
        ctx.session.flush()
        shown: Screen = about(ctx, self.organisation)
        return shown
