"""Pages of Parley's site that everybody may read, signed in or not: meaning without markup, as a `Screen` is for chats.

A page is longer than a screen and is read in a browser only. It has headings in order, words in their own language
beside their translations, and says the same as data (`sheets`). Nothing on it is anybody's own: no button, no name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .screen import Fact, Table
from .sheets import Sheet
from .text import Phrase, Raw, Text


@dataclass(frozen=True)
class Passage:
    """Somebody's words, and what they are in other languages: a reader sees both, their own language first."""

    words: Raw
    translations: tuple[Raw, ...] = ()

    def read_in(self, language: str) -> tuple[Raw, ...]:
        """The translation into a language, where there is one, before the words themselves."""
        if self.words.language == language:
            return (self.words,)
        return (*(each for each in self.translations if each.language == language), self.words)


@dataclass(frozen=True)
class Item:
    """One of a list of things that have a page of their own, at `path`."""

    title: Passage
    path: str
    facts: tuple[Fact, ...] = ()
    summary: Passage | None = None


@dataclass(frozen=True)
class Listing:
    """Things that have pages of their own, in one order."""

    items: tuple[Item, ...]


@dataclass(frozen=True)
class Facts:
    """Labels and their values."""

    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Numbered:
    """Words in an order that counts: the first is 1. What can be answered stands below each."""

    items: tuple[tuple[Passage, tuple[Passage, ...]], ...]


@dataclass(frozen=True)
class Replaced:
    """What words were, and what they are now; None where there were none, or are none any more."""

    before: Passage | None
    after: Passage | None


@dataclass(frozen=True)
class Doors:
    """How to go on in each chat: `payload` goes with a deep link, `words` are typed where there is none, and `path`
    leads whoever is signed in to the same on Parley's own page."""

    payload: str
    words: str
    path: str


@dataclass(frozen=True)
class Elsewhere:
    """The way to another page of the site."""

    label: Phrase
    path: str


Part = Text | Passage | Listing | Facts | Numbered | Replaced | Doors | Elsewhere | Table


@dataclass(frozen=True)
class Section:
    """A heading with what stands under it. `anchor` names it in the page's address; "" only for one in another.

    `number` is what goes before a heading in people's own words, such as a clause's.
    """

    heading: Phrase | Passage | None
    parts: tuple[Part, ...]
    anchor: str = ""
    number: str = ""
    sections: tuple[Section, ...] = ()


@dataclass(frozen=True)
class Leaf:
    """One page. Times are shown in `zone`; `page` is which one of `pages` of its list is shown, from 1."""

    heading: Phrase | Passage
    lead: tuple[Part, ...]
    sections: tuple[Section, ...]
    sheets: tuple[Sheet, ...]
    zone: str
    page: int = 1
    pages: int = 1


@dataclass(frozen=True)
class Site:
    """The pages below `path`. `find(session, words, at=…, page=…)` is the page of the words after it ("" for the first)
    and raises `NotFound` where there is none. `links` lead to the pages that all of them name, by what follows `path`.
    """

    path: str
    title: Phrase
    find: Callable[..., Leaf]
    links: tuple[tuple[str, Phrase], ...] = ()


def passage(words: str, language: str, translations: dict[str, str] | None = None) -> Passage:
    """Words with their translations by language."""
    others = tuple(Raw(each, code) for code, each in sorted((translations or {}).items()) if code != language)
    return Passage(Raw(words, language), others)


def kind_of(part: Any) -> str:
    """Which shape a part has, for a template."""
    return type(part).__name__.lower() if isinstance(part, _SHAPES) else "text"


_SHAPES = (Passage, Listing, Facts, Numbered, Replaced, Doors, Elsewhere, Table)
