"""In which of their administrations somebody acts in a turn: what it is about decides, before where they act now.

Whoever is of one administration only acts there, and nothing is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from bot.kit.capability import Command, Registry
from bot.kit.events import Answer, Answered, Called, Changed, Event, Replied, Submitted
from bot.kit.rooms import Where
from bot.kit.text import Named, _
from db.machinery import Draft
from db.meetings import Meeting
from db.people import Administration, Person, Who, homes_of, who
from db.rooms import ChatGroup

from . import drafts, handles

LONGEST = 18  # digits of an id that a database takes


def place_of(session: Session, registry: Registry, person: Person, event: Event, *, at: datetime) -> int:
    """The administration in which `person` acts in this turn, always one that they are of."""
    if person.acting_in_id is None or person.registered_at is None:
        return person.administration_id
    homes = homes_of(session, person)
    found = _About(session, registry, person, homes, at).of(event)
    return found if found in homes else person.acting_in_id


class _About:
    """What the event of one turn is about."""

    def __init__(
        self, session: Session, registry: Registry, person: Person, homes: tuple[int, ...], at: datetime
    ) -> None:
        self._session = session
        self._registry = registry
        self._person = person
        self._homes = homes
        self._at = at

    def of(self, event: Event) -> int | None:
        match event:
            case Called():
                return self._called(event)
            case Answered():
                return self._of_draft(Draft.is_current.is_(True)) or self._referred(event.text or "")
            case Submitted() | Changed():
                token = event.token or ""
                return self._of_draft(Draft.id == int(token)) if _is_id(token) else None
            case Replied():
                return self._seen(Meeting, Meeting.uid == event.uid)

    def _called(self, event: Called) -> int | None:
        if event.handle is not None:
            handle = handles.find(self._session, event.handle, person_id=self._person.id, at=self._at)
            return (handle.administration_id or self._person.administration_id) if handle is not None else None
        if event.name in drafts.BUILT_IN:
            token = str(event.args.get("draft", ""))
            return self._of_draft(Draft.id == int(token)) if _is_id(token) else None
        if event.name is not None:
            command = self._registry.commands.get(event.name)
            found = self._named(command, event.args) if command is not None else None
        else:
            found = self._said(event.words or "")
        return found or (self._of_group(event.where) if event.where is not None else None)

    def _said(self, words: str) -> int | None:
        verb, _space, rest = words.strip().partition(" ")
        verb = verb.lower().lstrip("/")
        if verb in drafts.STEERING:
            return self._of_draft(Draft.is_current.is_(True))
        for prefix, command in self._registry.starts.items():
            if rest.startswith(prefix):
                return self._named(command, {"words": rest.removeprefix(prefix)})
        typed = self._registry.by_verb.get(verb)
        if typed is None:
            return self._referred(words.strip().removeprefix("/"))
        return self._named(typed, {"words": rest.strip()}) if rest.strip() else None

    def _referred(self, words: str) -> int | None:
        """Where what a reference alone names is theirs to see."""
        tables = dict.fromkeys(each for of in self._registry.commands.values() for each in of.entities.values())
        for table in tables:
            if (meant := table.named(words)) is not None and (home := self._seen(table, meant)) is not None:
                return home
        return None

    def _named(self, command: Command, args: Mapping[str, Any]) -> int | None:
        """Where what a command names is theirs to see. What is nowhere theirs costs as much as what is not there."""
        for name, table in command.entities.items():
            wanted = args.get(name)
            if isinstance(wanted, int | str) and _is_id(str(wanted)):
                return self._seen(table, table.id == int(wanted))
            if isinstance(args.get("words"), str) and (meant := table.named(args["words"])) is not None:
                return self._seen(table, meant)
        return None

    def _seen(self, table: type[Any], which: ColumnElement[bool]) -> int | None:
        acting = self._person.acting_in_id
        for home in sorted(self._homes, key=lambda each: each != acting):
            reader = self._reader(home)
            if self._session.scalar(select(table.id).where(which, table.visible_to(reader))) is not None:
                return home
        return None

    def _reader(self, home: int) -> Who:
        return who(self._session, self._person, at=self._at, administration_id=home)

    def _of_draft(self, which: ColumnElement[bool]) -> int | None:
        mine = select(Draft).where(Draft.person_id == self._person.id, which).order_by(Draft.touched_at.desc())
        draft = self._session.scalars(mine.limit(1)).first()
        return (draft.administration_id or self._person.administration_id) if draft is not None else None

    def _of_group(self, where: Where) -> int | None:
        keys = [each for each in (where.key, where.group) if each]
        there = ChatGroup.platform == where.platform, or_(ChatGroup.key.in_(keys)), ChatGroup.let_go_at.is_(None)
        return self._session.scalar(select(ChatGroup.administration_id).where(*there).limit(1))


def placed(session: Session, answer: Answer, administration_id: int) -> Answer:
    """`answer`, which says to whoever is of several administrations in which one this is."""
    home = session.get_one(Administration, administration_id)
    said = _("Here you act in: {place}.", place=Named(home.name))
    if answer.screen is not None and said not in answer.screen.body:
        answer = replace(answer, screen=replace(answer.screen, body=(*answer.screen.body, said)))
    if answer.form is not None and said not in answer.form.intro:
        answer = replace(answer, form=replace(answer.form, intro=(said, *answer.form.intro)))
    return answer


def _is_id(words: str) -> bool:
    return words.isdecimal() and len(words) < LONGEST
