"""Taking somebody's words out of sight: its owners say why, its author hears it; what was said is kept and answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Fact, NotFound, Quote, Refusal, Screen, button
from bot.kit.text import Code, Phrase, Raw, _
from db.consultations import Consultation, Contribution, ContributionKind

from .own import contribution_screen
from .reading import spoken
from .room import consultations, owners

HIDEABLE = (ContributionKind.COMMENT, ContributionKind.SUGGESTION)


def _owned(ctx: Context, contribution: Contribution) -> Consultation:
    """Its consultation. To whoever does not own that, there is nothing to hide."""
    consultation = ctx.session.get_one(Consultation, contribution.consultation_id)
    if not consultation.is_owned_by(ctx.who) or contribution.kind not in HIDEABLE:
        raise NotFound()
    return consultation


@consultations.form("hide", _("Hide it"), allow=owners, reads=owners)
class Hide(Form):
    """From everybody who takes part, but its author and the owners."""

    contribution: Contribution = ask.about()
    words: str = ask.prose(
        _("Why is it not to be shown?"), max=1000, hint=_("Its author reads this, and that what they said is answered.")
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        contribution = bound["contribution"]
        _owned(ctx, contribution)
        if contribution.hidden_at is not None or contribution.withdrawn_at is not None:
            raise Refusal(_("It is not shown to others already."))

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        return spoken(ctx, bound["contribution"])

    def submit(self, ctx: Context) -> Screen:
        contribution = self.contribution
        consultation = _owned(ctx, contribution)
        contribution.hidden_at = ctx.now
        contribution.hidden_words, contribution.hidden_language = self.words, ctx.who.language
        ctx.session.flush()
        lead = _("What you said is not shown to others any more.")
        _tell(ctx, consultation, contribution, lead, Quote(Raw(self.words, ctx.who.language), label=_("Why")))
        return contribution_screen(ctx, contribution, _("Hidden. Its author has been told why."))


@consultations.command("unhide", _("Show it again"), allow=owners, reads=owners)
def unhide(ctx: Context, contribution: Contribution) -> Screen:
    """Everybody who takes part may read it again."""
    consultation = _owned(ctx, contribution)
    if contribution.hidden_at is None:
        return contribution_screen(ctx, contribution)
    contribution.hidden_at = contribution.hidden_words = contribution.hidden_language = None
    ctx.session.flush()
    _tell(ctx, consultation, contribution, _("What you said is shown to others again."))
    return contribution_screen(ctx, contribution, _("It is shown again. Its author has been told."))


def _tell(ctx: Context, consultation: Consultation, contribution: Contribution, lead: Phrase, *more: Quote) -> None:
    """Its author, unless they own it themselves and do it now."""
    if contribution.person_id == ctx.who.id:
        return
    screen = Screen(
        lead,
        (*spoken(ctx, contribution), *more, _("It is kept in your own words, and is answered like all others.")),
        (Fact(_("Reference"), Code(consultation.ref)),),
        buttons=(button(_("Open"), "consultations.contribution", contribution=contribution.id),),
    )
    once = f"{consultation.ref}:hidden:{contribution.id}:{contribution.version}"
    ctx.notify(contribution.person_id, screen, once=once)
