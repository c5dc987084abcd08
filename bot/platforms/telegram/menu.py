"""How the bot presents itself: its menu of commands for everybody and for each member of staff, and its descriptions.

Every call asks first and sets only what differs, so that it may run at every start.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from bot.kit.capability import Registry
from bot.kit.clean import shorten
from bot.kit.door import Permanent
from bot.kit.text import LANGUAGES, SOURCE_LANGUAGE, Catalogues, Phrase, Reader, Writer, _
from db.people import Account, Kind, Person, Role, Who, who
from db.session import Sessions

from .door import Perform
from .read import PLATFORM

MOST = 8  # more are not read; help has all of them
DESCRIPTION_LIMIT = 256
EVERYBODY = {"type": "all_private_chats"}

CANCEL = ("cancel", _("Cancel what you are doing"))
WORDS: tuple[tuple[str, str, Phrase], ...] = (  # what is set, the method's ending, the words
    ("name", "MyName", _("Parley")),
    (
        "description",
        "MyDescription",
        _("Tell Customs what holds up your trade, and hear what became of it. Write to us in your own language."),
    ),
    (
        "short_description",
        "MyShortDescription",
        _("Where Customs, business and other agencies talk and keep their word."),
    ),
)

# What somebody sees who is registered and holds no role.
TRADER = Who(0, 0, "", Kind.BUSINESS, SOURCE_LANGUAGE, "UTC", is_registered=True)


@dataclass(frozen=True)
class Menu:
    """The commands of one scope for one language of the client ("" for all others). None at all: no menu of its own."""

    scope: dict[str, Any]
    language: str
    commands: tuple[tuple[str, str], ...]

    @property
    def key(self) -> dict[str, Any]:
        return {"scope": self.scope} | ({"language_code": self.language} if self.language else {})

    @property
    def json(self) -> list[dict[str, str]]:
        return [{"command": verb, "description": title} for verb, title in self.commands]


def staff(sessions: Sessions, now: datetime) -> list[tuple[int, Who]]:
    """The private chats of everybody who holds or has held a role, and what they may do now."""
    with_role = (
        select(Account, Person)
        .join(Person, Person.id == Account.person_id)
        .where(Account.platform == PLATFORM, Account.person_id.in_(select(Role.person_id)))
        .order_by(Account.id)
    )
    with sessions.reading() as session:
        return [
            (int(account.address), who(session, person, at=now, is_guest=account.is_guest))
            for account, person in session.execute(with_role)
        ]


def menus(registry: Registry, catalogues: Catalogues, members: Iterable[tuple[int, Who]] = ()) -> Iterator[Menu]:
    """Everybody's menu in each language, then one for each member of staff in the language they chose."""
    for language in LANGUAGES:
        shown = "" if language == SOURCE_LANGUAGE else language
        yield Menu(EVERYBODY, shown, _commands(registry, catalogues, TRADER, language))
    for chat, member in members:
        commands = _commands(registry, catalogues, member, member.language) if member.is_staff else ()
        yield Menu({"type": "chat", "chat_id": chat}, "", commands)


def _commands(registry: Registry, catalogues: Catalogues, whose: Who, language: str) -> tuple[tuple[str, str], ...]:
    writer = Writer(catalogues, Reader(language, whose.zone))
    allowed = [(command.verb, command.title) for command in registry.menu if command.allow(whose)]
    room = MOST - 1
    if len(allowed) > room:
        allowed = [*allowed[: room - 1], allowed[-1]]  # the last is help, which names the others
    return tuple((verb, shorten(writer.plain(title), DESCRIPTION_LIMIT)) for verb, title in (*allowed, CANCEL))


async def set_menus(perform: Perform, wanted: Iterable[Menu]) -> int:
    """Set the menus that differ; returns how many did. A chat that is gone has no menu and needs none."""
    changed = 0
    for menu in wanted:
        try:
            if await perform("getMyCommands", menu.key) == menu.json:
                continue
            if menu.commands:
                await perform("setMyCommands", menu.key | {"commands": menu.json})
            else:
                await perform("deleteMyCommands", menu.key)
        except Permanent:
            if menu.scope is EVERYBODY:
                raise
        else:
            changed += 1
    return changed


async def set_words(perform: Perform, catalogues: Catalogues) -> int:
    """Set the name and the descriptions that differ, in every language; returns how many did."""
    changed = 0
    for language in LANGUAGES:
        writer = Writer(catalogues, Reader(language, "UTC"))
        key = {} if language == SOURCE_LANGUAGE else {"language_code": language}
        for what, ending, phrase in WORDS:
            wanted = writer.plain(phrase)
            if (await perform(f"get{ending}", dict(key))).get(what) != wanted:
                await perform(f"set{ending}", key | {what: wanted})
                changed += 1
    return changed
