"""One turn at a time, with a capability made for the purpose: what the engine promises to every capability."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.engine import Engine, Outcome
from bot.kit import allow
from bot.kit.capability import Capability, Registry
from bot.kit.context import Context
from bot.kit.events import Answered, Attached, Called, Caller, Changed, Submitted
from bot.kit.forms import Form, FormView, ask
from bot.kit.screen import Button, Refusal, Screen, button
from bot.kit.text import Catalogues, Code, Raw, Reader, Writer, _, name_members, without_isolates
from db.machinery import Audit, Draft, Due, Handle, Inbox, InboxState, Outgoing, Sending
from db.people import Account, Administration, Grant, Kind, Organisation, Person, Role, RoleName, Scope, Standing, Who
from db.session import Sessions, connect
from scheduling.clock import ManualClock
from tests.handlers.people_world import Deferred

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
AMINA = Caller("telegram", "1001", "1001", "Amina", "fr")
RUIZ = Caller("slack", "T1:U7", "U7", "Ruiz", "en")


class Leaf(StrEnum):
    GREEN = "green"
    BLACK = "black"


name_members({Leaf.GREEN: _("Green"), Leaf.BLACK: _("Black")})
tea = Capability("tea", _("Tea"))


@tea.form("order", _("Order tea"), allow=allow.members, menu=1)
class Order(Form):
    """Six cups at most."""

    leaf: Leaf = ask.choice(_("Which leaf?"))
    milk: str | None = ask.line(_("Which milk?"), max=10, optional=True, when=lambda so_far: so_far.leaf is Leaf.BLACK)
    cups: int = ask.number(_("How many cups?"), least=1, most=6)
    photos: tuple[int, ...] = ask.files(_("Photos of the pot?"), most=2)

    def submit(self, ctx: Context) -> Screen:
        if self.cups == 5:
            raise Refusal(_("We never serve five."), field="cups")
        ctx.session.add(Organisation(administration_id=ctx.who.administration_id, name="Pot", kind=Kind.BUSINESS))
        ctx.later(ctx.now + timedelta(hours=1), "tea.cool", key=f"cool:{ctx.who.id}", cups=self.cups)
        return Screen(_("Ordered"), (Raw(f"{self.leaf} {self.milk} {self.cups} {len(self.photos)}"),))


@tea.form("name", _("Say who you are"), allow=allow.everyone)
class Name(Form):
    name: str = ask.line(_("Your name?"), max=20)

    def submit(self, ctx: Context) -> Screen:
        person = ctx.session.get_one(Person, ctx.who.id)
        person.name, person.registered_at = self.name, ctx.now
        return Screen(_("Welcome, {name}.", name=self.name))


@tea.command("home", _("Home"), allow=allow.everyone)
def home(ctx: Context) -> Screen:
    return Screen(_("Home"), buttons=(button(_("Order tea"), "tea.order"), button(_("Pour away"), "tea.pour")))


@tea.command("see", _("See a pot"), allow=allow.members)
def see(ctx: Context, pot: Organisation) -> Screen:
    return Screen(Code(pot.name), buttons=(button(_("Break"), "tea.smash", pot=pot.id),))


@tea.command("smash", _("Break a pot"), allow=allow.administrators, confirm=_("Really break it?"))
def smash(ctx: Context, pot: Organisation) -> Screen:
    ctx.session.delete(pot)
    return Screen(_("Broken"))


@tea.command("pour", _("Pour away"), allow=allow.administrators, menu=2)
def pour(ctx: Context) -> Screen:
    return Screen(_("Poured"))


@tea.command("tell", _("Tell everybody"), allow=allow.members)
def tell(ctx: Context) -> Screen:
    for person in ctx.session.scalars(select(Person.id).where(Person.id != ctx.who.id)):
        card = Screen(_("Tea is served"), buttons=(button(_("Coming"), "tea.home"), button(_("Pour"), "tea.pour")))
        ctx.notify(person, card, once="served", told=None)
    return Screen(_("Told"))


@tea.job("cool")
def cool(ctx: Context, cups: int) -> None:
    ctx.session.add(Organisation(administration_id=ctx.who.administration_id, name=f"cold {cups}", kind=Kind.BUSINESS))


REGISTRY = Registry([tea], home="tea.home", welcome="tea.name", unkept=(lambda words: "poison" in words, "tea.home"))


class House:
    """An engine on a database with one administration, and short ways to talk to it."""

    def __init__(self, url: str) -> None:
        self.sessions = Sessions(connect(url))
        self.clock = ManualClock(NOON)
        self.work = Deferred()
        self.engine = Engine(
            sessions=self.sessions,
            registry=REGISTRY,
            clock=self.clock,
            catalogues=Catalogues(Path("nowhere")),
            work=self.work,
            doors={},
            public_url="https://parley.example",
        )
        with self.sessions.writing() as session:
            session.add(Administration(code="xx", name={"en": "X"}, country="TN", zone="Africa/Tunis", language="en"))

    def turn(self, event: Any, **more: Any) -> Outcome:
        outcome = self.engine.turn(event, trace="t", **more)
        assert outcome is not None
        return outcome

    def call(self, caller: Caller, words: str) -> Outcome:
        return self.turn(Called(caller, words=words))

    def press(self, caller: Caller, outcome: Outcome, label: str) -> Outcome:
        return self.turn(Called(caller, handle=self.find(outcome, label).handle))

    def find(self, outcome: Outcome, label: str) -> Button:
        form, screen = outcome.answer.form, outcome.answer.screen
        extras = (form.back, form.skip, form.cancel, form.send) if form else ()
        shown = [*(form.choices + form.changes if form else ()), *(each for each in extras if each)]
        shown += screen.buttons if screen else ()
        return next(each for each in shown if plain(each.label) == label)

    def register(self, caller: Caller) -> None:
        self.turn(Called(caller, name="tea.name"))
        self.turn(Answered(caller, caller.name))

    def count(self, table: Any, *where: Any) -> int:
        with self.sessions.reading() as session:
            return session.scalar(select(func.count()).select_from(table).where(*where)) or 0


@pytest.fixture
def house(database_url: str) -> Iterator[House]:
    made = House(database_url)
    yield made
    made.sessions.engine.dispose()


def plain(value: Any) -> str:
    writer = Writer(Catalogues(Path("nowhere")), Reader("en", "UTC"))
    return without_isolates(writer.plain(value))


def asked(outcome: Outcome) -> str:
    form = view(outcome)
    return plain(form.field(form.asking).label) if form.asking else "review"


def view(outcome: Outcome) -> FormView:
    assert outcome.answer.form is not None
    return outcome.answer.form


def test_a_stranger_is_asked_who_they_are_whatever_they_say(house: House) -> None:
    for event in (Answered(AMINA, "hello"), Called(AMINA, words="order"), Called(AMINA, name="tea.order")):
        assert view(house.turn(event)).form == "tea.name"


def test_a_form_asks_one_question_after_the_other_and_shows_what_it_will_send(house: House) -> None:
    house.register(AMINA)
    first = house.call(AMINA, "order")
    assert asked(first) == "Which leaf?"
    second = house.press(AMINA, first, "Black")
    assert asked(second) == "Which milk?"
    third = house.press(AMINA, second, "Skip")
    assert asked(third) == "How many cups?"
    fourth = house.turn(Answered(AMINA, "٤"))
    assert asked(fourth) == "Photos of the pot?"
    review = house.press(AMINA, fourth, "Skip")
    assert asked(review) == "review"
    done = house.press(AMINA, review, "Send")
    assert done.answer.screen == Screen(_("Ordered"), (Raw("black None 4 0"),)) and done.answer.ended
    assert house.count(Draft) == 0


def test_a_question_that_does_not_apply_is_not_asked(house: House) -> None:
    house.register(AMINA)
    assert asked(house.press(AMINA, house.call(AMINA, "order"), "Green")) == "How many cups?"


def test_a_bad_answer_is_explained_and_loses_nothing(house: House) -> None:
    house.register(AMINA)
    house.press(AMINA, house.call(AMINA, "order"), "Green")
    for wrong in ("seven", "0", "7", "1e5", "²"):
        again = house.turn(Answered(AMINA, wrong))
        assert asked(again) == "How many cups?"
        assert plain(view(again).refusal) == "Please send a whole number from 1 to 6."
    assert view(again).field("leaf").value == "green"


@pytest.mark.promise("threat.18", "A form that is refused keeps what was typed.")
def test_the_rules_say_no_and_the_draft_survives(house: House) -> None:
    house.register(AMINA)
    house.press(AMINA, house.call(AMINA, "order"), "Green")
    photos = house.turn(Answered(AMINA, "5"))
    refused = house.press(AMINA, house.press(AMINA, photos, "Skip"), "Send")
    assert plain(view(refused).refusal) == "We never serve five."
    assert house.count(Organisation) == 0 and house.count(Draft) == 1
    cups = house.press(AMINA, refused, "How many cups?")
    assert asked(cups) == "How many cups?"
    sent = house.press(AMINA, house.turn(Answered(AMINA, "4")), "Send")
    assert sent.answer.ended


def test_what_the_door_declined_answers_no_question_not_even_an_optional_one(house: House) -> None:
    house.register(AMINA)
    house.press(AMINA, house.call(AMINA, "order"), "Black")
    why = _("I cannot keep a sticker.")
    again = house.turn(Answered(AMINA, declined=why))
    assert asked(again) == "Which milk?" and view(again).refusal == why
    assert not view(again).field("milk").answered


@pytest.mark.promise("threat.18", "An old question's button never answers the next one.")
def test_a_second_tap_on_an_old_question_never_answers_the_next_one(house: House) -> None:
    house.register(AMINA)
    first = house.call(AMINA, "order")
    house.press(AMINA, first, "Green")
    again = house.press(AMINA, first, "Green")
    assert asked(again) == "How many cups?"
    assert not view(again).field("cups").answered


def test_back_asks_the_question_before_and_keeps_its_answer(house: House) -> None:
    house.register(AMINA)
    cups = house.press(AMINA, house.call(AMINA, "order"), "Green")
    leaf = house.press(AMINA, cups, "Back")
    assert asked(leaf) == "Which leaf?" and view(leaf).field("leaf").value == "green"
    assert asked(house.press(AMINA, leaf, "Black")) == "Which milk?"


def test_a_form_goes_on_after_a_restart(house: House) -> None:
    house.register(AMINA)
    house.press(AMINA, house.call(AMINA, "order"), "Green")
    other = House.__new__(House)
    other.__dict__.update(house.__dict__)
    other.engine = Engine(
        sessions=house.sessions,
        registry=REGISTRY,
        clock=house.clock,
        catalogues=house.engine.catalogues,
        work=house.work,
        doors={},
        public_url="",
    )
    assert asked(other.turn(Answered(AMINA, "3"))) == "Photos of the pot?"


def test_files_are_kept_and_wait_to_be_fetched(house: House) -> None:
    house.register(AMINA)
    house.press(AMINA, house.call(AMINA, "order"), "Green")
    house.turn(Answered(AMINA, "1"))
    photo = Attached("pot.jpg", "image/jpeg", 10, {"platform": "telegram", "file_id": "f"})
    one = house.turn(Answered(AMINA, "with a caption", files=(photo,)))
    assert asked(one) == "Photos of the pot?"
    review = house.press(AMINA, one, "That is all")
    assert asked(review) == "review"
    done = house.press(AMINA, review, "Send")
    assert done.answer.screen is not None and done.answer.screen.body == (Raw("green None 1 1"),)
    assert [name for name, _ids in house.work.jobs if name == "fetch"] == ["fetch"]


def test_a_file_that_comes_early_is_kept_for_the_question_that_takes_it(house: House) -> None:
    house.register(AMINA)
    house.press(AMINA, house.call(AMINA, "order"), "Green")
    photo = Attached("pot.jpg", "image/jpeg", 10, {"platform": "telegram", "file_id": "f"})
    kept = house.turn(Answered(AMINA, files=(photo,)))
    assert asked(kept) == "How many cups?"
    assert plain(kept.answer.notice) == "I kept your file. Please go on with the question."
    review = house.turn(Answered(AMINA, "2", files=(photo,)))
    assert asked(review) == "review"
    assert plain(view(review).field("photos").shown) == "2 files"


def test_a_form_that_takes_no_file_says_so(house: House) -> None:
    house.turn(Called(AMINA, name="tea.name"))
    photo = Attached("me.jpg", "image/jpeg", 10, {"platform": "telegram", "file_id": "f"})
    assert plain(view(house.turn(Answered(AMINA, files=(photo,)))).refusal) == "No file is expected here."


def test_words_that_come_along_never_replace_an_answer(house: House) -> None:
    house.register(AMINA)
    house.press(AMINA, house.call(AMINA, "order"), "Green")
    other = house.turn(Called(AMINA, name="tea.order", args={"leaf": "black"}))
    assert view(other).field("leaf").value == "black"
    assert house.count(Draft) == 2


def test_all_fields_at_once_name_what_is_wrong_with_which(house: House) -> None:
    house.register(RUIZ)
    opened = view(house.turn(Called(RUIZ, name="tea.order")))
    wrong = view(house.turn(Submitted(RUIZ, opened.token, {"leaf": "green", "cups": "9"})))
    assert {each.name for each in wrong.fields if each.error} == {"cups"}
    right = house.turn(Submitted(RUIZ, opened.token, {"leaf": "green", "cups": "2", "photos": []}))
    assert right.answer.ended


def test_a_changed_modal_shows_the_questions_that_now_apply(house: House) -> None:
    house.register(RUIZ)
    opened = view(house.turn(Called(RUIZ, name="tea.order")))
    assert [each.name for each in opened.fields] == ["leaf", "cups", "photos"]
    changed = view(house.turn(Changed(RUIZ, opened.token, {"leaf": "black"})))
    assert [each.name for each in changed.fields] == ["leaf", "milk", "cups", "photos"]


@pytest.mark.promise("threat.15", "A handle works for its own person only.")
def test_a_handle_works_for_its_own_person_only(house: House) -> None:
    house.register(AMINA)
    house.register(RUIZ)
    handle = house.find(house.call(AMINA, "home"), "Order tea").handle
    stolen = house.turn(Called(RUIZ, handle=handle))
    unknown = house.turn(Called(RUIZ, handle="A" * 22))
    assert stolen.answer == unknown.answer


def test_a_handle_expires(house: House) -> None:
    house.register(AMINA)
    handle = house.find(house.call(AMINA, "home"), "Order tea").handle
    house.clock.advance(timedelta(days=91))
    old = house.turn(Called(AMINA, handle=handle))
    assert plain(old.answer.notice).startswith("That button is old")
    assert old.answer.screen is not None and plain(old.answer.screen.heading) == "Home"


def test_drawing_a_screen_again_makes_no_new_handles(house: House) -> None:
    house.register(AMINA)
    first = house.call(AMINA, "home")
    before = house.count(Handle)
    assert house.call(AMINA, "home") == replace(first)
    assert house.count(Handle) == before


def test_a_button_is_hidden_from_those_who_may_not_press_it(house: House) -> None:
    house.register(AMINA)
    screen = house.call(AMINA, "home").answer.screen
    assert screen is not None and [plain(each.label) for each in screen.buttons] == ["Order tea"]
    refused = house.turn(Called(AMINA, name="tea.pour")).answer.screen
    assert refused is not None and plain(refused.heading) == "You may not do that."


def _promote(house: House, name: RoleName = RoleName.ADMINISTRATOR) -> None:
    with house.sessions.writing() as session:
        person = session.scalars(select(Person).where(Person.name == "Ruiz")).one()
        session.add(
            Role(
                administration_id=person.administration_id,
                person_id=person.id,
                name=name,
                scope=Scope.COUNTRY,
                scope_id="TN",
                starts_at=NOON,
                ends_at=NOON + timedelta(days=10),
            )
        )


def test_a_role_counts_until_its_end(house: House) -> None:
    house.register(RUIZ)
    _promote(house)
    assert plain(house.turn(Called(RUIZ, name="tea.pour")).answer.screen.heading) == "Poured"  # type: ignore[union-attr]
    house.clock.advance(timedelta(days=10))
    refused = house.turn(Called(RUIZ, name="tea.pour")).answer.screen
    assert refused is not None and plain(refused.heading) == "You may not do that."


def test_a_guest_account_carries_no_role(house: House) -> None:
    house.register(RUIZ)
    _promote(house)
    refused = house.turn(Called(replace(RUIZ, is_guest=True), name="tea.pour")).answer.screen
    assert refused is not None and plain(refused.heading) == "You may not do that."


@pytest.mark.promise("threat.15", "What is not yours is answered as what does not exist.")
def test_what_is_not_yours_is_not_found_in_the_words_of_what_does_not_exist(house: House) -> None:
    house.register(AMINA)
    with house.sessions.writing() as session:
        session.add(Organisation(administration_id=1, name="Secret", kind=Kind.BUSINESS))
    hidden = house.turn(Called(AMINA, name="tea.see", args={"pot": 1}))
    for nowhere in (2, -1, 0, "x", None, 2**70):
        assert house.turn(Called(AMINA, name="tea.see", args={"pot": nowhere})).answer == hidden.answer


def test_a_dangerous_command_is_confirmed_first(house: House) -> None:
    house.register(RUIZ)
    _promote(house)
    with house.sessions.writing() as session:
        session.add(Organisation(administration_id=1, name="Pot", kind=Kind.BUSINESS, standing=Standing.VERIFIED))
    question = house.turn(Called(RUIZ, name="tea.smash", args={"pot": 1}))
    assert plain(question.answer.screen.heading) == "Really break it?"  # type: ignore[union-attr]
    assert house.count(Organisation) == 1
    house.press(RUIZ, question, "Break a pot")
    assert house.count(Organisation) == 0


def test_an_update_is_handled_once(house: House) -> None:
    house.register(AMINA)
    with house.sessions.writing() as session:
        session.add(
            Inbox(platform="telegram", key="1", account="1001", payload="{}", received_at=NOON, trace="t", attempts=0)
        )
    first = house.engine.turn(Called(AMINA, words="order"), trace="t", inbox_id=1, reply=True)
    second = house.engine.turn(Called(AMINA, words="order"), trace="t", inbox_id=1, reply=True)
    assert first is not None and first.outgoing_id is not None and second is None
    assert house.count(Inbox, Inbox.state == InboxState.DONE) == 1


@pytest.mark.promise("threat.17", "One update in many hands at once has one effect.")
def test_the_same_update_by_many_hands_at_once_has_one_effect(house: House) -> None:
    house.register(AMINA)
    with house.sessions.writing() as session:
        session.add(
            Inbox(platform="telegram", key="1", account="1001", payload="{}", received_at=NOON, trace="t", attempts=0)
        )
    together = threading.Barrier(8)

    def handle(_number: int) -> Outcome | None:
        together.wait()
        return house.engine.turn(Called(AMINA, words="order"), trace="t", inbox_id=1, reply=True)

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(handle, range(8)))
    assert sum(outcome is not None for outcome in outcomes) == 1
    assert house.count(Outgoing) == 1


def test_news_goes_to_each_person_once_with_the_buttons_they_may_press(house: House) -> None:
    house.register(AMINA)
    house.register(RUIZ)
    house.turn(Called(AMINA, name="tea.tell"))
    house.turn(Called(AMINA, name="tea.tell"))
    with house.sessions.reading() as session:
        rows = session.scalars(select(Outgoing).where(Outgoing.once == "served")).all()
    assert [row.state for row in rows] == [Sending.WAITING]
    labels = [each["label"]["source"] for each in (rows[0].screen or {})["screen"]["buttons"]]
    assert labels == ["Coming"]


def test_news_waits_for_the_end_of_quiet_hours(house: House) -> None:
    house.register(AMINA)
    house.register(RUIZ)
    house.clock.advance(timedelta(hours=9))
    house.turn(Called(AMINA, name="tea.tell"))
    with house.sessions.reading() as session:
        row = session.scalars(select(Outgoing).where(Outgoing.once == "served")).one()
    assert row.not_before == datetime(2026, 11, 24, 6, 0, tzinfo=UTC)


def test_what_falls_due_runs_once(house: House) -> None:
    house.register(AMINA)
    house.press(AMINA, house.call(AMINA, "order"), "Green")
    house.turn(Answered(AMINA, "2"))
    review = house.turn(Called(AMINA, words="skip"))
    house.press(AMINA, review, "Send")
    with house.sessions.reading() as session:
        due = session.scalars(select(Due)).one()
    assert due.at == NOON + timedelta(hours=1)
    house.engine.run_due(due.id)
    house.engine.run_due(due.id)
    assert house.count(Organisation, Organisation.name == "cold 2") == 1


def test_every_change_leaves_one_audit_line_without_anybodys_words(house: House) -> None:
    house.register(AMINA)
    before = house.count(Audit)
    house.call(AMINA, "home")
    assert house.count(Audit) == before
    house.press(AMINA, house.call(AMINA, "order"), "Green")
    house.turn(Answered(AMINA, "2"))
    house.press(AMINA, house.turn(Called(AMINA, words="/skip")), "Send")
    with house.sessions.reading() as session:
        lines = session.scalars(select(Audit).order_by(Audit.id)).all()[before:]
    assert [(line.what, line.door, line.who) for line in lines] == [("tea.order", "telegram", 1)]


def test_a_change_on_the_way_leaves_a_line_and_one_that_was_taken_back_none(house: House) -> None:
    house.register(AMINA)
    before = house.count(Audit)
    house.press(AMINA, house.call(AMINA, "order"), "Green")
    house.turn(Answered(AMINA, "no number"))
    assert house.count(Audit) == before, "answers so far are the engine's own"
    house.turn(Changed(AMINA, reach=False))
    with house.sessions.reading() as session:
        lines = session.scalars(select(Audit).order_by(Audit.id)).all()[before:]
    assert [(line.what, line.who) for line in lines] == [("turn.changed", 1)]


def test_words_that_are_no_command_are_answered_with_the_nearest_and_never_run(house: House) -> None:
    house.register(AMINA)
    answer = house.turn(Answered(AMINA, "ordr te")).answer
    assert answer.screen is not None and [plain(each.label) for each in answer.screen.buttons] == ["Order tea"]
    assert house.count(Draft) == 0


def test_cancel_ends_the_form_and_says_so(house: House) -> None:
    house.register(AMINA)
    cancelled = house.press(AMINA, house.call(AMINA, "order"), "Cancel")
    assert plain(cancelled.answer.notice) == "Cancelled. Nothing was sent." and house.count(Draft) == 0


def test_a_button_of_a_finished_form_says_so(house: House) -> None:
    house.register(AMINA)
    opened = house.call(AMINA, "order")
    house.press(AMINA, opened, "Cancel")
    late = house.press(AMINA, opened, "Green").answer.screen
    assert late is not None and plain(late.heading) == "This question is no longer open."


def test_what_must_not_be_kept_is_neither_in_the_draft_nor_in_the_inbox(house: House) -> None:
    house.register(AMINA)
    milk = house.press(AMINA, house.call(AMINA, "order"), "Black")
    assert asked(milk) == "Which milk?"
    with house.sessions.writing() as session:
        session.add(
            Inbox(platform="telegram", key="1", account="1", payload="poison", received_at=NOON, trace="t", attempts=0)
        )
    answer = house.turn(Answered(AMINA, "the poison"), inbox_id=1).answer
    assert answer.screen is not None and plain(answer.screen.heading) == "Home"
    with house.sessions.reading() as session:
        assert session.get_one(Inbox, 1).payload is None
        assert session.scalars(select(Draft)).one().answers == {"leaf": "black"}


def test_leaving_and_coming_back_is_noted_on_the_account(house: House) -> None:
    house.register(AMINA)
    house.turn(Changed(AMINA, reach=False))
    assert house.count(Account, Account.unreachable_reason == "blocked") == 1
    house.turn(Called(AMINA, words="/start"))
    assert house.count(Account, Account.unreachable_reason.is_not(None)) == 0


def test_who_may_is_asked_with_the_entity(house: House) -> None:
    desk = Who(1, 1, "R", None, "en", "UTC", True, grants=frozenset({Grant(RoleName.OFFICER, Scope.CENTRE, "7")}))
    ours, theirs = type("Case", (), {"centre_id": 7}), type("Case", (), {"centre_id": 8})
    assert allow.officers(desk, ours) and allow.officers(desk) and not allow.officers(desk, theirs)
    assert (allow.leads | allow.officers)(desk, ours) and not (allow.leads & allow.officers)(desk, ours)
