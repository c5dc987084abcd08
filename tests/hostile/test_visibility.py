"""One rule says who sees what, in lists, searches, counts, errors and exports alike; a second one would be noticed.

Threat row 33. Three instruments: canary words in worlds made at random, held against an oracle that tells the rules a
second time; handlers that ask a case's tables without the rule, each with its reason; and defects put in on purpose.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import and_, literal, select
from sqlalchemy.orm import Session

import handlers
from bot.kit.context import Context
from bot.kit.text import Phrase
from db import search
from db.actions import ActionEntry
from db.agencies import Part
from db.issues import Entry, Issue, Voice
from db.people import Who
from db.recognition import Recognition
from handlers.actions import cards as action_cards
from handlers.agencies import cards as agency_cards
from handlers.issues import cards, finding

from .canaries import WORD, Aviary, counted, shown
from .town import CAST, Town

LISTS = (Phrase("My issues"), Phrase("Issues at my desk"), Phrase("Questions to my agency"))
FEW = ("bob", "gus", "xeno", "cora", "fay", "dina")


@pytest.fixture
def town(sqlite_url: str) -> Iterator[Town]:
    made = Town(sqlite_url)
    yield made
    made.close()


# Canaries


@pytest.mark.promise("hostile.visibility", "No list, search, count, error or export shows anybody what is not theirs.")
def test_no_output_shows_a_word_its_reader_may_not_read(town: Town, record_property: Any) -> None:
    aviary = Aviary(town, seed=1)
    record_property("figure", _look(town, aviary, FEW, all_commands=False))


@pytest.mark.slow
@pytest.mark.parametrize("who", ["trade", "staff"])
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.promise("hostile.visibility", "No list, search, count, error or export shows anybody what is not theirs.")
def test_no_output_of_any_command_shows_it_in_any_world(
    database_url: str, seed: int, who: str, record_property: Any
) -> None:
    town = Town(database_url)
    try:
        aviary = Aviary(town, seed=100 + seed, issues=5)
        names = tuple(name for name, each in CAST.items() if (each.role is not None) == (who == "staff"))
        record_property("figure", _look(town, aviary, names, all_commands=True))
    finally:
        town.close()


def _look(town: Town, aviary: Aviary, names: tuple[str, ...], *, all_commands: bool) -> str:
    looks, read = 0, 0
    for name in names:
        here: set[str] = set()
        for what, said, is_named in shown(town, aviary, name, all_commands=all_commands):
            looks += 1
            escaped = aviary.escaped(name, said, is_named=is_named)
            assert not escaped, f"{name} did {what} and read {[each.where for each in escaped]}"
            here |= set(WORD.findall(said))
        read += len(here)
        # An oracle that allows too much would find nothing: most of what may be read has been.
        assert len(here) >= 0.4 * len(aviary.seen(name)), f"{name} read {len(here)} of {len(aviary.seen(name))}"
        looker = aviary.lookers(name)[0]
        for command, count in counted(aviary.oracle, looker).items():
            screen = town.do(name, command).answer.screen
            if screen is not None and screen.heading in LISTS:  # they may have one
                assert _total(screen) == count, f"{command} of {name}"
    return f"{looks} looks, {read} words read"


def _total(screen: Any) -> int:
    """How many a list says it has, or shows where it does not say."""
    said = next((each.args["count"] for each in screen.body if "count" in getattr(each, "args", {})), None)
    return len(screen.rows) if said is None else int(said)


# Defects put in on purpose: the test of the test


def _search_in_the_whole_administration(ctx: Context, query: str, *, limit: int) -> Any:
    ours = select(Issue.id).where(Issue.administration_id == ctx.who.administration_id)
    found = search.find(ctx.session, finding.ISSUE, query, among=ours, limit=limit)
    return [ctx.session.get_one(Issue, each) for each in found]


def _thread_of_the_desk(issue: Issue, *, own: bool) -> Any:
    return and_(THREAD(issue, own=False), Entry.voice != Voice.NOTE)


@classmethod  # type: ignore[misc]
def _parts_of_the_administration(table: type[Part], who: Who) -> Any:
    return and_(table.administration_id == who.administration_id, literal(who.agency_id is not None))


def _raised_by(session: Session, issue_id: int) -> int:
    return session.get_one(Issue, issue_id).reporter_id


THREAD = cards.thread
BY_TRADERS, BY_AGENCIES = ("ana", "bob", "gil"), ("fay", "tia")  # who would notice
DEFECTS: Mapping[str, Callable[[pytest.MonkeyPatch], None]] = {
    "a search with a rule of its own": lambda patch: patch.setattr(
        finding, "visible", _search_in_the_whole_administration
    ),
    "a card that shows the whole plan what two owners said": lambda patch: patch.setattr(
        action_cards, "_told", lambda _ctx, action: (ActionEntry.action_id == action.id,)
    ),
    "a list of agencies' parts with a rule of its own": lambda patch: patch.setattr(
        Part, "asked_of", _parts_of_the_administration
    ),
    "a note that every agency reads": lambda patch: patch.setattr(Recognition, "is_in_full_for", lambda *_given: True),
    "an agency that learns who raised a case": lambda patch: patch.setattr(agency_cards, "disclosed", _raised_by),
    "a card that shows its reporter what the desk sees": lambda patch: patch.setattr(
        cards, "thread", _thread_of_the_desk
    ),
}


@pytest.mark.promise("hostile.visibility", "A second rule of visibility beside the one is noticed.")
@pytest.mark.parametrize("defect", DEFECTS)
def test_a_second_rule_is_noticed(town: Town, monkeypatch: pytest.MonkeyPatch, defect: str) -> None:
    aviary = Aviary(town, seed=1)
    DEFECTS[defect](monkeypatch)
    with pytest.raises(AssertionError, match="and read"):
        _look(town, aviary, BY_AGENCIES if "agenc" in defect else BY_TRADERS, all_commands=False)


# Queries without the rule

TABLES = {"Issue", "Entry", "Participation", "Problem", "Outcome", "OutcomeTranslation", "IssueLink", "File", "Receipt"}
TABLES |= {"Meeting", "Invitation", "AgendaItem", "MeetingRequest", "MeetingChange", "Minute", "Correction"}
TABLES |= {"Office", "Successor", "Representative", "Borne", "YearPlan", "RegionalMeeting"}
TABLES |= {"ChatGroup", "ChatRoom", "ChatRoomMember"}
TABLES |= {"MeetingPoll", "MeetingSlot", "MeetingVote", "MeetingFollower", "MeetingIssue"}
TABLES |= {"Part", "PartEntry", "OutcomePart", "Disclosure", "Recognition", "RecognitionChange", "GapStep"}
TABLES |= {"RecognitionRequest", "OpenMatrix"}
TABLES |= {"Proposal", "Review", "Reviewer", "SessionPart"}
TABLES |= {"Action", "ActionEntry", "Milestone", "Report"}
TABLES |= {"Registration", "Seat", "Wish", "Delegation"}
TABLES |= {"Answered", "Conclusion", "FollowUp"}
TABLES |= {"CheckIn", "DoorCode", "FloorQuestion", "FloorVote", "Material", "Feedback", "Proof"}
TABLES |= {"Position", "Contribution"}
TABLES |= {"Protocol", "ProtocolRule", "ProtocolEditor", "Duty"}
TABLES |= {"Statement", "StatementVote", "StatementVoter", "StatementCircle", "StatementMap"}
TABLES |= {"Broadcast", "BroadcastCopy", "BroadcastEdition", "BroadcastText"}
RULE = {"visible_to", "handled_by", "told_to", "is_precedent_for", "run_by", "open_to", "owned_by"}
RULE |= {"asked_of", "in_full_to", "read_by", "on_the_register"}
QUERIES = {"select", "update", "delete", "get", "get_one", "select_from", "join", "outerjoin"}

LOADED = "about an issue, outcome, problem or action that was loaded through the rule"
OWN = "rows that name whoever asks"
UNSEEN = "found to be changed or to tell somebody of; nothing of it is shown to whoever acts"
INDEXED = "what an item is found by: whoever searches is given ids, and those through the rule"
HANDED = "the rule is handed in by every caller"
MEETING = "of a meeting, poll or slot that was loaded through the rule"
PASSES_ON = "what whoever leaves an office sees by it; shown to who takes over by its reference alone"
PART = "of an agency's part, or of a case, that was loaded through the rule"
COLUMN = "found to tell Customs what an agency has said, or to be changed; nothing of it is shown to another agency"
REGION = "of a region's office, meeting or seat that was loaded through the rule; the ledger is published"
PUBLISHED = "of a consultation on the public register: sums of five and more, and what was published without names"
OWNED = "of a consultation or conclusion that was loaded through the rule, for whoever owns it"
SYMPOSIUM = "of a symposium, registration or seat that was loaded through the rule, for whoever runs it or whose it is"
BROADCAST = "of a broadcast that was loaded through the rule, or found by it"
SUMS = "what nobody is shown but in sums of five people and more"
VERSION = "of a version of the protocol that was loaded through the rule"
CONSULTATION = "of a consultation that was loaded through the rule"
WITHOUT: Mapping[str, Mapping[str, str]] = {
    "actions/cards.py": dict.fromkeys(("card", "_latest", "milestones"), LOADED) | {"files": HANDED},
    "actions/asking.py": dict.fromkeys(("unanswered", "with_others"), OWN),
    "actions/from_meetings.py": dict.fromkeys(("FromMinute.submit", "_must_be_new"), MEETING),
    "actions/mornings.py": {"_is_snoozed": LOADED, "_under_way": "a job: it shows each what they own or oversee"},
    "actions/owning.py": {"_asker": UNSEEN},
    "actions/passing_on.py": dict.fromkeys(("open_actions", "_of"), PASSES_ON),
    "actions/plan.py": {"MINE": OWN, "rows_of": HANDED},
    "actions/reminders.py": {"_is_last_claim": LOADED, "milestone_due": UNSEEN},
    "actions/telling.py": {"write": OWN},
    "attendance/badges.py": {"_registered": SYMPOSIUM},
    "attendance/checking.py": {"overview": OWN, "_unused": UNSEEN}
    | dict.fromkeys(("Door.submit", "door_code"), SYMPOSIUM),
    "attendance/desk.py": {"desk": "counted: nobody is named"},
    "attendance/entering.py": {"enter": SYMPOSIUM},
    "attendance/finding.py": {"came": "counted: nobody is named", "check_in_of": SYMPOSIUM},
    "attendance/floor.py": dict.fromkeys(("Ask.opens", "leads"), OWN),
    "attendance/lists.py": {"Merge.submit": OWN} | dict.fromkeys(("_lines", "merge"), SYMPOSIUM),
    "consultations/drafts/entering.py": {"Load.submit": OWN},
    "broadcasts/answers.py": {"answers": BROADCAST},
    "broadcasts/archive.py": {"_published": BROADCAST},
    "broadcasts/cards.py": dict.fromkeys(("texts_of", "titles"), BROADCAST),
    "broadcasts/choosing.py": {"countries": "one that is loaded here, in the making, is never kept"},
    "broadcasts/composing.py": {
        "Attach.submit": BROADCAST,
        "_attach": OWN,
        "to_write_in": BROADCAST,
        "unword": BROADCAST,
    },
    "broadcasts/holding.py": {"edition": BROADCAST},
    "broadcasts/mending.py": dict.fromkeys(
        (
            *("Withdraw.submit", "_missing", "_publish", "_put_into_their_languages", "_readers", "_texts"),
            *("pending", "tell_openers"),
        ),
        BROADCAST,
    ),
    "broadcasts/nudging.py": dict.fromkeys(("ended", "remind", "remind_some", "silent_", "silent_names"), BROADCAST),
    "broadcasts/progress.py": {"doubtful": BROADCAST},
    "broadcasts/replying.py": {"Answering.submit": OWN, "_of": OWN},
    "broadcasts/runners.py": {"lock": BROADCAST},
    "broadcasts/showing.py": {"_edition_fact": BROADCAST},
    "broadcasts/stopping.py": {"_counted": BROADCAST},
    "broadcasts/texts.py": dict.fromkeys(("copy_screen", "files_of", "texts_of"), BROADCAST),
    "broadcasts/writing.py": {"begin": BROADCAST},
    "attendance/materials.py": {"AddMaterial.submit": OWN, "_readers": UNSEEN, "files_of": SYMPOSIUM},
    "attendance/mornings.py": dict.fromkeys(
        ("_people", "how_was_it"), "a job: it acts for the administration, not for a person"
    ),
    "attendance/proving.py": dict.fromkeys(
        ("_made", "issue"), "a job: it acts for the administration, not for a person"
    )
    | dict.fromkeys(("_attended", "_verified"), "whoever has the code of a proof may read what it says"),
    "attendance/report.py": dict.fromkeys(("_registered", "demands", "guests"), SYMPOSIUM),
    "agencies/answering.py": {"thread": PART},
    "agencies/asking.py": dict.fromkeys(("case_screen", "request"), PART),
    "agencies/cards.py": dict.fromkeys(("_raised", "attachments", "latest", "question"), PART),
    "agencies/telling.py": {"found_by": INDEXED, "issue_of": PART, "write": OWN},
    "consultations/documents.py": dict.fromkeys(("_on_card", "_one", "documents_of"), CONSULTATION)
    | {"AddDocuments.submit": OWN},
    "consultations/making.py": {"about_issue": LOADED},
    "consultations/waiting.py": dict.fromkeys(("_SAID", "_UNSIGNED"), OWN),
    "consultations/meeting.py": dict.fromkeys(("_listed", "_on_card"), HANDED)
    | {"AddMeeting.submit": "chosen among those that whoever asks runs"},
    "consultations/proposing.py": {"ProposeShared.submit": LOADED},
    "conclusions/answering.py": dict.fromkeys(("clauses", "next_"), OWNED) | dict.fromkeys(("_last_of", "keep"), OWNED),
    "conclusions/finding.py": dict.fromkeys(("count", "placed"), OWNED) | {"seen": OWNED},
    "conclusions/following.py": {"_item": OWN, "_run": OWNED},
    "conclusions/hearing.py": {"receipt_of": OWN},
    "conclusions/listing.py": dict.fromkeys(("_kinds", "clauses"), OWNED) | {"_ended": OWNED},
    "conclusions/many.py": {"answer_all": OWNED},
    "conclusions/own.py": dict.fromkeys(("_add_statements", "_add_votes"), OWN)
    | dict.fromkeys(("_contributions", "_add_meetings"), OWN),
    "conclusions/telling.py": {"tell": "a job: it shows each what is their own"},
    "conclusions/translating.py": dict.fromkeys(("reasons", "TranslateReason.submit"), OWNED),
    "conclusions/trail.py": {"trail": OWN},
    "consultations/answering.py": dict.fromkeys(("_given", "_next_open"), OWN),
    "consultations/cards.py": {"_own": OWN},
    "consultations/drafts/checking.py": {"_asked": CONSULTATION},
    "consultations/drafts/orphans.py": {"listed": OWNED},
    "consultations/drafts/publishing.py": {"orphans_of": OWNED},
    "consultations/own.py": {"may_change": OWN},
    "consultations/questions.py": {"_must_be_unanswered": CONSULTATION},
    "register/agreeing.py": {"of_statements": PUBLISHED},
    "register/finding.py": dict.fromkeys(("_taking_part", "counts"), PUBLISHED),
    "issues/cards.py": dict.fromkeys(("attachments", "_files", "_latest"), HANDED)
    | dict.fromkeys(("_promised", "_working"), LOADED),
    "issues/desk.py": {"last_words": LOADED},
    "issues/finding.py": dict.fromkeys(("reported", "answered"), INDEXED),
    "issues/hearing.py": dict.fromkeys(("outcomes", "_receipt", "_row"), OWN)
    | dict.fromkeys(("not_helped", "_screen", "_own_issue"), LOADED),
    "issues/moving.py": dict.fromkeys(("Merge.submit", "_bring_along"), UNSEEN) | {"Link.submit": LOADED},
    "issues/own.py": {"thread": HANDED, "Answer.intro": LOADED, "withdraw": OWN, "_speaks": LOADED},
    "issues/outcome.py": {"_sent_back_completion": LOADED},
    "issues/parts.py": dict.fromkeys(("compose", "move", "tell_agencies"), UNSEEN),
    "issues/passing_on.py": dict.fromkeys(("in_hand", "put_off"), PASSES_ON),
    "issues/problems.py": dict.fromkeys(("shared", "_part"), OWN)
    | dict.fromkeys(("Publish.submit", "_open_issue", "_others"), LOADED),
    "issues/telling.py": {"write": OWN, "tell_everybody": LOADED, "stays": LOADED},
    "issues/translating.py": {"Translate.submit": LOADED},
    "issues/waiting.py": {"ASKED": OWN, "UNHEARD": OWN, "_count": HANDED},
    "ledger.py": dict.fromkeys(
        ("unreached", "_ask_the_desk"), "a job: it acts for the administration, not for a person"
    ),
    "people/data.py": {"data": OWN},
    "people/organisations.py": {"attribute": UNSEEN},
    "positions/cards.py": {"_facts": "whether it came late, of a position that was loaded through the rule"},
    "positions/filing.py": {"take_out": UNSEEN},
    "positions/finding.py": {
        "asked_of": UNSEEN,
        "current": "of one's own organisation; of a member only whether something is filed",
    },
    "positions/waiting.py": {"_OURS": "of the organisation that whoever asks speaks for"},
    "programmes/asking.py": {"_parts": SYMPOSIUM},
    "programmes/feed.py": {"own_parts": OWN},
    "programmes/publishing.py": {"_tell": UNSEEN},
    "programmes/sheets.py": {"_speakers": SYMPOSIUM},
    "programmes/telling.py": {"seen": OWN, "touched": UNSEEN},
    "protocols/breaches.py": {"card": "the published rule that a breach, loaded through the rule, is of"},
    "protocols/drafting.py": dict.fromkeys(("_begin", "_put", "_worked", "publish"), VERSION),
    "protocols/monitor.py": dict.fromkeys(
        ("_Rules.__init__", "_escalate", "_settle"), "a job: it acts for the administration, not for a person"
    ),
    "protocols/public.py": {"on_register": "what was published: everybody may read it"},
    "protocols/wording.py": {"rules_of": VERSION},
    "recognition/acting.py": {"owners": UNSEEN},
    "recognition/asking.py": {"latest": COLUMN},
    "recognition/becoming.py": {"_acting": UNSEEN},
    "recognition/criteria.py": {"close": UNSEEN},
    "regions/bearing.py": dict.fromkeys(("called", "chair", "history", "in_force", "note_held"), REGION),
    "regions/handing_over.py": dict.fromkeys(("Succeed.submit", "what_moves"), REGION),
    "regions/office.py": {"Seat.submit": REGION},
    "regions/leaving.py": {"_offices": UNSEEN},
    "regions/attending.py": dict.fromkeys(("_ahead", "_expect", "_leaving", "_let_go"), UNSEEN),
    "regions/feeding.py": {"those_of_a_region": OWN},
    "regions/calling.py": {"invite": MEETING, "of": REGION},
    "regions/moving.py": {"ahead": PASSES_ON, "note": UNSEEN},
    "registrations/allocating.py": dict.fromkeys(
        ("_Desk.__init__", "_open_wishes", "_reason", "_registered", "_wishes"), SYMPOSIUM
    ),
    "registrations/cards.py": {"_wishes": OWN},
    "registrations/choosing.py": dict.fromkeys(("_wishes", "wish"), OWN),
    "registrations/delegating.py": dict.fromkeys(
        ("Delegate.submit", "Substitute.opens", "Substitute.submit", "_members", "_offered", "delegations_screen"),
        SYMPOSIUM,
    ),
    "registrations/feed.py": {"sessions_for": OWN},
    "registrations/finding.py": dict.fromkeys(("part_of", "parts_of", "registration_of", "seats_of"), OWN),
    "registrations/giving.py": {"_is_by_part": SYMPOSIUM, "all_of": UNSEEN},
    "registrations/keeping.py": {"look": "a job: it acts for the administration, not for a person"},
    "registrations/knowing.py": dict.fromkeys(("holders", "wishes"), "counted, or found to tell somebody of"),
    "registrations/looking.py": dict.fromkeys(
        (
            "Correct.submit",
            "_chain",
            "_count",
            "_people_of",
            "_sessions_picture",
            "_without_place",
            "origins",
            "people_screen",
            "sitting",
        ),
        SYMPOSIUM,
    ),
    "registrations/offers.py": {"mine": OWN} | dict.fromkeys(("_tell", "lapse", "screen", "tell_again"), UNSEEN),
    "registrations/opening.py": {"opening": UNSEEN},
    "registrations/questions.py": {"_answered": SYMPOSIUM, "_those": UNSEEN},
    "registrations/registering.py": {
        **dict.fromkeys(("_leaving", "_row"), OWN),
        **dict.fromkeys(("_open_seats", "drop"), SYMPOSIUM),
        "unused_code": UNSEEN,
    },
    "registrations/seating.py": dict.fromkeys(("accept", "line", "refill", "seat_of", "take"), SYMPOSIUM)
    | dict.fromkeys(("position", "sitting"), "counted: nobody is named"),
    "registrations/telling.py": dict.fromkeys(
        ("_ask", "_end_offers", "_hasten", "coming", "line_moved", "session_cancelled", "tell_published"), UNSEEN
    ),
    "roundtables/answering.py": dict.fromkeys(("_following", "_has_seen", "_open_request"), OWN)
    | dict.fromkeys(("_must_have_a_place", "requests"), MEETING)
    | {"_too_late": UNSEEN},
    "roundtables/arranging.py": {"AddPapers.submit": OWN, "_named": UNSEEN},
    "roundtables/cards.py": dict.fromkeys(
        ("_expected_buttons", "agenda_of", "count_of", "item", "papers_of", "places_taken", "room_buttons"), MEETING
    )
    | {"invitation_of": "rows that name whoever the card is for"},
    "roundtables/dating.py": {"seen": OWN, "_answer_wishes": MEETING},
    "roundtables/feed.py": {"dated": HANDED} | dict.fromkeys(("_expected", "_invited"), OWN),
    "roundtables/inviting.py": {
        "_leaving": OWN,
        **dict.fromkeys(("fall_back", "invitations", "people_screen", "put_on_list"), MEETING),
    },
    "roundtables/holding.py": {"invited": MEETING},
    "roundtables/minutes/correcting.py": {"_line_of": MEETING},
    "roundtables/minutes/reading.py": {"receipt_of": OWN, "_corrections": HANDED},
    "roundtables/minutes/sending.py": {"close": UNSEEN},
    "roundtables/opening.py": dict.fromkeys(("_lines", "_open"), MEETING)
    | {"bind": "of the group it was typed in", "room_news": "a job: it acts for the administration, not for a person"},
    "roundtables/polling/answering.py": {
        "_note": OWN,
        "nudge": "a job: it acts for the administration, not for a person",
    }
    | dict.fromkeys(("_locked", "ask_one_less"), MEETING),
    "roundtables/polling/ending.py": {"decide": "a job: it acts for the administration, not for a person"},
    "roundtables/polling/polls.py": dict.fromkeys(("poll_of", "slots_of", "votes_of"), MEETING),
    "roundtables/rooming.py": dict.fromkeys(("gather", "rooms_of"), MEETING) | {"_erased": UNSEEN},
    "roundtables/telling.py": dict.fromkeys(("expected", "followers", "latest_change", "let_go"), MEETING),
    "roundtables/waiting.py": dict.fromkeys(
        ("WAITING", "_ASKED", "_MINUTED", "_ON_IT", "_THEIRS", "_VOTED", "_WISHES"), OWN
    ),
    "statements/counting.py": dict.fromkeys(
        ("count", "_fill", "_keep", "_regroup", "_standing_ids", "_take_in", "question"), SUMS
    ),
    "statements/mapping.py": {"_texts": "through `room.standing`, which has the rule"},
    "statements/putting.py": {"Say.opens": OWN, "Say.submit": "through `room.standing`, which has the rule"},
    "symposia/announcing.py": {"_concerned": UNSEEN},
    "symposia/cards.py": {"_asked_buttons": OWN},
    "symposia/criteria.py": dict.fromkeys(("_asked", "_must_be_unreviewed"), SYMPOSIUM),
    "symposia/judging.py": dict.fromkeys(("_of", "_own_reviews", "reviews_for", "unconflicted"), OWN),
    "symposia/needing.py": {"need": UNSEEN},
    "symposia/origins.py": {"of_session": "a proposal its session names: shown by the consultation's own rule"},
    "symposia/proposals.py": {"facts": "an issue its proposer could see: its number, and how many told it"},
    "symposia/proposing.py": {"from_issue": LOADED},
    "symposia/sessions.py": {"parts_of": SYMPOSIUM},
    "symposia/speaking.py": {"all_parts": SYMPOSIUM},
    "symposia/telling.py": {"closed": "a job: it acts for the administration, not for a person"},
    "symposia/waiting.py": dict.fromkeys(("_DECISIONS", "_PARTS", "_REVIEWED", "_REVIEWS", "_SEATS"), OWN),
}


@pytest.mark.promise("hostile.visibility", "Handlers ask a case's tables through the rule, or say why not.")
def test_every_query_without_the_rule_is_known_with_its_reason() -> None:
    """A new one is either given the rule, or a reason here; one that is gone goes from here."""
    assert queries_without_the_rule() == {path: set(functions) for path, functions in WITHOUT.items()}


def queries_without_the_rule() -> dict[str, set[str]]:
    root = Path(handlers.__file__).parent
    found: dict[str, set[str]] = {}
    for path in sorted(root.rglob("*.py")):
        for name, function in _functions(ast.parse(path.read_text(encoding="utf-8"))):
            tables = {
                each.id
                for call in ast.walk(function)
                if isinstance(call, ast.Call) and _called(call) in QUERIES
                for argument in call.args
                for each in ast.walk(argument)
                if isinstance(each, ast.Name) and each.id in TABLES
            }
            has_rule = any(isinstance(each, ast.Attribute) and each.attr in RULE for each in ast.walk(function))
            if tables and not has_rule:
                found.setdefault(path.relative_to(root).as_posix(), set()).add(name)
    return found


def _functions(tree: ast.AST, within: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Functions by their names, and what is put together once for all of them, by its own."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef):
            yield within + node.name, node
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield within + node.targets[0].id, node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{within}{node.name}.")


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
