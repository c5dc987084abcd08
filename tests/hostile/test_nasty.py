"""The nasty inputs on every door and in every field that takes text: kept as the table says, shown as literal words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from sqlalchemy import select, text, update

import handlers
from bot.kit.events import Answer, Answered, Attached, Called, Changed, Event, Submitted
from bot.kit.forms import FieldKind, FormView
from bot.kit.screen import from_json
from bot.kit.text import Phrase, Reader
from db.issues import Issue
from db.machinery import Draft, Outgoing
from db.people import Organisation, Person
from db.people import who as known
from tests.platforms.telegram import updates

from . import doors
from .life import a_day, issues
from .nasty import DATE, DATES, EMPTY, FAMILY, NUMBER, NUMBERS, TEXTS, TOO_LONG, Typed
from .oracle import Oracle
from .town import CAST, NOBODYS, NOON, Town

pytestmark = pytest.mark.promise(
    "hostile.inputs",
    "The nasty inputs are answered as the table says, on every door and in every field that takes text.",
)
READERS = (Reader("en", "Africa/Tunis"), Reader("ar", "UTC"))
LITERAL = [each for each in TEXTS if not each.said]
by_name = pytest.mark.parametrize("typed", TEXTS, ids=[f"{each.number} {each.name}" for each in TEXTS])


@pytest.fixture
def town(database_url: str) -> Iterator[Town]:
    made = Town(database_url)
    yield made
    made.close()


@pytest.fixture
def small(sqlite_url: str) -> Iterator[Town]:
    """For what does not touch the databases' differences."""
    made = Town(sqlite_url)
    yield made
    made.close()


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Any) -> Iterator[Town]:
    """A town after a day of it, in which nothing is done but rehearsed."""
    path = tmp_path_factory.mktemp("busy") / "town.db"
    path.write_bytes(sqlite_template.read_bytes())
    made = Town(f"sqlite:///{path}")
    a_day(made)
    yield made
    made.close()


# Kept


def test_what_is_stored_is_what_the_table_says_on_both_databases(town: Town) -> None:
    """Those that a database might hold in a way of its own."""
    delicate = [each for each in LITERAL if each.number in (1, 2, 3, 7, 8, 9, 11)]
    town.submit("ana", "issues.raise", {"detail": "To be added to.", "sector": "perishables"})
    (issue,) = issues(town)
    stored = []
    for typed in delicate:
        town.submit("ana", "issues.add", {"words": typed.text}, issue=issue)
        town.submit("pia", "issues.publish", {"line": typed.text}, issue=issue)
        with town.sessions.reading() as session:
            words = session.execute(text("SELECT words FROM entry ORDER BY id DESC LIMIT 1")).scalar_one()
            line = session.execute(text("SELECT line FROM problem")).scalar_one()
        stored.append((typed.name, words, line))
    assert stored == [(each.name, each.kept, each.on_a_line) for each in delicate]


@by_name
def test_every_door_hands_on_the_same(busy: Town, typed: Typed) -> None:
    """As prose and as one line, in a chat and in a form that is sent whole."""
    who, other = busy.callers["ana"], busy.callers["pia"]
    prose, line = _asking(busy, "ana", "issues.raise", "detail"), _asking(busy, "pia", "issues.hand_over", "why")
    ways: list[tuple[str, str, Event]] = [
        ("page", "detail", Submitted(who, prose, {"detail": typed.text})),
        ("page", "why", Submitted(other, line, {"why": typed.text})),
        ("modal", "detail", doors.by_modal(who, prose, "detail", typed.text)),
        ("modal", "why", doors.by_modal(other, line, "why", typed.text)),
    ]
    if typed.text.strip():  # a chat hands on nothing where nothing is written
        ways += [
            ("telegram", "detail", doors.by_telegram(who, typed.text)),
            ("slack", "detail", doors.by_slack(who, typed.text)),
            ("slack", "why", doors.by_slack(other, typed.text)),
        ]
    for door, field, event in ways:
        view = _form(busy, event)
        shown = next(each for each in view.fields if each.name == field)
        kept = typed.kept if field == "detail" else typed.on_a_line
        if not typed.said:
            assert (shown.value, shown.error) == (kept, None), door
        elif field == "why" and typed.said == EMPTY:
            assert (shown.value, shown.error) == (None, None), "it may be left out"
        else:
            assert shown.value is None and _refusal(view, field) == _said(typed), door


def test_a_person_is_told_when_marks_were_taken_away(busy: Town) -> None:
    zalgo = next(each for each in TEXTS if each.number == 3)
    for event in (
        Answered(busy.callers["ana"], zalgo.text),
        Changed(busy.callers["ana"], _asking(busy, "ana", "issues.raise", "detail"), {"detail": zalgo.text}),
    ):
        notice = _answer(busy, event).notice
        assert notice is not None and "I have kept four on each" in notice.source
    assert _answer(busy, Answered(busy.callers["ana"], "Z\u0316algo")).notice is None


# Every field there is

KINDS = {FieldKind.LINE, FieldKind.PROSE, FieldKind.NUMBER, FieldKind.DATE, FieldKind.PICK}
FIELDS = [
    (command.name, field, how)
    for command in handlers.registry.commands.values()
    if command.form is not None
    for field, how in command.form.asks.items()
    if how.kind in KINDS
]
# What has to be answered for a question to be asked at all.
BEFORE: Mapping[tuple[str, str], dict[str, Any]] = {
    **{("broadcasts.choose", by): {"by": by} for by in ("country", "place", "event", "consultation", "group")},
    **{(f"broadcasts.{form}", "symposium"): {"wants": "register"} for form in ("broadcast", "terms")},
    **{(f"broadcasts.{form}", day): {"moment": "later"} for form in ("broadcast", "terms") for day in ("day", "time")},
    ("broadcasts.reply", "words"): {"reply": "other"},
    ("positions.for_member", "rests_on"): {"consent": "recorded"},
    ("protocols.rule", "escalate_after"): {"escalate_to": "lead"},
    ("protocols.rule", "hears"): {"event": "issue_outcome"},
    ("protocols.rule", "third"): {"second": "mail"},
    ("protocols.rule", "fourth"): {"second": "mail", "third": "page"},
    ("roundtables.poll", "times"): {"offering": "own"},
    ("registrations.seating", "wishes"): {"giving": "generous"},
    ("registrations.seating", "close"): {"giving": "generous"},
    ("people.grant", "centre"): {"role": "officer"},
    ("people.register", "organisation"): {"kind": "business"},
}
EVERYTHING = "\u202e<b>&amp;\x00</b> <!channel> @all /approve_7 {0.x} %s \ud800 'x' <https://evil.example|y> ```"


@pytest.mark.parametrize(("form", "field", "how"), FIELDS, ids=[f"{form}.{field}" for form, field, _how in FIELDS])
def test_no_field_is_left_out(busy: Town, form: str, field: str, how: Any) -> None:
    """Everything at once, nothing at all, and too much of it, in each field of the registry."""
    who, token = _begun(busy, form, field)
    caller, title = busy.callers[who], (how.kind, how.optional)
    given = _answer(busy, Changed(caller, token, {field: EVERYTHING}))
    for show in doors.SHOWN.values():
        show(given, READERS[0])
    for event in (doors.by_telegram(caller, EVERYTHING), doors.by_slack(caller, EVERYTHING)):
        _answer(busy, event)
    for wrong in (
        "x" * 100_000,
        "９" * max(5000, how.max + 1),
        "\u200b",
    ):  # nothing last: it may be all there is to say
        answer = _answer(busy, Submitted(caller, token, {field: wrong}))
        if answer.form is None and how.optional and wrong == "\u200b":
            continue  # it was the only question, and was left out
        assert answer.form is not None, f"{title}: the draft is kept, to be corrected"
        said = _refusal(answer.form, field)
        match how.kind:
            case FieldKind.LINE | FieldKind.PROSE if wrong != "\u200b":
                assert said is not None and TOO_LONG.partition("{")[0] in said.source
                assert said.args == {"length": len(wrong), "max": how.max}
            case FieldKind.NUMBER if wrong != "\u200b":
                assert said is not None and (said.source, said.args["least"], said.args["most"]) == (
                    NUMBER, how.least, how.most,
                )  # fmt: skip
            case FieldKind.DATE if wrong != "\u200b":
                assert said is not None and said.source == DATE
            case FieldKind.PICK if wrong != "\u200b":
                pass  # some take what is typed as something new, cut to what fits: its own test
            case _:
                assert how.optional or (said is not None and said.source.startswith(("That is empty", "Please ")))


def test_a_name_that_is_proposed_is_cut_between_signs(busy: Town) -> None:
    token = _asking(busy, "bob", "people.move", "organisation")
    offered, _reader = busy.engine.options(busy.callers["bob"], token, "organisation", FAMILY * 200)
    assert [each.value for each in offered] == ["new:" + FAMILY * 10]
    view = _form(busy, Changed(busy.callers["bob"], token, {"organisation": offered[0].value}))
    assert view.field("organisation").value == "new:" + FAMILY * 10


@pytest.mark.parametrize(("typed", "number"), NUMBERS.items())
def test_a_number_is_read_or_asked_again_with_its_range(busy: Town, typed: str, number: int | None) -> None:
    _who, token = _begun(busy, "issues.raise", "chapter")
    for event in _each_door(busy, "ana", token, "chapter", typed):
        view = _form(busy, event)
        shown = next(each for each in view.fields if each.name == "chapter")
        assert shown.value == number
        if number is None:
            said = _refusal(view, "chapter")
            assert said is not None and (said.source, said.args["least"], said.args["most"]) == (NUMBER, 1, 97)


@pytest.mark.parametrize(("typed", "day"), DATES.items())
def test_a_date_is_read_or_asked_again_with_an_example(busy: Town, typed: str, day: str | None) -> None:
    who, token = _begun(busy, "people.grant", "last_day")
    for event in _each_door(busy, who, token, "last_day", typed):
        view = _form(busy, event)
        assert next(each for each in view.fields if each.name == "last_day").value == day
        if day is None:
            said = _refusal(view, "last_day")
            assert said is not None and (said.source, said.args["example"]) == (DATE, NOON.date())


# Shown


@pytest.mark.parametrize("typed", LITERAL, ids=[each.name for each in LITERAL])
def test_whoever_reads_it_reads_the_words_and_nothing_else(small: Town, typed: Typed) -> None:
    """The writer, the desk that is told, who looks at a list: on each door, from left and from right."""
    town = small
    with town.sessions.writing() as session:
        session.execute(update(Person).where(Person.id == town.ids["ana"]).values(name=typed.on_a_line[:80]))
        alpha = Organisation.id == town.organisations["Alpha Trading"]
        session.execute(update(Organisation).where(alpha).values(name=typed.on_a_line[:80]))
    raised = town.do("ana", "issues.raise").answer.form
    assert raised is not None
    told = {"detail": typed.text, "sector": "perishables", "port": typed.text[:60]}
    photo = (Attached(typed.text[:60], "image/jpeg", 3, {"platform": "telegram", "file_id": "1"}),)
    own = town.turn(Submitted(town.callers["ana"], raised.token, told, {"files": photo})).answer
    with town.sessions.reading() as session:
        news = [from_json(row) for row in session.scalars(select(Outgoing.screen).order_by(Outgoing.id))]
    mine = town.do("ana", "issues.mine").answer
    outside = town.turn(Answered(town.callers["bob"], typed.text)).answer
    looks = [(each, door, READERS[0]) for each in (own, news[0], mine, outside) for door in doors.SHOWN]
    for shown, door, reader in [*looks, *((own, door, READERS[1]) for door in doors.SHOWN)]:
        seen = doors.SHOWN[door](shown, reader)
        if shown not in (mine, outside) and len(typed.kept) <= 80:  # a list and a reminder show no more of it
            assert doors.squashed(typed.kept) in seen, (door, seen)
        assert not set(seen) & set("\u202e\x00\ud800")


def test_what_is_long_is_shown_whole_or_said_to_go_on(small: Town) -> None:
    """3,000 signs of 11 units each, the most that a question takes: several messages, no family parted."""
    town = small
    own = town.submit("ana", "issues.raise", {"detail": FAMILY * 3000, "sector": "perishables"}).answer
    assert doors.on_telegram(own, READERS[0]).replace(" ", "").count(FAMILY) >= 3000
    assert "This is shortened. All of it is on your page." in doors.on_slack(own, READERS[0])
    assert doors.on_the_page(own, READERS[0]).count(FAMILY) >= 3000
    for show in doors.SHOWN.values():
        rest = show(own, READERS[0]).replace(FAMILY, "")
        assert not set(rest) & set(FAMILY), "a family was parted"


# Found, and not


PATTERNS = (
    "'; DROP TABLE issue; --",
    "%",
    "_",
    "\\",
    '"',
    "*",
    "seal%",
    "s_al",
    "OR 1=1",
    "NOT seal",
    "a:b",
    "(",
    '"seal',
)


def test_a_search_is_for_the_words_and_no_pattern(town: Town) -> None:
    town.submit("ana", "issues.raise", {"detail": "The seal is lost", "sector": "perishables"})
    town.submit("bob", "issues.raise", {"detail": "The form is late", "sector": "perishables"})
    for words in PATTERNS:
        found = town.submit("pia", "issues.find", {"words": words}).answer.screen
        assert found is not None
        assert "The form is late" not in doors.in_plain_text(Answer(screen=found), READERS[0]) + str(found.rows), words
    with town.sessions.reading() as session:
        assert session.scalar(select(Issue.id).limit(1)) is not None, "the table is still there"


def test_only_what_is_asked_can_be_set(small: Town) -> None:
    """Fields that no question has are not taken, wherever they come from."""
    town = small
    more = {"state": "settled", "reporter_id": town.ids["bob"], "id": 77, "administration_id": 2, "issue": 1}
    for command, values in (("issues.raise", {"detail": "Mine", "sector": "perishables"}), ("people.language", {})):
        town.submit("ana", command, values | more | {"language": "fr"})
    with town.sessions.reading() as session:
        (issue,) = session.scalars(select(Issue)).all()
    assert (issue.id, issue.reporter_id, issue.state) == (1, town.ids["ana"], "open") or issue.id != 77
    assert issue.reporter_id == town.ids["ana"] and issue.state == "open" and issue.administration_id != 2


# Buttons, ids, and what is no text


NO_BUTTONS = ("A" * 65, "é" * 33, "", "\x00", "a\x00b", "\ud800", "A" * 21 + "\n", "A" * 22, "'--")


def test_a_button_nobody_made_is_old(town: Town) -> None:
    for handle in NO_BUTTONS:
        answer = town.turn(Called(town.callers["ana"], handle=handle)).answer
        assert answer.notice is not None and answer.notice.source == "That button is old. Here is where you are now."
        assert answer.screen is not None and isinstance(answer.screen.heading, Phrase), "and home is shown"


def test_a_button_of_last_year_is_old(small: Town) -> None:
    town = small
    screen = town.do("ana", "home.show").answer.screen
    assert screen is not None
    handle = screen.buttons[0].handle
    assert town.turn(Called(town.callers["ana"], handle=handle)).answer.notice is None
    town.clock.advance(NOON.replace(year=2027) - NOON)
    notice = town.turn(Called(town.callers["ana"], handle=handle)).answer.notice
    assert notice is not None and notice.source.startswith("That button is old.")


NO_IDS: tuple[Any, ...] = (
    -1,
    0,
    NOBODYS,
    2**31,
    2**63,
    10**30,
    "5e1",
    "é",
    "\x00",
    "\ud800",
    None,
    True,
    [],
    "A0EEBC99",
)


def test_an_id_of_nothing_is_not_found_in_the_same_words(town: Town) -> None:
    town.submit("bob", "issues.raise", {"detail": "Bob's", "sector": "perishables"})
    (bobs,) = issues(town)
    nothing = town.rehearse(Called(town.callers["ana"], name="issues.show", args={"issue": bobs})).answer
    assert "There is nothing here by that name" in nothing
    for row in NO_IDS:
        tried = town.rehearse(Called(town.callers["ana"], name="issues.show", args={"issue": row}))
        assert tried.answer == nothing, row


NO_FORMS = ("", "x", "-1", "0", "²", "1e5", "9" * 30, "é", "\x00", "\ud800", str(NOBODYS))


def test_a_form_nobody_began_is_no_longer_open(town: Town) -> None:
    who = town.callers["ana"]
    for event in (each for token in NO_FORMS for each in (Submitted(who, token, {"detail": "x"}), Changed(who, token))):
        screen = town.turn(event).answer.screen
        assert screen is not None and isinstance(screen.heading, Phrase)
        assert screen.heading.source == "This question is no longer open."


def test_no_command_fails_when_it_is_called_by_its_bare_name(busy: Town) -> None:
    """A page names a command and nothing else; so does a shortcut."""
    for name in ("adam",):
        for command in (*handlers.registry.commands, *("form.answer", "form.send", "form.change", "nothing.at_all")):
            answer = _answer(busy, Called(busy.callers[name], name=command))
            assert answer.screen is not None or answer.form is not None


TELEGRAM_KINDS: Mapping[str, dict[str, Any]] = {
    "a photo": {"photo": [{"file_id": "1", "width": 9, "height": 9}]},
    "a voice message": {"voice": {"file_id": "1", "mime_type": "audio/ogg"}},
    "a sticker": {"sticker": {"file_id": "1"}},
    "a contact": {"contact": {"phone_number": "+1", "first_name": "x"}},
    "a poll": {"poll": {"id": "1", "question": "?"}},
    "a place": {"location": {"latitude": 1.0, "longitude": 2.0}},
    "forwarded words": {"text": "approved", "forward_origin": {"type": "user", "date": 1}},
    "words through a bot": {"text": "approved", "via_bot": {"id": 3, "is_bot": True, "first_name": "B"}},
}


@pytest.mark.parametrize("kind", TELEGRAM_KINDS)
def test_what_is_no_text_leaves_the_question_and_its_draft(busy: Town, kind: str) -> None:
    """An expected answer is said, and nothing that was answered is lost."""
    token = _asking(busy, "pia", "issues.hand_over", "why")
    answer = _answer(busy, doors.by_update(busy.callers["pia"], updates.message(**TELEGRAM_KINDS[kind])))
    assert answer.form is not None and (answer.form.token, answer.form.asking) == (token, "why")
    assert answer.form.refusal is not None, "what is expected"
    assert not answer.form.field("why").answered


def test_a_photo_is_kept_for_the_question_that_takes_it(busy: Town) -> None:
    _asking(busy, "ana", "issues.raise", "detail")
    answer = _answer(busy, doors.by_update(busy.callers["ana"], updates.message(**TELEGRAM_KINDS["a photo"])))
    assert answer.notice is not None and answer.notice.source == "I kept your file. Please go on with the question."
    assert answer.form is not None and answer.form.asking == "detail"


def test_an_edited_message_runs_nothing_and_a_reply_to_nothing_is_a_text(busy: Town) -> None:
    token = _asking(busy, "ana", "issues.raise", "detail")
    answer = _answer(
        busy, doors.by_update(busy.callers["ana"], {"edited_message": updates.message(text="/withdraw")["message"]})
    )
    assert answer.form is not None and (answer.form.token, answer.form.asking) == (token, "detail")
    gone = {"message_id": 1, "date": 0, "chat": updates.PRIVATE}
    view = _form(busy, doors.by_update(busy.callers["ana"], updates.message(text="It is held.", reply_to_message=gone)))
    assert view.field("detail").value == "It is held."


# Ways into the town


def _answer(town: Town, event: Event) -> Answer:
    return town.answer(event)


def _form(town: Town, event: Event) -> FormView:
    form = _answer(town, event).form
    assert form is not None
    return form


def _refusal(view: FormView, field: str) -> Phrase | None:
    shown = next((each for each in view.fields if each.name == field), None)
    return (shown.error if shown is not None else None) or view.refusal


def _said(typed: Typed) -> Phrase | None:
    if typed.said == EMPTY:
        return Phrase(EMPTY)
    # The same refusal names the limit and the present length.
    return _TooLong(typed.said, {"length": len(typed.text)})


class _TooLong(Phrase):
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Phrase) and self.source in other.source and self.args["length"] == other.args["length"]

    __hash__ = Phrase.__hash__


def _each_door(town: Town, who: str, token: str, field: str, typed: str) -> list[Event]:
    caller = town.callers[who]
    sent: list[Callable[[], Event]] = [
        lambda: Submitted(caller, token, {field: typed}),
        lambda: doors.by_modal(caller, token, field, typed),
        lambda: doors.by_telegram(caller, typed),
        lambda: doors.by_slack(caller, typed),
    ]
    return [each() for each in sent]


def _asking(town: Town, who: str, form: str, field: str, answers: Mapping[str, Any] | None = None) -> str:
    """The token of somebody's draft of a form, made to ask `field` next."""
    with town.sessions.writing() as session:
        mine = Draft.person_id == town.ids[who]
        session.execute(update(Draft).where(mine).values(is_current=False))
        draft = session.scalars(select(Draft).where(mine, Draft.form == form)).first()
        if draft is None:
            draft = Draft(person_id=town.ids[who], form=form, bound={}, answers={}, started_at=NOON, touched_at=NOON)
            session.add(draft)
        draft.bound, draft.answers = _bound(town, who, form) or {}, dict(answers or {})
        draft.is_current, draft.asking = True, field
        session.flush()
        return str(draft.id)


def _begun(town: Town, form: str, field: str) -> tuple[str, str]:
    """Somebody who may fill in a form, and the token of their draft of it."""
    for who in ("ana", "pia", "lea", "adam", "cora", "fay", "stray"):
        if _bound(town, who, form) is not None:
            return who, _asking(town, who, form, field, BEFORE.get((form, field)))
    raise AssertionError(f"nobody may fill in {form}: let somebody do something to fill it in about")


@cache
def _bound(town: Town, who: str, form: str) -> dict[str, int] | None:
    """The first thing that `form` can be about for somebody; None where they may not."""
    command, oracle = handlers.registry[form], _oracle(town)
    looker = oracle.looker(town.ids[who], is_guest=CAST[who].is_guest)
    about: dict[str, int] = {}
    for name, table in command.entities.items():
        seen = (row for row in oracle.rows[table].values() if oracle.sees(looker, table, row.id))
        row = next((row for row in seen if _may(town, who, command, row)), None)
        if row is None:
            return None
        about[name] = row.id
    return about if about or _may(town, who, command, None) else None


@cache
def _oracle(town: Town) -> Oracle:
    """What was there to be asked about before anything was typed."""
    with town.sessions.reading() as session:
        return Oracle(session, at=NOON)


def _may(town: Town, who: str, command: Any, about: Any) -> bool:
    with town.sessions.reading() as session:
        person = known(session, session.get_one(Person, town.ids[who]), at=NOON)
    return bool(command.allow(person, about))
