"""Home: what waits for a person and what they can do; and help."""

from __future__ import annotations

from bot.kit import allow
from bot.kit.capability import Capability
from bot.kit.context import Context
from bot.kit.screen import Screen, button
from bot.kit.text import _

home = Capability("home", _("Home"))


@home.command("show", _("Home"), allow=allow.everyone)
def show(ctx: Context, start: str = "") -> Screen:
    """What waits, then what can be done. The engine hides what this person may not do."""
    return Screen(
        _("Hello, {name}.", name=ctx.who.name),
        buttons=(button(_("Raise an issue"), "issues.raise"), button(_("Help"), "home.help")),
    )


@home.command("help", _("Help"), allow=allow.everyone, menu=90)
def help_(ctx: Context) -> Screen:
    """What Parley is, and how to use it."""
    return Screen(
        _("Parley"),
        (_("Where Customs, business and other government agencies talk, meet and keep their word to each other."),),
        buttons=(button(_("Raise an issue"), "issues.raise"), button(_("Home"), "home.show")),
    )
