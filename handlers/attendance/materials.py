"""Material of a session: slides, a paper, by label. Who may read it is told where they registered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Attachment, Refusal, Row, Screen, button
from bot.kit.text import Phrase, Raw, _, phrase_of
from db.attendance import CheckIn, Material, Readers
from db.files import File
from db.people import Topic
from db.registrations import Registration, RegistrationState
from db.symposia import SymposiumSession
from handlers.paging import PAGE, turn_pages
from handlers.registrations.finding import symposium_of, title

from . import finding
from .room import attendance, members, runs

OWNER = "material"  # what its files hang on
AT_ONCE = 200  # persons told in one turn


@attendance.form("add_material", _("Add material"), allow=runs)
class AddMaterial(Form):
    """Files on a session; who may read them is told, and can open them."""

    session: SymposiumSession = ask.about()
    title: str = ask.line(_("What is it?"), max=120)
    readers: Readers = ask.choice(_("Who may read it?"))
    files: tuple[int, ...] = ask.files(_("Which documents?"))

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        finding.run(ctx, bound["session"])

    def submit(self, ctx: Context) -> Screen:
        symposium = finding.run(ctx, self.session)
        if not self.files:
            raise Refusal(_("Please send a photo or a document."), field="files")
        made = Material(
            administration_id=self.session.administration_id,
            symposium_id=symposium.id,
            session_id=self.session.id,
            title=self.title,
            language=ctx.who.language,
            readers=self.readers,
            by_id=ctx.who.id,
            at=ctx.now,
        )
        ctx.session.add(made)
        ctx.session.flush()
        hang = update(File).where(File.id.in_(self.files), File.person_id == ctx.who.id, File.owner.is_(None))
        ctx.session.execute(hang.values(owner=OWNER, owner_id=made.id))
        if self.readers is not Readers.ORGANISERS:
            tell_later(ctx, made, after=0)
        return materials_screen(ctx, self.session, _("Added. Whoever may read it is being told."))


def tell_later(ctx: Context, material: Material, *, after: int) -> None:
    # A file may still be on its way from a chat.
    key = f"material:{material.id}:tell:{after}"
    ctx.later(ctx.now + timedelta(seconds=10), "attendance.tell_material", key=key, material=material.id, after=after)


@attendance.job("tell_material")
def tell_material(ctx: Context, material: Material, after: int) -> None:
    """The next of those who may read it; then the rest in a turn of its own."""
    session = ctx.session.get_one(SymposiumSession, material.session_id)
    readers = _readers(material, after)
    people = ctx.session.scalars(readers).all()
    for person_id in people:
        if person_id != material.by_id:
            told = _told(ctx, material, session)
            ctx.notify(person_id, told, once=f"material:{material.id}", topic=Topic.EVENTS)
    if len(people) == AT_ONCE:
        tell_later(ctx, material, after=people[-1])


def _readers(material: Material, after: int) -> Any:
    if material.readers is Readers.ATTENDED:
        came = CheckIn.session_id == material.session_id, CheckIn.person_id > after
        return select(CheckIn.person_id).where(*came).order_by(CheckIn.person_id).limit(AT_ONCE)
    its = Registration.symposium_id == material.symposium_id, Registration.state == RegistrationState.REGISTERED
    here = select(Registration.person_id).where(*its, Registration.person_id > after)
    return here.order_by(Registration.person_id).limit(AT_ONCE)


def _told(ctx: Context, material: Material, session: SymposiumSession) -> Screen:
    return Screen(
        _("New material of a session"),
        (title(session), Raw(material.title, material.language)),
        buttons=(button(_("Read it"), "attendance.read_material", material=material.id),),
    )


@attendance.command("materials", _("Material"), allow=members)
def materials(ctx: Context, session: SymposiumSession, page: int = 0) -> Screen:
    """What one may read of a session."""
    return materials_screen(ctx, session, page=page)


def materials_screen(ctx: Context, session: SymposiumSession, lead: Phrase | None = None, *, page: int = 0) -> Screen:
    its = Material.session_id == session.id, Material.visible_to(ctx.who)
    found = ctx.session.scalars(select(Material).where(*its).order_by(Material.id)).all()
    runs_it = symposium_of(ctx, session).is_run_by(ctx.who)
    return Screen(
        lead or _("Material"),
        (title(session), *(() if found else (_("There is nothing for you to read yet."),))),
        rows=tuple(_row(each, runs_it) for each in found[page * PAGE : (page + 1) * PAGE]),
        buttons=(
            *turn_pages("attendance.materials", page, len(found), session=session.id),
            *((button(_("Add material"), "attendance.add_material", session=session.id),) if runs_it else ()),
            button(_("The session"), "attendance.session", session=session.id),
        ),
    )


def _row(material: Material, runs_it: bool) -> Row:
    detail = phrase_of(material.readers) if runs_it else None
    read = button(_("Read it"), "attendance.read_material", material=material.id)
    return Row(Raw(material.title, material.language), detail, (read,))


@attendance.command("read_material", _("Read it"), allow=members, reads=members)
def read_material(ctx: Context, material: Material) -> Screen:
    """Its files, sent on."""
    session = ctx.session.get_one(SymposiumSession, material.session_id)
    return Screen(
        Raw(material.title, material.language),
        (title(session),),
        files=tuple(_attached(files_of(ctx, material))),
        buttons=(button(_("Material"), "attendance.materials", session=session.id),),
    )


def files_of(ctx: Context, material: Material) -> Iterable[File]:
    its = File.owner == OWNER, File.owner_id == material.id
    return ctx.session.scalars(select(File).where(*its).order_by(File.id))


def _attached(files: Iterable[File]) -> Iterable[Attachment]:
    return (Attachment(each.id, each.name, each.media_type) for each in files)
