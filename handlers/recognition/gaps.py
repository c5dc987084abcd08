"""The gaps: criteria that some agencies recognise in part or not at all, and what became of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.kit.context import Context
from bot.kit.screen import Button, Quote, Row, Screen, Style, button
from bot.kit.text import Phrase, Raw, When, _, listed, ngettext
from db.agencies import name_of
from db.recognition import Criterion, cells, columns, criteria, gaps
from handlers.paging import PAGE, turn_pages
from handlers.people.naming import called

from . import becoming, naming
from .room import askers, recognition, voices


def unmatched(ctx: Context) -> Mapping[int, list[int]]:
    """The gaps one may see: by criterion, the agencies."""
    found = cells(ctx.session, ctx.who)
    return gaps(found, [each.agency_id for each in columns(ctx.session, ctx.who)])


@recognition.command("gaps", _("Gaps"), allow=askers | voices)
def gaps_(ctx: Context, page: int = 0) -> Screen:
    """Every gap, and whether anything has been done about it."""
    among = unmatched(ctx)
    lines = [each for each in criteria(ctx.session, ctx.who.administration_id) if each.id in among]
    shown = lines[page * PAGE : (page + 1) * PAGE]
    count = ngettext(
        "{count} criterion is not recognised by everybody.",
        "{count} criteria are not recognised by everybody.",
        len(lines),
    )
    return Screen(
        _("Gaps"),
        (count if lines else _("There is no gap: whoever has answered recognises everything."),),
        rows=tuple(
            Row(
                naming.label(each),
                _line(ctx, each, among[each.id]),
                (button(_("Open"), "recognition.gap", criterion=each.id),),
            )
            for each in shown
        ),
        buttons=(
            *turn_pages("recognition.gaps", page, len(lines)),
            button(recognition.title, "recognition.recognition"),
        ),
    )


def _line(ctx: Context, criterion: Criterion, agencies: Sequence[int]) -> Phrase:
    names = listed([Raw(name_of(ctx.session, each)) for each in agencies])
    became = becoming.refs(ctx, criterion)
    if became:
        return _("{agencies} · {became}", agencies=names, became=listed(became))
    return _("{agencies}", agencies=names)


@recognition.command("gap", _("A gap"), allow=askers | voices, reads=askers)
def gap(ctx: Context, criterion: Criterion) -> Screen:
    """One gap: who does not recognise it and why, as far as one may read that; what became of it; what can be done."""
    return gap_screen(ctx, criterion, None)


def gap_screen(ctx: Context, criterion: Criterion, lead: Phrase | None) -> Screen:
    agencies = unmatched(ctx).get(criterion.id, [])
    none = () if agencies else (_("No agency says any longer that it does not recognise it."),)
    return Screen(
        lead or naming.label(criterion),
        (
            *((naming.label(criterion),) if lead else ()),
            *none,
            *_said(ctx, criterion, agencies),
            *becoming.told(ctx, criterion),
        ),
        buttons=(
            *becoming.opens(ctx, criterion),
            *(_does(ctx, criterion) if agencies else ()),
            button(_("Gaps"), "recognition.gaps"),
        ),
    )


def _said(ctx: Context, criterion: Criterion, agencies: Sequence[int]) -> tuple[Quote | Phrase, ...]:
    found = cells(ctx.session, ctx.who)
    said = [found[criterion.id, each] for each in agencies]
    full = [each for each in said if each.is_in_full_for(ctx.who)]
    people = called(ctx.session, {each.said_by_id for each in full})
    lines: list[Quote | Phrase] = []
    for each in said:
        name = name_of(ctx.session, each.agency_id)
        if each not in full:
            lines.append(_("{agency}: {stand}", agency=name, stand=each.stand))
            continue
        by = _(
            "{agency}: {stand}. {name} said so on {when}.",
            agency=name,
            stand=each.stand,
            name=people[each.said_by_id],
            when=When(each.said_at, day_only=True),
        )
        lines.append(Quote(Raw(each.note, each.language), by) if each.note else by)
    return tuple(lines)


def _does(ctx: Context, criterion: Criterion) -> tuple[Button, ...]:
    """What can be done about it; the engine hides it from whoever may not."""
    called_already = tuple(
        button(
            _("Put it on the agenda of {ref}", ref=ref),
            "recognition.on_agenda",
            criterion=criterion.id,
            meeting=meeting_id,
        )
        for meeting_id, ref in becoming.agendas(ctx, criterion)
    )
    return (
        *called_already,
        button(
            _("Call a roundtable of it"),
            "recognition.to_roundtable",
            style=Style.PLAIN if called_already else Style.PRIMARY,
            criterion=criterion.id,
        ),
        button(_("Make it an action"), "recognition.to_action", criterion=criterion.id),
    )
