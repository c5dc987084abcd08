"""What a broadcast says, in its languages, and the screen of the copies that carry it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit.context import Context
from bot.kit.events import Answer
from bot.kit.screen import Attachment, Button, Fact, Refusal, Screen, Style, button, to_json
from bot.kit.text import LANGUAGES, Code, Named, Phrase, Raw, Text, _, phrase_of
from db.broadcasts import ATTACHED, Asks, Broadcast, BroadcastEdition, BroadcastText, EditionKind, Reply, Standing
from db.files import File, FileState
from db.people import WCO_REGIONS, Administration, Scope

# What `broadcasts.reply` is given until a copy has a number of its own.
NO_COPY = 0
KEEP = _("Keep the draft")  # whoever writes to many presses no “Send” before somebody else has approved it


def texts_of(session: Session, broadcast: Broadcast, *, edition: int | None = None) -> Mapping[str, BroadcastText]:
    """Its texts by language, its own first."""
    its = BroadcastText.broadcast_id == broadcast.id, BroadcastText.edition == (edition or broadcast.edition)
    found = session.scalars(select(BroadcastText).where(*its).order_by(BroadcastText.id)).all()
    in_order = sorted(found, key=lambda each: each.language != broadcast.language)
    return {each.language: each for each in in_order}


def put(session: Session, broadcast: Broadcast, language: str, *, title: str, words: str) -> BroadcastText:
    """Say it in that language, in the edition that holds."""
    text = texts_of(session, broadcast).get(language)
    if text is None:
        text = BroadcastText(broadcast_id=broadcast.id, edition=broadcast.edition, language=language)
        session.add(text)
    text.title, text.words, text.screen = title, words, None
    session.flush()
    return text


def must_be_draft(broadcast: Broadcast) -> None:
    """Raises Refusal for what has been submitted: whoever approves it approves what it says."""
    if broadcast.standing is not Standing.DRAFT:
        raise Refusal(_("It is not a draft any longer. Its standing is: {standing}.", standing=broadcast.standing))


def language_name(code: str) -> Raw:
    return Raw(LANGUAGES.get(code, code), code)


# What goes along


def files_of(session: Session, broadcast: Broadcast) -> tuple[Attachment, ...]:
    """What is attached and was not refused."""
    its = File.owner == ATTACHED, File.owner_id == broadcast.id, File.state != FileState.REFUSED
    found = session.scalars(select(File).where(*its).order_by(File.id))
    return tuple(Attachment(each.id, each.name, each.media_type) for each in found)


# The copies


def copy_screen(session: Session, broadcast: Broadcast, text: BroadcastText) -> Screen:
    """What a recipient is shown. In its buttons `broadcasts.reply`, `NO_COPY` stands for the copy's number."""
    lead: tuple[Text, ...] = ()
    edition = session.scalar(
        select(BroadcastEdition).where(
            BroadcastEdition.broadcast_id == broadcast.id, BroadcastEdition.number == text.edition
        )
    )
    if edition is not None and edition.kind is EditionKind.CORRECTION:
        lead = (_("This is corrected: it takes the place of what you had before."),)
        lead += (Raw(edition.why, broadcast.language),) if edition.why else ()
    if edition is not None and edition.kind is EditionKind.WITHDRAWAL:
        lead = (_("This is withdrawn: what you had before does not hold."),)
    return Screen(
        Raw(text.title, text.language),
        (*lead, Raw(text.words, text.language)),
        facts=(Fact(_("From"), sender(session, broadcast)), Fact(_("Reference"), Code(broadcast.ref))),
        files=files_of(session, broadcast),
        buttons=replies(broadcast) if edition is None or edition.kind is not EditionKind.WITHDRAWAL else (),
    )


def sender(session: Session, broadcast: Broadcast) -> Text:
    """In whose name it goes."""
    return sends_as(session.get_one(Administration, broadcast.administration_id), broadcast.scope, broadcast.scope_id)


def sends_as(home: Administration, scope: Scope, scope_id: str) -> Text:
    """In whose name a right lets somebody write: the administration's and, of a region, the region's."""
    name = Named(home.name)
    if scope is not Scope.REGION:
        return name
    region = region_name(home, scope_id)
    return _("{office}, for {region}", office=name, region=region) if region is not None else name


def region_name(home: Administration, code: str) -> Named | None:
    """What a region is called; None for one that is none of the world's."""
    known = {str(each["code"]): each["name"] for each in home.home_regions}
    name = known.get(code) or WCO_REGIONS.get(code)
    return Named(name) if name else None


def replies(broadcast: Broadcast, copy: int = NO_COPY) -> tuple[Button, ...]:
    """What it asks for, as buttons of that copy."""

    def reply(of: Reply, label: Phrase | None = None, style: Style = Style.PLAIN) -> Button:
        said = label or phrase_of(of)
        return button(said, "broadcasts.reply", style=style, copy=copy, reply=of.value)

    match broadcast.asks:
        case Asks.ACKNOWLEDGE:
            return (reply(Reply.SEEN, _("I have seen it"), Style.PRIMARY),)
        case Asks.REGISTER:
            return (
                reply(Reply.SEEN, _("I have seen it")),
                button(_("Register"), "registrations.register", style=Style.PRIMARY, symposium=broadcast.symposium_id),
            )
        case Asks.ANSWER:
            return (reply(Reply.YES), reply(Reply.NO), reply(Reply.OTHER))
    return (button(_("Open"), "broadcasts.show", broadcast=broadcast.id),)


def freeze_screens(ctx: Context, broadcast: Broadcast) -> None:
    """Keep, with each text of the edition that holds, the screen that its copies show."""
    for text in texts_of(ctx.session, broadcast).values():
        text.screen = to_json(Answer(screen=copy_screen(ctx.session, broadcast, text)))
    ctx.session.flush()
