"""A capability declares its commands, forms and jobs here; the registry is their sum."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, get_type_hints

from sqlalchemy import ColumnElement, true
from sqlalchemy.orm import Session

from db import search
from db.base import OfAdministration
from scheduling.calendar.entry import Entry

from .allow import Rule
from .context import Context
from .events import Replied
from .feeds import Calendar, Choice, FeedOf, Subscriber
from .forms import FieldKind, Form, prepare
from .screen import Button, Screen
from .site import Leaf, Site
from .text import Phrase


@dataclass(frozen=True)
class Command:
    """Something a person can do. Exactly one of `run` and `form` is given.

    `entities` maps parameter names to the tables they are loaded from, through `visible_to` of the person.
    `menu` is its place in menus; None keeps it to buttons. `confirm` is asked before it is run; `needs` are the
    parameters only a button of ours gives.

    `takes` is what is typed in answer to a message whose words its form then holds (the field `words`); typed alone it
    opens the form.

    `placed` is what is typed in a group or channel, where others are; what a form `takes` can be typed there too.
    Nothing else is listened to there.

    `reads` says for whom running it, or opening the form, is a sensitive read, which is audited too: it shows what
    others wrote, or who they are.

    `by_link` lets whoever holds a message by e-mail run it without signing in: what anybody to whom such a message is
    passed on may do in its reader's name without harm.
    """

    name: str
    verb: str
    title: Phrase
    allow: Rule
    run: Callable[..., Any] | None = None
    form: type[Form] | None = None
    entities: Mapping[str, type[OfAdministration]] = field(default_factory=dict)
    params: tuple[str, ...] = ()
    menu: int | None = None
    reads: Rule | None = None
    confirm: Phrase | None = None
    takes: str | None = None
    needs: frozenset[str] = frozenset()
    by_link: bool = False
    placed: str | None = None


@dataclass(frozen=True)
class Job:
    """Something that falls due. Its entities are loaded by id: a job acts for the administration, not for a person."""

    name: str
    run: Callable[..., None]
    entities: Mapping[str, type[OfAdministration]]


@dataclass(frozen=True)
class Labour:
    """Something that takes minutes, beside the turns, planned with `ctx.later` like a job.

    `begin(ctx, …)` is a turn that gives the question, or None where there is nothing to do. `work(question, report,
    is_wanted)` answers it in a thread of its own, without a session: it calls `report(done, doing)`, of 1, whenever it
    has come further, and gives up once `is_wanted()` is False. `progress(ctx, done, doing, …)` is a turn now and then
    that says whether it is still wanted. Then comes `end(ctx, answer, …)` or `fail(ctx, why, …)`, once. A process that
    is stopped begins it again when it is back.
    """

    name: str
    begin: Callable[..., Any]
    work: Callable[[Any, Callable[[float, str], None], Callable[[], bool]], Any]
    progress: Callable[..., bool]
    end: Callable[..., None]
    fail: Callable[..., None]
    entities: Mapping[str, type[OfAdministration]]


@dataclass(frozen=True)
class Page:
    """What stands at an address of the site, `/symposia/S-3`, for a browser: what follows its `path` are the words of
    the command `shows`. `public(session, words, at=…)` is the screen for whoever is not signed in; None: they have to.
    It raises `NotFound` where there is nothing. With `opens` that screen leads on into each chat, with `opens` and the
    words as the payload of a deep link.
    """

    path: str
    shows: str
    public: Callable[..., Screen | None]
    opens: str | None = None


@dataclass(frozen=True)
class Findable:
    """Rows of a table that search finds, by the words that `words` says."""

    kind: str
    table: type[OfAdministration]
    words: Callable[[Session, Any], str]
    which: ColumnElement[bool]

    def keep(self, session: Session, row: OfAdministration) -> None:
        """Let this row be found by its present words."""
        search.keep(session, self.kind, row.id, row.administration_id, self.words(session, row))


Offer = Callable[[Context, str], Sequence[Button]]
Invited = Callable[[Context, Replied], None]


class Capability:
    """One verb room: `issues = Capability("issues", _("Issues"))`, then `@issues.command(…)`, `@issues.form(…)`."""

    def __init__(self, name: str, title: Phrase) -> None:
        self.name = name
        self.title = title
        self.commands: dict[str, Command] = {}
        self.jobs: dict[str, Job] = {}
        self.labours: dict[str, Labour] = {}
        self.offers: list[Offer] = []
        self.findables: list[Findable] = []
        self.calendars: dict[str, Calendar] = {}
        self.feeds: list[tuple[str, FeedOf]] = []
        self.pages: dict[str, Page] = {}
        self.sites: dict[str, Site] = {}

    def site(
        self, path: str, title: Phrase, *, links: Sequence[tuple[str, Phrase]] = ()
    ) -> Callable[[Callable[..., Leaf]], Callable[..., Leaf]]:
        """Register `(session, words, *, at, page) -> Leaf`: pages for everybody at `/path` and `/path/words`."""

        def register(find: Callable[..., Leaf]) -> Callable[..., Leaf]:
            self.sites[path] = Site(path, title, find, tuple(links))
            return find

        return register

    def page(
        self, path: str, *, shows: str, opens: str | None = None
    ) -> Callable[[Callable[..., Screen | None]], Callable[..., Screen | None]]:
        """Register `(session, words, *, at) -> Screen | None`: what strangers see at `/path/words`, without buttons.

        Whoever is signed in is shown the command of the verb `shows` there, called with `words`.
        """

        def register(public: Callable[..., Screen | None]) -> Callable[..., Screen | None]:
            self.pages[path] = Page(path, self._full(shows), public, opens)
            return public

        return register

    def offer(self, find: Offer) -> Offer:
        """Register `(ctx, words) -> buttons`: what words that are no command could be for. Nothing is run by it."""
        self.offers.append(find)
        return find

    def findable(
        self, kind: str, table: type[OfAdministration], *, which: ColumnElement[bool] | None = None
    ) -> Callable[[Callable[[Session, Any], str]], Findable]:
        """Register `(session, row) -> words`: what rows of `table` (those of `which`) are found by.

        Whoever changes a row keeps it anew; all are kept anew when the way of searching has changed.
        """

        def register(words: Callable[[Session, Any], str]) -> Findable:
            self.findables.append(Findable(kind, table, words, true() if which is None else which))
            return self.findables[-1]

        return register

    def command(
        self,
        verb: str,
        title: Phrase,
        *,
        allow: Rule,
        menu: int | None = None,
        reads: Rule | None = None,
        confirm: Phrase | None = None,
        by_link: bool = False,
        placed: str | None = None,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Register `(ctx, issue: Issue, page: int = 0) -> Screen`; parameters after `ctx` come from the button."""

        def register(run: Callable[..., Any]) -> Callable[..., Any]:
            entities, params = _parameters(run)
            made = Command(self._full(verb), verb, title, allow, run, None, entities, params, menu, reads, confirm)
            needs = _needed(run) - entities.keys()
            self._add(replace(made, needs=needs, by_link=by_link, placed=placed))
            return run

        return register

    def form(
        self,
        verb: str,
        title: Phrase,
        *,
        allow: Rule,
        menu: int | None = None,
        reads: Rule | None = None,
        takes: str | None = None,
    ) -> Callable[[type[Form]], type[Form]]:
        """Register a `Form`; opening it asks, `submit` does."""

        def register(form: type[Form]) -> type[Form]:
            made = prepare(form)
            entities = {name: made.types[name] for name, how in made.asks.items() if how.kind is FieldKind.ABOUT}
            params = tuple(made.asks)
            name = self._full(verb)
            self._add(Command(name, verb, title, allow, None, made, entities, params, menu, reads, takes=takes))
            return made

        return register

    def job(self, verb: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
        """Register `(ctx, issue: Issue) -> None`, run when what `ctx.later` planned falls due."""

        def register(run: Callable[..., None]) -> Callable[..., None]:
            self.jobs[self._full(verb)] = Job(self._full(verb), run, _parameters(run)[0])
            return run

        return register

    def calendar(
        self, scope: str, title: Phrase
    ) -> Callable[[Callable[[Subscriber], Iterable[Choice]]], Callable[[Subscriber], Iterable[Choice]]]:
        """Register `(subscriber) -> choices`: calendars people can subscribe to, of those that this one may have.

        It is asked whenever somebody's program comes for one, too: what is no longer offered is no longer served.
        """

        def register(choices: Callable[[Subscriber], Iterable[Choice]]) -> Callable[[Subscriber], Iterable[Choice]]:
            self.calendars[scope] = Calendar(scope, title, choices)
            return choices

        return register

    def feed(self, scope: str) -> Callable[[FeedOf], FeedOf]:
        """Register `(subscriber) -> entries`: what this capability puts into the calendars of `scope`.

        `@meetings.feed("mine")` joins what concerns one person; several capabilities may feed one scope. Entries are
        read through `visible_to(subscriber.who)`, and worded with `subscriber.say`. See `Entry` for what revision,
        sequence, changed_at, label and view have to be; all but `view` come from the row, never from who asks or when.
        """

        def register(entries: FeedOf) -> FeedOf:
            self.feeds.append((scope, entries))
            return entries

        return register

    def labour(self, verb: str) -> Callable[[type], type]:
        """Register a class whose static methods are the parts of a `Labour`."""

        def register(parts: type) -> type:
            made = {name: getattr(parts, name) for name in ("begin", "work", "progress", "end", "fail")}
            entities = _parameters(made["begin"])[0]
            self.labours[self._full(verb)] = Labour(self._full(verb), **made, entities=entities)
            return parts

        return register

    def _full(self, verb: str) -> str:
        return f"{self.name}.{verb}"

    def _add(self, command: Command) -> None:
        if command.name in self.commands:
            raise ValueError(f"{command.name} is declared twice")
        self.commands[command.name] = command


def _parameters(run: Callable[..., Any]) -> tuple[dict[str, type[OfAdministration]], tuple[str, ...]]:
    hints = get_type_hints(run)
    names = tuple(inspect.signature(run).parameters)[1:]
    entities = {
        name: hints[name]
        for name in names
        if isinstance(hints.get(name), type) and issubclass(hints[name], OfAdministration)
    }
    return entities, names


def _needed(run: Callable[..., Any]) -> frozenset[str]:
    """The parameters without a default."""
    _ctx, *others = inspect.signature(run).parameters.values()
    return frozenset(each.name for each in others if each.default is inspect.Parameter.empty)


class Registry:
    """All capabilities.

    `home` answers a greeting, `welcome` whoever is not registered yet; `begins` is the form, and its field, that a file
    out of the blue begins. `starts` says which command takes what follows a prefix in the payload of a deep link
    (`/start link_…`); any other payload is a greeting. `unkept` is a test for words that must not be kept (a disclosure
    of corruption) and the command that answers them. `invited` takes what somebody who is known, `ctx.who`, answered to
    an invitation; it does nothing about one that is not theirs, or older than what it holds.

    `menu` is the commands that belong in menus, in order.
    """

    def __init__(
        self,
        capabilities: Iterable[Capability],
        *,
        home: str,
        welcome: str,
        begins: tuple[str, str] | None = None,
        starts: Mapping[str, str] | None = None,
        unkept: tuple[Callable[[str], bool], str] | None = None,
        invited: Invited | None = None,
    ) -> None:
        self.capabilities = tuple(capabilities)
        self.commands: dict[str, Command] = {}
        self.jobs: dict[str, Job] = {}
        self.labours: dict[str, Labour] = {}
        self.by_verb: dict[str, Command] = {}
        self.placed: dict[str, Command] = {}  # by what is typed where others are
        self.offers: list[Offer] = []
        self.findables: list[Findable] = []
        self.calendars: dict[str, Calendar] = {}
        self.feeds: dict[str, list[FeedOf]] = {}
        self.pages: dict[str, Page] = {}
        self.sites: dict[str, Site] = {}
        for capability in self.capabilities:
            self.commands |= capability.commands
            self.jobs |= capability.jobs
            self.labours |= capability.labours
            self.offers += capability.offers
            self.findables += capability.findables
            for scope, calendar in capability.calendars.items():
                if self.calendars.setdefault(scope, calendar) is not calendar:
                    raise ValueError(f"two capabilities declare the calendar {scope}")
            self.pages |= capability.pages
            self.sites |= capability.sites
            for scope, feed in capability.feeds:
                self.feeds.setdefault(scope, []).append(feed)
            for command in capability.commands.values():
                # Typed verbs are the menu's: a verb two capabilities share is typed with its capability's name.
                if command.menu is not None and self.by_verb.setdefault(command.verb, command) is not command:
                    raise ValueError(f"two menu commands are called {command.verb}")
                for typed in filter(None, (command.takes, command.placed)):
                    if self.placed.setdefault(typed, command) is not command:
                        raise ValueError(f"two commands are typed {typed} where others are")
                if command.takes is not None and self.by_verb.setdefault(command.takes, command) is not command:
                    raise ValueError(f"two commands are typed {command.takes}")
        listed = [command for command in self.commands.values() if command.menu is not None]
        self.menu = tuple(sorted(listed, key=lambda command: (command.menu or 0, command.name)))
        self.home = self.commands[home]
        self.welcome = self.commands[welcome]
        self.begins = begins
        self.starts = {prefix: self.commands[name] for prefix, name in (starts or {}).items()}
        self.unkept = unkept
        self.invited = invited

    def __getitem__(self, name: str) -> Command:
        return self.commands[name]

    def choice(self, scope: str, subscriber: Subscriber) -> Choice | None:
        """The calendar `subscriber.about` of a scope, if there is such a one that they may have."""
        if scope not in self.calendars:
            return None
        return next(
            (each for each in self.calendars[scope].choices(subscriber) if each.about == subscriber.about), None
        )

    def offered(self, subscriber: Subscriber) -> dict[tuple[str, str], Choice]:
        """Every calendar that somebody may have, by its scope and which one of them it is."""
        found = ((scope, each) for scope, calendar in self.calendars.items() for each in calendar.choices(subscriber))
        return {(scope, each.about): each for scope, each in found}

    def entries(self, scope: str, subscriber: Subscriber) -> list[Entry]:
        """Everything that any capability has for that calendar."""
        return [entry for feed in self.feeds.get(scope, ()) for entry in feed(subscriber)]
