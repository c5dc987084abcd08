"""Who may settle what an organisation is and who speaks for it."""

from __future__ import annotations

from typing import Any

from bot.kit import allow
from bot.kit.allow import Rule
from db.people import Organisation, Who


def _speaks_first(who: Who, about: Any) -> bool:
    if who.organisation_id is None or who.is_deputy:
        return False
    named = about.id if isinstance(about, Organisation) else getattr(about, "organisation_id", None)
    return about is None or bool(named == who.organisation_id)


def _is_about(who: Who, about: Any) -> bool:
    return who.is_registered and (about is None or getattr(about, "person_id", None) == who.id)


strangers = Rule("strangers", lambda who, about: not who.is_registered)
verifiers = allow.officers | allow.administrators
first_voice = Rule("the first voice of its organisation", _speaks_first)
themselves = Rule("the person it is about", _is_about)
