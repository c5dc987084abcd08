"""Whatever is typed: read without an error, kept without a loss, shown as it stands, behind buttons nobody guesses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from bot.engine import handles
from bot.kit.clean import clean, clean_line
from bot.kit.dates import read_date
from bot.kit.events import Answer
from bot.kit.forms import FormView
from bot.kit.screen import HANDLE_BYTES, Attachment, Button, Fact, Quote, Row, Screen, Table, from_json, to_json
from bot.kit.text import POP_ISOLATE, Code, Raw, Reader, Writer, _, without_isolates
from db.machinery import Handle
from tests.kit.test_clean import any_text
from tests.platforms.slack import shapes

from . import doors
from .town import NOON, Town

slowly = settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
WORDS = st.one_of(st.sampled_from(shapes.CORPUS), any_text, st.text(max_size=60))
DATELIKE = st.one_of(any_text, st.text("0123456789/-.: ٠١٢", max_size=24), st.text(max_size=30))
DIGITS = ("0123456789", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "０１２３４５６７８９")
ARGS = st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=9) | st.booleans() | st.none(), max_size=3)
HANDLELIKE = st.one_of(
    any_text,
    st.text("AZaz09_-", min_size=22, max_size=22),
    st.binary(max_size=70).map(lambda each: each.decode("latin-1")),
)
ENGLISH, ARABIC = Reader("en", "Africa/Tunis"), Reader("ar", "UTC")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Any) -> Iterator[Town]:
    path = tmp_path_factory.mktemp("properties") / "town.db"
    path.write_bytes(sqlite_template.read_bytes())
    made = Town(f"sqlite:///{path}")
    yield made
    made.close()


# Readers


@pytest.mark.promise("hostile.properties", "Any text is read as a date, or asked for again; never an error.")
@slowly
@given(
    st.one_of(any_text, st.text("0123456789/-.: ٠١٢", max_size=24), st.text(max_size=30)),
    st.sampled_from(["en", "fr", "ar"]),
)
@example("1" * 400, "en")
@example("99999999999-01-01", "fr")
@example("in 99999999999999999999 years", "en")
def test_any_text_is_a_day_within_reason_or_none(text: str, language: str) -> None:
    day = read_date(text, language=language, at=NOON, zone="Africa/Tunis")
    assert day is None or 2000 <= day.year <= 2100


@pytest.mark.promise("hostile.properties", "A day is read in the digits of its writer.")
@given(
    st.dates(date(2000, 1, 1), date(2100, 12, 31)),
    st.sampled_from(["0123456789", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "０１２３４５６７８９"]),
)
def test_a_day_is_read_in_the_digits_of_its_writer(day: date, digits: str) -> None:
    typed = day.isoformat().translate(str.maketrans("0123456789", digits))
    assert read_date(typed, language="en", at=NOON, zone="UTC") == day


# Screens as JSON


@pytest.mark.promise("hostile.properties", "What is stored of a screen or a form is what was to be shown.")
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.one_of(shapes.screens, shapes.forms()))
@example(Screen(_("X"), facts=(Fact(_("Not said"), None),), table=Table(_("None"), (_("Name"),), ())))
def test_a_screen_comes_back_from_its_json(shown: Screen | FormView) -> None:
    answer = Answer(screen=shown) if isinstance(shown, Screen) else Answer(form=shown)
    stored = json.dumps(to_json(answer))
    assert stored.isascii(), "whatever was typed, the database is given plain signs"
    back = from_json(json.loads(stored))
    assert json.dumps(to_json(back)) == stored


# Handles


@pytest.mark.promise("hostile.properties", "A button's name fits every platform, says nothing and is one person's own.")
@slowly
@given(
    st.lists(
        st.tuples(
            st.text(max_size=20),
            st.dictionaries(
                st.text(max_size=5), st.one_of(st.integers(), st.text(max_size=9), st.booleans(), st.none()), max_size=3
            ),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_a_handle_fits_says_nothing_and_is_ones_own(town: Town, wanted: list[tuple[str, dict[str, Any]]]) -> None:
    buttons = tuple(Button(Raw(label), "issues.show", args) for label, args in wanted)
    screen = Screen(_("X"), buttons=buttons)
    with town.sessions.writing() as session:
        ana, bob = town.ids["ana"], town.ids["bob"]

        def bound(person_id: int) -> list[str]:
            made: Screen = handles.bind(session, screen, person_id=person_id, at=NOON, may=lambda _button: True)
            return [str(each.handle) for each in made.buttons]

        first, again, others = bound(ana), bound(ana), bound(bob)
        assert first == again, "the same button keeps its name"
        assert not set(first) & set(others), "and nobody else's is the same"
        assert len(set(first)) == len({handles.digest(each, None) for each in buttons})
        for token in first + others:
            assert len(token.encode()) == 22 <= HANDLE_BYTES and token.isascii()
        for token, (_label, args) in zip(first, wanted, strict=True):
            held = handles.find(session, token, person_id=ana, at=NOON)
            assert held is not None and (held.command, held.args) == ("issues.show", json.loads(json.dumps(args)))
            assert handles.find(session, token, person_id=bob, at=NOON) is None
            assert handles.find(session, token, person_id=ana, at=NOON + handles.LASTS) is None
        session.execute(delete(Handle))


@pytest.mark.promise("hostile.properties", "No text is a button's name but those that were given out.")
@given(
    st.one_of(
        any_text,
        st.text("AZaz09_-", min_size=22, max_size=22),
        st.binary(max_size=70).map(lambda each: each.decode("latin-1")),
    )
)
def test_no_text_is_a_handle(town: Town, text: str) -> None:
    with town.sessions.reading() as session:
        assert session.scalar(select(func.count()).select_from(Handle)) == 0
        assert handles.find(session, text, person_id=1, at=NOON) is None


@pytest.mark.promise("hostile.properties", "A button's name that does not fit is refused where it is made.")
@given(st.text(min_size=1, max_size=70))
def test_a_handle_that_does_not_fit_is_refused_at_build(text: str) -> None:
    fits = len(text.encode("utf-8", "surrogatepass")) <= HANDLE_BYTES
    try:
        Button(Raw("x"), "a.b", handle=text)
    except ValueError:
        assert not fits
    else:
        assert fits


# Renderers


@pytest.mark.promise(
    "hostile.properties",
    "Whatever people write reaches every reader as it stands: within each platform's limits, without a mention, link,"
    " format or command of theirs, on the page escaped once.",
)
@slowly
@given(words=WORDS, more=WORDS, reader=st.sampled_from([ENGLISH, ARABIC]))
def test_what_people_write_stands_in_every_place_as_they_wrote_it(words: str, more: str, reader: Reader) -> None:
    prose, line = clean(words).strip(), clean_line(more)
    screen = Screen(
        heading=Raw(line, "fr"),
        body=(Raw(prose), Quote(Raw(prose, "fr"), _("{name} wrote it", name=line)), _("About {what}", what=Raw(line))),
        facts=(Fact(_("Port"), line), Fact(_("Reference"), Code("P-000001"))),
        rows=(Row(Raw(line), Raw(prose)), Row(Raw(prose), None, (Button(Raw(line), "a.b", handle="h" * 22),))),
        table=Table(_("All"), (_("Name"),), ((line,),)),
        files=(Attachment(1, line or "x", None),),
        buttons=(Button(Raw(line), "a.b", handle="i" * 22),),
    )
    for show in doors.SHOWN.values():
        seen = show(Answer(screen=screen), reader)
        assert doors.squashed(without_isolates(prose)) in seen
        assert doors.squashed(without_isolates(line)) in seen


@pytest.mark.promise("hostile.properties", "No text runs out of its isolation and turns ours around.")
@given(any_text)
def test_words_cannot_leave_their_isolation(text: str) -> None:
    written = Writer(doors.TRANSLATIONS, ARABIC).plain(_("{ref} {words}", ref=Code("P-1"), words=Raw(clean(text))))
    depth = 0
    for sign in written:
        depth += (sign in "\u2066\u2067\u2068") - (sign == POP_ISOLATE)
        assert 0 <= depth <= 1
    assert depth == 0 and not set(written) & set("\u202a\u202b\u202c\u202d\u202e")
