"""Home: what waits for a person and what they can do; and help, the same for everybody."""

from __future__ import annotations

from sqlalchemy import bindparam, func, select

from bot.kit import allow
from bot.kit.capability import Capability
from bot.kit.clean import shorten
from bot.kit.context import Context
from bot.kit.screen import Row, Screen, Style, button
from bot.kit.text import Raw, _, ngettext
from db.machinery import Draft

from . import centres, integrity
from .actions.plan import waiting as actions_waiting
from .agencies.waiting import waiting as parts_waiting
from .broadcasts.waiting import waiting as broadcasts_waiting
from .conclusions.waiting import waiting as conclusions_waiting
from .consultations.owing import owing
from .consultations.waiting import waiting as consultations_waiting
from .issues.waiting import waiting
from .people import mandates, organisations
from .people.rules import verifiers
from .positions.waiting import waiting as positions_waiting
from .protocols.waiting import waiting as promises_waiting
from .recognition.waiting import waiting as recognition_waiting
from .roundtables.waiting import waiting as meetings_waiting
from .symposia.waiting import waiting as symposia_waiting

home = Capability("home", _("Home"))

UNFINISHED = 3
PREVIEW = 80
BEGUN = (
    select(Draft)
    .where(Draft.person_id == bindparam("person"))
    .where(func.coalesce(Draft.administration_id, bindparam("home")) == bindparam("home"))
    .order_by(Draft.touched_at.desc())
    .limit(UNFINISHED)
)
PURPOSE = _("Where Customs, business and other government agencies talk, meet and keep their word to each other.")

# What a person most often comes for; the engine hides what they may not do.
DUTIES = (
    button(_("Issues at my desk"), "issues.desk", style=Style.PRIMARY),
    button(_("Questions to my agency"), "agencies.parts", style=Style.PRIMARY),
    button(_("Feedback debt"), "ledger.debt"),
    button(_("Write to many"), "broadcasts.broadcast"),
    button(_("Organisations to verify"), "people.organisations"),
    button(_("Roles"), "people.roles"),
)
TILES = (
    button(_("Raise an issue"), "issues.raise", style=Style.PRIMARY),
    button(_("My issues"), "issues.mine"),
    button(_("Shared problems"), "issues.problems"),
    button(_("Roundtables"), "roundtables.roundtables"),
    button(_("Symposia"), "symposia.symposia"),
    button(_("Consultations"), "consultations.consultations"),
    button(_("Joint action plan"), "actions.actions"),
    button(_("Broadcasts"), "broadcasts.broadcasts"),
    button(_("My organisation"), "people.organisation"),
    button(_("Preferences"), "people.preferences"),
    button(_("Help"), "home.help"),
)
WHERE = (button(_("Where I act"), "people.country"),)
# What else there is, for whoever looks for it in help.
MORE = (
    button(_("What became of it"), "issues.outcomes"),
    button(_("Find an issue"), "issues.find"),
    button(_("Centres of expertise"), "centres.centres"),
    button(_("Recognition of trusted traders"), "recognition.recognition"),
    button(_("My symposia"), "registrations.seats"),
    button(_("What I have said in consultations"), "consultations.contributions"),
    button(_("Formal positions"), "positions.positions"),
    button(_("Programmes"), "programmes.programme"),
    button(_("Communication protocol"), "protocols.protocol"),
    button(_("Check in"), "attendance.checkin"),
    button(_("Verify a proof of attendance"), "attendance.verify"),
    button(_("Archive of broadcasts"), "broadcasts.archive"),
    button(_("Stop every broadcast"), "broadcasts.stop", style=Style.DANGER),
    button(_("My region"), "regions.region"),
    button(_("Figures by country"), "regions.figures"),
    button(_("My calendar"), "calendars.calendar"),
    button(_("Where I act"), "people.country"),
    button(_("Link another account"), "people.link"),
    button(_("Open my page"), "people.signin"),
    button(_("E-mail"), "people.email"),
    button(_("Add somebody by e-mail"), "people.email_invite"),
    button(_("My data"), "people.data"),
)


@home.command("show", _("Home"), allow=allow.everyone)
def show(ctx: Context) -> Screen:
    """What waits, then what can be done."""
    if not ctx.who.is_registered:
        begin = button(_("Begin"), "people.register", style=Style.PRIMARY)
        return Screen(_("Welcome to Parley."), (PURPOSE,), buttons=(begin, button(_("Help"), "home.help")))
    rows = (
        *_unfinished(ctx),
        *waiting(ctx),
        *parts_waiting(ctx),
        *recognition_waiting(ctx),
        *meetings_waiting(ctx),
        *symposia_waiting(ctx),
        *consultations_waiting(ctx),
        *positions_waiting(ctx),
        *actions_waiting(ctx),
        *owing(ctx),
        *conclusions_waiting(ctx),
        *promises_waiting(ctx),
        *broadcasts_waiting(ctx),
        *_about_people(ctx),
    )
    return Screen(
        _("Hello, {name}.", name=ctx.who.name),
        (_("This waits for you:") if rows else _("Nothing waits for you."),),
        rows=rows,
        buttons=DUTIES + TILES + (WHERE if ctx.who.is_of_several else ()),
    )


@home.command("help", _("Help"), allow=allow.everyone, menu=90)
def help_(ctx: Context) -> Screen:
    """What Parley is and what one can do here. Who asks makes no difference to where corruption is told."""
    return Screen(
        _("What Parley is for"),
        (
            PURPOSE,
            _(
                "Say what is wrong, in your own words and language. The desk that knows about it answers, and you hear"
                " here what became of it."
            ),
            _(
                "While you answer questions, “back” asks the one before again and “cancel” ends them. What you have"
                " begun is kept, and you can go on with it on another account."
            ),
            *integrity.where(ctx),
        ),
        buttons=(*(each for each in DUTIES + TILES if each.command != "home.help"), *MORE),
    )


@home.command("safely", _("Tell about corruption safely"), allow=allow.everyone)
def safely(ctx: Context) -> Screen:
    """The answer to what looks like a disclosure. No menu leads here, so that being here says nothing about anybody."""
    return integrity.not_kept(ctx)


def _unfinished(ctx: Context) -> tuple[Row, ...]:
    """Forms begun and not sent, the latest first, each known by the person's own longest words in it."""
    rows = []
    for draft in ctx.session.scalars(BEGUN, {"person": ctx.who.id, "home": ctx.who.administration_id}):
        words = max(
            (each for each in draft.answers.values() if isinstance(each, str) and " " in each), key=len, default=""
        )
        detail = Raw(shorten(words, PREVIEW)) if words else None
        rows.append(Row(_("Begun and not sent"), detail, (button(_("Go on"), draft.form, **draft.bound),)))
    return tuple(rows)


def _about_people(ctx: Context) -> tuple[Row, ...]:
    rows = []
    if allow.administrators(ctx.who) and centres.are_missing(ctx):
        rows.append(Row(_("No centre of expertise has been set up yet."), None, (centres.SET_UP,)))
    if (mandate := mandates.unanswered(ctx)) is not None:
        card = mandates.recheck_card(ctx, mandate)
        rows.append(Row(card.heading, None, card.buttons))
    if verifiers(ctx.who) and (count := organisations.waiting_to_verify(ctx)):
        title = ngettext("{count} organisation to verify", "{count} organisations to verify", count)
        rows.append(Row(title, None, (button(_("Look"), "people.organisations"),)))
    return tuple(rows)
