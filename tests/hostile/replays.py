"""Every way to try what is somebody else's: their buttons, drafts, files, links, receipts, and the ids of things.

A `Replay` makes the event with which somebody tries an id, and the same event for an id that nobody has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import select

from bot.engine.drafts import BUILT_IN
from bot.kit.capability import Registry
from bot.kit.events import Answered, Called, Changed, Event, Submitted
from bot.kit.forms import FieldKind
from db.centres import Centre
from db.consultations import Clause, Consultation
from db.files import File
from db.issues import Issue
from db.machinery import Draft, Handle, Receipt
from db.meetings import Meeting
from db.outcomes import TOLD, Outcome
from db.people import Organisation, Pass, Person
from db.symposia import Block, Symposium, SymposiumRoom, SymposiumSession, Track

from .oracle import Oracle
from .town import CAST, NOBODYS, Seen, Town

# What a field that is picked names by its value: a table's id, behind a prefix where several are offered.
PICKED: Mapping[tuple[str, str], tuple[tuple[str, type[Any]], ...]] = {
    ("actions.from_issue", "business_owner"): (("", Person),),
    ("actions.from_issue", "customs_owner"): (("", Person),),
    ("actions.from_minute", "business_owner"): (("", Person),),
    ("actions.from_minute", "customs_owner"): (("", Person),),
    ("actions.hand_over", "to"): (("", Person),),
    ("actions.name_owner", "to"): (("", Person),),
    ("actions.propose", "business_owner"): (("", Person),),
    ("actions.propose", "customs_owner"): (("", Person),),
    ("agencies.also", "agency"): (("", Organisation),),
    ("agencies.ask", "agency"): (("", Organisation),),
    ("positions.for_member", "member"): (("", Organisation),),
    ("broadcasts.broadcast", "symposium"): (("", Symposium),),
    ("broadcasts.choose", "consultation"): (("", Consultation),),
    ("broadcasts.choose", "event"): (("", Symposium),),
    ("broadcasts.choose", "group"): (("", Meeting),),
    ("broadcasts.terms", "symposium"): (("", Symposium),),
    ("conclusions.answer", "clause"): (("", Clause),),
    ("conclusions.answer_many", "clause"): (("", Clause),),
    ("conclusions.answer_many", "group"): (("clause:", Clause),),
    ("consultations.add_meeting", "meeting"): (("", Meeting),),
    ("consultations.ask_to_own", "person"): (("", Person),),
    ("consultations.go_to", "which"): (("clause:", Clause),),
    ("consultations.hand_over", "desk"): (("", Centre),),
    ("consultations.hand_over", "person"): (("", Person),),
    ("consultations.pass_on", "desk"): (("", Centre),),
    ("consultations.propose_session", "speaker"): (("", Person),),
    ("consultations.propose_session", "track"): (("", Track),),
    ("consultations.say", "which"): (("clause:", Clause),),
    ("programmes.close_room", "room"): (("", SymposiumRoom),),
    ("programmes.swap", "other"): (("", SymposiumSession),),
    ("programmes.swap", "session"): (("", SymposiumSession),),
    ("recognition.ask", "agency"): (("", Organisation),),
    ("issues.hand_over", "to"): (("person:", Person), ("centre:", Centre)),
    ("issues.link", "other"): (("", Issue),),
    ("issues.merge", "into"): (("", Issue),),
    ("issues.raise", "agency"): (("", Organisation),),
    ("people.grant", "centre"): (("", Centre),),
    ("people.grant", "person"): (("", Person),),
    ("people.move", "organisation"): (("", Organisation),),
    ("people.register", "organisation"): (("", Organisation),),
    ("registrations.delegate", "focal"): (("", Person),),
    ("registrations.nominate", "whom"): (("", Person),),
    ("registrations.substitute", "whom"): (("", Person),),
    ("regions.appoint", "person"): (("", Person),),
    ("regions.hand_over", "head"): (("", Person),),
    ("regions.seat", "person"): (("", Person),),
    ("regions.set_up", "head"): (("", Person),),
    ("regions.succeed", "leaving"): (("", Person),),
    ("regions.succeed", "successor"): (("", Person),),
    ("roundtables.invite", "whom"): (("person:", Person), ("organisation:", Organisation)),
    ("roundtables.substitute", "who"): (("", Person),),
    ("roundtables.to_action", "about"): (("", Meeting),),
    ("roundtables.to_decision", "about"): (("", Meeting),),
    ("symposia.accept", "track"): (("", Track),),
    ("symposia.change", "track"): (("", Track),),
    ("symposia.add_speaker", "person"): (("", Person),),
    ("symposia.after", "after"): (("", SymposiumSession),),
    ("symposia.describe_session", "track"): (("", Track),),
    ("symposia.new_session", "track"): (("", Track),),
    ("symposia.place", "block"): (("", Block),),
    ("symposia.place", "room"): (("", SymposiumRoom),),
    ("symposia.propose", "speaker"): (("", Person),),
    ("symposia.propose", "track"): (("", Track),),
    ("symposia.propose_for", "organisation"): (("", Organisation),),
    ("symposia.propose_for", "speaker"): (("", Person),),
    ("symposia.propose_for", "track"): (("", Track),),
    ("symposia.propose_issue", "speaker"): (("", Person),),
    ("symposia.propose_issue", "track"): (("", Track),),
    ("symposia.reviewer", "person"): (("", Person),),
}
NAMES_NOTHING = {
    *(("regions.hand_over", "country"), ("regions.set_up", "country")),
    *(("broadcasts.choose", "country"), ("broadcasts.choose", "place")),
    *(("regions.seat", "country"), ("regions.seat", "zone")),
    ("roundtables.correct", "line"),  # by its number in the meeting the form is about
    ("programmes.move_to", "place"),  # a time and a room of the symposium the form is about
    *(("symposia.make", "zone"), ("symposia.remote", "zone"), ("consultations.dates", "zone")),
    *(("consultations.move_links", "to"), ("consultations.put", "to")),  # by its number in the draft the form is about
    *(("people.enrol", "place"), ("people.register", "country")),  # which administrations there are is no secret
    *(("issues.raise", "port"), ("people.zone", "zone"), ("people.register", "region")),
}
# More than a turn's event can carry is asked in another way.
LookUp = tuple[str, str, str]


@dataclass(frozen=True)
class Replay:
    """One way for one person: `event(id)` tries it; `not_theirs` are the ids it may not work with."""

    what: str
    event: Callable[[Any], Event | LookUp]
    not_theirs: Sequence[Any]
    nobodys: Any = NOBODYS


def replays(town: Town, name: str) -> list[Replay]:
    """Every way for somebody, with what is not theirs at this moment."""
    with town.sessions.reading() as session:
        oracle = Oracle(session, at=town.clock.now())
        drafts = session.execute(select(Draft.id, Draft.person_id, Draft.form)).all()
        handles = session.execute(select(Handle.token, Handle.person_id)).all()
        files = session.execute(select(File.id, File.person_id)).all()
        passes = session.execute(select(Pass.id, Pass.person_id, Pass.other_id)).all()
        receipts = session.scalars(select(Receipt).where(Receipt.about == TOLD)).all()
    me = town.ids[name]
    caller = town.callers[name]
    lookers = oracle.lookers(me, is_guest=CAST[name].is_guest)
    homes = set(oracle.homes(me))
    outcomes = oracle.rows[Outcome]

    def hidden(table: type[Any]) -> list[int]:
        if table is Person:
            return [each for each in oracle.rows[Person] if not homes & set(oracle.homes(each))]
        return [
            row_id for row_id in oracle.rows[table] if not any(oracle.sees(each, table, row_id) for each in lookers)
        ]

    def named(command: str, parameter: str, row_id: Any, **more: Any) -> Event:
        return Called(caller, name=command, args={parameter: row_id, **more})

    found = [
        Replay(
            "a button",
            lambda token: Called(caller, handle=token),
            [token for token, owner in handles if owner != me],
            "A" * 22,
        )
    ]
    others = [row.id for row in drafts if row.person_id != me]
    for command in sorted(BUILT_IN):
        more = {"field": "detail", "value": "mine now"}
        found.append(Replay(f"a draft by {command}", partial(named, command, "draft", **more), others))
    filled = {"detail": "mine now", "words": "mine now", "organisation": "new:Mine"}
    found += [
        Replay("a draft, sent", lambda token: Submitted(caller, str(token), filled), others),
        Replay("a draft, changed", lambda token: Changed(caller, str(token), filled), others),
        Replay("a draft, looked up", lambda token: (str(token), "agency", "a"), others),
    ]
    for command_ in town.engine.registry.commands.values():
        for parameter, table in command_.entities.items():
            event = partial(named, command_.name, parameter, words="Let me")
            found.append(Replay(f"{table.__name__} by {command_.name}", event, hidden(table)))
            if command_.confirm is not None:
                event = partial(named, command_.name, parameter, confirmed=True)
                found.append(Replay(f"{table.__name__} by {command_.name}, confirmed", event, hidden(table)))
    unseen = hidden(Issue)
    found += [
        Replay("a reference", lambda row: Called(caller, words=_ref(row)), unseen),
        Replay("a reference, found", lambda row: Called(caller, words=f"find {_ref(row)}"), unseen),
        Replay("a reference, answered", lambda row: Answered(caller, _ref(row)), unseen),
        Replay(
            "a receipt",
            partial(named, "ledger.reached", "receipt"),
            [
                row.id
                for row in receipts
                if not any(
                    oracle.handles(each, oracle.rows[Issue][outcomes[row.about_id].issue_id]) for each in lookers
                )
            ],
        ),
    ]
    apart = [row.id for row in passes if me not in (row.person_id, row.other_id)]
    for command in ("people.join", "people.keep_apart"):
        found.append(Replay(f"a link by {command}", partial(named, command, "link"), apart))
    own = {row.form: str(row.id) for row in drafts if row.person_id == me}
    if "issues.raise" in own:
        token, strange = own["issues.raise"], [row.id for row in files if row.person_id != me]
        told = {"detail": "With a photo", "sector": "general"}
        found += [
            Replay("a file, sent", lambda row: Submitted(caller, token, told | {"files": [row]}), strange),
            Replay("a file, changed", lambda row: Changed(caller, token, {"files": [row]}), strange),
        ]
    for (form, field), kinds in PICKED.items():
        for prefix, table in kinds:
            if form in own:
                found += _picks(caller, own[form], form, field, prefix, hidden(table))
    return [each for each in found if each.not_theirs]


def _picks(caller: Any, token: str, form: str, field: str, prefix: str, ids: Sequence[int]) -> list[Replay]:
    def changed(row: Any) -> Event:
        return Changed(caller, token, {field: f"{prefix}{row}"})

    def asked(row: Any) -> LookUp:
        return token, field, f"{prefix}{row}"

    return [Replay(f"{form}, picked", changed, ids), Replay(f"{form}, looked up", asked, ids)]


def tried(town: Town, name: str, replay: Replay, row: Any) -> Seen:
    """What somebody learns and leaves behind by one try."""
    event = replay.event(row)
    if not isinstance(event, tuple):
        return town.rehearse(event)
    seen = town.look_up(name, *event)
    # What is typed is offered as something new, and only its own writer sees it.
    return Seen(re.sub(rf"\b{row}\b", "?", seen.answer), seen.statements, seen.left)


def difference(one: Seen, other: Seen) -> str:
    """Where two tries differ, in words; empty where nobody could tell them apart."""
    if one.answer != other.answer:
        return f"said\n  {_short(one.answer)}\ninstead of\n  {_short(other.answer)}"
    if one.statements != other.statements:
        more = [each for each in one.statements if each not in other.statements]
        fewer = [each for each in other.statements if each not in one.statements]
        return f"ran {len(one.statements)} statements instead of {len(other.statements)}: {more} / {fewer}"
    if one.left != other.left:
        lines = set(one.left.splitlines()) ^ set(other.left.splitlines())
        return "left behind\n" + "\n".join(sorted(lines))
    return ""


def picks(registry: Registry) -> set[tuple[str, str]]:
    """Every field of the registry that is picked by a value."""
    return {
        (command.name, field)
        for command in registry.commands.values()
        if command.form is not None
        for field, how in command.form.asks.items()
        if how.kind is FieldKind.PICK
    }


def _ref(row: Any) -> str:
    return Issue.ref_of(int(row))


def _short(answer: str) -> str:
    return json.dumps(json.loads(answer))[:1500] if answer.startswith("{") else answer[:1500]
