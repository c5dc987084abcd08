"""What one desk cannot settle: national, then regional, then international, and the answer comes back down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Refusal, Screen
from bot.kit.text import Phrase, _
from db.issues import INTERNATIONAL_REGION, Issue, Level, Voice
from db.people import Administration, Person, Role, RoleName, Scope, Topic
from handlers import centres

from . import cards, desk, telling
from .room import climbers, coordinators, issues

UP = {Level.NATIONAL: Level.REGIONAL, Level.REGIONAL: Level.INTERNATIONAL}
RAISED_TO: dict[Level, Phrase] = {
    Level.REGIONAL: _("Your issue was taken to the regional level. The answer comes back to you here."),
    Level.INTERNATIONAL: _("Your issue was taken to the international level. The answer comes back to you here."),
}


@issues.form("escalate", _("Take it one level up"), allow=climbers, reads=climbers)
class Escalate(Form):
    """From national to regional, from regional to international; the coordinators there are asked for advice."""

    issue: Issue = ask.about()
    reason: str = ask.prose(
        _("Why can it not be settled here?"), max=1000, hint=_("The coordinators of the next level read this.")
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        desk.must_be_under_way(bound["issue"])
        if bound["issue"].level not in UP:
            raise Refusal(_("It is at the international level already: there is none above it."))

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        return desk.last_words(ctx, bound["issue"])

    def submit(self, ctx: Context) -> Screen:
        issue = self.issue
        level = UP[issue.level]
        issue.escalate(level, _home_region(ctx, issue))
        entry = telling.write(ctx, issue, Voice.NOTE, self.reason)
        card = cards.desk_card(ctx, issue, _("A desk asks for your advice."))
        for person_id in advisers(ctx, issue):
            if person_id != ctx.who.id:
                ctx.notify(person_id, card, once=f"{issue.ref}:level:{entry.id}")
        telling.tell_reporter(ctx, issue, RAISED_TO[level], once=f"{issue.ref}:level:{entry.id}", topic=Topic.PROGRESS)
        return cards.desk_card(ctx, issue, _("Taken one level up. Its coordinators have been told."))


@issues.form("advise", _("Advise"), allow=coordinators, reads=coordinators)
class Advise(Form):
    """The answer of the level above comes back down: to the desk, and to whoever raised it first."""

    issue: Issue = ask.about()
    words: str = ask.prose(
        _("Your advice?"), max=3000, hint=_("The desk and whoever raised it read this. Name nobody else.")
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        if not bound["issue"].is_under_way or bound["issue"].level is Level.NATIONAL:
            raise Refusal(_("Nobody is waiting for advice on this any more."))

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        return desk.last_words(ctx, bound["issue"])

    def submit(self, ctx: Context) -> Screen:
        self.issue.come_down()
        entry = telling.write(ctx, self.issue, Voice.ADVICE, self.words)
        once = f"{self.issue.ref}:entry:{entry.id}"
        lead = _("Advice has come from the level above. The issue is yours again.")
        telling.tell_desk(ctx, self.issue, lead, once=once)
        lead = _("Advice has come on your issue. The desk goes on with it and tells you the outcome.")
        telling.tell_reporter(ctx, self.issue, lead, once=once)
        return cards.desk_card(ctx, self.issue, _("Sent. The desk and whoever raised it have been told."))


def advisers(ctx: Context, issue: Issue) -> Sequence[int]:
    """The coordinators of the level the issue has reached; who oversees the desks where that level has none."""
    region = INTERNATIONAL_REGION if issue.level is Level.INTERNATIONAL else issue.region
    held = select(Role.person_id).where(
        Role.administration_id == issue.administration_id,
        Role.name == RoleName.COORDINATOR,
        Role.scope == Scope.REGION,
        Role.scope_id == region,
        Role.in_force(ctx.now),
    )
    living = Person.id.in_(held), Person.erased_at.is_(None)
    found = ctx.session.scalars(select(Person.id).where(*living).order_by(Person.id)).all()
    return found or centres.overseers(ctx.session, issue.administration_id, at=ctx.now)


def _home_region(ctx: Context, issue: Issue) -> str:
    """The administration's first region; one without any is answered by those who oversee its desks."""
    regions = ctx.session.get_one(Administration, issue.administration_id).home_regions
    return str(regions[0]["code"]) if regions else ""
