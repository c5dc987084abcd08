"""Mandates: who speaks for an organisation, until when, and the yearly question whether they still do."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Button, Fact, Refusal, Row, Screen, Style, button
from bot.kit.text import Raw, Text, _
from db.people import Kind, Mandate, Organisation, Person, Standing
from handlers.paging import PAGE, turn_pages

from .naming import called
from .organisations import attribute, choices, chosen, proposal, tell_verifiers
from .room import people
from .rules import first_voice, themselves, verifiers
from .zones import last_day

_AT = bindparam("at", type_=Mandate.recheck_at.type)
# Home asks it of everybody, every time.
UNANSWERED = (
    select(Mandate)
    .where(Mandate.person_id == bindparam("person"), Mandate.in_force(_AT), Mandate.recheck_at <= _AT)
    .where(Mandate.administration_id == bindparam("home"))
    .order_by(Mandate.id)
)


def speak_for(ctx: Context, person: Person, value: str, kind: Kind) -> Mandate:
    """Give `person` an unconfirmed mandate for the organisation they chose or proposed, and ask who can confirm it."""
    organisation = chosen(ctx, value, kind)
    mandate = Mandate.given(person, organisation, at=ctx.now, is_deputy=bool(_first_voices(ctx, organisation)))
    ctx.session.add(mandate)
    ctx.session.flush()
    _plan(ctx, mandate)
    if organisation.standing is Standing.PROPOSED:
        tell_verifiers(ctx, proposal(ctx, organisation), once=f"organisation:{organisation.id}:proposed")
        return mandate
    claim = _claim(person, organisation, mandate)
    tell_verifiers(ctx, claim, once=f"mandate:{mandate.id}:claimed")
    for voice in _first_voices(ctx, organisation):
        ctx.notify(voice, claim, once=f"mandate:{mandate.id}:claimed")
    return mandate


@people.command("organisation", _("My organisation"), allow=allow.members, menu=30, reads=allow.members)
def own(ctx: Context, page: int = 0) -> Screen:
    """The organisation the person speaks for, or says they do."""
    organisation = ctx.session.get(Organisation, ctx.who.claimed_id) if ctx.who.claimed_id else None
    if organisation is None:
        return Screen(
            _("You speak for no organisation."),
            (_("You can raise and follow issues in your own name."),),
            buttons=(button(_("Choose an organisation"), "people.move"),),
        )
    return _people_of(ctx, organisation, page, "people.organisation")


@people.command("about", _("An organisation"), allow=verifiers, reads=verifiers)
def about(ctx: Context, organisation: Organisation, page: int = 0) -> Screen:
    """An organisation and who speaks for it."""
    return _people_of(ctx, organisation, page, "people.about")


@people.command("confirm", _("Confirm"), allow=verifiers | first_voice, reads=verifiers | first_voice)
def confirm(ctx: Context, mandate: Mandate) -> Screen:
    """Somebody speaks for the organisation indeed. Its own first voice can take on deputies."""
    organisation = ctx.session.get_one(Organisation, mandate.organisation_id)
    if organisation.standing is not Standing.VERIFIED:
        raise Refusal(_("Verify the organisation first."))
    if mandate.person_id == ctx.who.id:
        raise Refusal(_("Somebody else has to confirm that you speak for it."))
    if mandate.confirm(by=ctx.who.id, at=ctx.now):
        attribute(ctx, mandate)
        told = Screen(
            _("You speak for {organisation}.", organisation=organisation.name),
            (_("This was confirmed and holds until {when}.", when=last_day(ctx, mandate.ends_at)),),
            buttons=(button(_("My organisation"), "people.organisation"),),
        )
        ctx.notify(mandate.person_id, told, once=f"mandate:{mandate.id}:confirmed")
        if organisation.contact_id is None:
            organisation.contact_id = mandate.person_id
    return _people_of(ctx, organisation, 0, _list_for(ctx))


@people.command("first", _("Make first voice"), allow=verifiers, reads=verifiers)
def first(ctx: Context, mandate: Mandate) -> Screen:
    """This deputy speaks for the organisation in the first place from now on; whoever did becomes a deputy."""
    if mandate.confirmed_by_id is None or mandate.ends_at <= ctx.now:
        raise Refusal(_("Only somebody whose mandate is confirmed can be the first voice."))
    others = Mandate.organisation_id == mandate.organisation_id, Mandate.in_force(ctx.now)
    for each in ctx.session.scalars(select(Mandate).where(*others)):
        each.is_deputy = each.id != mandate.id
    return _people_of(ctx, ctx.session.get_one(Organisation, mandate.organisation_id), 0, _list_for(ctx))


@people.command(
    "end", _("End the mandate"), allow=verifiers | first_voice | themselves, confirm=_("End this mandate now?")
)
def end(ctx: Context, mandate: Mandate) -> Screen:
    """From this instant the person speaks for the organisation no longer."""
    organisation = ctx.session.get_one(Organisation, mandate.organisation_id)
    _end(ctx, mandate, organisation)
    if mandate.person_id == ctx.who.id:
        return Screen(_("You no longer speak for {organisation}.", organisation=organisation.name))
    told = Screen(_("You no longer speak for {organisation}.", organisation=organisation.name))
    ctx.notify(mandate.person_id, told, once=f"mandate:{mandate.id}:ended")
    return _people_of(ctx, organisation, 0, _list_for(ctx))


@people.command("contact", _("Make contact person"), allow=verifiers | first_voice, reads=verifiers | first_voice)
def contact(ctx: Context, mandate: Mandate) -> Screen:
    """Whom an answer reaches when its own addressee cannot be reached."""
    if mandate.confirmed_by_id is None or mandate.ends_at <= ctx.now:
        raise Refusal(_("Only somebody whose mandate is confirmed can be the contact person."))
    organisation = ctx.session.get_one(Organisation, mandate.organisation_id)
    organisation.contact_id = mandate.person_id
    return _people_of(ctx, organisation, 0, _list_for(ctx))


@people.form("move", _("Choose another organisation"), allow=allow.members)
class Move(Form):
    """Speak for another organisation from now on, once it is confirmed."""

    organisation: str = ask.pick(
        _("Which organisation?"), options=choices, hint=_("Type its name. One that is not listed can be proposed.")
    )

    def submit(self, ctx: Context) -> Screen:
        held = Mandate.person_id == ctx.who.id, Mandate.visible_to(ctx.who), Mandate.in_force(ctx.now)
        for mandate in ctx.session.scalars(select(Mandate).where(*held)).all():
            if self.organisation == str(mandate.organisation_id):
                raise Refusal(_("You speak for this organisation already."), field="organisation")
            _end(ctx, mandate, ctx.session.get_one(Organisation, mandate.organisation_id))
        person = ctx.session.get_one(Person, ctx.who.id)
        speak_for(ctx, person, self.organisation, person.kind or Kind.BUSINESS)
        return Screen(
            _("Thank you. Customs will confirm it."),
            (_("Until then you act in your own name."),),
            buttons=(button(_("Home"), "home.show"),),
        )


@people.command("still", _("Yes, I still do"), allow=themselves)
def still(ctx: Context, mandate: Mandate) -> Screen:
    """The yearly question, answered: good for another year."""
    if not mandate.renew(ctx.now):
        raise Refusal(_("This mandate has ended. Choose your organisation again."))
    _plan(ctx, mandate)
    organisation = ctx.session.get_one(Organisation, mandate.organisation_id)
    return Screen(
        _("Thank you."),
        (
            _(
                "You speak for {organisation} until {when}.",
                organisation=organisation.name,
                when=last_day(ctx, mandate.ends_at),
            ),
        ),
    )


@people.job("recheck")
def recheck(ctx: Context, mandate: Mandate) -> None:
    """Ask whether somebody still speaks for an organisation, unless they have said so or it has ended."""
    if mandate.recheck_at > ctx.now or mandate.ends_at <= ctx.now:
        return
    ctx.notify(mandate.person_id, recheck_card(ctx, mandate), once=f"mandate:{mandate.id}:recheck:{mandate.ends_at:%Y}")


@people.job("lapse")
def lapse(ctx: Context, mandate: Mandate) -> None:
    """The year and its grace are over and nobody said that it still holds: the mandate has ended, and people know."""
    if mandate.ends_at > ctx.now:
        return
    organisation = ctx.session.get_one(Organisation, mandate.organisation_id)
    if organisation.contact_id == mandate.person_id:
        organisation.contact_id = None
    told = Screen(
        _("You no longer speak for {organisation}.", organisation=organisation.name),
        (_("Nobody said within thirty days that you still do. If you do, choose it again."),),
        buttons=(button(_("Choose an organisation"), "people.move"),),
    )
    ctx.notify(mandate.person_id, told, once=f"mandate:{mandate.id}:lapsed")
    name = called(ctx.session, [mandate.person_id])[mandate.person_id]
    news = Screen(
        _("{name} no longer speaks for {organisation}.", name=name, organisation=organisation.name),
        (_("The yearly question was not answered within thirty days."),),
        buttons=(button(_("The organisation"), "people.about", organisation=organisation.id),),
    )
    tell_verifiers(ctx, news, once=f"mandate:{mandate.id}:lapsed")


def recheck_card(ctx: Context, mandate: Mandate) -> Screen:
    """The yearly question."""
    organisation = ctx.session.get_one(Organisation, mandate.organisation_id)
    return Screen(
        _("Do you still speak for {organisation}?", organisation=organisation.name),
        (_("Without your answer this ends on {when}.", when=last_day(ctx, mandate.ends_at)),),
        buttons=(
            button(_("Yes, I still do"), "people.still", style=Style.PRIMARY, mandate=mandate.id),
            button(_("No, end it"), "people.end", mandate=mandate.id),
        ),
    )


def unanswered(ctx: Context) -> Mandate | None:
    """The person's own mandate about which the yearly question is open."""
    asked = {"person": ctx.who.id, "at": ctx.now, "home": ctx.who.administration_id}
    return ctx.session.scalars(UNANSWERED, asked).first()


def _plan(ctx: Context, mandate: Mandate) -> None:
    ctx.later(mandate.recheck_at, "people.recheck", key=_key("recheck", mandate), mandate=mandate.id)
    ctx.later(mandate.ends_at, "people.lapse", key=_key("lapse", mandate), mandate=mandate.id)


def _key(what: str, mandate: Mandate) -> str:
    return f"{what}:{mandate.id}:{mandate.recheck_at:%Y-%m-%d}"


def _end(ctx: Context, mandate: Mandate, organisation: Organisation) -> None:
    for what in ("recheck", "lapse"):
        ctx.forget(_key(what, mandate))
    mandate.end(ctx.now)
    if organisation.contact_id == mandate.person_id:
        organisation.contact_id = None
    ctx.session.flush()


def _first_voices(ctx: Context, organisation: Organisation) -> list[int]:
    speaking = Mandate.organisation_id == organisation.id, Mandate.in_force(ctx.now), Mandate.is_deputy.is_(False)
    return list(ctx.session.scalars(select(Mandate.person_id).where(*speaking, Mandate.confirmed_by_id.is_not(None))))


def _claim(person: Person, organisation: Organisation, mandate: Mandate) -> Screen:
    return Screen(
        _("{name} says they speak for {organisation}.", name=person.name, organisation=organisation.name),
        (_("Until somebody confirms it, they act in their own name."),),
        buttons=(
            button(_("Confirm"), "people.confirm", style=Style.PRIMARY, mandate=mandate.id),
            button(_("Refuse"), "people.end", mandate=mandate.id),
        ),
    )


def _list_for(ctx: Context) -> str:
    return "people.about" if ctx.who.is_staff else "people.organisation"


def _people_of(ctx: Context, organisation: Organisation, page: int, command: str) -> Screen:
    """Who speaks for an organisation: all of them to staff and to whoever speaks for it, oneself to anybody else."""
    there = Mandate.organisation_id == organisation.id, Mandate.in_force(ctx.now), Mandate.visible_to(ctx.who)
    ordered = select(Mandate).where(*there).order_by(Mandate.is_deputy, Mandate.starts_at, Mandate.id)
    mandates = ctx.session.scalars(ordered).all()
    known = {mandate.person_id for mandate in mandates} | {organisation.contact_id or 0}
    names = called(ctx.session, known)
    contact_id = organisation.contact_id if ctx.who.is_staff or ctx.who.organisation_id == organisation.id else None
    facts = [
        Fact(_("Kind"), organisation.kind),
        Fact(_("Sector"), organisation.sector) if organisation.sector else None,
        Fact(_("Standing"), organisation.standing),
        *((Fact(_("Trusted trader (AEO)"), organisation.aeo),) if organisation.aeo else ()),
        Fact(_("Contact person"), names[contact_id]) if contact_id else None,
    ]
    is_known = command == "people.about" and organisation.standing is Standing.VERIFIED
    turning = {"organisation": organisation.id} if command == "people.about" else {}
    return Screen(
        Raw(organisation.name),
        facts=tuple(each for each in facts if each),
        rows=tuple(_row(ctx, each, names, organisation) for each in mandates[page * PAGE : (page + 1) * PAGE]),
        buttons=(
            *turn_pages(command, page, len(mandates), **turning),
            *((button(_("Choose another organisation"), "people.move"),) if command == "people.organisation" else ()),
            *((button(_("Trusted trader (AEO)"), "people.trust", organisation=organisation.id),) if is_known else ()),
        ),
    )


def _row(ctx: Context, mandate: Mandate, names: dict[int, Text], organisation: Organisation) -> Row:
    until = last_day(ctx, mandate.ends_at)
    buttons: tuple[Button, ...] = (button(_("End the mandate"), "people.end", mandate=mandate.id),)
    if mandate.confirmed_by_id is None:
        detail = _("not confirmed yet · until {when}", when=until)
        buttons = (button(_("Confirm"), "people.confirm", mandate=mandate.id), *buttons)
    else:
        detail = (
            _("deputy · until {when}", when=until)
            if mandate.is_deputy
            else _("speaks for it · until {when}", when=until)
        )
        if mandate.person_id != organisation.contact_id:
            buttons = (button(_("Make contact person"), "people.contact", mandate=mandate.id), *buttons)
        if mandate.is_deputy:
            buttons = (*buttons, button(_("Make first voice"), "people.first", mandate=mandate.id))
    return Row(names[mandate.person_id], detail, buttons)
