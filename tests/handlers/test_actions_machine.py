"""An action under any sequence of what its people do: nothing counts that both owners have not confirmed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.actions import UNDER_WAY, Action, DropReason, Side, State
from tests.world import World

from .action_steps import proposed

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
OWNERS = {Side.CUSTOMS: 1, Side.BUSINESS: 2}
PEOPLE = (1, 2, 3, 4)
STEPS = st.tuples(
    st.sampled_from(
        ("agree", "offer", "take_over", "stay", "begin", "claim", "confirm", "dispute", "go_on", "drop", "move")
    ),
    st.sampled_from(Side),
    st.sampled_from(PEOPLE),
)


def new() -> Action:
    return Action(
        id=7,
        state=State.PROPOSED,
        customs_owner_id=1,
        business_owner_id=2,
        business_organisation_id=1,
        due_day=date(2026, 12, 31),
        zone="UTC",
        run=1,
    )


@dataclass
class Model:
    """The same rules told a second time, by what was said last."""

    owner: dict[Side, int] = field(default_factory=lambda: dict(OWNERS))
    agreed: set[Side] = field(default_factory=set)
    asked: dict[Side, int] = field(default_factory=dict)
    said: list[Side] = field(default_factory=list)  # who says that it is done, since it last went on
    is_disputed: bool = False
    has_begun: bool = False
    ended: State | None = None

    @property
    def state(self) -> State:
        if self.ended is not None:
            return self.ended
        if len(self.agreed) < 2:
            return State.PROPOSED
        if self.said:
            return State.DISPUTED if self.is_disputed else State.CLAIMED
        return State.IN_PROGRESS if self.has_begun else State.ADOPTED

    def does(self, step: str, side: Side, person: int) -> bool:
        if self.ended is not None:
            return False
        match step:
            case "agree" if side not in self.agreed:
                self.agreed.add(side)
            case "offer" if side not in self.asked and person not in (
                *self.owner.values(),
                self.asked.get(side.other),
            ):
                self.asked[side] = person
            case "take_over" if self.asked.get(side) == person:
                self.owner[side] = self.asked.pop(side)
                self.agreed.add(side)
            case "stay" if side in self.asked:
                del self.asked[side]
            case "begin" if self.state is State.ADOPTED:
                self.has_begun = True
            case "claim" if self.state in (State.ADOPTED, State.IN_PROGRESS, State.DISPUTED):
                self.said, self.is_disputed = [side], False
            case "confirm" if self.said == [side.other]:
                self.said.append(side)
                self.ended = State.DONE
            case "dispute" if self.said == [side.other] and not self.is_disputed:
                self.is_disputed = True
            case "go_on" if self.said:
                self.said, self.is_disputed, self.has_begun = [], False, True
            case "drop":
                self.ended = State.DROPPED
                self.asked.clear()
            case "move":
                pass
            case _:
                return False
        return True


def act(action: Action, step: str, side: Side, person: int, number: int) -> bool:
    match step:
        case "agree" | "confirm":
            return bool(getattr(action, step)(side, at=NOW))
        case "offer":
            return action.offer(side, person)
        case "take_over":
            return action.take_over(side, person, 1, at=NOW)
        case "begin" | "go_on":
            return bool(getattr(action, step)())
        case "drop":
            return action.drop(DropReason.LAW, at=NOW)
        case "move":
            return action.move(date(2027, 1, 1 + number % 28), NOW)
        case _:
            return bool(getattr(action, step)(side))


@pytest.mark.promise("actions.both", "Whatever is done in whatever order, only what both owners confirmed is done.")
@settings(max_examples=150)
@given(st.lists(STEPS, max_size=40))
def test_any_sequence_of_steps_goes_as_the_rules_say(steps: list[tuple[str, Side, int]]) -> None:
    action, model = new(), Model()
    for number, (step, side, person) in enumerate(steps):
        before, run = action.state, action.run
        assert act(action, step, side, person, number) == model.does(step, side, person), (step, side, before)
        assert action.state is model.state
        assert {each: action.owner(each) for each in Side} == model.owner
        assert {each: asked for each in Side if (asked := action.next(each)) is not None} == model.asked
        assert action.owner(Side.CUSTOMS) != action.owner(Side.BUSINESS)
        assert (action.state is State.DONE) == (len(model.said) == 2)
        assert (action.adopted_at is not None) == (len(model.agreed) == 2)
        assert action.is_under_way == (action.state in UNDER_WAY) == (action.ended_at is None)
        assert action.run == run + (step == "move" and before in UNDER_WAY)


STEPS_AT_ONCE = 50  # a turn costs some 30 ms; run more of them before a release
TURNS = ("own", "go_on", "confirm", "take_over", "decline", "show", "milestones", "more", "actions", "listed")
FORMS: dict[str, dict[str, Any]] = {
    "done": {"words": "Done."},
    "dispute": {"words": "No."},
    "progress": {"words": "Half."},
    "need_help": {"words": "Help."},
    "advise": {"words": "Try."},
    "drop": {"reason": "law", "words": "Why."},
    "snooze": {"days": "1", "reason": "away", "words": None},
    "move": {"due_day": "2027-01-04", "words": "Later."},
    "evidence": {"words": "This.", "link": None, "files": None},
}


def test_anybody_may_try_anything_in_any_order(sqlite_world: World) -> None:
    """On the real engine: each turn is answered, and the last word before "done" was the other owner's."""
    world, chance = sqlite_world, random.Random(5)
    action = proposed(world)
    said: list[str] = []
    for _number in range(STEPS_AT_ONCE):
        name = chance.choice(("ruiz", "amina", "ruiz", "amina", "cora", "emil", "badr", "olga"))
        verb = chance.choice((*TURNS, *FORMS, "own", "done", "confirm", "dispute", "hand_over"))
        verb = "progress" if verb == "drop" and len(said) < STEPS_AT_ONCE * 0.7 else verb
        state = _state(world, action)
        if verb == "hand_over":
            world.submit(name, "actions.hand_over", {"to": str(world.ids["emil"]), "words": None}, action=action)
        elif verb in FORMS:
            world.submit(name, f"actions.{verb}", FORMS[verb], action=action)
        else:
            world.do(name, f"actions.{verb}", action=action, year=2026, what="done")
        now = _state(world, action)
        said.append(f"{state} {name} {verb} {now}")
        if now is State.DONE:
            assert verb == "confirm" and state in (State.CLAIMED, State.DISPUTED), said[-1]
        if state in (State.DONE, State.DROPPED):
            assert now is state
    assert any(" done " in each for each in said)


def _state(world: World, action: int) -> State:
    with world.parley.sessions.reading() as session:
        return session.get_one(Action, action).state
