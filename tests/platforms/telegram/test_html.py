"""A person's words stay words: nothing in them becomes something to tap, and no cut breaks the markup."""

from datetime import UTC, datetime

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from bot.kit.clean import clean, utf16_len
from bot.platforms.telegram.html import TEXT_LIMIT, WORD_JOINER, Html, cut, harmless, plain
from tests.fakes.telegram.entities import found
from tests.fakes.telegram.markup import parse_html

TAPPABLE = [
    "@username writes to @all",
    "mail a.b@example.com or x@пример.рф",
    "#hashtag and #тег and (#x1)",
    "$USD $1INCH",
    "/approve_7 now, (/cancel) «/take» é/close /start@some_bot",
    "call +216 71 123 456 or +1-212-555-0123",
    "https://evil.example/path?x=1#y",
    "HTTP://localhost:80 ftp://files.example.org",
    "tg://resolve?domain=x ton://transfer/abc",
    "evil.com evil.co.uk www.evil.рф xn--e1afmkfd.xn--p1ai t.me/joinchat",
    "http://10.0.0.1 and https://192.168.100.200:8080/x",
    "a.b.c.d.com,evil.net;evil.org",
    "user:pass@host.example.net/path",
    "[x](javascript:alert(1)) <https://evil.com|Click>",
]
# Bank cards are left whole: a tap on one offers no more than to copy it, and a long number must stay copyable.
HARMLESS_KINDS = {"bank_card"}


def tappable(text: str) -> set[str]:
    return {entity.type for entity in found(text, [])} - HARMLESS_KINDS


@pytest.mark.promise("threat.22", "No words of a person become a command to tap.")
@pytest.mark.parametrize("text", TAPPABLE)
def test_telegram_finds_nothing_to_tap_in_what_would_be_tappable(text: str) -> None:
    assert tappable(text)
    assert not tappable(harmless(text))
    assert not tappable(f"\u2068{harmless(text)}\u2069")


@pytest.mark.parametrize("text", TAPPABLE)
def test_to_the_eye_nothing_changes(text: str) -> None:
    assert harmless(text).replace(WORD_JOINER, "") == text


@pytest.mark.parametrize(
    "text", ["8471.30.00", "1,250.50", "MSCU1234567", "P-12", "23.11.2026", "km/h", "20261123000123", "und/oder", "5 %"]
)
def test_what_officers_copy_into_other_systems_stays_as_it_was_typed(text: str) -> None:
    assert harmless(text) == text


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
pieces = st.lists(
    st.sampled_from(["@", "#", "$", "/", ".", "+", ":", "//", "http://", "a", "com", "7", " ", "é", "\n"])
)
typed = st.one_of(words, pieces.map("".join), st.tuples(words, st.sampled_from(TAPPABLE)).map("".join))


def test_an_address_in_figures_is_broken_and_other_figures_are_not() -> None:
    assert harmless("10.0.0.1") == f"10.0.{WORD_JOINER}0.1"
    assert harmless("0102.29.10.00") == "0102.29.10.00"


@pytest.mark.promise("threat.21", "No words of a person become a link.")
@pytest.mark.promise("hostile.properties", "Telegram finds nothing to tap in any words of a person.")
@given(typed)
@example("#¼")
@example("@" * 40)
@example("evil..com")
@example("1.2.3.4.5.6")
def test_no_words_at_all_become_something_to_tap(text: str) -> None:
    assert not tappable(harmless(clean(text)))


@given(typed)
@example("<b>&lt;&amp;lt;</code></blockquote>")
@example("<tg-time unix='1'>x</tg-time> <a href=")
def test_any_words_are_read_back_as_they_were_typed(text: str) -> None:
    shown, entities = parse_html(Html().raw(clean(text)))
    assert shown.replace(WORD_JOINER, "") == clean(text).replace(WORD_JOINER, "")
    assert entities == []


def test_an_instant_is_shown_in_the_readers_own_zone_with_ours_beside_it() -> None:
    at = datetime(2026, 12, 4, 10, 0, tzinfo=UTC)
    text, (entity,) = parse_html(Html().instant(at, "Friday 4 December 2026 10:00 (Dakar)", False))
    assert text == "Friday 4 December 2026 10:00 (Dakar)"
    assert (entity.type, entity.unix_time, entity.date_time_format) == ("date_time", int(at.timestamp()), "wDt")
    assert 'format="wD"' in Html().instant(at, "Friday", True)
    assert Html(date_time=False).instant(at, "<Friday>", False) == "&lt;Friday&gt;"


marked = st.recursive(
    typed.map(lambda text: Html().raw(clean(text))),
    lambda inner: st.lists(
        st.tuples(
            st.sampled_from(["<b>{}</b>", "{}", "\n\n<i>{}</i>\n", '<a href="https://a.example/?b=1&amp;c">{}</a>']),
            inner,
        )
    ).map(lambda parts: "".join(form.format(text) for form, text in parts)),
    max_leaves=12,
)


@pytest.mark.promise("hostile.properties", "A message that is cut for Telegram fits, is well formed and loses no word.")
@given(marked, st.integers(2, 60))
@example("<b>" + "👨‍👩‍👧‍👦" * 9 + "</b>", 22)
@example("<blockquote expandable>" + "one two\n\nthree " * 9 + "</blockquote>", 30)
def test_a_cut_text_fits_is_well_formed_and_loses_nothing_but_white_space(html: str, limit: int) -> None:
    parts = cut(html, limit)
    read = [parse_html(part)[0] for part in parts]
    assert all(0 < utf16_len(text) <= limit for text in read)
    assert "".join("".join(read).split()) == "".join(plain(html).split())


def test_a_cut_keeps_graphemes_whole_and_the_formats_on_both_sides() -> None:
    family = "👨‍👩‍👧‍👦"
    html = "<b>" + family * 1000 + "</b>"
    parts = cut(html)
    assert len(parts) > 1
    for part in parts:
        text, (bold,) = parse_html(part)
        assert utf16_len(text) <= TEXT_LIMIT
        assert regex.findall(r"\X", text) == [family] * (len(text) // len(family))
        assert (bold.type, bold.offset, bold.length) == ("bold", 0, utf16_len(text))


def test_a_cut_prefers_paragraphs() -> None:
    assert cut("first paragraph\n\nsecond paragraph", 20) == ["first paragraph", "second paragraph"]
