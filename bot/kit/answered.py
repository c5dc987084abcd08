"""What somebody has answered to a broadcast, as their copy says it: when they answer, and in each later edition."""

from __future__ import annotations

from db.broadcasts import BroadcastCopy, Reply

from .text import Phrase, Raw, _


def answered(copy: BroadcastCopy) -> tuple[Phrase | Raw, ...]:
    """What stands below the words of their copy; nothing where they have not answered."""
    match copy.reply:
        case None:
            return ()
        case Reply.SEEN:
            return (_("You have seen it, and said so."),)
        case Reply.OTHER:
            return _("You have answered in your own words:"), Raw(copy.reply_words or "")
    return (_("You have answered: {reply}", reply=copy.reply),)
