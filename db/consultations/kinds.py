"""The words of this room."""

from __future__ import annotations

from enum import StrEnum


class Phase(StrEnum):
    """Where a consultation stands. It goes from `SHAPING` on by itself, as its dates say."""

    PROPOSED = "proposed"  # somebody asks Customs to consult on something; nobody has said yes or no
    DECLINED = "declined"
    PREPARED = "prepared"  # only its owners see it
    SHAPING = "shaping"  # what is the matter, and what should the text say? Questions and statements, no text yet
    DRAFTING = "drafting"  # the owners write
    COMMENTS = "comments"  # its text lies open
    DECISION = "decision"  # it has closed: each contribution gets its answer
    OUTCOME = "outcome"  # the outcome statement is out
    WITHDRAWN = "withdrawn"


SHOWN = (Phase.SHAPING, Phase.DRAFTING, Phase.COMMENTS, Phase.DECISION, Phase.OUTCOME, Phase.WITHDRAWN)
OPEN = (Phase.SHAPING, Phase.DRAFTING, Phase.COMMENTS, Phase.DECISION)  # what is said now still has to be answered
IN_ORDER = (Phase.PREPARED, Phase.SHAPING, Phase.DRAFTING, Phase.COMMENTS, Phase.DECISION, Phase.OUTCOME)


class Subject(StrEnum):
    """What a proposal is about. Some things no consultation decides: see `OUT_OF_BOUNDS`."""

    PROCEDURE = "procedure"
    DOCUMENTS = "documents"
    SYSTEMS = "systems"
    FEES = "fees"
    BORDER = "border"
    TRAINING = "training"
    OTHER = "other"
    BUDGET = "budget"
    ENFORCEMENT = "enforcement"
    SINGLE_CASE = "single_case"


OUT_OF_BOUNDS = (Subject.BUDGET, Subject.ENFORCEMENT, Subject.SINGLE_CASE)


class ContributionKind(StrEnum):
    COMMENT = "comment"  # on a clause, or on the whole
    SUGGESTION = "suggestion"  # other words for a clause
    ANSWER = "answer"  # to a question
    POSITION = "position"  # an organisation's own, filed by whoever may speak for it


class Change(StrEnum):
    """What became of a clause in the next draft."""

    SAME = "same"
    MOVED = "moved"  # the same words elsewhere
    CHANGED = "changed"
    SPLIT = "split"
    MERGED = "merged"
    NEW = "new"
    DROPPED = "dropped"


class Treatment(StrEnum):
    """How a contribution ended."""

    ADOPTED = "adopted"
    PARTLY = "partly"
    NOT = "not"
