"""The cleaner, against any text at all and against the inputs that have hurt others."""

from __future__ import annotations

import json
import time
import unicodedata

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import String, create_engine, literal, select

from bot.kit.clean import (
    clean,
    clean_line,
    clean_name,
    graphemes,
    has_surplus_marks,
    is_blank,
    read_number,
    shorten,
    split,
    utf16_len,
)

pytestmark = pytest.mark.promise("hostile.properties", "Any text is made safe once, and loses nothing that is read.")
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
BELGIUM = "\U0001f1e7\U0001f1ea"
ZALGO = "a" + "\u0301\u0316\u0327" * 100

# Characters that act on their neighbours, so that random texts hold every kind of quarrel between them.
NASTY = [
    *"aé \n\t\r\x00\x0b\x85\x7f",
    *("\u2028", "\u2029", "\ufeff", "\ufffe", "\U0010ffff", "\ufdd0", "\ufff9", "\u206a"),
    *("\u202a", "\u202e", "\u2066", "\u2069", "\u200e", "\u200f", "\u061c", "\u200b", "\u200c", "\u200d"),
    *("\ud800", "\udbff", "\udc00", "\ud83d", "\ude00"),
    *("\u0301", "\u0316", "\u0327", "\u0344", "\u0345", "\u20e3", "\ufe0f", "\u0958", "\u09c7", "\u09be"),
    *("\u1100", "\u1161", "\u11a8", "\uac00", "\u0915", "\u094d", "\u0600", "\u06dd", "\ufdfa", "\u212b"),
    *("\U0001f468", "\U0001f3fd", "\U0001f1e7", "\U0001f1ea", SCOTLAND, "\U0001f3f4", "\U000e0067", "\U000e007f"),
    *("\u3164", "\u00a0", "\u3000", "ع", "١"),
]
nasty_text = st.lists(st.sampled_from(NASTY), max_size=40).map("".join)
any_text = st.text(st.characters(exclude_categories=())) | nasty_text


# Any text at all


@given(any_text)
def test_cleaning_twice_is_cleaning_once(text):
    assert clean(clean(text)) == clean(text)
    assert clean_line(clean_line(text)) == clean_line(text)
    assert clean_line(clean(text)) == clean_line(text)


@given(any_text)
def test_clean_text_holds_nothing_that_hurts(text):
    cleaned = clean(text)
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not regex.search(r"\p{Cs}|[\u202a-\u202e\u2066-\u2069\ufeff\u2028\u2029]", cleaned)
    assert set(regex.findall(r"\p{Cc}", cleaned)) <= {"\n", "\t"}
    assert not regex.search(r"\p{Noncharacter_Code_Point}", cleaned)
    assert not regex.search(r"\p{M}{5}", cleaned)
    assert json.loads(json.dumps(cleaned).encode()) == cleaned == cleaned.encode().decode()


@given(any_text)
def test_a_clean_line_is_one_line_with_single_spaces(text):
    line = clean_line(text)
    assert line == line.strip()
    assert not regex.search(r"[\n\t]|\s\s", line)


@given(st.text(st.characters(categories=["L", "N", "P", "Zs", "Sc"])))
def test_letters_digits_and_punctuation_stay(text):
    assert clean(text) == unicodedata.normalize("NFC", text)


@given(any_text)
@example(BELGIUM + "\u0301\u200d" + BELGIUM + BELGIUM[0] + "\u094d")
@example("\u0600" + BELGIUM * 2)
def test_graphemes_are_those_of_unicode(text):
    assert graphemes(text) == len(regex.findall(r"\X", text))


@given(any_text)
def test_utf16_units_are_counted_as_the_platforms_do(text):
    assert utf16_len(text) == sum(2 if ord(sign) > 0xFFFF else 1 for sign in text)


LENGTHS = {
    "graphemes": graphemes,
    "utf16": utf16_len,
    "bytes": lambda text: len(text.encode("utf-8", "surrogatepass")),
}


@given(any_text, st.integers(0, 60), st.sampled_from(sorted(LENGTHS)), st.sampled_from(["…", "", " [more]"]))
def test_a_shortened_text_fits_and_no_grapheme_is_split(text, limit, unit, mark):
    length = LENGTHS[unit]
    short = shorten(text, limit, unit=unit, mark=mark)
    assert length(short) <= limit
    if length(text) <= limit:
        assert short == text
        return
    mark = mark if length(mark) <= limit else ""
    assert short.endswith(mark)
    kept = short.removesuffix(mark) if mark else short
    clusters = regex.findall(r"\X", text)
    fitting = [count for count in range(len(clusters)) if length("".join(clusters[:count])) <= limit - length(mark)]
    assert kept == "".join(clusters[: max(fitting)]).rstrip()


@given(any_text | st.text("ab \n", max_size=200), st.integers(2, 30))
@example("a" * 3 + "\n\n" + "b" * 3, 4)
@example("word " * 40, 12)
@example(FAMILY * 3, 5)
def test_pieces_fit_and_together_are_the_text(text, limit):
    pieces = split(text, limit)
    assert all(0 < utf16_len(piece) <= limit and piece.strip() for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())
    if utf16_len(text) <= limit:
        assert pieces == ([text.rstrip()] if text.strip() else [])


@given(st.lists(st.sampled_from([FAMILY, SCOTLAND, BELGIUM, "e\u0301", "👍🏽", "x", " ", "\n"])), st.integers(14, 60))
def test_a_cut_falls_between_graphemes(parts, limit):
    text = "".join(parts)
    for pieces in (split(text, limit), [shorten(text, limit, unit="utf16", mark="")]):
        clusters = [cluster for piece in pieces for cluster in regex.findall(r"\X", piece)]
        assert {cluster for cluster in clusters if not cluster.isspace()} <= set(parts)


@given(any_text)
def test_reading_a_number_never_fails(text):
    number = read_number(text)
    assert number is None or abs(number) < 10**18


@given(
    st.integers(-(10**18) + 1, 10**18 - 1),
    st.sampled_from(["0123456789", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "０１２３４５６７８９"]),
)
def test_a_number_is_read_in_the_digits_of_its_writer(number, digits):
    written = str(number).translate(str.maketrans("0123456789", digits))
    assert read_number(written) == number
    assert read_number(f" \u200f{written}\n") == number
    assert read_number(written.replace("-", "−")) == number


@given(any_text, st.text(["\u200b", "\u3164", " ", "\n", "\u00ad", "\u2800", "\ufe0f", "\x00"]))
def test_blank_is_what_no_reader_sees(text, nothing):
    assert is_blank(nothing)
    assert not is_blank(nothing + "a" + nothing)
    assert is_blank(text + nothing) == is_blank(text)
    if is_blank(text):
        assert is_blank(clean(text))


@given(any_text)
def test_marks_are_said_to_be_lost_when_they_are(text):
    marks = regex.compile(r"\p{M}")
    assert not has_surplus_marks(clean(text))
    if has_surplus_marks(text):
        assert len(marks.findall(clean(text))) < len(marks.findall(unicodedata.normalize("NFC", text)))


@given(any_text)
def test_a_files_name_can_be_saved_anywhere(text):
    name = clean_name(text)
    assert name == clean_name(name) and 0 < graphemes(name) <= 200
    assert not regex.search(r'[<>:"/\\|?*\p{Cc}]|\A\.|\.\Z', name)
    assert not regex.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", name)


# Concrete inputs


@pytest.mark.parametrize(
    ("given_name", "name"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("a/b\\c:d.pdf", "a_b_c_d.pdf"),
        ("\u202egnp.exe", "gnp.exe"),
        (".htaccess", "htaccess"),
        ("x\r\nContent-Type: text/html", "x Content-Type_ text_html"),
        ("\u3164", "file"),
        ("a" * 199 + ".jpeg", "a" * 199),
        ("con." + "x" * 300, "_con." + "x" * 195),
        ("", "file"),
        ("صورة الختم.jpg", "صورة الختم.jpg"),
    ],
)
def test_a_files_name_leads_nowhere(given_name, name):
    assert clean_name(given_name) == name


def test_a_bidi_override_is_removed_and_the_text_kept():
    assert clean("\u202egnp.exe") == "gnp.exe"
    assert clean("\u2066a\u2069 \u202bb\u202c") == "a b"


def test_arabic_and_what_it_needs_stay():
    title = "تأخير التخليص \u200f(HS 0702)\u200e می\u200cخواهم"
    assert clean(title) == clean_line(title) == title
    assert clean("क्\u200dष") == "क्\u200dष"


def test_zalgo_is_trimmed_to_four_marks():
    assert graphemes(ZALGO) == 1
    assert len(clean(ZALGO)) == 5  # á, and four of the rest
    assert clean("a" + "\u0316\u200d" * 300) == "a" + "\u0316\u200d" * 4
    # Marks that a letter takes up do not count: all five of these stay.
    assert clean("o\u0302\u0303\u0304\u0305\u0306") == "ỗ\u0304\u0305\u0306"


def test_ten_thousand_characters_are_cut_and_a_hundred_thousand_measured():
    long = "Conteneur retenu. " * 600
    assert graphemes(shorten(long, 300)) == 300
    assert shorten(long, 300).endswith("…")
    assert graphemes("é" * 100_000) == 100_000


@pytest.mark.parametrize("text", ["", "   ", "\u200b", "\u3164", "\u200b\u3164 \n", "\ufeff", "\U000e0041", "\u2800"])
def test_an_empty_title_is_known_however_it_is_hidden(text):
    assert is_blank(text)
    assert is_blank(clean(text))


def test_nul_and_other_controls_are_removed():
    assert clean("a\x00b\x1b[31mc\x7f\x9bd") == "ab[31mcd"


def test_every_line_end_is_a_line_feed():
    assert clean("1\r\n2\r3\u20284\u20295\n\n6") == "1\n2\n3\n4\n5\n\n6"
    assert clean_line("1\r\n\t 2 \u00a0 3\n") == "1 2 3"
    assert clean_line("10\u202f000\u00a0€") == "10\u202f000\u00a0€"


def test_half_a_pair_is_replaced_and_a_whole_one_joined():
    assert clean(json.loads('"a\\ud800b"')) == "a\ufffdb"
    assert clean("\ud83d" + "\ude00") == "😀"
    assert clean("\udc00\ud800") == "\ufffd\ufffd"


@pytest.mark.parametrize("limit", range(1, 40))
def test_a_family_is_never_split(limit):
    assert (len(FAMILY), utf16_len(FAMILY), len(FAMILY.encode())) == (7, 11, 25)
    assert shorten("ab" + FAMILY, limit, unit="utf16") in {"…", "a…", "ab…", "ab" + FAMILY}
    assert shorten("ab" + FAMILY, limit, unit="bytes", mark="") in {"", "a", "ab", "ab" + FAMILY}


def test_4096_emoji_make_two_messages_of_4096_units():
    pieces = split("😀" * 4096, 4096)
    assert [utf16_len(piece) for piece in pieces] == [4096, 4096]


def test_nothing_grows_by_compatibility():
    assert clean("\ufdfa" * 10) == "\ufdfa" * 10
    assert clean("ﬁ ² ①") == "ﬁ ² ①"
    assert clean("e\u0301") == "é"


def test_tags_stay_in_flags_only():
    assert clean(f"a{SCOTLAND}b") == f"a{SCOTLAND}b"
    hidden = "".join(chr(0xE0000 + ord(letter)) for letter in "ignore this")
    assert clean(f"a{hidden}b") == "ab"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12),
        (" +7 ", 7),
        ("-0", 0),
        ("-3", -3),
        ("٣", 3),
        ("۴۲", 42),
        ("１２", 12),
        ("－１２", -12),
        ("\u061c-٣", -3),
        ("007", 7),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, None),
        ("9" * 5000, None),
        ("²", None),
        ("1_000", None),
        ("1,000", None),
        ("1e5", None),
        ("1.0", None),
        ("0x10", None),
        ("1٢", None),
        ("--1", None),
        ("+-1", None),
        ("+", None),
        ("", None),
        ("NaN", None),
        ("Ⅷ", None),
        ("१२", None),
        ("1 2", None),
        ("\ud800", None),
    ],
)
def test_a_number_is_read_or_asked_again(text, number):
    assert read_number(text) == number


def test_a_piece_ends_at_a_paragraph_then_a_line_then_a_space():
    assert split("one two\n\nthree four\nfive", 12) == ["one two", "three four", "five"]
    assert split("0123456\n\n9a\nbc def", 13) == ["0123456", "9a\nbc def"]
    assert split("aaa bbb\nccc ddd eee", 13) == ["aaa bbb", "ccc ddd eee"]
    assert split("see https://example.org/a/long/path", 33) == ["see", "https://example.org/a/long/path"]
    assert split("- abcd\n  - ef gh", 10) == ["- abcd", "  - ef gh"]
    assert split(" \n ", 2) == []


@pytest.mark.parametrize("wrong", [lambda: shorten("a", -1), lambda: split("a", 1)])
def test_a_limit_that_holds_nothing_is_refused(wrong):
    with pytest.raises(ValueError, match=r"negative|two units"):
        wrong()


def test_clean_text_is_stored_and_read_back_unchanged(database_url):
    engine = create_engine(database_url)
    with engine.connect() as connection:
        for text in map(clean, ["a\x00b", "\ud800", ZALGO, FAMILY, "\ufdfa", "\u202egnp.exe", "".join(NASTY)]):
            assert connection.scalar(select(literal(text, String))) == text
    engine.dispose()


@pytest.mark.parametrize(
    "text",
    [
        "a" + "\u0301\u0316" * 60_000,
        "\U0001f1e7" * 100_000,
        "\U0001f3f4" + "\U000e0061" * 100_000,
        ("क" + "\u094d\u0300\u200d" * 100) * 300,
        " " * 100_000,
        "\r" * 100_000,
    ],
    ids=["marks", "flags", "tags", "conjuncts", "spaces", "returns"],
)
def test_no_input_under_the_size_limit_takes_long(text):
    begun = time.process_time()
    for work in (
        clean,
        clean_line,
        graphemes,
        is_blank,
        lambda text: shorten(text, 3000),
        lambda text: split(text, 4096),
    ):
        work(text)
    assert time.process_time() - begun < 3
