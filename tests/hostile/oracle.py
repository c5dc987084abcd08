"""Who may see what, told a second time and in another way: plain Python over rows, from what the tables promise.

The tests hold Parley's own predicates against it. Nothing in Parley may use it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.actions import Action, Report
from db.agencies import Disclosure, OutcomePart, Part, PartEntry
from db.audiences import Audience
from db.calendars import CalendarAddress
from db.calls import CallCriterion, Interest, Proposal, Review, Reviewer
from db.centres import Centre
from db.consultations import Contribution
from db.issues import INTERNATIONAL_REGION, How, Issue, Level, Participation, Problem
from db.machinery import Receipt
from db.meetings import (
    AgendaItem,
    Answer,
    Attendance,
    Confidentiality,
    Correction,
    Invitation,
    Meeting,
    MeetingChange,
    MeetingPoll,
    MeetingRequest,
    MeetingSlot,
    MeetingState,
    Minute,
)
from db.outcomes import TOLD, Outcome
from db.people import Kind, Mandate, Membership, Organisation, Person, Role, RoleName, Scope, Standing
from db.programmes import ProgrammeDraft, SessionShift
from db.recognition import (
    Criterion,
    GapStep,
    OpenMatrix,
    Recognition,
    RecognitionChange,
    RecognitionRequest,
)
from db.regions import Office, Representative, Term, YearPlan
from db.rooms import ChatGroup, ChatRoom
from db.symposia import (
    Block,
    SessionPart,
    Symposium,
    SymposiumRoom,
    SymposiumSession,
    SymposiumState,
    Track,
)

from . import broadcasting, concluding, consulting, days, opinions, positions, protocols, seats

OFFICE = (RoleName.VICE_CHAIR, RoleName.COORDINATOR, RoleName.SECRETARY)
CASES = (Issue, Outcome, Problem, Organisation, Mandate, Role, Centre, Person, Membership)
PLAN = (Action, Report)
AGENCIES = (Part, PartEntry, Disclosure, OutcomePart)
MATRIX = (Criterion, Recognition, RecognitionChange, RecognitionRequest, OpenMatrix, GapStep)
REGIONS = (Office, Representative, YearPlan)
ROOMS = (ChatGroup, ChatRoom)
SYMPOSIA = (
    *(Symposium, Track, SymposiumRoom, Block, SymposiumSession, SessionPart),
    *(Proposal, CallCriterion, Reviewer, Review, Interest),
    *(ProgrammeDraft, SessionShift),
)
MEETINGS = (
    Meeting,
    AgendaItem,
    MeetingChange,
    Invitation,
    MeetingRequest,
    MeetingPoll,
    MeetingSlot,
    Minute,
    Correction,
)


@dataclass(frozen=True)
class Looker:
    """A person, as the oracle knows them."""

    id: int
    home: int
    is_registered: bool
    roles: tuple[tuple[RoleName, Scope, str], ...]
    claims: int | None  # the organisation they say they speak for
    speaks_for: int | None  # the one they speak for indeed

    @property
    def is_staff(self) -> bool:
        return bool(self.roles)


class Oracle:
    """Everything there is, read once."""

    def __init__(self, session: Session, *, at: datetime) -> None:
        def every(table: Any) -> dict[int, Any]:
            return {row.id: row for row in session.scalars(select(table))}

        self._at = at
        cases: Mapping[type[Any], Mapping[int, Any]] = {
            table: every(table)
            for table in (*CASES, *MEETINGS, *SYMPOSIA, *REGIONS, *ROOMS, *PLAN, *AGENCIES, *MATRIX, CalendarAddress)
        }
        self.rows = {**cases, **{table: every(table) for table in _ELSEWHERE}}
        self.contributions = list(every(Contribution).values())
        self._parts = list(every(Participation).values())
        self._told = {(row.person_id, row.about_id) for row in every(Receipt).values() if row.about == TOLD}
        self.told = {(row.person_id, row.about, row.about_id) for row in every(Receipt).values()}

    def homes(self, person_id: int) -> list[int]:
        """The administrations they are of: the one in which they act now is the first."""
        person = self.rows[Person][person_id]
        too = [
            each.administration_id
            for each in self.rows[Membership].values()
            if each.person_id == person_id and each.left_at is None
        ]
        return sorted({person.administration_id, *too}, key=lambda each: each != person.acting_in_id)

    def lookers(self, person_id: int, *, is_guest: bool = False) -> list[Looker]:
        """The same person in each of their administrations."""
        return [self.looker(person_id, is_guest=is_guest, home=each) for each in self.homes(person_id)]

    def looker(self, person_id: int, *, is_guest: bool = False, home: int | None = None) -> Looker:
        """A person in one administration, by default the one in which they act now."""
        person = self.rows[Person][person_id]
        home = home or self.homes(person_id)[0]
        held = [
            (role.name, role.scope, role.scope_id)
            for role in self.rows[Role].values()
            if (role.person_id, role.administration_id) == (person_id, home)
            and role.starts_at <= self._at < role.ends_at
            and not is_guest
        ]
        organisations = self.rows[Organisation]
        mandates = [
            each
            for each in self.rows[Mandate].values()
            if (each.person_id, each.administration_id) == (person_id, home)
            and each.starts_at <= self._at < each.ends_at
            and organisations[each.organisation_id].standing is not Standing.REFUSED
        ]
        last = max(mandates, key=lambda each: (each.starts_at, each.id), default=None)
        is_voice = (
            last is not None
            and last.confirmed_by_id is not None
            and organisations[last.organisation_id].standing is Standing.VERIFIED
        )
        return Looker(
            id=person_id,
            home=home,
            is_registered=person.registered_at is not None and person.erased_at is None,
            roles=tuple(held),
            claims=last.organisation_id if last else None,
            speaks_for=last.organisation_id if last and is_voice else None,
        )

    def sees(self, looker: Looker, table: type[Any], row_id: int) -> bool:
        """Whether one row of one table is theirs to see."""
        row = self.rows[table].get(row_id)
        return row is not None and _RULES[table](self, looker, row)

    def reported(self, looker: Looker, issue: Issue) -> bool:
        """They raised it, or one of the reports it is known by, and have not left."""
        return issue.administration_id == looker.home and any(
            part.issue_id == issue.id
            and part.person_id == looker.id
            and part.how is How.REPORTER
            and part.left_at is None
            for part in self._parts
        )

    def takes_part(self, looker: Looker, issue_id: int) -> bool:
        """They joined it in whatever way, and have not left."""
        return any(
            part.issue_id == issue_id and part.person_id == looker.id and part.left_at is None for part in self._parts
        )

    def handles(self, looker: Looker, issue: Issue) -> bool:
        """It is at their desk, or their role is over all desks, or it was taken up to them."""
        if issue.administration_id != looker.home or issue.reporter_id == looker.id:
            return False
        for name, scope, place in looker.roles:
            if scope is Scope.COUNTRY or (scope is Scope.CENTRE and place == str(issue.centre_id)):
                return True
            if scope is Scope.REGION and name is RoleName.COORDINATOR:
                world = place == INTERNATIONAL_REGION and issue.reached is Level.INTERNATIONAL
                if world or (place == issue.region and issue.reached is not Level.NATIONAL):
                    return True
        return False

    # Agencies

    def agency(self, looker: Looker) -> int | None:
        """The agency they speak for indeed."""
        spoken = self.rows[Organisation].get(looker.speaks_for or 0)
        return spoken.id if spoken is not None and spoken.kind is Kind.AGENCY else None

    def knows_reporter(self, looker: Looker, issue_id: int) -> bool:
        """Their agency has a part in it, and whoever raised it lets agencies know that and has not left."""
        agency, issue = self.agency(looker), self.rows[Issue][issue_id]
        has_part = any(
            each.issue_id == issue_id and each.agency_id == agency and each.administration_id == looker.home
            for each in self.rows[Part].values()
        )
        stays = any(
            part.issue_id == issue_id and part.person_id == issue.reporter_id and part.left_at is None
            for part in self._parts
        )
        lets = any(
            each.issue_id == issue_id and each.withdrawn_at is None and each.person_id == issue.reporter_id
            for each in self.rows[Disclosure].values()
        )
        return agency is not None and has_part and stays and lets

    def _part(self, looker: Looker, row: Part) -> bool:
        is_asked = row.agency_id == self.agency(looker) and row.administration_id == looker.home
        return is_asked or self.handles(looker, self.rows[Issue][row.issue_id])

    def _part_entry(self, looker: Looker, row: PartEntry) -> bool:
        return self._part(looker, self.rows[Part][row.part_id])

    def _outcome_part(self, looker: Looker, row: OutcomePart) -> bool:
        return self._outcome(looker, self.rows[Outcome][row.outcome_id])

    def _disclosure(self, looker: Looker, row: Disclosure) -> bool:
        return row.administration_id == looker.home and row.person_id == looker.id

    def in_full(self, looker: Looker, row: Any) -> bool:
        """A note in the matrix: between an agency and Customs."""
        return row.administration_id == looker.home and (looker.is_staff or row.agency_id == self.agency(looker))

    def _recognition(self, looker: Looker, row: Recognition) -> bool:
        is_open = any(each.administration_id == looker.home for each in self.rows[OpenMatrix].values())
        is_home = row.administration_id == looker.home and looker.is_registered
        return is_home and (is_open or self.in_full(looker, row))

    def _criterion(self, looker: Looker, row: Criterion) -> bool:
        return looker.is_registered and row.administration_id == looker.home

    def _open_matrix(self, looker: Looker, row: OpenMatrix) -> bool:
        return row.administration_id == looker.home

    def _gap_step(self, looker: Looker, row: GapStep) -> bool:
        return looker.is_staff and row.administration_id == looker.home

    # Meetings

    def runs(self, looker: Looker, meeting: Meeting) -> bool:
        """They called it and are still staff; or it is no secret and their role is over its desk, region or land."""
        if not looker.is_staff or meeting.administration_id != looker.home:
            return False
        if meeting.organiser_id == looker.id:
            return True
        return meeting.confidentiality is not Confidentiality.CONFIDENTIAL and any(
            scope is Scope.COUNTRY
            or (scope is Scope.CENTRE and place == str(meeting.centre_id))
            or (scope is Scope.REGION and name in OFFICE and place == meeting.region)
            for name, scope, place in looker.roles
        )

    def invitation(self, looker: Looker, meeting_id: int) -> Invitation | None:
        found = (each for each in self.rows[Invitation].values() if each.person_id == looker.id)
        return next((each for each in found if each.meeting_id == meeting_id), None)

    def is_of_its_audience(self, looker: Looker, meeting: Meeting) -> bool:
        me = self.rows[Person][looker.id]
        is_home = meeting.administration_id == looker.home and looker.is_registered
        if not is_home or meeting.confidentiality is Confidentiality.CONFIDENTIAL:
            return False
        trades = me.kind in (Kind.BUSINESS, Kind.ASSOCIATION)
        return {
            Audience.INVITED: False,
            Audience.SECTOR: trades and meeting.sector is not None and me.sector is meeting.sector,
            Audience.BUSINESS: trades,
            Audience.AGENCIES: me.kind is Kind.AGENCY,
            Audience.MEMBERS: True,
        }[meeting.audience]

    def _meeting(self, looker: Looker, row: Meeting) -> bool:
        own = self.invitation(looker, row.id)
        is_told = row.starts_at is not None or any(
            each.meeting_id == row.id for each in self.rows[MeetingPoll].values()
        )
        on_list = own is not None and own.answer is not Answer.REMOVED and row.administration_id == looker.home
        is_invited = on_list and is_told
        return is_invited or self.runs(looker, row) or self.is_of_its_audience(looker, row)

    def _with_meeting(self, looker: Looker, row: Any) -> bool:
        return row.administration_id == looker.home and self._meeting(looker, self.rows[Meeting][row.meeting_id])

    def _ones_own(self, looker: Looker, row: Any) -> bool:
        meeting = self.rows[Meeting][row.meeting_id]
        return row.administration_id == looker.home and (row.person_id == looker.id or self.runs(looker, meeting))

    def _poll(self, looker: Looker, row: MeetingPoll) -> bool:
        own = self.invitation(looker, row.meeting_id)
        is_asked = own is not None and own.answer in (Answer.NONE, Answer.ACCEPTED)
        return row.administration_id == looker.home and (
            is_asked or self.runs(looker, self.rows[Meeting][row.meeting_id])
        )

    def _slot(self, looker: Looker, row: MeetingSlot) -> bool:
        return self._poll(looker, self.rows[MeetingPoll][row.poll_id])

    def _minute(self, looker: Looker, row: Minute) -> bool:
        meeting, own = self.rows[Meeting][row.meeting_id], self.invitation(looker, row.meeting_id)
        if row.administration_id != looker.home:
            return False
        was = own.attendance if own is not None else None
        if was is Attendance.PRESENT and meeting.state in (MeetingState.CORRECTING, MeetingState.CLOSED):
            return True
        apologised = was is Attendance.APOLOGIES and meeting.state is MeetingState.CLOSED
        return apologised or self.runs(looker, meeting)

    def _correction(self, looker: Looker, row: Correction) -> bool:
        return self._minute(looker, self.rows[Minute][row.minute_id])

    def _room(self, looker: Looker, row: ChatRoom) -> bool:
        return row.administration_id == looker.home and self.runs(looker, self.rows[Meeting][row.meeting_id])

    def _group(self, looker: Looker, row: ChatGroup) -> bool:
        return looker.is_staff and row.administration_id == looker.home and row.let_go_at is None

    # Symposia

    def runs_symposium(self, looker: Looker, row: Symposium) -> bool:
        """They made it and are still staff; or their role is over its desk or the land."""
        if not looker.is_staff or row.administration_id != looker.home:
            return False
        return row.organiser_id == looker.id or any(
            scope is Scope.COUNTRY or (scope is Scope.CENTRE and place == str(row.centre_id))
            for _name, scope, place in looker.roles
        )

    def _symposium(self, looker: Looker, row: Symposium) -> bool:
        """Whoever runs it; once it is known, its audience, all staff, and whoever is needed in it, is registered for it
        or leads a delegation to it."""
        if row.administration_id != looker.home:
            return False
        if self.runs_symposium(looker, row):
            return True
        me = self.rows[Person][looker.id]
        trades = me.kind in (Kind.BUSINESS, Kind.ASSOCIATION)
        is_for = {
            Audience.INVITED: False,
            Audience.SECTOR: trades and row.sector is not None and me.sector is row.sector,
            Audience.BUSINESS: trades,
            Audience.AGENCIES: me.kind is Kind.AGENCY,
            Audience.MEMBERS: True,
        }[row.audience]
        sessions = self.rows[SymposiumSession]
        is_needed = any(
            each.person_id == looker.id and sessions[each.session_id].symposium_id == row.id
            for each in self.rows[SessionPart].values()
        )
        may = looker.is_registered and (is_for or looker.is_staff)
        return row.state is not SymposiumState.DRAFT and (may or is_needed or seats.comes(self, looker, row))

    def _with_symposium(self, looker: Looker, row: Any) -> bool:
        symposium = self.rows[Symposium][row.symposium_id]
        return row.administration_id == looker.home and self._symposium(looker, symposium)

    def _draft(self, looker: Looker, row: ProgrammeDraft) -> bool:
        return self.runs_symposium(looker, self.rows[Symposium][row.symposium_id])

    def _needed(self, looker: Looker, row: SessionPart) -> bool:
        symposium = self.rows[Symposium][self.rows[SymposiumSession][row.session_id].symposium_id]
        mine = row.person_id == looker.id or self.runs_symposium(looker, symposium)
        return row.administration_id == looker.home and mine

    def _is_theirs(self, looker: Looker, row: Proposal) -> bool:
        speaks = looker.speaks_for is not None and row.organisation_id == looker.speaks_for
        return looker.id in (row.proposer_id, row.speaker_id) or speaks

    def _proposal(self, looker: Looker, row: Proposal) -> bool:
        """Their own; or they run the symposium or review for it, and have no interest in this one."""
        if row.administration_id != looker.home:
            return False
        if self._is_theirs(looker, row):
            return True
        has_interest = any(
            each.proposal_id == row.id and each.person_id == looker.id and each.is_conflict
            for each in self.rows[Review].values()
        )
        reviews = any(
            each.symposium_id == row.symposium_id and each.person_id == looker.id
            for each in self.rows[Reviewer].values()
        )
        runs = self.runs_symposium(looker, self.rows[Symposium][row.symposium_id])
        return (runs or reviews) and not has_interest

    def _reviewer(self, looker: Looker, row: Reviewer) -> bool:
        runs = self.runs_symposium(looker, self.rows[Symposium][row.symposium_id])
        return row.administration_id == looker.home and (row.person_id == looker.id or runs)

    def _review(self, looker: Looker, row: Review) -> bool:
        """Whoever wrote it, and whoever decides: not on what is their own."""
        if row.administration_id != looker.home:
            return False
        proposal = self.rows[Proposal][row.proposal_id]
        entered = proposal.is_on_behalf and proposal.speaker_id != looker.id
        has_stake = self._is_theirs(looker, proposal) and not entered
        runs = self.runs_symposium(looker, self.rows[Symposium][proposal.symposium_id])
        return row.person_id == looker.id or (runs and self._proposal(looker, proposal) and not has_stake)

    def _interest(self, looker: Looker, row: Interest) -> bool:
        return self._with_symposium(looker, self.rows[SymposiumSession][row.session_id])

    # Regions

    def serves(self, looker: Looker, row: Any) -> bool:
        """They have a post in the office of its region, here."""
        return row.administration_id == looker.home and any(
            scope is Scope.REGION and name in OFFICE and place == row.region for name, scope, place in looker.roles
        )

    def _administers(self, looker: Looker, row: Any) -> bool:
        return row.administration_id == looker.home and any(
            name is RoleName.ADMINISTRATOR for name, _scope, _place in looker.roles
        )

    def _office(self, looker: Looker, row: Office) -> bool:
        if not looker.is_registered or row.administration_id != looker.home:
            return False
        is_public = row.term in (Term.SITTING, Term.PAST)
        return is_public or row.head_id == looker.id or self.serves(looker, row) or self._administers(looker, row)

    def _representative(self, looker: Looker, row: Representative) -> bool:
        is_own = row.administration_id == looker.home and row.person_id == looker.id
        return is_own or self.serves(looker, row) or self._administers(looker, row)

    # The joint plan

    def keeps_the_plan(self, looker: Looker) -> bool:
        """They oversee it, whatever is in it."""
        over = (RoleName.COORDINATOR, RoleName.VICE_CHAIR, RoleName.ADMINISTRATOR)
        return any(name in over for name, _scope, _place in looker.roles)

    def owns(self, looker: Looker, action: Action) -> bool:
        """They own one side of it: by a role in Customs, by their word for its organisation in business."""
        if action.administration_id != looker.home:
            return False
        in_customs = action.customs_owner_id == looker.id and looker.is_staff
        is_voice = action.business_organisation_id == looker.speaks_for
        return in_customs or (action.business_owner_id == looker.id and is_voice)

    def is_party(self, looker: Looker, action: Action) -> bool:
        """What is said of it is theirs to read."""
        if action.administration_id != looker.home:
            return False
        is_asked = action.is_under_way and (
            (action.customs_next_id == looker.id and looker.is_staff)
            or (action.business_next_id == looker.id and looker.speaks_for is not None)
        )
        put_forward = action.proposed_by_id == looker.id and looker.is_staff
        return self.owns(looker, action) or is_asked or put_forward or self.keeps_the_plan(looker)

    def shares(self, looker: Looker, year: int) -> bool:
        """They own something that was adopted in that year's plan."""
        adopted = (each for each in self.rows[Action].values() if each.plan_year == year and each.adopted_at)
        return any(self.owns(looker, each) for each in adopted)

    # Each table's rule

    def _action(self, looker: Looker, row: Action) -> bool:
        if row.administration_id != looker.home:
            return False
        return self.is_party(looker, row) or (row.adopted_at is not None and self.shares(looker, row.plan_year))

    def _report(self, looker: Looker, row: Report) -> bool:
        if row.administration_id != looker.home:
            return False
        published = row.published_at is not None and self.shares(looker, row.plan_year)
        return self.keeps_the_plan(looker) or published

    def _issue(self, looker: Looker, row: Issue) -> bool:
        return self.reported(looker, row) or self.handles(looker, row)

    def _outcome(self, looker: Looker, row: Outcome) -> bool:
        if row.administration_id != looker.home:
            return False
        was_told = row.approved_at is not None and (looker.id, row.id) in self._told
        return was_told or self.handles(looker, self.rows[Issue][row.issue_id])

    def _problem(self, looker: Looker, row: Problem) -> bool:
        return looker.is_registered and row.administration_id == looker.home

    def _organisation(self, looker: Looker, row: Organisation) -> bool:
        known = row.standing is Standing.VERIFIED or row.proposed_by_id == looker.id or row.id == looker.claims
        return row.administration_id == looker.home and (looker.is_staff or known)

    def _mandate(self, looker: Looker, row: Mandate) -> bool:
        if looker.is_staff or row.administration_id != looker.home:
            return row.administration_id == looker.home
        return row.person_id == looker.id or row.organisation_id == looker.speaks_for

    def _membership(self, looker: Looker, row: Membership) -> bool:
        return row.person_id == looker.id

    def _role(self, looker: Looker, row: Role) -> bool:
        if any(name is RoleName.ADMINISTRATOR for name, _scope, _place in looker.roles):
            return row.administration_id == looker.home
        return (row.person_id, row.administration_id) == (looker.id, looker.home)

    def _centre(self, looker: Looker, row: Centre) -> bool:
        return row.administration_id == looker.home

    def _address(self, looker: Looker, row: CalendarAddress) -> bool:
        return row.person_id == looker.id


# Whose rules stand in a module of their own.
_ELSEWHERE: Mapping[type[Any], Callable[[Oracle, Looker, Any], bool]] = {
    **seats.RULES,
    **days.RULES,
    **consulting.RULES,
    **positions.RULES,
    **protocols.RULES,
    **opinions.RULES,
    **concluding.RULES,
    **broadcasting.RULES,
}
_RULES: Mapping[type[Any], Callable[[Oracle, Looker, Any], bool]] = {
    Issue: Oracle._issue,
    Outcome: Oracle._outcome,
    Problem: Oracle._problem,
    Organisation: Oracle._organisation,
    Mandate: Oracle._mandate,
    Role: Oracle._role,
    Membership: Oracle._membership,
    Centre: Oracle._centre,
    Office: Oracle._office,
    Part: Oracle._part,
    PartEntry: Oracle._part_entry,
    OutcomePart: Oracle._outcome_part,
    Disclosure: Oracle._disclosure,
    Criterion: Oracle._criterion,
    Recognition: Oracle._recognition,
    RecognitionChange: Oracle.in_full,
    RecognitionRequest: Oracle.in_full,
    OpenMatrix: Oracle._open_matrix,
    GapStep: Oracle._gap_step,
    Representative: Oracle._representative,
    YearPlan: Oracle.serves,
    Meeting: Oracle._meeting,
    AgendaItem: Oracle._with_meeting,
    MeetingChange: Oracle._with_meeting,
    Invitation: Oracle._ones_own,
    MeetingRequest: Oracle._ones_own,
    MeetingPoll: Oracle._poll,
    MeetingSlot: Oracle._slot,
    Minute: Oracle._minute,
    Correction: Oracle._correction,
    Symposium: Oracle._symposium,
    **dict.fromkeys((Track, SymposiumRoom, Block, SymposiumSession, CallCriterion), Oracle._with_symposium),
    SessionPart: Oracle._needed,
    SessionShift: Oracle._with_symposium,
    ProgrammeDraft: Oracle._draft,
    Proposal: Oracle._proposal,
    Reviewer: Oracle._reviewer,
    Review: Oracle._review,
    Interest: Oracle._interest,
    ChatGroup: Oracle._group,
    ChatRoom: Oracle._room,
    CalendarAddress: Oracle._address,
    Action: Oracle._action,
    Report: Oracle._report,
    **_ELSEWHERE,
}
