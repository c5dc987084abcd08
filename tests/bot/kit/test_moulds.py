"""What many get alike is drawn once, and each gets buttons of their own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.kit.events import Answer
from bot.kit.moulds import KEPT, Moulds
from bot.kit.screen import Row, Screen, button, map_buttons
from bot.kit.text import Catalogues, Raw, Reader, Writer, _
from bot.platforms.slack import draw as slack
from bot.platforms.telegram.draw import draw as telegram

SEEN, MORE = button(_("Seen"), "broadcasts.reply", copy=0), button(_("More"), "broadcasts.show", copy=0)
ANSWER = Answer(Screen(Raw("Rules"), (Raw("They change."),), rows=(Row(Raw("One"), buttons=(MORE,)),), buttons=(SEEN,)))


def copy(number: int, series: str = "1") -> Answer:
    names = iter(f"handle{number}{letter}" for letter in "abc")
    mine: Answer = map_buttons(ANSWER, lambda each: replace(each, handle=next(names)))
    return replace(mine, series=series, outgoing=number)


@pytest.mark.parametrize("door", ["slack", "telegram"])
def test_a_copy_looks_as_if_it_had_been_drawn_alone(door: str) -> None:
    writer, times = Writer(Catalogues(Path("nowhere")), Reader("en", "Africa/Tunis")), list[int]()

    def draw(answer: Answer) -> object:
        times.append(1)
        return telegram(answer, writer) if door == "telegram" else slack.message(answer, writer, "https://p.example")

    moulds = Moulds()
    for number in range(3):
        one = copy(number)
        assert moulds.drawn(draw, one, "fr") == draw(one)
    assert len(times) == 3 + 1
    assert moulds.drawn(draw, copy(1), "ar") == draw(copy(1)), "another reader has another drawing"
    assert len(times) == 4 + 2


def test_what_is_nobodys_series_is_drawn_each_time_and_no_more_is_kept_than_that() -> None:
    moulds, times = Moulds(), list[str]()

    def draw(answer: Answer) -> str:
        times.append(answer.series)
        return answer.series

    for _again in range(2):
        moulds.drawn(draw, copy(1, ""))
    assert len(times) == 2
    for number in range(KEPT + 1):
        moulds.drawn(draw, copy(1, f"{number}"))
    moulds.drawn(draw, copy(1, "0"))
    assert times[-1] == "0", "the oldest has been forgotten"
