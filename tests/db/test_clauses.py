"""Texts read into clauses, clauses followed from draft to draft against random edits, and what differs in words."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from db.consultations import Change
from db.consultations.clauses import SURE, Fault, Link, Unreadable, Wording, difference, follow, read
from db.consultations.clauses.reading import LONGEST_CLAUSE, LONGEST_TEXT, MOST_CLAUSES
from db.consultations.clauses.wording import WORDS

pytestmark = pytest.mark.promise(
    "consultations.clauses", "No clause is lost between two drafts, and none is taken for another one unasked."
)

# Sentences as offices write them: many are alike but for one word or number.
STEMS = (
    "The declarant shall lodge the {a} with the {b} within {n} days of the {c}.",
    "The {b} may require a {a} where the {c} exceeds {n} euros.",
    "Where the {a} is refused, the {b} shall state its reasons in writing and inform the {c} within {n} working days.",
    "A fee of {n} euros is due for each {a}; it is paid to the {b} before the {c}.",
    "This article does not apply to a {a} that was accepted by the {b} before the {c}.",
    "For the purposes of this chapter, {a} means any {b} which, at the {c}, was kept for more than {n} years.",
)
# What somebody adds is another sentence: one that differs from a dropped one in a word is that clause, changed.
ADDED = (
    "Each {a} is kept in electronic form, and a copy is given to the {b} on request for {n} euros.",
    "Until the {c} has entered into force, traders who hold a {a} go on using the forms of {n} copies.",
    "The {b} publishes every year how many requests for a {a} it received, and how many took over {n} days.",
)
NOUNS = (
    *("declaration", "customs office", "release", "guarantee", "certificate", "trader", "broker", "consignment"),
    *(
        "inspection",
        "warehouse",
        "manifest",
        "carrier",
        "authorisation",
        "laboratory",
        "deposit",
        "invoice",
        "exporter",
    ),
)


@dataclass(frozen=True)
class Said:
    """A clause of a made-up draft; `origins` are the clauses of the first draft that its words come from."""

    number: str
    words: str
    origins: frozenset[int]
    heading: str | None = None


def sentence(chance: random.Random, stems: tuple[str, ...] = STEMS) -> str:
    return chance.choice(stems).format(
        a=chance.choice(NOUNS), b=chance.choice(NOUNS), c=chance.choice(NOUNS), n=chance.randint(2, 90)
    )


def draft(chance: random.Random, size: int) -> list[Said]:
    return [
        Said(str(place + 1), " ".join(sentence(chance) for _each in range(chance.randint(1, 4))), frozenset({place}))
        for place in range(size)
    ]


def edited(chance: random.Random, clauses: list[Said], edits: int) -> list[Said]:
    """The draft after so many random edits, numbered anew."""
    after = list(clauses)
    for _edit in range(edits):
        at = chance.randrange(len(after)) if after else 0
        kind = chance.choice(("word", "word", "sentence", "move", "drop", "add", "copy", "split", "merge"))
        if kind == "add" or not after:
            after.insert(at, Said("", sentence(chance, ADDED), frozenset()))
            continue
        words = after[at].words.split()
        if kind == "word":
            words[chance.randrange(len(words))] = chance.choice((*NOUNS, "", str(chance.randint(2, 90))))
            after[at] = replace(after[at], words=" ".join(each for each in words if each) or "Repealed.")
        elif kind == "sentence":
            after[at] = replace(after[at], words=f"{after[at].words} {sentence(chance, ADDED)}")
        elif kind == "move":
            moved = after.pop(at)
            after.insert(chance.randint(0, len(after)), moved)
        elif kind == "drop":
            after.pop(at)
        elif kind == "copy":  # another office begins with somebody else's clause, and changes it
            changed = [chance.choice(NOUNS) if chance.random() < 0.1 else each for each in words]
            after.insert(chance.randint(0, len(after)), Said("", " ".join(changed), after[at].origins))
        elif kind == "split" and len(words) > 1:
            cut = chance.randint(1, len(words) - 1)
            after[at : at + 1] = [
                replace(after[at], words=" ".join(words[:cut])),
                replace(after[at], words=" ".join(words[cut:])),
            ]
        elif kind == "merge" and at + 1 < len(after):
            other = after.pop(at + 1)
            both = after[at].origins | other.origins
            after[at] = replace(after[at], words=f"{after[at].words} {other.words}", origins=both)
    return [replace(each, number=str(place + 1)) for place, each in enumerate(after)]


def is_of(link: Link, earlier: list[Said], later: list[Said]) -> bool:
    """Whether the later clause has its words from the earlier one, or says the same to the letter."""
    assert link.earlier is not None and link.later is not None
    old, new = earlier[link.earlier], later[link.later]
    return bool(old.origins & new.origins) or old.words == new.words


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.integers(0, 12), st.integers(0, 15))
def test_no_clause_is_lost_and_none_is_taken_for_another_unasked(seed, size, edits):
    chance = random.Random(seed)
    earlier = draft(chance, size)
    later = edited(chance, earlier, edits)
    links = follow(earlier, later)

    assert {each.earlier for each in links} - {None} == set(range(len(earlier)))
    assert {each.later for each in links} - {None} == set(range(len(later)))
    assert len({(each.earlier, each.later) for each in links}) == len(links)
    for each in links:
        assert 0 <= each.likeness <= 100
        if each.change in (Change.NEW, Change.DROPPED):
            assert (each.earlier is None) == (each.change is Change.NEW)
            assert (each.later is None) == (each.change is Change.DROPPED)
            assert len([other for other in links if other.earlier == each.earlier and other.later == each.later]) == 1
        elif each.is_sure:
            assert is_of(each, earlier, later), each
    for place in range(len(earlier)):
        mine = [each for each in links if each.earlier == place]
        assert len(mine) == 1 or all(each.later is not None for each in mine)


# Told one by one


def clauses(*words: str) -> list[Said]:
    return [Said(str(place + 1), each, frozenset({place})) for place, each in enumerate(words)]


DECLARE = (
    "The declarant lodges the declaration at the office of the place where the goods are first presented to Customs."
)
KEEP = "Every importer keeps the papers of a shipment for five years, on paper or in electronic form."
PAY = "Duties are paid within ten working days of the release; whoever holds a guarantee pays once a month."
SAMPLE = (
    "Whoever disagrees with the analysis may ask, within a week, for a second sample to be taken at their own cost."
)


def followed(earlier: list[Said], later: list[Said]) -> list[tuple[int | None, int | None, Change]]:
    return [(each.earlier, each.later, each.change) for each in follow(earlier, later)]


def test_what_becomes_of_a_clause():
    before = clauses(DECLARE, KEEP, PAY, SAMPLE)
    assert followed(before, before) == [(place, place, Change.SAME) for place in range(4)]
    assert followed(before, clauses(KEEP, PAY, SAMPLE, DECLARE)) == [
        (0, 3, Change.MOVED),
        *((place, place - 1, Change.SAME) for place in (1, 2, 3)),
    ]
    assert followed(
        before, clauses(DECLARE, KEEP.replace("five", "seven"), SAMPLE, "A new rule applies to couriers.")
    ) == [
        (0, 0, Change.SAME),
        (1, 1, Change.CHANGED),
        (2, None, Change.DROPPED),
        (3, 2, Change.SAME),
        (None, 3, Change.NEW),
    ]


def test_a_clause_that_is_split_is_found_in_both_its_parts_the_larger_one_first():
    first, second = (
        "Duties are paid within ten working days.",
        "Whoever holds a guarantee pays once a month, at its end.",
    )
    assert followed(clauses(DECLARE, f"{first} {second}"), clauses(DECLARE, first, second)) == [
        (0, 0, Change.SAME),
        (1, 2, Change.SPLIT),
        (1, 1, Change.SPLIT),
    ]
    assert followed(clauses(first, DECLARE, second), clauses(f"{first} {second}", DECLARE)) == [
        (0, 0, Change.MERGED),
        (1, 1, Change.SAME),
        (2, 0, Change.MERGED),
    ]


def test_a_clause_that_another_one_resembles_is_never_taken_for_sure():
    fee = "A fee of {} euros is due for each {}, and is paid before its release."
    before = clauses(fee.format(5, "parcel"), fee.format(9, "container"))
    assert all(each.is_sure for each in follow(before[:1], clauses(fee.format(6, "parcel"))))
    only = follow(before, clauses(fee.format(6, "pallet")))
    assert len([each for each in only if each.later == 0]) == 1
    assert not any(each.is_sure for each in only), "which of the two is it?"


def test_clauses_in_any_script_are_followed():
    for words, changed in (
        ("يودع المصرح البيان الجمركي خلال خمسة أيام من وصول البضاعة إلى الميناء ويدفع الرسوم عند الإفراج عنها", "عشرة"),
        ("申报人应当自货物运抵之日起五日内向海关办理申报手续并在放行之前缴纳税款", "十"),
    ):
        old = "خمسة" if "خمسة" in words else "五"
        [link] = follow(clauses(words), clauses(words.replace(old, changed)))
        assert link.change is Change.CHANGED and link.likeness >= SURE


def test_doubles_of_a_clause_stay_with_it():
    reserved = "(Repealed.)"
    assert followed(clauses(reserved, DECLARE, reserved), clauses(DECLARE, reserved)) == [
        (0, 1, Change.MOVED),
        (1, 0, Change.SAME),
        (2, 1, Change.MERGED),
    ]


# Texts read into clauses


def told(text: str) -> list[tuple[str, str | None, str]]:
    return [(each.number, each.heading, each.words) for each in read(text)]


def test_numbers_begin_clauses_where_they_go_on_from_the_one_before():
    text = """Order on parcels

    1. Scope
    This order applies to all parcels that arrive by sea or by air in the territory of
    the country, but not to those under
    20 euros.
    1.1 Letters are exempt:
    (a) all of them;
    (b) at 1.5 kg at most.
    2. Time limits
    The declaration is lodged
    1. by sea 24 hours before
    2. by air 4 hours before
    4. No fee is due. 12 euros at most.
    """.replace("\n    ", "\n")
    assert told(text) == [
        ("0", None, "Order on parcels"),
        (
            "1",
            "Scope",
            "This order applies to all parcels that arrive by sea or by air in the territory of the country, but not "
            "to those under\n20 euros.",
        ),
        ("1.1", None, "Letters are exempt:\n(a) all of them;\n(b) at 1.5 kg at most."),
        ("2", "Time limits", "The declaration is lodged\n1. by sea 24 hours before\n2. by air 4 hours before"),
        ("4", None, "No fee is due. 12 euros at most."),
    ]


def test_articles_number_their_paragraphs_and_annexes_begin_anew():
    text = """## Chapter I – General
    Article 1 – Definitions
    (1) Customs means the authority.
    (2) Trader means whoever trades.
    Article 2 bis
    Scope
    1. This law applies to all goods which are brought into the territory, in the way which and to those whom
    Article 5 of the code says.
    Annex I
    1. Forms
    2. Fees
    """.replace("\n    ", "\n")
    goods = "applies to all goods which are brought into the territory, in the way which and to those whom"
    assert told(text) == [
        ("Chapter I", None, "General"),
        ("1", None, "Definitions"),
        ("1.1", None, "Customs means the authority."),
        ("1.2", None, "Trader means whoever trades."),
        ("2 bis", None, "Scope"),
        ("2 bis.1", None, f"This law {goods} Article 5 of the code says."),
        ("Annex I.1", None, "Forms"),
        ("Annex I.2", None, "Fees"),
    ]
    assert told("المادة ١ – التعاريف\nالجمارك هي السلطة المختصة.\nالمادة ٢\nيودع البيان خلال ٥ أيام.") == [
        ("1", "التعاريف", "الجمارك هي السلطة المختصة."),
        ("2", None, "يودع البيان خلال ٥ أيام."),
    ]


def test_a_text_without_numbers_gets_them():
    assert told("# Title\n\nIntro.\n\n## Scope\nAll.\n### Sea\nShips.\n### Air\nPlanes.\n## Fees\n- a\n- b") == [
        ("0", None, "Title\n\nIntro."),
        ("1", "Scope", "All."),
        ("1.1", "Sea", "Ships."),
        ("1.2", "Air", "Planes."),
        ("2", "Fees", "- a\n- b"),
    ]
    assert told("One paragraph.\n\nAnother,\nof two lines.") == [
        ("1", None, "One paragraph."),
        ("2", None, "Another, of two lines."),
    ]


LINES = (
    *("", "", "1. Scope", "2. Fees", "1.1 All parcels.", "1.2 Letters", "(3) Others.", "Article 1 – Aim", "Article 2"),
    *("5 bis. More", "Annex A", "1. First of all", "- an item", "    2. indented", "# Title", "## Part", "12 parcels"),
    *("Plain words, which go on for more than the width of a line that a page would break.", "and end here.", "٣. نص"),
)


@settings(max_examples=100)
@given(st.lists(st.sampled_from(LINES), min_size=1, max_size=14))
@example(["1. Scope", "# Title"])
@example(["# Title"])
def test_no_word_of_a_text_is_lost_and_no_number_is_given_twice(lines):
    text = "\n".join(lines)
    if not text.strip():
        return
    passages = read(text)
    assert len({each.number for each in passages}) == len(passages)
    assert all(each.words.strip() and each.heading != "" for each in passages)
    kept = iter(WORDS.findall(" ".join(f"{each.number} {each.heading or ''} {each.words}" for each in passages)))
    for word in WORDS.findall(text):
        if word.isalpha() and word not in {"Article", "Annex", "A", "bis"}:
            assert any(word == each for each in kept), f"{word} is lost, or stands elsewhere"


def test_a_clause_too_long_for_one_message_is_cut_where_a_sentence_ends():
    long = " ".join(f"Sentence {number} of a definition that never ends." for number in range(120))
    first, second, *_more = read(f"1. Scope\n{long}\n2. Fees")
    assert (first.number, first.heading, second.number) == ("1", "Scope", "1 (2)")
    assert len(first.words) <= LONGEST_CLAUSE and first.words.endswith(".")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (" \n ", Fault.EMPTY),
        ("x" * (LONGEST_TEXT + 1), Fault.TOO_LONG),
        ("a\n\n" * (MOST_CLAUSES + 1), Fault.TOO_MANY),
    ],
    ids=["empty", "too long", "too many clauses"],
)
def test_a_text_that_cannot_be_read_says_why(text, fault):
    with pytest.raises(Unreadable) as refused:
        read(text)
    assert refused.value.fault is fault


# What differs


wordings = st.lists(
    st.sampled_from([*"ab ,.\n", "fee ", "five", "رسوم", "税", "é", "\u0301", "👩‍👩‍👧"]), max_size=14
).map("".join)


@settings(max_examples=100)
@given(wordings, wordings)
@example("", "")
@example("a fee of five", "a fee, of six")
def test_a_difference_holds_both_wordings_to_the_letter(earlier, later):
    pieces = difference(earlier, later)
    assert "".join(each.words for each in pieces if each.what is not Wording.IN) == earlier
    assert "".join(each.words for each in pieces if each.what is not Wording.OUT) == later
    assert all(each.words for each in pieces)
    assert all(one.what is not other.what for one, other in pairwise(pieces))
    if earlier == later:
        assert [each.what for each in pieces] == [Wording.KEPT] * bool(earlier)


def test_a_difference_is_told_by_words_not_by_letters():
    pieces = difference("A fee of five euros is due.", "A fee of six new euros is due.")
    assert [(each.what, each.words) for each in pieces] == [
        (Wording.KEPT, "A fee of "),
        (Wording.OUT, "five"),
        (Wording.IN, "six new"),
        (Wording.KEPT, " euros is due."),
    ]
