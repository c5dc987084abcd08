"""Putting a text in: pasted, or as a Word, Markdown or plain file, which is read once it is here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from bot.kit.clean import clean
from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Button, Fact, Refusal, Screen, Style, button
from bot.kit.text import LANGUAGES, Code, Phrase, Raw, Text, When, _, ngettext, phrase_of
from db.consultations import Change, Clause, ClauseLink, Consultation, Phase, TextDraft, carrying
from db.consultations.clauses import Fault, Passage, Unreadable, read
from db.files import File, FileState, stored
from db.people import Person
from handlers.languages import languages

from .. import cards
from ..room import consultations, owners

PASTED = 60_000
TRIES, AGAIN = 40, timedelta(seconds=15)
FAULTS = {
    Fault.EMPTY: _("There are no words in it."),
    Fault.TOO_LONG: _("That is too long: Parley reads texts of up to some 150 pages."),
    Fault.TOO_MANY: _("It has more clauses than can be consulted on at once. Please split it into several texts."),
    Fault.NO_DOCUMENT: _("Parley cannot read this file. Please send a Word (.docx), Markdown (.md) or text file."),
}
NOT_NOW = (Phase.PROPOSED, Phase.DECLINED, Phase.OUTCOME, Phase.WITHDRAWN)


def must_be_open_to_drafts(consultation: Consultation) -> None:
    """Raises Refusal where its text does not change any more, or not yet."""
    if consultation.phase in NOT_NOW:
        raise Refusal(_("That cannot be done now. Its state is: {state}.", state=consultation.phase))


def to_the_text(consultation: Consultation, style: Style = Style.PLAIN) -> Button:
    return button(_("The text"), "consultations.drafts", style=style, consultation=consultation.id)


@consultations.command("drafts", _("The text"), allow=owners)
def drafts(ctx: Context, consultation: Consultation) -> Screen:
    """What lies open, what is being prepared, and what is still to be done about it."""
    return work(ctx, consultation)


def work(ctx: Context, consultation: Consultation, lead: Phrase | None = None, *said: Text) -> Screen:
    """The text as its owners see it."""
    draft, published = carrying.prepared(ctx.session, consultation), carrying.lies_open(ctx.session, consultation)
    body: list[Text] = [cards.title(consultation), *said]
    facts: tuple[Fact, ...] = ()
    if published is not None and published.published_at is not None:
        when = When(published.published_at)
        is_ahead = consultation.phase is Phase.PREPARED
        body.append(
            _("Draft {number} is published: it lies open when the consultation opens.", number=published.number)
            if is_ahead
            else _("Draft {number} lies open since {when}.", number=published.number, when=when)
        )
    buttons: tuple[Button, ...] = ()
    if draft is not None:
        clauses = carrying.clauses_of(ctx.session, draft)
        body.append(_extent(draft, clauses))
        left = len(carrying.unsure(ctx.session, draft))
        facts = (
            Fact(_("Language"), Raw(LANGUAGES.get(draft.language, draft.language), draft.language)),
            *(_counted(ctx, draft) if published is not None else ()),
        )
        buttons = _going_on(consultation, draft, left, has_earlier=published is not None)
        if left:
            body.append(
                ngettext(
                    "Of {count} clause it is not sure where it goes on: please check before you publish.",
                    "Of {count} clauses it is not sure where they go on: please check before you publish.",
                    left,
                )
            )
    elif consultation.phase not in NOT_NOW:
        body.append(_("No further draft is being prepared.") if published else _("There is no text yet."))
        buttons = (
            button(_("Send a file"), "consultations.load", style=Style.PRIMARY, consultation=consultation.id),
            button(_("Paste a text"), "consultations.paste", consultation=consultation.id),
        )
    if consultation.draft_number > 1:
        buttons += (button(_("Without a clause"), "consultations.orphans", consultation=consultation.id),)
    if consultation.draft_number > 1:
        buttons += (button(_("What changed"), "consultations.changes", consultation=consultation.id),)
    return Screen(lead or _("The text"), tuple(body), facts, buttons=(*buttons, cards.back(consultation)))


def _extent(draft: TextDraft, clauses: Sequence[Clause]) -> Phrase:
    if not clauses:
        return _("Draft {number} is being prepared. It has no clause yet.", number=draft.number)
    return ngettext(
        "Draft {number} is being prepared: {count} clause, {first}.",
        "Draft {number} is being prepared: {count} clauses, from {first} to {last}.",
        len(clauses),
        number=draft.number,
        first=Code(clauses[0].number),
        last=Code(clauses[-1].number),
    )


def _counted(ctx: Context, draft: TextDraft) -> tuple[Fact, ...]:
    """How many clauses changed in which way."""
    its = select(ClauseLink.change, func.count()).where(ClauseLink.draft_id == draft.id)
    counted = {change: count for change, count in ctx.session.execute(its.group_by(ClauseLink.change))}  # noqa: C416  rows
    return tuple(Fact(phrase_of(each), counted[each]) for each in Change if each in counted)


def _going_on(consultation: Consultation, draft: TextDraft, left: int, *, has_earlier: bool) -> tuple[Button, ...]:
    its = {"consultation": consultation.id}
    first = (
        Button(_("Check what is not sure"), "consultations.check", its, Style.PRIMARY)
        if left
        else Button(_("Publish it"), "consultations.publish", its, Style.PRIMARY)
    )
    compare = (Button(_("Compare with the one before"), "consultations.changes", its | {"number": draft.number}),)
    return (
        first,
        Button(_("Look through it"), "consultations.draft", its),
        *(compare if has_earlier else ()),
        Button(_("Paste more"), "consultations.paste_more", its),
        Button(_("Paste it anew"), "consultations.paste", its),
        Button(_("Send another file"), "consultations.load", its),
        Button(_("In another language"), "consultations.in_language", its),
        Button(_("Discard it"), "consultations.discard", its),
    )


# Putting it in


def _opens(bound: Mapping[str, Any]) -> None:
    must_be_open_to_drafts(bound["consultation"])


@consultations.form("paste", _("Paste a text"), allow=owners)
class Paste(Form):
    """A text of one message; it is read into clauses by its numbers, headings or paragraphs."""

    review = False
    consultation: Consultation = ask.about()
    words: str = ask.prose(
        _("Please paste the text."),
        max=PASTED,
        hint=_(
            "Its numbers become clauses. What does not fit into one message can be pasted after it, or sent as a file."
        ),
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _opens(bound)

    def submit(self, ctx: Context) -> Screen:
        enter(ctx, self.consultation, _read(self.words), by=ctx.who.id)
        return work(ctx, self.consultation, _("Read. Please look through it before anybody else does."))


@consultations.form("paste_more", _("Paste more"), allow=owners)
class PasteMore(Form):
    """What comes behind the text that was pasted."""

    review = False
    consultation: Consultation = ask.about()
    words: str = ask.prose(_("Please paste what comes next."), max=PASTED, hint=_("It begins with a clause."))

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _opens(bound)

    def submit(self, ctx: Context) -> Screen:
        enter(ctx, self.consultation, _read(self.words), by=ctx.who.id, after=True)
        return work(ctx, self.consultation, _("Added. Please look through it before anybody else does."))


def _read(words: str) -> tuple[Passage, ...]:
    try:
        return read(words)
    except Unreadable as error:
        raise Refusal(FAULTS[error.fault], field="words") from None


def enter(
    ctx: Context, consultation: Consultation, passages: Sequence[Passage], *, by: int, after: bool = False
) -> TextDraft:
    """Let these be the clauses of the draft that is being prepared; it is begun where there is none."""
    # Two owners may do this at once: the second waits, and replaces or goes on with what the first has put in.
    consultation = ctx.session.get_one(Consultation, consultation.id, populate_existing=True, with_for_update=True)
    must_be_open_to_drafts(consultation)
    draft = carrying.prepared(ctx.session, consultation)
    if draft is None:
        draft = TextDraft(
            administration_id=consultation.administration_id,
            consultation_id=consultation.id,
            number=consultation.draft_number + 1,
            language=_language(ctx, consultation, by),
            by_id=by,
            made_at=ctx.now,
        )
        ctx.session.add(draft)
        ctx.session.flush()
    draft.by_id, draft.made_at = by, ctx.now
    try:
        carrying.put_in(ctx.session, draft, passages, after=after)
    except ValueError:
        raise Refusal(
            _("A clause of that number is there already: what comes next has to go on counting."), field="words"
        ) from None
    return draft


def _language(ctx: Context, consultation: Consultation, by: int) -> str:
    """A next draft is in the language of the one before; the first in that of whoever puts it in, which need not be
    what the consultation was proposed in."""
    before = carrying.lies_open(ctx.session, consultation)
    return before.language if before is not None else ctx.session.get_one(Person, by).language


@consultations.form("in_language", _("In another language"), allow=owners)
class InLanguage(Form):
    """The text that is being prepared is not in the language Parley takes it for."""

    review = False
    consultation: Consultation = ask.about()
    language: str = ask.choice(_("In which language is it?"), options=languages)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        if carrying.prepared(ctx.session, bound["consultation"]) is None:
            raise Refusal(_("No further draft is being prepared."), buttons=(to_the_text(bound["consultation"]),))

    def submit(self, ctx: Context) -> Screen:
        draft = carrying.prepared(ctx.session, self.consultation)
        if draft is not None:
            draft.language = self.language
            ctx.session.flush()
        return work(ctx, self.consultation, _("Changed."))


@consultations.form("load", _("Send a file"), allow=owners)
class Load(Form):
    """A Word, Markdown or text file. Whoever sends it hears what came of it."""

    review = False
    consultation: Consultation = ask.about()
    files: tuple[int, ...] = ask.files(
        _("Which file? Word (.docx), Markdown (.md) or plain text; its numbers become clauses."), most=1
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        _opens(bound)

    def submit(self, ctx: Context) -> Screen:
        if not self.files:
            raise Refusal(_("Please send a photo or a document."), field="files")
        file = ctx.session.get_one(File, self.files[0])
        its = {"file": file.id, "consultation": self.consultation.id, "tries": 0}
        ctx.later(ctx.now, "consultations.take_text", key=f"{self.consultation.ref}:text:{file.id}:0", **its)
        return Screen(
            _("The file is being read."),
            (_("You hear in a moment which clauses it has."),),
            buttons=(to_the_text(self.consultation), cards.back(self.consultation)),
        )


@consultations.job("take_text")
def take_text(ctx: Context, file: File, consultation: Consultation, tries: int) -> None:
    """Once the file is here."""
    found = stored(ctx.session, file.id)
    if found is None and file.state is FileState.WAITING and tries < TRIES:
        key = f"{consultation.ref}:text:{file.id}:{tries + 1}"
        its = {"file": file.id, "consultation": consultation.id, "tries": tries + 1}
        ctx.later(ctx.now + AGAIN, "consultations.take_text", key=key, **its)
        return
    told = _taken(ctx, consultation, file, found[1] if found is not None else b"")
    ctx.notify(file.person_id, told, once=f"{consultation.ref}:text:{file.id}", urgent=True)


def _taken(ctx: Context, consultation: Consultation, file: File, data: bytes) -> Screen:
    from db.consultations.clauses import files  # noqa: PLC0415  some 20 MB that no other turn needs

    try:
        enter(ctx, consultation, read(clean(files.text_of(file.name, data))), by=file.person_id)
    except Unreadable as error:
        why: Phrase = FAULTS[error.fault]
    except Refusal as error:
        why = error.phrase
    else:
        return work(ctx, consultation, _("Read. Please look through it before anybody else does."))
    again = button(_("Send another file"), "consultations.load", style=Style.PRIMARY, consultation=consultation.id)
    return Screen(
        _("The text was not taken."),
        (cards.title(consultation), why),
        buttons=(again, to_the_text(consultation), cards.back(consultation)),
    )


@consultations.command(
    "discard",
    _("Discard the draft"),
    allow=owners,
    confirm=_("All of the draft that is being prepared goes. What lies open stays. Discard it?"),
)
def discard(ctx: Context, consultation: Consultation) -> Screen:
    draft = carrying.prepared(ctx.session, consultation)
    if draft is not None:
        carrying.clear(ctx.session, draft)
        ctx.session.delete(draft)
        ctx.session.flush()
    return work(ctx, consultation, _("Discarded."))
