"""The ledger: who has received, opened and acknowledged an outcome, and whom nobody could reach."""

from __future__ import annotations

from bot.kit.capability import Capability
from bot.kit.context import Context
from bot.kit.text import _
from db.machinery import Receipt

ledger = Capability("ledger", _("Feedback ledger"))


@ledger.job("unreached")
def unreached(ctx: Context, receipt: int) -> None:
    """No door of this person works: the next step is a human being."""
    line = ctx.session.get(Receipt, receipt)
    if line is not None and line.accepted_at is None:
        line.next_step = "human"
