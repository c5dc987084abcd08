"""What can be found again: one's issues by their words, earlier answers to like questions, problems others have."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit import allow
from bot.kit.clean import shorten
from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Quote, Row, Screen, button
from bot.kit.text import Code, Phrase, Raw, _, ngettext
from db import search
from db.issues import Entry, Issue, Problem
from db.outcomes import Outcome
from handlers.paging import PAGE

from . import cards
from .room import BY_REPORTER, issues, officers

ISSUE, OUTCOME, PROBLEM = "issue", "outcome", "problem"
PRECEDENTS, LOOKALIKES = 3, 2
OPTIONS, LABEL, EXCERPT = 8, 70, 240
ALIKE = 0.4  # of a problem's terms occur in what somebody writes


@issues.findable(ISSUE, Issue)
def reported(session: Session, issue: Issue) -> str:
    """What its reporter wrote, and nothing that anybody else did: they search it too."""
    own = Entry.issue_id == issue.id, Entry.author_id == issue.reporter_id, Entry.voice.in_(BY_REPORTER)
    return "\n".join(session.scalars(select(Entry.words).where(*own).order_by(Entry.id)))


@issues.findable(OUTCOME, Outcome, which=Outcome.approved_at.is_not(None))
def answered(session: Session, outcome: Outcome) -> str:
    """The question as well as the answer."""
    question = reported.words(session, session.get_one(Issue, outcome.issue_id))
    return "\n".join((question, outcome.asked, outcome.found, outcome.words))


@issues.findable(PROBLEM, Problem)
def shared(session: Session, problem: Problem) -> str:
    return problem.line


def precedents(ctx: Context, issue: Issue) -> tuple[Phrase | Quote, ...]:
    """Up to three earlier answers of the whole administration to like questions; for staff only."""
    if not ctx.who.is_staff:
        return ()
    among = select(Outcome.id).where(Outcome.is_precedent_for(ctx.who), Outcome.issue_id != issue.id)
    found = search.find(ctx.session, OUTCOME, reported.words(ctx.session, issue), among=among, limit=PRECEDENTS)
    if not found:
        return ()
    told = (precedent(ctx.session.get_one(Outcome, each)) for each in found)
    count = ngettext(
        "{count} earlier answer to a like question:", "{count} earlier answers to like questions:", len(found)
    )
    return (count, *told)


def precedent(outcome: Outcome) -> Quote:
    """An earlier answer in few words."""
    words = shorten(f"{outcome.found} {outcome.words}", EXCERPT)
    by = _(
        "{ref}, {decision}, on {when}",
        ref=Code(Issue.ref_of(outcome.issue_id)),
        decision=outcome.decision,
        when=outcome.approved_at,
    )
    return Quote(Raw(words, outcome.language), by)


def lookalikes(ctx: Context, words: str) -> Sequence[Problem]:
    """Shared problems under way that look like what somebody has just written."""
    among = select(Problem.id).where(Problem.visible_to(ctx.who), Problem.under_way())
    found = search.find(ctx.session, PROBLEM, words, among=among, limit=LOOKALIKES)
    problems = [ctx.session.get_one(Problem, each) for each in found]
    return [each for each in problems if search.likeness(words, each.line) >= ALIKE]


def visible(ctx: Context, query: str, *, limit: int) -> Sequence[Issue]:
    """The issues one may see that `query` means: by reference, else by their words; the latest without a query."""
    seen = Issue.visible_to(ctx.who)
    named = Issue.named(query)
    if named is not None and (one := ctx.session.scalar(select(Issue).where(named, seen))) is not None:
        return [one]
    if not query.strip():
        return ctx.session.scalars(select(Issue).where(seen).order_by(Issue.id.desc()).limit(limit)).all()
    ids = search.find(ctx.session, ISSUE, query, among=select(Issue.id).where(seen), limit=limit)
    return [ctx.session.get_one(Issue, each) for each in ids]


def under_way(ctx: Context, query: str) -> Sequence[Option]:
    """Issues under way at the desks of whoever asks, to merge with."""
    found = [each for each in visible(ctx, query, limit=OPTIONS * 3) if each.is_under_way]
    return [_option(each) for each in found[:OPTIONS]]


def seen(ctx: Context, query: str) -> Sequence[Option]:
    """Issues whoever asks may see, to link with."""
    return [_option(each) for each in visible(ctx, query, limit=OPTIONS)]


def _option(issue: Issue) -> Option:
    title = Raw(shorten(issue.title, LABEL), issue.language)
    return Option(str(issue.id), _("{ref}: {title}", ref=Code(issue.ref), title=title))


@issues.form("find", _("Find an issue"), allow=allow.members, menu=40)
class Find(Form):
    """By its reference, or by any words in any language."""

    review = False
    words: str = ask.line(_("A reference such as P-000123, or a few words?"), max=200)

    def submit(self, ctx: Context) -> Screen:
        found = visible(ctx, self.words, limit=PAGE)
        if len(found) == 1:
            ctx.shows(found[0])
            return cards.card(ctx, found[0])
        rows = tuple(
            Row(Raw(each.title, each.language), cards.line(each), (button(_("Open"), "issues.show", issue=each.id),))
            for each in found
        )
        none = _("Nothing of what you may see is about that. Try fewer words, or words in another language.")
        return Screen(
            _("Found for “{words}”", words=Raw(self.words)),
            () if rows else (none,),
            rows=rows,
            buttons=(button(_("Find something else"), "issues.find"),),
        )


@issues.command("precedents", _("Earlier answers"), allow=officers, reads=officers)
def earlier(ctx: Context, issue: Issue) -> Screen:
    """What was answered to like questions, before one answers."""
    found = precedents(ctx, issue)
    return Screen(
        _("Earlier answers"),
        found or (_("Nobody has asked anything like it yet."),),
        buttons=(button(_("Back to {ref}", ref=Code(issue.ref)), "issues.show", issue=issue.id),),
    )
