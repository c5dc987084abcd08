"""What all groups of those who voted share, and where trade and agencies part: words and shares, nobody behind them.

The figures are those that whoever takes part sees, which are about five people at least and add up to nobody.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit.sheets import Cell, Sheet
from bot.kit.site import Part, Passage, Section, passage
from bot.kit.text import Phrase, _, phrase_of
from db.consultations import Consultation
from db.statements import Side, Statement, StatementMap
from scheduling.opinions import Figures, Tally, parted, shared

from .room import ON_PAGE, Added

COLUMNS = ("statement", "language", "of", "agree", "disagree", "pass")


def of_statements(session: Session, consultation: Consultation) -> Added:
    """Once there is a map of opinions; a statement that was taken out since is not shown."""
    found = session.scalar(select(StatementMap).where(StatementMap.consultation_id == consultation.id))
    if found is None:
        return Added()
    shown = Figures.from_json(found.figures)
    its = Statement.consultation_id == consultation.id, Statement.stands()
    texts = {each.id: each for each in session.scalars(select(Statement).where(*its).order_by(Statement.id))}
    trade, agencies = shown.sides.get(Side.TRADE), shown.sides.get(Side.AGENCIES)
    parts: list[Part] = []
    rows: list[tuple[Cell, ...]] = []
    for statement, agrees in shared(shown):
        if statement in texts:
            parts += [_words(texts[statement]), _share(shown, statement, agrees=agrees)]
            rows.append(_row(texts[statement], "everybody", shown.everybody[statement]))
    apart: list[Part] = []
    if trade is not None and agencies is not None:
        for statement in parted(trade, agencies):
            if statement in texts:
                sides = {Side.TRADE: trade.tallies[statement], Side.AGENCIES: agencies.tallies[statement]}
                apart += [_words(texts[statement]), *(_of(side, tally) for side, tally in sides.items())]
                rows += [_row(texts[statement], side.value, tally) for side, tally in sides.items()]
    nothing = _("There is nothing yet that all groups share.")
    sections = [Section(_("What all groups share"), tuple(parts) or (nothing,), "shared")]
    if apart:
        sections.append(Section(_("Where trade and agencies part: how many agree"), tuple(apart), "apart"))
    return Added(tuple(sections), (Sheet("statements", COLUMNS, tuple(rows)),))


def _words(statement: Statement) -> Passage:
    return passage(statement.words, statement.language, dict(statement.translations))


def _share(shown: Figures, statement: int, *, agrees: bool) -> Phrase:
    """The least share of any group."""
    tallies = [each.tallies[statement] for each in shown.groups]
    if agrees:
        return _("At least {share} % of every group agree.", share=_whole(min(each.share for each in tallies)))
    return _("At least {share} % of every group disagree.", share=_whole(min(each.against for each in tallies)))


def _of(side: Side, tally: Tally) -> Phrase:
    return _("{side}: {share} %", side=phrase_of(side), share=_whole(tally.share))


def _whole(share: float) -> int:
    """In per cent, never more than it is."""
    return int(round(share * 100, 6))


def _row(statement: Statement, of: str, tally: Tally) -> tuple[Cell, ...]:
    return statement.words, statement.language, of, tally.agree, tally.disagree, tally.passed


ON_PAGE.append(of_statements)
