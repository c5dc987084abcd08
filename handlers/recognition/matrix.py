"""The matrix: criteria down, agencies across, and where each of them stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.screen import Bars, Button, Fact, Picture, Scalar, Screen, Table, button
from bot.kit.text import Phrase, _, ngettext, phrase_of
from db.recognition import Column, Criterion, OpenMatrix, Recognition, Stand, cells, columns, criteria, gaps

from . import naming
from .room import recognition

ROWS, COLUMNS = 7, 4  # of the table at once: what a telephone shows
SILENT = _("Asked, no answer yet")
NOT_ASKED = _("Not asked")

Cells = Mapping[tuple[int, int], Recognition]


@recognition.command("recognition", _("Recognition of trusted traders"), allow=allow.members, menu=35)
def matrix(ctx: Context, page: int = 0, wing: int = 0) -> Screen:
    """The matrix as far as one may see it: `page` turns the criteria, `wing` the agencies."""
    return matrix_screen(ctx, None, page=page, wing=wing)


def matrix_screen(ctx: Context, lead: Phrase | None, *, page: int = 0, wing: int = 0) -> Screen:
    lines = criteria(ctx.session, ctx.who.administration_id)
    across, found = columns(ctx.session, ctx.who), cells(ctx.session, ctx.who)
    if not across:
        return Screen(lead or recognition.title, (_none(ctx),), buttons=_buttons(ctx))
    unmatched = gaps(_of(found, lines), [each.agency_id for each in across])
    shown = across[wing * COLUMNS : (wing + 1) * COLUMNS]
    rows = tuple(
        (naming.label(line), *(stand(found, line, each) for each in shown))
        for line in lines[page * ROWS : (page + 1) * ROWS]
    )
    names = tuple(_("{name}", name=each.name) for each in shown)
    return Screen(
        lead or recognition.title,
        (
            ngettext(
                "{count} criterion is not recognised by everybody.",
                "{count} criteria are not recognised by everybody.",
                len(unmatched),
            ),
        ),
        (Fact(_("Criteria"), len(lines)), Fact(_("Agencies"), len(across))),
        table=Table(_("Where the agencies stand"), (_("Criterion"), *names), rows),
        buttons=(*_turns(page, len(lines), wing, len(across)), *_buttons(ctx)),
        pictures=(_picture(lines, across, found),) if page == wing == 0 else (),
    )


def stand(found: Cells, line: Criterion, column: Column) -> Phrase:
    """Where one agency stands on one criterion, in words."""
    said = found.get((line.id, column.agency_id))
    if said is not None:
        return phrase_of(said.stand)
    return SILENT if column.was_asked(line) else NOT_ASKED


def is_open(ctx: Context) -> bool:
    return ctx.session.scalar(select(OpenMatrix.id).where(OpenMatrix.visible_to(ctx.who))) is not None


def _none(ctx: Context) -> Phrase:
    if ctx.who.is_staff:
        return _("No agency has been asked yet which criteria it recognises.")
    if is_open(ctx):
        return _("No agency has said yet which criteria it recognises.")
    return _("Customs does not show here yet which criteria other agencies recognise.")


def _of(found: Cells, lines: Sequence[Criterion]) -> Cells:
    """Without what was said of criteria that are no longer used."""
    used = {each.id for each in lines}
    return {key: each for key, each in found.items() if key[0] in used}


def _picture(lines: Sequence[Criterion], across: Sequence[Column], found: Cells) -> Picture:
    """How many criteria each agency recognises."""
    rows = []
    for each in across:
        said = [found[line.id, each.agency_id].stand for line in lines if (line.id, each.agency_id) in found]
        counts = (*(said.count(one) for one in Stand), len(lines) - len(said))
        rows.append((_("{name}", name=each.name), counts))
    parts = (*(phrase_of(each) for each in Stand), _("No answer"))
    return Picture(_("Criteria each agency recognises"), Bars(parts, tuple(rows)))


def _turns(page: int, lines: int, wing: int, across: int) -> tuple[Button, ...]:
    turns: tuple[tuple[bool, Phrase, dict[str, Scalar]], ...] = (
        (page > 0, _("Previous criteria"), {"page": page - 1}),
        ((page + 1) * ROWS < lines, _("Next criteria"), {"page": page + 1}),
        (wing > 0, _("Previous agencies"), {"wing": wing - 1}),
        ((wing + 1) * COLUMNS < across, _("Next agencies"), {"wing": wing + 1}),
    )
    here: dict[str, Scalar] = {"page": page, "wing": wing}
    return tuple(Button(label, "recognition.recognition", here | more) for there, label, more in turns if there)


def _buttons(ctx: Context) -> tuple[Button, ...]:
    """The engine hides what this reader may not do."""
    change = (
        button(_("Hide it from members"), "recognition.close")
        if is_open(ctx)
        else button(_("Show it to all members"), "recognition.open")
    )
    return (
        button(_("My agency's answers"), "recognition.column"),
        button(_("Gaps"), "recognition.gaps"),
        button(_("Ask an agency"), "recognition.ask"),
        button(_("Remind the silent"), "recognition.remind"),
        button(_("Criteria"), "recognition.criteria"),
        change,
    )
