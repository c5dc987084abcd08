"""Invitations by e-mail, for whoever prefers them to a feed: built from a calendar entry, answered by its attendee.

A capability that holds meetings calls `send` for each who is invited, whatever they prefer: it does nothing for those
whose calendar has the meeting from their feed. What they answer comes to `Registry(invited=…)` as an event.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.kit.context import Context, Told
from bot.kit.screen import Attachment, Screen
from db import mail
from db.files import File, FileState, store
from db.people import Invited
from db.people import Person as Stakeholder
from scheduling.calendar import itip
from scheduling.calendar.component import Wording
from scheduling.calendar.entry import Entry, Person, When

ORGANISER = "Parley"
KEPT = timedelta(days=7)  # longer than the outbox tries


def send(
    ctx: Context,
    person_id: int,
    entry: Entry,
    screen: Screen,
    wording: Wording,
    *,
    once: str,
    instance: When | None = None,
    is_cancelled: bool = False,
    told: Told | None = None,
) -> bool:
    """Mail `screen` with the invitation, or with its end; False for who prefers the feed or has no address.

    `instance` is the one of a series that has changed, or is cancelled. Raises `Unwritable` for an entry that would
    mislead a calendar.
    """
    person = ctx.session.get_one(Stakeholder, person_id)
    account = mail.account_of(ctx.session, person.id)
    if person.invited is not Invited.MAIL or account is None or ctx.mailing is None:
        return False
    addressed = replace(entry, organiser=Person(ctx.mailing.answers_at(account.id), ORGANISER))
    make = itip.cancel if is_cancelled else itip.request
    message = make(addressed, Person(account.address, person.name), wording, instance=instance)
    file = File(
        administration_id=ctx.who.administration_id,
        person_id=person.id,
        name="invite.ics",
        media_type="text/calendar",
        size=len(message.data),
        sha256=store(ctx.session, message.data),
        state=FileState.STORED,
        owner=mail.INVITATION,
        owner_id=person.id,
        added_at=ctx.now,
    )
    ctx.session.add(file)
    ctx.session.flush()
    ctx.later(ctx.now + KEPT, "people.drop_export", key=f"invitation:{file.id}", file=file.id)
    attached = Attachment(file.id, file.name, message.content_type)
    return ctx.mail(person, replace(screen, files=(*screen.files, attached)), once=once, told=told)


def prefers_mail(person: Stakeholder) -> bool:
    """Whether meetings reach somebody by invitation: then their feed leaves them out."""
    return person.invited is Invited.MAIL
