"""The ledger: who has received, opened and acknowledged an outcome, and whom no door reaches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from bot.kit import allow
from bot.kit.capability import Capability
from bot.kit.context import Context, Told
from bot.kit.screen import Fact, NotFound, Row, Screen, Table, button
from bot.kit.text import Code, Named, Phrase, Raw, Text, When, _, name_members, ngettext, phrase_of
from db.centres import Centre
from db.issues import Issue
from db.ledger import Debt, Heard, Line, Step, debt, ledger_of
from db.machinery import Receipt
from db.outcomes import TOLD, Outcome
from db.people import UNSUBSCRIBED, Mandate, Organisation, Person, RoleName
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
    found = ledger_of(ctx.session, issue.id)
    states = [line["state"] for line in found]
    facts = tuple(Fact(phrase_of(each), states.count(each)) for each in Heard if each in states)
    return Screen(
        _("Who has heard what became of {ref}", ref=Code(issue.ref)),
        () if found else (_("No outcome has been told yet."),),
        facts,
        rows=tuple(_row(line) for line in found[page * PAGE : (page + 1) * PAGE]),
        buttons=(
            *turn_pages("ledger.show", page, len(found), issue=issue.id),
            button(_("The issue"), "issues.show", issue=issue.id),
        ),
    )


@ledger.command("debt", _("Feedback debt"), allow=allow.staff, menu=60, reads=allow.staff)
def debt_(ctx: Context, page: int = 0) -> Screen:
    """What is settled and has not been heard, for each office one may see, the oldest first."""
    found = debt(ctx.session, at=ctx.now, among=select(Issue.id).where(Issue.handled_by(ctx.who)))
    if not found:
        return Screen(_("Feedback debt"), (_("None: everybody has heard what became of what they told Customs."),))
    issues = ngettext(
        "{count} settled issue has not been heard by everybody.",
        "{count} settled issues have not been heard by everybody.",
        len(found),
    )
    return Screen(
        _("Feedback debt"),
        (issues,),
        table=_offices(ctx, found),
        rows=tuple(
            Row(
                _("{ref}, settled {when}", ref=Code(each["issue"]), when=When(each["settled_at"], day_only=True)),
                _("{unheard} of {told} have not heard.", unheard=each["not_heard"], told=each["told"]),
                (button(_("Who has heard"), "ledger.show", issue=each["issue_id"]),),
            )
            for each in found[page * PAGE : (page + 1) * PAGE]
        ),
        buttons=turn_pages("ledger.debt", page, len(found)),
    )


@ledger.command("reached", _("I have told them"), allow=allow.staff, reads=allow.staff)
def reached(ctx: Context, receipt: int = 0) -> Screen:
    """Somebody told a person by hand what no door could deliver."""
    # One statement, so that a line of another desk takes as many as one that does not exist.
    found = ctx.session.execute(
        select(Receipt, Issue)
        .join(Outcome, Outcome.id == Receipt.about_id)
        .join(Issue, Issue.id == Outcome.issue_id)
        .where(Receipt.id == receipt, Receipt.about == TOLD, Issue.handled_by(ctx.who))
    ).first()
    if found is None:
        raise NotFound(_("There is nothing here by that name, or it is not yours to see."))
    line, issue = found
    line.next_step = Step.DONE.value
    screen: Screen = show(ctx, issue)
    return screen


@ledger.job("unreached")
def unreached(ctx: Context, receipt: int) -> None:
    """No door of this person works: their organisation's contact is asked to pass it on, and then the desk's lead."""
    line = ctx.session.get(Receipt, receipt)
    if line is None or line.accepted_at is not None:
        return
    by_contact = line.about == UNREACHED
    owed = ctx.session.get(Receipt, line.about_id) if by_contact else line
    if owed is None or owed.about != TOLD or owed.opened_at is not None or owed.next_step == Step.DONE:
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
    outcome = ctx.session.get_one(Outcome, line.about_id)
    issue = ctx.session.get_one(Issue, outcome.issue_id)
    line.next_step = Step.HUMAN.value
    name = cards.names(ctx, {line.person_id})[line.person_id]
    why = REASONS.get(line.reason or "", OTHER_REASON)
    screen = Screen(
        _("Somebody could not be told what became of {ref}.", ref=Code(issue.ref)),
        (why, _("Please reach {name} in another way, then say that you have.", name=name)),
        buttons=(
            button(_("I have told them"), "ledger.reached", receipt=line.id),
            button(_("The issue"), "issues.show", issue=issue.id),
        ),
    )
    for person_id in telling.staff(ctx, issue, RoleName.LEAD):
        ctx.notify(person_id, screen, once=f"unreached:{line.id}")


def _contact(ctx: Context, person_id: int) -> int | None:
    """The contact person of the organisation somebody speaks for, if it is another living person."""
    organisation = (
        select(Organisation.contact_id)
        .join(Mandate, Mandate.organisation_id == Organisation.id)
        .where(Mandate.person_id == person_id, Mandate.in_force(ctx.now), Mandate.confirmed_by_id.is_not(None))
        .order_by(Mandate.starts_at.desc())
        .limit(1)
    )
    contact = ctx.session.get(Person, ctx.session.scalar(organisation) or 0)
    return contact.id if contact and contact.id != person_id and contact.erased_at is None else None


def _row(line: Line) -> Row:
    name: Text = Raw(line["person"]) if line["person"] else SOMEBODY
    title = _("{name}, {organisation}", name=name, organisation=line["organisation"]) if line["organisation"] else name
    if line["completes"]:
        title = _("{name}: the completed answer", name=title)
    if line["state"] is not Heard.FAILED:
        said = _("{state}, {when}", state=line["state"], when=When(line["at"]))
        return Row(title, _judged(said, line))
    why = REASONS.get(line["reason"] or "", OTHER_REASON)
    step = phrase_of(Step(line["next_step"])) if line["next_step"] else _("Another way is being looked for")
    said = _(
        "{state}, {when}. {reason} Next: {step}.", state=Heard.FAILED, when=When(line["at"]), reason=why, step=step
    )
    return Row(title, said, (button(_("I have told them"), "ledger.reached", receipt=line["receipt"]),))


def _judged(said: Phrase, line: Line) -> Phrase:
    if line["useful"] is None:
        return said
    return _("{said}. It helped.", said=said) if line["useful"] else _("{said}. It did not help.", said=said)


def _offices(ctx: Context, found: Sequence[Debt]) -> Table:
    offices = dict.fromkeys(each["centre_id"] for each in found)
    rows = []
    for centre_id in offices:
        own = [each for each in found if each["centre_id"] == centre_id]
        centre = ctx.session.get(Centre, centre_id) if centre_id else None
        name: Text = Named(centre.name) if centre else _("No desk")
        rows.append((name, len(own), sum(each["not_heard"] for each in own), max(each["days"] for each in own)))
    columns = (_("Office"), _("Issues"), _("People who have not heard"), _("Oldest, in days"))
    return Table(_("For each office"), columns, tuple(rows))
