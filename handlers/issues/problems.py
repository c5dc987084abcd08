"""Shared problems: a neutral line others can join with "same here", without seeing anybody's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, func, select

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Fact, Quote, Refusal, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, When, _, ngettext
from db.issues import TO_EVERYBODY, Entry, How, Issue, Participation, Problem, Voice
from db.outcomes import settled
from db.people import Topic
from handlers.paging import PAGE, turn_pages

from . import cards, finding, telling
from .room import WHEN_NAMED, issues, officers

DESK_HEARS_AT = (1, 3, 10, 30, 100, 300, 1000)  # how many others, so that a desk is told and not flooded


@issues.command("problems", _("Shared problems"), allow=allow.members, menu=30)
def problems(ctx: Context, page: int = 0) -> Screen:
    """The problems under way that Customs has made known, the latest first."""
    none = _("No shared problem is under way. What you raise may become one, in neutral words.")
    return _listed(ctx, "issues.problems", _("Shared problems"), none, page, Problem.under_way())


@issues.command("shared", _("Problems I share"), allow=allow.members)
def shared(ctx: Context, page: int = 0) -> Screen:
    """The problems I said "same here" to, added to or follow."""
    part = select(Participation.issue_id).where(
        Participation.person_id == ctx.who.id, Participation.how != How.REPORTER, Participation.left_at.is_(None)
    )
    none = _("You do not share or follow any problem yet.")
    return _listed(ctx, "issues.shared", _("Problems I share"), none, page, Problem.issue_id.in_(part))


@issues.command("problem", _("See a shared problem"), allow=allow.members)
def problem_(ctx: Context, problem: Problem) -> Screen:
    return problem_card(ctx, problem)


@issues.form("same", _("Same here"), allow=allow.members)
class Same(Form):
    """One has the same problem, and may say how."""

    review = False
    problem: Problem = ask.about()
    words: str | None = ask.prose(
        _("How does it show with you?"),
        max=1000,
        optional=True,
        hint=_("Only Customs reads this. You can leave it out."),
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _open_issue(ctx, bound["problem"])

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        problem: Problem = bound["problem"]
        return (Raw(problem.line, problem.language),)

    def submit(self, ctx: Context) -> Screen:
        issue = _open_issue(ctx, self.problem)
        join(ctx, issue, How.SAME_HERE, self.words)
        if self.words:
            telling.write(ctx, issue, Voice.ADDITION, self.words)
        others = _others(ctx, issue)
        if others in DESK_HEARS_AT:
            lead = ngettext(
                "{count} person says that they have the same problem.",
                "{count} people say that they have the same problem.",
                others,
            )
            telling.tell_officer(ctx, issue, lead, once=f"{issue.ref}:same:{others}", topic=Topic.COMPANY)
        return problem_card(ctx, self.problem, _("Noted. You will hear what becomes of it."))


@issues.form("contribute", _("Add what you know"), allow=allow.members)
class Contribute(Form):
    """One does not have the problem but knows something about it."""

    problem: Problem = ask.about()
    words: str = ask.prose(_("What do you know about it?"), max=3000, hint=_("Only Customs reads this."))
    files: tuple[int, ...] = ask.files(_("Do you want to add photos or documents?"))

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _open_issue(ctx, bound["problem"])

    def submit(self, ctx: Context) -> Screen:
        issue = _open_issue(ctx, self.problem)
        join(ctx, issue, How.CONTRIBUTOR, self.words)
        entry = telling.write(ctx, issue, Voice.ADDITION, self.words, self.files)
        lead = _("Somebody has added what they know.")
        telling.tell_officer(ctx, issue, lead, once=f"{issue.ref}:entry:{entry.id}")
        return problem_card(ctx, self.problem, _("Thank you. The desk has been told, and you will hear the outcome."))


@issues.command("follow", _("Follow it"), allow=allow.members)
def follow(ctx: Context, problem: Problem) -> Screen:
    """Hear the outcome without having the problem."""
    join(ctx, _open_issue(ctx, problem), How.FOLLOWER, None)
    return problem_card(ctx, problem, _("You will hear what becomes of it."))


@issues.command("unfollow", _("Stop following"), allow=allow.members)
def unfollow(ctx: Context, problem: Problem) -> Screen:
    """Hear no more of it. One's own issue is withdrawn instead."""
    part = _part(ctx, problem.issue_id)
    if part is None or part.how is How.REPORTER or not part.leave(at=ctx.now):
        return problem_card(ctx, problem, _("You do not follow this."))
    return problem_card(ctx, problem, _("You will hear no more about it."))


@issues.form("publish", _("Share it as a problem"), allow=officers)
class Publish(Form):
    """An officer words a problem neutrally, so that others can join it. Publishing again changes the line."""

    issue: Issue = ask.about()
    line: str = ask.line(
        _("The problem in one neutral line?"),
        max=160,
        hint=_("Everybody registered can read it. Name no person and no company."),
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        if not bound["issue"].is_under_way:
            raise Refusal(_("It cannot be shared any more. Its state is: {state}.", state=bound["issue"].state))

    def submit(self, ctx: Context) -> Screen:
        problem = ctx.session.scalar(select(Problem).where(Problem.issue_id == self.issue.id))
        if problem is None:
            problem = Problem(
                administration_id=self.issue.administration_id,
                issue_id=self.issue.id,
                sector=self.issue.sector,
                published_by_id=ctx.who.id,
                published_at=ctx.now,
            )
            ctx.session.add(problem)
        problem.line, problem.language = self.line, ctx.who.language
        ctx.session.flush()
        finding.shared.keep(ctx.session, problem)
        for note in WHEN_NAMED:
            note(ctx, self.issue)
        return cards.desk_card(ctx, self.issue, _("Shared. Others can now say “same here”."))


def join(ctx: Context, issue: Issue, how: How, words: str | None) -> None:
    """Take part, or take part more: following becomes "same here", never the other way round."""
    part = _part(ctx, issue.id)
    if part is None:
        part = Participation(
            administration_id=issue.administration_id,
            issue_id=issue.id,
            person_id=ctx.who.id,
            how=how,
            joined_at=ctx.now,
        )
        ctx.session.add(part)
    elif part.left_at is not None:
        part.how = part.how if part.how is How.REPORTER else how
    else:
        part.how = min(part.how, how, key=list(How).index)
    part.left_at = None
    if words and part.how is not How.REPORTER:
        part.words, part.language = words, ctx.who.language
    ctx.session.flush()


def problem_card(ctx: Context, problem: Problem, lead: Phrase | None = None) -> Screen:
    """The neutral line, how many share it, one's own words, what Customs told everybody. Nobody is named."""
    issue = ctx.session.get_one(Issue, problem.issue_id)
    part = _part(ctx, issue.id)
    is_in = part is not None and part.left_at is None
    own = (
        (Quote(Raw(part.words, part.language), _("You wrote on {when}", when=When(part.joined_at))),)
        if part and is_in and part.words
        else ()
    )
    told = Entry.issue_id == issue.id, Entry.voice.in_(TO_EVERYBODY), Entry.told_to(ctx.who.id)
    news = ctx.session.scalars(select(Entry).where(*told).order_by(Entry.id.desc()).limit(2)).all()
    others = _others(ctx, issue)
    count = ngettext("{count} other person has it too.", "{count} other people have it too.", others)
    outcome = settled(ctx.session, issue.id) if is_in else None
    buttons = [
        button(_("Same here"), "issues.same", style=Style.PRIMARY, problem=problem.id)
        if issue.is_under_way and not (is_in and part and part.how in (How.REPORTER, How.SAME_HERE))
        else None,
        button(_("Add what you know"), "issues.contribute", problem=problem.id) if issue.is_under_way else None,
        button(_("Follow it"), "issues.follow", problem=problem.id) if issue.is_under_way and not is_in else None,
        button(_("See what became of it"), "issues.outcome", outcome=outcome.id) if outcome else None,
        button(_("Stop following"), "issues.unfollow", problem=problem.id)
        if is_in and part and part.how is not How.REPORTER
        else None,
        button(_("Consult on it"), "consultations.about_shared", problem=problem.id),
        button(_("Shared problems"), "issues.problems"),
    ]
    return Screen(
        Raw(problem.line, problem.language),
        (
            *((lead,) if lead else ()),
            *((count,) if others else ()),
            *own,
            *cards.quotes(ctx, news[::-1], cards.SAID_TO_TRADE),
        ),
        (
            Fact(_("Reference"), Code(issue.ref)),
            Fact(_("State"), issue.state),
            Fact(_("Sector"), problem.sector),
        ),
        buttons=tuple(each for each in buttons if each),
    )


def _listed(ctx: Context, command: str, title: Phrase, none: Phrase, page: int, which: ColumnElement[bool]) -> Screen:
    wanted = Problem.visible_to(ctx.who), which
    total = ctx.session.scalar(select(func.count()).select_from(Problem).where(*wanted)) or 0
    found = ctx.session.execute(
        select(Problem, Issue)
        .join(Issue, Issue.id == Problem.issue_id)
        .where(*wanted)
        .order_by(Problem.id.desc())
        .offset(page * PAGE)
        .limit(PAGE)
    )
    rows = tuple(
        Row(
            Raw(problem.line, problem.language),
            cards.line(issue),
            (button(_("Open"), "issues.problem", problem=problem.id),),
        )
        for problem, issue in found
    )
    return Screen(title, () if rows else (none,), rows=rows, buttons=turn_pages(command, page, total))


def _open_issue(ctx: Context, problem: Problem) -> Issue:
    issue = ctx.session.get_one(Issue, problem.issue_id)
    if not issue.is_under_way:
        raise Refusal(_("This problem is no longer open. If you still have it, please raise an issue."))
    return issue


def _part(ctx: Context, issue_id: int) -> Participation | None:
    mine = Participation.issue_id == issue_id, Participation.person_id == ctx.who.id
    return ctx.session.scalar(select(Participation).where(*mine))


def _others(ctx: Context, issue: Issue) -> int:
    """How many beside whoever asks have the problem: a number is all that is told."""
    has_it = Participation.how.in_((How.REPORTER, How.SAME_HERE)), Participation.left_at.is_(None)
    among = select(Issue.id).where((Issue.id == issue.id) | (Issue.merged_into_id == issue.id))
    others = Participation.issue_id.in_(among), Participation.person_id != ctx.who.id
    return ctx.session.scalar(select(func.count(Participation.person_id.distinct())).where(*has_it, *others)) or 0
