"""Everything kept about one person, wherever it is: made one with another's, gathered for them, erased.

A column with a foreign key to `person` names a person; nothing else does, but the owner of a file and the audit's ids,
which never change. So a new table is joined, exported and erased without a line here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Column, RowMapping, String, Table, UniqueConstraint, cast, delete, func, select, tuple_, update
from sqlalchemy.orm import Session

import db.tables  # noqa: F401  imported for its effect: the metadata is whole, whoever asks

from .actions import Action
from .agencies import Disclosure
from .attendance import Feedback, FloorQuestion, Proof, QuestionState
from .base import Base
from .broadcasts import Broadcast, BroadcastCopy, BroadcastText
from .broadcasts import Standing as BroadcastStanding
from .calendars import CalendarAddress
from .calls import Interest, Proposal, ProposalState, Review, Reviewer
from .conclusions import FollowUp
from .consultations import IN_ORDER, Consultation, Contribution, ContributionKind, Phase
from .files import Chunk, File
from .issues import Participation
from .machinery import Draft, Handle, Inbox, InboxState, Outgoing, Sending
from .mail import INVITATION, MailRequest
from .meetings import AHEAD, Answer, Invitation, Meeting, MeetingFollower, MeetingRequest, MeetingVote, Reply
from .people import Account, Erasure, Mandate, Membership, Organisation, Pass, Person, Role, WebSession, homes_of
from .positions import Position, PositionState
from .regions import Representative
from .registrations import OPEN, Registration, RegistrationState, Seat, SeatState, Wish
from .statements import Statement, StatementVote
from .symposia import Agreed, Away, SessionPart

EXPORT = "export"  # what a file of somebody's own data hangs on
# Both rows stay where two persons become one; only this part of their key has to differ.
KEPT_APART = {"handle": "digest", "outgoing": "once"}
SECRETS = frozenset({"digest", "token", "csrf"})


def person_columns() -> Iterator[tuple[Table, Column[Any]]]:
    """Every column of every table that names a person."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if column is File.__table__.c.person_id or any(
                key.column is Person.__table__.c.id for key in column.foreign_keys
            ):
                yield table, column


def join(session: Session, newer: Person, older: Person, *, at: datetime) -> None:
    """Make two persons one: whatever names `newer` names `older` afterwards, and `newer` points there.

    Where only one row may stand for a person, `older`'s takes over from the other what it lacks.
    """
    session.flush()
    # A turn of the other's that is under way ends first; one that begins now waits, and then is older's.
    session.execute(select(Account.id).where(Account.person_id == newer.id).with_for_update())
    in_force = session.scalars(select(Mandate).where(Mandate.person_id.in_([newer.id, older.id]), Mandate.in_force(at)))
    held = {(mandate.administration_id, mandate.person_id): mandate for mandate in in_force}
    for (home, person_id), mandate in held.items():
        if person_id == newer.id and (home, older.id) in held:
            mandate.end(at)
    newer.merged_into_id = older.id
    is_of_several = _bring_homes(session, newer, older, at=at)
    session.flush()
    for table, column in person_columns():
        if column.key == "merged_into_id" and table is Person.__table__:
            continue
        for key in _keys_with(table, column):
            _make_way(session, table, column, key, newer.id, older.id)
        session.execute(update(table).where(column == newer.id).values({column.key: older.id}))
    session.expire_all()
    at_home = Membership.person_id == older.id, Membership.administration_id == older.administration_id
    session.execute(delete(Membership).where(*at_home))
    if not is_of_several:
        older.acting_in_id = None
    elif older.acting_in_id is None:
        older.acting_in_id = older.administration_id
    session.flush()


def _bring_homes(session: Session, newer: Person, older: Person, *, at: datetime) -> bool:
    """Where either has registered the one person is, from now on; whether that is in several administrations."""
    homes = {*homes_of(session, older)}
    if newer.registered_at is not None:
        homes |= {*homes_of(session, newer)}
        if newer.administration_id != older.administration_id:
            since = newer.registered_at
            common = {"administration_id": newer.administration_id, "person_id": newer.id}
            session.add(Membership(**common, since=since, consented_at=newer.consented_at or since))
    newer.acting_in_id = None
    return len(homes) > 1


def gather(session: Session, person: Person) -> dict[str, Any]:
    """Everything about a person as JSON values, by table.

    A column that may not be empty says whose row it is: the row is given whole. One that may be empty says who acted on
    a row of somebody else's: its id is given.
    """
    found: dict[str, Any] = {}
    acted: dict[str, list[int]] = {}
    for table, column in person_columns():
        if table is Person.__table__:
            column = table.c.id
        rows = session.execute(select(table).where(column == person.id).order_by(*table.primary_key)).mappings().all()
        if not rows:
            continue
        if column.nullable:
            acted[f"{table.name}.{column.key}"] = [row["id"] for row in rows]
        else:
            known = {row["id"]: row for row in found.get(table.name, [])}
            found[table.name] = list((known | {row["id"]: _row(row) for row in rows}).values())
    updates = select(Inbox.received_at, Inbox.platform, Inbox.payload).where(_sent_by(session, person.id))
    found["inbox"] = [
        {"received_at": row.received_at.isoformat(), "platform": row.platform, "payload": row.payload}
        for row in session.execute(updates.order_by(Inbox.id))
    ]
    return found | {"acted_on": acted}


def erase(session: Session, person: Person, *, at: datetime) -> None:
    """Remove what is personal and leave a tombstone. Records keep the organisation and a number that leads to nobody.

    The addresses stay for the last message, cut off from whose they were, until `forget_addresses`.
    """
    session.flush()
    updates = update(Inbox).where(_sent_by(session, person.id))
    session.execute(updates.values(payload=None, account="", state=InboxState.DONE))
    for kept in (Draft, Handle, WebSession, Pass, CalendarAddress, MailRequest):
        session.execute(delete(kept).where(kept.person_id == person.id))
    session.execute(update(Pass).where(Pass.other_id == person.id).values(other_id=None))
    _silence(session, person.id, Sending.WAITING, Sending.HELD, at=at)
    for spoken in (Mandate, Role, Representative):
        mine = spoken.person_id == person.id, spoken.ends_at > at
        session.execute(update(spoken).where(*mine).values(ends_at=at))
    of_others = Membership.person_id == person.id, Membership.left_at.is_(None)
    session.execute(update(Membership).where(*of_others).values(left_at=at))
    session.execute(update(Organisation).where(Organisation.contact_id == person.id).values(contact_id=None))
    taking_part = Participation.person_id == person.id, Participation.left_at.is_(None)
    session.execute(update(Participation).where(*taking_part).values(left_at=at))
    _leave_meetings(session, person.id, at=at)
    _leave_symposia(session, person.id, at=at)
    _give_up_seats(session, person.id, at=at)
    _leave_the_floor(session, person.id)
    _leave_consultations(session, person.id, at=at)
    _drop_positions(session, person.id, at=at)
    _leave_broadcasts(session, person.id, at=at)
    missed = FollowUp.person_id == person.id  # nobody is left to get in touch with
    ended = {"words": None, "done_at": func.coalesce(FollowUp.done_at, at)}
    session.execute(update(FollowUp).where(missed).values(ended))
    for asked in (Action.customs_next_id, Action.business_next_id):  # to take an action over
        session.execute(update(Action).where(asked == person.id).values({asked.key: None}))
    letting = Disclosure.person_id == person.id, Disclosure.withdrawn_at.is_(None)
    session.execute(update(Disclosure).where(*letting).values(withdrawn_at=at))
    unattached = File.person_id == person.id, File.owner.is_(None) | File.owner.in_((EXPORT, INVITATION))
    for file in session.scalars(select(File).where(*unattached)):
        drop_file(session, file)
    for account in session.scalars(select(Account).where(Account.person_id == person.id)):
        account.external_id = f"erased-{account.id}"
    person.name, person.kind, person.sector, person.region = "", None, None, None
    person.registered_at, person.consented_at, person.acting_in_id, person.erased_at = None, None, None, at
    if session.scalar(select(Erasure.id).where(Erasure.person_id == person.id)) is None:
        session.add(Erasure(person_id=person.id, at=at))
    session.flush()


def forget_addresses(session: Session, person: Person, *, at: datetime) -> None:
    """The last message has gone: remove where it went."""
    _silence(session, person.id, Sending.WAITING, Sending.HELD, Sending.SENDING, at=at)
    session.execute(update(Outgoing).where(Outgoing.person_id == person.id).values(account_id=None))
    session.execute(update(BroadcastCopy).where(BroadcastCopy.person_id == person.id).values(account_id=None))
    session.execute(delete(Handle).where(Handle.person_id == person.id))
    session.execute(delete(Account).where(Account.person_id == person.id))


def replay(session: Session, erasures: Iterable[tuple[int, datetime]]) -> int:
    """Erase again, in a restored backup, whoever was erased since it was made: (person id, when). Returns how many."""
    count = 0
    for person_id, at in erasures:
        person = session.get(Person, person_id)
        if person is not None and person.erased_at is None:
            erase(session, person, at=at)
            forget_addresses(session, person, at=at)
            count += 1
    return count


def drop_file(session: Session, file: File) -> None:
    """Remove a file, and its bytes unless another file has the same."""
    session.delete(file)
    session.flush()
    shared = session.scalar(select(File.id).where(File.sha256 == file.sha256).limit(1))
    if file.sha256 is not None and shared is None:
        session.execute(delete(Chunk).where(Chunk.sha256 == file.sha256))


def _leave_meetings(session: Session, person_id: int, *, at: datetime) -> None:
    """They are expected nowhere any longer, and what they said of when and why they could not come is gone."""
    session.execute(delete(MeetingFollower).where(MeetingFollower.person_id == person_id))
    session.execute(delete(MeetingVote).where(MeetingVote.person_id == person_id))
    theirs = Invitation.person_id == person_id
    session.execute(update(Invitation).where(theirs).values(reason=None, language=None))
    ahead = Invitation.meeting_id.in_(select(Meeting.id).where(Meeting.state.in_(AHEAD)))
    session.execute(update(Invitation).where(theirs, ahead).values(answer=Answer.REMOVED))
    asked = MeetingRequest.person_id == person_id
    session.execute(update(MeetingRequest).where(asked).values(words=None))
    unanswered = {"reply": Reply.NO, "decided_at": at}
    session.execute(update(MeetingRequest).where(asked, MeetingRequest.reply == Reply.OPEN).values(unanswered))


def _leave_symposia(session: Session, person_id: int, *, at: datetime) -> None:
    """They speak nowhere any longer, what they proposed is taken back while it is open, and their reasons are gone.
    Points they gave stay, their words do not."""
    session.execute(delete(Away).where(Away.person_id == person_id))
    session.execute(delete(Reviewer).where(Reviewer.person_id == person_id))
    session.execute(delete(Interest).where(Interest.person_id == person_id))
    theirs = SessionPart.person_id == person_id
    session.execute(update(SessionPart).where(theirs).values(reason=None, language=None, agreed=Agreed.NO))
    session.execute(update(Review).where(Review.person_id == person_id).values(words=None, language=None))
    open_ = Proposal.proposer_id == person_id, Proposal.state == ProposalState.SENT, Proposal.is_on_behalf.is_(False)
    session.execute(update(Proposal).where(*open_).values(state=ProposalState.WITHDRAWN, decided_at=at))
    declared = Proposal.speaker_id == person_id, Proposal.interest.is_not(None)
    session.execute(update(Proposal).where(*declared).values(interest=None))


def _give_up_seats(session: Session, person_id: int, *, at: datetime) -> None:
    """Their seats are free; whoever waits for one is offered it at the next look. What they answered is gone."""
    theirs = select(Registration.id).where(Registration.person_id == person_id)
    session.execute(delete(Wish).where(Wish.registration_id.in_(theirs)))
    seats = Seat.registration_id.in_(theirs), Seat.state.in_(OPEN)
    session.execute(update(Seat).where(*seats).values(state=SeatState.GIVEN_UP, at=at, offered_until=None))
    left = {"state": RegistrationState.CANCELLED, "cancelled_at": at, "answers": {}, "language": None}
    session.execute(update(Registration).where(Registration.person_id == person_id).values(left))


def _leave_the_floor(session: Session, person_id: int) -> None:
    """That somebody came is counted still. Nothing proves whose it was, and none of their words are left."""
    session.execute(delete(Proof).where(Proof.person_id == person_id))
    asked = update(FloorQuestion).where(FloorQuestion.person_id == person_id)
    session.execute(asked.values(words="", state=QuestionState.SET_ASIDE))
    session.execute(update(Feedback).where(Feedback.person_id == person_id).values(words=None, language=None))


def _leave_consultations(session: Session, person_id: int, *, at: datetime) -> None:
    """None of their own words are left, and what they said counts no longer while its answer is being found; where the
    outcome is out, how it ended stays. An organisation's position stays its own. They own no consultation in business
    any longer, and what they proposed is taken back while nobody has answered it."""
    ended = select(Consultation.id).where(Consultation.phase == Phase.OUTCOME)
    theirs = Contribution.person_id == person_id, Contribution.kind != ContributionKind.POSITION
    open_ = *theirs, Contribution.withdrawn_at.is_(None), Contribution.consultation_id.not_in(ended)
    session.execute(update(Contribution).where(*open_).values(withdrawn_at=at))
    gone = {"words": "", "suggested": None, "choice": None, "consent": None}
    session.execute(update(Contribution).where(*theirs).values(gone))
    session.execute(update(Contribution).where(Contribution.person_id == person_id).values(consent=None))
    said = Statement.person_id == person_id, Statement.withdrawn_at.is_(None)
    session.execute(update(Statement).where(*said).values(withdrawn_at=at))
    session.execute(
        update(Statement).where(Statement.person_id == person_id).values(words="", translations={}, hidden_words=None)
    )
    session.execute(delete(StatementVote).where(StatementVote.person_id == person_id))
    under_way = Consultation.phase.in_(IN_ORDER), Consultation.phase != Phase.OUTCOME
    for held in (Consultation.co_owner_id, Consultation.asked_id):
        session.execute(update(Consultation).where(held == person_id, *under_way).values({held.key: None}))
    proposed = select(Consultation).where(Consultation.proposer_id == person_id, Consultation.phase == Phase.PROPOSED)
    for each in session.scalars(proposed):
        each.withdraw(at=at)


def _drop_positions(session: Session, person_id: int, *, at: datetime) -> None:
    """What stands is their organisation's, and stays. What else they wrote of it is gone."""
    theirs = Position.author_id == person_id, Position.state != PositionState.FILED
    said = select(Position.contribution_id).where(*theirs, Position.contribution_id.is_not(None))
    session.execute(update(Contribution).where(Contribution.id.in_(said)).values(words=""))
    session.execute(update(Position).where(*theirs).values(words=""))
    unfiled = Position.state.in_((PositionState.DRAFT, PositionState.ASKED))
    dropped = {"state": PositionState.DROPPED, "ended_at": at}
    session.execute(update(Position).where(*theirs, unfiled).values(dropped))
    gone = {"remark": None, "remark_language": None}
    session.execute(update(Position).where(Position.remark_by_id == person_id).values(gone))


def _leave_broadcasts(session: Session, person_id: int, *, at: datetime) -> None:
    """They are counted still, none of their own words are left, and what has not reached them does not go. What they
    wrote to many stays once somebody else has approved it; before that nobody sends it."""
    theirs = BroadcastCopy.person_id == person_id
    session.execute(update(BroadcastCopy).where(theirs).values(reply_words=None, message=None))
    gone = {"state": Sending.EXPIRED, "reason": "erased", "settled_at": at}
    session.execute(update(BroadcastCopy).where(theirs, BroadcastCopy.state == Sending.WAITING).values(gone))
    unsent = BroadcastStanding.DRAFT, BroadcastStanding.SUBMITTED
    written = Broadcast.author_id == person_id, Broadcast.standing.in_(unsent)
    for each in session.scalars(select(Broadcast).where(*written)):
        said = update(BroadcastText).where(BroadcastText.broadcast_id == each.id)
        session.execute(said.values(title="", words="", screen=None))
        each.drop(at=at)


def _silence(session: Session, person_id: int, *unsent: Sending, at: datetime) -> None:
    """What was sent is known by its number only, and what is `unsent` never goes."""
    theirs = Outgoing.person_id == person_id
    session.execute(update(Outgoing).where(theirs).values(screen=None, edits=None, message=None, address=None))
    ended = {"state": Sending.EXPIRED, "reason": "erased", "settled_at": at}
    session.execute(update(Outgoing).where(theirs, Outgoing.state.in_(unsent)).values(ended))


def _sent_by(session: Session, person_id: int) -> Any:
    mine = select(Account.platform, Account.external_id).where(Account.person_id == person_id)
    return tuple_(Inbox.platform, Inbox.account).in_(mine)


def _keys_with(table: Table, column: Column[Any]) -> list[list[Column[Any]]]:
    """The unique keys of a table that `column` is part of."""
    keys = [list(each.columns) for each in table.constraints if isinstance(each, UniqueConstraint)]
    return [key for key in keys if column in key]


def _make_way(
    session: Session, table: Table, column: Column[Any], key: list[Column[Any]], newer: int, older: int
) -> None:
    """Deal with the rows of `newer` that would stand on a key of `older`'s."""
    theirs, mine = table.alias(), table.alias()
    same = [theirs.c[each.key] == mine.c[each.key] for each in key if each is not column]
    pairs = session.execute(
        select(mine.c.id, theirs.c.id).where(mine.c[column.key] == older, theirs.c[column.key] == newer, *same)
    ).all()
    apart = KEPT_APART.get(table.name)
    for kept_id, dropped_id in pairs:
        if apart is not None:
            own = {apart: table.c[apart] + ":" + cast(table.c.id, String)}
            session.execute(update(table).where(table.c.id == dropped_id).values(own))
            continue
        entity = next(each.class_ for each in Base.registry.mappers if each.local_table is table)
        kept, dropped = session.get_one(entity, kept_id), session.get_one(entity, dropped_id)
        kept.absorb(dropped)
        for other in Base.metadata.sorted_tables:
            for pointing in other.columns:
                if any(each.column is table.c.id for each in pointing.foreign_keys):
                    moved = update(other).where(pointing == dropped_id).values({pointing.key: kept_id})
                    session.execute(moved)
        session.delete(dropped)
        session.flush()


def _row(row: RowMapping) -> dict[str, Any]:
    return {name: _plain(value) for name, value in row.items() if name not in SECRETS}


def _plain(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return getattr(value, "value", value)
