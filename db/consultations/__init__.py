"""Consultations: the text in clauses, who owns it, what was said of it, and how each of those words ended."""

from .kinds import IN_ORDER, OPEN, OUT_OF_BOUNDS, SHOWN, Change, ContributionKind, Phase, Subject, Treatment
from .tables import (
    DOCUMENT,
    Answered,
    Consultation,
    ConsultationMeeting,
    ConsultationTranslation,
    Contribution,
    Question,
    with_consultation,
)
from .texts import Clause, ClauseLink, ClauseTranslation, TextDraft

__all__ = [
    "DOCUMENT",
    "IN_ORDER",
    "OPEN",
    "OUT_OF_BOUNDS",
    "SHOWN",
    "Answered",
    "Change",
    "Clause",
    "ClauseLink",
    "ClauseTranslation",
    "Consultation",
    "ConsultationMeeting",
    "ConsultationTranslation",
    "Contribution",
    "ContributionKind",
    "Phase",
    "Question",
    "Subject",
    "TextDraft",
    "Treatment",
    "with_consultation",
]
