"""What other agencies contribute to an answer: kept with the outcome that tells it, so that there is one reply. It says
whose part is missing, and until when it is expected."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, update

from bot.kit.context import Context
from bot.kit.screen import Fact, Quote, Screen, button
from bot.kit.text import Code, Phrase, Raw, _, listed, ngettext
from db.agencies import (
    HAS_SPOKEN,
    OutcomePart,
    Part,
    PartState,
    disclosed,
    name_of,
    parts_of,
    said,
    told_of,
)
from db.issues import Issue
from db.outcomes import Outcome
from handlers.people.voices import voices


def compose(ctx: Context, issue: Issue, outcome: Outcome) -> None:
    """Put the agencies' parts, as they stand now, with an outcome that waits for approval; instead of older ones."""
    ctx.session.execute(delete(OutcomePart).where(OutcomePart.outcome_id == outcome.id))
    before = _words(ctx, outcome.completes_id) if outcome.completes_id is not None else None
    for part in parts_of(ctx.session, issue.id):
        entry = said(ctx.session, part)
        ctx.session.add(
            OutcomePart(
                administration_id=outcome.administration_id,
                outcome_id=outcome.id,
                part_id=part.id,
                agency_id=part.agency_id,
                state=part.state,
                words=entry.words if entry else None,
                language=entry.language if entry else None,
                respond_by=part.respond_by,
                is_new=before is not None and entry is not None and before.get(part.id) != entry.words,
            )
        )
    ctx.session.flush()


def has_more(ctx: Context, outcome: Outcome) -> bool:
    """Whether agencies have said something since that an outcome does not tell."""
    told = _words(ctx, outcome.id)
    entries = ((part.id, said(ctx.session, part)) for part in parts_of(ctx.session, outcome.issue_id))
    return any(entry is not None and told.get(part_id) != entry.words for part_id, entry in entries)


def told(ctx: Context, outcome: Outcome) -> tuple[Quote | Phrase, ...]:
    """What an outcome tells of the agencies' parts, in their own words: what is new first, what is missing last."""
    rows = told_of(ctx.session, outcome.id)
    names = {each.agency_id: name_of(ctx.session, each.agency_id) for each in rows}
    lines: list[Quote | Phrase] = []
    fresh = [names[each.agency_id] for each in rows if each.is_new]
    if outcome.completes_id is not None and fresh:
        lines.append(_("Customs has told you this before. New in it: {agencies}.", agencies=listed(fresh)))
    lines += [_line(outcome, each, names[each.agency_id], ctx) for each in rows]
    if any(each.words is None for each in rows):
        lines.append(_("You get this answer again, completed, when what is missing has come."))
    return tuple(lines)


def _line(outcome: Outcome, row: OutcomePart, name: str, ctx: Context) -> Quote | Phrase:
    if row.words is None:
        if row.respond_by > (outcome.approved_at or ctx.now):
            return _("{agency} has not answered yet. Its part is expected by {when}.", agency=name, when=row.respond_by)
        return _("{agency} has not answered. Its part was expected by {when}.", agency=name, when=row.respond_by)
    label = _("What {agency} says", agency=name)
    if row.state is PartState.CANNOT:
        label = _("{agency} cannot answer its part, and says why", agency=name)
    return Quote(Raw(row.words, row.language), label=label)


def standing(ctx: Context, issue: Issue) -> tuple[Quote | Phrase, ...]:
    """The parts as they stand, for whoever writes the answer they belong to."""
    lines: list[Quote | Phrase] = []
    for part in parts_of(ctx.session, issue.id):
        name, entry = name_of(ctx.session, part.agency_id), said(ctx.session, part)
        if entry is not None:
            lines.append(Quote(Raw(entry.words, entry.language), label=_("What {agency} says", agency=name)))
        else:
            lines.append(
                _(
                    "{agency} has not answered: the answer says so. It is asked to by {when}.",
                    agency=name,
                    when=part.respond_by,
                )
            )
    return tuple(lines)


def fact(ctx: Context, issue: Issue) -> Fact | None:
    """How many of the agencies that were asked have answered."""
    found = parts_of(ctx.session, issue.id)
    if not found:
        return None
    spoken = sum(each.state in HAS_SPOKEN for each in found)
    how = ngettext("{spoken} of {count} has answered", "{spoken} of {count} have answered", len(found), spoken=spoken)
    return Fact(_("Other agencies"), how)


def are_asked(ctx: Context, issue: Issue) -> bool:
    return bool(parts_of(ctx.session, issue.id))


def is_disclosed(ctx: Context, issue: Issue) -> bool:
    return disclosed(ctx.session, issue.id) is not None


def move(ctx: Context, issue: Issue, into: Issue) -> None:
    """The parts go on with the issue that speaks; the agencies hear by which reference."""
    for part in parts_of(ctx.session, issue.id):
        _tell(
            ctx,
            part,
            _(
                "{ref} goes on as {other}. What you were asked stays the same.",
                ref=Code(issue.ref),
                other=Code(into.ref),
            ),
            once=f"part:{part.id}:moved:{into.id}",
        )
    ctx.session.execute(update(Part).where(Part.issue_id == issue.id).values(issue_id=into.id))


def call_off(ctx: Context, parts: Iterable[Part]) -> None:
    """What is still waited for is not needed any longer."""
    for part in parts:
        if part.call_off():
            ctx.forget(key(part, "nudge"))
            ctx.forget(key(part, "missing"))
            ctx.session.flush()
            lead = _("Your part is not needed any longer.")
            _tell(ctx, part, lead, once=f"part:{part.id}:off:{part.run}")


def tell_agencies(ctx: Context, issue: Issue, outcome: Outcome) -> None:
    """The agencies whose words the outcome tells hear that they have gone out; not what others said."""
    for row in told_of(ctx.session, outcome.id):
        if row.words is not None and (row.is_new or outcome.completes_id is None):
            part = ctx.session.get_one(Part, row.part_id)
            lead = _("What you said has been told to those who raised it.")
            _tell(ctx, part, lead, once=f"part:{part.id}:told:{outcome.id}")


def key(part: Part, kind: str) -> str:
    """What a reminder of the present day is known by."""
    return f"agencies:{part.id}:{kind}:{part.run}"


def _tell(ctx: Context, part: Part, lead: Phrase, *, once: str) -> None:
    screen = Screen(
        lead,
        facts=(Fact(_("Case"), Code(Issue.ref_of(part.issue_id))),),
        buttons=(button(_("See it"), "agencies.part", part=part.id),),
    )
    for person_id in voices(ctx, part.agency_id):
        ctx.notify(person_id, screen, once=once)


def _words(ctx: Context, outcome_id: int) -> dict[int, str | None]:
    return {each.part_id: each.words for each in told_of(ctx.session, outcome_id)}
