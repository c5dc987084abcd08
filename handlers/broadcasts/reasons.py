"""Why a copy does not reach somebody, and what mends it: one wording, before it is sent, while, and when corrected."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from bot.kit.text import Phrase, Text, _, ngettext
from db.broadcasts import Broadcast
from db.broadcasts.copies import left_with_old
from db.people import UNSUBSCRIBED

# By the short name that the platform's answer was given.
_KNOWN: Mapping[str, tuple[Phrase, Phrase]] = {
    "blocked": (_("They have blocked Parley."), _("Ask them to unblock it and to write to it once.")),
    "deactivated": (_("Their account no longer exists."), _("Ask their organisation who has taken over.")),
    "never_started": (_("They have never written to Parley there."), _("Ask them to open Parley and to write to it.")),
    "left": (_("They have left that workspace."), _("Ask them to come to Parley by another door.")),
    "not_found": (_("Their account was not found."), _("Ask them to write to Parley once.")),
    "archived": (_("The channel or conversation is gone."), _("Ask them to write to Parley once.")),
    "bad_address": (_("Their e-mail address does not exist."), _("Ask them for their present address.")),
    "mailbox_full": (_("Their mailbox is full."), _("Send it again in a few days.")),
    "policy": (_("Their mail server does not take mail from Parley."), _("Ask their mail service to let it in.")),
    "undeliverable": (_("Their mail server could not deliver it."), _("Ask them for another address.")),
    "too_large": (_("It is too large for their mail server."), _("Send it without files.")),
    "refused": (_("The platform did not take it."), _("Look at the text: it may be too long, or not allowed there.")),
    "muted": (_("They do without broadcasts."), _("Only an urgent one reaches them.")),
    "no_door": (_("They have no account that Parley can write to."), _("Reach them by telephone or by their desk.")),
    "expired": (_("It could not be sent in time."), _("Send a new one if it still holds.")),
    "gone": (_("They are no longer in Parley."), _("There is nothing to do.")),
    "erased": (_("They are no longer in Parley."), _("There is nothing to do.")),
    "withdrawn": (_("It was withdrawn before it went to them."), _("There is nothing to do.")),
    "unreadable": (_("Its text could not be read."), _("Write a new one.")),
    "unknown_outcome": (_("It is not known whether it arrived."), _("Reach them by telephone or by their desk.")),
    UNSUBSCRIBED: (_("They have ended e-mail from Parley."), _("Ask them to come to a chat.")),
}
_OTHER = _("The platform did not take it."), _("Whoever runs Parley finds why in its log.")


def why(reason: str) -> Phrase:
    """Why, of a reason's short name."""
    return _KNOWN.get(reason, _OTHER)[0]


def repair(reason: str) -> Phrase:
    """What can be done about it."""
    return _KNOWN.get(reason, _OTHER)[1]


def of_the_old(session: Session, broadcast: Broadcast) -> tuple[Text, ...]:
    """How many still have what was corrected or withdrawn, why, and what mends it. Nothing where nobody has."""
    lines: list[Text] = []
    if found := left_with_old(session, broadcast):
        total = sum(count for _reason, count in found)
        lines.append(
            ngettext("{count} person still has the old text.", "{count} people still have the old text.", total)
        )
        lines += (_by_reason(reason, count) for reason, count in found)
    if found := left_with_old(session, broadcast, in_doubt=True):
        total = sum(count for _reason, count in found)
        lines.append(
            ngettext(
                "Of {count} person it is not known whether they have the old text.",
                "Of {count} people it is not known whether they have the old text.",
                total,
            )
        )
        lines += (_by_reason(reason, count, in_doubt=True) for reason, count in found)
    return tuple(lines)


def _by_reason(reason: str | None, count: int, *, in_doubt: bool = False) -> Phrase:
    people = ngettext("{count} person", "{count} people", count)
    if reason is not None:
        return _("{people}: {why} {mends}", people=people, why=why(reason), mends=repair(reason))
    if in_doubt:
        return _("{people}: what holds now is being sent to them.", people=people)
    return _("{people}: theirs is being replaced.", people=people)
