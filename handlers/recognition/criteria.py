"""For the administration: its own criteria beside those of the SAFE Framework, and who may see the matrix."""

from __future__ import annotations

from sqlalchemy import delete, func, select

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Refusal, Row, Screen, button
from bot.kit.text import Phrase, _
from db.recognition import Criterion, OpenMatrix
from db.recognition import criteria as used
from handlers.languages import languages
from handlers.paging import PAGE, turn_pages

from . import matrix, naming
from .room import keepers, recognition

NAME, CODE, MOST = 120, 6, 60


@recognition.command("criteria", _("Criteria"), allow=keepers)
def criteria(ctx: Context, page: int = 0) -> Screen:
    """All that are asked about, to name one in a language, or to take it out of use."""
    return criteria_screen(ctx, None, page=page)


def criteria_screen(ctx: Context, lead: Phrase | None, *, page: int = 0) -> Screen:
    lines = used(ctx.session, ctx.who.administration_id)
    return Screen(
        lead or _("Criteria"),
        (_("The criteria of the WCO's SAFE Framework of Standards, and those you add."),),
        rows=tuple(
            Row(
                naming.label(each),
                None,
                (
                    button(_("Name in a language"), "recognition.rename", criterion=each.id),
                    button(_("Ask about it no longer"), "recognition.retire", criterion=each.id),
                ),
            )
            for each in lines[page * PAGE : (page + 1) * PAGE]
        ),
        buttons=(
            *turn_pages("recognition.criteria", page, len(lines)),
            button(_("Add a criterion"), "recognition.add"),
            button(recognition.title, "recognition.recognition"),
        ),
    )


@recognition.form("add", _("Add a criterion"), allow=keepers)
class Add(Form):
    """One of the administration's own."""

    code: str = ask.line(_("Which short sign has it?"), max=CODE, hint=_("A letter or a few, such as N or TN1."))
    name: str = ask.line(_("What is it called?"), max=NAME)

    def submit(self, ctx: Context) -> Screen:
        mine = Criterion.administration_id == ctx.who.administration_id, Criterion.visible_to(ctx.who)
        same = select(Criterion).where(*mine, func.lower(Criterion.code) == self.code.lower())
        known = ctx.session.scalar(same)
        if known is not None and known.retired_at is None:
            raise Refusal(_("There is a criterion with that sign already."), field="code")
        if len(used(ctx.session, ctx.who.administration_id)) >= MOST:
            raise Refusal(_("At most {count} criteria.", count=MOST), field="code")
        if known is None:
            known = Criterion(administration_id=ctx.who.administration_id, code=self.code, name={})
            last = select(func.max(Criterion.position)).where(*mine)
            known.position = (ctx.session.scalar(last) or 0) + 1
            ctx.session.add(known)
        known.name = known.name | {ctx.who.language: self.name}
        known.added_at, known.retired_at = ctx.now, None
        ctx.session.flush()
        lead = _("Added. Agencies that were asked before are asked about it when you ask them again.")
        return criteria_screen(ctx, lead)


@recognition.form("rename", _("Name in a language"), allow=keepers)
class Rename(Form):
    criterion: Criterion = ask.about()
    language: str = ask.choice(_("In which language?"), options=languages)
    name: str = ask.line(_("What is it called?"), max=NAME)

    def submit(self, ctx: Context) -> Screen:
        self.criterion.name = self.criterion.name | {self.language: self.name}
        ctx.session.flush()
        return criteria_screen(ctx, _("Changed."))


@recognition.command(
    "retire",
    _("Ask about it no longer"),
    allow=keepers,
    confirm=_("Ask about this criterion no longer? What was said of it is kept."),
)
def retire(ctx: Context, criterion: Criterion) -> Screen:
    if criterion.retired_at is None:
        criterion.retired_at = ctx.now
        ctx.session.flush()
    return criteria_screen(ctx, _("It is not asked about any longer."))


@recognition.command(
    "open",
    _("Show it to all members"),
    allow=keepers,
    confirm=_("Everybody registered here will see where each agency stands: not its notes. Do the agencies agree?"),
)
def open_(ctx: Context) -> Screen:
    """From now on all members see where agencies stand."""
    if not matrix.is_open(ctx):
        made = OpenMatrix(administration_id=ctx.who.administration_id, opened_by_id=ctx.who.id, opened_at=ctx.now)
        ctx.session.add(made)
        ctx.session.flush()
    return matrix.matrix_screen(ctx, _("All members see now where the agencies stand, without their notes."))


@recognition.command("close", _("Hide it from members"), allow=keepers)
def close(ctx: Context) -> Screen:
    """Again each agency sees its own answers only, and Customs all."""
    ctx.session.execute(delete(OpenMatrix).where(OpenMatrix.administration_id == ctx.who.administration_id))
    return matrix.matrix_screen(ctx, _("Each agency sees its own answers only, and Customs all."))
