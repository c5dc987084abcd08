"""Words: phrases that wait for their reader, dates in the reader's zone, other people's words kept apart.

A phrase keeps its arguments until somebody reads it; turning one into a string early raises, because it would be in
nobody's language. A `Dialect` says how a platform escapes text and shows an instant; `Reader` says for whom.
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_time, get_timezone_location
from babel.lists import format_list
from babel.numbers import format_decimal

from db.consultations.clauses import Wording, difference

SOURCE_LANGUAGE = "en"
CATALOGUES = Path(__file__).parents[2] / "handlers" / "locales"


def languages(folder: Path) -> dict[str, str]:
    """The source's language and that of every catalogue in `folder`, each by its own name, in the order of the names.

    Adding a language is adding one catalogue: nothing else names them.
    """
    codes = {SOURCE_LANGUAGE, *(each.parent.name for each in folder.glob("*/LC_MESSAGES"))}
    names = {code: str(Locale.parse(code).get_display_name(code)) for code in codes}
    return {code: name[:1].upper() + name[1:] for code, name in sorted(names.items(), key=lambda each: each[1].upper())}


LANGUAGES = languages(CATALOGUES)
FIRST_STRONG_ISOLATE, LEFT_TO_RIGHT_ISOLATE, POP_ISOLATE = "\u2068", "\u2066", "\u2069"
ISOLATES = (FIRST_STRONG_ISOLATE, LEFT_TO_RIGHT_ISOLATE, POP_ISOLATE)


@dataclass(frozen=True)
class Phrase:
    """An English source sentence with named arguments, translated when it is rendered.

    `plural` is the English plural form; the number that chooses the form is then the argument `count`.
    """

    source: str
    args: Mapping[str, Any] = field(default_factory=dict)
    plural: str | None = None

    def __str__(self) -> str:
        raise TypeError(f"a phrase has no words before it has a reader: {self.source!r}")

    def __format__(self, spec: str) -> str:
        return str(self)

    def __hash__(self) -> int:
        return hash((self.source, self.plural))


def _(source: str, /, **args: Any) -> Phrase:
    """A phrase: `_("We answer by {when}.", when=instant)`. A plain `str` argument is somebody's own words."""
    return Phrase(source, args)


def ngettext(source: str, plural: str, /, count: int, **args: Any) -> Phrase:
    """A phrase with a number in it: `ngettext("{count} issue", "{count} issues", count)`."""
    return Phrase(source, {"count": count, **args}, plural)


@dataclass(frozen=True)
class Raw:
    """Somebody's own words: shown literally, isolated, marked with their language, never translated."""

    words: str
    language: str | None = None


@dataclass(frozen=True)
class Code:
    """A reference, tariff code or other token that reads left to right in every script."""

    token: str


@dataclass(frozen=True)
class Named:
    """A name recorded in several languages, as a centre's is."""

    names: Mapping[str, str]

    def __hash__(self) -> int:
        return hash(tuple(sorted(self.names.items())))


@dataclass(frozen=True)
class When:
    """An instant. Shown in the reader's own zone, with the venue's zone beside it where one is given."""

    at: datetime
    day_only: bool = False
    venue: str | None = None


@dataclass(frozen=True)
class Link:
    """An address of ours. Never built from a person's words."""

    url: str
    label: Phrase | None = None


@dataclass(frozen=True)
class Listed:
    """Several values read as a list in the reader's language ("a, b and c")."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class Difference:
    """Somebody's words, and what they became: what went out and what came in are marked, never by colour alone."""

    earlier: str
    later: str
    language: str | None = None


Text = Phrase | Raw | Code | Named | When | Link | Listed | Difference


@dataclass(frozen=True)
class Reader:
    """For whom something is rendered."""

    language: str
    zone: str

    @property
    def is_rtl(self) -> bool:
        return bool(self.locale.text_direction == "rtl")

    @property
    def locale(self) -> Locale:
        return _locale(self.language)


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale:
    return Locale.parse(language)


class Dialect(Protocol):
    """How one platform writes text."""

    def escape(self, text: str) -> str:
        """Our own words, made literal."""

    def raw(self, text: str) -> str:
        """A person's words, made literal and harmless: no mention, link, format or tappable command."""

    def instant(self, at: datetime, fallback: str, day_only: bool) -> str:
        """An instant the platform shows in the reader's zone; `fallback` is that already formatted by us."""

    def link(self, url: str, label: str) -> str: ...

    def strong(self, text: str) -> str:
        """Already escaped text, emphasised."""

    def out(self, text: str) -> str:
        """Already escaped words that are no longer there."""

    def new(self, text: str) -> str:
        """Already escaped words that were not there before."""


class Plain:
    """The dialect of places without markup: a terminal, a notification, a label of a button."""

    def escape(self, text: str) -> str:
        return text

    def raw(self, text: str) -> str:
        return text

    def instant(self, at: datetime, fallback: str, day_only: bool) -> str:
        return fallback

    def link(self, url: str, label: str) -> str:
        return url if label == url else f"{label}: {url}"

    def strong(self, text: str) -> str:
        return text

    def out(self, text: str) -> str:
        return f"[-{text}-]"

    def new(self, text: str) -> str:
        return f"{{+{text}+}}"


class Catalogues:
    """The translations under one folder, loaded once. English needs none: it is the source."""

    def __init__(self, folder: Path) -> None:
        self._loaded: dict[str, gettext.NullTranslations] = {}
        self.folder = folder

    def of(self, language: str) -> gettext.NullTranslations:
        if language not in self._loaded:
            names = [language, language.split("_")[0]]
            self._loaded[language] = gettext.translation("parley", str(self.folder), names, fallback=True)
        return self._loaded[language]

    def translate(self, phrase: Phrase, language: str) -> str:
        found = self.of(language)
        if phrase.plural is not None:
            return found.ngettext(phrase.source, phrase.plural, int(phrase.args["count"]))
        return found.gettext(phrase.source)


@dataclass(frozen=True)
class Writer:
    """Writes the kit's text for one reader in one platform's dialect."""

    catalogues: Catalogues
    reader: Reader
    dialect: Dialect = field(default_factory=Plain)

    def write(self, value: Any) -> str:
        """`value` in the reader's language, escaped for the platform."""
        match value:
            case Phrase():
                return self._phrase(value)
            case Raw():
                return self._isolated(self.dialect.raw(value.words))
            case StrEnum():  # before str, which it is too
                return self._phrase(phrase_of(value))
            case str():
                return self._isolated(self.dialect.raw(value))
            case Code():
                return self._left_to_right(self.dialect.escape(value.token))
            case Named():
                return self._isolated(self.dialect.escape(self._name(value)))
            case When():
                return self._when(value)
            case Link():
                label = self.write(value.label) if value.label else self.dialect.escape(value.url)
                return self.dialect.link(value.url, label)
            case Difference():
                return self._isolated(self._difference(value))
            case Listed():
                return format_list([self.write(each) for each in value.values], locale=self.reader.locale)
            case bool():
                return self._phrase(_("yes") if value else _("no"))
            case int() | float() | Decimal():
                return self.dialect.escape(format_decimal(value, locale=self.reader.locale))
            case datetime():
                return self._when(When(value))
            case date():
                return self.dialect.escape(format_date(value, "EEEE d MMMM y", locale=self.reader.locale))
            case time():
                return self.dialect.escape(format_time(value, "HH:mm", locale=self.reader.locale))
            case None:
                return self._phrase(_("not stated"))
        raise TypeError(f"{type(value).__name__} is not something the kit can say")

    def foreign(self, words: Raw | Difference) -> Phrase | None:
        """In which language somebody's words are, where it is not the reader's own."""
        language = (words.language or "").split("_")[0]
        if not language or language == self.reader.language.split("_")[0]:
            return None
        name = self.reader.locale.languages.get(language, language)
        return _("Written in {language}", language=Raw(name))

    def plain(self, value: Any) -> str:
        """The same without markup, for labels, notifications and screen readers."""
        return Writer(self.catalogues, self.reader).write(value)

    def _phrase(self, phrase: Phrase) -> str:
        parts = []
        for literal, name, _spec, _conversion in Formatter().parse(
            self.catalogues.translate(phrase, self.reader.language)
        ):
            parts.append(self.dialect.escape(literal))
            if name is not None:
                parts.append(self.write(phrase.args[name]))
        return "".join(parts)

    def _difference(self, value: Difference) -> str:
        """What takes the place of something is kept apart from it by a space, or both would read as one word."""
        written = []
        before = Wording.KEPT
        for each in difference(value.earlier, value.later):
            words = self.dialect.raw(each.words)
            if each.what is Wording.OUT:
                words = self.dialect.out(words)
            elif each.what is Wording.IN:
                words = (" " if before is Wording.OUT else "") + self.dialect.new(words)
            written.append(words)
            before = each.what
        return "".join(written)

    def _name(self, named: Named) -> str:
        for language in (self.reader.language, self.reader.language.split("_")[0], SOURCE_LANGUAGE):
            if language in named.names:
                return named.names[language]
        return next(iter(named.names.values()), "")

    def _when(self, when: When) -> str:
        local = when.at.astimezone(ZoneInfo(self.reader.zone))
        locale = self.reader.locale
        if when.day_only:
            return self.dialect.instant(when.at, format_date(local, "EEEE d MMMM y", locale=locale), True)
        shown = format_datetime(local, "EEEE d MMMM y HH:mm", locale=locale)
        zone = get_timezone_location(self.reader.zone, locale=locale, return_city=True)
        text = self.dialect.instant(when.at, f"{shown} ({zone})", False)
        if when.venue and when.venue != self.reader.zone:
            there = format_time(when.at.astimezone(ZoneInfo(when.venue)), "HH:mm", locale=locale)
            city = get_timezone_location(when.venue, locale=locale, return_city=True)
            text += self.dialect.escape(f" ({there}, {city})")
        return self._left_to_right(text) if not self.reader.is_rtl else self._isolated(text)

    def _isolated(self, text: str) -> str:
        return f"{FIRST_STRONG_ISOLATE}{text}{POP_ISOLATE}" if text else text

    def _left_to_right(self, text: str) -> str:
        return f"{LEFT_TO_RIGHT_ISOLATE}{text}{POP_ISOLATE}" if self.reader.is_rtl else text


# By enumeration and value: members of two enumerations with one value are equal, and may be called differently.
_MEMBERS: dict[tuple[type, str], Phrase] = {}


def name_members(names: Mapping[Any, Phrase]) -> None:
    """Say what the members of an enumeration are called. Enumerations live in `db/`, words do not."""
    _MEMBERS.update({(type(member), member.value): name for member, name in names.items()})


def phrase_of(member: StrEnum) -> Phrase:
    """What an enumeration member is called."""
    try:
        return _MEMBERS[type(member), member.value]
    except KeyError:
        raise LookupError(f"{member!r} has no name: call name_members() beside its capability") from None


def without_isolates(text: str) -> str:
    """`text` without the invisible direction marks, to compare or to search."""
    return text.translate(dict.fromkeys(map(ord, ISOLATES)))


def listed(values: Sequence[Any]) -> Listed:
    return Listed(tuple(values))
