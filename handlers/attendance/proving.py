"""Proof of attendance: a code that anybody can verify, without knowing anything else of anybody."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.kit.clean import clean_line
from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import QR, Fact, NotFound, Picture, Row, Screen, button
from bot.kit.text import Code, Link, Named, Raw, Text, _
from db.attendance import PROOF_LENGTH, CheckIn, Proof, new_proof_code
from db.people import Administration, Person
from db.registrations import LETTERS
from db.symposia import Symposium, SymposiumSession
from handlers.registrations.finding import name, title

from . import finding
from .room import PROOF, attendance, everyone, members

MORNING = time(8)
AT_ONCE = 200
NO_PROOF = _("There is no proof by this code.")


def read_code(words: str) -> str:
    """`ABC-DEF-GHJ-KLM` as it is kept, however it was typed; "" for what is none."""
    said = clean_line(words).strip().rstrip("/").rpartition("/")[2].translate(finding.SEPARATORS).upper()
    if len(said) != PROOF_LENGTH or not set(said) <= set(LETTERS):
        return ""
    return "-".join(said[at : at + 3] for at in range(0, PROOF_LENGTH, 3))


@attendance.job("prove")
def issue(ctx: Context, symposium: Symposium, after: int) -> None:
    """On the morning after the last day, in each person's own time, to whoever came to anything."""
    came = select(CheckIn.person_id).where(CheckIn.symposium_id == symposium.id, CheckIn.person_id > after)
    has = select(Proof.person_id).where(Proof.symposium_id == symposium.id)
    its = select(Person).where(Person.id.in_(came), Person.id.not_in(has), Person.erased_at.is_(None))
    people = ctx.session.scalars(its.order_by(Person.id).limit(AT_ONCE)).all()
    for person in people:
        due = datetime.combine(symposium.last_day + timedelta(days=1), MORNING, ZoneInfo(person.zone))
        if due <= ctx.now and finding.is_over(symposium, ctx.now):
            proof = _made(ctx, symposium, person)
            told = card(ctx, symposium, proof)
            ctx.notify(person, told, once=f"{symposium.ref}:proof")
    if len(people) == AT_ONCE:
        key = f"{symposium.ref}:prove:{ctx.now:%Y%m%d%H}:{people[-1].id}"
        ctx.later(ctx.now, "attendance.prove", key=key, symposium=symposium.id, after=people[-1].id)


def _made(ctx: Context, symposium: Symposium, person: Person) -> Proof:
    its = select(Proof).where(Proof.symposium_id == symposium.id, Proof.person_id == person.id)
    made = Proof(
        administration_id=symposium.administration_id,
        symposium_id=symposium.id,
        person_id=person.id,
        code=new_proof_code(),
        name=person.name,
        at=ctx.now,
    )
    try:
        with ctx.session.begin_nested():
            ctx.session.add(made)
    except IntegrityError:
        return ctx.session.scalars(its).one()
    return made


def card(ctx: Context, symposium: Symposium, proof: Proof) -> Screen:
    """For whoever it is about: the code, the address, and what it says."""
    address = ctx.page(f"{PROOF}/{proof.code}")
    return Screen(
        _("Your proof of attendance"),
        (
            name(symposium),
            _("Whoever you give it to can verify it there, or with /verify and the code here."),
            Link(address),
        ),
        (Fact(_("Code"), Code(proof.code)), Fact(_("Name"), Raw(proof.name))),
        rows=_attended(ctx.session, proof),
        buttons=(button(_("My proof"), "attendance.proof", symposium=symposium.id),),
        pictures=(Picture(_("The same address for a camera."), QR(address)),),
    )


@attendance.command("proof", _("My proof"), allow=members)
def proof(ctx: Context, symposium: Symposium) -> Screen:
    """One's own, of one symposium."""
    mine = Proof.symposium_id == symposium.id, Proof.person_id == ctx.who.id, Proof.visible_to(ctx.who)
    found = ctx.session.scalar(select(Proof).where(*mine))
    if found is None:
        return Screen(_("There is no proof yet."), (_("It comes on the morning after, to whoever was checked in."),))
    return card(ctx, symposium, found)


@attendance.form("verify", _("Verify a proof of attendance"), allow=everyone, menu=38)
class Verify(Form):
    """Anybody may: it says what the paper says, and nothing else."""

    words: str = ask.line(_("Which code does the proof have?"), max=120)

    def submit(self, ctx: Context) -> Screen:
        return _verified(ctx.session, self.words)


@attendance.command("proven", _("Verify a proof of attendance"), allow=everyone)
def proven(ctx: Context, words: str) -> Screen:
    """The page of a proof, for whoever is signed in."""
    return _verified(ctx.session, words)


@attendance.page(PROOF, shows="proven")
def page(session: Session, words: str, **_when: Any) -> Screen:
    """The page of a proof, for everybody."""
    return _verified(session, words)


def _verified(session: Session, words: str) -> Screen:
    """Raises `NotFound`: the same for every code that is none."""
    found = session.scalar(select(Proof).where(Proof.code == read_code(words)))
    if found is None:
        raise NotFound(NO_PROOF)
    symposium = session.get_one(Symposium, found.symposium_id)
    home = session.get_one(Administration, found.administration_id)
    return Screen(
        _("This proof of attendance is genuine."),
        (name(symposium), _days(symposium)),
        (
            Fact(_("Name"), Raw(found.name)),
            Fact(_("Given by"), Named(home.name)),
            Fact(_("Given on"), found.at.astimezone(ZoneInfo(symposium.zone)).date()),
            Fact(_("Code"), Code(found.code)),
        ),
        rows=_attended(session, found),
    )


def _days(symposium: Symposium) -> Text:
    if symposium.first_day == symposium.last_day:
        return _("{day}", day=symposium.first_day)
    return _("{first} to {last}", first=symposium.first_day, last=symposium.last_day)


def _attended(session: Session, proof: Proof) -> tuple[Row, ...]:
    """The sessions they came to, with their days."""
    zone = ZoneInfo(session.get_one(Symposium, proof.symposium_id).zone)
    its = CheckIn.symposium_id == proof.symposium_id, CheckIn.person_id == proof.person_id
    found = session.scalars(
        select(SymposiumSession)
        .join(CheckIn, CheckIn.session_id == SymposiumSession.id)
        .where(*its)
        .order_by(SymposiumSession.starts_at, SymposiumSession.id)
    )
    return tuple(
        Row(title(each), _("{day}", day=each.starts_at.astimezone(zone).date()) if each.starts_at else None)
        for each in found
    )
