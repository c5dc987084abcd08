"""Organisations: searched, or proposed and then verified by an officer."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select, update

from bot.kit.clean import clean_line, shorten
from bot.kit.context import Context
from bot.kit.forms import CHOICES_SHOWN, Option
from bot.kit.screen import Fact, Row, Screen, Style, button
from bot.kit.text import Raw, _
from db.issues import Issue
from db.people import Kind, Mandate, Organisation, Person, RoleName, Standing, holders
from handlers.paging import PAGE, turn_pages

from .naming import called
from .room import people
from .rules import verifiers
from .searching import closest
from .zones import last_day

NEW = "new:"
NAME = 120  # UTF-16 units


def choices(ctx: Context, query: str) -> Sequence[Option]:
    """The organisations most like `query`, and the proposal of a new one by that name."""
    known = select(Organisation.id, Organisation.name).where(
        Organisation.visible_to(ctx.who), Organisation.standing != Standing.REFUSED
    )
    names = {row.id: row.name for row in ctx.session.execute(known.order_by(Organisation.name))}
    if query.isdecimal() and len(query) < 18 and int(query) in names:
        return [Option(query, Raw(names[int(query)]))]
    typed = _name(query)
    if not typed:
        return [Option(str(key), Raw(names[key])) for key in closest("", names)]
    close = closest(typed, names, most=CHOICES_SHOWN - 1)
    found = [Option(str(key), Raw(names[key])) for key in close]
    if any(names[key].casefold() == typed.casefold() for key in close):
        return found
    return [*found, Option(f"{NEW}{typed}", _("Propose “{name}”", name=typed))]


def chosen(ctx: Context, value: str, kind: Kind) -> Organisation:
    """The organisation of a choice. A new one is proposed; one that somebody else has proposed already is the same."""
    if not value.startswith(NEW):
        return ctx.session.get_one(Organisation, int(value))
    name = _name(value)
    same = select(Organisation).where(
        Organisation.administration_id == ctx.who.administration_id, Organisation.standing != Standing.REFUSED
    )
    for known in ctx.session.scalars(same.order_by(Organisation.id)):
        if known.name.casefold() == name.casefold():
            return known
    proposed = Organisation(
        administration_id=ctx.who.administration_id, name=name, kind=kind, proposed_by_id=ctx.who.id
    )
    ctx.session.add(proposed)
    ctx.session.flush()
    return proposed


def _name(typed: str) -> str:
    """What somebody typed as the name of a new organisation."""
    return shorten(clean_line(typed.removeprefix(NEW)), NAME, unit="utf16", mark="")


def tell_verifiers(ctx: Context, screen: Screen, *, once: str) -> None:
    """Tell leads and administrators; where there is neither, the officers."""
    for names in ((RoleName.LEAD, RoleName.ADMINISTRATOR), (RoleName.OFFICER,)):
        told = ctx.session.scalars(
            select(Person.id).where(
                holders(ctx.who.administration_id, *names, at=ctx.now),
                Person.erased_at.is_(None),
                Person.id != ctx.who.id,
            )
        ).all()
        for person_id in told:
            ctx.notify(person_id, screen, once=once)
        if told:
            return


def proposal(ctx: Context, organisation: Organisation) -> Screen:
    """A proposed organisation, for whoever is to verify it."""
    by = organisation.proposed_by_id
    return Screen(
        _("An organisation was proposed: {name}", name=organisation.name),
        (_("Until you verify it, nobody else sees it and it opens nothing."),),
        facts=(
            Fact(_("Kind"), organisation.kind),
            *((Fact(_("Proposed by"), called(ctx.session, [by])[by]),) if by else ()),
        ),
        buttons=(
            button(_("Verify"), "people.verify", style=Style.PRIMARY, organisation=organisation.id),
            button(_("Refuse"), "people.refuse", organisation=organisation.id),
            button(_("All that wait"), "people.organisations"),
        ),
    )


@people.command("organisations", _("Organisations to verify"), allow=verifiers, menu=60, reads=verifiers)
def organisations(ctx: Context, page: int = 0) -> Screen:
    """Proposed organisations and unconfirmed mandates, oldest first, a page at a time."""
    proposed = select(Organisation).where(Organisation.visible_to(ctx.who), Organisation.standing == Standing.PROPOSED)
    claims = (
        select(Mandate, Organisation)
        .join(Organisation, Organisation.id == Mandate.organisation_id)
        .where(Mandate.visible_to(ctx.who), Mandate.in_force(ctx.now), Mandate.confirmed_by_id.is_(None))
        .where(Organisation.standing == Standing.VERIFIED)
    )
    found = list(ctx.session.scalars(proposed.order_by(Organisation.id)))
    unconfirmed = ctx.session.execute(claims.order_by(Mandate.starts_at, Mandate.id)).all()
    names = called(
        ctx.session,
        {each.proposed_by_id for each in found if each.proposed_by_id}
        | {mandate.person_id for mandate, _org in unconfirmed},
    )
    rows = [
        Row(
            Raw(each.name),
            _("{kind} · proposed by {name}", kind=each.kind, name=names[each.proposed_by_id])
            if each.proposed_by_id
            else _("{kind} · proposed", kind=each.kind),
            (
                button(_("Verify"), "people.verify", organisation=each.id),
                button(_("Refuse"), "people.refuse", organisation=each.id),
            ),
        )
        for each in found
    ]
    rows += [
        Row(
            names[mandate.person_id],
            _("says they speak for {organisation}", organisation=organisation.name),
            (
                button(_("Confirm"), "people.confirm", mandate=mandate.id),
                button(_("Refuse"), "people.end", mandate=mandate.id),
            ),
        )
        for mandate, organisation in unconfirmed
    ]
    return Screen(
        _("Organisations to verify"),
        () if rows else (_("Nothing waits to be verified."),),
        rows=tuple(rows[page * PAGE : (page + 1) * PAGE]),
        buttons=turn_pages("people.organisations", page, len(rows)),
    )


@people.command("verify", _("Verify"), allow=verifiers)
def verify(ctx: Context, organisation: Organisation) -> Screen:
    """The organisation is what it says; whoever proposed it speaks for it."""
    if not organisation.decide(Standing.VERIFIED, by=ctx.who.id, at=ctx.now):
        return _decided(organisation)
    first = ctx.session.scalar(
        select(Mandate)
        .where(Mandate.organisation_id == organisation.id, Mandate.in_force(ctx.now))
        .where(Mandate.person_id == organisation.proposed_by_id)
    )
    if first is not None:
        first.confirm(by=ctx.who.id, at=ctx.now)
        attribute(ctx, first)
        organisation.contact_id = organisation.contact_id or first.person_id
        told = Screen(
            _("{organisation} is verified.", organisation=organisation.name),
            (_("You speak for it until {when}.", when=last_day(ctx, first.ends_at)),),
            buttons=(button(_("My organisation"), "people.organisation"),),
        )
        ctx.notify(first.person_id, told, once=f"organisation:{organisation.id}:verified")
    return _decided(organisation)


@people.command("refuse", _("Refuse"), allow=verifiers, confirm=_("Refuse this organisation?"))
def refuse(ctx: Context, organisation: Organisation) -> Screen:
    """The organisation is not what it says; nobody speaks for it."""
    if not organisation.decide(Standing.REFUSED, by=ctx.who.id, at=ctx.now):
        return _decided(organisation)
    claims = select(Mandate).where(Mandate.organisation_id == organisation.id, Mandate.in_force(ctx.now))
    for mandate in ctx.session.scalars(claims):
        mandate.end(ctx.now)
        told = Screen(
            _("Customs could not verify {organisation}.", organisation=organisation.name),
            (_("You can go on in your own name, or choose another organisation."),),
            buttons=(button(_("Choose another organisation"), "people.move"),),
        )
        ctx.notify(mandate.person_id, told, once=f"organisation:{organisation.id}:refused")
    return _decided(organisation)


def attribute(ctx: Context, mandate: Mandate) -> None:
    """What the person raised since they said for whom they speak was said for that organisation after all."""
    raised = Issue.reporter_id == mandate.person_id, Issue.raised_at >= mandate.starts_at
    nobodys = update(Issue).where(*raised, Issue.organisation_id.is_(None))
    ctx.session.execute(nobodys.values(organisation_id=mandate.organisation_id))


def waiting_to_verify(ctx: Context) -> int:
    """How many organisations and mandates wait for a decision."""
    proposed = (
        select(func.count())
        .select_from(Organisation)
        .where(Organisation.visible_to(ctx.who), Organisation.standing == Standing.PROPOSED)
    )
    verified = select(Organisation.id).where(Organisation.standing == Standing.VERIFIED)
    claims = (
        select(func.count())
        .select_from(Mandate)
        .where(
            Mandate.visible_to(ctx.who),
            Mandate.in_force(ctx.now),
            Mandate.confirmed_by_id.is_(None),
            Mandate.organisation_id.in_(verified),
        )
    )
    return (ctx.session.scalar(proposed) or 0) + (ctx.session.scalar(claims) or 0)


def _decided(organisation: Organisation) -> Screen:
    """How it stands now, whoever decided."""
    return Screen(
        Raw(organisation.name),
        facts=(Fact(_("Standing"), organisation.standing),),
        buttons=(
            button(_("The organisation"), "people.about", organisation=organisation.id),
            button(_("All that wait"), "people.organisations"),
        ),
    )
