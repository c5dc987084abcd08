"""What became of it: told to everyone who took part, each with their own words; then acknowledged, and judged."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import func, select

from bot.kit import allow
from bot.kit.context import Context, Told
from bot.kit.screen import Button, Fact, Quote, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, When, _
from db.issues import Issue
from db.machinery import Receipt
from db.outcomes import TOLD, Outcome, OutcomeTranslation, Owed, owed, translations
from db.people import Person
from handlers.paging import PAGE, turn_pages

from . import parts, telling
from .room import issues


def tell(ctx: Context, issue: Issue, outcome: Outcome) -> int:
    """Tell everybody who is owed the outcome, and return how many they are. Nobody is named to anybody."""
    everybody = owed(ctx.session, issue.id)
    for each in everybody.values():
        screen = outcome_screen(ctx, issue, outcome, each)
        ctx.notify(each.person_id, screen, once=f"{issue.ref}:outcome:{outcome.id}", told=Told(TOLD, outcome.id))
    return len(everybody)


def outcome_screen(ctx: Context, issue: Issue, outcome: Outcome, to: Owed | None) -> Screen:
    """The outcome for one person: their own words first, then what was asked, found and done."""
    own = _own_issue(ctx, issue, to)
    wrote = Quote(Raw(to.words, to.language), label=_("You wrote")) if to and to.words else None
    return Screen(
        _("What became of it") if outcome.completes_id is None else _("What became of it, completed"),
        (
            *((wrote,) if wrote else ()),
            *told_to(ctx, outcome, to.person_id if to else ctx.who.id),
            *parts.told(ctx, outcome),
        ),
        (Fact(_("Reference"), Code(own.ref)), *facts(outcome)),
        buttons=(
            button(_("Acknowledge"), "issues.acknowledge", style=Style.PRIMARY, outcome=outcome.id),
            *_judge(outcome),
        ),
    )


def told(outcome: Outcome | OutcomeTranslation) -> tuple[Quote, ...]:
    """The three things an outcome says, in the words and the language they were written in."""
    return (
        Quote(Raw(outcome.asked, outcome.language), label=_("What was asked")),
        Quote(Raw(outcome.found, outcome.language), label=_("What Customs found")),
        Quote(Raw(outcome.words, outcome.language), label=_("What was done, or why not")),
    )


def told_to(ctx: Context, outcome: Outcome, person_id: int) -> tuple[Quote | Phrase, ...]:
    """The same for one person: in their language first, where somebody translated it, and always in the original."""
    language = ctx.session.get_one(Person, person_id).language
    translated = translations(ctx.session, outcome.id).get(language)
    if translated is None:
        return told(outcome)
    return (*told(translated), _("Translated by Customs. In the original:"), *told(outcome))


def facts(outcome: Outcome) -> tuple[Fact, ...]:
    reason = (Fact(_("Reason"), outcome.reason),) if outcome.reason else ()
    return (Fact(_("Result"), outcome.decision), *reason)


@issues.command("outcome", _("See what became of it"), allow=allow.members)
def outcome_(ctx: Context, outcome: Outcome) -> Screen:
    """An outcome one was told. Opening it is the sign that it was opened."""
    receipt = _receipt(ctx, outcome)
    if receipt is not None and receipt.opened_at is None:
        receipt.opened_at = ctx.now
    return _screen(ctx, outcome)


@issues.command("outcomes", _("What became of it"), allow=allow.members, menu=25)
def outcomes(ctx: Context, page: int = 0) -> Screen:
    """Every outcome one was told, the latest first; what was not acknowledged says so."""
    here = Receipt.administration_id == ctx.who.administration_id
    mine = select(Receipt).where(here, Receipt.about == TOLD, Receipt.person_id == ctx.who.id)
    total = ctx.session.scalar(select(func.count()).select_from(mine.subquery())) or 0
    lines = ctx.session.scalars(mine.order_by(Receipt.id.desc()).offset(page * PAGE).limit(PAGE))
    rows = tuple(_row(ctx, each) for each in lines)
    none = _("Nothing you took part in has been settled yet. You will hear it here when it is.")
    return Screen(
        _("What became of it"), () if rows else (none,), rows=rows, buttons=turn_pages("issues.outcomes", page, total)
    )


@issues.command("acknowledge", _("Acknowledge"), allow=allow.members, reads=allow.members, by_link=True)
def acknowledge(ctx: Context, outcome: Outcome) -> Screen:
    """One has heard it."""
    heard = _heard(ctx, outcome)
    return _screen(ctx, outcome, _("Thank you. Customs knows that you have heard.") if heard else None)


@issues.command("helped", _("It helped"), allow=allow.members, reads=allow.members, by_link=True)
def helped(ctx: Context, outcome: Outcome) -> Screen:
    """It did what was needed."""
    heard = _heard(ctx, outcome, useful=True)
    return _screen(ctx, outcome, _("Thank you for saying so.") if heard else None)


@issues.command("not_helped", _("It did not help"), allow=allow.members, reads=allow.members, by_link=True)
def not_helped(ctx: Context, outcome: Outcome) -> Screen:
    """It did not: a person is asked to look at it again."""
    if not _heard(ctx, outcome, useful=False):
        return _screen(ctx, outcome)
    issue = ctx.session.get_one(Issue, outcome.issue_id)
    lead = _(
        "{name} says that the outcome did not help. Please get in touch, or open the issue again.", name=ctx.who.name
    )
    telling.tell_leads(ctx, issue, lead, once=f"{issue.ref}:not_helped:{outcome.id}:{ctx.who.id}")
    return _screen(ctx, outcome, _("Thank you for saying so. The lead of the desk has been asked to look at it again."))


def _heard(ctx: Context, outcome: Outcome, *, useful: bool | None = None) -> bool:
    """Note in the ledger that somebody acknowledged it; False for staff, who were told nothing."""
    receipt = _receipt(ctx, outcome)
    if receipt is None:
        return False
    receipt.opened_at = receipt.opened_at or ctx.now
    receipt.acknowledged_at = receipt.acknowledged_at or ctx.now
    receipt.useful = receipt.useful if useful is None else useful
    return True


def _screen(ctx: Context, outcome: Outcome, lead: Phrase | None = None) -> Screen:
    """The outcome again, without the buttons that have done their work."""
    issue = ctx.session.get_one(Issue, outcome.issue_id)
    screen = outcome_screen(ctx, issue, outcome, owed(ctx.session, issue.id).get(ctx.who.id))
    receipt = _receipt(ctx, outcome)
    buttons = screen.buttons
    if receipt is None:
        buttons = (button(_("The issue"), "issues.show", issue=issue.id),)
    elif receipt.acknowledged_at is not None:
        buttons = _judge(outcome) if receipt.useful is None else (button(_("What became of it"), "issues.outcomes"),)
    return replace(screen, body=(*((lead,) if lead else ()), *screen.body), buttons=buttons)


def _receipt(ctx: Context, outcome: Outcome) -> Receipt | None:
    mine = Receipt.about == TOLD, Receipt.about_id == outcome.id, Receipt.person_id == ctx.who.id
    return ctx.session.scalar(select(Receipt).where(*mine))


def _own_issue(ctx: Context, issue: Issue, to: Owed | None) -> Issue:
    """The report a person knows by its reference: theirs, where it was merged into this one."""
    if to is None:
        return issue
    theirs = Issue.merged_into_id == issue.id, Issue.reporter_id == to.person_id
    return ctx.session.scalars(select(Issue).where(*theirs).order_by(Issue.id)).first() or issue


def _row(ctx: Context, receipt: Receipt) -> Row:
    outcome = ctx.session.get_one(Outcome, receipt.about_id)
    when = When(outcome.approved_at or receipt.created_at, day_only=True)
    said = (
        _("{result}, {when}", result=outcome.decision, when=when)
        if receipt.acknowledged_at
        else _("{result}, {when}, waits for you", result=outcome.decision, when=when)
    )
    see: Button = button(_("Open"), "issues.outcome", style=Style.PRIMARY, outcome=outcome.id)
    return Row(Raw(outcome.asked, outcome.language), said, (see,))


def _judge(outcome: Outcome) -> tuple[Button, ...]:
    return (
        button(_("It helped"), "issues.helped", outcome=outcome.id),
        button(_("It did not help"), "issues.not_helped", outcome=outcome.id),
    )
