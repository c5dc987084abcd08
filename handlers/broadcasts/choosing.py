"""For whom a broadcast is: what has to hold of somebody, and what must not, put together one by one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select

from bot.kit.context import Context
from bot.kit.forms import CHOICES_SHOWN, Form, Option, ask
from bot.kit.screen import Refusal, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, Text, _, listed, name_members, phrase_of
from db.broadcasts import Broadcast, By, Criterion, Selection, country_of, persons
from db.consultations import Consultation
from db.meetings import Meeting
from db.people import WCO_REGIONS, Administration, Aeo, Kind, Person, RoleName, Scope, Sector
from db.symposia import Symposium
from handlers.people.registering import WHOLE_COUNTRY
from handlers.people.searching import closest
from scheduling.regions import name_of

from . import cards, texts, voices
from .room import author, broadcasts

MOST = 12  # criteria of one broadcast
OFFERED = 50
ENUMERATIONS: Mapping[By, type[StrEnum]] = {By.SECTOR: Sector, By.KIND: Kind, By.ROLE: RoleName, By.AEO: Aeo}
THINGS: Mapping[By, Any] = {By.EVENT: Symposium, By.CONSULTATION: Consultation, By.GROUP: Meeting}


class Side(StrEnum):
    """What a criterion does."""

    INCLUDE = "include"
    EXCLUDE = "exclude"


name_members({Side.INCLUDE: _("Only those of whom it holds"), Side.EXCLUDE: _("Leave out those of whom it holds")})


# In words


def in_words(ctx: Context, broadcast: Broadcast) -> Text:
    """For whom it is, on one line."""
    selection = Selection.from_json(broadcast.audience)
    kept = listed([_words(ctx, each) for each in selection.include])
    out = listed([_words(ctx, each) for each in selection.exclude])
    if kept.values and out.values:
        return _("{who}; without {others}", who=kept, others=out)
    if out.values:
        return _("Everybody it reaches, without {others}", others=out)
    return kept if kept.values else _("Everybody it reaches")


def _words(ctx: Context, criterion: Criterion) -> Phrase:
    named = names(ctx, criterion.by, criterion.values)
    return _("{what}: {values}", what=criterion.by, values=listed([named[each] for each in criterion.values]))


def names(ctx: Context, by: By, values: Collection[str]) -> dict[str, Any]:
    """What the values of a criterion are called, for whoever asks: what they may not see is its reference."""
    if by in ENUMERATIONS:
        return {each: phrase_of(ENUMERATIONS[by](each)) for each in values}
    if by in THINGS:
        return _things(ctx, THINGS[by], values)
    if by is By.REGION:
        home = ctx.session.get_one(Administration, ctx.who.administration_id)
        return {each: texts.region_name(home, each) or Code(each) for each in values}
    if by is By.COUNTRY:
        return {each: Raw(name_of(each, ctx.who.language), ctx.who.language) for each in values}
    return {each: phrase_of(Scope.COUNTRY) if each == WHOLE_COUNTRY else Raw(each) for each in values}


def _things(ctx: Context, table: Any, values: Collection[str]) -> dict[str, Any]:
    seen = select(table).where(table.id.in_([int(each) for each in values]), table.visible_to(ctx.who))
    known = {str(each.id): each for each in ctx.session.scalars(seen)}
    made = {each: known.get(each) or table(id=int(each)) for each in values}
    return {
        key: Raw(each.title, each.language) if key in known and each.title else Code(each.ref)
        for key, each in made.items()
    }


# The choices. What is offered of symposia, consultations and meetings is what whoever chooses runs: who takes part in
# one is not told, nor counted, to anybody else.


def regions(ctx: Context, query: str) -> Sequence[Option]:
    home = ctx.session.get_one(Administration, ctx.who.administration_id)
    codes = dict.fromkeys([*(str(each["code"]) for each in home.home_regions), *WCO_REGIONS])
    return [Option(each, texts.region_name(home, each) or Code(each)) for each in codes]


def countries(ctx: Context, query: str) -> Sequence[Option]:
    """Those of which anybody is within reach."""
    broadcast = ctx.session.get_one(Broadcast, ctx.bound["broadcast"])
    everybody = Broadcast(
        administration_id=broadcast.administration_id, scope=broadcast.scope, scope_id=broadcast.scope_id, audience={}
    )
    country = country_of(everybody, at=ctx.now)
    found = ctx.session.scalars(persons(everybody, at=ctx.now).with_only_columns(country).distinct())
    known = {each: name_of(each, ctx.who.language) for each in found}
    if query in known:
        return [Option(query, Raw(known[query], ctx.who.language))]
    in_order = dict(sorted(known.items(), key=lambda each: each[1]))
    return [Option(each, Raw(known[each], ctx.who.language)) for each in closest(query, in_order, most=OFFERED)]


def places(ctx: Context, query: str) -> Sequence[Option]:
    """Those that people of the administration have named, and the whole country."""
    ours = Person.administration_id == ctx.who.administration_id, Person.region.is_not(None)
    found = ctx.session.scalars(select(Person.region).where(*ours).distinct().order_by(Person.region).limit(1000))
    known = {each: each for each in found if each is not None and each != WHOLE_COUNTRY}
    whole = Option(WHOLE_COUNTRY, phrase_of(Scope.COUNTRY))
    if query == WHOLE_COUNTRY:
        return [whole]
    return [*(Option(each, Raw(each)) for each in closest(query, known, most=CHOICES_SHOWN - 1)), whole]


def _run(table: Any) -> Callable[[Context, str], Sequence[Option]]:
    """Those of a table that whoever asks runs, the newest first."""

    def options(ctx: Context, query: str) -> Sequence[Option]:
        theirs = select(table).where(table.run_by(ctx.who)).order_by(table.id.desc()).limit(OFFERED)
        if query.isdecimal() and len(query) < 18:
            theirs = theirs.where(table.id == int(query))
        rows = {each.id: each for each in ctx.session.scalars(theirs)}
        called = {key: f"{each.ref} {each.title or ''}" for key, each in rows.items()}
        found = list(rows) if query.isdecimal() else closest(query, called, most=OFFERED)
        return [Option(str(key), _label(rows[key])) for key in found]

    return options


def _label(row: Any) -> Phrase | Code:
    if not row.title:
        return Code(row.ref)
    return _("{ref} {title}", ref=Code(row.ref), title=Raw(row.title, row.language))


def _when(by: By) -> Callable[[Any], bool]:
    return lambda so_far: so_far.by is by


# The forms


@broadcasts.form("choose", _("By what people are chosen"), allow=author)
class Choose(Form):
    """One value of one kind. A second value of the same kind means either; kinds hold together."""

    sends = texts.KEEP

    broadcast: Broadcast = ask.about()
    side: Side = ask.choice(_("Only those, or without those?"))
    by: By = ask.choice(_("By what?"))
    region: str | None = ask.choice(_("Which region?"), options=regions, when=_when(By.REGION))
    country: str | None = ask.pick(_("Which country?"), options=countries, when=_when(By.COUNTRY))
    place: str | None = ask.pick(_("Where in the country?"), options=places, when=_when(By.PLACE))
    sector: Sector | None = ask.choice(_("Which sector?"), when=_when(By.SECTOR))
    kind: Kind | None = ask.choice(_("Whom do they work for?"), when=_when(By.KIND))
    role: RoleName | None = ask.choice(_("Which role?"), when=_when(By.ROLE))
    aeo: Aeo | None = ask.choice(_("Those who speak for an organisation that …"), when=_when(By.AEO))
    event: str | None = ask.pick(
        _("For which symposium are they registered?"), options=_run(Symposium), when=_when(By.EVENT)
    )
    consultation: str | None = ask.pick(
        _("In which consultation did they take part?"), options=_run(Consultation), when=_when(By.CONSULTATION)
    )
    group: str | None = ask.pick(_("Which meeting do they attend?"), options=_run(Meeting), when=_when(By.GROUP))

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        texts.must_be_draft(bound["broadcast"])

    def submit(self, ctx: Context) -> Screen:
        value = getattr(self, self.by.value)
        selection = Selection.from_json(self.broadcast.audience)
        sides = {each: list(getattr(selection, each.value)) for each in Side}
        mine = sides[self.side]
        known = next((number for number, each in enumerate(mine) if each.by is self.by), None)
        if known is None:
            if sum(map(len, sides.values())) == MOST:
                raise Refusal(_("That is as much as one broadcast can be told apart by."))
            mine.append(Criterion(self.by, (str(value),)))
        else:
            mine[known] = Criterion(self.by, tuple(dict.fromkeys([*mine[known].values, str(value)])))
        _keep(self.broadcast, sides)
        return _audience(ctx, self.broadcast, _("Noted."))


@broadcasts.command("audience", _("For whom it is"), allow=author)
def audience(ctx: Context, broadcast: Broadcast) -> Screen:
    """What has been chosen so far, and how many that means."""
    texts.must_be_draft(broadcast)
    return _audience(ctx, broadcast)


def _audience(ctx: Context, broadcast: Broadcast, lead: Phrase | None = None) -> Screen:
    ctx.session.flush()
    selection = Selection.from_json(broadcast.audience)
    its: dict[str, Any] = {"broadcast": broadcast.id}
    rows = []
    for side in Side:
        for each in getattr(selection, side.value):
            drop = button(_("Remove"), "broadcasts.drop", side=side.value, by=each.by.value, **its)
            rows.append(Row(_words(ctx, each), phrase_of(side), (drop,)))
    count = ctx.session.scalar(persons(broadcast, at=ctx.now).with_only_columns(func.count())) or 0
    everybody = (_("Nobody has been chosen or left out: it is for everybody it reaches."),) if not rows else ()
    return Screen(
        lead or _("For whom it is"),
        (
            cards.title(ctx.session, broadcast, broadcast.language),
            *everybody,
            _("People: {count}", count=voices.figure(broadcast, count)),
        ),
        rows=tuple(rows),
        buttons=(
            button(_("Only those …"), "broadcasts.choose", side=Side.INCLUDE.value, **its),
            button(_("Leave out …"), "broadcasts.choose", side=Side.EXCLUDE.value, **its),
            button(_("Preview"), "broadcasts.preview", style=Style.PRIMARY, **its),
            button(_("Go on writing"), "broadcasts.compose", **its),
        ),
    )


@broadcasts.command("drop", _("Remove"), allow=author)
def drop(ctx: Context, broadcast: Broadcast, side: str, by: str) -> Screen:
    """People are not chosen by it any more."""
    texts.must_be_draft(broadcast)
    if side not in set(Side) or by not in set(By):
        raise Refusal(_("Please choose one of the answers offered."))
    selection = Selection.from_json(broadcast.audience)
    sides = {each: list(getattr(selection, each.value)) for each in Side}
    sides[Side(side)] = [each for each in sides[Side(side)] if each.by is not By(by)]
    _keep(broadcast, sides)
    return _audience(ctx, broadcast, _("Removed."))


def _keep(broadcast: Broadcast, sides: Mapping[Side, Sequence[Criterion]]) -> None:
    broadcast.audience = Selection(tuple(sides[Side.INCLUDE]), tuple(sides[Side.EXCLUDE])).to_json()
