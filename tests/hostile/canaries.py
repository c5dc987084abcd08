"""A world in which every text is a word of its own, and who may read each word: to find one where it must not be.

The rows are made at random and at once, not by turns: what matters is who looks, not how it came about.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit.events import Answered, Called, Event
from bot.kit.screen import to_json
from db import actions, search
from db.actions import Action, ActionEntry, Deed, Milestone, Report
from db.agencies import Disclosure, OutcomePart, Part, PartEntry, PartState, PartVoice
from db.audiences import Audience
from db.calls import Proposal, Review, Reviewer
from db.conclusions import CONCLUDED, Conclusion, FollowUp
from db.consultations import Answered as Ended
from db.consultations import (
    Clause,
    Consultation,
    Contribution,
    ContributionKind,
    Phase,
    Question,
    TextDraft,
    Treatment,
)
from db.files import File, FileState
from db.issues import (
    ENTRY,
    TO_EVERYBODY,
    TO_REPORTER,
    Entry,
    How,
    Issue,
    IssueLink,
    Level,
    Participation,
    Problem,
    State,
    Voice,
)
from db.machinery import Receipt
from db.outcomes import TOLD, Decision, Outcome, owed
from db.people import Kind, Mandate, Organisation, Person, Sector, Standing
from db.personal import gather
from db.positions import Position, PositionState, Stance
from db.protocols import Duty
from db.recognition import Criterion, OpenMatrix, Recognition, RecognitionChange, RecognitionRequest, Stand
from db.statements import Statement
from db.symposia import Agreed, SessionPart, Symposium, SymposiumSession, SymposiumState
from handlers.agencies.telling import PART
from handlers.issues.finding import ISSUE, OUTCOME, PROBLEM

from . import consulting
from .life import promised
from .oracle import Looker, Oracle
from .town import CAST, NOON, Town

AGENCIES = {"fay": "Food Agency", "tia": "Transport Agency"}
WORD = re.compile(r"kanari\d{4}q")
Rule = Callable[[Oracle, Looker], bool]


@dataclass(frozen=True)
class Canary:
    """A word that stands in one place, what that place is, and who may read it there."""

    word: str
    where: str
    may: Rule


class Aviary:
    """A random world in a town, and its canaries."""

    def __init__(self, town: Town, seed: int, *, issues: int = 6) -> None:
        self._town = town
        self._random = random.Random(seed)
        self.canaries: dict[str, Canary] = {}
        with town.sessions.writing() as session:
            self._name_everybody(session)
            made = [self._issue(session) for _number in range(issues)]
            self._merge(session, made)
            for issue in made:
                self._surround(session, issue)
            session.flush()
            for issue in made:
                self._ask_agencies(session, issue)
            for issue in made:
                self._tell(session, issue)
            self._matrix(session)
            self._symposium(session)
            self._consultations(session)
            self._positions(session)
            self._promises(session)
            self._conclusions(session)
            for abroad in (False, False, False, True):
                self._action(session, abroad=abroad)
        with town.sessions.reading() as session:
            self.oracle = Oracle(session, at=town.clock.now())

    def lookers(self, name: str) -> list[Looker]:
        """Somebody in each of their administrations, first where they act now."""
        return self.oracle.lookers(self._town.ids[name], is_guest=CAST[name].is_guest)

    def escaped(self, name: str, shown: str, *, is_named: bool) -> list[Canary]:
        """The canaries in `shown` that somebody may not read: where it `is_named`, in none of their administrations;
        otherwise where they act now."""
        lookers = self.lookers(name) if is_named else self.lookers(name)[:1]
        found = (self.canaries[word] for word in sorted(set(WORD.findall(shown))))
        return [each for each in found if not self._may(each, lookers)]

    def seen(self, name: str) -> set[str]:
        """The canaries somebody may read."""
        lookers = self.lookers(name)
        return {word for word, each in self.canaries.items() if self._may(each, lookers)}

    def _may(self, canary: Canary, lookers: list[Looker]) -> bool:
        return any(canary.may(self.oracle, each) for each in lookers)

    # Making it

    def _word(self, where: str, may: Rule) -> str:
        word = f"kanari{len(self.canaries):04d}q"
        self.canaries[word] = Canary(word, where, may)
        return word

    def _chance(self, of: float) -> bool:
        return self._random.random() < of

    def _one(self, *names: str) -> int:
        return self._town.ids[self._random.choice(names)]

    def _name_everybody(self, session: Session) -> None:
        for person in session.scalars(select(Person).order_by(Person.id)):
            person.name = self._word(f"the name of person {person.id}", _is_known(person.id))
        for each in session.scalars(select(Organisation).order_by(Organisation.id)):
            each.name = self._word(f"the name of organisation {each.id}", _row(Organisation, each.id))
        ana = session.get_one(Person, self._town.ids["ana"])
        proposed = Organisation(
            administration_id=ana.administration_id,
            name="",
            kind=Kind.BUSINESS,
            standing=Standing.PROPOSED,
            proposed_by_id=ana.id,
        )
        session.add(proposed)
        session.flush()
        proposed.name = self._word("the name of a proposed organisation", _row(Organisation, proposed.id))
        gil = session.get_one(Person, self._town.ids["gil"])
        session.add(
            Mandate.given(gil, session.get_one(Organisation, self._town.organisations["Beta Shipping"]), at=NOON)
        )

    def _issue(self, session: Session) -> Issue:
        abroad = self._chance(0.2)
        by = self._one("xeno", "odil") if abroad else self._one("ana", "ana", "bob", "bob", "alf", "gil", "gus", "pia")
        home = session.get_one(Person, by).administration_id
        desks = ("elsewhere",) if abroad else ("perishables", "general")
        state = self._random.choice([State.OPEN, State.TAKEN, State.ASKED, State.PROPOSED, State.SETTLED])
        level = self._random.choice([Level.NATIONAL, Level.NATIONAL, Level.REGIONAL, Level.INTERNATIONAL])
        issue = Issue(
            administration_id=home,
            title="",
            language="en",
            reporter_id=by,
            organisation_id=None,
            sector=self._random.choice([Sector.PERISHABLES, Sector.GENERAL]),
            centre_id=self._town.centres[self._random.choice(desks)] if self._chance(0.9) else None,
            state=state,
            ended_at=NOON if state is State.SETTLED else None,
            level=level,
            reached=level,
            region=None if level is Level.NATIONAL else self._random.choice(["north", "south"]),
            raised_at=NOON,
            clock_started_at=NOON,
            answer_due=NOON + timedelta(days=2),
        )
        session.add(issue)
        session.flush()
        issue.title = self._word(f"the title of issue {issue.id}", _row(Issue, issue.id))
        issue.port = self._word(f"the port of issue {issue.id}", _row(Issue, issue.id))
        return issue

    def _action(self, session: Session, *, abroad: bool) -> None:
        """Something of the joint plan, in any state, with what was said of it, a milestone and a report."""
        customs = self._one("odil") if abroad else self._one("pia", "gus", "lea")
        business = self._one("xeno") if abroad else self._one("ana", "alf")
        home = session.get_one(Person, customs).administration_id
        organisation = self._town.organisations["Gamma Export" if abroad else "Alpha Trading"]
        state = self._random.choice([each for each in actions.State if each is not actions.State.DROPPED])
        agreed = None if state is actions.State.PROPOSED else NOON
        action = Action(
            administration_id=home,
            title="",
            detail="",
            language="en",
            plan_year=2026,
            customs_owner_id=customs,
            customs_accepted_at=agreed,
            business_owner_id=business,
            business_organisation_id=organisation,
            business_accepted_at=agreed,
            business_next_id=None if abroad or self._chance(0.5) else self._one("bob"),
            due_day=NOON.date() + timedelta(days=30),
            zone="UTC",
            due_at=NOON + timedelta(days=31),
            state=state,
            claimed_by=actions.Side.CUSTOMS if state in (actions.State.CLAIMED, actions.State.DISPUTED) else None,
            proposed_by_id=customs if abroad else self._one("lea", "gus"),
            proposed_at=NOON,
            adopted_at=agreed,
        )
        session.add(action)
        session.flush()
        action.title = self._word(f"the title of action {action.id}", _row(Action, action.id))
        action.detail = self._word(f"more of action {action.id}", _row(Action, action.id))
        common = {"administration_id": home, "action_id": action.id, "language": "en"}
        step = self._word(f"a milestone of action {action.id}", _row(Action, action.id))
        session.add(Milestone(**common, title=step))
        for deed in Deed:
            words = self._word(f"what was {deed.value} of action {action.id}", _deed(action.id, deed))
            author = business if deed is Deed.DISPUTED else customs
            session.add(ActionEntry(**common, deed=deed, author_id=author, words=words, run=1, at=NOON))
        report = Report(
            administration_id=home,
            plan_year=2026,
            quarter=4,
            figures=[["adopted", [action.id]]],
            words={},
            drafted_by_id=customs,
            drafted_at=NOON,
            published_at=NOON if self._chance(0.5) else None,
        )
        session.add(report)
        session.flush()
        may = _either(_row(Report, report.id), _is(customs))  # a draft is its drafter's own
        report.words = {"en": self._word(f"the words of report {report.id}", may)}

    def _merge(self, session: Session, made: list[Issue]) -> None:
        pairs = [(one, other) for one in made for other in made if one.id > other.id]
        fits = [(one, other) for one, other in pairs if one.administration_id == other.administration_id]
        if fits:
            one, other = self._random.choice(fits)
            one.state, one.merged_into_id, one.centre_id = State.MERGED, other.id, other.centre_id
            one.ended_at = NOON
            session.flush()
        for one, other in fits[1:2]:
            session.add(
                IssueLink(issue_id=other.id, other_id=one.id, linked_by_id=self._town.ids["pia"], linked_at=NOON)
            )

    def _surround(self, session: Session, issue: Issue) -> None:
        common = {"administration_id": issue.administration_id, "issue_id": issue.id}
        is_home = issue.administration_id == session.get_one(Person, self._town.ids["ana"]).administration_id
        joiners = ("ana", "bob", "alf", "gil", "gus") if is_home else ("xeno",)
        parts = {issue.reporter_id: How.REPORTER} | {
            self._one(*joiners): self._random.choice([How.SAME_HERE, How.CONTRIBUTOR, How.FOLLOWER])
            for _number in range(2)
        }
        parts[issue.reporter_id] = How.REPORTER
        for person_id, how in parts.items():
            words = self._word(f"what {person_id} said in issue {issue.id}", _said_by(person_id, issue.id))
            left = NOON if how is not How.REPORTER and self._chance(0.3) else None
            session.add(
                Participation(
                    **common, person_id=person_id, how=how, words=words, language="en", joined_at=NOON, left_at=left
                )
            )
        staff = self._one("pia", "lea", "gus", "adam") if is_home else self._town.ids["odil"]
        for voice in Voice:
            is_theirs = voice in (Voice.RAISED, Voice.ADDITION, Voice.ANSWER)
            author = self._random.choice(list(parts)) if is_theirs else staff
            author = issue.reporter_id if voice is Voice.RAISED else author
            entry = Entry(**common, voice=voice, author_id=author, words="", language="en", at=NOON)
            session.add(entry)
            session.flush()
            may = _entry(issue.id, voice, author)
            entry.words = self._word(f"a {voice.value} in issue {issue.id}", may)
            if self._chance(0.3):
                name = self._word(f"a file of a {voice.value} in issue {issue.id}", may)
                session.add(
                    File(
                        administration_id=issue.administration_id,
                        person_id=author,
                        name=f"{name}.txt",
                        state=FileState.WAITING,
                        owner=ENTRY,
                        owner_id=entry.id,
                        added_at=NOON,
                    )
                )
        if self._chance(0.5):
            line = self._word(f"the shared line of issue {issue.id}", _member_of(issue.administration_id))
            problem = Problem(
                **common, line=line, language="en", sector=issue.sector, published_by_id=staff, published_at=NOON
            )
            session.add(problem)
            session.flush()
            search.keep(session, PROBLEM, problem.id, issue.administration_id, line)
        own = Entry.issue_id == issue.id, Entry.author_id == issue.reporter_id, Entry.voice == Voice.RAISED
        words = "\n".join(session.scalars(select(Entry.words).where(*own)))
        search.keep(session, ISSUE, issue.id, issue.administration_id, words)

    def _ask_agencies(self, session: Session, issue: Issue) -> None:
        """One agency or two have a part in it, in any state; whoever raised it lets them know that, or not."""
        if issue.administration_id != session.get_one(Person, self._town.ids["ana"]).administration_id:
            return
        common = {"administration_id": issue.administration_id}
        for who, agency in AGENCIES.items():
            if self._chance(0.3):
                continue
            part = Part(
                **common,
                issue_id=issue.id,
                agency_id=self._town.organisations[agency],
                state=self._random.choice(list(PartState)),
                asked_by_id=self._one("pia", "gus"),
                asked_at=NOON,
                respond_by=NOON + timedelta(days=3),
            )
            session.add(part)
            session.flush()
            said = []
            for voice in PartVoice:
                author = part.asked_by_id if voice in (PartVoice.QUESTION, PartVoice.REPLY) else self._town.ids[who]
                may = _either(_row(Part, part.id), _is(author))
                said.append(self._word(f"a {voice.value} of {agency} in issue {issue.id}", may))
                entry = PartEntry(
                    **common, part_id=part.id, voice=voice, author_id=author, words=said[-1], language="en", at=NOON
                )
                session.add(entry)
            search.keep(session, PART, part.id, issue.administration_id, "\n".join(said))
        if self._chance(0.5):
            taken_back = NOON if self._chance(0.3) else None
            session.add(
                Disclosure(
                    **common,
                    issue_id=issue.id,
                    person_id=issue.reporter_id,
                    given_at=NOON,
                    withdrawn_at=taken_back,
                )
            )

    def _matrix(self, session: Session) -> None:
        """What each agency says of each criterion, with a note; open to members, or not."""
        home = session.get_one(Person, self._town.ids["ana"]).administration_id
        lines = session.scalars(select(Criterion.id).where(Criterion.administration_id == home)).all()
        if self._chance(0.5):
            session.add(OpenMatrix(administration_id=home, opened_by_id=self._town.ids["adam"], opened_at=NOON))
        for who, agency in AGENCIES.items():
            column = {"administration_id": home, "agency_id": self._town.organisations[agency], "language": "en"}
            words = self._word(f"why {agency} is asked", _either(_column(agency, self._town), _is(self._one("pia"))))
            asked = {"asked_by_id": self._town.ids["pia"], "asked_at": NOON, "respond_by": NOON + timedelta(days=3)}
            session.add(RecognitionRequest(**column, **asked, words=words))
            by = self._town.ids[who]
            for line in self._random.sample(list(lines), 4):
                stand = self._random.choice(list(Stand))
                note = self._word(f"a note of {agency} on {line}", _column(agency, self._town))
                before = self._word(f"an earlier note of {agency} on {line}", _column(agency, self._town))
                cell = {**column, "criterion_id": line, "stand": stand}
                session.add(Recognition(**cell, note=note, said_by_id=by, said_at=NOON))
                session.add(RecognitionChange(**cell, note=before, by_id=by, at=NOON))

    def _symposium(self, session: Session) -> None:
        """What is proposed to one, what reviewers say of it, and why somebody who is needed cannot come."""
        home = session.get_one(Person, self._town.ids["ana"]).administration_id
        common = {"administration_id": home}
        symposium = Symposium(
            **common,
            title="Trade",
            language="en",
            organiser_id=self._town.ids["pia"],
            centre_id=self._town.centres["perishables"],
            state=SymposiumState.ANNOUNCED,
            audience=Audience.MEMBERS,
            zone="Africa/Tunis",
            first_day=NOON.date() + timedelta(days=90),
            last_day=NOON.date() + timedelta(days=90),
            created_at=NOON,
            call_opens_at=NOON,
            call_closes_at=NOON + timedelta(days=9),
        )
        session.add(symposium)
        session.flush()
        held = {**common, "symposium_id": symposium.id}
        session.add(Reviewer(**held, person_id=self._town.ids["fay"], asked_at=NOON))
        kept = SymposiumSession(**held, title="Opening", language="en", changed_at=NOON)
        session.add(kept)
        session.flush()
        for who in ("bob", "ana", "pia"):
            part = SessionPart(
                **common,
                session_id=kept.id,
                person_id=self._town.ids[who],
                agreed=Agreed.NO,
                language="en",
                asked_at=NOON,
            )
            session.add(part)
            session.flush()
            part.reason = self._word(f"why {who} cannot speak", _row(SessionPart, part.id))
            proposal = Proposal(
                **held,
                title="",
                abstract="",
                language="en",
                proposer_id=self._town.ids[who],
                organisation_id=self._town.organisations["Alpha Trading"] if who == "ana" else None,
                sent_at=NOON,
                changed_at=NOON,
            )
            session.add(proposal)
            session.flush()
            proposal.title = self._word(f"the title of what {who} proposes", _row(Proposal, proposal.id))
            proposal.abstract = self._word(f"what {who} proposes", _row(Proposal, proposal.id))
            for reviewer in ("fay", "lea"):
                is_conflict = self._chance(0.4)
                review = Review(
                    **common,
                    proposal_id=proposal.id,
                    person_id=self._town.ids[reviewer],
                    language="en",
                    is_conflict=is_conflict,
                    at=NOON,
                )
                session.add(review)
                session.flush()
                if not is_conflict:
                    review.words = self._word(f"what {reviewer} says of {who}'s", _row(Review, review.id))

    def _consultations(self, session: Session) -> None:
        """One that is proposed, one being prepared by both sides, and one that lies open, with what was said of it."""
        ids = self._town.ids
        home = session.get_one(Person, ids["ana"]).administration_id
        desk = self._town.centres["perishables"]
        people: Mapping[Phase, Mapping[str, int]] = {
            Phase.PROPOSED: {"proposer_id": ids["ana"]},
            Phase.PREPARED: {"owner_id": ids["pia"], "co_owner_id": ids["bob"]},
            Phase.COMMENTS: {"owner_id": ids["gus"], "proposer_id": ids["bob"], "asked_id": ids["alf"]},
        }
        for phase, who in people.items():
            made = Consultation(
                administration_id=home,
                title="",
                summary="",
                language="en",
                phase=phase,
                audience=Audience.BUSINESS,
                zone="Africa/Tunis",
                centre_id=desk,
                draft_number=0 if phase is Phase.PROPOSED else 1,
                closes_at=NOON + timedelta(days=20),
                created_at=NOON,
                **who,
            )
            session.add(made)
            session.flush()
            made.title = self._word(f"the title of a consultation, {phase}", _row(Consultation, made.id))
            made.summary = self._word(f"what a consultation is about, {phase}", _row(Consultation, made.id))
            held = {"administration_id": home, "consultation_id": made.id, "language": "en"}
            asked = Question(**held, position=1, words="")
            said = Contribution(**held, kind=ContributionKind.COMMENT, person_id=ids["bob"], words="", at=NOON)
            session.add_all((asked, said))
            session.flush()
            asked.words = self._word(f"a question in a consultation, {phase}", _row(Question, asked.id))
            said.words = self._word(f"a comment in a consultation, {phase}", _comment(said.id))
            for each in ("ana", "bob"):  # the second was taken out
                told = Statement(**held, person_id=ids[each], words="", at=NOON)
                session.add(told)
                session.flush()
                told.words = self._word(f"a statement of {each}, {phase}", _row(Statement, told.id))
            told.hidden_at, told.hidden_by_id = NOON, ids["pia"]
            told.hidden_words = self._word(f"why a statement was taken out, {phase}", _row(Statement, told.id))
            for number in range(2):  # the second is not out yet
                draft = TextDraft(
                    **held, number=number + 1, by_id=ids["pia"], made_at=NOON, published_at=None if number else NOON
                )
                session.add(draft)
                session.flush()
                of = {"administration_id": home, "consultation_id": made.id, "draft_id": draft.id}
                clause = Clause(**of, position=0, number="1", words="")
                session.add(clause)
                session.flush()
                clause.words = self._word(f"a clause of draft {number + 1}, {phase}", _row(Clause, clause.id))

    def _positions(self, session: Session) -> None:
        """What organisations draft, are asked and have filed, and what is said of it, in a consultation with owners."""
        home = session.get_one(Person, self._town.ids["ana"]).administration_id
        held = Consultation(
            administration_id=home,
            title="Seals",
            summary="One a day.",
            language="en",
            zone="UTC",
            phase=Phase.COMMENTS,
            owner_id=self._one("pia", "gus"),
            co_owner_id=self._one("bob", "fay"),
            closes_at=NOON + timedelta(days=9),
            created_at=NOON,
        )
        session.add(held)
        session.flush()
        common = {"administration_id": home, "consultation_id": held.id, "language": "en"}
        organisations = self._town.organisations
        for state in (PositionState.DRAFT, PositionState.ASKED, PositionState.FILED):
            for name, other, own, others in (
                ("Alpha Trading", "Food Agency", "alf", "fay"),
                ("Beta Shipping", "Transport Agency", "bob", "tia"),
            ):
                said = Contribution(
                    **common, kind=ContributionKind.POSITION, person_id=self._one("ana"), words="Said.", at=NOON
                )
                session.add(said)
                session.flush()
                made = Position(
                    **common,
                    organisation_id=organisations[name],
                    association_id=None if state is PositionState.DRAFT else organisations[other],
                    state=state,
                    stance=Stance.AGAINST,
                    words="",
                    author_id=self._town.ids[own if state is PositionState.DRAFT else others],
                    written_at=NOON,
                    consent="" if state is PositionState.FILED else None,
                    contribution_id=said.id if state is PositionState.FILED else None,
                    filed_at=NOON if state is PositionState.FILED else None,
                )
                session.add(made)
                session.flush()
                made.words = self._word(f"a position that is {state.value}", _row(Position, made.id))
                if state is PositionState.DRAFT:
                    made.remark = self._word("what a colleague would change", _row(Position, made.id))
                if state is PositionState.FILED:
                    made.consent = self._word("what a consent rests on", _row(Position, made.id))

    def _conclusions(self, session: Session) -> None:
        """Two that have closed: to one the outcome is out, and Ana misses something in it; to the other it waits. Alf
        was told, and is of no audience."""
        ids = self._town.ids
        home = session.get_one(Person, ids["ana"]).administration_id
        for phase in (Phase.OUTCOME, Phase.DECISION):
            is_out = phase is Phase.OUTCOME
            made = Consultation(
                administration_id=home,
                title="An end",
                summary="Of it",
                language="en",
                phase=phase,
                audience=Audience.AGENCIES,
                zone="Africa/Tunis",
                owner_id=ids["pia"],
                centre_id=self._town.centres["general"],
                draft_number=1,
                closes_at=NOON,
                created_at=NOON,
            )
            session.add(made)
            session.flush()
            held = {"administration_id": home, "consultation_id": made.id, "language": "en"}
            said = Contribution(**held, kind=ContributionKind.COMMENT, person_id=ids["ana"], words="", at=NOON)
            text = {"asked": "", "said": "", "done": "", "published_at": NOON if is_out else None}
            end = Conclusion(**held, **text, proposed_by_id=ids["pia"], proposed_at=NOON)
            session.add_all((said, end))
            session.flush()
            answer = Ended(
                **held, contribution_id=said.id, treatment=Treatment.NOT, reason="", by_id=ids["pia"], at=NOON
            )
            session.add(answer)
            session.flush()
            said.words = self._word(f"what was said before the end, {phase}", _comment(said.id))
            answer.reason = self._word(f"why, {phase}", _row(Ended, answer.id))
            for name in ("asked", "said", "done"):
                setattr(end, name, self._word(f"what a conclusion says of what was {name}", _row(Conclusion, end.id)))
            if not is_out:
                continue
            for who in ("ana", "alf"):
                known = {"about": CONCLUDED, "about_id": end.id, "created_at": NOON}
                session.add(Receipt(administration_id=home, person_id=ids[who], **known))
            item = FollowUp(
                administration_id=home, conclusion_id=end.id, person_id=ids["ana"], language="en", asked_at=NOON
            )
            session.add(item)
            session.flush()
            item.words = self._word("what is missing in a conclusion", _row(FollowUp, item.id))

    def _promises(self, session: Session) -> None:
        """Why a desk, and an office without one, did not keep what was promised."""
        promised(session, self._town)
        session.flush()
        for duty in session.scalars(select(Duty).order_by(Duty.id)).all():
            duty.language, duty.explained_by_id, duty.explained_at = "en", self._town.ids["pia"], NOON
            duty.words = self._word("why a promise was not kept", _row(Duty, duty.id))

    def _tell(self, session: Session, issue: Issue) -> None:
        if issue.state not in (State.PROPOSED, State.SETTLED):
            return
        is_home = issue.administration_id == session.get_one(Person, self._town.ids["ana"]).administration_id
        by, approver = ("pia", "lea") if is_home else ("odil", "odil")
        outcome = Outcome(
            administration_id=issue.administration_id,
            issue_id=issue.id,
            asked="",
            found="",
            words="",
            decision=Decision.DONE,
            language="en",
            proposed_by_id=self._town.ids[by],
            proposed_at=NOON,
        )
        if issue.state is State.SETTLED:
            outcome.approved_by_id, outcome.approved_at = self._town.ids[approver], NOON
        session.add(outcome)
        session.flush()
        by_its_writer = _is(outcome.proposed_by_id)
        asked = _either(_row(Outcome, outcome.id), by_its_writer)
        outcome.asked = self._word(f"what was asked in outcome {outcome.id}", asked)
        answer = _either(_answer(outcome.id, issue.administration_id), by_its_writer)
        outcome.found = self._word(f"what was found in outcome {outcome.id}", answer)
        outcome.words = self._word(f"what was done in outcome {outcome.id}", answer)
        for part in session.scalars(select(Part).where(Part.issue_id == issue.id).order_by(Part.id)):
            told_of = {"part_id": part.id, "agency_id": part.agency_id, "respond_by": part.respond_by}
            words = self._word(f"what part {part.id} says in outcome {outcome.id}", _row(Outcome, outcome.id))
            session.add(
                OutcomePart(
                    administration_id=issue.administration_id,
                    outcome_id=outcome.id,
                    state=PartState.ANSWERED,
                    words=words,
                    language="en",
                    **told_of,
                )
            )
        if issue.state is State.SETTLED:
            told = "\n".join((outcome.asked, outcome.found, outcome.words))
            search.keep(session, OUTCOME, outcome.id, issue.administration_id, told)
            for person_id in owed(session, issue.id):
                session.add(
                    Receipt(
                        administration_id=issue.administration_id,
                        about=TOLD,
                        about_id=outcome.id,
                        person_id=person_id,
                        created_at=NOON,
                    )
                )


# Who may read what


def _row(table: type[Any], row_id: int) -> Rule:
    return lambda oracle, looker: oracle.sees(looker, table, row_id)


def _comment(contribution_id: int) -> Rule:
    return lambda oracle, looker: consulting.words_of(oracle, looker, oracle.rows[Contribution][contribution_id])


def _is(person_id: int) -> Rule:
    return lambda oracle, looker: looker.id == person_id


def _either(one: Rule, other: Rule) -> Rule:
    return lambda oracle, looker: one(oracle, looker) or other(oracle, looker)


def _member_of(home: int) -> Rule:
    return lambda oracle, looker: looker.is_registered and looker.home == home


def _said_by(person_id: int, issue_id: int) -> Rule:
    return lambda oracle, looker: looker.id == person_id or _handles(oracle, looker, issue_id)


def _answer(outcome_id: int, home: int) -> Rule:
    """An approved answer is an earlier answer for all staff: what was found and done, not what was asked."""

    def may(oracle: Oracle, looker: Looker) -> bool:
        is_approved = oracle.rows[Outcome][outcome_id].approved_at is not None
        return oracle.sees(looker, Outcome, outcome_id) or (is_approved and looker.is_staff and looker.home == home)

    return may


def _column(agency: str, town: Town) -> Rule:
    """What stands between an agency and Customs in the matrix."""
    agency_id = town.organisations[agency]

    def may(oracle: Oracle, looker: Looker) -> bool:
        is_home = oracle.rows[Organisation][agency_id].administration_id == looker.home
        return is_home and (looker.is_staff or oracle.agency(looker) == agency_id)

    return may


def _entry(issue_id: int, voice: Voice, author_id: int) -> Rule:
    def may(oracle: Oracle, looker: Looker) -> bool:
        issue = oracle.rows[Issue][issue_id]
        if looker.id == author_id or _handles(oracle, looker, issue_id):
            return True
        if issue.administration_id != looker.home:
            return False
        if voice is Voice.RAISED and oracle.knows_reporter(looker, issue_id):
            return True
        if voice in TO_REPORTER:
            return oracle.reported(looker, issue)
        return voice in TO_EVERYBODY and (
            oracle.takes_part(looker, issue_id)
            or any(
                each.merged_into_id == issue_id and oracle.takes_part(looker, each.id)
                for each in oracle.rows[Issue].values()
            )
        )

    return may


def _deed(action_id: int, deed: Deed) -> Rule:
    """What was said stays between the parties; where two owners disagree, the plan reads both."""

    def may(oracle: Oracle, looker: Looker) -> bool:
        action = oracle.rows[Action][action_id]
        both = action.state is actions.State.DISPUTED and deed in (Deed.CLAIMED, Deed.DISPUTED)
        return oracle.is_party(looker, action) or (both and oracle.sees(looker, Action, action_id))

    return may


def _handles(oracle: Oracle, looker: Looker, issue_id: int) -> bool:
    """The desk reads an issue together with what was merged into it."""
    issue = oracle.rows[Issue][issue_id]
    if oracle.handles(looker, issue):
        return True
    return issue.merged_into_id is not None and oracle.handles(looker, oracle.rows[Issue][issue.merged_into_id])


def _is_known(person_id: int) -> Rule:
    """Staff know the people of their administration; others themselves and who speaks for the same organisation.

    Whoever has a part in an action, or in making a consultation, knows the others who have. An agency that is asked in
    a case knows who raised it, where that person lets it. Whoever reviews a proposal knows who proposes it: they have
    to say if it is a friend.
    """

    def may(oracle: Oracle, looker: Looker) -> bool:
        if looker.id == person_id or (looker.is_staff and looker.home in oracle.homes(person_id)):
            return True
        shared = (each for each in oracle.rows[Action].values() if oracle.is_party(looker, each))
        if any(person_id in (each.customs_owner_id, each.business_owner_id, each.business_next_id) for each in shared):
            return True
        drafted = (each for each in oracle.rows[Consultation].values() if consulting.works_on(oracle, looker, each))
        if any(person_id in consulting.makers(each) for each in drafted):
            return True
        raised = (each.id for each in oracle.rows[Issue].values() if each.reporter_id == person_id)
        if any(oracle.knows_reporter(looker, each) for each in raised):
            return True
        proposed = (each for each in oracle.rows[Proposal].values() if person_id in (each.proposer_id, each.speaker_id))
        if any(oracle.sees(looker, Proposal, each.id) for each in proposed):
            return True
        colleagues = (each for each in oracle.rows[Mandate].values() if each.organisation_id == looker.speaks_for)
        return any(each.person_id == person_id for each in colleagues)

    return may


# Everything that is shown to somebody


def events(town: Town, aviary: Aviary, name: str, *, all_commands: bool) -> Iterator[tuple[str, Event]]:
    """Every way to look: commands by name, about every row there is; references, words and canaries, typed."""
    caller = town.callers[name]
    for command in town.engine.registry.commands.values():
        if not command.entities:
            if command.name not in ("people.erase", "people.export"):
                yield command.name, Called(caller, name=command.name)
            continue
        if command.name in JOINS or (not all_commands and command.name not in LOOKS):
            continue
        for parameter, table in command.entities.items():
            for row_id in aviary.oracle.rows[table]:
                yield f"{command.name} {row_id}", Called(caller, name=command.name, args={parameter: row_id})
    for issue_id in aviary.oracle.rows[Issue]:
        yield f"typed reference {issue_id}", Called(caller, words=Issue.ref_of(issue_id))
    for word, canary in aviary.canaries.items():
        if "a raised" in canary.where or "the shared line" in canary.where or "was found" in canary.where:
            yield f"find {canary.where}", Called(caller, words=f"find {word}")
        if "a question of" in canary.where or "an answer of" in canary.where:
            yield f"find {canary.where}", Called(caller, name="agencies.find", args={"words": word})
    yield "words", Answered(caller, "Something is held at the port")


JOINS = {"issues.follow"}  # whoever does it takes part from then on, and may read more
# What shows; the rest changes, and shows what these show.
LOOKS = {
    *("agencies.part", "agencies.thread", "agencies.case", "agencies.answer", "agencies.reply", "agencies.consent"),
    *("protocols.breach", "protocols.version"),
    *("positions.position", "positions.show", "positions.received", "positions.remark", "positions.redraft"),
    *("recognition.cell", "recognition.gap", "recognition.to_action"),
    *("actions.show", "actions.thread", "actions.milestones", "actions.more", "actions.dispute", "actions.report"),
    *("issues.show", "issues.thread", "issues.more", "issues.proposed", "issues.precedents", "issues.outcome"),
    *("issues.problem", "issues.answer", "issues.ask", "issues.reply", "issues.propose", "issues.merge"),
    *("consultations.show", "consultations.more", "consultations.about", "consultations.questions"),
    *("consultations.ownership", "consultations.translate_clause", "consultations.accept"),
    *("statements.listed", "statements.one", "statements.mine", "statements.statement", "statements.hide"),
    *("conclusions.desk", "conclusions.contributions", "conclusions.contribution", "conclusions.statement"),
    *("conclusions.told", "conclusions.outcome", "conclusions.follow_up", "conclusions.reasons"),
    *("issues.withdraw", "issues.translate", "ledger.show", "people.about", "people.confirm"),
}


def shown(town: Town, aviary: Aviary, name: str, *, all_commands: bool = False) -> Iterator[tuple[str, str, bool]]:
    """(what was done, everything that was shown, whether it named something) for one person, and what they can take
    away of themselves."""
    for what, event in events(town, aviary, name, all_commands=all_commands):
        is_named = isinstance(event, Called) and any(isinstance(each, int) for each in event.args.values())
        yield what, without_echo(event, json.dumps(to_json(town.answer(event)))), is_named
    with town.sessions.reading() as session:
        yield "people.export", json.dumps(gather(session, session.get_one(Person, town.ids[name])), default=str), True


def without_echo(event: Event, said: str) -> str:
    """What somebody typed themselves tells them nothing."""
    typed = WORD.findall(event.words or str(event.args.get("words", ""))) if isinstance(event, Called) else []
    for word in typed:
        said = said.replace(f'"words": "{word}"', '"words": "typed"', 1)
    return said


def counted(oracle: Oracle, looker: Looker) -> Mapping[str, int]:
    """How many things a list of somebody's holds."""
    issues = list(oracle.rows[Issue].values())
    return {
        "issues.desk": sum(oracle.handles(looker, each) and each.is_under_way for each in issues),
        "agencies.parts": sum(each.agency_id == oracle.agency(looker) for each in oracle.rows[Part].values()),
        "issues.mine": sum(oracle.reported(looker, each) for each in issues),
    }
