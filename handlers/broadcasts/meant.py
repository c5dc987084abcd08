"""For whom a broadcast is, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.kit.text import Code, Phrase, Raw, Text, _, listed, phrase_of
from db.broadcasts import By, Criterion, Selection
from db.people import Kind, RoleName, Sector
from handlers.regions.room import country, region_name

EVERYBODY = _("Everybody")


def in_words(audience: Mapping[str, Any]) -> Text:
    """`Broadcast.audience` as its reader would say it; what this version does not know is said so."""
    try:
        selection = Selection.from_json(audience)
    except ValueError:
        return _("a choice that this version of Parley does not know")
    include = [_named(each) for each in selection.include]
    exclude = [_named(each) for each in selection.exclude]
    meant = listed(include) if include else EVERYBODY
    return _("{include}, without {exclude}", include=meant, exclude=listed(exclude)) if exclude else meant


def _named(criterion: Criterion) -> Phrase:
    values = [_value(criterion.by, each) for each in criterion.values]
    return _("{what}: {values}", what=phrase_of(criterion.by), values=listed(values))


def _value(by: By, value: str) -> Text:
    try:
        return WORDS[by](value)
    except (KeyError, ValueError):
        return Raw(value)


WORDS: dict[By, Callable[[str], Text]] = {
    By.REGION: region_name,
    By.COUNTRY: country,
    By.SECTOR: lambda value: phrase_of(Sector(value)),
    By.KIND: lambda value: phrase_of(Kind(value)),
    By.ROLE: lambda value: phrase_of(RoleName(value)),
    By.EVENT: lambda value: Code(f"S-{value}"),
    By.CONSULTATION: lambda value: Code(f"C-{value}"),
    By.GROUP: lambda value: Code(f"R-{value}"),
}
