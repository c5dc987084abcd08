"""What agencies were asked is found again, each by those who may see it."""

from __future__ import annotations

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Screen, button
from bot.kit.text import Raw, _
from db import search
from db.agencies import Part
from handlers.paging import PAGE

from . import answering
from .room import agencies, readers
from .telling import PART


@agencies.form("find", _("Find a question"), allow=readers)
class Find(Form):
    """By a few words, in any language, among the parts one may see."""

    review = False
    words: str = ask.line(_("A few words of it?"), max=200)

    def submit(self, ctx: Context) -> Screen:
        among = select(Part.id).where(Part.visible_to(ctx.who))
        found = [
            ctx.session.get_one(Part, each)
            for each in search.find(ctx.session, PART, self.words, among=among, limit=PAGE)
        ]
        for each in found:
            ctx.shows(each)
        none = _("Nothing of what you may see is about that. Try fewer words, or words in another language.")
        return Screen(
            _("Found for “{words}”", words=Raw(self.words)),
            () if found else (none,),
            rows=tuple(answering.row(ctx, each) for each in found),
            buttons=(button(_("Find something else"), "agencies.find"),),
        )
