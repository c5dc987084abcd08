"""E-mail as a door: an address is given, confirmed by a link that is sent there, used, changed, given up."""

from __future__ import annotations

from datetime import timedelta

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.events import Answer
from bot.kit.forms import Form, ask
from bot.kit.screen import Button, Fact, Refusal, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, When, _, name_members
from db import mail
from db.mail import MailRequest, address_of
from db.people import SIGN_IN, UNSUBSCRIBED, Account, Invited, Pass, Person
from handlers.languages import languages

from .registering import STRANGER_FOR
from .room import people

LONGEST = 254
LINK_LASTS = timedelta(hours=1)  # mail takes its time
inviters = allow.officers | allow.coordinators | allow.administrators

name_members(
    {
        Invited.FEED: _("in my calendar feed"),
        Invited.MAIL: _("as invitations by e-mail"),
    }
)
NOT_HERE = _("Parley sends no e-mail here.")
NO_ADDRESS = _("This is no e-mail address that Parley can write to. An example: name@company.example")
TOO_MANY = _("Too many links were sent today. Please try again tomorrow.")
# What a mail server said, for whoever the address belongs to.
CAME_BACK = {
    "bad_address": _("There is no such mailbox."),
    "mailbox_full": _("The mailbox is full."),
    "policy": _("Its mail server does not take mail from Parley."),
    "undeliverable": _("Its mail server did not take it."),
    UNSUBSCRIBED: _("You have ended e-mail from Parley."),
}


@people.command("email", _("E-mail"), allow=allow.members, menu=72)
def email(ctx: Context, words: str = "") -> Screen:
    """The address, what it is used for, and what can be changed; with an address behind it, that is taken."""
    if words.strip():
        return take(ctx, words)
    return _standing(ctx)


@people.form("email_address", _("Give an e-mail address"), allow=allow.members)
class GiveAddress(Form):
    """An address of one's own."""

    address: str = ask.line(
        _("What is your e-mail address?"),
        max=LONGEST,
        hint=_("A link is sent there. Nothing else goes to it before you have followed the link."),
    )

    def submit(self, ctx: Context) -> Screen:
        return take(ctx, self.address)


@people.form("email_invite", _("Add somebody by e-mail"), allow=inviters)
class InviteByMail(Form):
    """Somebody without a chat takes part by e-mail: an officer enters their address, and they confirm it."""

    name: str = ask.line(_("What is their name?"), max=80)
    address: str = ask.line(_("What is their e-mail address?"), max=LONGEST)
    language: str = ask.choice(_("In which language do they read?"), options=languages)
    consent: str = ask.line(
        _("How and when did they agree to be written to?"),
        max=200,
        hint=_("For the record, such as: asked for it at the counter on 4 December."),
    )

    def submit(self, ctx: Context) -> Screen:
        address = _checked(ctx, self.address)
        owner = mail.owner(ctx.session, address)
        person = Person(
            administration_id=ctx.who.administration_id,
            name=self.name,
            language=self.language,
            zone=ctx.who.zone,
            met_at=ctx.now,
            language_chosen_at=ctx.now,
        )
        ctx.session.add(person)
        ctx.session.flush()
        ctx.later(ctx.now + STRANGER_FOR, "people.forget_stranger", key=f"stranger:{person.id}", person=person.id)
        made = mail.ask(ctx.session, person.id, address, at=ctx.now, by=ctx.who.id, consent=self.consent)
        if made is None:
            raise Refusal(TOO_MANY, field="address")
        _send_link(ctx, person, made, is_taken=owner is not None)
        return Screen(
            _("A link was sent to {address}.", address=Code(address)),
            (
                _(
                    "{name} takes part by e-mail once they have followed it. Without that, everything about them is"
                    " removed after 30 days.",
                    name=Raw(self.name),
                ),
            ),
            buttons=(button(_("Home"), "home.show"),),
        )


@people.command("email_again", _("Send the link again"), allow=allow.members)
def send_again(ctx: Context) -> Screen:
    """Another link to the address that waits, or to one that mail did not reach."""
    waiting = mail.pending(ctx.session, ctx.who.id, at=ctx.now)
    account = mail.account_of(ctx.session, ctx.who.id)
    address = waiting.address if waiting is not None else account.address if account is not None else None
    if address is None:
        return _standing(ctx)
    return take(ctx, address)


@people.command(
    "email_remove", _("Remove the address"), allow=allow.members, confirm=_("Remove your e-mail address from Parley?")
)
def remove(ctx: Context) -> Screen:
    """Nothing goes there any more, and the address is forgotten."""
    mail.withdraw(ctx.session, ctx.who.id, at=ctx.now)
    person = ctx.session.get_one(Person, ctx.who.id)
    account = mail.account_of(ctx.session, person.id)
    if account is not None:
        mail.forget(ctx.session, account)
    person.by_mail, person.invited = False, Invited.FEED
    return _standing(ctx, _("The address is removed."))


@people.command("email_first", _("Change how news reaches you"), allow=allow.members)
def first(ctx: Context, is_first: bool) -> Screen:
    """News by e-mail although there is a chat, or only where no chat can be reached."""
    _with_address(ctx)
    ctx.session.get_one(Person, ctx.who.id).by_mail = is_first
    return _standing(ctx)


@people.command("email_meetings", _("Change how meetings reach you"), allow=allow.members)
def meetings(ctx: Context, is_mail: bool) -> Screen:
    """By invitation or by the feed, never both: a calendar would show each meeting twice."""
    _with_address(ctx)
    ctx.session.get_one(Person, ctx.who.id).invited = Invited.MAIL if is_mail else Invited.FEED
    return _standing(ctx)


@people.command("email_stop", _("No more e-mail"), allow=allow.members, by_link=True)
def stop(ctx: Context) -> Screen:
    """What a mail's own link does: nothing more goes there until its owner says so."""
    account = mail.account_of(ctx.session, ctx.who.id)
    if account is not None and account.unreachable_reason != UNSUBSCRIBED:
        account.unreachable_since, account.unreachable_reason = ctx.now, UNSUBSCRIBED
    person = ctx.session.get_one(Person, ctx.who.id)
    person.by_mail, person.invited = False, Invited.FEED
    return Screen(
        _("No more e-mail comes from Parley."),
        (_("If you use Parley in a chat, news reaches you there. “E-mail” there, or on your page, begins it again."),),
    )


@people.command("email_signin", _("Open my page"), allow=allow.members, by_link=True)
def sign_in(ctx: Context, then: str = "") -> Screen:
    """A one-time link to one's own page, sent to the confirmed address: holding an old mail is not enough.

    `then` is the handle of the button that led here.
    """
    code = Pass.issue(ctx.session, SIGN_IN, ctx.who.id, at=ctx.now, lasts=LINK_LASTS)
    label = _("Open my page")
    screen = Screen(
        label,
        (_("This link signs you in once, within one hour. Give it to nobody. If you did not ask for it, leave it."),),
        buttons=(Button(label, url=ctx.page(f"in/{code}{f'?then={then}' if then else ''}"), style=Style.PRIMARY),),
    )
    minute = ctx.now.replace(minute=ctx.now.minute // 5 * 5)
    if not ctx.mail(ctx.who.id, screen, once=f"signin:{minute:%Y-%m-%dT%H:%M}"):
        raise Refusal(_("Your address takes no mail at present."))
    return Screen(
        _("A link is on its way to your e-mail address."),
        (_("It opens your page on the device where you follow it, once, within one hour."),),
    )


@people.command("letter", _("Answer by e-mail"), allow=allow.everyone)
def letter(ctx: Context, thread: str) -> Answer:
    """Somebody wrote a letter back. They hear once, for each thread, where their words are read."""
    screen = Screen(
        _("Nobody reads what is sent to this address"),
        (
            _(
                "Your message was not passed on. Please use the links in our mails, or write to Parley in your chat or"
                " on your page; answers to invitations are understood here."
            ),
        ),
    )
    ctx.mail(ctx.who.id, screen, once=f"letter:{thread}")
    return Answer()


def take(ctx: Context, words: str) -> Screen:
    """Send a link to an address. The answer is the same whoever has it already: nobody learns that here."""
    address = _checked(ctx, words)
    person = ctx.session.get_one(Person, ctx.who.id)
    owner = mail.owner(ctx.session, address)
    account = mail.account_of(ctx.session, person.id)
    if owner == person.id and account is not None and account.unreachable_since is None:
        return _standing(ctx, _("This address is confirmed already."))
    made = mail.ask(ctx.session, person.id, address, at=ctx.now)
    if made is None:
        raise Refusal(TOO_MANY, field="address")
    _send_link(ctx, person, made, is_taken=owner not in (None, person.id))
    return _standing(ctx, _("A link was sent there. Follow it to confirm the address."))


def _checked(ctx: Context, words: str) -> str:
    if ctx.mailing is None:
        raise Refusal(NOT_HERE)
    address = address_of(words)
    if address is None:
        raise Refusal(NO_ADDRESS, field="address")
    return address


def _send_link(ctx: Context, person: Person, made: MailRequest, *, is_taken: bool) -> None:
    """The one message that goes to an address nobody has confirmed. It shows nothing of anybody."""
    if ctx.mailing is None:
        raise Refusal(NOT_HERE)
    if is_taken:
        screen = Screen(
            _("Your address was given to Parley a second time"),
            (
                _(
                    "It is confirmed there already, so nothing has changed. If it was you: to use Parley in another"
                    " chat as the same person, write “link” to it. If it was not you, there is nothing to do."
                ),
            ),
        )
    else:
        label = _("Confirm this address")
        entered = _("{name} entered it for you.", name=ctx.who.name) if made.by_id is not None else None
        screen = Screen(
            label,
            (
                _("Somebody gave this address to Parley, to get news there from Customs and to answer invitations."),
                *((entered,) if entered else ()),
                _("If you want that, follow the link within seven days. If not, leave it: nothing more will come."),
                *((CONSENT,) if made.by_id is not None else ()),
            ),
            buttons=(Button(label, url=ctx.mailing.confirms_at(made.id), style=Style.PRIMARY),),
        )
    ctx.mail(person, screen, once=made.once, address=made.address)


CONSENT = _(
    "By following it you agree that Parley keeps your name, your address and what you tell it, so that Customs can"
    " answer you. You can have it erased whenever you like: “My data”."
)


def _with_address(ctx: Context) -> Account:
    account = mail.account_of(ctx.session, ctx.who.id)
    if account is None:
        raise Refusal(_("Give an e-mail address first."))
    return account


def _standing(ctx: Context, lead: Phrase | None = None) -> Screen:
    """How things stand: the address that is confirmed, the one that waits, and how each is used."""
    person = ctx.session.get_one(Person, ctx.who.id)
    account, waiting = mail.account_of(ctx.session, person.id), mail.pending(ctx.session, person.id, at=ctx.now)
    body: list[Phrase] = [lead] if lead else []
    facts: list[Fact] = []
    buttons: list[Button] = []
    if ctx.mailing is None:
        body.append(NOT_HERE)
    if account is None and waiting is None:
        body.append(_("News can reach you by e-mail where no chat does, or instead of it."))
    if account is not None:
        facts.append(Fact(_("Address"), Code(account.address)))
        facts.append(Fact(_("News"), _("by e-mail") if person.by_mail else _("by e-mail where no chat is reached")))
        facts.append(Fact(_("Meetings"), person.invited))
        if account.unreachable_since is not None:
            body.append(_("Mail to it came back. {why}", why=_why(account.unreachable_reason)))
            buttons.append(button(_("Try it again"), "people.email_again", style=Style.PRIMARY))
        buttons += _choices(person)
    if waiting is not None:
        until = When(waiting.expires_at, day_only=True)
        facts.append(Fact(_("Waits to be confirmed"), Code(waiting.address)))
        facts.append(Fact(_("Until"), until))
        why = mail.why_undelivered(ctx.session, waiting)
        if why is not None:
            body.append(_("The link could not be delivered. {why}", why=_why(why)))
        buttons.append(button(_("Send the link again"), "people.email_again"))
    change = _("Change the address") if account or waiting else _("Give an e-mail address")
    if ctx.mailing is not None:
        buttons.append(button(change, "people.email_address"))
    if account or waiting:
        buttons.append(button(_("Remove the address"), "people.email_remove"))
    return Screen(_("E-mail"), tuple(body), tuple(facts), buttons=(*buttons, button(_("Home"), "home.show")))


def _choices(person: Person) -> tuple[Button, ...]:
    news = _("News in chat first") if person.by_mail else _("News by e-mail first")
    by_mail = person.invited is Invited.MAIL
    meetings = _("Meetings in my calendar feed") if by_mail else _("Meetings as invitations by e-mail")
    return (
        button(news, "people.email_first", is_first=not person.by_mail),
        button(meetings, "people.email_meetings", is_mail=not by_mail),
    )


def _why(reason: str | None) -> Phrase:
    return CAME_BACK.get(reason or "", CAME_BACK["undeliverable"])
