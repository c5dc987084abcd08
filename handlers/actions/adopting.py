"""How an action comes into the plan: by hand, from an issue, or from whatever else calls `adopt`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Refusal, Screen
from bot.kit.text import Phrase, Raw, _
from db.actions import Action, ActionEntry, Deed, Milestone, Side, Source
from db.issues import Issue
from db.people import Administration, Mandate, Person, Role
from handlers.people.searching import people_named, voices_named
from scheduling import ladder

from . import asking, cards, reminders, telling
from .room import actions, proposers

TITLE, DETAIL, STEP = 120, 2000, 120
LONGEST = timedelta(days=2 * 366)
ACTION = "action"


@actions.findable(ACTION, Action)
def found_by(session: Session, action: Action) -> str:
    """Its own words; what was said of it is not everybody's who sees it."""
    return "\n".join(filter(None, (action.title, action.detail)))


def adopt(
    ctx: Context,
    *,
    title: str,
    customs_owner: int,
    business_owner: int,
    due_day: date,
    detail: str | None = None,
    zone: str | None = None,
    language: str | None = None,
    source: Source = Source.HAND,
    source_id: int | None = None,
    milestones: Sequence[tuple[str, date | None]] = (),
) -> Action:
    """Put an action into the plan of its due day's year and ask both owners, persons by id, whether they own it.

    `due_day` is a day of `zone` (an IANA name, the administration's where left out); a day off there becomes the next
    working day. `language` is that of `title` and `detail`, that of whoever acts where left out. Whoever acts and is an
    owner agrees by it. Raises Refusal, with the name of the argument as its field.
    """
    home = ctx.session.get_one(Administration, ctx.who.administration_id)
    place = zone or home.zone
    organisation = _check_owners(ctx, customs_owner, business_owner)
    day = working_day(ctx, due_day, place)
    action = Action(
        administration_id=home.id,
        title=title,
        detail=detail,
        language=language or ctx.who.language,
        plan_year=due_day.year,
        customs_owner_id=customs_owner,
        business_owner_id=business_owner,
        business_organisation_id=organisation,
        due_day=day,
        zone=place,
        due_at=ladder.ends(place, day),
        run=1,
        proposed_by_id=ctx.who.id,
        proposed_at=ctx.now,
        source=source,
        source_id=source_id,
    )
    ctx.session.add(action)
    ctx.session.flush()
    for step, on in milestones:
        add_milestone(ctx, action, step, on)
    telling.write(ctx, action, Deed.PROPOSED)
    found_by.keep(ctx.session, action)
    for side in Side:
        if action.owner(side) == ctx.who.id:
            agree(ctx, action, side)
        else:
            if not asking.with_others(ctx, action, side):
                lead = _("You are asked to own this action. Do you?")
                telling.tell_owner(ctx, action, side, lead, once=f"{action.ref}:asked:{side}")
            reminders.nudge_later(ctx, action, side, "asked", action.id)
    reminders.plan(ctx, action)
    return action


def agree(ctx: Context, action: Action, side: Side) -> ActionEntry | None:
    """The owner of a side, who acts, says that it is theirs; with the second both hear that it is adopted."""
    was_adopted = action.adopted_at is not None
    if not action.agree(side, at=ctx.now):
        return None
    entry = telling.write(ctx, action, Deed.AGREED, side=side)
    tell_adopted(ctx, action, was_adopted=was_adopted)
    return entry


def tell_adopted(ctx: Context, action: Action, *, was_adopted: bool) -> None:
    if action.adopted_at is not None and not was_adopted:
        telling.tell_owners(
            ctx, action, _("Both owners have agreed: the action is adopted."), once=f"{action.ref}:adopted"
        )


def add_milestone(ctx: Context, action: Action, title: str, day: date | None) -> Milestone:
    step = Milestone(
        administration_id=action.administration_id,
        action_id=action.id,
        title=title,
        language=ctx.who.language,
        due_day=day,
    )
    ctx.session.add(step)
    ctx.session.flush()
    if day is not None:
        reminders.milestone_later(ctx, action, step)
    return step


def working_day(ctx: Context, day: date, zone: str) -> date:
    """`day`, or the next working day after it in that zone. Raises Refusal for one that is past or far away."""
    today = ctx.now.astimezone(ZoneInfo(zone)).date()
    if not today <= day <= today + LONGEST:
        raise Refusal(_("Please give a day from today to two years from now."), field="due_day")
    home = ctx.session.get_one(Administration, ctx.who.administration_id)
    return ladder.next_working_day(ladder.mornings_of(zone, home.country), day)


def moved(asked: date, action: Action) -> tuple[Phrase, ...]:
    """What to say where the day that was asked for is a day off."""
    if asked == action.due_day:
        return ()
    return (_("{asked} is a day off. It is due on the next working day, {day}.", asked=asked, day=action.due_day),)


def _check_owners(ctx: Context, customs_owner: int, business_owner: int) -> int:
    """The organisation of the owner in business. Raises Refusal."""
    if customs_owner == business_owner:
        raise Refusal(_("An action has two owners: one in Customs, one in business."), field="business_owner")
    if not staff_choices(ctx, str(customs_owner)):
        raise Refusal(_("The owner in Customs is somebody with a role there."), field="customs_owner")
    organisation = speaks_for(ctx, business_owner)
    if organisation is None:
        raise Refusal(
            _("The owner in business is somebody who speaks for an organisation that was verified."),
            field="business_owner",
        )
    return organisation


def speaks_for(ctx: Context, person_id: int) -> int | None:
    """The organisation this person of the administration speaks for now."""
    person = ctx.session.get(Person, person_id)
    if person is None or person.erased_at is not None:
        return None
    return ctx.who_is(person).organisation_id


# Whom one can choose


def staff_choices(ctx: Context, query: str) -> Sequence[Option]:
    """Whoever has a role in the administration, by name."""
    held = select(Role.person_id).where(Role.administration_id == ctx.who.administration_id, Role.in_force(ctx.now))
    return people_named(ctx, query, Person.id.in_(held), Person.registered_at.is_not(None))


def business_choices(ctx: Context, query: str) -> Sequence[Option]:
    """Whoever speaks for an organisation, by their name or its; for whoever is no staff, their own colleagues."""
    mine = () if ctx.who.is_staff else (Mandate.organisation_id == ctx.who.organisation_id,)
    return voices_named(ctx, query, *mine)


def likely_days(ctx: Context, query: str) -> Sequence[Option]:
    """The ends of the next four quarters, for whoever would rather tap than type."""
    today = ctx.now.astimezone(ZoneInfo(ctx.who.zone)).date()
    quarter = (today.month - 1) // 3 + 1
    ends = []
    for number in range(quarter, quarter + 4):
        year, month = divmod(number * 3, 12)
        ends.append(date(today.year + year, month + 1, 1) - timedelta(days=1))
    return [Option(day.isoformat(), _("{day}", day=day)) for day in ends]


CUSTOMS = ask.pick(_("Who owns it in Customs?"), hint=_("Type the name."), options=staff_choices)
BUSINESS = ask.pick(
    _("Who owns it in business?"),
    hint=_("Type the name of the person or of the organisation."),
    options=business_choices,
)
DUE = ask.date(_("When is it due?"), options=likely_days)


@actions.form("propose", _("Add an action"), allow=proposers)
class Propose(Form):
    """An action by hand: what, who on both sides, until when."""

    title: str = ask.line(_("What is to be done, in one line?"), max=TITLE)
    detail: str | None = ask.prose(_("Is there more to say about it?"), max=DETAIL, optional=True)
    customs_owner: str = CUSTOMS
    business_owner: str = BUSINESS
    due_day: date = DUE
    milestone: str | None = ask.line(
        _("What is the first milestone?"), max=STEP, optional=True, hint=_("More can be added afterwards.")
    )

    def submit(self, ctx: Context) -> Screen:
        action = adopt(
            ctx,
            title=self.title,
            detail=self.detail,
            customs_owner=int(self.customs_owner),
            business_owner=int(self.business_owner),
            due_day=self.due_day,
            milestones=((self.milestone, None),) if self.milestone else (),
        )
        return cards.card(ctx, action, added(action), *moved(self.due_day, action))


@actions.form("from_issue", _("Make it an action"), allow=proposers, reads=proposers)
class FromIssue(Form):
    """What an issue shows to be needed becomes an action."""

    issue: Issue = ask.about()
    title: str = ask.line(_("What is to be done, in one line?"), max=TITLE)
    customs_owner: str = CUSTOMS
    business_owner: str = BUSINESS
    due_day: date = DUE

    @classmethod
    def intro(cls, ctx: Context, bound: dict[str, Issue]) -> tuple[Raw, ...]:  # type: ignore[override]
        return (Raw(bound["issue"].title, bound["issue"].language),)

    def submit(self, ctx: Context) -> Screen:
        action = adopt(
            ctx,
            title=self.title,
            customs_owner=int(self.customs_owner),
            business_owner=int(self.business_owner),
            due_day=self.due_day,
            source=Source.ISSUE,
            source_id=self.issue.id,
        )
        return cards.card(ctx, action, added(action), *moved(self.due_day, action))


def added(action: Action) -> Phrase:
    if action.adopted_at is not None:
        return _("The action is adopted.")
    return _("The action is in the plan. It is adopted when both owners have agreed.")
