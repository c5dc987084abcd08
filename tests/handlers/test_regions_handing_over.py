"""Handing over an office: what will move is shown line by line, the next head accepts it, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from bot.kit.events import Caller
from bot.kit.screen import Screen, button, to_json
from bot.kit.text import _
from db.issues import Issue, Level, State
from db.machinery import Audit, Due, Handle, Outgoing, Sending
from db.meetings import Meeting
from db.people import Person, Role, RoleName, Scope, Sector, grant_role, who
from db.regions import Office, Successor, Takes, Term
from handlers.handing import MOVES
from handlers.issues.reminders import again_key
from handlers.regions.holdings import HANDED_OVER

from .people_world import YEAR, labels, text
from .region_world import ADMIN, AMINA, AP, COLE, NINA, NOEL, POSTS, SEAN, VERA, RegionWorld


@pytest.fixture
def world(database_url: str) -> Iterator[RegionWorld]:
    made = RegionWorld(database_url)
    yield made
    made.close()


def named(world: RegionWorld, takes: Takes = Takes.EVERYTHING) -> int:
    """Fiji is named to follow, led by Nina. Its office's id."""
    world.fill(
        VERA,
        "regions.hand_over",
        {"head": str(world.people[NINA]), "takes": takes.value, "last_day": world.day(days=700)},
        office=world.office_id,
        country="FJ",
    )
    with world.sessions.reading() as session:
        return session.scalars(select(Office.id).where(Office.term == Term.NAMED)).one()


def issue(world: RegionWorld, officer: Caller | None, *, regional: bool = True) -> int:
    """An issue of Amina's that an officer has in hand, taken to the region's level."""
    now = world.clock.now()
    level = Level.REGIONAL if regional else Level.NATIONAL
    with world.sessions.writing() as session:
        row = Issue(
            administration_id=world.home_id, title="Held", language="en", reporter_id=world.people[AMINA],
            sector=Sector.GENERAL, raised_at=now, clock_started_at=now, centre_id=world.desk_id, level=level,
            reached=level, region=AP if regional else None, state=State.TAKEN if officer else State.OPEN,
            officer_id=world.people[officer] if officer else None, taken_at=now if officer else None,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.id


def waits(world: RegionWorld, caller: Caller, once: str, **args: int) -> None:
    """News that wait for the end of somebody's night, with a button."""
    now = world.clock.now()
    screen = Screen(
        _("A desk asks for your advice."),
        buttons=(replace(button(_("Open"), "issues.show", issue=args["issue"]), handle="theirs"),),
    )
    with world.sessions.writing() as session:
        session.add(
            Outgoing(
                administration_id=world.home_id, person_id=world.people[caller], once=once, state=Sending.WAITING,
                screen={"~": "Answer", "screen": to_json(screen)}, created_at=now, not_before=now + timedelta(hours=9),
                expires_at=now + timedelta(days=3), trace="t",
            )
        )  # fmt: skip


def put_off(world: RegionWorld, caller: Caller, issue_id: int) -> None:
    """Somebody asked to be reminded of an issue tomorrow."""
    at = world.clock.now() + timedelta(days=1)
    with world.sessions.writing() as session:
        key = again_key(session.get_one(Issue, issue_id), world.people[caller], at)
        args = {"issue": issue_id, "person": world.people[caller]}
        session.add(Due(administration_id=world.home_id, job="issues.again", args=args, key=key, at=at))


def test_an_office_is_handed_over_in_one_reviewed_step(world: RegionWorld) -> None:
    held = issue(world, COLE)
    waits(world, COLE, "advice", issue=held)
    put_off(world, COLE, held)
    coming = named(world, Takes.REGION)
    told = world.news(world.people[NINA])[-1]
    assert "The Vice-Chair's office of" in text(told)
    assert world.held_by(NINA) == set(), "nothing has moved"
    assert "You may not do that." in text(world.open(COLE, "regions.accept", office=coming, seen="x"))
    assert "There is nothing here by that name" in text(world.open(AMINA, "regions.review", office=coming))
    world.fill(
        VERA,
        "regions.succeed",
        {"leaving": str(world.people[SEAN]), "successor": str(world.people[NOEL])},
        office=coming,
    )
    shown = world.press(NINA, told, "See what is handed over")
    said = text(shown)
    for line in (
        "Next office: Fiji", "Roles | 3 pass on", "Issues in hand | 1 passes on", "Reminders put off | 1 passes on",
        "Messages not sent yet | 1 passes on", "Sean | hands over to Noel", "Vera | hands over to Nina",
    ):  # fmt: skip
        assert line in said
    lines = text(world.open(NINA, "regions.review", office=coming, kind=_kind("Issues in hand")))
    assert f"P-{held:06d} | Cole → Nina" in lines and "Held" not in lines
    # Something changes while she reads: she is asked again, and nothing has moved.
    more = issue(world, COLE)
    again = world.press(NINA, shown, "Accept and take over")
    assert "This has changed since you looked." in text(again) and "Issues in hand | 2 pass on" in text(again)
    assert world.held_by(NINA) == set()
    lines_before = world.count(Audit)
    done = world.press(NINA, again, "Accept and take over")
    assert "with Fiji until" in text(done) and "Nina | Vice-Chair" in text(done) and "Noel | Secretary" in text(done)
    assert world.held_by(NINA) == {(RoleName.VICE_CHAIR, Scope.REGION, AP), (RoleName.COORDINATOR, Scope.REGION, AP)}
    assert world.held_by(NOEL) == {(RoleName.SECRETARY, Scope.REGION, AP)}
    assert world.held_by(VERA) == world.held_by(COLE) == world.held_by(SEAN) == set()
    assert {world.get(Issue, each).officer_id for each in (held, more)} == {world.people[NINA]}
    with world.sessions.reading() as session:
        moved = session.scalars(select(Outgoing).where(Outgoing.once.startswith("advice")).order_by(Outgoing.id)).all()
        assert [(each.person_id, each.state, each.reason) for each in moved] == [
            (world.people[COLE], Sending.EXPIRED, HANDED_OVER),
            (world.people[NINA], Sending.WAITING, None),
        ]
        due = session.scalars(select(Due).where(Due.job == "issues.again", Due.cancelled_at.is_(None))).one()
        assert due.args == {"issue": held, "person": world.people[NINA]}
        entry = session.scalars(select(Audit).order_by(Audit.id.desc())).first()
        assert entry is not None and (entry.what, entry.who) == ("regions.accept", world.people[NINA])
    assert world.count(Audit) == lines_before + 1
    for caller in (VERA, COLE, SEAN, NOEL):
        assert "has been handed over" in text(world.news(world.people[caller])[-1])
    assert "You have taken over: 1" in text(world.news(world.people[NOEL])[-1])
    # It cannot be done twice, and the next one can be named.
    assert "has taken over already" in text(world.press(NINA, again, "Accept and take over"))
    assert "Hand over to the next office" in labels(world.call(NINA, "region"))


def _kind(title: str) -> int:
    return [each.source for each, _find in MOVES].index(title)


def test_what_is_the_regions_alone_moves_and_the_rest_stays(world: RegionWorld) -> None:
    with world.sessions.writing() as session:
        cole = session.get_one(Person, world.people[COLE])
        now, desk = world.clock.now(), str(world.desk_id)
        grant_role(session, cole, RoleName.LEAD, scope=Scope.CENTRE, scope_id=desk, at=now, until=now + YEAR)
    national, regional = issue(world, COLE, regional=False), issue(world, COLE)
    coming = named(world, Takes.REGION)
    world.press(NINA, world.open(NINA, "regions.review", office=coming), "Accept and take over")
    assert world.held_by(COLE) == {(RoleName.LEAD, Scope.CENTRE, str(world.desk_id))}
    assert world.get(Issue, national).officer_id == world.people[COLE]
    assert world.get(Issue, regional).officer_id == world.people[NINA]


def test_it_can_be_taken_back_by_either_side(world: RegionWorld) -> None:
    for who_drops in (NINA, VERA):
        coming = named(world)
        dropped = world.open(who_drops, "regions.decline", office=coming, confirmed=True)
        assert "with Australia until" in text(dropped) and world.get(Office, coming).term is Term.DROPPED
        refused = world.open(NINA, "regions.accept", office=coming, seen="x")
        assert "There is nothing here" in text(refused) or "has taken over already" in text(refused)
    assert "was taken back" in text(world.news(world.people[NINA])[-1])


def test_whoever_cannot_hold_a_post_is_noticed_before_anything_moves(world: RegionWorld) -> None:
    coming = named(world)
    with world.sessions.writing() as session:
        session.add(Successor(office_id=coming, person_id=world.people[COLE], successor_id=world.people[NOEL]))
    shown = world.open(NINA, "regions.review", office=coming)
    with world.sessions.writing() as session:
        session.get_one(Person, world.people[NOEL]).registered_at = None
    assert "can hold no post here" in text(world.press(NINA, shown, "Accept and take over"))
    assert world.held_by(COLE) and world.get(Office, world.office_id).term is Term.SITTING


# Any roster

LEAVERS, OTHERS = (VERA, COLE, SEAN), (NINA, NOEL)
EXTRA = [
    (RoleName.OFFICER, Scope.CENTRE), (RoleName.LEAD, Scope.CENTRE), (RoleName.COORDINATOR, Scope.COUNTRY),
    (RoleName.ADMINISTRATOR, Scope.COUNTRY),
]  # fmt: skip
rosters = st.fixed_dictionaries(
    {
        "posts": st.lists(st.tuples(st.sampled_from(LEAVERS), st.sampled_from(sorted(POSTS.values()))), min_size=1),
        "extra": st.lists(st.tuples(st.sampled_from((*LEAVERS, *OTHERS)), st.sampled_from(EXTRA))),
        "successors": st.dictionaries(st.sampled_from(LEAVERS), st.sampled_from((*LEAVERS, *OTHERS))),
        "issues": st.lists(st.tuples(st.sampled_from(LEAVERS), st.booleans()), max_size=4),
        "takes": st.sampled_from(Takes),
    }
)


# Whoever leaves one post follows in another.
IN_A_ROW = {
    "posts": [(VERA, RoleName.VICE_CHAIR), (COLE, RoleName.SECRETARY), (SEAN, RoleName.SECRETARY)],
    "extra": [(COLE, EXTRA[0]), (SEAN, EXTRA[0])],
    "successors": {COLE: SEAN, SEAN: NOEL},
    "issues": [(COLE, True), (SEAN, True)],
    "takes": Takes.EVERYTHING,
}


@pytest.fixture
def lasting(sqlite_url: str) -> Iterator[RegionWorld]:
    made = RegionWorld(sqlite_url)
    yield made
    made.close()


@pytest.mark.promise("regions.handing_over", "Handing an office over loses no role, issue, reminder or unsent message.")
def test_nothing_is_lost_whatever_the_roster(lasting: RegionWorld) -> None:
    @settings(max_examples=4, phases=(Phase.explicit, Phase.generate))
    @given(roster=rosters)
    @example(roster=IN_A_ROW)
    def holds(roster: dict[str, Any]) -> None:
        _check(lasting, roster)

    holds()


def _check(world: RegionWorld, roster: dict[str, Any]) -> None:
    _begin_again(world, roster)
    with world.sessions.reading() as session:
        coming = session.scalars(select(Office.id).where(Office.term == Term.NAMED)).one()
    before = _holdings(world)
    # Read apart from the code that moves: whoever has a post hands it over, a Vice-Chair always to the head.
    posted = {holder for holder, role in before["roles"] if _is_post(role)}
    chairs = {holder for holder, role in before["roles"] if role == (RoleName.VICE_CHAIR, Scope.REGION, AP)}
    heir = {each: NINA if each in chairs else roster["successors"].get(each, NINA) for each in posted}
    everything = roster["takes"] is Takes.EVERYTHING
    shown = world.open(NINA, "regions.review", office=coming)
    assert world.get(Office, coming).term is Term.NAMED
    world.press(NINA, shown, "Accept and take over")
    assert world.get(Office, coming).term is Term.SITTING
    after = _holdings(world)
    expected = {
        (heir[holder] if holder in heir and (everything or _is_post(role)) else holder, role)
        for holder, role in before["roles"]
    }
    assert after["roles"] == expected | {(NINA, (RoleName.VICE_CHAIR, Scope.REGION, AP))}
    for kind in ("issues", "messages", "reminders"):
        moved = {(heir[holder] if holder in heir and goes else holder, what) for holder, what, goes in before[kind]}
        assert {(holder, what) for holder, what, _goes in after[kind]} == moved, kind


def _is_post(role: tuple[RoleName, Scope, str]) -> bool:
    return role[1] is Scope.REGION and role[2] == AP


def _begin_again(world: RegionWorld, roster: dict[str, Any]) -> None:
    """The roster, its issues, a reminder and a message of each, and the next office."""
    now = world.clock.now()
    with world.sessions.writing() as session:
        for table in (Handle, Outgoing, Due, Successor, Office, Issue):
            session.execute(delete(table))
        session.execute(update(Role).where(Role.person_id != world.people[ADMIN]).values(ends_at=now))
        for caller, post in roster["posts"]:
            person = session.get_one(Person, world.people[caller])
            grant_role(session, person, post, scope=Scope.REGION, scope_id=AP, at=now, until=now + YEAR)
        for caller, (name, scope) in roster["extra"]:
            person = session.get_one(Person, world.people[caller])
            place = str(world.desk_id) if scope is Scope.CENTRE else "TN"
            grant_role(session, person, name, scope=scope, scope_id=place, at=now, until=now + YEAR)
        common = {"administration_id": world.home_id, "region": AP, "named_at": now, "until": now + YEAR}
        session.add(Office(**common, country="AU", head_id=world.people[VERA], term=Term.SITTING, since=now))
        coming = Office(**common, country="FJ", head_id=world.people[NINA], term=Term.NAMED, takes=roster["takes"])
        session.add(coming)
        session.flush()
        for leaving, successor in roster["successors"].items():
            session.add(
                Successor(office_id=coming.id, person_id=world.people[leaving], successor_id=world.people[successor])
            )
    for number, (officer, regional) in enumerate(roster["issues"]):
        made = issue(world, officer, regional=regional)
        waits(world, officer, f"news:{number}", issue=made)
        put_off(world, officer, made)


def _holdings(world: RegionWorld) -> dict[str, set[Any]]:
    """Who holds what; of issues and what hangs on them also whether it passes on, by the rule of who sees them."""
    callers = {person: caller for caller, person in world.people.items()}
    now = world.clock.now()
    with world.sessions.reading() as session:
        roles = session.scalars(select(Role).where(Role.in_force(now), Role.person_id != world.people[ADMIN]))
        found: dict[str, set[Any]] = {
            "roles": {(callers[each.person_id], (each.name, each.scope, each.scope_id)) for each in roles}
        }
        takes = session.scalar(select(Office.takes).where(Office.country == "FJ"))
        handled = {
            (caller, each)
            for caller, person in world.people.items()
            for each in session.scalars(
                select(Issue.id).where(
                    Issue.handled_by(who(session, session.get_one(Person, person), at=now)),
                    *(() if takes is Takes.EVERYTHING else (Issue.reached != Level.NATIONAL,)),
                )
            )
        }
        issues = {each.id: callers[each.officer_id or 0] for each in session.scalars(select(Issue))}
        found["issues"] = {(holder, each, (holder, each) in handled) for each, holder in issues.items()}
        waiting = Outgoing.state == Sending.WAITING, Outgoing.once.startswith("news:")
        order = sorted(issues)
        found["messages"] = {
            (callers[row.person_id], row.once, (callers[row.person_id], order[int(row.once[5:])]) in handled)
            for row in session.scalars(select(Outgoing).where(*waiting))
        }
        open_ = Due.cancelled_at.is_(None), Due.job == "issues.again"
        found["reminders"] = {
            (
                callers[row.args["person"]],
                row.args["issue"],
                (callers[row.args["person"]], row.args["issue"]) in handled,
            )
            for row in session.scalars(select(Due).where(*open_))
        }
        assert session.scalar(select(func.count()).select_from(Issue)) == len(issues)
    return found


def test_what_the_office_had_passes_on_after_its_term_has_run_out(world: RegionWorld) -> None:
    now = world.clock.now()
    with world.sessions.writing() as session:
        meeting = Meeting(
            administration_id=world.home_id, language="en", organiser_id=world.people[VERA], region=AP, zone="UTC",
            called_at=now, changed_at=now.replace(microsecond=0), title="Quarterly",
        )  # fmt: skip
        session.add(meeting)
        session.flush()
        number = meeting.id
    office = named(world)
    world.clock.advance(YEAR + timedelta(days=1))
    assert world.held_by(VERA) == set()
    shown = world.open(NINA, "regions.review", office=office)
    assert "Meetings ahead | 1 passes on" in text(shown) and "Vera | hands over to Nina" in text(shown)
    world.press(NINA, shown, "Accept and take over")
    with world.sessions.reading() as session:
        assert session.get_one(Meeting, number).organiser_id == world.people[NINA]
    assert (RoleName.VICE_CHAIR, Scope.REGION, AP) in world.held_by(NINA)
    assert {(post, Scope.REGION, AP) for post in POSTS.values()} <= world.held_by(NINA), "those that ran out, too"
