"""Of little use: somebody says so in one tap, and a person of the administration gets in touch with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Fact, NotFound, Quote, Refusal, Row, Screen, Style, button
from bot.kit.text import Code, Raw, When, _, ngettext
from db.conclusions import Conclusion, FollowUp
from db.consultations import Consultation
from db.people import Person, RoleName
from handlers import centres
from handlers.consultations import cards
from handlers.consultations.room import runs
from handlers.paging import PAGE, turn_pages
from handlers.people.naming import SOMEBODY, called

from . import hearing
from .room import conclusions, consultation_of


@conclusions.command("not_useful", _("Of little use"), allow=allow.members, reads=allow.members, by_link=True)
def not_useful(ctx: Context, conclusion: Conclusion) -> Screen:
    """It is not: whoever runs the consultation has it on their list until somebody has been in touch."""
    if not hearing.heard(ctx, conclusion, is_useful=False):
        return hearing.again(ctx, conclusion, None)
    consultation = consultation_of(ctx, conclusion)
    item = _item(ctx, conclusion)
    if item is None:
        item = FollowUp(
            administration_id=conclusion.administration_id,
            conclusion_id=conclusion.id,
            person_id=ctx.who.id,
            asked_at=ctx.now,
        )
        ctx.session.add(item)
        ctx.session.flush()
        for person_id in _runners(ctx, consultation):
            ctx.notify(person_id, card(ctx, consultation, item), once=f"{consultation.ref}:follow_up:{item.id}")
    screen = hearing.again(
        ctx, conclusion, _("Thank you for saying so. Somebody at Customs has been asked to get in touch with you.")
    )
    more = button(_("Say what is missing"), "conclusions.missing", conclusion=conclusion.id)
    return screen.with_buttons(*((more,) if item.words is None else ()))


def _item(ctx: Context, conclusion: Conclusion) -> FollowUp | None:
    mine = FollowUp.conclusion_id == conclusion.id, FollowUp.person_id == ctx.who.id
    return ctx.session.scalar(select(FollowUp).where(*mine))


@conclusions.form("missing", _("Say what is missing"), allow=allow.members)
class Missing(Form):
    """What somebody wanted to know and was not told. Whoever gets in touch reads it."""

    review = False
    conclusion: Conclusion = ask.about()
    words: str = ask.prose(_("What is missing?"), max=1500)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        if _item(ctx, bound["conclusion"]) is None:
            raise Refusal(_("Say first that it is of little use to you."))

    def submit(self, ctx: Context) -> Screen:
        item = _item(ctx, self.conclusion)
        if item is None:
            raise NotFound()
        item.words, item.language = self.words, ctx.who.language
        ctx.session.flush()
        consultation = consultation_of(ctx, self.conclusion)
        for person_id in _runners(ctx, consultation):
            once = f"{consultation.ref}:follow_up:{item.id}:words"
            ctx.notify(person_id, card(ctx, consultation, item), once=once)
        return hearing.again(ctx, self.conclusion, _("Noted. Whoever gets in touch with you has read it."))


def _runners(ctx: Context, consultation: Consultation) -> Sequence[int]:
    """Its owner at Customs, or the leads of its desk where they are gone, or who oversees the desks."""
    owner = select(Person.id).where(Person.id == consultation.owner_id, Person.erased_at.is_(None))
    found = ctx.session.scalars(owner).all()
    if not found and consultation.centre_id is not None:
        found = centres.desk(ctx.session, consultation.centre_id, RoleName.LEAD, at=ctx.now)
    return found or centres.overseers(ctx.session, consultation.administration_id, at=ctx.now)


def card(ctx: Context, consultation: Consultation, item: FollowUp) -> Screen:
    """Somebody waits to be got in touch with."""
    name = called(ctx.session, [item.person_id]).get(item.person_id, SOMEBODY)
    done = button(_("I have been in touch"), "conclusions.followed_up", style=Style.PRIMARY, follow_up=item.id)
    return Screen(
        _("Somebody says that an outcome is of little use to them. Please get in touch."),
        (
            cards.title(consultation),
            *((Quote(Raw(item.words, item.language), label=_("What is missing")),) if item.words else ()),
        ),
        (
            Fact(_("Reference"), Code(consultation.ref)),
            Fact(_("Who"), name),
            Fact(_("Since"), When(item.asked_at)),
            *((Fact(_("Got in touch with"), When(item.done_at)),) if item.done_at is not None else ()),
        ),
        buttons=(
            *((done,) if item.done_at is None else ()),
            button(_("Follow up"), "conclusions.follow_ups", consultation=consultation.id),
        ),
    )


@conclusions.command("follow_ups", _("Follow up"), allow=runs, reads=runs)
def follow_ups(ctx: Context, consultation: Consultation, page: int = 0) -> Screen:
    """Who finds the outcome of little use, those first with whom nobody has been in touch."""
    its = (
        select(FollowUp)
        .join(Conclusion, Conclusion.id == FollowUp.conclusion_id)
        .where(Conclusion.consultation_id == consultation.id, FollowUp.visible_to(ctx.who))
    )
    total = ctx.session.scalar(select(func.count()).select_from(its.subquery())) or 0
    order = FollowUp.done_at.is_not(None), FollowUp.id
    found = ctx.session.scalars(its.order_by(*order).offset(page * PAGE).limit(PAGE)).all()
    names = called(ctx.session, [each.person_id for each in found])
    count = ngettext("{count} person says so.", "{count} people say so.", total)
    return Screen(
        _("Of little use"),
        (cards.title(consultation), count if total else _("Nobody says that the outcome is of little use to them.")),
        rows=tuple(
            Row(
                names.get(each.person_id, SOMEBODY),
                _("got in touch with on {when}", when=When(each.done_at, day_only=True))
                if each.done_at is not None
                else _("waits since {when}", when=When(each.asked_at, day_only=True)),
                (button(_("Open"), "conclusions.follow_up", follow_up=each.id),),
            )
            for each in found
        ),
        buttons=(
            *turn_pages("conclusions.follow_ups", page, total, consultation=consultation.id),
            cards.back(consultation),
        ),
    )


@conclusions.command("follow_up", _("Open"), allow=runs, reads=runs)
def follow_up_(ctx: Context, follow_up: FollowUp) -> Screen:
    """One of them."""
    return card(ctx, _run(ctx, follow_up), follow_up)


@conclusions.command("followed_up", _("I have been in touch"), allow=runs, reads=runs)
def followed_up(ctx: Context, follow_up: FollowUp) -> Screen:
    """Somebody has been in touch with them."""
    consultation = _run(ctx, follow_up)
    follow_up.done(ctx.who.id, at=ctx.now)
    return card(ctx, consultation, follow_up)


def _run(ctx: Context, item: FollowUp) -> Consultation:
    """The consultation it is about, for whoever runs that: to say it oneself, one sees one's own too."""
    consultation = consultation_of(ctx, ctx.session.get_one(Conclusion, item.conclusion_id))
    if not consultation.is_run_by(ctx.who):
        raise NotFound()
    return consultation
