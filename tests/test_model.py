"""The arithmetic of the paper model: loads add up, grow with people, and what is missing is named."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .bench import model

COSTS = model.Costs(turn=8.0, message=1.0)
DAILY = model.World(people=864_000, turns_a_year=365, broadcasts_a_year=0, due_a_year=0, peak=1.0)


def test_a_turn_a_day_of_864000_people_is_ten_a_second() -> None:
    found = model.needs(DAILY, COSTS)
    assert found["worker"].load == pytest.approx(10 * 8.0 / 1000)
    assert found["web"].load == pytest.approx(10 * 1.5 / 1000)
    assert found["clock"].load == 0 and found["clock"].count == 1
    assert model.first_full(DAILY, COSTS).process == "worker"


@given(st.integers(2, 50))
def test_the_load_grows_with_the_people(times: int) -> None:
    small, large = (model.needs(replace(DAILY, people=864_000 * each), COSTS) for each in (1, times))
    assert all(large[name].load == pytest.approx(times * small[name].load) for name in small)


def test_what_is_full_first_is_full_with_those_people() -> None:
    name, people = model.people_for(model.World(), COSTS, cores={"web": 4, "worker": 8, "clock": 2, "postgresql": 8})
    load = model.needs(replace(model.World(), people=people), COSTS)[name].load
    assert load == pytest.approx({"web": 4, "worker": 8, "clock": 2, "postgresql": 8}[name] * model.FULL, rel=1e-3)


def test_the_platforms_limits() -> None:
    world = model.World(people=1_000_000, telegram=1.0, mail=0, slack=0)
    assert model.hours_to_all(world)["telegram"] == pytest.approx(1_000_000 / 30 / 3600)


def test_what_has_to_be_measured_first_is_named(tmp_path: Path) -> None:
    report = tmp_path / "bench.json"
    assert model.costs_from(report) == ["turn_telegram", "broadcast_cpu"]
    report.write_text(json.dumps([{"name": "turn_telegram", "value": 9.0}, {"name": "broadcast_cpu", "value": 1.2}]))
    assert model.costs_from(report) == model.Costs(turn=9.0, message=1.2)
    assert [each.name for each in model.figures(report)][:4] == [
        "model_web", "model_worker", "model_clock", "model_postgresql",
    ]  # fmt: skip
