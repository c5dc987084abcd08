"""Making a consultation: a title, a few plain sentences, two days; and for whom it is. It opens by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Button, Refusal, Scalar, Screen
from bot.kit.text import Code, Phrase, Raw, _, name_members, phrase_of
from db.audiences import Audience
from db.consultations import OUT_OF_BOUNDS, Consultation, Phase, Subject
from db.issues import Issue, Problem
from db.people import Administration, Scope, Sector

from . import announcing, cards, dates, phases
from .room import consultations, makers, owners, runs

TITLE, SUMMARY = 160, 1500


class Register(StrEnum):
    """Whether everybody can read it, signed in or not."""

    PUBLIC = "public"
    INSIDE = "inside"


name_members(
    {
        Register.PUBLIC: _("Yes, on the public register"),
        Register.INSIDE: _("No, only those it is for"),
    }
)


def subjects(ctx: Context, query: str) -> Sequence[Option]:
    """What can be consulted on."""
    return [Option(each.value, phrase_of(each)) for each in Subject if each not in OUT_OF_BOUNDS]


def audiences(ctx: Context, query: str) -> Sequence[Option]:
    """Everybody, or some: nobody is invited one by one to a consultation."""
    offered = (Audience.MEMBERS, Audience.BUSINESS, Audience.SECTOR, Audience.AGENCIES)
    return [Option(each.value, phrase_of(each)) for each in offered]


TITLE_ = ask.line(_("What is it about, in one line?"), max=TITLE, hint=_("Everybody who sees it reads this."))
SUMMARY_ = ask.prose(
    _("What is it about, and whom does it touch?"),
    max=SUMMARY,
    hint=_("A few plain sentences, as you would say it to a trader: people read this first."),
)
SUBJECT_ = ask.choice(_("What kind of thing is it?"), options=subjects)
AUDIENCE_ = ask.choice(_("For whom is it?"), options=audiences)
SECTOR_ = ask.choice(_("Of which sector?"), when=lambda so_far: so_far.audience is Audience.SECTOR)
FROM_DAY = ask.date(_("From which day can people comment?"), options=dates.openings)
UNTIL_DAY = ask.date(
    _("Until which day can people comment?"),
    options=dates.closings,
    hint=_("Until the end of that day. Small businesses need three weeks or more."),
)


@consultations.form("make", _("Make a consultation"), allow=makers)
class Make(Form):
    """Its text, its questions and its documents come afterwards; until it opens only its owners see it."""

    title: str = TITLE_
    summary: str = SUMMARY_
    subject: Subject = SUBJECT_
    audience: Audience = AUDIENCE_
    sector: Sector | None = SECTOR_
    from_day: date = FROM_DAY
    until_day: date = UNTIL_DAY

    def submit(self, ctx: Context) -> Screen:
        return make(ctx, **self.answers())


@consultations.form("make_about", _("Make a consultation about an issue"), allow=makers)
class MakeAbout(Form):
    """Begun by an issue: whoever told it hears of the consultation, and that their words began it."""

    issue: Issue = ask.about()
    title: str = TITLE_
    summary: str = SUMMARY_
    subject: Subject = SUBJECT_
    audience: Audience = AUDIENCE_
    sector: Sector | None = SECTOR_
    from_day: date = FROM_DAY
    until_day: date = UNTIL_DAY

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        return about_issue(ctx, bound["issue"])

    def submit(self, ctx: Context) -> Screen:
        known = under_way_about(ctx, self.issue.merged_into_id or self.issue.id)
        if known is not None:
            return cards.card(ctx, known, _("There is a consultation about it already."))
        return make(ctx, issue=self.issue, **self.answers())


def make(ctx: Context, *, from_day: date, until_day: date, issue: Issue | None = None, **told: Any) -> Screen:
    """Made by Customs, in the zone of the administration. Raises Refusal for days that cannot be."""
    zone = ctx.session.get_one(Administration, ctx.who.administration_id).zone
    comments_at, closes_at = dates.span(ctx, from_day, until_day, zone)
    made = Consultation(
        administration_id=ctx.who.administration_id,
        language=ctx.who.language,
        zone=zone,
        phase=Phase.PREPARED,
        owner_id=ctx.who.id,
        centre_id=issue.centre_id if issue is not None else own_centre(ctx),
        issue_id=(issue.merged_into_id or issue.id) if issue is not None else None,
        comments_at=comments_at,
        closes_at=closes_at,
        outcome_due=closes_at + dates.PROMISED,
        created_at=ctx.now,
        **told,
    )
    ctx.session.add(made)
    ctx.session.flush()
    phases.plan(ctx, made)
    return cards.card(ctx, made, _("Made. Nobody but its owners sees it until it opens."))


def own_centre(ctx: Context) -> int | None:
    """The desk of whoever asks."""
    grants = sorted(ctx.who.grants, key=str)
    return next((int(each.scope_id) for each in grants if each.scope is Scope.CENTRE), None)


def about_issue(ctx: Context, issue: Issue) -> tuple[Any, ...]:
    """The neutral line an issue is shared as; nobody's own words."""
    problem = ctx.session.scalar(select(Problem).where(Problem.issue_id == (issue.merged_into_id or issue.id)))
    return (Raw(problem.line, problem.language),) if problem is not None else ()


def under_way_about(ctx: Context, issue_id: int) -> Consultation | None:
    """What whoever asks can see of a consultation, or a proposal, that an issue began."""
    its = Consultation.issue_id == issue_id, Consultation.visible_to(ctx.who)
    alive = Consultation.phase.not_in((Phase.DECLINED, Phase.WITHDRAWN, Phase.OUTCOME))
    return ctx.session.scalars(
        select(Consultation).where(*its, alive).order_by(Consultation.id.desc()).limit(1)
    ).first()


# What is said of it


@consultations.command("more", _("More about a consultation"), allow=owners)
def more(ctx: Context, consultation: Consultation) -> Screen:
    """Everything else that its owners can do."""

    def does(label: Phrase, verb: str, **args: Scalar) -> Button:
        return Button(label, f"consultations.{verb}", {"consultation": consultation.id, **args})

    is_open = consultation.phase in (Phase.SHAPING, Phase.DRAFTING, Phase.COMMENTS)
    ahead = (
        does(
            _("Title and summary"),
            "describe",
            title=consultation.title,
            summary=consultation.summary,
            subject=consultation.subject.value,
        ),
        does(_("For whom it is"), "audience"),
        does(_("Its dates"), "dates", **dates.days_of(consultation)),
    )
    return Screen(
        _("What do you want to do with {ref}?", ref=Code(consultation.ref)),
        (cards.title(consultation),),
        buttons=(
            *(ahead if consultation.phase is Phase.PREPARED else ()),
            *((does(_("Extend the deadline"), "extend"),) if is_open else ()),
            *((does(_("Open it for comments again"), "reopen"),) if consultation.phase is Phase.DECISION else ()),
            does(_("Questions"), "questions"),
            does(_("Documents"), "documents"),
            does(_("Translations"), "translations"),
            does(_("Roundtables"), "meetings"),
            does(_("Who owns it"), "ownership"),
            *((does(_("Give it up"), "withdraw"),) if consultation.is_under_way else ()),
            cards.back(consultation),
        ),
    )


class _Prepared(Form):
    """What people have seen does not change under their hands."""

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        if bound["consultation"].phase is not Phase.PREPARED:
            raise Refusal(_("It is open already: those it is for have read it."))


@consultations.form("describe", _("Title and summary"), allow=owners)
class Describe(_Prepared):
    consultation: Consultation = ask.about()
    title: str = TITLE_
    summary: str = SUMMARY_
    subject: Subject = SUBJECT_

    def submit(self, ctx: Context) -> Screen:
        self.consultation.title, self.consultation.summary = self.title, self.summary
        self.consultation.subject, self.consultation.language = self.subject, ctx.who.language
        lead = _("{name} has changed the title or the summary.", name=ctx.who.name)
        announcing.edited(ctx, self.consultation, lead)
        return cards.changed(ctx, self.consultation)


@consultations.form("audience", _("For whom it is"), allow=runs)
class Open(_Prepared):
    consultation: Consultation = ask.about()
    audience: Audience = AUDIENCE_
    sector: Sector | None = SECTOR_
    register: Register = ask.choice(_("Can everybody read it, signed in or not?"))

    def submit(self, ctx: Context) -> Screen:
        self.consultation.audience, self.consultation.sector = self.audience, self.sector
        self.consultation.is_public = self.register is Register.PUBLIC
        return cards.changed(ctx, self.consultation)
