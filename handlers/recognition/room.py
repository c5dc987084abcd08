"""The room every part of this capability declares itself in, its rules, and what its enumerations are called."""

from __future__ import annotations

from bot.kit import allow
from bot.kit.allow import Rule
from bot.kit.capability import Capability
from bot.kit.text import _, name_members
from db.recognition import Stand

recognition = Capability("recognition", _("Recognition of trusted traders"))

voices = Rule("whoever speaks for an agency", lambda who, about: who.agency_id is not None)
askers = allow.staff
keepers = allow.administrators

name_members(
    {
        Stand.RECOGNISED: _("Recognised"),
        Stand.IN_PART: _("In part"),
        Stand.NOT: _("Not recognised"),
    }
)
