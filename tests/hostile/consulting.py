"""Who may see what of a consultation, told a second time: plain Python over rows, for the oracle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from db.audiences import Audience
from db.consultations import (
    Answered,
    Clause,
    Consultation,
    Contribution,
    ContributionKind,
    Phase,
    Question,
    TextDraft,
)
from db.people import Kind, Person, Scope

if TYPE_CHECKING:
    from .oracle import Looker, Oracle

HEARD_OF = (Phase.SHAPING, Phase.DRAFTING, Phase.COMMENTS, Phase.DECISION, Phase.OUTCOME, Phase.WITHDRAWN)


def runs(_oracle: Oracle, looker: Looker, row: Consultation) -> bool:
    """They own it in Customs and are still staff; or their role is over its desk or the land."""
    if not looker.is_staff or row.administration_id != looker.home:
        return False
    return row.owner_id == looker.id or any(
        scope is Scope.COUNTRY or (scope is Scope.CENTRE and place == str(row.centre_id))
        for _name, scope, place in looker.roles
    )


def owns(oracle: Oracle, looker: Looker, row: Consultation) -> bool:
    """On either side."""
    is_home = row.administration_id == looker.home and looker.is_registered
    return runs(oracle, looker, row) or (is_home and row.co_owner_id == looker.id)


def is_for(oracle: Oracle, looker: Looker, row: Consultation) -> bool:
    if not looker.is_registered or row.administration_id != looker.home:
        return False
    me = oracle.rows[Person][looker.id]
    trades = me.kind in (Kind.BUSINESS, Kind.ASSOCIATION)
    return (
        looker.is_staff
        or {
            Audience.INVITED: False,
            Audience.SECTOR: trades and row.sector is not None and me.sector is row.sector,
            Audience.BUSINESS: trades,
            Audience.AGENCIES: me.kind is Kind.AGENCY,
            Audience.MEMBERS: True,
        }[row.audience]
    )


def consultation(oracle: Oracle, looker: Looker, row: Consultation) -> bool:
    """Whoever owns it, proposed it or is asked to own it; once it has begun its audience, and whoever has spoken in it.
    What was given up before it began is nobody else's."""
    if row.administration_id != looker.home:
        return False
    if owns(oracle, looker, row) or looker.id in (row.proposer_id, row.asked_id):
        return True
    if row.phase not in HEARD_OF or row.audience is Audience.INVITED:
        return False
    spoke = any(
        each.consultation_id == row.id and looker.id in (each.person_id, each.filed_by_id)
        for each in oracle.rows[Contribution].values()
    )
    return spoke or is_for(oracle, looker, row)


def _of(oracle: Oracle, row: Any) -> Consultation:
    found: Consultation = oracle.rows[Consultation][row.consultation_id]
    return found


def with_it(oracle: Oracle, looker: Looker, row: Any) -> bool:
    return row.administration_id == looker.home and consultation(oracle, looker, _of(oracle, row))


def draft(oracle: Oracle, looker: Looker, row: TextDraft) -> bool:
    is_out = row.published_at is not None
    return with_it(oracle, looker, row) and (is_out or owns(oracle, looker, _of(oracle, row)))


def clause(oracle: Oracle, looker: Looker, row: Clause) -> bool:
    return draft(oracle, looker, oracle.rows[TextDraft][row.draft_id])


def contribution(oracle: Oracle, looker: Looker, row: Contribution) -> bool:
    """With its name: its author, who filed it, the organisation it speaks for, and the owners."""
    if row.administration_id != looker.home:
        return False
    spoken = row.kind is ContributionKind.POSITION and row.organisation_id is not None
    is_ours = spoken and row.organisation_id == looker.speaks_for
    return looker.id in (row.person_id, row.filed_by_id) or is_ours or owns(oracle, looker, _of(oracle, row))


def words_of(oracle: Oracle, looker: Looker, row: Contribution) -> bool:
    """Without a name, comments are read by whoever sees the consultation."""
    is_open = row.kind in (ContributionKind.COMMENT, ContributionKind.SUGGESTION)
    stands = row.withdrawn_at is None and row.hidden_at is None
    return contribution(oracle, looker, row) or (is_open and stands and with_it(oracle, looker, row))


def answered(oracle: Oracle, looker: Looker, row: Answered) -> bool:
    if row.administration_id != looker.home:
        return False
    its = _of(oracle, row)
    is_out = its.phase is Phase.OUTCOME
    theirs = contribution(oracle, looker, oracle.rows[Contribution][row.contribution_id])
    return owns(oracle, looker, its) or (is_out and theirs)


def makers(row: Consultation) -> set[int]:
    """Who stands on its card, for whoever owns it, proposed it or is asked to own it."""
    everybody = (row.owner_id, row.co_owner_id, row.asked_id, row.proposer_id)
    return {each for each in everybody if each is not None}


def works_on(oracle: Oracle, looker: Looker, row: Consultation) -> bool:
    is_home = row.administration_id == looker.home
    return owns(oracle, looker, row) or (is_home and looker.id in (row.proposer_id, row.asked_id))


RULES: Mapping[type[Any], Callable[[Oracle, Looker, Any], bool]] = {
    Consultation: consultation,
    TextDraft: draft,
    Clause: clause,
    Question: with_it,
    Contribution: contribution,
    Answered: answered,
}
