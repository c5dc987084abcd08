"""Documents that come with a consultation: whoever sees it can read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, update

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Attachment, Button, NotFound, Refusal, Row, Screen, Style, button
from bot.kit.text import Phrase, Raw, _, ngettext
from db import personal
from db.consultations import DOCUMENT, Consultation
from db.files import File, FileState
from handlers.paging import PAGE, turn_pages

from . import cards
from .room import ON_CONSULTATION, consultations, members, owners

MOST = 30


def documents_of(ctx: Context, consultation: Consultation) -> Sequence[File]:
    return ctx.session.scalars(select(File).where(*_its(consultation)).order_by(File.id)).all()


def _its(consultation: Consultation) -> tuple[Any, ...]:
    return File.owner == DOCUMENT, File.owner_id == consultation.id, File.state != FileState.REFUSED


@consultations.command("documents", _("Documents"), allow=members)
def documents(ctx: Context, consultation: Consultation, page: int = 0) -> Screen:
    """What there is to read, each sent on with a tap."""
    return _listed(ctx, consultation, None, page=page)


def _listed(ctx: Context, consultation: Consultation, lead: Phrase | None, *, page: int = 0) -> Screen:
    found = documents_of(ctx, consultation)
    is_owned = consultation.is_owned_by(ctx.who)
    its: dict[str, Any] = {"consultation": consultation.id}
    rows = tuple(
        Row(
            Raw(each.name),
            _("still on its way") if each.state is FileState.WAITING else None,
            (
                button(_("Read it"), "consultations.document", **its, file=each.id),
                *((button(_("Take it out"), "consultations.document_out", **its, file=each.id),) if is_owned else ()),
            ),
        )
        for each in found[page * PAGE : (page + 1) * PAGE]
    )
    return Screen(
        lead or _("Documents"),
        (cards.title(consultation), *(() if rows else (_("There is none."),))),
        rows=rows,
        buttons=(
            *turn_pages("consultations.documents", page, len(found), **its),
            *(
                (button(_("Add documents"), "consultations.add_documents", style=Style.PRIMARY, **its),)
                if is_owned
                else ()
            ),
            cards.back(consultation),
        ),
    )


@consultations.form("add_documents", _("Add documents"), allow=owners)
class AddDocuments(Form):
    """Whoever sees the consultation can read them."""

    review = False
    consultation: Consultation = ask.about()
    files: tuple[int, ...] = ask.files(_("Which documents?"), hint=_("Whoever sees the consultation can read them."))

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        cards.must_be_under_way(bound["consultation"])

    def submit(self, ctx: Context) -> Screen:
        if not self.files:
            raise Refusal(_("Please send a photo or a document."), field="files")
        if len(documents_of(ctx, self.consultation)) + len(self.files) > MOST:
            raise Refusal(_("At most {count} documents fit here.", count=MOST), field="files")
        mine = File.id.in_(self.files), File.person_id == ctx.who.id, File.owner.is_(None)
        ctx.session.execute(update(File).where(*mine).values(owner=DOCUMENT, owner_id=self.consultation.id))
        return _listed(ctx, self.consultation, _("Added."))


@consultations.command("document", _("Read it"), allow=members)
def document(ctx: Context, consultation: Consultation, file: int) -> Screen:
    """One of them, sent on."""
    found = _one(ctx, consultation, file)
    return Screen(
        Raw(found.name),
        (cards.title(consultation),),
        files=(Attachment(found.id, found.name, found.media_type),),
        buttons=(_to_documents(consultation),),
    )


@consultations.command("document_out", _("Take it out"), allow=owners, confirm=_("Take this document out?"))
def document_out(ctx: Context, consultation: Consultation, file: int) -> Screen:
    found = _one(ctx, consultation, file)
    cards.must_be_under_way(consultation)
    personal.drop_file(ctx.session, found)
    return _listed(ctx, consultation, _("Taken out."))


def _one(ctx: Context, consultation: Consultation, file_id: int) -> File:
    found = ctx.session.scalar(select(File).where(*_its(consultation), File.id == file_id))
    if found is None:
        raise NotFound()
    return found


def _to_documents(consultation: Consultation) -> Button:
    return button(_("Documents"), "consultations.documents", consultation=consultation.id)


def _on_card(ctx: Context, consultation: Consultation) -> tuple[Button, ...]:
    """Where there are some, for whoever reads; its owners have the button in any case."""
    if consultation.is_owned_by(ctx.who):
        return ()
    count = ctx.session.scalar(select(func.count()).select_from(File).where(*_its(consultation))) or 0
    label = ngettext("{count} document", "{count} documents", count)
    return (button(label, "consultations.documents", consultation=consultation.id),) if count else ()


ON_CONSULTATION.append(_on_card)
