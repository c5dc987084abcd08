"""Publishing a draft: what was said goes along with its clauses, and whoever's words have none any longer hears it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Fact, Quote, Refusal, Screen, button
from bot.kit.text import Phrase, Raw, _, ngettext
from db.consultations import Clause, Consultation, Contribution, Phase, TextDraft, carrying

from .. import announcing, cards
from ..room import WHEN_REDRAFTED, consultations, owners
from .entering import must_be_open_to_drafts, to_the_text, work

NOTE = 1500
AT_ONCE = 200  # persons told in one turn
SHOWN = 3


@consultations.form("publish", _("Publish the draft"), allow=owners)
class Publish(Form):
    """From now on it is the text; it does not change any more. What was said before stands where its clause goes on."""

    consultation: Consultation = ask.about()
    note: str | None = ask.prose(
        _("What is new in it, in your own words?"), max=NOTE, optional=True, hint=_("Everybody who reads it sees this.")
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _ready(ctx, bound["consultation"])

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        draft = _ready(ctx, bound["consultation"])
        orphans = len(carrying.orphaned_by(ctx.session, draft))
        lost = ngettext(
            "What {count} person said will have no clause any longer. It is kept, answered, and they are told.",
            "What {count} people said will have no clause any longer. It is kept, answered, and they are told.",
            orphans,
        )
        return (_("It does not change any more once it is published."), *((lost,) if orphans else ()))

    def submit(self, ctx: Context) -> Screen:
        # Whoever comments meanwhile waits for this, and then stands where their clause goes on.
        consultation = ctx.session.get_one(
            Consultation, self.consultation.id, populate_existing=True, with_for_update=True
        )
        draft = _ready(ctx, consultation)
        orphaned = carrying.orphaned_by(ctx.session, draft)
        draft.published_at, draft.note, draft.by_id = ctx.now, self.note, ctx.who.id
        consultation.draft_number = draft.number
        ctx.session.flush()
        carrying.carry_forward(ctx.session, draft)
        _tell(ctx, consultation, draft, orphaned)
        for note in WHEN_REDRAFTED:
            note(ctx, consultation)
        published = _("{name} has published draft {number}.", name=ctx.who.name, number=draft.number)
        announcing.edited(ctx, consultation, published)
        announcing.redrafted(ctx, consultation)
        if consultation.phase is Phase.PREPARED:
            return work(ctx, consultation, _("Published."))
        return work(ctx, consultation, _("Draft {number} lies open.", number=draft.number))


def _ready(ctx: Context, consultation: Consultation) -> TextDraft:
    """The draft, if it can be published; raises Refusal with what is missing."""
    must_be_open_to_drafts(consultation)
    draft = carrying.prepared(ctx.session, consultation)
    back = (to_the_text(consultation),)
    if draft is None or not carrying.clauses_of(ctx.session, draft):
        raise Refusal(_("There is no text to publish yet."), buttons=back)
    if draft.number <= consultation.draft_number:
        raise Refusal(_("Another draft was published meanwhile."), buttons=back)
    left = len(carrying.unsure(ctx.session, draft))
    if left:
        raise Refusal(
            ngettext(
                "Of {count} clause somebody has to say first where it goes on.",
                "Of {count} clauses somebody has to say first where they go on.",
                left,
            ),
            buttons=(button(_("Check what is not sure"), "consultations.check", consultation=consultation.id), *back),
        )
    return draft


def _tell(ctx: Context, consultation: Consultation, draft: TextDraft, people: Sequence[int]) -> None:
    for at in range(0, len(people), AT_ONCE):
        its = {"consultation": consultation.id, "draft": draft.id}
        some = ",".join(map(str, people[at : at + AT_ONCE]))
        key = f"{consultation.ref}:orphans:{draft.number}:{at}"
        ctx.later(ctx.now, "consultations.tell_orphans", key=key, people=some, **its)


@consultations.job("tell_orphans")
def tell_orphans(ctx: Context, consultation: Consultation, draft: TextDraft, people: str) -> None:
    """Whose words have no clause any longer hears that they still count, each with their own words."""
    for person_id in map(int, people.split(",")):
        said = orphans_of(ctx, consultation, person_id)
        if said:
            screen = orphaned(ctx, consultation, draft, said)
            # The same name as of the news of a draft: nobody is told of one draft twice.
            ctx.notify(person_id, screen, once=f"{consultation.ref}:draft:{draft.number}")


def orphans_of(ctx: Context, consultation: Consultation, person_id: int) -> Sequence[Contribution]:
    its = Contribution.consultation_id == consultation.id, Contribution.person_id == person_id, Contribution.counts()
    orphan = Contribution.clause_id.is_not(None), Contribution.stands_id.is_(None)
    return ctx.session.scalars(select(Contribution).where(*its, *orphan).order_by(Contribution.id)).all()


def orphaned(ctx: Context, consultation: Consultation, draft: TextDraft, said: Sequence[Contribution]) -> Screen:
    quotes = tuple(quoted(ctx, each) for each in said[:SHOWN])
    more = ngettext("… and {count} more.", "… and {count} more.", len(said) - SHOWN) if len(said) > SHOWN else None
    return Screen(
        _("A clause you spoke about is not in the new draft."),
        (
            cards.title(consultation),
            _("What you said is kept. It will be answered like everything else."),
            *quotes,
            *((more,) if more is not None else ()),
        ),
        (Fact(_("Draft"), draft.number),),
        buttons=(
            button(_("What changed"), "consultations.changes", consultation=consultation.id, number=draft.number),
            cards.open_it(consultation),
        ),
    )


def quoted(ctx: Context, said: Contribution) -> Quote:
    """What somebody said, with the clause they said it of, as it was then."""
    words = Raw(said.words or said.suggested or "", said.language)
    if said.clause_id is None:
        return Quote(words)
    clause = ctx.session.get_one(Clause, said.clause_id)
    draft = ctx.session.get_one(TextDraft, clause.draft_id)
    label: Phrase = _("On clause {number} of draft {draft}", number=Raw(clause.number), draft=draft.number)
    return Quote(words, label=label)
