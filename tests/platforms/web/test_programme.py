"""A programme at its address: whole to whoever sees the symposium, without names to strangers, and readable by ear."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.kit.screen import Box, Grid, Picture
from bot.kit.text import Raw, _
from bot.platforms.web.grids import laid_out
from db.audiences import Audience
from tests.handlers.programme_steps import REEFERS, needed, published, set_up
from tests.platforms.web.browser import Browser
from tests.world import World


@pytest.fixture
def world(sqlite_url: str) -> Iterator[World]:
    made = World(sqlite_url)
    yield made
    made.close()


def test_a_programme_stands_at_its_address(world: World) -> None:
    symposium = set_up(world)
    needed(world, REEFERS, "amina")
    stranger = Browser(world, language="fr")
    assert "Parley" in stranger.open(f"/symposia/S-{symposium}") and stranger.status == 401, "it is not out"
    published(world, symposium)
    read = stranger.open(f"/symposia/s{symposium}")
    assert stranger.status == 200 and read.attributes == {"lang": "fr", "dir": "ltr"}
    assert REEFERS in read and "mardi 2 mars 2027" in read and "Palace of Congresses" in read
    assert "Amina" not in read and "<form" not in read.html, "strangers read when, where and what"
    for nothing in ("S-99", "S-1'--", "%D9%A1%D9%A1", "S-999999999999999999999"):
        assert "Parley" in stranger.open(f"/symposia/{nothing}") and stranger.status == 401

    member = Browser(world)
    member.sign_in("dina")
    shown = member.open(f"/symposia/S-{symposium}")
    assert "Amina" in shown and "Back to S-1" in shown and "Change the programme" not in shown
    assert 'role="columnheader">' in shown.html and 'role="rowheader">' in shown.html and 'tabindex="0"' in shown.html
    assert '<p class="title" lang="en">' in shown.html
    assert 'colspan="2"' in shown.html, "a plenary and a break are across all rooms"
    assert "style=" not in shown.html, "the page's policy would refuse it"
    officer = Browser(world)
    officer.sign_in("ruiz")
    officer.open(f"/symposia/S-{symposium}")
    assert "Swap two sessions" in officer.press("Change the programme")

    closed = set_up(world, title="For agencies", audience=Audience.AGENCIES)
    published(world, closed)
    stranger.open(f"/symposia/S-{closed}")
    assert stranger.status == 401
    assert "not yours to see" in member.open(f"/symposia/S-{closed}")


def test_a_grid_becomes_the_rows_of_a_table() -> None:
    def box(title: str, **where: int | None) -> Box:
        return Box(Raw(title), Raw("then"), **where)  # type: ignore[arg-type]

    grid = Grid(
        _("Time"),
        (Raw("A"), Raw("B")),
        (Raw("9"), Raw("10"), Raw("11")),
        (
            box("all", row=0),
            box("long", column=0, row=1, rows=2),
            box("late", column=1, row=2),
            box("both", column=0, row=2),
        ),
    )
    rows = laid_out(Picture(_("Day"), grid))
    assert rows is not None
    shown = [
        [(cell.rows, cell.columns, [each.title for each in cell.boxes]) for cell in cells] for _label, cells in rows
    ]
    assert shown == [
        [(1, 2, [Raw("all")])],
        [(2, 1, [Raw("long"), Raw("both")]), (1, 1, [])],  # two in one place stand together
        [(1, 1, [Raw("late")])],
    ]
