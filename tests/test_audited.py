"""Every change and every sensitive read is an audit line: what a command reads is decided when it is made.

Changes need no list: `tests/world.py` looks after each turn that whatever wrote left a line. What a command shows is
not to be seen from outside, so each says so: it `reads`, or stands here with the reason why nobody needs to know.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

import handlers
from bot.engine.rows import Rows
from bot.kit.forms import Form
from db.machinery import Audit
from tests.handlers.issue_steps import raised
from tests.world import World

OWN = "one's own"
PUBLIC = "what every member may see, about nobody in particular"
TITLES = "titles and states, of what is opened with a command that reads"
CHANGES = "a change, which always leaves a line"
WITHOUT_NAMES = "what was said to everybody who takes part, without anybody's name"
PUBLIC_HOURS = "clocks, calendars and the published ledger of countries"
PUBLISHED = "figures of a plan for those whose plan it is, about nobody in particular"
COUNTED = "how many there are, for whoever runs it"
TEXT = "a text its owners are drafting, about nobody in particular"
OWN_WORDS = "what is to be told to many, for those who may send it"
PUBLIC_OFFICE = "who holds a public office, and until when"

SHOWS_NOTHING_OF_OTHERS = {
    "conclusions.outcome": OWN,
    "conclusions.read": OWN,
    "conclusions.told": "what is published, about nobody in particular",
    "conclusions.trail": OWN,
    "calendars.calendar": OWN,
    "calendars.everybodys": PUBLIC,
    "calendars.renew": CHANGES,
    "calendars.stop": CHANGES,
    "calendars.subscribe": CHANGES,
    "actions.actions": OWN,
    "actions.asked": OWN,
    "actions.confirm": CHANGES,
    "actions.decline": CHANGES,
    "actions.go_on": CHANGES,
    "actions.listed": TITLES,
    "actions.milestones": TITLES,
    "actions.more": TITLES,
    "actions.own": CHANGES,
    "actions.own_all": CHANGES,
    "actions.plan": TITLES,
    "actions.publish": CHANGES,
    "actions.report": PUBLISHED,
    "actions.reports": PUBLISHED,
    "actions.rows": TITLES,
    "actions.take_over": CHANGES,
    "actions.tick": CHANGES,
    "broadcasts.again": CHANGES,
    "broadcasts.archive": TITLES,
    "broadcasts.audience": COUNTED,
    "broadcasts.broadcasts": "titles, of what one was sent or may send",
    "broadcasts.compose": COUNTED,
    "broadcasts.drop": CHANGES,
    "broadcasts.halt": CHANGES,
    "broadcasts.pause": CHANGES,
    "broadcasts.preview": COUNTED,
    "broadcasts.progress": COUNTED,  # its page is drawn again every ten seconds
    "broadcasts.rendering": OWN_WORDS,
    "broadcasts.resume": CHANGES,
    "broadcasts.show": "what one was sent, or may send",
    "broadcasts.stop": CHANGES,
    "broadcasts.submit": CHANGES,
    "broadcasts.take_back": CHANGES,
    "broadcasts.test": CHANGES,
    "broadcasts.tried": OWN_WORDS,
    "broadcasts.unword": CHANGES,
    "attendance.admit": CHANGES,
    "attendance.answered": CHANGES,
    "attendance.code": OWN,
    "attendance.desk": COUNTED,
    "attendance.door_code": "a code that hangs at a door",
    "attendance.materials": TITLES,
    "attendance.proof": OWN,
    "attendance.proven": "what a proof says of itself, to whoever was given it",
    "attendance.rate": CHANGES,
    "attendance.session": COUNTED,
    "attendance.set_aside": CHANGES,
    "attendance.vote": CHANGES,
    "agencies.call_off": CHANGES,
    "agencies.conceal": CHANGES,
    "agencies.consent": OWN,
    "agencies.disclose": CHANGES,
    "agencies.parts": OWN,
    "consultations.arrive": PUBLIC,
    "consultations.asked": OWN,
    "consultations.choose": CHANGES,
    "consultations.consultations": TITLES,
    "consultations.contributions": OWN,
    "consultations.mine": OWN,
    "consultations.present": TITLES,
    "consultations.read": PUBLIC,
    "consultations.read_clause": PUBLIC,
    "consultations.said": WITHOUT_NAMES,
    "consultations.show": PUBLIC,
    "consultations.to_answer": OWN,
    "consultations.unsay": CHANGES,
    "consultations.voice": WITHOUT_NAMES,
    "consultations.voices": WITHOUT_NAMES,
    "centres.centre": PUBLIC,
    "centres.centres": PUBLIC,
    "centres.rest": CHANGES,
    "centres.sectors": PUBLIC,
    "consultations.about": TITLES,
    "consultations.about_shared": PUBLIC,
    "consultations.all_changes": PUBLIC,
    "consultations.call_meeting": CHANGES,
    "consultations.changes": PUBLIC,
    "consultations.check": TEXT,
    "consultations.discard": CHANGES,
    "consultations.document": PUBLIC,
    "consultations.document_out": CHANGES,
    "consultations.documents": PUBLIC,
    "consultations.draft": TEXT,
    "consultations.draft_clause": TEXT,
    "consultations.drafts": TEXT,
    "consultations.drop_links": CHANGES,
    "consultations.join_clause": CHANGES,
    "consultations.keep_all": CHANGES,
    "consultations.keep_links": CHANGES,
    "consultations.leave": CHANGES,
    "consultations.meetings": TITLES,
    "consultations.more": TITLES,
    "consultations.open": CHANGES,
    "consultations.own": CHANGES,
    "consultations.ownership": OWN,  # who owns it beside oneself
    "consultations.proposals": TITLES,
    "consultations.question_out": CHANGES,
    "consultations.question_up": CHANGES,
    "consultations.questions": PUBLIC,
    "consultations.silent": COUNTED,
    "consultations.take_back": CHANGES,
    "consultations.take_out": CHANGES,
    "consultations.translate": PUBLIC,
    "consultations.translations": COUNTED,
    "consultations.unask": CHANGES,
    "home.help": PUBLIC,
    "home.safely": PUBLIC,
    "home.show": OWN,
    "issues.approve": CHANGES,
    "issues.complete": CHANGES,
    "issues.desk": TITLES,
    "issues.enough": OWN,
    "issues.follow": CHANGES,
    "issues.mine": OWN,
    "issues.more": TITLES,
    "issues.outcome": OWN,
    "issues.outcomes": OWN,
    "issues.problem": PUBLIC,
    "issues.problems": PUBLIC,
    "issues.put_off": OWN,
    "issues.shared": OWN,
    "issues.take": CHANGES,
    "issues.unfollow": CHANGES,
    "issues.withdraw": CHANGES,
    "people.act": CHANGES,
    "people.come": CHANGES,
    "people.country": OWN,
    "people.data": OWN,
    "people.email": OWN,
    "people.email_again": CHANGES,
    "people.email_first": CHANGES,
    "people.email_meetings": CHANGES,
    "people.email_remove": CHANGES,
    "people.email_signin": OWN,
    "people.email_stop": CHANGES,
    "people.end": CHANGES,
    "people.erase": CHANGES,
    "people.hear": CHANGES,
    "people.join": CHANGES,
    "people.keep_apart": CHANGES,
    "people.leave": CHANGES,
    "people.letter": OWN,
    "people.link": OWN,
    "people.preferences": OWN,
    "people.refuse": CHANGES,
    "people.revoke": CHANGES,
    "people.signin": OWN,
    "people.still": CHANGES,
    "people.topics": OWN,
    "people.verify": CHANGES,
    **dict.fromkeys(("protocols.changes", "protocols.kept", "protocols.protocol"), PUBLIC),
    **dict.fromkeys(("protocols.version", "protocols.versions"), PUBLIC),
    **dict.fromkeys(("protocols.discard", "protocols.drop", "protocols.publish"), CHANGES),
    **dict.fromkeys(("protocols.redraft", "protocols.suggest"), CHANGES),
    "programmes.closed_rooms": PUBLIC,
    "programmes.keep": CHANGES,
    "programmes.leave": CHANGES,
    "programmes.make": CHANGES,
    "programmes.move": TITLES,
    "programmes.open_room": CHANGES,
    "programmes.programme": PUBLIC,  # names of those who agreed to be on it
    "programmes.publish": CHANGES,
    "programmes.seen": OWN,
    "programmes.stop": CHANGES,
    "programmes.take": CHANGES,
    "programmes.whole": PUBLIC,
    "recognition.act": CHANGES,
    "recognition.close": CHANGES,
    "recognition.column": OWN,
    "recognition.criteria": PUBLIC,
    "recognition.gaps": "where agencies stand, and never why",
    "recognition.on_agenda": CHANGES,
    "recognition.open": CHANGES,
    "recognition.recognition": "where agencies stand, and never why",
    "recognition.remind": CHANGES,
    "recognition.retire": CHANGES,
    "recognition.to_roundtable": CHANGES,
    "regions.accept": CHANGES,
    "regions.choice": PUBLIC_HOURS,
    "regions.choose": CHANGES,
    "regions.decline": CHANGES,
    "regions.drop_plan": CHANGES,
    "regions.end_term": CHANGES,
    "regions.every": PUBLIC,
    "regions.hold": CHANGES,
    "regions.ledger": PUBLIC_HOURS,
    "regions.meeting": TITLES,
    "regions.members": PUBLIC,
    "regions.move_to": CHANGES,
    "regions.plan_shown": PUBLIC_HOURS,
    "regions.region": PUBLIC_OFFICE,
    "regions.shift": PUBLIC_HOURS,
    "regions.slot": PUBLIC_HOURS,
    "regions.slots": PUBLIC_HOURS,
    "regions.unseat": CHANGES,
    "registrations.accept": CHANGES,
    "registrations.allocate": CHANGES,
    "registrations.cancel": CHANGES,
    "registrations.choose": OWN,
    "registrations.decline": CHANGES,
    "registrations.delegation": OWN,  # whom one has nominated oneself
    "registrations.desk": COUNTED,
    "registrations.give_up": CHANGES,
    "registrations.keep_seat": CHANGES,
    "registrations.kinds": PUBLIC,
    "registrations.origins": COUNTED,
    "registrations.programme": OWN,
    "registrations.questions": COUNTED,
    "registrations.register": CHANGES,
    "registrations.retire": CHANGES,
    "registrations.rooms": COUNTED,
    "registrations.rule": PUBLIC,
    "registrations.seats": OWN,
    "registrations.take": CHANGES,
    "registrations.wish": CHANGES,
    "roundtables.accept": CHANGES,
    "roundtables.admit": CHANGES,
    "roundtables.again": CHANGES,
    "roundtables.arrange": TITLES,
    "roundtables.bind": CHANGES,
    "roundtables.case_papers": CHANGES,
    "roundtables.close_room": CHANGES,
    "roundtables.finish": CHANGES,
    "roundtables.fix": CHANGES,
    "roundtables.from_issue": CHANGES,
    "roundtables.follow": CHANGES,
    "roundtables.give_up": CHANGES,
    "roundtables.held": CHANGES,
    "roundtables.item_first": CHANGES,
    "roundtables.item_off": CHANGES,
    "roundtables.let_go": CHANGES,
    "roundtables.not_the_others": CHANGES,
    "roundtables.open_slack": CHANGES,
    "roundtables.open_topic": CHANGES,
    "roundtables.remove": CHANGES,
    "roundtables.roundtables": TITLES,
    "roundtables.seen": CHANGES,
    "roundtables.stand_beside": CHANGES,
    "roundtables.strike": CHANGES,
    "roundtables.take_over": CHANGES,
    "roundtables.topics": TITLES,
    "roundtables.unfollow": CHANGES,
    "roundtables.vote": CHANGES,
    "roundtables.was": CHANGES,
    "statements.figures": "sums of five people and more",
    "statements.map": "sums of five people and more",
    "statements.mine": OWN,
    "statements.next": PUBLIC,  # sentences without a name
    "statements.put_back": CHANGES,
    "statements.statement": PUBLIC,
    "statements.statements": PUBLIC,
    "statements.vote": CHANGES,
    "statements.votes": OWN,
    "statements.withdraw": CHANGES,
    "symposia.announce": CHANGES,
    "symposia.ask_again": CHANGES,
    "symposia.block_off": CHANGES,
    "symposia.come": CHANGES,
    "symposia.conflict": CHANGES,
    "symposia.criteria": PUBLIC,
    "symposia.criterion_off": CHANGES,
    "symposia.from_issue": TITLES,
    "symposia.lock": CHANGES,
    "symposia.mine": OWN,
    "symposia.more": TITLES,
    "symposia.offered": PUBLIC,
    "symposia.part": OWN,
    "symposia.part_off": CHANGES,
    "symposia.parts": OWN,
    "symposia.points": CHANGES,
    "symposia.repeat": CHANGES,
    "symposia.reviewer_off": CHANGES,
    "symposia.room_off": CHANGES,
    "symposia.rooms": PUBLIC,
    "symposia.sessions": TITLES,
    "symposia.show": PUBLIC,
    "symposia.symposia": TITLES,
    "symposia.times": PUBLIC,
    "symposia.track_off": CHANGES,
    "symposia.track_on": CHANGES,
    "symposia.tracks": PUBLIC,
    "symposia.unlock": CHANGES,
    "symposia.withdraw": CHANGES,
}
# A form leaves a line when it is sent. Opened, these show nothing that others wrote in private.
OPENS_WITH_NOTHING_OF_OTHERS = {
    "broadcasts.broadcast": "by which right one writes oneself",
    "broadcasts.emergency": COUNTED,
    "broadcasts.word": OWN_WORDS,
    "agencies.answer": OWN,  # the question that was put to one's own agency
    "agencies.cannot": OWN,
    "agencies.query": OWN,
    "consultations.answer": PUBLIC,  # the question that is put to everybody
    "consultations.comment": PUBLIC,  # the clause
    "consultations.rephrase": OWN,
    "consultations.reword": PUBLIC,
    "consultations.reword_mine": OWN,
    "recognition.say": PUBLIC,
    "calendars.tell": OWN,
    "consultations.make_about": PUBLIC,  # the neutral line of an issue
    "consultations.propose_shared": PUBLIC,
    "consultations.translate_clause": PUBLIC,
    "consultations.translate_question": PUBLIC,
    "consultations.translate_title": PUBLIC,
    "registrations.answer": OWN,  # the question that was put to oneself
    "registrations.keep": PUBLIC,
    "actions.dispute": OWN,  # what the other owner said to oneself
    "issues.answer": OWN,  # the question that was put to oneself
    "issues.merge": TITLES,
    "issues.same": PUBLIC,
    "symposia.propose": PUBLIC,  # its criteria
    "symposia.propose_for": PUBLIC,
    "consultations.correct": TEXT,
    "consultations.move_links": TEXT,
    "consultations.publish": COUNTED,
    "symposia.propose_issue": PUBLIC,
    "consultations.propose_session": PUBLIC,
}


def is_overridden(form: type[Form] | None) -> bool:
    return form is not None and form.intro.__func__ is not Form.intro.__func__  # type: ignore[attr-defined]


@pytest.mark.promise("audit.chain", "Every command says whether what it shows is a sensitive read; a new one must too.")
def test_every_command_reads_or_says_why_not() -> None:
    commands = {name: each for name, each in handlers.registry.commands.items() if each.form is None}
    undecided = {name for name, each in commands.items() if each.reads is None} - SHOWS_NOTHING_OF_OTHERS.keys()
    assert not undecided, "declare `reads=`, or say here why nobody needs to know"
    gone = {name for name in SHOWS_NOTHING_OF_OTHERS if name not in commands or commands[name].reads is not None}
    assert not gone, "these are listed in vain"


def test_every_form_that_shows_words_when_it_is_opened_reads_or_says_why_not() -> None:
    forms = {name: each for name, each in handlers.registry.commands.items() if each.form is not None}
    showing = {name for name, each in forms.items() if is_overridden(each.form)}
    assert {name for name in showing if forms[name].reads is None} == OPENS_WITH_NOTHING_OF_OTHERS.keys()


def test_who_may_run_a_command_is_not_who_reads_by_it() -> None:
    """A trader looks at their own issue unrecorded; an officer who looks at it is recorded."""
    for name in ("issues.show", "issues.thread"):
        command = handlers.registry[name]
        assert command.reads is not None and command.reads.name != command.allow.name


# The same, as it happens


@pytest.fixture
def world(sqlite_url: str) -> Iterator[World]:
    made = World(sqlite_url)
    yield made
    made.close()


def lines(world: World, who: str) -> list[tuple[str, object]]:
    """What somebody did and the issue it was about, oldest first."""
    with world.parley.sessions.reading() as session:
        found = session.scalars(select(Audit).where(Audit.who == world.ids[who]).order_by(Audit.id))
        return [(line.what, line.ids.get("issue")) for line in found]


def test_who_looks_at_what_somebody_else_wrote_is_recorded(world: World) -> None:
    issue = raised(world)
    before = lines(world, "amina")
    world.do("amina", "issues.show", issue=issue)
    world.do("amina", "issues.thread", issue=issue)
    assert lines(world, "amina") == before == [("issues.raise", issue)], "one's own is nobody's business"
    world.do("ruiz", "issues.show", issue=issue)
    world.do("ruiz", "issues.thread", issue=issue)
    world.do("ruiz", "issues.reply", issue=issue)
    world.say("ruiz", "/cancel")
    world.say("ruiz", f"/find P-{issue:06d}")
    world.do("ruiz", "issues.desk")
    looked = ["issues.show", "issues.thread", "issues.reply.open", "issues.find"]
    assert lines(world, "ruiz") == [(what, issue) for what in looked]
    world.do("adam", "people.roles")
    assert lines(world, "adam") == [("people.roles", None)]


def test_what_is_refused_leaves_no_line(world: World) -> None:
    issue = raised(world)
    world.do("badr", "issues.show", issue=issue)
    world.do("gus", "issues.take", issue=issue)
    assert lines(world, "badr") == lines(world, "gus") == []


def test_a_change_without_a_line_would_be_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test of the test."""
    monkeypatch.setattr(Rows, "audit", lambda *_given: None)
    raised(world)
    assert {"issue", "entry"} <= set(world.unaudited.found)
    world.unaudited.found.clear()
