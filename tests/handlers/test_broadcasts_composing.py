"""A broadcast is written: its languages, its audience, its preview, test copies, and on to another."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.events import Answer
from bot.kit.screen import from_json, map_buttons
from db.broadcasts import ATTACHED, Asks, Broadcast, BroadcastEdition, BroadcastText, Selection, Standing, fingerprint
from db.broadcasts.copies import Habit
from db.files import File
from db.people import (
    Account,
    Aeo,
    Delivery,
    Organisation,
    Person,
    RoleName,
    Scope,
    Topic,
    create_administration,
    grant_role,
)
from handlers.broadcasts.hours import suits
from handlers.broadcasts.texts import copy_screen, freeze_screens, texts_of
from tests.world import MONDAY, YEAR, ZONE, World

from .registration_steps import a_symposium
from .statement_steps import consulted

DRAFT = {
    "title": "Rules of origin",
    "words": "From Monday certificates change.",
    "wants": "acknowledge",
    "hour": "suitable",
    "moment": "now",
}


def drafted(world: World, who: str = "adam", **more: Any) -> int:
    world.submit(who, "broadcasts.broadcast", DRAFT | more)
    with world.parley.sessions.reading() as session:
        return session.scalars(select(Broadcast.id).order_by(Broadcast.id.desc())).first() or 0


def chosen(world: World, broadcast: int, side: str, by: str, value: str, who: str = "adam") -> Any:
    return world.submit(who, "broadcasts.choose", {"side": side, "by": by, by: value}, broadcast=broadcast)


def test_from_a_word_in_the_chat_to_a_second_person(world: World) -> None:
    # Written question by question, as in a chat.
    world.say("adam", "/broadcast")
    world.fill("adam", "Rules of origin", "From Monday certificates change.", "[Skip]")
    world.fill("adam", "[To say that they have seen it]", "[In each one's own working hours]")
    written = world.fill("adam", "[As soon as it is approved]", "[Keep the draft]")
    assert "Kept as a draft" in written and "Everybody of Customs of Sokal" in written and "Recipients: 13" in written
    b = 1

    # For whom: everybody in trade who does not speak for a trusted trader.
    world.do("lena", "people.verify", organisation=world.organisation)
    world.submit("lena", "people.trust", {"aeo": "authorised"}, organisation=world.organisation)
    assert "Trusted trader (AEO): Trusted trader (AEO)" in world.last("lena")
    assert "People: 5" in chosen(world, b, "include", "kind", "business")
    assert "People: 3" in chosen(world, b, "exclude", "aeo", "authorised")
    assert "People: 5" in world.do("adam", "broadcasts.drop", broadcast=b, side="exclude", by="aeo")
    either = chosen(world, b, "include", "kind", "customs")
    assert "People: 13" in either and "Business and Customs" in either
    chosen(world, b, "exclude", "role", "officer")
    assert "People: 10" in world.last("adam")
    with world.parley.sessions.reading() as session:
        told = session.get_one(Organisation, world.organisation)
        assert (told.aeo, told.aeo_by_id, told.aeo_at) == (Aeo.AUTHORISED, world.ids["lena"], MONDAY)

    # In French, because some read it; Arabic is named as missing.
    with world.parley.sessions.writing() as session:
        for who, language in (("amina", "fr"), ("badr", "fr"), ("chloe", "ar")):
            session.get_one(Person, world.ids[who]).language = language
    draft = world.do("adam", "broadcasts.compose", broadcast=b)
    assert "Not written yet, and read by some it is for: Français and العربية." in draft
    world.do("adam", "broadcasts.word", broadcast=b)
    offered = list(world.last("adam").buttons)
    assert offered[:3] == ["English: it is written, and is changed", "Français", "العربية"]
    world.press("adam", "Cancel")
    french = {"language": "fr", "title": "Règles d’origine", "words": "Dès lundi."}
    draft = world.submit("adam", "broadcasts.word", french, broadcast=b)
    assert "Français (Règles d’origine · 2 people read it)" in draft and "some it is for: العربية." in draft

    # Before anything is sent: doors, languages, who is not reached and why, who does without.
    with world.parley.sessions.writing() as session:
        session.get_one(Person, world.ids["dina"]).muted = [Topic.BROADCASTS.value]
        lost = session.scalars(select(Account).where(Account.person_id == world.ids["emil"])).one()
        lost.unreachable_since, lost.unreachable_reason = MONDAY, "blocked"
    seen = world.do("adam", "broadcasts.preview", broadcast=b)
    assert "Recipients: 10" in seen and "Reached: 8" in seen and "Not reached: 1" in seen
    assert "Slack | 5 | 0" in seen and "Telegram | 1 | 2" in seen  # English, French
    assert "1 person reads العربية, in which nothing is written, and gets it in English." in seen
    assert "1 person does without broadcasts" in seen and "it waits for their working hours" not in seen
    why = world.press("adam", "Who is not reached")
    assert "1 · They have blocked Parley. (Ask them to unblock it" in why and "Emil (They have blocked Parley.)" in why

    # To its author's own door, as its reader gets it; what is pressed there is nobody's answer.
    looks = world.do("adam", "broadcasts.rendering", broadcast=b, language="fr")
    assert "The page: Règles d’origine" in looks and "[J’en ai pris connaissance]" in looks
    world.press("adam", "Send me a test copy")
    copy = next(each for each in reversed(world.received("adam")) if "Dès lundi." in each)
    assert copy.language == "fr" and list(copy.buttons) == ["J’en ai pris connaissance"]
    assert "nothing was noted" in world.press("adam", "J’en ai pris connaissance")

    # In the evening, all of them are waited for.
    world.pass_time(hours=12)
    late = world.do("adam", "broadcasts.preview", broadcast=b)
    assert "For 8 people it waits for their working hours, until" in late and "24 November" in late

    # Submitted, it is frozen, and nothing of it can be changed.
    world.do("adam", "broadcasts.preview", broadcast=b)
    world.press("adam", "Have it approved")
    submitted = world.press("adam", "Have it approved")
    assert "Submitted, for 10 people." in submitted
    assert "Nobody else may send there, so nobody can approve it" in submitted
    with world.parley.sessions.reading() as session:
        sent = session.get_one(Broadcast, b)
        assert (sent.standing, sent.frozen_count) == (Standing.SUBMITTED, 10)
        assert (sent.frozen, 10) == fingerprint(session, sent, at=world.clock.now())
    for form in ("word", "choose", "terms", "attach"):
        assert "not a draft any longer" in world.do("adam", f"broadcasts.{form}", broadcast=b)
    for command in ("compose", "audience", "submit", "drop"):
        args = {"side": "include", "by": "kind"} if command == "drop" else {}
        world.do("adam", f"broadcasts.{command}", broadcast=b, **args)
        said = world.press("adam", "Have it approved") if command == "submit" else world.last("adam")
        assert "not a draft any longer" in said


def test_who_may_write_to_many_and_to_whom(light_world: World) -> None:
    world = light_world
    for who in ("amina", "ruiz", "lena"):  # a member, an officer, a lead
        assert "Kept as a draft" not in world.submit(who, "broadcasts.broadcast", DRAFT)
    b = drafted(world)
    for who in ("cora", "ruiz", "amina"):  # another's, of another scope
        assert "Rules of origin" not in world.do(who, "broadcasts.preview", broadcast=b)
        assert "Rules of origin" not in world.do(who, "broadcasts.compose", broadcast=b)
    # A coordinator reaches the administrations of the region, and says by which right where there are several.
    c = drafted(world, "cora")
    assert "Everybody in the region: The North" in world.last("cora")
    assert "By which right it goes" not in world.last("cora").buttons
    with world.parley.sessions.writing() as session:
        cora = session.get_one(Person, world.ids["cora"])
        grant_role(
            session, cora, RoleName.COORDINATOR, scope=Scope.WORLD, scope_id="world", at=MONDAY, until=MONDAY + YEAR
        )
    world.submit("cora", "broadcasts.reach", {"right": "world:world"}, broadcast=c)
    assert "Everybody in every administration here" in world.last("cora")
    assert "answers offered" in world.submit("cora", "broadcasts.reach", {"right": "country:TN"}, broadcast=c)
    # One of the same right sees it, and cannot change it.
    with world.parley.sessions.writing() as session:
        inga = session.get_one(Person, world.ids["inga"])
        grant_role(
            session, inga, RoleName.ADMINISTRATOR, scope=Scope.COUNTRY, scope_id="TN", at=MONDAY, until=MONDAY + YEAR
        )
    seen = world.do("inga", "broadcasts.preview", broadcast=b)
    assert "Reached: 13" in seen and "Have it approved" not in seen.buttons
    for command in ("compose", "audience", "submit"):
        assert "may not" in world.do("inga", f"broadcasts.{command}", broadcast=b)


def test_whoever_holds_several_rights_says_by_which_they_write(sqlite_world: World) -> None:
    """Of one right the form says what it is; nobody sends less far, or further, than they think."""
    world = sqlite_world
    begun = world.say("cora", "/broadcast")
    assert "You write in the name of: Customs of Sokal, for The North" in begun
    assert "Everybody in the region: The North" in begun and "What is it about" in begun
    world.say("cora", "/cancel")
    with world.parley.sessions.writing() as session:
        cora = session.get_one(Person, world.ids["cora"])
        by: dict[str, Any] = {"scope": Scope.COUNTRY, "scope_id": "TN", "at": MONDAY, "until": MONDAY + YEAR}
        grant_role(session, cora, RoleName.COORDINATOR, **by)
    asked = world.say("cora", "/broadcast")
    assert "How far does it reach?" in asked and "You write in the name of" not in asked
    world.fill("cora", "[Everybody in the region: The North]", "Rules of origin", "From Monday.", "[Skip]")
    world.fill("cora", "[To say that they have seen it]", "[In each one's own working hours]")
    written = world.fill("cora", "[As soon as it is approved]", "[Keep the draft]")
    assert "From: Customs of Sokal, for The North" in written and "Reach: Everybody in the region" in written
    by_country = drafted(world, "cora", right="country:TN")
    assert "From: Customs of Sokal\n" in world.do("cora", "broadcasts.preview", broadcast=by_country)
    assert "answers offered" in world.submit("cora", "broadcasts.broadcast", DRAFT | {"right": "world:world"})


def test_by_an_event_a_consultation_or_a_group_only_of_what_one_runs(light_world: World) -> None:
    world = light_world
    made = a_symposium(world)
    with world.parley.sessions.writing() as session:
        c = consulted(session, world.home, owner_id=world.ids["lena"]).id
    world.submit("amina", "statements.say", {"words": "Clear goods at night."}, consultation=c)
    world.do("badr", "registrations.register", symposium=made.symposium, small=False)
    b = drafted(world, wants="register", symposium=str(made.symposium))
    assert "Symposium: Clearance in a day" in world.last("adam")
    assert "People: 1" in chosen(world, b, "include", "event", str(made.symposium))
    world.do("adam", "broadcasts.drop", broadcast=b, side="include", by="event")
    shown = chosen(world, b, "include", "consultation", str(c))
    assert "People: fewer than five" in shown and "Clearance at night" in shown
    # Whoever voted or said something there is counted, and never named.
    with world.parley.sessions.writing() as session:
        for account in session.scalars(select(Account).where(Account.person_id == world.ids["amina"])):
            account.unreachable_since, account.unreachable_reason = MONDAY, "left"
    why = world.do("adam", "broadcasts.unreached", broadcast=b)
    assert "They have left that workspace." in why and "Amina" not in why and "Nobody is named" in why
    # One who is left after several criteria would be told apart by any figure, and by what becomes of their copy.
    looked = world.do("adam", "broadcasts.preview", broadcast=b)
    assert "Recipients: fewer than five" in looked and "Not reached: fewer than five" in looked and ": 1" not in looked
    assert "give them away" in world.do("adam", "broadcasts.submit", broadcast=b, confirmed=True)
    assert "give them away" in world.do("adam", "broadcasts.emergency", broadcast=b)
    # Cora runs neither: they are not offered, nor taken.
    mine = drafted(world, "cora")
    for by, value in (("event", made.symposium), ("consultation", c)):
        assert "People:" not in chosen(world, mine, "include", by, str(value), "cora")
    with world.parley.sessions.reading() as session:
        assert Selection.from_json(session.get_one(Broadcast, mine).audience) == Selection()


def test_a_region_reaches_other_administrations_and_names_nobody_of_them(light_world: World) -> None:
    """A test copy goes to each of its author's doors."""
    world = light_world
    with world.parley.sessions.writing() as session:
        north = [{"code": "north", "name": {"en": "The North"}}]
        common: dict[str, Any] = {"zone": ZONE, "language": "en"}
        away = create_administration(session, code="ly", name={"en": "Libya"}, country="LY", regions=north, **common)
        far = create_administration(session, code="bo", name={"en": "Bolivia"}, country="BO", **common)
        for home, name in ((away, "Leila"), (away, "Lutfi"), (far, "Berta")):
            session.add(Person(administration_id=home.id, name=name, met_at=MONDAY, registered_at=MONDAY, **common))
        session.add(
            Account(
                person_id=world.ids["cora"],
                platform="telegram",
                external_id="cora",
                address="cora",
                met_at=MONDAY,
                used_at=MONDAY,
            )
        )
    b = drafted(world, "cora")
    assert "Recipients: 15" in world.last("cora")
    assert "People: 2" in chosen(world, b, "include", "country", "LY", "cora") and "Country: Libya" in world.last(
        "cora"
    )
    assert "answers offered" in chosen(world, b, "include", "country", "BO", "cora")
    why = world.do("cora", "broadcasts.unreached", broadcast=b)
    assert "2 · They have no account" in why and "are counted, not named" in why and "Leila" not in why
    world.do("cora", "broadcasts.test", broadcast=b, language="en")
    slack, telegram = (world.doors[name].sent[key][-1] for name, key in (("slack", "T1:cora"), ("telegram", "cora")))
    assert slack.text == telegram.text and "A test copy: nobody else has got it." in slack
    assert "From: Customs of Sokal, for The North" in slack


def test_what_cannot_go_is_not_submitted(light_world: World) -> None:
    world = light_world
    tomorrow = {"moment": "later", "day": "2026-11-24", "time": "10:30"}
    b = drafted(world, **tomorrow)
    with world.parley.sessions.reading() as session:
        assert session.get_one(Broadcast, b).send_at == datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
    assert "past already" in world.submit(
        "adam", "broadcasts.terms", DRAFT | tomorrow | {"day": "2026-11-22"}, broadcast=b
    )
    chosen(world, b, "include", "kind", "agency")
    world.do("adam", "broadcasts.submit", broadcast=b)
    assert "It is for nobody" in world.press("adam", "Have it approved")
    world.do("adam", "broadcasts.drop", broadcast=b, side="include", by="kind")
    world.pass_time(days=2)
    world.do("adam", "broadcasts.submit", broadcast=b)
    assert "is past" in world.press("adam", "Have it approved")
    # What its own language says stays; another can go.
    world.submit("adam", "broadcasts.word", {"language": "fr", "title": "Oui", "words": "Si."}, broadcast=b)
    world.do("adam", "broadcasts.unword", broadcast=b, language="en")
    assert "translations of this one" in world.press("adam", "Take it out")
    world.do("adam", "broadcasts.unword", broadcast=b, language="fr")
    assert "Taken out." in world.press("adam", "Take it out")


def test_files_go_along_and_others_files_do_not(sqlite_world: World) -> None:
    world = sqlite_world
    b = drafted(world)
    with world.parley.sessions.writing() as session:
        mine, hers = (
            File(administration_id=world.home, person_id=world.ids[who], name=f"{who}.pdf", added_at=MONDAY)
            for who in ("adam", "amina")
        )
        session.add_all([mine, hers])
        session.flush()
        ids = [mine.id, hers.id]
    world.do("adam", "broadcasts.attach", broadcast=b)
    world.submit("adam", "broadcasts.attach", {"files": ids}, broadcast=b)
    with world.parley.sessions.reading() as session:
        assert session.scalars(select(File.name).where(File.owner == ATTACHED)).all() == ["adam.pdf"]
    assert "Attached: adam.pdf" in world.do("adam", "broadcasts.preview", broadcast=b)


def test_whoever_changes_one_of_its_terms_keeps_the_others(sqlite_world: World) -> None:
    world = sqlite_world
    b = drafted(world, hour="any", moment="later", day="2026-11-24", time="10:00")
    world.do("adam", "broadcasts.compose", broadcast=b)
    form = world.press("adam", "What it asks, and when it goes").answer.form
    assert form is not None and form.asking is None, "all of it has its answer"
    world.press("adam", "What do you ask of them?")
    assert "Changed." in world.fill("adam", "[Nothing]", "[Keep the draft]")
    with world.parley.sessions.reading() as session:
        now = session.get_one(Broadcast, b)
        assert (now.asks, now.is_urgent, now.send_at) == (Asks.NOTHING, True, datetime(2026, 11, 24, 9, tzinfo=UTC))


@pytest.mark.parametrize("asks", list(Asks))
def test_the_screen_of_the_copies(sqlite_world: World, asks: Asks) -> None:
    """Frozen, it is what was previewed; its buttons wait for the number of a copy."""
    world = sqlite_world
    made = a_symposium(world).symposium if asks is Asks.REGISTER else None
    b = drafted(world, wants=asks.value, **({"symposium": str(made)} if made else {}))
    with world.parley.sessions.writing() as session:
        broadcast = session.get_one(Broadcast, b)
        text = texts_of(session, broadcast)["en"]
        screen = copy_screen(session, broadcast, text)
        assert session.scalars(select(BroadcastEdition.number)).all() == [1]
    pressed: list[tuple[str, dict[str, Any]]] = []
    map_buttons(screen, lambda each: pressed.append((each.command, dict(each.args))))
    reply = "broadcasts.reply"
    assert (
        pressed
        == {
            Asks.NOTHING: [("broadcasts.show", {"broadcast": b})],
            Asks.ACKNOWLEDGE: [(reply, {"copy": 0, "reply": "seen"})],
            Asks.REGISTER: [
                (reply, {"copy": 0, "reply": "seen"}),
                ("registrations.register", {"symposium": made}),
            ],
            Asks.ANSWER: [(reply, {"copy": 0, "reply": each}) for each in ("yes", "no", "other")],
        }[asks]
    )
    with world.parley.sessions.writing() as session:
        freeze_screens(cast(Context, SimpleNamespace(session=session)), session.get_one(Broadcast, b))
        assert from_json(session.scalars(select(BroadcastText.screen)).one()) == Answer(screen=screen)


NO_NIGHT = time(0)
A_MONDAY_MORNING = Habit(ZONE, "TN", NO_NIGHT, NO_NIGHT, Delivery.AT_ONCE)


@pytest.mark.parametrize(
    ("at", "habit", "hour"),
    [
        (MONDAY, A_MONDAY_MORNING, "2026-11-23T08:00"),
        (MONDAY - timedelta(hours=3), A_MONDAY_MORNING, "2026-11-23T08:00"),
        (MONDAY - timedelta(days=1), A_MONDAY_MORNING, "2026-11-23T08:00"),
        (datetime(2026, 11, 27, 20, tzinfo=UTC), A_MONDAY_MORNING, "2026-11-30T08:00"),
        (
            datetime(2026, 11, 27, 8, tzinfo=UTC),
            Habit("Africa/Cairo", "EG", NO_NIGHT, NO_NIGHT, Delivery.AT_ONCE),
            "2026-11-29T07:00",
        ),
        (datetime(2026, 5, 1, 8, tzinfo=UTC), A_MONDAY_MORNING, "2026-05-04T08:00"),  # 1 May is a holiday
    ],
    ids=["in hours", "in the night", "on Sunday", "on Friday evening", "where Friday is off", "on a holiday"],
)
def test_when_it_suits(at: datetime, habit: Habit, hour: str) -> None:
    assert suits(at, habit) == datetime.fromisoformat(f"{hour}+00:00")
