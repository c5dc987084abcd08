"""Telling: whoever owns a consultation, whoever it is for, whoever takes part; and giving it up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Button, Quote, Refusal, Scalar, Screen
from bot.kit.text import Phrase, Raw, _, ngettext
from db.audiences import people_of
from db.consultations import OPEN, Consultation, Phase
from db.outcomes import owed
from db.participants import participants_of
from db.people import Person, Topic

from . import cards
from .room import WHEN_WITHDRAWN, at_customs, consultations, runs

AT_ONCE = 200  # persons told in one turn
REASON = 600
TAKING = (Phase.SHAPING, Phase.DRAFTING, Phase.COMMENTS)
NEWS = {
    Phase.SHAPING: _("Customs asks what you think, before there is a text."),
    Phase.COMMENTS: _("A text is open for your comments."),
    Phase.DRAFTING: _("The text is being written."),
    Phase.DECISION: _("It has closed. Everything that was said is being answered."),
}
EXTENDED = _("There is more time: the deadline has moved.")
REDRAFTED = _("A new draft lies open.")
AFTER = timedelta(minutes=1)  # whoever's words have no clause any longer hears that first, and this not at all


# Those who own it


def owners_of(ctx: Context, consultation: Consultation) -> list[int]:
    """Both sides."""
    both = (*at_customs(ctx, consultation), consultation.co_owner_id)
    return list(dict.fromkeys(each for each in both if each is not None))


def tell_owners(
    ctx: Context,
    consultation: Consultation,
    lead: Phrase,
    *,
    once: str,
    body: Iterable[Any] = (),
    more: Iterable[Button] = (),
) -> None:
    """Whoever owns it, unless they did it themselves."""
    tell(ctx, owners_of(ctx, consultation), consultation, lead, once=once, body=body, more=more)


def tell(
    ctx: Context,
    people: Iterable[int],
    consultation: Consultation,
    lead: Phrase,
    *,
    once: str,
    body: Iterable[Any] = (),
    more: Iterable[Button] = (),
    topic: Topic | None = None,
) -> None:
    """Nobody is told what they have just done themselves."""
    screen = Screen(lead, (cards.title(consultation), *body), buttons=(*more, cards.open_it(consultation)))
    for person_id in people:
        if person_id != ctx.who.id:
            ctx.notify(person_id, screen, once=f"{consultation.ref}:{once}", topic=topic)


# Those it is for, and those who take part


def moved(ctx: Context, consultation: Consultation, was: Phase) -> None:
    """It has come to another phase. Whoever it is for hears what they can take part in, whoever has taken part or
    proposed it that it was closed, and its owners both."""
    phase, at = consultation.phase, ctx.now.isoformat()
    promised = consultation.outcome_due if phase is Phase.DECISION else None
    body = (_promised(consultation, promised),) if promised is not None else _until(consultation)
    tell_owners(ctx, consultation, NEWS[phase], once=f"moved:{phase}:{at}", body=body)
    _begin(ctx, consultation, f"{phase}:{at}", to_all=phase in (Phase.SHAPING, Phase.COMMENTS))


def edited(ctx: Context, consultation: Consultation, lead: Phrase) -> None:
    """What one owner changes, the other hears."""
    if consultation.co_owner_id is not None:
        tell_owners(ctx, consultation, lead, once=f"edited:{ctx.now.isoformat()}")


def extended(ctx: Context, consultation: Consultation) -> None:
    at = ctx.now.isoformat()
    tell_owners(ctx, consultation, EXTENDED, once=f"extended:{at}", body=_until(consultation))
    _begin(ctx, consultation, f"extended:{at}", to_all=True)


def redrafted(ctx: Context, consultation: Consultation) -> None:
    """A next draft lies open: whoever has taken part hears it, once."""
    if consultation.draft_number > 1 and consultation.phase in TAKING:
        _begin(ctx, consultation, f"draft:{consultation.draft_number}", to_all=False, at=ctx.now + AFTER)


def _begin(
    ctx: Context,
    consultation: Consultation,
    news: str,
    *,
    to_all: bool,
    after: int = 0,
    at: datetime | None = None,
) -> None:
    key = f"{consultation.ref}:tell:{news}:{after}"
    args: dict[str, Scalar] = {"news": news, "to_all": to_all, "after": after}
    ctx.later(at or ctx.now, "consultations.tell", key=key, consultation=consultation.id, **args)


@consultations.job("tell")
def tell_next(ctx: Context, consultation: Consultation, news: str, to_all: bool, after: int) -> None:
    """The next of them, by their number; then the rest in a turn of its own. What is true no longer is not told."""
    what, _colon, rest = news.partition(":")
    lead = {"extended": EXTENDED, "draft": REDRAFTED}.get(what)
    is_gone = rest != str(consultation.draft_number) if what == "draft" else lead is None and consultation.phase != what
    if consultation.phase not in OPEN or is_gone:
        return
    which: ColumnElement[bool] = Person.id.in_(participants_of(consultation.id, at=ctx.now))
    if to_all:
        which |= people_of(consultation)
    alive = Person.of(consultation.administration_id), Person.erased_at.is_(None)
    next_ = select(Person.id).where(*alive, which, Person.id > after).order_by(Person.id).limit(AT_ONCE)
    people = ctx.session.scalars(next_).all()
    began = owed(ctx.session, consultation.issue_id).keys() if consultation.issue_id is not None else ()
    known = set(owners_of(ctx, consultation))
    for person_id in people:
        if person_id not in known:
            screen = told(consultation, lead or NEWS[consultation.phase], began=person_id in began)
            ctx.notify(person_id, screen, once=f"{consultation.ref}:{news}", topic=Topic.EVENTS)
    if len(people) == AT_ONCE:
        _begin(ctx, consultation, news, to_all=to_all, after=people[-1])


def told(consultation: Consultation, lead: Phrase, *, began: bool = False) -> Screen:
    """News of it, as somebody reads it who may never have heard of it."""
    is_new = consultation.phase in (Phase.SHAPING, Phase.COMMENTS) and lead is not REDRAFTED
    its = {"consultation": consultation.id}
    changes = (Button(_("What changed"), "consultations.changes", its),) if lead is REDRAFTED else ()
    return Screen(
        lead,
        (
            cards.title(consultation),
            *((_("It began with what you and others told Customs."),) if began and is_new else ()),
            *((Quote(Raw(consultation.summary, consultation.language)),) if is_new else ()),
            *_until(consultation),
        ),
        buttons=(*changes, cards.open_it(consultation)),
    )


def _promised(consultation: Consultation, due: datetime) -> Phrase:
    return _("Its outcome is promised by {when}.", when=cards.at(consultation, due))


def _until(consultation: Consultation) -> tuple[Phrase, ...]:
    promised = consultation.outcome_due
    hear = (
        (_("You hear what became of it by {when}.", when=cards.at(consultation, promised)),)
        if promised is not None
        else ()
    )
    if consultation.phase is Phase.DECISION or consultation.closes_at is None:
        return hear
    return (_("It is open until {when}.", when=cards.at(consultation, consultation.closes_at)), *hear)


# Giving it up


@consultations.form("withdraw", _("Give it up"), allow=runs)
class Withdraw(Form):
    """It goes no further. Whoever took part, proposed it or owns it hears why."""

    consultation: Consultation = ask.about()
    reason: str = ask.prose(_("Why is it given up?"), max=REASON, hint=_("Everybody who is told reads it."))

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        cards.must_be_under_way(bound["consultation"])

    def submit(self, ctx: Context) -> Screen:
        its = self.consultation
        concerned = {*owners_of(ctx, its), *ctx.session.scalars(participants_of(its.id, at=ctx.now))}
        if its.asked_id is not None:
            concerned.add(its.asked_id)
        if not its.withdraw(self.reason, at=ctx.now):
            raise Refusal(_("That cannot be done now. Its state is: {state}.", state=its.phase))
        ctx.session.flush()
        why = (Quote(Raw(self.reason, ctx.who.language), label=_("Why")),)
        lead = _("A consultation is given up.")
        tell(ctx, sorted(concerned), its, lead, once="withdrawn", body=why)
        for note in WHEN_WITHDRAWN:
            note(ctx, its)
        count = len(concerned - {ctx.who.id})
        said = ngettext("Given up. {count} person is being told.", "Given up. {count} people are being told.", count)
        return cards.changed(ctx, its, said)
