"""An agency's part as it is shown: to the agency with nothing else of the case, to the desk with the agency's name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.screen import Attachment, Button, Fact, Quote, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, Text, When, _
from db.agencies import PART_ENTRY, Part, PartEntry, PartState, PartVoice, disclosed, name_of
from db.files import File, FileState
from db.issues import Entry, Issue, Voice
from db.people import Organisation
from handlers.people.naming import called

SHOWN = 6  # of a part's thread on its card; the rest is one button away

# Officers speak for Customs: an agency is not given their names.
SAID_TO_AGENCY = {
    PartVoice.QUESTION: _("Customs asked you on {when}"),
    PartVoice.REPLY: _("Customs replied to you on {when}"),
    PartVoice.ANSWER: _("{name} answered on {when}"),
    PartVoice.CANNOT: _("{name} said on {when} that you cannot answer"),
    PartVoice.QUERY: _("{name} asked Customs on {when}"),
    PartVoice.LATER: _("{name} asked for more time on {when}"),
}
SAID_AT_DESK = {
    PartVoice.QUESTION: _("{name} asked on {when}"),
    PartVoice.REPLY: _("{name} replied on {when}"),
    PartVoice.ANSWER: _("{name} answered on {when}"),
    PartVoice.CANNOT: _("{name} said on {when} that the agency cannot answer"),
    PartVoice.QUERY: _("{name} asked back on {when}"),
    PartVoice.LATER: _("{name} asked for more time on {when}"),
}


def card(ctx: Context, part: Part, lead: Phrase | None = None) -> Screen:
    """For whoever asks: the agency itself, or the desk."""
    return agency_card(ctx, part, lead) if ctx.who.agency_id == part.agency_id else desk_card(ctx, part, lead)


def agency_card(ctx: Context, part: Part, lead: Phrase | None = None, *, new: Sequence[PartEntry] = ()) -> Screen:
    """Its question, its own words, and who raised the case only where they let it."""
    ref = Code(Issue.ref_of(part.issue_id))
    raised, wrote = _raised(ctx, part)
    return Screen(
        lead or _("What Customs asks your agency in {ref}", ref=ref),
        (*wrote, *quotes(ctx, latest(ctx, part), SAID_TO_AGENCY)),
        (Fact(_("Case"), ref), Fact(_("State"), part.state), *until(part), *raised),
        files=attachments(ctx, new),
        buttons=agency_buttons(part),
    )


def desk_card(ctx: Context, part: Part, lead: Phrase | None = None, *, new: Sequence[PartEntry] = ()) -> Screen:
    name = name_of(ctx.session, part.agency_id)
    return Screen(
        lead or _("The part of {agency}", agency=name),
        quotes(ctx, latest(ctx, part), SAID_AT_DESK),
        (
            Fact(_("Case"), Code(Issue.ref_of(part.issue_id))),
            Fact(_("Agency"), name),
            Fact(_("State"), part.state),
            *until(part),
        ),
        files=attachments(ctx, new),
        buttons=desk_buttons(part),
    )


def until(part: Part) -> tuple[Fact, ...]:
    return (Fact(_("Answer by"), When(part.respond_by)),) if part.is_awaited else ()


def agency_buttons(part: Part) -> tuple[Button, ...]:
    if part.state is PartState.CALLED_OFF:
        return (to_parts(),)
    answer = _("Answer") if part.is_awaited else _("Correct the answer")
    waits = (does(part, _("We need more time"), "later"),) if part.is_awaited else ()
    return (
        does(part, answer, "answer", Style.PRIMARY if part.is_awaited else Style.PLAIN),
        *((does(part, _("We cannot answer"), "cannot"),) if part.state is not PartState.CANNOT else ()),
        does(part, _("Ask Customs something"), "query"),
        *waits,
        does(part, _("All that was said"), "thread"),
        to_parts(),
    )


def desk_buttons(part: Part) -> tuple[Button, ...]:
    waits = does(part, _("Give more time"), "more_time"), does(part, _("Not needed any longer"), "call_off")
    return (
        does(part, _("Reply to the agency"), "reply"),
        *(waits if part.is_awaited else (does(part, _("Ask again"), "again"),)),
        does(part, _("Ask another agency the same"), "also"),
        does(part, _("All that was said"), "thread"),
        button(_("Back"), "agencies.case", issue=part.issue_id),
    )


def does(part: Part, label: Phrase, verb: str, style: Style = Style.PLAIN) -> Button:
    return Button(label, f"agencies.{verb}", {"part": part.id}, style)


def to_parts() -> Button:
    return button(_("Questions to my agency"), "agencies.parts")


def line(part: Part) -> Phrase:
    """A part in one line of an agency's list."""
    if part.is_awaited:
        return _("{state} · by {when}", state=part.state, when=When(part.respond_by))
    return _("{state}", state=part.state)


def latest(ctx: Context, part: Part) -> Sequence[PartEntry]:
    """The latest of its thread, in order."""
    its = select(PartEntry).where(PartEntry.part_id == part.id).order_by(PartEntry.id.desc()).limit(SHOWN)
    return sorted(ctx.session.scalars(its), key=lambda each: each.id)


def attachments(ctx: Context, entries: Sequence[PartEntry]) -> tuple[Attachment, ...]:
    """What hangs on these entries and was not refused."""
    mine = File.owner == PART_ENTRY, File.owner_id.in_([each.id for each in entries]), File.state != FileState.REFUSED
    found = ctx.session.scalars(select(File).where(*mine).order_by(File.id)) if entries else ()
    return tuple(Attachment(each.id, each.name, each.media_type) for each in found)


def question(ctx: Context, part: Part) -> PartEntry:
    """What it was asked last."""
    asked = PartEntry.part_id == part.id, PartEntry.voice == PartVoice.QUESTION
    return ctx.session.scalars(select(PartEntry).where(*asked).order_by(PartEntry.id.desc()).limit(1)).one()


def quotes(ctx: Context, entries: Sequence[PartEntry], labels: dict[PartVoice, Phrase]) -> tuple[Quote, ...]:
    """Each in its own words. A name that a label does not say is not handed on either."""
    named = {each.author_id for each in entries if "{name}" in labels[each.voice].source}
    names: dict[int, Text] = called(ctx.session, named) if named else {}

    def by(entry: PartEntry) -> Phrase:
        label = labels[entry.voice]
        name = {"name": names[entry.author_id]} if "{name}" in label.source else {}
        return replace(label, args={"when": When(entry.at)} | name)

    return tuple(Quote(Raw(each.words, each.language), by(each)) for each in entries)


def _raised(ctx: Context, part: Part) -> tuple[tuple[Fact, ...], tuple[Quote, ...]]:
    """Who raised the case and what they wrote first, where they let agencies know it."""
    person_id = disclosed(ctx.session, part.issue_id)
    if person_id is None:
        return (), ()
    name = called(ctx.session, {person_id})[person_id]
    issue = ctx.session.get_one(Issue, part.issue_id)
    organisation = ctx.session.get(Organisation, issue.organisation_id) if issue.organisation_id else None
    who = _("{name}, {organisation}", name=name, organisation=organisation.name) if organisation else name
    first = Entry.issue_id == issue.id, Entry.author_id == person_id, Entry.voice == Voice.RAISED
    wrote = ctx.session.scalars(select(Entry).where(*first).order_by(Entry.id).limit(1)).first()
    words = (Quote(Raw(wrote.words, wrote.language), label=_("What was raised")),) if wrote else ()
    return (Fact(_("Raised by"), who),), words
