"""Who agrees with whom, as a picture and in figures: what all groups share, and where trade and agencies part.

Shown are sums over circles only (`scheduling.opinions.circles`): no group, side or vote of fewer than five people.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.screen import Dot, Fact, Picture, Plot, Refusal, Row, Screen, Table, button
from bot.kit.text import Code, Phrase, Text, When, _, ngettext, phrase_of
from db.consultations import Consultation
from db.statements import Side, Statement, StatementCircle, StatementMap, StatementVoter
from handlers.consultations import cards
from handlers.paging import PAGE, turn_pages
from scheduling.opinions import LEAST, Figures, Tally, parted, shared

from . import room
from .room import members, statements

SHOWN = 5  # of what is shared, and of what parts them, on one screen
NAMES = "ABCDE"


def known(ctx: Context, consultation: Consultation) -> Figures | None:
    """What may be shown at present; None while that is nothing."""
    its = StatementMap.consultation_id == consultation.id, StatementMap.visible_to(ctx.who)
    found = ctx.session.scalar(select(StatementMap).where(*its))
    return Figures.from_json(found.figures) if found is not None else None


def counted(tally: Tally | None) -> Phrase:
    """How many said what."""
    if tally is None:
        return _("Too few votes to be shown")
    return _(
        "agree {agree}, disagree {disagree}, pass {passed}",
        agree=tally.agree,
        disagree=tally.disagree,
        passed=tally.passed,
    )


@statements.command("map", _("Who agrees with whom"), allow=members)
def map_(ctx: Context, consultation: Consultation) -> Screen:
    """The picture, what all groups share, and where two sides part."""
    found = ctx.session.scalar(
        select(StatementMap).where(StatementMap.consultation_id == consultation.id, StatementMap.visible_to(ctx.who))
    )
    about = button(_("Statements"), "statements.statements", consultation=consultation.id)
    if found is None:
        raise Refusal(
            _(
                "Nothing can be shown yet: that takes {count} people of one side who have voted on enough statements.",
                count=LEAST,
            ),
            buttons=(about,),
        )
    shown = Figures.from_json(found.figures)
    texts = _texts(ctx, consultation)
    both = [each for each in shared(shown) if each[0] in texts]
    trade, agencies = (shown.sides.get(side) for side in (Side.TRADE, Side.AGENCIES))
    apart = [each for each in parted(trade, agencies) if each in texts]
    share_alike = (
        Row(room.words(texts[statement], ctx.who.language), _told(shown, statement, agrees=agrees))
        for statement, agrees in both[:SHOWN]
    )
    body: list[Text] = [
        cards.title(consultation),
        ngettext("{count} person is counted.", "{count} people are counted.", shown.people),
        _("Those who vote alike are one group. Nothing about fewer than {count} people is ever shown.", count=LEAST),
        *((_("All groups share what is listed below."),) if both and len(shown.groups) > 1 else ()),
        *((_("There is nothing yet that all groups share."),) if not both else ()),
    ]
    return Screen(
        _("Who agrees with whom"),
        tuple(body),
        (*_own(ctx, consultation, shown), Fact(_("As of"), When(found.at))),
        rows=tuple(share_alike),
        table=_parting(ctx, texts, apart[:SHOWN], shown) if apart else None,
        pictures=(picture(shown),),
        buttons=(
            button(_("All figures"), "statements.figures", consultation=consultation.id),
            about,
            cards.back(consultation),
        ),
    )


@statements.command("figures", _("All figures"), allow=members)
def figures(ctx: Context, consultation: Consultation, page: int = 0) -> Screen:
    """Every statement, with the share that agrees in each group and on each side: the picture as a table."""
    shown = known(ctx, consultation) or Figures()
    texts = _texts(ctx, consultation)
    order = sorted(texts, key=lambda each: (each not in shown.everybody, each))
    sides = [side for side in Side if side in shown.sides]
    columns = [
        *(group_name(place) for place in range(len(shown.groups))),
        *(phrase_of(side) for side in sides),
        _("Everybody"),
    ]
    heaps = [
        *(each.tallies for each in shown.groups),
        *(shown.sides[side].tallies for side in sides),
        shown.everybody,
    ]
    rows = tuple(
        (room.words(texts[each], ctx.who.language), *(_percent(heap.get(each)) for heap in heaps))
        for each in order[page * PAGE : (page + 1) * PAGE]
    )
    return Screen(
        _("All figures"),
        (
            cards.title(consultation),
            _("How many agree, of those who voted. A dash stands where too few have voted to be shown."),
        ),
        table=Table(_("Who agrees"), (_("Statement"), *columns), rows) if rows else None,
        buttons=(
            *turn_pages("statements.figures", page, len(order), consultation=consultation.id),
            button(_("Who agrees with whom"), "statements.map", consultation=consultation.id),
        ),
    )


def picture(shown: Figures) -> Picture:
    """The groups as discs, and the sides as outlines: the same people once more."""
    groups = [Dot(group_name(place), each.people, each.x, each.y, place) for place, each in enumerate(shown.groups)]
    sides = [
        Dot(phrase_of(side), shown.sides[side].people, shown.sides[side].x, shown.sides[side].y)
        for side in Side
        if side in shown.sides
    ]
    return Picture(_("The nearer two are, the more alike they vote"), Plot((*groups, *sides)))


def group_name(place: int) -> Phrase:
    return _("Group {letter}", letter=Code(NAMES[place % len(NAMES)]))


def _texts(ctx: Context, consultation: Consultation) -> dict[int, Statement]:
    """Those that stand, in their order."""
    found = ctx.session.scalars(select(Statement).where(room.standing(ctx, consultation)).order_by(Statement.id))
    return {each.id: each for each in found}


def _own(ctx: Context, consultation: Consultation, shown: Figures) -> tuple[Fact, ...]:
    """In which group whoever asks is counted; nobody else is told."""
    mine = StatementVoter.consultation_id == consultation.id, StatementVoter.visible_to(ctx.who)
    of = select(StatementCircle.number).join(StatementVoter, StatementVoter.circle_id == StatementCircle.id)
    number = ctx.session.scalar(of.where(*mine))
    if number is None or number not in shown.groups_by:
        return ()
    return (Fact(_("You are counted in"), group_name(shown.groups_by[number])),)


def _told(shown: Figures, statement: int, *, agrees: bool) -> Phrase:
    """The least share of any group."""
    tallies = [each.tallies[statement] for each in shown.groups]
    if agrees:
        return _("At least {share} % of every group agree.", share=_whole(min(each.share for each in tallies)))
    return _("At least {share} % of every group disagree.", share=_whole(min(each.against for each in tallies)))


def _parting(ctx: Context, texts: dict[int, Statement], apart: Sequence[int], shown: Figures) -> Table:
    rows = tuple(
        (
            room.words(texts[each], ctx.who.language),
            *(_percent(shown.sides[side].tallies[each]) for side in (Side.TRADE, Side.AGENCIES)),
        )
        for each in apart
    )
    columns = (_("Statement"), phrase_of(Side.TRADE), phrase_of(Side.AGENCIES))
    return Table(_("Where trade and agencies part: how many agree"), columns, rows)


def _percent(tally: Tally | None) -> Phrase | str:
    return "–" if tally is None else _("{share} %", share=round(tally.share * 100))


def _whole(share: float) -> int:
    """In per cent, never more than it is."""
    return int(round(share * 100, 6))
