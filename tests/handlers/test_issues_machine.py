"""Whatever people do to issues, in whatever order: what must always hold, holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, select

import db.tables  # noqa: F401  imported for its effect: every table is known to the metadata
from db.base import Base
from db.issues import UNDER_WAY, Issue, Problem, State
from db.machinery import Due, Receipt
from db.outcomes import TOLD, Outcome, owed
from db.people import Person, who
from db.session import Sessions, connect
from tests.world import World

from .issue_steps import proposed

TRADERS = ("amina", "badr", "emil")
OUTSIDER = "dina"  # takes part in nothing
EXAMPLES, STEPS = 3, 30  # a life takes some seconds; run more of them before a release

# Mostly whoever may, now and then somebody who may not.
traders = st.sampled_from(TRADERS)
officers = st.sampled_from(("ruiz", "ruiz", "olga", "gus"))
leads = st.sampled_from(("lena", "lena", "adam", "ruiz"))
anybody = st.sampled_from((*TRADERS, "ruiz", "olga", "lena", "gus", "lars", "cora", "adam"))
some = st.integers(0, 11)  # one of those there are


@pytest.mark.parametrize("database_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True)
def test_any_sequence_of_steps_keeps_every_promise(database_url: str) -> None:
    class OnThisDatabase(Lives):
        url = database_url

    run_state_machine_as_test(
        OnThisDatabase,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            phases=(Phase.explicit, Phase.reuse, Phase.generate),
            suppress_health_check=list(HealthCheck),
        ),
    )


class Lives(RuleBasedStateMachine):
    """Some traders and some staff, each doing what they may and what they may not."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        _empty(self.url)
        self.world = World(self.url)
        self.issues: list[int] = []
        self.owed_at_approval: dict[int, set[int]] = {}  # outcome -> who took part when it was approved

    def teardown(self) -> None:
        self.world.close()

    # What people do: mostly where it can be done, now and then where it cannot

    @initialize()
    def begins(self) -> None:
        for trader in ("amina", "badr"):
            self.raises(trader, "perishables")
        self.world.submit("ruiz", "issues.publish", {"line": "Goods are held up"}, issue=self.issues[0])

    @rule(who=st.sampled_from((*TRADERS, "lena")), sector=st.sampled_from(("perishables", "textiles")))
    def raises(self, who: str, sector: str) -> None:
        if len(self.issues) < 5:
            shown = self.world.submit(who, "issues.raise", {"detail": f"Held, says {who}.", "sector": sector})
            self.issues.append(int(shown.text.split("Reference: P-")[1].split()[0]))

    @rule(who=officers, one=some, what=st.sampled_from(("take", "ask", "reply", "inform", "escalate", "publish")))
    def the_desk_acts(self, who: str, one: int, what: str) -> None:
        issue = self.pick(one, State.OPEN, State.TAKEN)
        if what == "take":
            self.world.do(who, "issues.take", issue=issue)
        else:
            self.world.submit(who, f"issues.{what}", {"words": "Word", "reason": "Why", "line": "Line"}, issue=issue)

    @rule(who=traders, one=some, what=st.sampled_from(("answer", "answer", "add", "withdraw")))
    def a_trader_acts(self, who: str, one: int, what: str) -> None:
        issue = self.pick(one, State.ASKED)
        if what != "withdraw":
            self.world.submit(who, f"issues.{what}", {"words": f"Says {who}"}, issue=issue)
        elif "Withdraw it" in self.world.do(who, "issues.withdraw", issue=issue).buttons:
            self.world.press(who, "Withdraw it")

    @rule(who=officers, one=some, to=st.sampled_from(("perishables", "general", "ruiz", "olga", "gus", "textiles")))
    def it_goes_elsewhere(self, who: str, one: int, to: str) -> None:
        world, issue = self.world, self.pick(one, *UNDER_WAY)
        if to in world.centres:
            world.submit(who, "issues.hand_over", {"to": f"centre:{world.centres[to]}"}, issue=issue)
        elif to in world.ids:
            world.submit(who, "issues.hand_over", {"to": f"person:{world.ids[to]}"}, issue=issue)
        else:
            world.submit(who, "issues.sector", {"sector": to}, issue=issue)

    @rule(who=officers, one=some, other=some)
    def two_are_merged(self, who: str, one: int, other: int) -> None:
        into = str(self.pick(other, *UNDER_WAY))
        self.world.submit(who, "issues.merge", {"into": into}, issue=self.pick(one, State.OPEN, State.TAKEN))

    @rule(who=traders, one=some, form=st.sampled_from(("same", "contribute", "follow", "unfollow")))
    def somebody_joins_or_leaves(self, who: str, one: int, form: str) -> None:
        problems = [each.id for each in self.all(Problem)]
        problem = problems[one % len(problems)]
        if form in ("follow", "unfollow"):
            self.world.do(who, f"issues.{form}", problem=problem)
        else:
            self.world.submit(who, f"issues.{form}", {"words": f"Also with {who}"}, problem=problem)

    @rule(who=officers, lead=leads, one=some, then=st.sampled_from(("approve", "approve", "send back", "wait")))
    def an_outcome_is_proposed(self, who: str, lead: str, one: int, then: str) -> None:
        issue = self.pick(one, *UNDER_WAY)
        with self.world.parley.sessions.reading() as session:
            everybody = set(owed(session, issue))
        before = self.approved()
        proposed(self.world, issue, who)
        if then == "approve":
            self.world.do(lead, "issues.approve", issue=issue)
        if then == "send back":
            self.world.submit(lead, "issues.send_back", {"words": "More"}, issue=issue)
        for outcome in self.approved() - before:
            self.owed_at_approval[outcome] = everybody

    @rule(who=officers, one=some)
    def it_is_opened_again(self, who: str, one: int) -> None:
        self.world.submit(who, "issues.reopen", {"reason": "Because"}, issue=self.pick(one, State.SETTLED))

    @precondition(lambda self: self.owed_at_approval)
    @rule(who=anybody, one=some, verb=st.sampled_from(("outcome", "acknowledge", "helped", "not_helped")))
    def somebody_hears(self, who: str, one: int, verb: str) -> None:
        outcomes = sorted(self.owed_at_approval)
        self.world.do(who, f"issues.{verb}", outcome=outcomes[one % len(outcomes)])

    @rule(hours=st.sampled_from((1, 9, 30, 100)))
    def time_passes(self, hours: int) -> None:
        self.world.pass_time(hours=hours)

    # What always holds

    @invariant()
    def nothing_is_settled_without_an_outcome_two_people_agreed_on(self) -> None:
        for issue in self.all(Issue, Issue.state == State.SETTLED):
            approved = self.all(Outcome, Outcome.issue_id == issue.id, Outcome.approved_at.is_not(None))
            assert approved and all(each.approved_by_id != each.proposed_by_id for each in approved)

    @invariant()
    def everybody_who_took_part_has_exactly_one_receipt_for_each_outcome(self) -> None:
        told: dict[int, list[int]] = {outcome: [] for outcome in self.owed_at_approval}
        for receipt in self.all(Receipt, Receipt.about == TOLD):
            told[receipt.about_id].append(receipt.person_id)
        assert {outcome: sorted(people) for outcome, people in told.items()} == {
            outcome: sorted(people) for outcome, people in self.owed_at_approval.items()
        }

    @invariant()
    def one_outcome_waits_exactly_where_one_is_being_checked(self) -> None:
        for issue in self.all(Issue, Issue.state.in_(UNDER_WAY)):
            waits = [each for each in self.all(Outcome, Outcome.issue_id == issue.id) if each.is_pending]
            assert len(waits) == (issue.state is State.PROPOSED)

    @invariant()
    def an_officer_has_what_is_taken_and_nobody_what_is_open(self) -> None:
        for issue in self.all(Issue):
            if issue.state in (State.TAKEN, State.PROPOSED):
                assert issue.officer_id is not None
            if issue.state is State.OPEN:
                assert issue.officer_id is None

    @invariant()
    def the_clock_stands_still_exactly_while_somebody_is_asked(self) -> None:
        for issue in self.all(Issue):
            stands = bool(issue.spans()) and issue.spans()[-1][1] is None
            assert stands == (issue.state is State.ASKED)
            if issue.is_under_way:
                assert (issue.answer_due is None) == stands

    @invariant()
    def a_merger_leads_to_an_issue_that_speaks_for_itself(self) -> None:
        for issue in self.all(Issue):
            assert (issue.merged_into_id is not None) == (issue.state is State.MERGED)
            if issue.merged_into_id is not None:
                (into,) = self.all(Issue, Issue.id == issue.merged_into_id)
                assert into.state is not State.MERGED

    @invariant()
    def only_what_is_under_way_reminds_anybody(self) -> None:
        waiting = self.all(Due, Due.fired_at.is_(None), Due.cancelled_at.is_(None))
        reminded = {each.args["issue"] for each in waiting if each.job.startswith("issues.")}
        assert reminded <= {issue.id for issue in self.all(Issue, Issue.state.in_(UNDER_WAY))}

    @invariant()
    def what_has_ended_says_when_and_nothing_else_does(self) -> None:
        for issue in self.all(Issue):
            assert (issue.ended_at is None) == issue.is_under_way

    @invariant()
    def a_trader_sees_their_own_reports_only(self) -> None:
        with self.world.parley.sessions.reading() as session:
            for name in (*TRADERS, OUTSIDER):
                person = session.get_one(Person, self.world.ids[name])
                reader = who(session, person, at=self.world.clock.now())
                seen = session.scalars(select(Issue.reporter_id).where(Issue.visible_to(reader)).distinct()).all()
                assert set(seen) <= {person.id}

    # Looking

    def pick(self, one: int, *states: State) -> int:
        """One of the issues, three times out of four in one of these states where there is any."""
        fits = [each.id for each in self.all(Issue, Issue.state.in_(states))] if one % 4 else []
        among = fits or self.issues
        return among[one % len(among)]

    def approved(self) -> set[int]:
        return {each.id for each in self.all(Outcome, Outcome.approved_at.is_not(None))}

    def all(self, table: Any, *which: Any) -> list[Any]:
        with self.world.parley.sessions.reading() as session:
            return list(session.scalars(select(table).where(*which).order_by(table.id)))


def _empty(url: str) -> None:
    """Each life begins in an empty database."""
    sessions = Sessions(connect(url))
    with sessions.writing() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(delete(table))
    sessions.engine.dispose()
