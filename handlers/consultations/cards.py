"""A consultation as it is shown: to its owners with what is still to be done, to everybody else with what is open."""

from __future__ import annotations

from sqlalchemy import func, select

from bot.kit.context import Context
from bot.kit.screen import Button, Fact, NotFound, Quote, Refusal, Scalar, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, Text, When, _, listed, ngettext
from db.audiences import Audience
from db.consultations import OUT_OF_BOUNDS, SHOWN, Consultation, Contribution, Phase, Question, Subject
from db.issues import Issue
from db.outcomes import owed
from db.people import Organisation, Person
from handlers.people.naming import called

from . import dates, texts
from .room import ON_CONSULTATION, WHY_NOT


def title(consultation: Consultation) -> Raw:
    return Raw(consultation.title, consultation.language)


def open_it(consultation: Consultation) -> Button:
    return button(_("Open"), "consultations.show", consultation=consultation.id)


def back(consultation: Consultation) -> Button:
    return button(_("Back to {ref}", ref=Code(consultation.ref)), "consultations.show", consultation=consultation.id)


def line(consultation: Consultation) -> Phrase:
    """A consultation in one line of a list."""
    return _("{ref} · {state}", ref=Code(consultation.ref), state=consultation.phase)


def at(consultation: Consultation, instant: object) -> When:
    """An instant in the reader's zone, and in the one its deadline is stated in."""
    return When(instant, venue=consultation.zone)  # type: ignore[arg-type]  # an instant, of a row


def card(ctx: Context, consultation: Consultation, lead: Phrase | None = None) -> Screen:
    """The consultation for whoever asks. What has just happened (`lead`) is the heading."""
    facts = [
        Fact(_("Reference"), Code(consultation.ref)),
        Fact(_("State"), consultation.phase),
    ]
    if consultation.phase in (Phase.COMMENTS, Phase.DRAFTING, Phase.SHAPING) and consultation.closes_at:
        facts.append(Fact(_("Comments until"), at(consultation, consultation.closes_at)))
    facts += _owner_facts(ctx, consultation)
    facts += _member_facts(ctx, consultation)
    named = texts.title_for(ctx.session, consultation, ctx.who.language)
    return Screen(
        lead or named,
        (
            *((named,) if lead else ()),
            *texts.summary(ctx, consultation),
            *_why_not(consultation),
            *(still_to_do(ctx, consultation) if consultation.is_owned_by(ctx.who) else ()),
        ),
        tuple(facts),
        buttons=(
            *_owner_buttons(ctx, consultation),
            *_member_buttons(ctx, consultation),
            *(each for add in ON_CONSULTATION for each in add(ctx, consultation)),
        ),
    )


def changed(ctx: Context, consultation: Consultation, lead: Phrase | None = None) -> Screen:
    ctx.session.flush()
    return card(ctx, consultation, lead or _("Changed."))


def must_be_under_way(consultation: Consultation) -> None:
    if not consultation.is_under_way:
        raise Refusal(_("That cannot be done now. Its state is: {state}.", state=consultation.phase))


def owned(ctx: Context, consultation_id: int) -> Consultation:
    """The consultation that something belongs to, for its owners alone: the rule of a command is asked of what it is
    about, and a part of a consultation does not know whose that is."""
    found = ctx.session.get_one(Consultation, consultation_id)
    if not found.is_owned_by(ctx.who):
        raise NotFound()
    return found


def question_count(ctx: Context, consultation: Consultation) -> int:
    its = select(func.count()).select_from(Question).where(Question.consultation_id == consultation.id)
    return ctx.session.scalar(its) or 0


def still_to_do(ctx: Context, consultation: Consultation) -> tuple[Phrase, ...]:
    """What is missing before it opens; nothing once it has."""
    if consultation.phase is not Phase.PREPARED:
        return ()
    no_text = consultation.comments_at is not None and consultation.draft_number == 0
    nothing_asked = consultation.shaping_at is not None and not question_count(ctx, consultation)
    left = [
        _("its text") if no_text else None,
        _("a question, for the days before there is a text") if nothing_asked else None,
        _("the answer of whoever was asked to own it with you") if consultation.asked_id is not None else None,
    ]
    missing = [each for each in left if each is not None]
    return (_("Still to be done: {what}.", what=listed(missing)),) if missing else ()


def does_not_need_one(consultation: Consultation) -> tuple[Button, ...]:
    """What helps instead of a consultation: a single case is raised as an issue."""
    is_case = consultation.subject is Subject.SINGLE_CASE
    return (button(_("Raise an issue"), "issues.raise", style=Style.PRIMARY),) if is_case else ()


def _why_not(consultation: Consultation) -> tuple[Phrase | Quote, ...]:
    """Why it was declined or given up: its subject says so, or somebody did."""
    if consultation.phase not in (Phase.DECLINED, Phase.WITHDRAWN):
        return ()
    if consultation.declined_words:
        return (Quote(Raw(consultation.declined_words), label=_("Why")),)
    return (WHY_NOT[consultation.subject],) if consultation.subject in OUT_OF_BOUNDS else ()


def _owner_facts(ctx: Context, consultation: Consultation) -> list[Fact]:
    """For whoever owns it, proposed it or is asked to own it: whose it is, whom it is for, when it goes on."""
    mine = ctx.who.id in (consultation.proposer_id, consultation.asked_id)
    is_owned = consultation.is_owned_by(ctx.who)
    if not mine and not is_owned:
        return []
    own = (consultation.owner_id, consultation.co_owner_id, consultation.asked_id, consultation.proposer_id)
    names = called(ctx.session, {each for each in own if each is not None})
    opens = consultation.shaping_at or consultation.comments_at
    facts = [
        Fact(_("Subject"), consultation.subject),
        *_origin(ctx, consultation, names),
        Fact(_("Answer promised by"), When(dates.answer_due(ctx, consultation), day_only=True))
        if consultation.phase is Phase.PROPOSED
        else None,
        Fact(_("In Customs"), names[consultation.owner_id]) if consultation.owner_id is not None else None,
        Fact(_("In business"), names[consultation.co_owner_id]) if consultation.co_owner_id is not None else None,
        Fact(_("Asked to own it too"), names[consultation.asked_id]) if consultation.asked_id is not None else None,
    ]
    if is_owned and consultation.is_under_way:
        is_ahead = consultation.phase is Phase.PREPARED
        until = consultation.closes_at
        due = consultation.outcome_due
        facts += [
            Fact(_("Opens"), at(consultation, opens)) if is_ahead and opens is not None else None,
            Fact(_("Closes"), at(consultation, until)) if is_ahead and until is not None else None,
            Fact(_("Outcome promised by"), at(consultation, due)) if due is not None else None,
            Fact(_("For whom"), consultation.sector or consultation.audience)
            if consultation.audience is Audience.SECTOR
            else Fact(_("For whom"), consultation.audience),
            Fact(_("On the public register"), consultation.is_public),
        ]
    return [each for each in facts if each is not None]


def _origin(ctx: Context, consultation: Consultation, names: dict[int, Text]) -> tuple[Fact, ...]:
    """Who proposed it, for whom they speak, and how many others told Customs the same."""
    if consultation.proposer_id is None and consultation.issue_id is None:
        return ()
    facts = []
    if consultation.proposer_id is not None:
        proposer = ctx.session.get_one(Person, consultation.proposer_id)
        spoken = ctx.who_is(proposer).organisation_id
        organisation = ctx.session.get(Organisation, spoken) if spoken is not None else None
        name = names[proposer.id]
        by = _("{name}, {organisation}", name=name, organisation=organisation.name) if organisation else name
        facts.append(Fact(_("Proposed by"), by))
    if consultation.issue_id is not None and consultation.is_run_by(ctx.who):
        count = len(owed(ctx.session, consultation.issue_id))
        told = ngettext(
            "{ref}, told by {count} person",
            "{ref}, told by {count} people",
            count,
            ref=Code(Issue.ref_of(consultation.issue_id)),
        )
        facts.append(Fact(_("Began with"), told))
    return tuple(facts)


def _owner_buttons(ctx: Context, consultation: Consultation) -> tuple[Button, ...]:
    """What its owners do next, most likely first; and whoever proposed it, or is asked to own it. The engine hides
    what this reader may not do."""

    def does(label: Phrase, verb: str, style: Style = Style.PLAIN, **args: Scalar) -> Button:
        return Button(label, f"consultations.{verb}", {"consultation": consultation.id, **args}, style)

    is_proposer = consultation.proposer_id == ctx.who.id
    asked = (
        (does(_("Own it together"), "own", Style.PRIMARY), does(_("Rather not"), "own_not"))
        if consultation.asked_id == ctx.who.id
        else ()
    )
    if consultation.phase is Phase.PROPOSED:
        take = (
            does(_("Take it up"), "accept", Style.PRIMARY),
            does(_("Decline it"), "decline"),
            does(_("Hand over"), "pass_on"),
        )
        return (*(() if is_proposer else take), *((does(_("Take it back"), "take_back"),) if is_proposer else ()))
    if consultation.phase is Phase.DECLINED:
        raise_it = does_not_need_one(consultation)
        return (*raise_it, button(_("Proposed consultations"), "consultations.proposals")) if is_proposer else ()
    if not consultation.is_owned_by(ctx.who) or not consultation.is_under_way:
        return asked
    prepare = (
        does(_("Questions"), "questions"),
        does(_("Documents"), "documents"),
        does(_("Open it now"), "open"),
    )
    return (
        *asked,
        *(prepare if consultation.phase is Phase.PREPARED else ()),
        does(_("More"), "more"),
    )


# For whoever takes part


def _member_facts(ctx: Context, consultation: Consultation) -> tuple[Fact, ...]:
    said = _own(ctx, consultation)
    late = consultation.phase is Phase.DECISION
    return (
        *((Fact(_("Now"), _("What is said now is accepted, and marked late.")),) if late else ()),
        *((Fact(_("You have said"), ngettext("{count} contribution", "{count} contributions", said)),) if said else ()),
    )


def _member_buttons(ctx: Context, consultation: Consultation) -> tuple[Button, ...]:
    """What one reads and says, most likely first."""
    its = {"consultation": consultation.id}
    lies_open = consultation.phase in SHOWN and consultation.draft_number > 0
    found: list[Button] = []
    if lies_open:
        found.append(Button(_("Read the text"), "consultations.read", its, Style.PRIMARY))
    if consultation.takes_comments():
        found.append(Button(_("Comment on a clause"), "consultations.say", its, Style.PRIMARY))
    if consultation.phase in SHOWN and (count := question_count(ctx, consultation)):
        label = ngettext("{count} question", "{count} questions", count)
        style = Style.PLAIN if lies_open else Style.PRIMARY
        found.append(Button(label, "consultations.to_answer", its, style))
    if lies_open:
        found.append(Button(_("What others said"), "consultations.voices", its))
    if _own(ctx, consultation):
        found.append(Button(_("What I have said"), "consultations.mine", its))
    return tuple(found)


def _own(ctx: Context, consultation: Consultation) -> int:
    mine = Contribution.consultation_id == consultation.id, Contribution.person_id == ctx.who.id
    return ctx.session.scalar(select(func.count()).select_from(Contribution).where(*mine)) or 0
