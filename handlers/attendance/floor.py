"""Questions to the floor: whoever is in a session asks and votes, whoever leads it sees them in order."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import NotFound, Quote, Refusal, Row, Screen, Style, button
from bot.kit.text import Phrase, Raw, Text, _, name_members, ngettext
from db.attendance import FloorQuestion, FloorVote, QuestionState
from db.symposia import Agreed, Part, SessionPart, SessionState, SymposiumSession
from handlers.paging import PAGE, turn_pages
from handlers.people.naming import called
from handlers.registrations.finding import symposium_of, title

from . import finding
from .room import attendance, members

LONGEST = 280
MOST = 5  # open questions of one person in one session


class Named(StrEnum):
    """Whether others are shown who asks."""

    BY_NAME = "by_name"
    NAMELESS = "nameless"


name_members({Named.BY_NAME: _("With my name"), Named.NAMELESS: _("Without my name")})


def leads(ctx: Context, session: SymposiumSession) -> bool:
    """Whoever runs the symposium or chairs the session."""
    if symposium_of(ctx, session).is_run_by(ctx.who):
        return True
    its = SessionPart.session_id == session.id, SessionPart.person_id == ctx.who.id
    chairs = SessionPart.part == Part.CHAIR, SessionPart.agreed == Agreed.YES
    return ctx.session.scalar(select(SessionPart.id).where(*its, *chairs)) is not None


@attendance.form("ask", _("Ask the floor"), allow=members)
class Ask(Form):
    """A question that everybody in the session reads and can vote for."""

    session: SymposiumSession = ask.about()
    words: str = ask.prose(_("What do you want to ask?"), max=LONGEST)
    named: Named = ask.choice(_("Who asks?"), hint=_("Without your name nobody is shown who asks, not even the chair."))

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        symposium = finding.must_belong(ctx, bound["session"])
        if symposium.state not in finding.ON or bound["session"].state is not SessionState.PLANNED:
            raise Refusal(_("This session does not take place."))
        mine = FloorQuestion.session_id == bound["session"].id, FloorQuestion.person_id == ctx.who.id
        asked = select(func.count()).select_from(FloorQuestion).where(*mine, FloorQuestion.state == QuestionState.OPEN)
        if (ctx.session.scalar(asked) or 0) >= MOST:
            raise Refusal(_("You have asked as much as one can. Others come first now."))

    def submit(self, ctx: Context) -> Screen:
        made = FloorQuestion(
            administration_id=self.session.administration_id,
            symposium_id=self.session.symposium_id,
            session_id=self.session.id,
            person_id=ctx.who.id,
            words=self.words,
            language=ctx.who.language,
            is_anonymous=self.named is Named.NAMELESS,
            at=ctx.now,
        )
        ctx.session.add(made)
        ctx.session.flush()
        return floor_screen(ctx, self.session, _("Asked. Others can vote for it."))


@attendance.command("floor", _("Questions to the floor"), allow=members, reads=members)
def floor(ctx: Context, session: SymposiumSession, page: int = 0) -> Screen:
    """The most wanted first; what is answered last."""
    finding.must_belong(ctx, session)
    return floor_screen(ctx, session, page=page)


def floor_screen(ctx: Context, session: SymposiumSession, lead: Phrase | None = None, *, page: int = 0) -> Screen:
    votes = (
        select(func.count())
        .select_from(FloorVote)
        .where(FloorVote.question_id == FloorQuestion.id)
        .correlate(FloorQuestion)
        .scalar_subquery()
    )
    its = FloorQuestion.session_id == session.id, FloorQuestion.visible_to(ctx.who)
    shown = FloorQuestion.state != QuestionState.SET_ASIDE
    order = FloorQuestion.state != QuestionState.OPEN, votes.desc(), FloorQuestion.id
    found = ctx.session.execute(select(FloorQuestion, votes).where(*its, shown).order_by(*order)).all()
    part = found[page * PAGE : (page + 1) * PAGE]
    names = called(ctx.session, {each.person_id for each, _count in part if not each.is_anonymous})
    mine = FloorVote.person_id == ctx.who.id, FloorVote.question_id.in_([each.id for each, _count in part])
    voted = set(ctx.session.scalars(select(FloorVote.question_id).where(*mine)))
    may_settle = leads(ctx, session)
    rows = tuple(_row(each, count, names, each.id in voted, may_settle, ctx.who.id) for each, count in part)
    return Screen(
        lead or _("Questions to the floor"),
        (title(session), *(() if found else (_("Nobody has asked anything yet."),))),
        rows=rows,
        buttons=(
            button(_("Ask the floor"), "attendance.ask", style=Style.PRIMARY, session=session.id),
            *turn_pages("attendance.floor", page, len(found), session=session.id),
            button(_("Look again"), "attendance.floor", session=session.id),
            button(_("The session"), "attendance.session", session=session.id),
        ),
    )


def _row(
    question: FloorQuestion, count: int, names: Mapping[int, Text], voted: bool, may_settle: bool, reader: int
) -> Row:
    who: Text = _("somebody") if question.is_anonymous else names[question.person_id]
    votes = ngettext("{count} vote", "{count} votes", count)
    if question.state is QuestionState.ANSWERED:
        return Row(Raw(question.words, question.language), _("{who} · {votes} · answered", who=who, votes=votes))
    does = []
    if may_settle:
        does.append(button(_("Answered"), "attendance.answered", question=question.id))
        does.append(button(_("Set aside"), "attendance.set_aside", question=question.id))
    elif question.person_id == reader:
        does.append(button(_("Take it back"), "attendance.set_aside", question=question.id))
    elif not voted:
        does.append(button(_("I want to know that, too"), "attendance.vote", question=question.id))
    return Row(Raw(question.words, question.language), _("{who} · {votes}", who=who, votes=votes), tuple(does))


@attendance.command("vote", _("I want to know that, too"), allow=members)
def vote(ctx: Context, question: FloorQuestion) -> Screen:
    """Once: a second vote changes nothing, and one's own question has none."""
    session = ctx.session.get_one(SymposiumSession, question.session_id)
    finding.must_belong(ctx, session)
    if question.person_id == ctx.who.id:
        raise Refusal(_("It is your own."))
    if question.state is not QuestionState.OPEN:
        raise Refusal(_("It has been answered."))
    made = FloorVote(
        administration_id=question.administration_id, question_id=question.id, person_id=ctx.who.id, at=ctx.now
    )
    try:
        with ctx.session.begin_nested():
            ctx.session.add(made)
    except IntegrityError:
        return floor_screen(ctx, session, _("You have voted for it already."))
    return floor_screen(ctx, session, _("Your vote counts."))


@attendance.command("answered", _("Answered"), allow=members)
def answered(ctx: Context, question: FloorQuestion) -> Screen:
    """Whoever leads the session says so; whoever asked hears it."""
    return _settle(ctx, question, QuestionState.ANSWERED)


@attendance.command("set_aside", _("Set aside"), allow=members)
def set_aside(ctx: Context, question: FloorQuestion) -> Screen:
    """Whoever leads the session, or whoever asked it."""
    return _settle(ctx, question, QuestionState.SET_ASIDE)


def _settle(ctx: Context, question: FloorQuestion, state: QuestionState) -> Screen:
    session = ctx.session.get_one(SymposiumSession, question.session_id)
    is_own = question.person_id == ctx.who.id and state is QuestionState.SET_ASIDE
    if not is_own and not leads(ctx, session):
        raise NotFound()
    if not question.settle(state, by=ctx.who.id, at=ctx.now):
        return floor_screen(ctx, session, _("It was so already."))
    ctx.session.flush()
    if state is QuestionState.ANSWERED and question.person_id != ctx.who.id:
        told = Screen(
            _("Your question was answered in the session."),
            (title(session), Quote(Raw(question.words, question.language))),
            buttons=(button(_("The session"), "attendance.session", session=session.id),),
        )
        ctx.notify(question.person_id, told, once=f"floor:{question.id}:answered")
    return floor_screen(ctx, session)
