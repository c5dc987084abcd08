"""Agreeing to an outcome statement: approved by another than its author, signed or refused by the co-owner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from bot.kit.allow import Rule
from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Refusal, Screen
from bot.kit.text import Phrase, _, ngettext
from db.conclusions import Conclusion, count_unanswered, waiting
from db.consultations import Consultation
from db.participants import participants_of
from db.people import Who
from handlers.consultations.room import WHEN_MOVED, owners, runs

from . import telling, words, writing
from .closing import must_be_answered
from .room import conclusions, must_be_closed


def _signs(who: Who, about: Any) -> bool:
    return who.is_registered and (not isinstance(about, Consultation) or about.co_owner_id == who.id)


co_owner = Rule("the co-owner on business's side", _signs)


@conclusions.command("approve", _("Approve"), allow=runs, reads=runs)
def approve(ctx: Context, consultation: Consultation) -> Screen:
    """A second person agrees; with the co-owner's signature or refusal, where there is one, it goes out."""
    conclusion = _waiting(ctx, consultation)
    must_be_answered(ctx, consultation)
    if conclusion.approved_at is not None:
        raise Refusal(_("Somebody has approved it already."))
    if not conclusion.approve(ctx.who.id, at=ctx.now):
        raise Refusal(_("You wrote this statement yourself. Somebody else has to approve it."))
    return _agreed(ctx, consultation, conclusion, _("Approved. It goes out when the co-owner has signed or refused."))


@conclusions.command("sign", _("Sign"), allow=co_owner, reads=co_owner)
def sign(ctx: Context, consultation: Consultation) -> Screen:
    """The co-owner stands by it."""
    conclusion = _waiting(ctx, consultation)
    if not conclusion.sign(ctx.who.id, at=ctx.now):
        raise Refusal(_("Your signature is not asked for any more."))
    return _agreed(ctx, consultation, conclusion, _("Signed. It goes out when it is approved."))


@conclusions.form("refuse", _("Refuse to sign"), allow=co_owner, reads=co_owner)
class Refuse(Form):
    """The co-owner does not stand by it. That, and why, is published with it."""

    consultation: Consultation = ask.about()
    words: str = ask.prose(
        _("Why do you not sign it?"), max=words.REFUSED, hint=_("This is published beside the statement, as it is.")
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        conclusion = _waiting(ctx, bound["consultation"])
        if conclusion.signed_at is not None or conclusion.refused_at is not None:
            raise Refusal(_("Your signature is not asked for any more."))

    def submit(self, ctx: Context) -> Screen:
        conclusion = _waiting(ctx, self.consultation)
        if not conclusion.refuse(ctx.who.id, self.words, ctx.who.language, at=ctx.now):
            raise Refusal(_("Your signature is not asked for any more."))
        lead = _("Your refusal is kept, and published with the statement when it is approved.")
        return _agreed(ctx, self.consultation, conclusion, lead)


@conclusions.form("send_back", _("Send back"), allow=owners, reads=owners)
class SendBack(Form):
    """The statement is not good enough yet: whoever wrote it hears why, and another is written."""

    consultation: Consultation = ask.about()
    words: str = ask.prose(_("What should be different?"), max=1000)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _waiting(ctx, bound["consultation"])

    def submit(self, ctx: Context) -> Screen:
        conclusion = _waiting(ctx, self.consultation)
        conclusion.send_back(ctx.who.id, self.words, at=ctx.now)
        ctx.session.flush()
        if conclusion.proposed_by_id != ctx.who.id:
            lead = _("The outcome statement you wrote was sent back.")
            screen = _with_lead(writing.statement(ctx, self.consultation), lead)
            once = f"{self.consultation.ref}:conclusion:{conclusion.id}:sent_back"
            ctx.notify(conclusion.proposed_by_id, screen, once=once)
        return _with_lead(writing.statement(ctx, self.consultation), _("Sent back."))


@conclusions.command("publish", _("Publish"), allow=owners, reads=owners)
def publish(ctx: Context, consultation: Consultation) -> Screen:
    """What is agreed goes out, where something late had still to be answered when the last of them agreed."""
    conclusion = _waiting(ctx, consultation)
    if not conclusion.is_agreed:
        raise Refusal(_("It is not agreed yet."))
    must_be_answered(ctx, consultation)
    return _agreed(ctx, consultation, conclusion, _("Published."))


def _agreed(ctx: Context, consultation: Consultation, conclusion: Conclusion, lead: Phrase) -> Screen:
    """Somebody has agreed: it goes out as soon as that was the last thing missing."""
    ctx.session.flush()
    if not conclusion.is_agreed:
        return writing.draft(ctx, consultation, conclusion, lead)
    # What somebody says at this instant holds the row they say it about: nothing slips in between counting and the end.
    ctx.session.refresh(consultation, with_for_update=True)
    left = count_unanswered(ctx.session, consultation.id)
    if not consultation.conclude(all_answered=left == 0, at=ctx.now):
        said = ngettext(
            "Agreed by all. {count} contribution that came late still waits for its answer; then publish it.",
            "Agreed by all. {count} contributions that came late still wait for their answers; then publish it.",
            left,
        )
        _tell_owners(ctx, consultation, conclusion, said, "agreed")
        return writing.draft(ctx, consultation, conclusion, said)
    conclusion.publish(at=ctx.now)
    ctx.session.flush()
    for moved in WHEN_MOVED:
        moved(ctx, consultation)
    telling.begin(ctx, conclusion)
    owed = participants_of(consultation.id, at=ctx.now).subquery()
    count = ctx.session.scalar(select(func.count()).select_from(owed)) or 0
    told = ngettext(
        "The outcome is out. {count} person who took part is being told.",
        "The outcome is out. {count} people who took part are being told, each with their own words.",
        count,
    )
    _tell_owners(ctx, consultation, conclusion, told, "published")
    return writing.draft(ctx, consultation, conclusion, told)


def _tell_owners(ctx: Context, consultation: Consultation, conclusion: Conclusion, lead: Phrase, what: str) -> None:
    """Both owners and the author; nobody is told what they have just done themselves."""
    everybody = (consultation.owner_id, consultation.co_owner_id, conclusion.proposed_by_id)
    for person_id in dict.fromkeys(each for each in everybody if each is not None and each != ctx.who.id):
        once = f"{consultation.ref}:conclusion:{conclusion.id}:{what}"
        ctx.notify(person_id, writing.draft(ctx, consultation, conclusion, lead, to=person_id), once=once)


def _waiting(ctx: Context, consultation: Consultation) -> Conclusion:
    """The one that waits to be agreed. The signature of a co-owner who is none any more is waited for no longer."""
    must_be_closed(consultation)
    found = waiting(ctx.session, consultation.id)
    if found is None:
        raise Refusal(_("No outcome statement waits to be agreed here."))
    if consultation.co_owner_id is None and found.signed_at is None and found.refused_at is None:
        found.co_owner_id = None
    return found


def _with_lead(screen: Screen, lead: Phrase) -> Screen:
    return Screen(lead, screen.body, screen.facts, buttons=screen.buttons)
