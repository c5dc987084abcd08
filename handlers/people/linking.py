"""One person on several doors: a one-time code joins two accounts, another one opens the page."""

from __future__ import annotations

from sqlalchemy import delete, select

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Button, Fact, Refusal, Screen, Style, button
from bot.kit.text import Code, Link, Phrase, _
from db import personal
from db.machinery import Draft
from db.people import LINK, SIGN_IN, Account, Pass, Person, Role, RoleName, holders

from .room import people

REGISTER = "people.register"
LINKS = "link_"  # what stands before a code in the payload of a deep link
# The same words for a code that was used, is too old, is one's own or never was.
WRONG = _("This code is not valid. Ask for a new one: on the account you had first, write “link”.")


@people.command("link", _("Link another account"), allow=allow.everyone, menu=70)
def link(ctx: Context, words: str = "") -> Screen:
    """Show a code for the other door; or, with a code from there, ask to be joined."""
    if words:
        return redeem(ctx, words)
    if not ctx.who.is_registered:
        return Screen(
            _("Do you use Parley somewhere else already?"),
            (_("There, write “link”. You get a code; enter it here."),),
            buttons=(button(_("Enter a code"), "people.enter"), button(_("Say who you are"), REGISTER)),
        )
    code = Pass.issue(ctx.session, LINK, ctx.who.id, at=ctx.now)
    return Screen(
        _("Link another account"),
        (
            _(
                "On your other account with Parley, choose “Link another account”, then “Enter a code”, and send this"
                " one. It works once, for fifteen minutes:"
            ),
            Code(code),
            _("Give it to nobody: whoever sends it asks to be you. You will be asked to confirm."),
        ),
        buttons=(
            *ctx.elsewhere(f"{LINKS}{code}"),
            button(_("Enter a code"), "people.enter"),
            button(_("Home"), "home.show"),
        ),
    )


@people.form("enter", _("Enter a code"), allow=allow.everyone)
class Enter(Form):
    code: str = ask.line(_("Which code did your other account show you?"), max=60)

    def submit(self, ctx: Context) -> Screen:
        return redeem(ctx, self.code)


def redeem(ctx: Context, words: str) -> Screen:
    """Use a code up and ask the person of the older account; exactly one of several tries at once gets so far."""
    code = words.strip().removeprefix("/link").strip()
    used = Pass.redeem(ctx.session, LINK, code, by=ctx.who.id, at=ctx.now)
    pair = _pair(ctx, used) if used is not None else None
    if used is None or pair is None:
        raise Refusal(WRONG)
    newer, older = pair
    card = _question(ctx, used, newer)
    if older.id == ctx.who.id:
        return card
    ctx.notify(older, card, once=f"link:{used.id}", urgent=True)
    return Screen(
        _("Almost there."),
        (_("I have sent a question to the account you had first. Say yes there within fifteen minutes."),),
    )


@people.command("join", _("Yes, this is me"), allow=allow.members)
def join(ctx: Context, link: int = 0) -> Screen:
    """The person of the older account says that the other account is theirs too: the two become one."""
    newer, older = _settle(ctx, link)
    roles = ctx.session.scalars(select(Role).where(Role.person_id == newer.id, Role.in_force(ctx.now))).all()
    if older.registered_at is not None:
        ctx.session.execute(delete(Draft).where(Draft.person_id == newer.id, Draft.form == REGISTER))
    personal.join(ctx.session, newer, older, at=ctx.now)
    if roles:
        _tell_administrators(ctx, older)
    return Screen(
        _("Your accounts are linked."),
        (_("Whatever you begin on one you can go on with on another. News reaches you where you were last."),),
        facts=tuple(Fact(_("Account"), Code(name)) for name in accounts(ctx, older.id)),
        buttons=(button(_("Home"), "home.show"),),
    )


@people.command("keep_apart", _("No, this is not me"), allow=allow.members)
def keep_apart(ctx: Context, link: int = 0) -> Screen:
    """The person of the older account says no: nothing changes."""
    newer, _older = _settle(ctx, link)
    ctx.notify(newer, Screen(_("The accounts were not linked.")), once=f"link:{link}:refused", urgent=True)
    return Screen(
        _("Nothing was linked."),
        (_("If you did not ask for it, somebody had a code of yours. It is of no use any more."),),
        buttons=(button(_("Home"), "home.show"),),
    )


@people.command("signin", _("Open my page"), allow=allow.members, menu=80)
def sign_in(ctx: Context) -> Screen:
    """A one-time link to Parley's own page."""
    address = ctx.page(f"in/{Pass.issue(ctx.session, SIGN_IN, ctx.who.id, at=ctx.now)}")
    label = _("Open my page")
    return Screen(
        label,
        (
            _("This link signs you in once, within fifteen minutes. Give it to nobody."),
            Link(address, label),
        ),
        buttons=(Button(label, url=address),),
    )


def accounts(ctx: Context, person_id: int) -> list[str]:
    """The accounts of a person as the command line names them."""
    mine = select(Account).where(Account.person_id == person_id).order_by(Account.id)
    return [f"{each.platform}:{each.external_id}" for each in ctx.session.scalars(mine)]


def _pair(ctx: Context, used: Pass) -> tuple[Person, Person] | None:
    """(newer, older) of a redeemed link. Whoever is registered counts as older than a stranger."""
    made, asks = _living(ctx, used.person_id), _living(ctx, used.other_id)
    if made is None or asks is None or made.id == asks.id:
        return None
    older, newer = sorted((made, asks), key=lambda each: (each.registered_at is None, each.met_at, each.id))
    return newer, older


def _living(ctx: Context, person_id: int | None) -> Person | None:
    person = ctx.session.get(Person, person_id) if person_id is not None else None
    while person is not None and person.merged_into_id is not None:
        person = ctx.session.get(Person, person.merged_into_id)
    return person if person is not None and person.erased_at is None else None


def _settle(ctx: Context, link: int) -> tuple[Person, Person]:
    """The pair of a link that the asker, as its older person, answers now, in time and for the first time."""
    settled = Pass.settle(ctx.session, link, by=ctx.who.id, at=ctx.now)
    pair = _pair(ctx, settled) if settled is not None and settled.purpose == LINK else None
    if pair is None or pair[1].id != ctx.who.id:
        raise Refusal(_("This question is no longer open. Ask for a new code if you still want to link accounts."))
    return pair


def _question(ctx: Context, used: Pass, newer: Person) -> Screen:
    name: Phrase | None = _("It calls itself {name}.", name=newer.name) if newer.name else None
    return Screen(
        _("Is this account yours too?"),
        (
            *((name,) if name else ()),
            _("If you say yes, it can do everything you can, and the two stay together."),
        ),
        facts=tuple(Fact(_("Account"), Code(each)) for each in accounts(ctx, newer.id)),
        buttons=(
            button(_("Yes, this is me"), "people.join", style=Style.PRIMARY, link=used.id),
            button(_("No, this is not me"), "people.keep_apart", style=Style.DANGER, link=used.id),
        ),
    )


def _tell_administrators(ctx: Context, person: Person) -> None:
    """Roles went over to another account: those who give roles know."""
    news = Screen(
        _("{name} has linked two accounts; the roles of one are now the roles of both.", name=person.name),
        buttons=(button(_("Roles"), "people.roles"),),
    )
    told = holders(ctx.who.administration_id, RoleName.ADMINISTRATOR, at=ctx.now)
    for administrator in ctx.session.scalars(select(Person.id).where(told, Person.id != person.id)):
        ctx.notify(administrator, news, once=f"linked:{person.id}:{ctx.now:%Y-%m-%dT%H:%M}")
