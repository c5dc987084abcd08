"""Many contributions at once that end in the same way, for one reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, insert, literal, select

from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Refusal, Screen
from bot.kit.text import Code, Phrase, _, ngettext, phrase_of
from db.conclusions import unanswered
from db.consultations import Answered, Clause, Consultation, Contribution, ContributionKind, Question, Treatment
from handlers.consultations.room import owners

from . import listing
from .answering import REASON, clause_chosen, clauses
from .room import conclusions, must_be_closed

ALL, KIND, CLAUSE, QUESTION, CHOICE, NOWHERE = "all", "kind", "clause", "question", "choice", "nowhere"


def groups(ctx: Context, query: str) -> Sequence[Option]:
    """What waits, in groups with their sizes: all, by kind, by clause, by question and by what was chosen there."""
    consultation_id = ctx.bound.get("consultation", 0)
    columns = Contribution.kind, Contribution.stands_id, Contribution.question_id, Contribution.choice
    counted = ctx.session.execute(
        select(*columns, func.count()).where(unanswered(consultation_id)).group_by(*columns)
    ).all()
    sizes: dict[str, int] = {}
    for kind, stands, question, choice, count in counted:
        keys = [ALL, f"{KIND}:{kind}"]
        if stands is not None:
            keys.append(f"{CLAUSE}:{stands}")
        if question is not None:
            keys.append(f"{QUESTION}:{question}")
            keys += [f"{CHOICE}:{question}:{choice}"] if choice is not None else []
        elif stands is None:
            keys.append(NOWHERE)
        for key in keys:
            sizes[key] = sizes.get(key, 0) + count
    offered = [Option(key, label) for key, label in _labels(ctx, consultation_id, sizes)]
    if not query.strip():
        return offered
    say, wanted = ctx.words_for(ctx.who), query.strip().casefold()
    return [each for each in offered if wanted in say(each.label).casefold()]


def _labels(ctx: Context, consultation_id: int, sizes: Mapping[str, int]) -> list[tuple[str, Phrase]]:
    """What each group is called, in a good order."""
    found: list[tuple[str, Phrase]] = []
    if ALL in sizes:
        found.append((ALL, _("All without an answer ({count})", count=sizes[ALL])))
    for kind in ContributionKind:
        if (key := f"{KIND}:{kind}") in sizes:
            found.append((key, _("{what} ({count})", what=phrase_of(kind), count=sizes[key])))
    for question in ctx.session.scalars(
        select(Question).where(Question.consultation_id == consultation_id).order_by(Question.position)
    ):
        number = question.position + 1
        if (key := f"{QUESTION}:{question.id}") in sizes:
            found.append((key, _("Question {number} ({count})", number=number, count=sizes[key])))
        for choice, option in enumerate(question.options):
            if (key := f"{CHOICE}:{question.id}:{choice}") in sizes:
                chosen = _("Question {number}, {option} ({count})", number=number, option=option, count=sizes[key])
                found.append((key, chosen))
    if NOWHERE in sizes:
        found.append((NOWHERE, _("On no clause of the text as it is now ({count})", count=sizes[NOWHERE])))
    standing = Clause.id.in_([int(key.split(":")[1]) for key in sizes if key.startswith(f"{CLAUSE}:")])
    for clause in ctx.session.scalars(select(Clause).where(standing).order_by(Clause.position)):
        size = sizes[f"{CLAUSE}:{clause.id}"]
        found.append((f"{CLAUSE}:{clause.id}", _("Clause {number} ({count})", number=Code(clause.number), count=size)))
    return found


def _of_group(key: str) -> ColumnElement[bool]:
    what, *which = key.split(":")
    match what:
        case "kind":
            return Contribution.kind == ContributionKind(which[0])
        case "clause":
            return Contribution.stands_id == int(which[0])
        case "question":
            return Contribution.question_id == int(which[0])
        case "choice":
            return and_(Contribution.question_id == int(which[0]), Contribution.choice == int(which[1]))
        case "nowhere":
            return and_(Contribution.stands_id.is_(None), Contribution.question_id.is_(None))
    return literal(True)


@conclusions.form("answer_many", _("Answer many at once"), allow=owners, reads=owners)
class AnswerMany(Form):
    """One end and one reason for all of a group that have no answer yet. Each of their authors reads it."""

    consultation: Consultation = ask.about()
    group: str = ask.pick(
        _("Which ones?"), options=groups, hint=_("Only those without an answer are taken. Type a clause's number.")
    )
    treatment: Treatment = ask.choice(_("How do they end?"))
    clause: int | None = ask.pick(
        _("Which clause of the text as it is now are they about?"),
        options=clauses,
        optional=True,
        hint=_("Left out, it is for each the one at which it stands."),
    )
    reason: str = ask.prose(
        _("Why?"), max=REASON, hint=_("Whoever said it reads this beside their own words. Name nobody.")
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        must_be_closed(bound["consultation"])

    def submit(self, ctx: Context) -> Screen:
        clause_id = clause_chosen(ctx, self.consultation, self.clause)
        count = answer_all(ctx, self.consultation, _of_group(self.group), self.treatment, clause_id, self.reason)
        if not count:
            raise Refusal(_("None of them waits for an answer any more."), field="group")
        lead = ngettext("{count} contribution is answered.", "{count} contributions are answered.", count)
        return listing.overview(ctx, self.consultation, lead)


def answer_all(
    ctx: Context,
    consultation: Consultation,
    group: ColumnElement[bool],
    treatment: Treatment,
    clause_id: int | None,
    reason: str,
) -> int:
    """Answer all of a group that have no answer, in a fixed number of statements. How many those were."""
    waits = unanswered(consultation.id), group
    count = ctx.session.scalar(select(func.count()).select_from(Contribution).where(*waits)) or 0
    if not count:
        return 0
    of_table = Answered.__table__.c
    clause = literal(clause_id, of_table.clause_id.type) if clause_id is not None else Contribution.stands_id
    values: dict[str, Any] = {
        "administration_id": Contribution.administration_id,
        "contribution_id": Contribution.id,
        "consultation_id": Contribution.consultation_id,
        "treatment": literal(treatment, of_table.treatment.type),
        "clause_id": clause,
        "reason": literal(reason),
        "language": literal(ctx.who.language),
        "translations": literal({}, of_table.translations.type),
        "by_id": literal(ctx.who.id, of_table.by_id.type),
        "at": literal(ctx.now, of_table.at.type),
        "version": literal(1, of_table.version.type),
    }
    # An answer from before its author's last change says nothing any more, and makes way.
    before = Answered.contribution_id.in_(select(Contribution.id).where(*waits))
    ctx.session.execute(delete(Answered).where(before), execution_options={"synchronize_session": False})
    ctx.session.execute(insert(Answered).from_select(list(values), select(*values.values()).where(*waits)))
    ctx.session.expire_all()
    return count
