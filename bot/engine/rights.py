"""Whose something is to press or to be shown: the commands' own rules, asked again wherever time has passed."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit.capability import Registry
from bot.kit.news import READ
from bot.kit.screen import Button, from_json, map_buttons
from db.machinery import Outgoing
from db.people import Who

from . import drafts


def may_press(session: Session, registry: Registry, whose: Who, button: Button) -> bool:
    """Whether a button is shown to `whose`: the rule that is checked again when it is pressed."""
    if button.command in drafts.BUILT_IN or button.command == READ:
        return True
    command = registry[button.command]
    about = None
    for name, table in command.entities.items():
        if isinstance(button.args.get(name), int):
            about = session.get(table, button.args[name])
            if about is None:  # a rule without its entity answers for the role alone: more than it may say here
                return False
            break
    return command.allow(whose, about)


def is_still_theirs(session: Session, registry: Registry, row: Outgoing, reader: Who) -> bool:
    """Whether what was written for `reader` may still be shown to them: roles end and issues move while it waits.

    Its buttons were theirs when it was written, so each says by which right it was. News are of what their reader still
    sees; an answer may be that something has just been given away. What the ledger owes somebody is theirs whatever
    becomes of their role. Raises LookupError for what another version of Parley wrote.
    """
    if row.receipt_id is not None or row.screen is None:
        return True
    theirs: list[bool] = []

    def check(button: Button) -> Button:
        if button.handle is not None and button.command in registry.commands:
            sees = row.is_reply or _sees(session, registry, reader, button)
            theirs.append(sees and may_press(session, registry, reader, button))
        return button

    map_buttons(from_json(row.screen), check)
    return all(theirs)


def _sees(session: Session, registry: Registry, reader: Who, button: Button) -> bool:
    """Whether `reader` finds every entity that the button names."""
    for name, table in registry[button.command].entities.items():
        wanted = button.args.get(name)
        if isinstance(wanted, int) and not session.scalar(
            select(table.id).where(table.id == wanted, table.visible_to(reader))
        ):
            return False
    return True
