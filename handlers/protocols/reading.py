"""Reading it: the version in force, those before it, and what changed between them. Everybody registered may."""

from __future__ import annotations

from sqlalchemy import select

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.screen import Button, NotFound, Row, Screen, Style, button
from bot.kit.text import Phrase, _
from db.protocols import Protocol
from handlers.paging import PAGE, turn_pages

from . import wording
from .room import keepers, protocols

NONE_YET = _("None has been published yet: who hears what, and within how many working days.")


def in_force(ctx: Context) -> Protocol | None:
    its = Protocol.visible_to(ctx.who), Protocol.published_at.is_not(None), Protocol.superseded_at.is_(None)
    return ctx.session.scalar(select(Protocol).where(*its))


def draft(ctx: Context) -> Protocol | None:
    """The one being worked on, for those who may."""
    its = Protocol.visible_to(ctx.who), Protocol.published_at.is_(None)
    return ctx.session.scalar(select(Protocol).where(*its).order_by(Protocol.id).limit(1))


@protocols.command("protocol", protocols.title, allow=allow.members, menu=65)
def protocol_(ctx: Context) -> Screen:
    """What Customs promises today. Those who keep it see the draft, or the offer of a first one."""
    present = in_force(ctx)
    offered: tuple[Button, ...] = ()
    if keepers(ctx.who):
        theirs = draft(ctx)
        if theirs is not None:
            offered = (button(_("The draft"), "protocols.version", protocol=theirs.id, style=Style.PRIMARY),)
        elif present is None:
            offered = (button(_("Take the suggested protocol"), "protocols.suggest", style=Style.PRIMARY),)
        else:
            offered = (button(_("Draft the next version"), "protocols.redraft"),)
    if present is None:
        return Screen(protocols.title, (NONE_YET,), buttons=offered)
    ctx.shows(present)
    return Screen(
        wording.title(present),
        (
            _("Who hears what, within how many working days of the office that owes it, and what happens otherwise."),
            wording.state(present),
        ),
        rows=wording.rows(wording.rules_of(ctx.session, present)),
        buttons=(
            *offered,
            button(_("How well it is kept"), "protocols.kept"),
            button(_("Promises not kept"), "protocols.breaches"),
            button(_("All versions"), "protocols.versions"),
        ),
    )


@protocols.command("versions", _("All versions"), allow=allow.members)
def versions(ctx: Context, page: int = 0) -> Screen:
    """The latest first; each stays to be read."""
    its = select(Protocol).where(Protocol.visible_to(ctx.who)).order_by(Protocol.number.desc())
    found = ctx.session.scalars(its).all()
    return Screen(
        _("All versions"),
        () if found else (NONE_YET,),
        rows=tuple(
            Row(
                wording.title(each),
                wording.state(each),
                (
                    button(_("Read it"), "protocols.version", protocol=each.id),
                    *((button(_("What changed"), "protocols.changes", protocol=each.id),) if each.number > 1 else ()),
                ),
            )
            for each in found[page * PAGE : (page + 1) * PAGE]
        ),
        buttons=(*turn_pages("protocols.versions", page, len(found)), button(protocols.title, "protocols.protocol")),
    )


@protocols.command("version", _("Read a version"), allow=allow.members)
def version(ctx: Context, protocol: Protocol) -> Screen:
    return card(ctx, protocol)


def card(ctx: Context, protocol: Protocol, lead: Phrase | None = None) -> Screen:
    """One version; of a draft, with what can be done about it."""
    rules = wording.rules_of(ctx.session, protocol)
    is_draft = protocol.published_at is None
    rows = wording.rows(rules)
    work: tuple[Button, ...] = ()
    if is_draft:
        its = protocol.id
        rows = tuple(
            Row(
                row.title,
                row.detail,
                (button(_("Promise it no longer"), "protocols.drop", event=event.value, protocol=its),),
            )
            for event, row in zip(rules, rows, strict=True)
        )
        work = (
            button(_("Publish it"), "protocols.publish", style=Style.PRIMARY, version=protocol.version, protocol=its),
            button(_("Add or change a rule"), "protocols.rule", protocol=its),
            button(_("Discard the draft"), "protocols.discard", protocol=its),
        )
    changes = button(_("What changed"), "protocols.changes", protocol=protocol.id)
    return Screen(
        wording.title(protocol),
        (
            *((lead,) if lead is not None else ()),
            wording.state(protocol),
            *((_("Somebody who has not worked on it publishes it."),) if is_draft else ()),
            *(() if rules else (_("It has no rule yet."),)),
        ),
        rows=rows,
        buttons=(
            *work,
            *((changes,) if protocol.number > 1 else ()),
            button(protocols.title, "protocols.protocol"),
        ),
    )


@protocols.command("changes", _("What changed"), allow=allow.members)
def changes(ctx: Context, protocol: Protocol) -> Screen:
    """What a version says otherwise than the one before it."""
    its = Protocol.visible_to(ctx.who), Protocol.number == protocol.number - 1
    before = ctx.session.scalar(select(Protocol).where(*its))
    if before is None:
        raise NotFound(_("There is no version before it."))
    found = wording.difference(wording.rules_of(ctx.session, before), wording.rules_of(ctx.session, protocol))
    return Screen(
        _("What version {number} changed", number=protocol.number),
        (wording.state(protocol), *wording.nothing(found)),
        rows=found,
        buttons=(
            button(_("Read it"), "protocols.version", protocol=protocol.id),
            button(_("All versions"), "protocols.versions"),
        ),
    )
