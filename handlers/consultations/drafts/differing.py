"""What changed between two drafts: a page at a time in a chat, and all of it on one page of the site."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, aliased

from bot.kit.context import Context
from bot.kit.screen import Button, Fact, NotFound, Quote, Screen, button
from bot.kit.text import Difference, Phrase, Raw, When, _, ngettext
from db.consultations import Change, Clause, ClauseLink, Consultation, Phase, TextDraft, carrying
from handlers.paging import turn_pages

from .. import cards
from ..room import ON_CONSULTATION, consultations, members
from .correcting import name
from .entering import to_the_text

AT_ONCE = 6  # changes in one message, as `turn_pages` counts
PAGE = "changes"  # the site's: /changes/C-3, /changes/C-3-2


@consultations.command("changes", _("What changed between two drafts"), allow=members)
def changes(ctx: Context, consultation: Consultation, number: int = 0, page: int = 0) -> Screen:
    """What changed from the draft before to that of `number` (0: the last one), some changes at a time."""
    draft = _drafted(ctx, consultation, number)
    total = ctx.session.scalar(select(func.count()).select_from(ClauseLink).where(_changed(draft))) or 0
    found = _links(ctx.session, draft, page * AT_ONCE, AT_ONCE)
    address = ctx.page(f"/{PAGE}/{consultation.ref}-{draft.number}")
    whole = (Button(_("All of it on one page"), url=address),) if draft.is_published and total > AT_ONCE else ()
    return Screen(
        _("What changed in draft {number}", number=draft.number),
        (cards.title(consultation), *_noted(draft), _count(total), *(_told(each, draft.language) for each in found)),
        buttons=(
            *turn_pages("consultations.changes", page, total, consultation=consultation.id, number=number),
            *whole,
            *_others(ctx.session, consultation, draft),
            *((to_the_text(consultation),) if consultation.is_owned_by(ctx.who) else ()),
            cards.back(consultation),
        ),
    )


@consultations.command("all_changes", _("All that changed between two drafts"), allow=members)
def all_changes(ctx: Context, words: str = "") -> Screen:
    """The same on one page, for whoever may see the consultation; `words` are `C-3`, or `C-3-2` for draft 2."""
    ref, number = _parsed(words)
    consultation = ctx.session.scalar(
        select(Consultation).where(Consultation.id == ref, Consultation.visible_to(ctx.who))
    )
    if consultation is None:
        raise NotFound()
    ctx.shows(consultation)
    return _whole(ctx.session, consultation, number).with_buttons(cards.open_it(consultation))


@consultations.page(PAGE, shows="all_changes")
def page(session: Session, words: str, *, at: datetime) -> Screen | None:
    """For everybody, where the consultation stands in the register."""
    ref, number = _parsed(words)
    consultation = session.scalar(select(Consultation).where(Consultation.id == ref, Consultation.on_the_register()))
    return _whole(session, consultation, number) if consultation is not None else None


def _parsed(words: str) -> tuple[int, int]:
    found = re.fullmatch(r"[cC]-?(\d{1,17})(?:-(\d{1,6}))?", words.strip())
    if found is None:
        raise NotFound()
    return int(found[1]), int(found[2] or 0)


def _whole(session: Session, consultation: Consultation, number: int) -> Screen:
    draft = carrying.numbered(session, consultation, number or consultation.draft_number)
    if draft is None or draft.number < 2:
        raise NotFound()
    links = _links(session, draft)
    facts = (Fact(_("Published"), When(draft.published_at)),) if draft.published_at is not None else ()
    quotes = tuple(_told(each, draft.language) for each in links)
    return Screen(
        _("What changed in draft {number}", number=draft.number),
        (cards.title(consultation), *_noted(draft), _count(len(links)), *quotes),
        facts,
    )


def _drafted(ctx: Context, consultation: Consultation, number: int) -> TextDraft:
    """A published draft that follows another one; the one that is being prepared, too, for its owners."""
    draft = carrying.numbered(ctx.session, consultation, number or consultation.draft_number)
    if draft is None and consultation.is_owned_by(ctx.who):
        draft = carrying.prepared(ctx.session, consultation)
        draft = draft if draft is not None and draft.number == number else None
    if draft is None or draft.number < 2:
        raise NotFound()
    return draft


def _others(session: Session, consultation: Consultation, draft: TextDraft) -> tuple[Button, ...]:
    if draft.number <= 2:
        return ()
    label = _("What changed in draft {number}", number=draft.number - 1)
    args = {"consultation": consultation.id, "number": draft.number - 1}
    return (Button(label, "consultations.changes", args),)


def _noted(draft: TextDraft) -> tuple[Quote, ...]:
    return (Quote(Raw(draft.note, draft.language), label=_("What is new in it")),) if draft.note else ()


def _count(total: int) -> Phrase:
    return ngettext("{count} change", "{count} changes", total) if total else _("No clause changed.")


Linked = tuple[ClauseLink, Clause | None, Clause | None]


def _changed(draft: TextDraft) -> ColumnElement[bool]:
    """The links of a draft that are more than the same words in the same place."""
    return and_(ClauseLink.draft_id == draft.id, ClauseLink.change != Change.SAME)


def _links(session: Session, draft: TextDraft, offset: int = 0, limit: int | None = None) -> Sequence[Linked]:
    """What changed, in the order of the draft; what was dropped stands where it was."""
    earlier, later = aliased(Clause), aliased(Clause)
    found = (
        select(ClauseLink, earlier, later)
        .outerjoin(earlier, earlier.id == ClauseLink.earlier_id)
        .outerjoin(later, later.id == ClauseLink.later_id)
        .where(_changed(draft))
        .order_by(func.coalesce(later.position, earlier.position), later.id.is_(None), ClauseLink.id)
        .offset(offset)
    )
    return session.execute(found.limit(limit) if limit else found).all()


def _told(linked: Linked, language: str) -> Quote:
    link, earlier, later = linked
    change = link.change
    if later is None:
        assert earlier is not None  # noqa: S101  the table has a check for it
        label = _("{clause}: {change}", clause=name(earlier, language), change=change)
        return Quote(Difference(earlier.words, "", language), label=label)
    if earlier is None:
        label = _("{clause}: {change}", clause=name(later, language), change=change)
        return Quote(Difference("", later.words, language), label=label)
    is_renamed = (earlier.number, earlier.heading) != (later.number, later.heading)
    label = (
        _(
            "{earlier} → {later}: {change}",
            earlier=name(earlier, language),
            later=name(later, language),
            change=change,
        )
        if is_renamed
        else _("{clause}: {change}", clause=name(later, language), change=change)
    )
    return Quote(Difference(earlier.words, later.words, language), label=label)


def _on_consultation(ctx: Context, consultation: Consultation) -> tuple[Button, ...]:
    """To the text, for its owners; to what changed, for everybody once there is something to compare."""
    is_taken_up = consultation.phase not in (Phase.PROPOSED, Phase.DECLINED)
    text = (to_the_text(consultation),) if is_taken_up and consultation.is_owned_by(ctx.who) else ()
    if consultation.draft_number < 2:
        return text
    return (*text, button(_("What changed"), "consultations.changes", consultation=consultation.id))


ON_CONSULTATION.append(_on_consultation)
