"""What somebody holds by their office, as far as no other capability says it: roles, and news not sent yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, and_, or_, select

from bot.kit.context import Context
from bot.kit.events import Answer
from bot.kit.news import without
from bot.kit.screen import Button, Screen, from_json, map_buttons, to_json
from bot.kit.text import _
from db.issues import Issue, Level
from db.machinery import DIGEST, Outgoing, Sending
from db.people import Person, Role, Scope, grant_role
from db.regions import OFFICE_ROLES, Office
from handlers.handing import Held, Leaving, moves
from handlers.people.roles import where
from handlers.people.zones import last_day

from .room import sitting

HANDED_OVER = "handed_over"  # why a message did not go to whom it was written for


@moves(_("Roles"))
def roles(ctx: Context, leaving: Leaving) -> Sequence[Held]:
    """Posts over the region, for the next term, also those that ran out with the term of the office; and, where
    everything passes on, whatever else they may do here."""
    theirs = Role.person_id == leaving.person_id, Role.administration_id == ctx.who.administration_id
    held = select(Role).where(*theirs, _is_held(ctx, leaving.region)).order_by(Role.id)
    return [
        Held(
            key=f"role:{role.id}:{role.ends_at.isoformat()}",
            shown=_(
                "{role} · {where} · until {when}",
                role=role.name,
                where=where(ctx, role),
                when=last_day(ctx, role.ends_at),
            ),
            give=partial(_give_role, role=role, held_until=role.ends_at, is_post=_is_post(role, leaving.region)),
            let_go=partial(_end_role, role=role),
        )
        for role in ctx.session.scalars(held)
        if leaving.everything or _is_post(role, leaving.region)
    ]


def _is_held(ctx: Context, region: str) -> ColumnElement[bool]:
    before = sitting(ctx, region)
    if before is None or before.until > ctx.now:
        return Role.in_force(ctx.now)
    posts = Role.scope == Scope.REGION, Role.scope_id == region, Role.name.in_(OFFICE_ROLES)
    return or_(Role.in_force(ctx.now), and_(*posts, Role.in_force(before.until - timedelta(seconds=1))))


def _is_post(role: Role, region: str) -> bool:
    return role.scope is Scope.REGION and role.scope_id == region and role.name in OFFICE_ROLES


def _end_role(ctx: Context, *, role: Role) -> None:
    role.end(ctx.now)


def _give_role(ctx: Context, to: int, until: datetime, *, role: Role, held_until: datetime, is_post: bool) -> None:
    """A post is held for the new term; anything else as long as it was held before. Nobody's term becomes shorter."""
    ends = until if is_post else held_until
    same = Role.name == role.name, Role.scope == role.scope, Role.scope_id == role.scope_id
    theirs = Role.person_id == to, Role.administration_id == role.administration_id
    longest = ctx.session.scalars(select(Role.ends_at).where(*theirs, *same, Role.in_force(ctx.now)))
    grant_role(
        ctx.session,
        ctx.session.get_one(Person, to),
        role.name,
        scope=role.scope,
        scope_id=role.scope_id,
        at=ctx.now,
        until=max([ends, *longest]),
        by=ctx.who.id or None,
        administration_id=role.administration_id,
    )


@moves(_("Messages not sent yet"))
def messages(ctx: Context, leaving: Leaving) -> Sequence[Held]:
    """News that wait for the end of somebody's night, and are theirs by office. What the ledger owes a person stays."""
    unsent = (
        Outgoing.person_id == leaving.person_id,
        Outgoing.administration_id == ctx.who.administration_id,
        Outgoing.state.in_((Sending.WAITING, Sending.HELD)),
        Outgoing.is_reply.is_(False),
        Outgoing.receipt_id.is_(None),
        Outgoing.screen.is_not(None),
        ~Outgoing.once.startswith(DIGEST),
    )
    rows = ctx.session.scalars(select(Outgoing).where(*unsent).order_by(Outgoing.id)).all()
    return [
        Held(
            key=f"outgoing:{row.id}",
            shown=screen.heading,
            give=partial(_give_message, once=row.once, screen=screen),
            let_go=partial(_keep_back, row=row),
        )
        for row in rows
        if (screen := from_json(row.screen).screen) is not None and _is_by_office(ctx, leaving, screen)
    ]


def _is_by_office(ctx: Context, leaving: Leaving, screen: Screen) -> bool:
    """Whether its buttons lead to the office, or to an issue that its reader sees only because of a post."""
    named = _named(screen)
    if named.get("office") and ctx.session.scalar(
        select(Office.id).where(Office.id.in_(named["office"]), Office.region == leaving.region)
    ):
        return True
    reader = ctx.who_is(ctx.session.get_one(Person, leaving.person_id))
    handled = Issue.id.in_(named.get("issue", ())), Issue.handled_by(reader)
    of_region = () if leaving.everything else (Issue.reached != Level.NATIONAL, Issue.region == leaving.region)
    return bool(named.get("issue")) and ctx.session.scalar(select(Issue.id).where(*handled, *of_region)) is not None


def _named(screen: Screen) -> dict[str, set[int]]:
    """The ids that the buttons of a screen name, by what they are of."""
    found: dict[str, set[int]] = {}

    def note(button: Button) -> Button:
        for name, value in button.args.items():
            if isinstance(value, int) and not isinstance(value, bool):
                found.setdefault(name, set()).add(value)
        return button

    map_buttons(screen, note)
    return found


def _give_message(ctx: Context, to: int, until: datetime, *, once: str, screen: Screen) -> None:
    """Tell the same to whoever follows, with buttons of their own."""
    ctx.notify(to, map_buttons(screen, lambda each: replace(each, handle=None)), once=once)


def _keep_back(ctx: Context, *, row: Outgoing) -> None:
    """It does not go to whom it was written for. Its name is free again: they may be told the same in another post."""
    row.once = f"{row.once}:{HANDED_OVER}:{row.id}"
    _end(row, ctx.now)
    digest = ctx.session.get(Outgoing, row.carried_by_id) if row.carried_by_id else None
    if digest is not None and digest.screen is not None:
        answer: Answer = from_json(digest.screen)
        left = without(answer.screen, {row.id}) if answer.screen is not None else None
        if left is None or not left.rows:
            _end(digest, ctx.now)
        else:
            digest.screen = to_json(replace(answer, screen=left))
    ctx.session.flush()


def _end(row: Outgoing, at: datetime) -> None:
    row.state, row.reason, row.settled_at = Sending.EXPIRED, HANDED_OVER, at
