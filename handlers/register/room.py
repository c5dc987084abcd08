"""The room of the register, and what other capabilities put on its pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.kit.capability import Capability
from bot.kit.sheets import Sheet
from bot.kit.site import Section
from bot.kit.text import _
from db.consultations import Consultation

register = Capability("register", _("Public register"))
AT = "register"  # where it stands on the site
PROTOCOL = "protocol"
DEEP = "c_"  # how the payload of a deep link to a consultation begins
TITLE = _("Public register of consultations")
HOW_TOLD = _("How outcomes are told")


@dataclass(frozen=True)
class Added:
    """What goes onto a page: sections, and the same as data."""

    sections: tuple[Section, ...] = ()
    sheets: tuple[Sheet, ...] = ()


# What other capabilities add, each by itself: to a consultation's page, between its text and its outcome; and to the
# page on how outcomes are told, above the figures: the rules these are to be held against. Nothing may name a person.
ON_PAGE: list[Callable[[Session, Consultation], Added]] = []
ON_PROTOCOL: list[Callable[[Session, datetime], Added]] = []
