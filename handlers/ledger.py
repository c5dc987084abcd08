"""The ledger: who has received, opened and acknowledged an outcome, and whom no door reaches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import and_, or_, select

from bot.kit import allow
from bot.kit.capability import Capability
from bot.kit.context import Context, Told
from bot.kit.screen import Button, Fact, NotFound, Row, Screen, Table, button
from bot.kit.text import Code, Named, Phrase, Raw, Text, When, _, name_members, ngettext, phrase_of
from db.centres import Centre
from db.conclusions import CONCLUDED, Conclusion
from db.consultations import Consultation, Phase
from db.issues import Issue
from db.ledger import (
    Debt,
    Heard,
    Line,
    Step,
    debt,
    not_heard,
    of_consultation,
    of_issue,
    of_those_handled_by,
    page_of,
    tally,
)
from db.machinery import Receipt
from db.outcomes import TOLD, Outcome
from db.people import UNSUBSCRIBED, Mandate, Organisation, Person, RoleName
from handlers.consultations.room import ON_CONSULTATION, at_customs, runs
from handlers.issues import cards, telling
from handlers.issues.room import staff
from handlers.paging import PAGE, turn_pages
from handlers.people.naming import SOMEBODY

ledger = Capability("ledger", _("Feedback ledger"))
UNREACHED = "unreached"  # a message that asks somebody to pass on that an outcome waits

name_members(
    {
        Heard.WAITING: _("On its way"),
        Heard.ACCEPTED: _("Delivered, not opened yet"),
        Heard.OPENED: _("Opened"),
        Heard.ACKNOWLEDGED: _("Acknowledged"),
        Heard.TOLD_BY_HAND: _("Told by somebody"),
        Heard.FAILED: _("Not reached"),
        Step.CONTACT: _("Their organisation's contact was asked to pass it on"),
        Step.HUMAN: _("The desk was asked to reach them"),
        Step.DONE: _("Somebody has reached them"),
    }
)

REASONS: Mapping[str, Phrase] = {
    "blocked": _("They have blocked Parley there."),
    "deactivated": _("Their account no longer exists."),
    "never_started": _("They have never written to Parley there, so it may not write to them."),
    "left": _("They have left that workspace."),
    "not_found": _("Their account was not found."),
    "archived": _("Their conversation was archived."),
    "bad_address": _("Their e-mail address does not exist."),
    "mailbox_full": _("Their mailbox is full."),
    "policy": _("Their mail server does not take mail from Parley."),
    "undeliverable": _("Their mail server could not deliver it."),
    "too_large": _("The message is too large for their mail server."),
    UNSUBSCRIBED: _("They have ended e-mail from Parley."),
    "no_door": _("They have no account that Parley can write to."),
    "expired": _("It could not be delivered in time."),
    "unknown_outcome": _("It is not known whether it arrived."),
}
OTHER_REASON = _("The platform did not take the message.")


@ledger.command("show", _("Who has heard"), allow=staff, reads=staff)
def show(ctx: Context, issue: Issue, page: int = 0) -> Screen:
    """Each person who was told each outcome of an issue, and how far it came with them."""
    its = of_issue(issue.id)
    counts = tally(ctx.session, its)
    total = sum(counts.values())
    return Screen(
        _("Who has heard what became of {ref}", ref=Code(issue.ref)),
        () if total else (_("No outcome has been told yet."),),
        _facts(counts),
        rows=tuple(_row(line) for line in page_of(ctx.session, its, first=page * PAGE, most=PAGE)),
        buttons=(
            *turn_pages("ledger.show", page, total, issue=issue.id),
            button(_("The issue"), "issues.show", issue=issue.id),
        ),
    )


@ledger.command("concluded", _("Who has heard"), allow=runs, reads=runs)
def concluded(ctx: Context, consultation: Consultation, page: int = 0) -> Screen:
    """Each person who was told the outcome of a consultation, and how far it came with them."""
    its = of_consultation(consultation.id)
    counts = tally(ctx.session, its)
    total = sum(counts.values())
    return Screen(
        _("Who has heard what became of {ref}", ref=Code(consultation.ref)),
        () if total else (_("No outcome has been told yet."),),
        _facts(counts),
        rows=tuple(_row(line) for line in page_of(ctx.session, its, first=page * PAGE, most=PAGE)),
        buttons=(
            *turn_pages("ledger.concluded", page, total, consultation=consultation.id),
            button(_("The consultation"), "consultations.show", consultation=consultation.id),
        ),
    )


@ledger.command("unheard", _("Who has not heard"), allow=allow.staff, reads=allow.staff)
def unheard(ctx: Context, page: int = 0) -> Screen:
    """Everybody who has not heard an outcome, of issues and consultations together: first whom no door reaches."""
    which = of_those_handled_by(ctx.who), not_heard()
    counts = tally(ctx.session, *which)
    total = sum(counts.values())
    found = page_of(ctx.session, *which, first=page * PAGE, most=PAGE, failed_first=True)
    return Screen(
        _("Who has not heard"),
        () if total else (_("Everybody has heard what they were told."),),
        _facts(counts),
        rows=tuple(_row(line, is_listed=True) for line in found),
        buttons=(*turn_pages("ledger.unheard", page, total), button(_("Feedback debt"), "ledger.debt")),
    )


@ledger.command("debt", _("Feedback debt"), allow=allow.staff, menu=60, reads=allow.staff)
def debt_(ctx: Context, page: int = 0) -> Screen:
    """What has ended and has not been heard, or should have ended, for each office one may see; the oldest first."""
    found = debt(
        ctx.session,
        at=ctx.now,
        issues=select(Issue.id).where(Issue.handled_by(ctx.who)),
        consultations=select(Consultation.id).where(Consultation.run_by(ctx.who)),
    )
    if not found:
        return Screen(_("Feedback debt"), (_("None: everybody has heard what became of what they told Customs."),))
    return Screen(
        _("Feedback debt"),
        tuple(_sums(found)),
        (Fact(_("People who have not heard"), sum(each["not_heard"] for each in found)),),
        table=_offices(ctx, found),
        rows=tuple(_owed(each) for each in found[page * PAGE : (page + 1) * PAGE]),
        buttons=(
            *turn_pages("ledger.debt", page, len(found)),
            button(_("Who has not heard"), "ledger.unheard"),
        ),
    )


def _sums(found: Sequence[Debt]) -> Iterable[Phrase]:
    settled = sum(each["issue_id"] is not None for each in found)
    overdue = sum(each["settled_at"] is None for each in found)
    if settled:
        yield ngettext(
            "{count} settled issue has not been heard by everybody.",
            "{count} settled issues have not been heard by everybody.",
            settled,
        )
    if concluded := len(found) - settled - overdue:
        yield ngettext(
            "The outcome of {count} consultation has not been heard by everybody.",
            "The outcomes of {count} consultations have not been heard by everybody.",
            concluded,
        )
    if overdue:
        yield ngettext(
            "{count} consultation has no outcome on the day it was promised for.",
            "{count} consultations have no outcome on the day it was promised for.",
            overdue,
        )


def _owed(each: Debt) -> Row:
    ref = Code(each["issue"] or each["consultation"] or "")
    if each["settled_at"] is None:
        waiting = ngettext(
            "No outcome yet: {count} person who took part waits for it.",
            "No outcome yet: {count} people who took part wait for it.",
            each["not_heard"],
        )
        promised = _("{ref}, promised for {when}", ref=ref, when=When(each["since"], day_only=True))
        return Row(promised, waiting, (button(_("Open"), "consultations.show", consultation=each["consultation_id"]),))
    since = When(each["settled_at"], day_only=True)
    if each["issue_id"] is not None:
        title = _("{ref}, settled {when}", ref=ref, when=since)
        see = button(_("Who has heard"), "ledger.show", issue=each["issue_id"])
    else:
        title = _("{ref}, outcome of {when}", ref=ref, when=since)
        see = _who_has_heard(each["consultation_id"])
    return Row(title, _("{unheard} of {told} have not heard.", unheard=each["not_heard"], told=each["told"]), (see,))


def _who_has_heard(consultation_id: int | None) -> Button:
    return button(_("Who has heard"), "ledger.concluded", consultation=consultation_id)


def _shown(screen: Screen) -> Screen:
    """What a command answers: its type is lost where it is registered."""
    return screen


def _on_consultation(ctx: Context, consultation: Consultation) -> tuple[Button, ...]:
    return (_who_has_heard(consultation.id),) if consultation.phase is Phase.OUTCOME else ()


ON_CONSULTATION.append(_on_consultation)


@ledger.command("reached", _("I have told them"), allow=allow.staff, reads=allow.staff)
def reached(ctx: Context, receipt: int = 0, listed: bool = False) -> Screen:
    """Somebody told a person by hand what no door could deliver; `listed` says that they were in the list of all."""
    # One statement, so that a line of another desk takes as many as one that does not exist.
    found = ctx.session.execute(
        select(Receipt, Issue, Consultation)
        .outerjoin(Outcome, and_(Receipt.about == TOLD, Outcome.id == Receipt.about_id))
        .outerjoin(Issue, Issue.id == Outcome.issue_id)
        .outerjoin(Conclusion, and_(Receipt.about == CONCLUDED, Conclusion.id == Receipt.about_id))
        .outerjoin(Consultation, Consultation.id == Conclusion.consultation_id)
        .where(Receipt.id == receipt, or_(Issue.handled_by(ctx.who), Consultation.run_by(ctx.who)))
    ).first()
    if found is None:
        raise NotFound()
    line: Receipt = found[0]
    issue: Issue | None = found[1]
    line.next_step = Step.DONE.value
    ctx.session.flush()
    if listed:
        return _shown(unheard(ctx))
    return _shown(show(ctx, issue) if issue is not None else concluded(ctx, found[2]))


@ledger.job("unreached")
def unreached(ctx: Context, receipt: int) -> None:
    """No door of this person works: their organisation's contact is asked to pass it on, and then the desk's lead."""
    line = ctx.session.get(Receipt, receipt)
    if line is None or line.accepted_at is not None:
        return
    by_contact = line.about == UNREACHED
    owed = ctx.session.get(Receipt, line.about_id) if by_contact else line
    if owed is None or owed.about not in (TOLD, CONCLUDED) or owed.opened_at is not None or owed.next_step == Step.DONE:
        return
    contact = None if by_contact else _contact(ctx, owed.person_id)
    if contact is None:
        _ask_the_desk(ctx, owed)
        return
    owed.next_step = Step.CONTACT.value
    person = ctx.session.get_one(Person, owed.person_id)
    screen = Screen(
        _("Please pass something on"),
        (
            _(
                "An answer from Customs waits for your colleague {name}, and Parley can reach none of their accounts."
                " Please ask them to write to Parley: it is kept for them there.",
                name=person.name,
            ),
        ),
    )
    ctx.notify(contact, screen, once=f"unreached:{owed.id}", told=Told(UNREACHED, owed.id))


def _ask_the_desk(ctx: Context, line: Receipt) -> None:
    """Whoever answers for it is asked to reach the person by hand."""
    about: Issue | Consultation
    asked: Sequence[int]
    if line.about == CONCLUDED:
        about = ctx.session.get_one(Consultation, ctx.session.get_one(Conclusion, line.about_id).consultation_id)
        asked = at_customs(ctx, about, RoleName.LEAD)
        see = button(_("The consultation"), "consultations.show", consultation=about.id)
    else:
        about = ctx.session.get_one(Issue, ctx.session.get_one(Outcome, line.about_id).issue_id)
        asked = telling.staff(ctx, about, RoleName.LEAD)
        see = button(_("The issue"), "issues.show", issue=about.id)
    line.next_step = Step.HUMAN.value
    name = cards.names(ctx, {line.person_id})[line.person_id]
    why = REASONS.get(line.reason or "", OTHER_REASON)
    screen = Screen(
        _("Somebody could not be told what became of {ref}.", ref=Code(about.ref)),
        (why, _("Please reach {name} in another way, then say that you have.", name=name)),
        buttons=(button(_("I have told them"), "ledger.reached", receipt=line.id), see),
    )
    for person_id in asked:
        if person_id != line.person_id:
            ctx.notify(person_id, screen, once=f"unreached:{line.id}")


def _contact(ctx: Context, person_id: int) -> int | None:
    """The contact person of the organisation somebody speaks for, if it is another living person."""
    organisation = (
        select(Organisation.contact_id)
        .join(Mandate, Mandate.organisation_id == Organisation.id)
        .where(Mandate.person_id == person_id, Mandate.administration_id == ctx.who.administration_id)
        .where(Mandate.in_force(ctx.now), Mandate.confirmed_by_id.is_not(None))
        .order_by(Mandate.starts_at.desc())
        .limit(1)
    )
    contact = ctx.session.get(Person, ctx.session.scalar(organisation) or 0)
    return contact.id if contact and contact.id != person_id and contact.erased_at is None else None


def _facts(counts: Mapping[Heard, int]) -> tuple[Fact, ...]:
    return tuple(Fact(phrase_of(each), count) for each, count in counts.items())


def _row(line: Line, *, is_listed: bool = False) -> Row:
    """One person; where all outcomes are listed, with the reference of theirs."""
    name: Text = Raw(line["person"]) if line["person"] else SOMEBODY
    title = _("{name}, {organisation}", name=name, organisation=line["organisation"]) if line["organisation"] else name
    if line["completes"]:
        title = _("{name}: the completed answer", name=title)
    said = _said(line)
    if is_listed:
        said = _("{ref}: {said}", ref=Code(line["issue"] or line["consultation"] or ""), said=said)
    if line["state"] is not Heard.FAILED:
        return Row(title, said)
    told = button(_("I have told them"), "ledger.reached", receipt=line["receipt"], listed=is_listed)
    return Row(title, said, (told,))


def _said(line: Line) -> Phrase:
    if line["state"] is not Heard.FAILED:
        return _judged(_("{state}, {when}", state=line["state"], when=When(line["at"])), line)
    why = REASONS.get(line["reason"] or "", OTHER_REASON)
    step = phrase_of(Step(line["next_step"])) if line["next_step"] else _("Another way is being looked for")
    return _(
        "{state}, {when}. {reason} Next: {step}.", state=Heard.FAILED, when=When(line["at"]), reason=why, step=step
    )


def _judged(said: Phrase, line: Line) -> Phrase:
    if line["useful"] is None:
        return said
    return _("{said}. It helped.", said=said) if line["useful"] else _("{said}. It did not help.", said=said)


def _offices(ctx: Context, found: Sequence[Debt]) -> Table:
    offices = dict.fromkeys(each["centre_id"] for each in found)
    rows = []
    for centre_id in offices:
        own = [each for each in found if each["centre_id"] == centre_id]
        issues = sum(each["issue_id"] is not None for each in own)
        centre = ctx.session.get(Centre, centre_id) if centre_id else None
        name: Text = Named(centre.name) if centre else _("No desk")
        people, oldest = sum(each["not_heard"] for each in own), max(each["days"] for each in own)
        rows.append((name, issues, len(own) - issues, people, oldest))
    columns = (
        _("Office"),
        _("Issues"),
        _("Consultations"),
        _("People who have not heard"),
        _("Oldest, in days"),
    )
    return Table(_("For each office"), columns, tuple(rows))
