"""One consultation as everybody may read it: when, what is asked, its text, what changed, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.kit.screen import Fact, Table
from bot.kit.site import Doors, Elsewhere, Facts, Leaf, Numbered, Part, Passage, Replaced, Section, passage
from bot.kit.text import Code, Named, Phrase, Text, When, _, listed, ngettext, phrase_of
from db.conclusions import Conclusion, ConclusionTranslation
from db.consultations import (
    IN_ORDER,
    Change,
    Clause,
    ClauseLink,
    Consultation,
    ConsultationTranslation,
    Phase,
    Question,
    Treatment,
)
from db.people import Kind
from db.small_groups import LEAST
from handlers.consultations.lists import TAKE_PART

from . import data, finding
from .room import DEEP, ON_PAGE

QUIET = (Change.SAME, Change.MOVED)  # the words are as they were


@dataclass(frozen=True)
class Page:
    """What was read for one page."""

    session: Session
    consultation: Consultation
    words: dict[int, list[ConsultationTranslation]]
    texts: dict[int, finding.Text]
    links: dict[int, list[ClauseLink]]


def title(each: Consultation, words: dict[int, list[ConsultationTranslation]]) -> Passage:
    return passage(each.title, each.language, {one.language: one.title for one in words.get(each.id, ())})


def summary(each: Consultation, words: dict[int, list[ConsultationTranslation]]) -> Passage:
    return passage(each.summary, each.language, {one.language: one.summary for one in words.get(each.id, ())})


def leaf(session: Session, consultation: Consultation, draft: int | None) -> Leaf | None:
    """Its page, or that of one of its published drafts; None where there is no such draft."""
    words = finding.translations(session, [consultation])
    texts = finding.texts(session, consultation)
    if draft is not None and draft not in texts:
        return None
    page = Page(session, consultation, words, texts, finding.links(session, consultation, list(texts.values())))
    homes = finding.administrations(session)
    counts = finding.counts(session, [consultation])[consultation.id]
    by_kind = finding.people_by_kind(session, consultation) if consultation.phase in finding.OVER else {}
    questions = finding.questions(session, consultation)
    conclusion = finding.conclusion_of(session, consultation)
    added = [each(session, consultation) for each in ON_PAGE]
    sheets = (
        *data.of_all(session, [consultation], homes, words),
        data.of_texts(texts.values()),
        data.of_changes(texts, page.links),
        data.of_questions(questions),
        data.of_people(by_kind),
        data.of_conclusion(conclusion),
        *(sheet for each in added for sheet in each.sheets),
    )
    if draft is not None:
        return Leaf(
            _("Draft {number} of {ref}", number=draft, ref=Code(consultation.ref)),
            (
                title(consultation, words),
                Elsewhere(_("Back to {ref}", ref=Code(consultation.ref)), consultation.ref),
            ),
            (_text(page, draft), *_changed(page, draft)),
            sheets,
            zone=consultation.zone,
        )
    number = max(texts, default=0)
    return Leaf(
        title(consultation, words),
        (summary(consultation, words), Facts(_facts(consultation, Named(homes[consultation.administration_id].name)))),
        (
            *_take_part(consultation),
            *_outcome(consultation, conclusion, counts),
            _when(consultation),
            *_questions(questions),
            *((_text(page, number), *_changed(page, number)) if number else ()),
            *(section for each in added for section in each.sections),
            _said(counts, by_kind),
        ),
        sheets,
        zone=consultation.zone,
    )


def _facts(each: Consultation, home: Named) -> tuple[Fact, ...]:
    return (
        Fact(_("Reference"), Code(each.ref)),
        Fact(_("State"), each.phase),
        Fact(_("About"), each.subject),
        Fact(_("For"), each.audience),
        *((Fact(_("Sector"), each.sector),) if each.sector is not None else ()),
        Fact(_("Asked by"), home),
        Fact(_("Written together with business"), each.co_owner_id is not None),
    )


def _take_part(each: Consultation) -> tuple[Section, ...]:
    if not each.takes_answers():
        return ()
    closes = (
        (_("Comments until {when}.", when=When(each.closes_at, venue=each.zone)),)
        if each.closed_at is None and each.closes_at is not None
        else (_("It has closed. What is said now is accepted, and marked as late."),)
    )
    doors = Doors(f"{DEEP}{each.id}", each.ref, f"{TAKE_PART}/{each.ref}")
    return (Section(_("Take part"), (*closes, doors), "take-part"),)


def _when(each: Consultation) -> Section:
    """Its phases in order, with when each begins or began."""
    facts = []
    for phase in IN_ORDER[1:]:
        begins = each.begins(phase)
        if phase is Phase.DECISION:
            begins = each.closed_at or begins
        if phase is Phase.OUTCOME:
            begins = each.ended_at if each.phase is Phase.OUTCOME else None
        if begins is not None or phase is each.phase or phase is Phase.OUTCOME:
            facts.append(_begins(each, phase, begins))
    if each.phase is Phase.WITHDRAWN:
        facts.append(_begins(each, Phase.WITHDRAWN, each.ended_at))
    return Section(_("When"), (Facts(tuple(facts)),), "when")


def _begins(each: Consultation, phase: Phase, at: datetime | None) -> Fact:
    when: Text = _("not yet")
    if at is not None:
        when = When(at, venue=each.zone)
    elif phase is Phase.OUTCOME and each.outcome_due is not None:
        when = _("promised by {when}", when=When(each.outcome_due, day_only=True))
    return Fact(phrase_of(phase), _("{when} – now", when=when) if phase is each.phase else when)


def _questions(questions: Sequence[Question]) -> tuple[Section, ...]:
    if not questions:
        return ()

    def said(question: Question, option: int | None) -> Passage:
        original = question.words if option is None else str(question.options[option])
        others = {}
        for language, words in question.translations.items():
            options = words.get("options") or []
            if option is None and words.get("words"):
                others[language] = str(words["words"])
            elif option is not None and option < len(options):
                others[language] = str(options[option])
        return passage(original, question.language, others)

    items = tuple(
        (said(each, None), tuple(said(each, option) for option in range(len(each.options)))) for each in questions
    )
    return (Section(_("Questions"), (Numbered(items),), "questions"),)


# The text


def _text(page: Page, number: int) -> Section:
    text = page.texts[number]
    draft = text.draft
    others = [each for each in page.texts if each != number]
    return Section(
        _("The text: draft {number}", number=number),
        (
            _("Published {when}.", when=When(draft.published_at or draft.made_at, day_only=True)),
            *((passage(draft.note, draft.language),) if draft.note else ()),
            *(Elsewhere(_("Draft {number}", number=each), f"{page.consultation.ref}/{each}") for each in others),
        ),
        "text",
        sections=tuple(
            Section(text.heading(each), (text.words(each),), f"clause-{each.position + 1}", each.number)
            for each in text.clauses
        ),
    )


def _changed(page: Page, number: int) -> tuple[Section, ...]:
    """What became of each clause of the draft before: words that are as they were are counted only."""
    links = page.links.get(number, [])
    before = page.texts.get(number - 1)
    if before is None or not links:
        return ()
    now = page.texts[number]
    old, new = {each.id: each for each in before.clauses}, {each.id: each for each in now.clauses}
    sections = []
    for link in links:
        if link.change not in QUIET:
            earlier = old.get(link.earlier_id) if link.earlier_id is not None else None
            later = new.get(link.later_id) if link.later_id is not None else None
            shown = Replaced(before.words(earlier) if earlier else None, now.words(later) if later else None)
            sections.append(Section(_went(link.change, earlier, later), (shown,)))
    same = len({link.later_id for link in links if link.change in QUIET})
    kept = ngettext(
        "The words of {count} clause are as they were.", "The words of {count} clauses are as they were.", same
    )
    heading = _("What changed since draft {number}", number=number - 1)
    return (Section(heading, (kept,), "changes", sections=tuple(sections)),)


def _went(change: Change, earlier: Clause | None, later: Clause | None) -> Phrase:
    if later is None and earlier is not None:
        return _("Clause {number} was taken out", number=Code(earlier.number))
    if earlier is not None and later is not None:
        numbers = {"old": Code(earlier.number), "new": Code(later.number)}
        if earlier.number == later.number:
            return _("Clause {number}: {change}", number=Code(later.number), change=change)
        return _("Clause {old}, now {new}: {change}", **numbers, change=change)
    return _("Clause {number}: {change}", number=Code(later.number if later is not None else "?"), change=change)


# What was said, and what became of it


def _said(counts: finding.Counts, by_kind: dict[tuple[Kind, ...], int]) -> Section:
    if counts.people is None:
        people: tuple[Part, ...] = (_("Fewer than {least} people have taken part so far.", least=LEAST),)
    elif not by_kind:
        people = (_("At least {count} people have taken part so far.", count=counts.people),)
    else:
        rows = tuple((listed(kinds), count) for kinds, count in by_kind.items())
        people = (
            ngettext("{count} person has taken part.", "{count} people have taken part.", counts.people),
            Table(_("Who took part"), (_("Who"), _("People")), rows),
        )
    said = tuple((kind, counts.said[kind]) for kind in counts.said)
    table = (Table(_("What was said"), (_("What"), _("How many")), said),) if said else ()
    return Section(_("Who said how much"), (*people, *table), "said")


def _outcome(
    consultation: Consultation,
    found: tuple[Conclusion, Sequence[ConclusionTranslation]] | None,
    counts: finding.Counts,
) -> tuple[Section, ...]:
    if found is None:
        return ()
    conclusion, translations = found

    def part(heading: Phrase, name: str, anchor: str) -> tuple[Section, ...]:
        words = getattr(conclusion, name)
        if not words:
            return ()
        others = {each.language: getattr(each, name) for each in translations if getattr(each, name)}
        return (Section(heading, (passage(words, conclusion.language, others),), anchor),)

    ended = tuple((treatment, counts.ended.get(treatment, 0)) for treatment in Treatment)
    return (
        Section(
            _("The outcome"),
            (
                _("Published {when}.", when=When(conclusion.published_at or conclusion.proposed_at, day_only=True)),
                *_signed(conclusion),
            ),
            "outcome",
            sections=(
                *part(_("What was asked"), "asked", "asked"),
                *part(_("What was said"), "said", "heard"),
                *part(_("What is done"), "done", "done"),
                *part(_("What is not done, and why"), "not_done", "not-done"),
                Section(
                    _("What became of what was said"),
                    (Table(_("Each contribution has an answer"), (_("How it ended"), _("How many")), ended),),
                    "answers",
                ),
            ),
        ),
    )


def _signed(conclusion: Conclusion) -> tuple[Part, ...]:
    """Whether business stands behind it, where that was asked. Who that is, is not said."""
    if conclusion.signed_at is not None:
        return (_("Business has signed it, {when}.", when=When(conclusion.signed_at, day_only=True)),)
    if conclusion.refused_at is None:
        return ()
    refused = _(
        "Business has refused to sign it, {when}, in these words:", when=When(conclusion.refused_at, day_only=True)
    )
    words = passage(conclusion.refused_words or "", conclusion.refused_language or conclusion.language)
    return (refused, words)
