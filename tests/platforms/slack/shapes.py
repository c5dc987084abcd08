"""Screens and forms of every shape the kit allows, with words nobody would choose."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from bot.kit.forms import FieldKind, FieldView, FormView, Option
from bot.kit.screen import (
    QR,
    Attachment,
    Bars,
    Box,
    Button,
    Dot,
    Fact,
    Grid,
    Picture,
    Plot,
    Progress,
    Quote,
    Row,
    Screen,
    Style,
    Table,
)
from bot.kit.text import (
    CATALOGUES,
    Catalogues,
    Code,
    Difference,
    Link,
    Named,
    Phrase,
    Raw,
    Reader,
    When,
    Writer,
    _,
    listed,
)

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LONG = "Ŧħīš ĩš ã võřḍ thät ïs lóng "

# What people write, and what Slack would make of it if we let it.
CORPUS = (
    "<!channel> <!here> <@U0000001> <#C0000001|general> <!subteam^S1>",
    "@channel @here @everyone @olga #general",
    "<https://evil.example|Customs> https://evil.example http://10.0.0.1/x www.evil.example evil.example",
    "a@b.example mailto:a@b.example",
    "*bold* _italic_ ~strike~ `code` ```block``` **bold**",
    "> quoted\n>>> all of it\n- item\n1. item",
    ":smile: :tada: :white_check_mark:",
    "&lt;b&gt; &amp; < > & <script>alert(1)</script>",
    "<!date^0^{date}|never>",
    "\x01date\x022\x02{time}\x02never\x03 \x0ebold\x0f",
    "{name} %s {0.__class__} ${x} {{7*7}}",
    "العربية <@U1> 123 P-7",
    "👨‍👩‍👧‍👦" * 20,
    "\u202egnp.exe \u2066x",
    "/approve_7 /parley raise",
    "\u3164",
    "",
)


class Pseudo(Catalogues):
    """Every phrase of ours at three times its length: no translation will be longer."""

    def translate(self, phrase: Phrase, language: str) -> str:
        source = phrase.plural if phrase.plural and phrase.args["count"] != 1 else phrase.source
        return source + " " + LONG * (1 + 2 * len(source) // len(LONG))


def writers() -> list[Any]:
    """Each language as it is, and the longest that one could be, from left and from right."""
    real = Catalogues(CATALOGUES)
    named = [(f"{language}", Writer(real, Reader(language, "Africa/Tunis"))) for language in ("en", "fr", "ar")]
    long = Pseudo(Path("none"))
    return [*named, ("long", Writer(long, Reader("en", "UTC"))), ("long-rtl", Writer(long, Reader("ar", "Asia/Tokyo")))]


words = st.one_of(
    st.sampled_from(CORPUS),
    st.text(max_size=40),
    st.integers(1, 120).map(lambda times: LONG * times),
    st.integers(1, 100).map(lambda times: "مرحبا <!here> " * times),
)
languages = st.sampled_from([None, "en", "fr", "ar", "xx"])
raws = st.builds(Raw, words, languages)
differences = st.builds(Difference, words, words, languages)
whens = st.builds(When, st.just(NOON), st.booleans(), st.sampled_from([None, "Africa/Dakar"]))
links = st.builds(Link, st.just("https://parley.example/a?b=c&d=e"), st.sampled_from([None, _("your page")]))
phrases = st.one_of(
    st.just(_("A short one")),
    words.map(lambda said: _("{name} wrote {what} on {day}.", name=said, what=Raw(said), day=date(2026, 1, 2))),
    st.builds(lambda when, link: _("Until {when}: see {page}.", when=when, page=link), whens, links),
)
texts = st.one_of(
    phrases, raws, differences, whens, links, words.map(Code), words.map(lambda said: Named({"en": said, "fr": said}))
)
values = st.one_of(
    texts,
    words,
    st.none(),
    st.integers(-(2**63), 2**63),
    st.booleans(),
    st.dates(),
    st.lists(raws, max_size=4).map(listed),
)
labels = st.one_of(phrases, raws, words.map(Code))
buttons = st.one_of(
    st.builds(
        lambda label, style, number: Button(label, "a.b", {}, style, handle=f"h{number}"),
        labels,
        st.sampled_from(Style),
        st.integers(0, 99),
    ),
    st.builds(lambda label: Button(label, url="https://parley.example/x"), labels),
    st.builds(lambda label: Button(label, "a.b"), labels),
)
rows = st.builds(Row, texts, st.one_of(st.none(), phrases, raws), st.lists(buttons, max_size=4).map(tuple))


@st.composite
def tables(draw: st.DrawFn) -> Table:
    columns = draw(st.integers(1, 24))
    cells = st.lists(values, min_size=columns, max_size=columns).map(tuple)
    return Table(draw(phrases), (_("Column"),) * columns, tuple(draw(st.lists(cells, max_size=6))))


def many(of: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[Any]:
    """A few different ones, or one of them very often."""
    few = st.lists(of, max_size=5).map(tuple)
    return st.one_of(few, st.builds(lambda one, times: (one,) * times, of, st.integers(0, most)))


@st.composite
def bars(draw: st.DrawFn) -> Bars:
    parts = draw(st.integers(1, 9))
    counts = st.lists(st.integers(0, 300), min_size=parts, max_size=parts).map(tuple)
    return Bars((_("A part"),) * parts, tuple(draw(st.lists(st.tuples(texts, counts), max_size=24))))


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    """Whatever stands in it: also two in one place, which a timetable under way may have."""
    columns, rows = draw(st.integers(1, 10)), draw(st.integers(1, 6))
    boxes = st.builds(
        Box,
        title=texts,
        when=texts,
        lines=many(texts, 2),
        column=st.one_of(st.none(), st.integers(0, columns - 1)),
        row=st.integers(0, rows - 1),
        rows=st.integers(1, 4),
        colour=st.one_of(st.none(), st.integers(0, 9)),
    )
    return Grid(_("Time"), (Raw("Room B"),) * columns, (Raw("09:00"),) * rows, draw(many(boxes, 8)))


dots = st.builds(
    Dot,
    title=texts,
    count=st.integers(0, 5000),
    x=st.integers(-100, 100),
    y=st.integers(-100, 100),
    colour=st.one_of(st.none(), st.integers(0, 9)),
)
plots = st.builds(Plot, st.lists(dots, max_size=8).map(tuple))
pictures = st.builds(
    Picture, phrases, st.one_of(bars(), grids(), plots, st.just(QR("https://parley.example/calendar/x.ics")))
)
bodies = st.one_of(
    texts,
    st.builds(Quote, st.one_of(raws, differences), st.one_of(st.none(), phrases), st.one_of(st.none(), phrases)),
    st.builds(Progress, st.integers(-3, 200), st.integers(0, 100), st.one_of(st.none(), phrases)),
)
screens = st.builds(
    Screen,
    heading=texts,
    body=many(bodies, 70),
    facts=many(st.builds(Fact, phrases, values), 60),
    rows=many(rows, 70),
    table=st.one_of(st.none(), tables()),
    files=many(st.builds(Attachment, st.integers(1, 9), words, st.none()), 20),
    buttons=many(buttons, 40),
    pictures=st.lists(pictures, max_size=2).map(tuple),
)


@st.composite
def fields(draw: st.DrawFn, name: str) -> FieldView:
    kind = draw(st.sampled_from([kind for kind in FieldKind if kind is not FieldKind.ABOUT]))
    offered = tuple(Option(str(number), label) for number, label in enumerate(draw(many(labels, 130))))
    value: Any = None
    if draw(st.booleans()):
        match kind:
            case FieldKind.CHOICE | FieldKind.PICK:
                value = offered[0].value if offered else "gone"
            case FieldKind.DATE:
                value = "2026-12-04"
            case FieldKind.FILES:
                value = [1, 2]
            case FieldKind.CONSENT:
                value = True
            case FieldKind.NUMBER:
                value = 7
            case _:
                value = draw(words)
    return FieldView(
        name=name,
        kind=kind,
        label=draw(phrases),
        hint=draw(st.one_of(st.none(), phrases)),
        max=draw(st.sampled_from([0, 1, 60, 3000, 9000])),
        optional=draw(st.booleans()),
        options=offered,
        value=value,
        answered=value is not None,
        shown=draw(values) if value is not None else None,
        error=draw(st.one_of(st.none(), phrases)),
        affects=draw(st.booleans()),
    )


@st.composite
def forms(draw: st.DrawFn) -> FormView:
    names = [f"field{number}" for number in range(draw(st.integers(1, 7)))]
    asked = tuple(draw(fields(name)) for name in names)
    asking = draw(st.sampled_from([None, *names]))
    handled = Button(_("Back"), "form.back", {}, handle="h")
    return FormView(
        form="a.b",
        title=draw(phrases),
        token="7",
        fields=asked,
        intro=draw(many(bodies, 30)),
        asking=asking,
        step=1,
        total=len(asked),
        refusal=draw(st.one_of(st.none(), phrases)),
        choices=draw(many(buttons, 8)),
        back=draw(st.sampled_from([None, handled])),
        skip=draw(st.sampled_from([None, handled])),
        cancel=handled,
        send=handled if asking is None else None,
    )
