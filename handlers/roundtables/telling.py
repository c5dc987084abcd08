"""Who is told what of a meeting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select

from bot.kit.context import Context, Told
from bot.kit.screen import Button, NotFound, Quote, Screen, Style, button
from bot.kit.text import Phrase, Raw, When, _
from db.meetings import (
    CHANGE,
    EXPECTED,
    Changed,
    Invitation,
    Meeting,
    MeetingChange,
    MeetingFollower,
    MeetingKind,
    MeetingPoll,
)
from db.people import Person
from handlers import centres

from . import cards, mailing, rooming

POLL_JOBS = ("nudge", "decide")
BEFORE = (timedelta(days=1), timedelta(hours=1))  # when people are reminded
OVERTAKEN = ("change", "invited", "remind", "poll", "nudge")  # what news of a change takes the place of
LEADS = {
    MeetingKind.ROUNDTABLE: {
        Changed.CONFIRMED: _("You are invited to a roundtable."),
        Changed.MOVED: _("A roundtable you are expected at was moved."),
        Changed.PLACE: _("The place of a roundtable you are expected at was changed."),
        Changed.CANCELLED: _("A roundtable you were expected at was cancelled."),
    },
    MeetingKind.REGIONAL: {
        Changed.CONFIRMED: _("You are invited to a regional meeting."),
        Changed.MOVED: _("A regional meeting you are expected at was moved."),
        Changed.PLACE: _("The place of a regional meeting you are expected at was changed."),
        Changed.CANCELLED: _("A regional meeting you were expected at was cancelled."),
    },
}


def expected(ctx: Context, meeting: Meeting) -> Sequence[Invitation]:
    """The invitations of those who are to be there, unless they said that they cannot."""
    on_it = Invitation.meeting_id == meeting.id, Invitation.answer.in_(EXPECTED)
    return ctx.session.scalars(
        select(Invitation)
        .join(Person, Person.id == Invitation.person_id)
        .where(*on_it, Person.erased_at.is_(None))
        .order_by(Invitation.id)
    ).all()


def followers(ctx: Context, meeting: Meeting) -> Sequence[int]:
    follow = select(MeetingFollower.person_id).where(MeetingFollower.meeting_id == meeting.id)
    return ctx.session.scalars(follow.order_by(MeetingFollower.id)).all()


def let_go(ctx: Context, meeting: Meeting, sequence: int) -> None:
    """The meeting is no longer what somebody waits for: the date that `sequence` stood for, or a poll. Nothing of it
    falls due, and nobody hears at the end of their night what has been overtaken."""
    for before in BEFORE:
        ctx.forget(_reminder_key(meeting, sequence, _hours(before)))
    ctx.forget(_over_key(meeting, sequence))
    ended = MeetingPoll.meeting_id == meeting.id, MeetingPoll.ended_at.is_not(None)
    for poll_id in ctx.session.scalars(select(MeetingPoll.id).where(*ended)).all():
        for kind in POLL_JOBS:
            ctx.forget(poll_key(poll_id, kind))
    take_back(ctx, meeting, {*(each.person_id for each in expected(ctx, meeting)), *followers(ctx, meeting)})


def take_back(ctx: Context, meeting: Meeting, people: Iterable[int]) -> frozenset[int]:
    """Of what waits for the end of somebody's night, let go what is no longer so: an invitation to a date that has
    changed, a reminder of it, a question when they can. Who has not heard it, and will not."""
    return ctx.withdraw(people, begin=[f"{meeting.ref}:{each}:" for each in OVERTAKEN])


def write_down(
    ctx: Context, meeting: Meeting, what: Changed, *, before: datetime | None = None, reason: str | None = None
) -> MeetingChange:
    """What happened to the date or place, for whoever is told of it to confirm."""
    made = MeetingChange(
        administration_id=meeting.administration_id,
        meeting_id=meeting.id,
        what=what,
        sequence=meeting.sequence,
        before=before,
        reason=reason,
        language=ctx.who.language,
        by_id=ctx.who.id,
        at=ctx.now,
    )
    ctx.session.add(made)
    ctx.session.flush()
    return made


def change(ctx: Context, meeting: Meeting, what: Changed, *, before: datetime | None, reason: str | None) -> int:
    """Write down what happened to the date or place, tell everybody at once, and return how many are expected."""
    made = write_down(ctx, meeting, what, before=before, reason=reason)
    rooming.tell(ctx, meeting, made)
    people = expected(ctx, meeting)
    for each in people:
        tell_change(ctx, meeting, made, each.person_id)
    for person_id in set(followers(ctx, meeting)) - {each.person_id for each in people}:
        screen = change_screen(ctx, meeting, made, person_id)
        lead = _("News of a meeting you follow: {what}", what=what)
        ctx.notify(
            person_id,
            replace(screen, heading=lead, buttons=(cards.open_it(meeting),)),
            once=f"{meeting.ref}:change:{made.id}",
        )
    return len(people)


def tell_change(ctx: Context, meeting: Meeting, made: MeetingChange, person_id: int) -> None:
    """One person, at once and whatever the hour, with a line in the ledger. Whoever did it knows."""
    told = Told(CHANGE, made.id)
    screen = change_screen(ctx, meeting, made, person_id)
    urgent = made.what is not Changed.CONFIRMED
    mailing.tell(ctx, meeting, person_id, screen, once=f"{meeting.ref}:change:{made.id}", told=told, urgent=urgent)


def change_screen(ctx: Context, meeting: Meeting, made: MeetingChange, person_id: int) -> Screen:
    """What changed, from what, and why; then the meeting as it is now, and a button that says that one has seen it."""
    screen = cards.card(ctx, meeting, LEADS[meeting.kind][made.what], to=person_id)
    before = (_("It was to begin on {when}.", when=When(made.before, venue=meeting.zone)),) if made.before else ()
    reason = (Quote(Raw(made.reason, made.language), label=_("Why")),) if made.reason else ()
    seen = button(_("I have seen it"), "roundtables.seen", style=Style.PRIMARY, change=made.id)
    is_new = made.what is Changed.CONFIRMED
    first, *rest = screen.body or (None,)
    return replace(
        screen,
        body=tuple(each for each in (first, *before, *reason, *rest) if each is not None),
        buttons=screen.buttons if is_new else (seen, *screen.buttons),
    )


def latest_change(ctx: Context, meeting: Meeting) -> MeetingChange | None:
    its = select(MeetingChange).where(MeetingChange.meeting_id == meeting.id)
    return ctx.session.scalars(its.order_by(MeetingChange.id.desc()).limit(1)).first()


def answers_for(ctx: Context, meeting: Meeting) -> Sequence[int]:
    """Whoever called it; where they have no role any longer, who oversees the desks: of one that is not confidential,
    they run it too."""
    person = ctx.session.get_one(Person, meeting.organiser_id)
    if ctx.who_is(person).is_staff:
        return [person.id]
    return centres.overseers(ctx.session, meeting.administration_id, at=ctx.now)


def organiser(ctx: Context, meeting: Meeting, lead: Phrase, *, once: str, more: Iterable[Button] = ()) -> None:
    """Tell whoever answers for it, unless they did it themselves."""
    screen = Screen(lead, (cards.title(meeting),), buttons=(*more, cards.open_it(meeting)))
    for person_id in answers_for(ctx, meeting):
        if person_id != ctx.who.id:
            ctx.notify(person_id, screen, once=f"{meeting.ref}:{once}")


def plan_reminders(ctx: Context, meeting: Meeting) -> None:
    """A day and an hour before, of the date as it stands now; what is past already is left out."""
    if meeting.starts_at is None:
        return
    for before in BEFORE:
        at = meeting.starts_at - before
        hours = _hours(before)
        if at > ctx.now:
            ctx.later(
                at,
                "roundtables.remind",
                key=_reminder_key(meeting, meeting.sequence, hours),
                meeting=meeting.id,
                sequence=meeting.sequence,
                hours=hours,
            )
    if meeting.ends_at is not None:
        key = _over_key(meeting, meeting.sequence)
        ctx.later(meeting.ends_at, "roundtables.over", key=key, meeting=meeting.id, sequence=meeting.sequence)


def _hours(before: timedelta) -> int:
    return int(before.total_seconds()) // 3600


def _reminder_key(meeting: Meeting, sequence: int, hours: int) -> str:
    return f"{meeting.ref}:remind:{sequence}:{hours}"


def _over_key(meeting: Meeting, sequence: int) -> str:
    return f"{meeting.ref}:over:{sequence}"


def poll_key(poll_id: int, kind: str) -> str:
    return f"poll:{poll_id}:{kind}"


def of(meeting: Meeting, row: Invitation | MeetingChange | object) -> None:
    """Raise what is said of what does not exist, unless `row` belongs to `meeting`: arguments can be made up."""
    if getattr(row, "meeting_id", None) != meeting.id:
        raise NotFound()


def tell_invited(ctx: Context, meeting: Meeting, made: MeetingChange, invitation: Invitation) -> None:
    """Somebody who is invited later than the others, or again, hears of the meeting as it is now."""
    person_id, once = invitation.person_id, f"{meeting.ref}:invited:{made.id}:{invitation.version}"
    screen = cards.card(ctx, meeting, LEADS[meeting.kind][Changed.CONFIRMED], to=person_id)
    told = Told(CHANGE, made.id)
    mailing.tell(ctx, meeting, person_id, screen, once=once, told=told)
