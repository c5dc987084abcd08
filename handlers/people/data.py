"""What Parley keeps about a person: shown, given to them whole, erased."""

from __future__ import annotations

import json
from datetime import timedelta

from sqlalchemy import func, select

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.screen import Attachment, Fact, Refusal, Screen, Style, button
from bot.kit.text import Code, When, _, listed
from db.files import File, FileState, store
from db.issues import Entry
from db.people import Organisation, Person, Role
from db.personal import EXPORT, drop_file, gather

from .linking import accounts
from .registering import forget
from .roles import is_last_administrator, where
from .room import BEFORE_GOING, people
from .zones import last_day

EXPORT_KEPT = timedelta(days=1)


@people.command("data", _("My data"), allow=allow.everyone, menu=75)
def data(ctx: Context) -> Screen:
    """What is kept about the person, for how long, and what they can do about it."""
    person = ctx.session.get_one(Person, ctx.who.id)
    claimed = ctx.session.get(Organisation, ctx.who.claimed_id) if ctx.who.claimed_id else None
    held = select(Role).where(Role.person_id == person.id, Role.in_force(ctx.now)).order_by(Role.ends_at)
    written = ctx.session.scalar(select(func.count()).select_from(Entry).where(Entry.author_id == person.id))
    return Screen(
        _("What Parley keeps about you"),
        (
            _(
                "What your chat service sends us is removed after 7 days, messages to you after 30. The record of an"
                " issue stays, with your organisation; erasing takes your name out of it."
            ),
        ),
        facts=(
            Fact(_("Name"), person.name or None),
            *(Fact(_("Account"), Code(each)) for each in accounts(ctx, person.id)),
            Fact(_("Kind"), person.kind),
            Fact(_("Organisation"), claimed.name if claimed else None),
            Fact(_("Sector"), person.sector),
            *(
                Fact(_("Role"), listed([each.name, where(ctx, each), last_day(ctx, each.ends_at)]))
                for each in ctx.session.scalars(held)
            ),
            Fact(_("Known since"), When(person.met_at, day_only=True)),
            Fact(_("You agreed"), When(person.consented_at) if person.consented_at else None),
            Fact(_("Contributions to issues"), written or 0),
        ),
        buttons=(
            button(_("Take a copy of everything"), "people.export"),
            button(_("Erase my data"), "people.erase", style=Style.DANGER),
            button(_("Home"), "home.show"),
        ),
    )


@people.command("export", _("Take a copy of everything"), allow=allow.everyone, reads=allow.everyone)
def export(ctx: Context) -> Screen:
    """Everything about the person as one JSON file."""
    person = ctx.session.get_one(Person, ctx.who.id)
    content = json.dumps(gather(ctx.session, person), ensure_ascii=False, indent=2).encode()
    file = File(
        administration_id=ctx.who.administration_id,
        person_id=person.id,
        name="parley-my-data.json",
        media_type="application/json",
        size=len(content),
        sha256=store(ctx.session, content),
        state=FileState.STORED,
        owner=EXPORT,
        owner_id=person.id,
        added_at=ctx.now,
    )
    ctx.session.add(file)
    ctx.session.flush()
    ctx.later(ctx.now + EXPORT_KEPT, "people.drop_export", key=f"export:{file.id}", file=file.id)
    return Screen(
        _("Here is a copy of everything Parley keeps about you."),
        (_("Parley keeps this file for one day."),),
        files=(Attachment(file.id, file.name, file.media_type),),
        buttons=(button(_("My data"), "people.data"),),
    )


@people.job("drop_export")
def drop_export(ctx: Context, file: File) -> None:
    """A copy was given; the file is not kept."""
    drop_file(ctx.session, file)


@people.command(
    "erase",
    _("Erase my data"),
    allow=allow.everyone,
    confirm=_(
        "Erase your name, your accounts, your drafts and your messages? This cannot be undone. What you told Customs"
        " stays on record under your organisation, without your name."
    ),
)
def erase(ctx: Context) -> Screen:
    """Nothing leads to the person any more; the record keeps the organisation."""
    if is_last_administrator(ctx, ctx.who.id):
        raise Refusal(_("You are the only administrator. Give the role to somebody else first."))
    for check in BEFORE_GOING:
        check(ctx, ctx.who.id, None)
    forget(ctx, ctx.session.get_one(Person, ctx.who.id))
    return Screen(
        _("Your data are erased."),
        (_("This is the last message. If you write again, Parley meets you for the first time."),),
    )
