"""Who somebody is: never a name, an address or a number that others share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select

import handlers
from bot.kit.events import Called, Caller
from bot.platforms.slack.manifest import manifest
from bot.platforms.telegram.read import SHARED_IDS, read
from db.base import Base
from db.people import Account, RoleName
from tests.handlers.people_world import World, plain, screen
from tests.platforms.telegram.updates import AMINA, message, tap

RUIZ = Caller("telegram", "7", "7", "Ruiz", "en")
LIKE_RUIZ = ("Ruiz", "Ruiz ✔", "Ru\u200biz", "\u0420uiz", "Ruiz (Customs)")  # the fourth begins with a Cyrillic letter


@pytest.fixture
def world(sqlite_url: str) -> Iterator[World]:
    made = World(sqlite_url)
    yield made
    made.close()


def may_give_roles(world: World, caller: Caller) -> bool:
    return "Roles" in plain(screen(world.turn(Called(caller, name="people.roles"))).heading)


@pytest.mark.promise("threat.8", "Another name changes no role, and an officer's name on somebody else gives none.")
def test_a_name_is_nobody(world: World) -> None:
    officer = world.known(RUIZ, RoleName.ADMINISTRATOR)
    assert may_give_roles(world, RUIZ)
    renamed = replace(RUIZ, name="Somebody Else")
    assert may_give_roles(world, renamed) and world.person(renamed).id == officer
    for number, name in enumerate(LIKE_RUIZ, 100):
        double = Caller("telegram", str(number), str(number), name, "en")
        assert world.known(double) != officer
        assert not may_give_roles(world, double), name


@pytest.mark.promise("threat.9", "Telegram's shared identities run no command, whichever it is.")
@pytest.mark.parametrize("shared", sorted(SHARED_IDS))
def test_shared_identities_run_nothing(shared: int) -> None:
    nobody = AMINA | {"id": shared}
    for verb in handlers.registry.by_verb:
        assert read(message(text=f"/{verb} 1", **{"from": nobody})) is None, verb
        assert read(message(text=f"/{verb} 1", sender_chat={"id": shared, "type": "channel"})) is None, verb
    assert read(tap("A" * 22, **{"from": nobody})) is None


@pytest.mark.promise("threat.10", "Another's words, another bot's and edited ones run no command, whichever it is.")
def test_words_that_are_not_ones_own_now_run_nothing() -> None:
    sender = {"type": "user", "date": 1, "sender_user": {"id": 2, "is_bot": False, "first_name": "B"}}
    hidden = {"type": "hidden_user", "date": 1, "sender_user_name": "Coordinator"}
    channel = {"type": "channel", "date": 1, "chat": {"id": -1, "type": "channel"}, "message_id": 1}
    foreign = [{"forward_origin": origin} for origin in (sender, hidden, channel)]
    foreign.append({"via_bot": {"id": 3, "is_bot": True, "first_name": "B"}})
    for verb in handlers.registry.by_verb:
        assert isinstance(read(message(text=f"/{verb} 1")), Called), verb
        for more in foreign:
            assert not isinstance(read(message(text=f"/{verb} 1", **more)), Called), verb
        edited = {"update_id": 1, "edited_message": message(text=f"/{verb} 1")["message"]}
        assert not isinstance(read(edited), Called), verb


@pytest.mark.promise(
    "threat.14", "The same number in another workspace is a stranger, and no chat says whose an e-mail address is."
)
def test_another_workspace_is_another_person(world: World) -> None:
    ours = Caller("slack", "T1:U7", "U7", "Ruiz", "en")
    officer = world.known(ours, RoleName.ADMINISTRATOR)
    theirs = replace(ours, external_id="T9:U7", is_guest=True)
    assert world.known(theirs) != officer and not may_give_roles(world, theirs)
    with world.sessions.reading() as session:
        assert len(session.scalars(select(Account)).all()) == 2
    assert "email" not in str(manifest("https://parley.example")).lower()
    # An address is known for a door only because its owner followed a link there: nothing else holds one.
    columns = [column.name for table in Base.metadata.tables.values() for column in table.columns]
    assert {name for name in columns if "mail" in name} == {"by_mail"}
    assert not [name for name in Caller.__dataclass_fields__ if "mail" in name]
