"""The inside of one turn: from an event to an answer, and from what fell due to what it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from bot.kit.capability import Command, Labour
from bot.kit.clean import has_surplus_marks, is_blank
from bot.kit.context import Context
from bot.kit.events import Answer, Answered, Called, Changed, Event, Replied, Submitted
from bot.kit.news import READ
from bot.kit.screen import Button, NotFound, Refusal, Screen, Style
from bot.kit.text import Phrase, _
from db.base import OfAdministration
from db.machinery import Draft
from db.people import Account, Person

from . import acting, drafts, handles, suggest
from .filling import Filling
from .state import NOT_ALLOWED, State
from .typed import cleaned, words_of

if TYPE_CHECKING:
    from . import Engine

OLD_BUTTON = _("That button is old. Here is where you are now.")
TRIMMED = _("Some of your letters carried more marks than can be read. I have kept four on each.")
CONFIRMED = "confirmed"
COPY = "copy"  # the argument of a button under a broadcast that answers it
GREETINGS = frozenset({"start", "home", "menu", ""})


class Turn:
    """Answers one event, or does one thing that fell due."""

    def __init__(
        self,
        engine: Engine,
        session: Session,
        person: Person | None,
        account: Account | None,
        *,
        now: datetime,
        trace: str,
        administration_id: int | None = None,
        delayed_since: datetime | None = None,
    ) -> None:
        self._state = State(
            engine,
            session,
            person,
            account,
            now=now,
            trace=trace,
            administration_id=administration_id,
            delayed_since=delayed_since,
        )
        self._session = session
        self._registry = engine.registry
        self._rows = self._state.rows
        self._drafts = self._state.drafts
        self._filling = Filling(self._state, self._home)
        self._is_home = False
        self._is_news = False  # the button was on a message that told something: it stays, the answer comes below it
        self.is_unkept = False  # what was said is not to be kept, not even as the update that brought it

    @property
    def ctx(self) -> Context:
        return self._state.ctx

    # From an event to an answer

    def note_met(self, person: Person) -> None:
        """Somebody is here for the first time: from now on there is a row about them."""
        self._rows.audit("people.met", {"person": person}, {})

    def answer(self, event: Event) -> Answer:
        """Run the event. A refusal is an answer; any other error is the caller's to record."""
        self._drafts.labels_with(self._state.plain)
        try:
            with self._session.begin_nested():
                answer = self._dispatch(cleaned(event))
        except Refusal as refused:
            answer = self._refused(refused)
        except StaleDataError:
            answer = self._refused(Refusal(_("Somebody else has just changed this. Please look again.")))
        self._session.flush()
        if self._rows.is_changed:  # on the way: an answer that holds at once, a file kept, a door that was shut
            self._rows.audit(f"turn.{type(event).__name__.lower()}", {}, {})
        if answer.notice is None and any(map(has_surplus_marks, words_of(event))):
            answer = replace(answer, notice=TRIMMED)
        return self._bound(answer)

    def _dispatch(self, event: Event) -> Answer:
        unkept = self._registry.unkept
        if unkept is not None and any(unkept[0](words) for words in words_of(event)):
            # Chat is no place for it: neither the draft nor the inbox keeps it, and everybody gets the same answer.
            self.is_unkept = True
            return self._run(unkept[1], {})
        match event:
            case Called():
                return self._called(event)
            case Answered():
                return self._answered(event)
            case Submitted():
                return self._filling.submitted(event)
            case Changed():
                return self._changed(event)
            case Replied():
                if self._registry.invited is not None:
                    self._registry.invited(self.ctx, event)
                return Answer()

    def _called(self, event: Called) -> Answer:
        if event.where is not None:
            self._state.come_from(event.where)
        if event.handle is not None:
            handle = handles.find(self._session, event.handle, person_id=self.ctx.who.id, at=self.ctx.now)
            if handle is None:
                return replace(self._home(), notice=OLD_BUTTON)
            self._is_news = self._rows.opened(handle)
            self._state.on_copy = handle.copy_id if COPY in handle.args else None
            answer = self._run(handle.command, handle.args)
            if handle.copy_id is not None and COPY in handle.args and answer.form is None:
                self._is_news = False  # what is answered to a broadcast shows in its place
            return answer
        if event.name is not None:
            return self._run(event.name, dict(event.args) | ({"words": event.quoted} if event.quoted else {}))
        return self._words(event.words or "", event.quoted)

    def _words(self, words: str, quoted: str | None = None) -> Answer:
        verb, _space, rest = words.strip().partition(" ")
        verb = verb.lower().lstrip("/")
        if verb in GREETINGS:
            return self._greeted(rest)
        if verb in drafts.STEERING and (draft := self._drafts.current()) is not None:
            return self._filling.steer(draft, drafts.STEERING[verb], {"field": self._drafts.asking(draft)})
        if (titled := self._titled(words)) is not None:
            return self._run(titled.name, {})
        placed = self._registry.placed.get(verb) if self.ctx.where is not None else None
        command = placed or self._registry.by_verb.get(verb)
        if command is None or not (placed or command.allow(self.ctx.who)):
            return self._suggestions(words)
        said = rest.strip() or (quoted if command.takes == verb else None)
        # Whoever writes a command means it: a button is what one touches by mistake.
        meant = {CONFIRMED: True} if command.confirm is not None else {}
        return self._run(command.name, meant | ({"words": said} if said else {}))

    def _greeted(self, payload: str) -> Answer:
        """The answer to a greeting, and to a deep link: one that carries nothing of ours is a greeting too."""
        registry = self._registry
        for prefix, command in registry.starts.items():
            if payload.startswith(prefix):
                return self._run(command.name, {"words": payload.removeprefix(prefix)})
        return self._run((registry.home if self.ctx.who.is_registered else registry.welcome).name, {})

    def _titled(self, words: str) -> Command | None:
        """The command whose title, as its button shows it to this person, is exactly what they typed: no guess."""
        wanted, titles = words.strip().casefold(), self._state.titles
        titled = (each for each in self._registry.menu if titles[each.name].casefold() == wanted)
        return next((each for each in titled if each.allow(self.ctx.who)), None)

    def _answered(self, event: Answered) -> Answer:
        draft = self._drafts.current()
        if event.declined is not None:
            return self._declined(draft, event.declined)
        if draft is None:
            if event.edited:
                return Answer()
            if not self.ctx.who.is_registered:
                return self._run(self._registry.welcome.name, {})
            if event.files:
                return self._begin_with(event)
            if (titled := self._titled(event.text or "")) is not None:
                return self._run(titled.name, {})
            return self._suggestions(event.text or "")
        return self._filling.answered(draft, event)

    def _begin_with(self, event: Answered) -> Answer:
        """Files out of the blue: most often the beginning of an issue. Offer it, keeping them."""
        free = self._registry.begins
        if free is None:
            return self._suggestions(event.text or "")
        answer = self._run(free[0], {free[1]: event.text} if event.text else {})
        draft = self._drafts.current()
        if draft is None:
            return answer
        takes = self._drafts.takes_files(draft)
        if takes is None:
            return answer
        self._drafts.attach(draft, takes, self._rows.keep_files(event.files))
        draft.asking = None
        return Answer(form=self._drafts.view(draft), notice=_("I kept your file. Tell me what it is about."))

    def _declined(self, draft: Draft | None, why: Phrase) -> Answer:
        """What cannot be an answer, optional question or not: say why, and show again what is expected."""
        if draft is not None:
            return Answer(form=self._drafts.view(draft, refusal=why))
        if not self.ctx.who.is_registered:
            return replace(self._run(self._registry.welcome.name, {}), notice=why)
        return replace(self._home(), notice=why)

    def _changed(self, event: Changed) -> Answer:
        if event.reach is not None and self._state.account is not None:
            self._state.account.unreachable_since = None if event.reach else self.ctx.now
            self._state.account.unreachable_reason = None if event.reach else "blocked"
            return Answer()
        draft = self._drafts.mine(event.token)
        self._filling.take(draft, event.values, event.files)
        return Answer(form=self._drafts.view(draft))

    # Commands

    def _run(self, name: str, args: Mapping[str, Any]) -> Answer:
        if name in drafts.BUILT_IN:
            return self._filling.steer(self._drafts.mine(args.get("draft", 0)), name, args)
        if name == READ:
            return self._state.outbox.read(self.ctx.who, args.get("news", 0))
        self._is_home = name == self._registry.home.name
        command = self._registry.commands.get(name)
        if command is None:
            return replace(self._home(), notice=OLD_BUTTON)
        if not command.allow(self.ctx.who):
            if not self.ctx.who.is_registered and command.name != self._registry.welcome.name:
                return self._run(self._registry.welcome.name, {})
            raise Refusal(NOT_ALLOWED)
        if command.form is not None:
            entities = self._state.load(command, args)
            self._state.check(command, entities)
            if command.reads is not None and command.reads(self.ctx.who, next(iter(entities.values()), None)):
                self._rows.audit(f"{command.name}.open", entities, {})
            if self.ctx.where is not None:
                args = {**args, **command.form.placed(self.ctx)}
            draft, goes_on = self._drafts.open(command, args, entities)
            if not goes_on:  # it may have been opened with all it asks: "find P-000123"
                command.form.opens(self.ctx, entities)
                return self._filling.onward(draft)
            return Answer(form=self._drafts.view(draft), notice=_("You had begun this. Here is where you were."))
        entities = self._state.load(command, args)
        self._state.check(command, entities)
        if command.confirm is not None and not args.get(CONFIRMED):
            return Answer(screen=self._confirmation(command, args))
        known = {key: value for key, value in args.items() if key in command.params}
        if command.needs - known.keys():  # called by its bare name, as a page's menu and a shortcut do
            raise NotFound()
        if command.run is None:
            raise LookupError(f"{command.name} does nothing")
        result = command.run(self.ctx, **(known | entities))
        self._session.flush()
        about = next(iter(entities.values()), None)
        if self._rows.is_changed or (command.reads is not None and command.reads(self.ctx.who, about)):
            self._rows.audit(command.name, entities, args)
        self._state.follow_if_moved()
        return result if isinstance(result, Answer) else Answer(screen=result)

    # Answers that several paths share

    def _home(self) -> Answer:
        return self._run(self._registry.home.name, {})

    def _refused(self, refused: Refusal) -> Answer:
        home = Button(self._registry.home.title, self._registry.home.name)
        return Answer(screen=Screen(refused.phrase, buttons=(*refused.buttons, home)))

    def _confirmation(self, command: Command, args: Mapping[str, Any]) -> Screen:
        home = self._registry.home
        return Screen(
            command.confirm or command.title,
            buttons=(
                Button(command.title, command.name, dict(args) | {CONFIRMED: True}, Style.DANGER),
                Button(_("No, leave it"), home.name),
            ),
        )

    def _suggestions(self, words: str) -> Answer:
        if not self.ctx.who.is_registered:
            return self._run(self._registry.welcome.name, {})
        if is_blank(words):
            return self._home()
        registry, whose = self._registry, self.ctx.who
        bare = words.strip().removeprefix("/")  # a reference may be typed as a command is
        offers = [button for find in registry.offers for button in find(self.ctx, bare)]
        return Answer(
            screen=suggest.screen(words, offers, registry, lambda command: command.allow(whose), self._state.titles)
        )

    def _bound(self, answer: Answer) -> Answer:
        home = self._registry.home
        is_known = self._state.is_known  # whoever has just been erased keeps nothing that leads anywhere
        if answer.screen is not None and is_known and not self._is_home:
            answer = replace(answer, home=Button(home.title, home.name))
        if is_known and self.ctx.who.is_of_several:
            answer = acting.placed(self._session, answer, self.ctx.who.administration_id)
        return self._state.bound(answer)

    def edits(self, event: Event) -> Mapping[str, Any] | None:
        """The message that the answer replaces. One that told something stays, and the answer comes below it."""
        if not isinstance(event, Called):
            return None
        return dict(event.tap) | (dict(event.message or {}) if not self._is_news else {}) or None

    def reply(self, answer: Answer, *, once: str, edits: Mapping[str, Any] | None, asked_at: datetime) -> int:
        """Store the answer as an outbox row to the door it was asked at. `asked_at` is when the update came in."""
        if self._state.account is None:
            raise LookupError("a reply needs an account")
        return self._state.outbox.reply(
            self.ctx.who,
            answer,
            account_id=self._state.account.id,
            edits=edits,
            once=once,
            asked_at=asked_at,
        )

    def options(self, token: str, field: str, query: str) -> list[Any]:
        return self._drafts.options(self._drafts.mine(token), field, query)

    # What is due

    def run_job(self, name: str, args: Mapping[str, Any]) -> None:
        """Run a capability's job. Its entities are loaded by id; one that is gone makes it nothing."""
        job = self._registry.jobs[name]
        self._run_part(name, job.run, job.entities, args)

    def run_part(self, labour: Labour, part: Callable[..., Any], args: Mapping[str, Any], *given: Any) -> Any:
        """One turn of a labour: its beginning, how far it has come, or its end. None where what it is about is gone."""
        return self._run_part(labour.name, part, labour.entities, args, *given)

    def _run_part(
        self,
        name: str,
        part: Callable[..., Any],
        entities: Mapping[str, type[OfAdministration]],
        args: Mapping[str, Any],
        *given: Any,
    ) -> Any:
        loaded: dict[str, Any] = dict(args)
        for parameter, table in entities.items():
            loaded[parameter] = self._session.get(table, args[parameter])
            if loaded[parameter] is None:
                return None
        result = part(self.ctx, *given, **loaded)
        self._session.flush()
        if self._rows.is_changed:
            self._rows.audit(name, {}, args)
        return result
