"""Nobody learns or changes what is not theirs: trying it is answered as if it did not exist, after the same statements.

Threat rows 15, 16 and 33: handles, draft tokens, file ids and entity ids, replayed by everybody in any order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import select

import handlers
from bot.kit.events import Answered, Called, Submitted
from bot.kit.forms import FieldKind, FieldView
from db.machinery import Draft, Handle

from .life import a_day
from .replays import NAMES_NOTHING, PICKED, Replay, difference, picks, replays, tried
from .town import CAST, Town

EXAMPLES, STEPS, TRIES = 2, 10, 2
PROVED = 20  # times as many lives, before a release
SOME, MANY = 1, 12  # people who try each way; things they try it with, when there is time
SHARES = 4  # tests among which the tries of everybody are divided: one alone takes longer than a test may

Tries = list[tuple[int, int]]
people = st.sampled_from(sorted(CAST))
number = st.integers(0, 10**6)
tries = st.lists(st.tuples(number, number), min_size=TRIES, max_size=TRIES)


@pytest.fixture
def town(database_url: str) -> Iterator[Town]:
    made = Town(database_url)
    yield made
    made.close()


@pytest.mark.promise(
    "hostile.replay",
    "Whatever people with different rights try of each other's buttons, drafts, files and ids, in any order, they learn"
    " and change nothing: the same words after the same statements as for what does not exist.",
)
@pytest.mark.parametrize("database_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True)
def test_whatever_is_tried_in_whatever_order_is_as_if_it_did_not_exist(
    town: Town, request: pytest.FixtureRequest, record_property: Any
) -> None:
    a_day(town)
    town.remember()

    class Here(Lives):
        place = town

    counted: list[str] = []
    Here.counted = counted
    proving = request.config.getoption("--prove")
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=EXAMPLES * (PROVED if proving else 1),
            stateful_step_count=STEPS,
            deadline=None,
            phases=(Phase.explicit, Phase.reuse, Phase.generate),
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert counted, "nothing was tried"
    record_property("figure", f"{len(counted)} tries of {len(set(counted))} kinds")


class Lives(RuleBasedStateMachine):
    """A day in the town, then everybody goes on with what is theirs and tries what is not."""

    place: Town
    counted: list[str]

    @initialize()
    def a_day_passes(self) -> None:
        self.place.begin_again()

    # What people do; then somebody tries what is not theirs, each time

    @rule(who=people, which=number, spy=people, tries=tries)
    def somebody_presses_a_button_of_theirs(self, who: str, which: int, spy: str, tries: Tries) -> None:
        # Whoever is erased, or turns out to be somebody else, is nobody any longer who could try what is not theirs.
        gone = Handle.command.in_(("people.erase", "people.join"))
        theirs = Handle.person_id == self.place.ids[who], ~gone
        with self.place.sessions.reading() as session:
            tokens = session.scalars(select(Handle.token).where(*theirs).order_by(Handle.id)).all()
        if tokens:
            self.place.turn(Called(self.place.callers[who], handle=tokens[which % len(tokens)]))
        self.spies(spy, tries)

    @rule(who=people, spy=people, tries=tries)
    def somebody_finishes_what_they_began(self, who: str, spy: str, tries: Tries) -> None:
        begun = Draft.person_id == self.place.ids[who], Draft.is_current
        with self.place.sessions.reading() as session:
            draft = session.scalars(select(Draft).where(*begun)).first()
        view = self.place.do(who, draft.form, **draft.bound).answer.form if draft is not None else None
        if view is not None:
            values = {each.name: _some(each) for each in view.fields}
            self.place.turn(Submitted(self.place.callers[who], view.token, values))
        self.spies(spy, tries)

    @rule(who=people, spy=people, tries=tries)
    def somebody_says_something(self, who: str, spy: str, tries: Tries) -> None:
        self.place.turn(Answered(self.place.callers[who], "It is held at the port since Monday."))
        self.spies(spy, tries)

    @rule(spy=people, which=number)
    def somebody_tries_a_button_of_another(self, spy: str, which: int) -> None:
        self.spies(spy, [(0, which)])

    def spies(self, spy: str, tries: Tries) -> None:
        ways = replays(self.place, spy)
        for how, which in tries:
            way = ways[how % len(ways)]
            self.counted.append(way.what)
            _try(self.place, spy, way, [way.not_theirs[which % len(way.not_theirs)]])


@pytest.mark.promise("hostile.replay", "No kind of button, draft, file or id is left out of it.")
def test_every_way_is_tried_by_somebody(sqlite_url: str) -> None:
    """Each way in turn, with one thing that is not theirs: nothing hangs on what the lives above happened to meet."""
    town = Town(sqlite_url)
    a_day(town)
    tried_by: Counter[str] = Counter()
    for name in ("bob", "gus", "xeno", "gil", "pia", "adam", "stray", "cora"):
        for way in replays(town, name):
            if tried_by[way.what] < SOME:
                tried_by[way.what] += 1
                _try(town, name, way, [way.not_theirs[-1]])
    town.close()


@pytest.mark.slow
@pytest.mark.promise("hostile.replay", "Everybody tries everything that is not theirs, in every way.")
@pytest.mark.parametrize("share", range(SHARES))
def test_every_way_is_tried_by_everybody_with_everything(town: Town, share: int, record_property: Any) -> None:
    a_day(town)
    tries = 0
    for name in list(CAST)[share::SHARES]:
        for way in replays(town, name):
            few = way.not_theirs[:: max(1, len(way.not_theirs) // MANY)]
            tries += len(few)
            _try(town, name, way, few)
    record_property("figure", f"{tries} tries")


def test_every_field_that_is_picked_is_among_them() -> None:
    """A new one has to say whose ids it names, so that it is tried as well."""
    assert picks(handlers.registry) == set(PICKED) | NAMES_NOTHING


def _try(town: Town, who: str, way: Replay, ids: Sequence[Any]) -> None:
    nothing = tried(town, who, way, way.nobodys)
    for each in ids:
        found = difference(tried(town, who, way, each), nothing)
        assert not found, f"{who} tried {way.what} {each}, which is not theirs, and it {found}"


def _some(field: FieldView) -> Any:
    """An answer that fits."""
    match field.kind:
        case FieldKind.CHOICE | FieldKind.PICK:
            return field.value or (field.options[0].value if field.options else None)
        case FieldKind.NUMBER:
            return "9"
        case FieldKind.DATE:
            return "2027-05-05"
        case FieldKind.CONSENT:
            return True
        case FieldKind.FILES:
            return []
        case _:
            return "Something to say"
