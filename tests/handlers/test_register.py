"""The public register, as browsers and programs fetch it: what it says, what it never says, and how it is served."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from openpyxl import load_workbook

from bot.http import application
from bot.kit.screen import Button
from bot.kit.sheets import Sheet
from bot.kit.site import Section
from bot.kit.text import LANGUAGES, Raw
from bot.platforms.web.export import as_file
from db.consultations import Consultation, Phase
from db.outcomes import TOLD, Decision, Outcome
from db.small_groups import told_apart
from db.statements import Side, Statement, StatementMap
from handlers.register.room import ON_PAGE, ON_PROTOCOL, Added
from scheduling.opinions import Known, figures
from tests.calendars import Asked, Got, Program
from tests.world import World

from . import register_steps as steps

KINDS = ("csv", "xlsx", "json")


class Outline(HTMLParser):
    """What a screen reader makes of a page: headings, landmarks, links, languages, and what is not closed."""

    VOID = frozenset({"meta", "link", "br", "hr", "img", "input", "rect", "path"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.landmarks: list[tuple[str, str | None]] = []
        self.ids: list[str] = []
        self.anchors: list[str] = []
        self.languages: list[str | None] = []
        self.unnamed: list[str] = []
        self.open: list[str] = []
        self._link: list[str] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in self.VOID:
            self.open.append(tag)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag in ("header", "nav", "main", "footer"):
            self.landmarks.append((tag, given.get("aria-label")))
        if "id" in given:
            self.ids.append(given["id"] or "")
        if "lang" in given:
            self.languages.append(given["lang"])
        if tag == "a":
            self._link = [given.get("href") or ""]
            if (given.get("href") or "").startswith("#"):
                self.anchors.append((given["href"] or "")[1:])

    def handle_data(self, data: str) -> None:
        if self._link is not None:
            self._link.append(data.strip())

    def handle_endtag(self, tag: str) -> None:
        if tag in self.VOID:
            return
        assert self.open.pop() == tag, f"{tag} is closed where another is open"
        if tag == "a" and self._link is not None:
            if not "".join(self._link[1:]):
                self.unnamed.append(self._link[0])
            self._link = None


def visitor(world: World) -> Program:
    return Program(application(world.parley), world.runner)


def told(world: World) -> dict[str, Consultation]:
    """One that is open, one that is over, and three that nobody may see: not public, being prepared, declined."""
    with world.parley.sessions.writing() as session:
        made = {"open": steps.consultation(session, world)}
        steps.two_drafts(session, world, made["open"])
        made["over"] = steps.consultation(session, world, title="Scans instead of paper")
        clauses = steps.two_drafts(session, world, made["over"])
        steps.concluded(
            session, world, made["over"], steps.said(session, world, made["over"], clauses[1], 7), acknowledged=4
        )
        few = steps.said(session, world, made["open"], clauses[0], 3)
        assert len(few) == 3
        hidden = {"title": steps.secret(10), "summary": steps.secret(11)}
        made["private"] = steps.consultation(session, world, **hidden, is_public=False)
        made["prepared"] = steps.consultation(session, world, **hidden, phase=Phase.PREPARED)
        made["declined"] = steps.consultation(session, world, **hidden, phase=Phase.DECLINED)
        return made


def addresses(made: dict[str, Consultation]) -> list[str]:
    pages = ["/register", "/register/protocol"]
    pages += [f"/register/{made[each].ref}" for each in ("open", "over")] + [f"/register/{made['over'].ref}/1"]
    return pages


def said(got: Got, path: str) -> str:
    """All words of an answer, of a workbook too."""
    if path.endswith("xlsx"):
        book = load_workbook(io.BytesIO(got.body))
        return "\n".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)
    return got.body.decode()


def test_everybody_reads_what_is_published(world: World) -> None:
    made = told(world)
    asks = visitor(world)
    first = asks.get("/register")
    assert first.status == 200 and "Clearing goods that spoil at night" in first.body.decode()
    assert "Scans instead of paper" in first.body.decode()

    page = asks.get(f"/register/{made['open'].ref}").body.decode()
    for words in (
        "An instruction for nights and public holidays",
        "The declarant announces the arrival six hours before, by message.",
        "The declarant announces the arrival twelve hours before.",
        "Clause 2: Changed",
        "Clause 4: New",
        "Clause 4 was taken out",
        "The words of 1 clause are as they were.",
        "How long before do you know when a lorry arrives?",
        "Fewer than 5 people have taken part so far.",
        "Open for comments",
    ):
        assert words in bare(page), words

    assert "arrival <del>twelve</del> hours before." in page and "arrival <ins>six</ins> hours before" in page

    over = bare(asks.get(f"/register/{made['over'].ref}").body.decode())
    for words in (
        *("What was asked", "What was said", "What is done", "What is not done, and why", "The fee is not dropped"),
        *("Business has refused to sign it", "=Six hours are still too many.", "7 people have taken part."),
    ):
        assert words in over, words
    assert "Take part" not in over


def test_no_page_and_no_file_names_anybody_or_shows_what_somebody_said(sqlite_world: World) -> None:
    made = told(sqlite_world)
    asks = visitor(sqlite_world)
    for path in addresses(made):
        for asked in (path, *(f"{path}.{kind}" for kind in KINDS)):
            for language in LANGUAGES if asked == path else ("en",):
                got = asks.get(asked, Accept_Language=language)
                assert got.status == 200, asked
                words = said(got, asked)
                found = re.findall(rf"{steps.SECRET}\d+", words)
                assert not found, f"{asked} in {language} shows {found}"
                for who in ("Ruiz", "Olga", "Lena", "Badr", "Amina", "Gus"):
                    assert who not in words, f"{asked} names {who}"
        data = json.loads(asks.get(f"{path}.json").body)
        for name in data:
            sheet = asks.get(f"{path}.csv?sheet={name}")
            assert sheet.status == 200 and steps.SECRET not in sheet.body.decode(), name
    for each in ("private", "prepared", "declined"):
        for kind in ("", ".csv", ".json", ".xlsx", "/1"):
            got = asks.get(f"/register/{made[each].ref}{kind}")
            assert got.status == 404 and "There is nothing here." in got.body.decode()
    other = asks.get("/register/C-99999")
    assert other.status == 404 and other.body == asks.get(f"/register/{made['private'].ref}").body


def bare(page: str) -> str:
    """The words of a page in a row, without markup and without the marks of direction."""
    return " ".join(re.sub("[\u2066-\u2069]", "", re.sub(r"<[^>]+>", "", page)).split())


def test_a_screen_reader_finds_its_way_in_every_language(sqlite_world: World) -> None:
    made = told(sqlite_world)
    sqlite_world.parley.engine.openers["telegram"] = lambda payload: Button(
        Raw("Telegram"), url=f"https://t.example/bot?start={payload}"
    )
    asks = visitor(sqlite_world)
    for path in addresses(made):
        for language in LANGUAGES:
            page = asks.get(path, Accept_Language=language).body.decode()
            seen = Outline(page)
            assert seen.open == [] and seen.unnamed == []
            assert seen.headings[0] == 1 and seen.headings.count(1) == 1
            assert all(later - earlier <= 1 for earlier, later in zip(seen.headings, seen.headings[1:], strict=False))
            assert [tag for tag, _name in seen.landmarks if tag == "main"] == ["main"]
            names = [name for tag, name in seen.landmarks if tag == "nav"]
            assert all(names) and len(set(names)) == len(names), "each is told from the others by its name"
            assert len(set(seen.ids)) == len(seen.ids) and set(seen.anchors) <= {*seen.ids}
            assert seen.languages[0] == language
            assert ('dir="rtl"' in page.split("<body")[0]) == (language == "ar")
            assert "<script" not in page and " style=" not in page and "onclick" not in page
    page = asks.get(f"/register/{made['open'].ref}", Accept_Language="ar").body.decode()
    assert "https://t.example/bot?start=c_" in page and f"/part/{made['open'].ref}" in page
    arabic, english = page.index("يُخطر المصرّح"), page.index("six hours before")
    assert arabic < english, "one's own language comes first, the words themselves beside it"
    assert '<div lang="en" dir="ltr">' in page and '<div lang="ar" dir="rtl">' in page


def test_a_page_is_kept_until_something_changes_and_asked_for_in_any_way(sqlite_world: World) -> None:
    made = told(sqlite_world)
    asks = visitor(sqlite_world)
    path = f"/register/{made['open'].ref}"
    first = asks.get(path)
    assert first.headers["cache-control"] == "public, max-age=60"
    assert first.headers["vary"] == "Accept-Language, Accept-Encoding"
    assert "script-src" not in first.headers["content-security-policy"]
    for kind in ("", *(f".{each}" for each in KINDS)):
        whole = asks.get(path + kind)
        head = asks.get(path + kind, "HEAD")
        assert (head.status, head.body) == (200, b"") and dict(head.headers) == dict(whole.headers)
        again = asks.get(path + kind, If_None_Match=whole.headers["etag"])
        assert (again.status, again.body) == (304, b""), kind
        assert asks.get(path + kind, If_None_Match='"other"').status == 200
        packed = asks.get(path + kind, Accept_Encoding="gzip")
        assert packed.headers["content-encoding"] == "gzip" and len(packed.body) < len(whole.body)
    with Asked(sqlite_world.parley.sessions) as asked:
        assert asks.get(path).body == first.body
        assert asked.statements == [], "nothing was read anew"
    with sqlite_world.parley.sessions.writing() as session:
        session.get_one(Consultation, made["open"].id).summary = "Another summary."
    assert asks.get(path, If_None_Match=first.headers["etag"]).status == 304, "not made anew at every change"
    sqlite_world.clock.advance(timedelta(seconds=10))
    changed = asks.get(path, If_None_Match=first.headers["etag"])
    assert changed.status == 200 and "Another summary." in changed.body.decode()
    assert asks.get(path, "POST").status == 405
    for wrong in ("/register.pdf", f"{path}.txt", f"{path}/7", f"{path}/x", "/register/'; --", "/register/C-1/2/3"):
        assert asks.get(wrong).status == 404, wrong
    assert asks.get("/register/").status == 200 and asks.get(path.replace("C-", "c")).status == 200


def test_a_list_asks_the_database_as_often_for_many_as_for_one(sqlite_world: World) -> None:
    told(sqlite_world)
    asks = visitor(sqlite_world)

    def statements(path: str) -> int:
        sqlite_world.clock.advance(timedelta(minutes=2))
        with Asked(sqlite_world.parley.sessions) as asked:
            assert asks.get(path).status == 200
        return len(asked.statements)

    before = [statements(path) for path in ("/register", "/register.json")]
    with sqlite_world.parley.sessions.writing() as session:
        for number in range(30):
            steps.consultation(session, sqlite_world, title=f"Another {number}", phase=Phase.WITHDRAWN)
    assert [statements(path) for path in ("/register", "/register.json")] == before
    page = asks.get("/register").body.decode()
    assert page.count("/register/C-") == 1 + 25 and "?page=2" in page


def test_many_who_come_at_once_have_a_page_made_once(sqlite_world: World) -> None:
    made = told(sqlite_world)
    asks = visitor(sqlite_world)
    path = f"/register/{made['open'].ref}"
    with Asked(sqlite_world.parley.sessions) as alone:
        first = asks.get(path)
    sqlite_world.clock.advance(timedelta(minutes=2))
    with Asked(sqlite_world.parley.sessions) as together:
        answers = asks.get_at_once(*[path] * 8)
    assert len(together.statements) == len(alone.statements)
    assert {each.body for each in answers} == {first.body}


# As data


def test_what_people_wrote_is_never_a_formula_in_a_file() -> None:
    nasty = ("=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\tx", "a\x0bb", 'ordinary, with "marks"', "سطر\nآخر")
    sheet = Sheet(
        "words", ("id", "words", "known", "none"), tuple((n, each, True, None) for n, each in enumerate(nasty))
    )
    rows = list(csv.reader(io.StringIO((as_file([sheet], "csv") or b"").decode("utf-8-sig"))))
    assert rows[0] == ["id", "words", "known", "none"] and len(rows) == 1 + len(nasty)
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t"))]
    assert rows[1] == ["0", "'=HYPERLINK(1)", "true", ""] and rows[7][1] == nasty[6]
    book = load_workbook(io.BytesIO(as_file([sheet], "xlsx") or b""))
    cells = [book["words"].cell(number + 2, 2) for number in range(len(nasty))]
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr"} and cells[0].value == nasty[0]
    assert json.loads(as_file([sheet], "json") or b"")["words"][1] == {
        "id": 1,
        "words": "+1",
        "known": True,
        "none": None,
    }
    assert as_file([sheet], "csv", "other") is None


def test_the_files_say_what_the_pages_say(sqlite_world: World) -> None:
    made = told(sqlite_world)
    asks = visitor(sqlite_world)
    data = json.loads(asks.get(f"/register/{made['over'].ref}.json").body)
    (row,) = data["consultations"]
    assert (row["reference"], row["people"], row["comments"], row["suggestions"]) == (made["over"].ref, 7, 6, 1)
    assert (row["adopted"], row["adopted_in_part"], row["not_adopted"], row["signature"]) == (3, 2, 2, "refused")
    assert [each["number"] for each in data["clauses"] if each["draft"] == 2 and not each["is_translation"]] == list(
        "1234"
    )
    assert {each["language"] for each in data["clauses"]} == {"en", "fr", "ar"}
    assert [each["change"] for each in data["changes"]] == ["same", "changed", "changed", "new", "dropped"]
    assert data["outcome"][0]["refusal"] == "=Six hours are still too many." and len(data["outcome"]) == 2
    book = load_workbook(io.BytesIO(asks.get(f"/register/{made['over'].ref}.xlsx").body))
    assert book.sheetnames == list(data)
    everything = json.loads(asks.get("/register.json").body)
    assert [each["reference"] for each in everything["consultations"]] == [made["open"].ref, made["over"].ref]
    assert everything["consultations"][0]["people"] is None and everything["consultations"][0]["adopted"] is None
    lines = list(csv.reader(io.StringIO(asks.get("/register.csv").body.decode("utf-8-sig"))))
    assert [line[0] for line in lines] == ["reference", made["open"].ref, made["over"].ref]


# How well outcomes are told


def test_how_well_outcomes_are_told_is_said_of_five_people_and_more(world: World) -> None:
    made = told(world)
    asks = visitor(world)
    world.clock.advance(timedelta(minutes=2))
    (office,) = json.loads(asks.get("/register/protocol.json").body)["telling"]
    assert office["office"] == "Perishables desk" and office["people_told"] == 7 and office["messages"] == 7
    assert (office["delivered_percent"], office["acknowledged_percent"]) == (86, 57)
    assert (office["days_to_outcome"], office["days_to_arrival"]) == (2.0, 0.5)
    page = bare(asks.get("/register/protocol").body.decode())
    assert "Perishables desk" in page and "86 %" in page and "57 %" in page
    # A second office told three people of an issue: they are counted with others, so that no subtraction finds them.
    with world.parley.sessions.writing() as session:
        issue = steps.issue_at(session, world, "general")
        people = [each.id for each in steps.newcomers(session, world, 3)]
        at = world.clock.now()
        outcome = Outcome(
            administration_id=world.home,
            issue_id=issue,
            asked="a",
            found="b",
            decision=Decision.DONE,
            words="c",
            language="en",
            proposed_by_id=world.ids["gus"],
            proposed_at=at,
            approved_by_id=world.ids["lars"],
            approved_at=at,
        )
        session.add(outcome)
        session.flush()
        steps.tell(session, world, outcome.id, at, people, acknowledged=3, about=TOLD)
    world.clock.advance(timedelta(seconds=10))
    (both,) = json.loads(asks.get("/register/protocol.json").body)["telling"]
    assert both["office"] == "Perishables desk | General desk" and both["people_told"] == 10
    assert made["over"].id


def test_who_looks_twice_while_it_is_open_does_not_learn_that_one_more_has_come(sqlite_world: World) -> None:
    with sqlite_world.parley.sessions.writing() as session:
        made = steps.consultation(session, sqlite_world)
        clauses = steps.two_drafts(session, sqlite_world, made)
        steps.said(session, sqlite_world, made, clauses[0], 6)
    asks = visitor(sqlite_world)
    for more, shown in ((0, 5), (3, 5), (1, 10)):
        with sqlite_world.parley.sessions.writing() as session:
            if more:
                steps.said(session, sqlite_world, made, clauses[0], more)
        sqlite_world.clock.advance(timedelta(seconds=10))
        page = bare(asks.get(f"/register/{made.ref}").body.decode())
        assert f"At least {shown} people have taken part so far." in page and "Who took part" not in page
        data = json.loads(asks.get(f"/register/{made.ref}.json").body)
        assert data["consultations"][0]["people"] == shown and data["people"] == []


def test_small_groups_are_joined_so_that_none_can_be_had_by_subtraction() -> None:
    def people(count: int, first: int = 0) -> frozenset[int]:
        return frozenset(range(first, first + count))

    assert told_apart({"a": people(9), "b": people(6, 20)}) == {("a",): people(9), ("b",): people(6, 20)}
    assert told_apart({"a": people(3), "b": people(4, 20), "c": people(8, 40)}) == {
        ("c",): people(8, 40),
        ("a", "b"): people(3) | people(4, 20),
    }
    assert told_apart({"a": people(2), "b": people(6, 20), "c": people(8, 40)}) == {
        ("c",): people(8, 40),
        ("a", "b"): people(2) | people(6, 20),
    }
    assert told_apart({"a": people(2), "b": people(2)}) == {}, "the same two people"
    assert told_apart({"a": people(3), "b": people(3, 1)}) == {}
    assert told_apart({"a": frozenset(), "b": people(5)}) == {("b",): people(5)}


# What others add, and the way in


def test_others_add_to_the_pages(sqlite_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made = told(sqlite_world)
    added = Added(
        (Section(None, (Raw("Everybody agrees.", "en"),), "shared"),), (Sheet("shared", ("words",), (("x",),)),)
    )
    ON_PAGE.append(lambda _session, _consultation: added)
    ON_PROTOCOL.append(lambda _session, _at: added)
    try:
        asks = visitor(sqlite_world)
        for path in (f"/register/{made['open'].ref}", "/register/protocol"):
            page = asks.get(path).body.decode()
            assert "Everybody agrees." in page
            assert json.loads(asks.get(f"{path}.json").body)["shared"] == [{"words": "x"}]
        assert page.index("Everybody agrees.") < page.index('id="kept"'), "the rules stand above the figures"
    finally:
        ON_PAGE.pop()
        ON_PROTOCOL.pop()


def test_whoever_is_signed_in_takes_part_and_others_are_told_how(sqlite_world: World) -> None:
    made = told(sqlite_world)
    got = visitor(sqlite_world).get(f"/part/{made['open'].ref}")
    assert got.status == 401 and "Open my page" in got.body.decode()
    assert 'href="/register"' in got.body.decode(), "what is public can be read all the same"
    shown = sqlite_world.do("amina", "consultations.arrive", words=made["open"].ref)
    assert "Clearing goods that spoil at night" in shown.text
    assert shown.answer.screen is not None
    addresses = [each.url for each in shown.answer.screen.buttons if each.url]
    assert addresses == [f"https://parley.example/register/{made['open'].ref}"]
    assert "not yours to see" in sqlite_world.do("chloe", "consultations.arrive", words=made["prepared"].ref).text


def test_what_all_groups_share_is_told_and_nobody_behind_it(sqlite_world: World) -> None:
    with sqlite_world.parley.sessions.writing() as session:
        made = steps.consultation(session, sqlite_world)
        by = {
            "administration_id": sqlite_world.home,
            "consultation_id": made.id,
            "person_id": sqlite_world.ids["amina"],
        }
        words = ("Scans are enough.", "The fee should go.", steps.secret(20))
        said = [Statement(**by, words=each, language="en", at=steps.BEGUN) for each in words]
        said[0].translations = {"fr": "Les copies numérisées suffisent."}
        said[2].hidden_at = steps.BEGUN
        session.add_all(said)
        session.flush()
        both, fee, out = (each.id for each in said)
        groups = (
            Known(Side.TRADE, 0, 6, {both: (6, 0, 0), fee: (6, 0, 0), out: (6, 0, 0)}),
            Known(Side.AGENCIES, 1, 5, {both: (4, 0, 1), fee: (0, 5, 0), out: (5, 0, 0)}),
        )
        home = {"administration_id": sqlite_world.home, "consultation_id": made.id}
        session.add(StatementMap(**home, figures=figures(groups).to_json(), at=steps.BEGUN))
    asks = visitor(sqlite_world)
    page = bare(asks.get(f"/register/{made.ref}?lang=fr").body.decode())
    assert page.index("Les copies numérisées suffisent.") < page.index("Scans are enough.") < page.index("80 %")
    assert "The fee should go." in page and "100 %" in page and steps.SECRET not in page
    rows = json.loads(asks.get(f"/register/{made.ref}.json").body)["statements"]
    assert [(each["statement"], each["of"], each["agree"]) for each in rows] == [
        ("Scans are enough.", "everybody", 10),
        ("The fee should go.", "trade", 6),
        ("The fee should go.", "agencies", 0),
    ]
