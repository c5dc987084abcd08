"""Who owns a consultation: somebody in Customs, its desk, and in business whoever was asked and agreed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from bot.kit.clean import clean_line
from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Fact, Quote, Refusal, Screen, button
from bot.kit.text import Named, Phrase, Raw, _
from db.centres import Centre
from db.consultations import Consultation
from db.people import Person, Role
from handlers.people.naming import called
from handlers.people.searching import people_named, voices_named

from . import announcing, cards
from .room import asked, at_customs, co_owner, consultations, owners, runs

CHASED_AFTER = timedelta(days=3)
REASON = 600


def colleagues(ctx: Context, query: str) -> Sequence[Option]:
    """Whoever has a role in the administration, by name."""
    held = select(Role.person_id).where(Role.administration_id == ctx.who.administration_id, Role.in_force(ctx.now))
    return people_named(ctx, query, Person.id.in_(held), Person.registered_at.is_not(None))


def desks(ctx: Context, query: str) -> Sequence[Option]:
    wanted = clean_line(query).casefold()
    found = ctx.session.scalars(select(Centre).where(Centre.visible_to(ctx.who)).order_by(Centre.id)).all()
    return [
        Option(str(each.id), Named(each.name))
        for each in found
        if wanted == str(each.id) or any(wanted in name.casefold() for name in each.name.values())
    ]


@consultations.command("ownership", _("Who owns it"), allow=owners)
def ownership(ctx: Context, consultation: Consultation) -> Screen:
    """Both sides, and what can be changed about them."""
    own = (consultation.owner_id, consultation.co_owner_id, consultation.asked_id)
    names = called(ctx.session, {each for each in own if each is not None})
    desk = ctx.session.get(Centre, consultation.centre_id) if consultation.centre_id is not None else None
    facts = (
        Fact(_("In Customs"), names[consultation.owner_id]) if consultation.owner_id is not None else None,
        Fact(_("Desk"), Named(desk.name)) if desk is not None else None,
        Fact(_("In business"), names[consultation.co_owner_id]) if consultation.co_owner_id is not None else None,
        Fact(_("Asked to own it too"), names[consultation.asked_id]) if consultation.asked_id is not None else None,
    )
    is_alone = consultation.co_owner_id is None and consultation.asked_id is None
    its: dict[str, Any] = {"consultation": consultation.id}
    return Screen(
        _("Who owns it"),
        (cards.title(consultation), _("Both sides write it, see what is said, and sign or refuse its outcome.")),
        tuple(each for each in facts if each is not None),
        buttons=(
            *((button(_("Ask somebody in business"), "consultations.ask_to_own", **its),) if is_alone else ()),
            *(
                (button(_("Ask nobody for now"), "consultations.unask", **its),)
                if consultation.asked_id is not None
                else ()
            ),
            button(_("Hand it to a colleague"), "consultations.hand_over", **its),
            button(_("Leave it to Customs"), "consultations.leave", **its),
            cards.back(consultation),
        ),
    )


@consultations.form("ask_to_own", _("Ask somebody in business"), allow=runs)
class AskToOwn(Form):
    """One at a time; whoever is asked sees what is prepared, and says yes or no."""

    review = False
    consultation: Consultation = ask.about()
    person: int = ask.pick(
        _("Who is to own it in business?"),
        options=lambda ctx, query: voices_named(ctx, query),
        hint=_("Type the name of the person or of the organisation."),
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        cards.must_be_under_way(bound["consultation"])

    def submit(self, ctx: Context) -> Screen:
        if not ask_to_own(ctx, self.consultation, self.person):
            raise Refusal(_("Somebody owns it in business already, or is being asked."), field="person")
        return cards.changed(ctx, self.consultation, _("They are asked."))


def ask_to_own(
    ctx: Context, consultation: Consultation, person_id: int, lead: Phrase | None = None, *, body: tuple[Any, ...] = ()
) -> bool:
    """Somebody is asked, and once more while they are silent."""
    if not consultation.ask(person_id):
        return False
    ctx.session.flush()
    _ask(ctx, consultation, f"asked:{ctx.now.isoformat()}", lead, body)
    key = f"{consultation.ref}:chase:{person_id}:{ctx.now.isoformat()}"
    ctx.later(ctx.now + CHASED_AFTER, "consultations.chase", key=key, consultation=consultation.id, person=person_id)
    return True


def _ask(
    ctx: Context, consultation: Consultation, once: str, lead: Phrase | None = None, body: tuple[Any, ...] = ()
) -> None:
    asked_ids = (consultation.asked_id,) if consultation.asked_id is not None else ()
    own = button(_("Own it together"), "consultations.own", consultation=consultation.id)
    not_ = button(_("Rather not"), "consultations.own_not", consultation=consultation.id)
    announcing.tell(
        ctx,
        asked_ids,
        consultation,
        lead or _("Customs asks you to own a consultation together."),
        once=once,
        body=(
            *body,
            _("Both sides write it, see what is said, and sign or refuse its outcome."),
        ),
        more=(own, not_),
    )


@consultations.job("chase")
def chase(ctx: Context, consultation: Consultation, person: int) -> None:
    """Whoever has not answered is asked once more, and whoever asked hears that."""
    if consultation.asked_id != person or not consultation.is_under_way:
        return
    _ask(ctx, consultation, f"asked-again:{ctx.now.isoformat()}")
    lead = _("Whoever was asked to own it has not answered yet, and was asked again.")
    people = at_customs(ctx, consultation)
    announcing.tell(ctx, people, consultation, lead, once=f"silent:{ctx.now.isoformat()}")


@consultations.command("unask", _("Ask nobody for now"), allow=runs)
def unask(ctx: Context, consultation: Consultation) -> Screen:
    """What was asked lapses."""
    was = consultation.asked_id
    if was is None:
        return cards.card(ctx, consultation)
    consultation.asked_id = None
    ctx.withdraw((was,), begin=(f"{consultation.ref}:asked",))
    return cards.changed(ctx, consultation)


@consultations.command("own", _("Own it together"), allow=asked)
def own(ctx: Context, consultation: Consultation) -> Screen:
    """From now on it has an owner on each side."""
    if not consultation.answer(ctx.who.id, agrees=True):
        raise Refusal(_("That cannot be done now. Its state is: {state}.", state=consultation.phase))
    lead = _("{name} owns it together with Customs from now on.", name=ctx.who.name)
    people = at_customs(ctx, consultation)
    announcing.tell(ctx, people, consultation, lead, once=f"agreed:{ctx.now.isoformat()}")
    return cards.changed(ctx, consultation, _("It is yours too from now on."))


@consultations.form("own_not", _("Rather not"), allow=asked)
class OwnNot(Form):
    review = False
    consultation: Consultation = ask.about()
    reason: str | None = ask.prose(
        _("Why not?"), max=REASON, optional=True, hint=_("Customs reads it. You can leave it out.")
    )

    def submit(self, ctx: Context) -> Screen:
        if not self.consultation.answer(ctx.who.id, agrees=False):
            raise Refusal(_("That cannot be done now. Its state is: {state}.", state=self.consultation.phase))
        ctx.session.flush()
        why = (Quote(Raw(self.reason, ctx.who.language), label=_("Why")),) if self.reason else ()
        people = at_customs(ctx, self.consultation)
        lead = _("{name} would rather not own it.", name=ctx.who.name)
        once = f"refused:{ctx.now.isoformat()}"
        announcing.tell(ctx, people, self.consultation, lead, once=once, body=why)
        return Screen(_("Noted. Thank you for saying so."), (cards.title(self.consultation),))


@consultations.command(
    "leave",
    _("Leave it to Customs"),
    allow=co_owner,
    confirm=_("You own it no longer then, and do not sign its outcome."),
)
def leave(ctx: Context, consultation: Consultation) -> Screen:
    """Whoever owns it in business steps down."""
    cards.must_be_under_way(consultation)
    consultation.co_owner_id = None
    ctx.session.flush()
    people = at_customs(ctx, consultation)
    lead = _("{name} owns it no longer.", name=ctx.who.name)
    announcing.tell(ctx, people, consultation, lead, once=f"left:{ctx.now.isoformat()}")
    return Screen(_("You own it no longer."), (cards.title(consultation),))


@consultations.form("hand_over", _("Hand it to a colleague"), allow=runs)
class HandOver(Form):
    """Another owner in Customs, another desk, or both."""

    consultation: Consultation = ask.about()
    person: int = ask.pick(_("To whom?"), options=colleagues, hint=_("Type the name."))
    desk: int | None = ask.pick(_("Which desk runs it too?"), options=desks, optional=True)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        cards.must_be_under_way(bound["consultation"])

    def submit(self, ctx: Context) -> Screen:
        its = self.consultation
        its.owner_id = self.person
        its.centre_id = self.desk if self.desk is not None else its.centre_id
        ctx.session.flush()
        lead = _("{name} has handed a consultation to you.", name=ctx.who.name)
        announcing.tell(ctx, (self.person,), its, lead, once=f"handed:{ctx.now.isoformat()}")
        if its.is_owned_by(ctx.who):
            return cards.changed(ctx, its, _("Handed over."))
        return Screen(_("Handed over."), (cards.title(its),))
