"""The register as data: what its pages say, as rows. Names of columns are plain English, whoever reads."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy.orm import Session

from bot.kit.sheets import Cell, Sheet
from bot.kit.text import SOURCE_LANGUAGE
from db.centres import Centre
from db.conclusions import Conclusion, ConclusionTranslation
from db.consultations import ClauseLink, Consultation, ConsultationTranslation, ContributionKind, Question, Treatment
from db.people import Administration, Kind
from db.telling import Telling

from . import finding

COLUMNS = (
    *("reference", "administration", "title", "language", "summary", "state", "subject", "audience", "sector"),
    *("with_business", "zone", "shaping_from", "drafting_from", "comments_from", "closes", "closed"),
    *("outcome_promised_by", "ended", "draft", "people"),
    *(f"{kind.value}s" for kind in ContributionKind),
    *("adopted", "adopted_in_part", "not_adopted", "outcome_published", "signature"),
)


def of_all(
    session: Session,
    some: Sequence[Consultation],
    homes: Mapping[int, Administration],
    words: Mapping[int, Sequence[ConsultationTranslation]],
) -> tuple[Sheet, Sheet]:
    """A row for each consultation, and their titles and summaries in other languages."""
    counts = finding.counts(session, some)
    out = finding.published(session, some)
    rows = tuple(_row(each, homes[each.administration_id], counts[each.id], out.get(each.id)) for each in some)
    translated = tuple(
        (each.ref, one.language, one.title, one.summary) for each in some for one in words.get(each.id, ())
    )
    return (
        Sheet("consultations", COLUMNS, rows),
        Sheet("translations", ("reference", "language", "title", "summary"), translated),
    )


def _row(
    each: Consultation, home: Administration, counts: finding.Counts, conclusion: Conclusion | None
) -> tuple[Cell, ...]:
    ended = [counts.ended.get(treatment, 0) if counts.ended else None for treatment in Treatment]
    return (
        *(each.ref, named(home.name), each.title, each.language, each.summary, each.phase.value),
        *(each.subject.value, each.audience.value, each.sector.value if each.sector else None),
        *(each.co_owner_id is not None, each.zone, each.shaping_at, each.drafting_at, each.comments_at),
        *(each.closes_at, each.closed_at, each.outcome_due, each.ended_at, each.draft_number, counts.people),
        *(counts.said.get(kind, 0) for kind in ContributionKind),
        *ended,
        conclusion.published_at if conclusion else None,
        signature(conclusion),
    )


def signature(conclusion: Conclusion | None) -> str | None:
    """What business's co-owner did where they were asked."""
    if conclusion is None or conclusion.co_owner_id is None:
        return None
    return "signed" if conclusion.signed_at is not None else "refused"


def of_texts(texts: Iterable[finding.Text]) -> Sheet:
    """A row for each clause of each draft and language."""
    rows: list[tuple[Cell, ...]] = []
    for text in texts:
        for clause in text.clauses:
            where = text.draft.number, clause.position + 1, clause.number
            rows.append((*where, text.draft.language, False, clause.heading, clause.words))
            rows += [
                (*where, each.language, True, each.heading, each.words) for each in text.translations.get(clause.id, ())
            ]
    return Sheet(
        "clauses", ("draft", "position", "number", "language", "is_translation", "heading", "words"), tuple(rows)
    )


def of_changes(texts: Mapping[int, finding.Text], links: Mapping[int, Sequence[ClauseLink]]) -> Sheet:
    """How clauses went on from draft to draft, by their numbers."""
    numbers = {clause.id: clause.number for text in texts.values() for clause in text.clauses}
    rows = tuple(
        (
            draft,
            link.change.value,
            numbers.get(link.earlier_id) if link.earlier_id is not None else None,
            numbers.get(link.later_id) if link.later_id is not None else None,
            link.likeness,
        )
        for draft, its in links.items()
        for link in its
    )
    return Sheet("changes", ("draft", "change", "earlier_number", "number", "likeness"), rows)


def of_questions(questions: Iterable[Question]) -> Sheet:
    rows: list[tuple[Cell, ...]] = []
    for each in questions:
        said = {each.language: {"words": each.words, "options": each.options}} | each.translations
        for language, words in said.items():
            options = " | ".join(map(str, words.get("options") or ()))
            rows.append((each.position + 1, language, language != each.language, words.get("words"), options))
    return Sheet("questions", ("number", "language", "is_translation", "words", "options"), tuple(rows))


def of_people(by_kind: Mapping[tuple[Kind, ...], int]) -> Sheet:
    rows = tuple((" | ".join(kind.value for kind in kinds), count) for kinds, count in by_kind.items())
    return Sheet("people", ("kind", "people"), rows)


def of_conclusion(found: tuple[Conclusion, Sequence[ConclusionTranslation]] | None) -> Sheet:
    columns = ("language", "is_translation", "asked", "said", "done", "not_done", "published", "signature", "refusal")
    if found is None:
        return Sheet("outcome", columns, ())
    conclusion, translations = found
    said = conclusion.published_at, signature(conclusion)
    refused = conclusion.refused_words if conclusion.refused_at is not None else None
    rows: list[tuple[Cell, ...]] = []
    several: tuple[Conclusion | ConclusionTranslation, ...] = (conclusion, *translations)
    for each in several:
        is_translation = each is not conclusion
        words = each.asked, each.said, each.done, each.not_done
        rows.append((each.language, is_translation, *words, *said, None if is_translation else refused))
    return Sheet("outcome", columns, tuple(rows))


def of_telling(
    offices: Collection[Telling], homes: Mapping[int, Administration], centres: Mapping[int, Centre]
) -> Sheet:
    rows = tuple(
        (
            named(homes[each.administration_id].name),
            " | ".join(named(centres[one].name) if one is not None else "" for one in each.centres),
            *(each.outcomes, each.people, each.told, each.delivered_percent, each.acknowledged_percent),
            *(each.to_outcome, each.to_arrival),
        )
        for each in offices
    )
    columns = (
        *("administration", "office", "outcomes", "people_told", "messages", "delivered_percent"),
        *("acknowledged_percent", "days_to_outcome", "days_to_arrival"),
    )
    return Sheet("telling", columns, rows)


def named(names: Mapping[str, str]) -> str:
    """A name in English, or in whatever language it has."""
    return names.get(SOURCE_LANGUAGE) or next(iter(names.values()), "")
