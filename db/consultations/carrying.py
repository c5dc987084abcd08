"""From draft to draft: what a clause became, and with it what was said of it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.orm import Session

from .clauses import SURE, Passage, follow
from .kinds import Change
from .tables import Consultation, Contribution
from .texts import Clause, ClauseLink, ClauseTranslation, TextDraft

UNCHANGED = (Change.SAME, Change.MOVED)


def prepared(session: Session, consultation: Consultation) -> TextDraft | None:
    """The draft that is being prepared; None while there is none."""
    its = TextDraft.consultation_id == consultation.id, TextDraft.published_at.is_(None)
    return session.scalar(select(TextDraft).where(*its))


def lies_open(session: Session, consultation: Consultation) -> TextDraft | None:
    """The draft that was published last."""
    return numbered(session, consultation, consultation.draft_number)


def numbered(session: Session, consultation: Consultation, number: int) -> TextDraft | None:
    """The published draft of that number."""
    its = TextDraft.consultation_id == consultation.id, TextDraft.number == number
    return session.scalar(select(TextDraft).where(*its, TextDraft.published_at.is_not(None)))


def clauses_of(session: Session, draft: TextDraft) -> Sequence[Clause]:
    return session.scalars(select(Clause).where(Clause.draft_id == draft.id).order_by(Clause.position)).all()


# The text of a draft that is being prepared


def put_in(session: Session, draft: TextDraft, passages: Sequence[Passage], *, after: bool = False) -> None:
    """Let these be its clauses, or come `after` those it has. Raises ValueError where a number would stand twice."""
    if not after:
        clear(session, draft)
    there = clauses_of(session, draft) if after else ()
    numbers = [*(each.number for each in there), *(each.number for each in passages)]
    if len(set(numbers)) < len(numbers):
        raise ValueError("a clause of that number is there already")
    session.add_all(
        Clause(
            administration_id=draft.administration_id,
            consultation_id=draft.consultation_id,
            draft_id=draft.id,
            position=position,
            number=each.number,
            heading=each.heading,
            words=each.words,
        )
        for position, each in enumerate(passages, len(there))
    )
    session.flush()
    link(session, draft)


def clear(session: Session, draft: TextDraft) -> None:
    """Take all clauses out of it."""
    its = select(Clause.id).where(Clause.draft_id == draft.id)
    session.execute(delete(ClauseLink).where(ClauseLink.draft_id == draft.id))
    session.execute(delete(ClauseTranslation).where(ClauseTranslation.clause_id.in_(its)))
    session.execute(delete(Clause).where(Clause.draft_id == draft.id))
    session.expire_all()


def take_out(session: Session, clause: Clause) -> None:
    """Take one clause out; what comes behind it moves up."""
    draft = session.get_one(TextDraft, clause.draft_id)
    session.execute(delete(ClauseLink).where(ClauseLink.later_id == clause.id))
    session.execute(delete(ClauseTranslation).where(ClauseTranslation.clause_id == clause.id))
    session.delete(clause)
    session.flush()
    for position, each in enumerate(clauses_of(session, draft)):
        each.position = position
        session.flush()  # one by one, upwards: a place is nobody else's


# What became of each clause


def link(session: Session, draft: TextDraft) -> None:
    """Say anew what became of each clause of the draft before; what a person has said of one stays."""
    before = _before(session, draft)
    if before is None:
        return
    session.execute(
        delete(ClauseLink).where(ClauseLink.draft_id == draft.id, ClauseLink.confirmed_by_id.is_(None)),
        execution_options={"synchronize_session": False},
    )
    settled = set(session.scalars(select(ClauseLink.earlier_id).where(ClauseLink.draft_id == draft.id)))
    olds, news = clauses_of(session, before), clauses_of(session, draft)
    for each in follow(olds, news):
        earlier = olds[each.earlier].id if each.earlier is not None else None
        later = news[each.later].id if each.later is not None else None
        if earlier is not None and earlier not in settled:
            session.add(_link(draft, earlier, later, each.change, each.likeness))
    session.flush()
    complete(session, draft)
    _translate(session, draft)


def say(session: Session, draft: TextDraft, earlier: Clause, later: Sequence[int], *, by: int) -> None:
    """A person says in which clauses of the draft an earlier one goes on; in none: it was dropped."""
    links = session.scalars(
        select(ClauseLink).where(ClauseLink.draft_id == draft.id, ClauseLink.earlier_id == earlier.id)
    ).all()
    known = {each.later_id: each for each in links}
    wanted: list[int | None] = [*later] or [None]
    for each in links:
        if each.later_id not in wanted:
            session.delete(each)
    session.flush()
    for place in wanted:
        found = known.get(place)
        if found is None:
            change = Change.DROPPED if place is None else Change.CHANGED
            found = _link(draft, earlier.id, place, change, 100)
            session.add(found)
        found.confirmed_by_id = by
    session.flush()
    complete(session, draft)


def complete(session: Session, draft: TextDraft) -> None:
    """A clause that no other goes on in is new; one that another goes on in is not."""
    its = ClauseLink.draft_id == draft.id
    follows = select(ClauseLink.later_id).where(
        its, ClauseLink.earlier_id.is_not(None), ClauseLink.later_id.is_not(None)
    )
    session.execute(
        delete(ClauseLink).where(its, ClauseLink.earlier_id.is_(None)),
        execution_options={"synchronize_session": False},
    )
    new = select(Clause.id).where(Clause.draft_id == draft.id, Clause.id.not_in(follows)).order_by(Clause.position)
    session.add_all(_link(draft, None, each, Change.NEW, 100) for each in session.scalars(new))
    session.flush()


def unsure(session: Session, draft: TextDraft) -> Sequence[Clause]:
    """The clauses of the draft before of which an owner has to say where they go on: those most was said of first."""
    said = (
        select(Contribution.stands_id, func.count().label("count"))
        .where(Contribution.consultation_id == draft.consultation_id, Contribution.counts())
        .group_by(Contribution.stands_id)
        .subquery()
    )
    doubted = select(ClauseLink.earlier_id).where(
        ClauseLink.draft_id == draft.id, ClauseLink.likeness < SURE, ClauseLink.confirmed_by_id.is_(None)
    )
    found = (
        select(Clause)
        .outerjoin(said, said.c.stands_id == Clause.id)
        .where(Clause.id.in_(doubted))
        .order_by(func.coalesce(said.c.count, 0).desc(), Clause.position)
    )
    return session.scalars(found).all()


def links_of(session: Session, draft: TextDraft, earlier: Clause) -> Sequence[ClauseLink]:
    """Where an earlier clause goes on in the draft: where most of its words went first."""
    its = ClauseLink.draft_id == draft.id, ClauseLink.earlier_id == earlier.id
    return session.scalars(select(ClauseLink).where(*its).order_by(ClauseLink.id)).all()


# What was said of it


def orphaned_by(session: Session, draft: TextDraft) -> Sequence[int]:
    """Whose words will have no clause any longer once the draft is published: their ids."""
    dropped = select(ClauseLink.earlier_id).where(ClauseLink.draft_id == draft.id, ClauseLink.later_id.is_(None))
    its = Contribution.consultation_id == draft.consultation_id, Contribution.stands_id.in_(dropped)
    found = select(Contribution.person_id).where(*its, Contribution.counts()).distinct()
    return session.scalars(found.order_by(Contribution.person_id)).all()


def carry_forward(session: Session, draft: TextDraft) -> None:
    """What stands on a clause of the draft before stands where that goes on in this one; where it was dropped, on none.

    One statement, however much was said: nothing is left behind, and nothing that is an orphan is touched.
    """
    its = ClauseLink.draft_id == draft.id, ClauseLink.earlier_id.is_not(None)
    first = select(func.min(ClauseLink.id)).where(*its).group_by(ClauseLink.earlier_id)
    on = select(ClauseLink.earlier_id, ClauseLink.later_id).where(ClauseLink.id.in_(first)).subquery()
    session.execute(
        update(Contribution)
        .where(Contribution.consultation_id == draft.consultation_id, Contribution.stands_id == on.c.earlier_id)
        .values(stands_id=on.c.later_id),
        execution_options={"synchronize_session": False},
    )


def goes_on_at(session: Session, clause: Clause, draft: TextDraft) -> int | None:
    """The id of the clause of `draft` at which what is said of `clause`, of it or of an earlier one, stands."""
    later: int | None = clause.id
    made_on = session.get_one(TextDraft, clause.draft_id).number
    between = TextDraft.number > made_on, TextDraft.number <= draft.number, TextDraft.published_at.is_not(None)
    drafts = select(TextDraft.id).where(TextDraft.consultation_id == clause.consultation_id, *between)
    for each in session.scalars(drafts.order_by(TextDraft.number)).all():
        on = ClauseLink.draft_id == each, ClauseLink.earlier_id == later
        later = session.scalar(select(ClauseLink.later_id).where(*on).order_by(ClauseLink.id).limit(1))
        if later is None:
            return None
    return later


def _before(session: Session, draft: TextDraft) -> TextDraft | None:
    earlier = TextDraft.consultation_id == draft.consultation_id, TextDraft.number < draft.number
    published = select(TextDraft).where(*earlier, TextDraft.published_at.is_not(None))
    return session.scalar(published.order_by(TextDraft.number.desc()).limit(1))


def _link(draft: TextDraft, earlier: int | None, later: int | None, change: Change, likeness: int) -> ClauseLink:
    return ClauseLink(
        consultation_id=draft.consultation_id,
        draft_id=draft.id,
        earlier_id=earlier,
        later_id=later,
        change=change,
        likeness=likeness,
    )


def _translate(session: Session, draft: TextDraft) -> None:
    """What has stayed to the letter keeps its translations."""
    there = and_(ClauseTranslation.clause_id == ClauseLink.earlier_id, ClauseLink.draft_id == draft.id)
    its = select(ClauseLink.later_id, ClauseTranslation).join(ClauseLink, there)
    own = select(ClauseTranslation.clause_id, ClauseTranslation.language)
    own = own.join(Clause, Clause.id == ClauseTranslation.clause_id).where(Clause.draft_id == draft.id)
    has = {(clause_id, language) for clause_id, language in session.execute(own)}
    for later, each in session.execute(its.where(ClauseLink.change.in_(UNCHANGED))).all():
        if later is not None and (later, each.language) not in has:
            has.add((later, each.language))
            copied = {"heading": each.heading, "words": each.words, "by_id": each.by_id, "at": each.at}
            session.add(ClauseTranslation(clause_id=later, language=each.language, **copied))
    session.flush()
