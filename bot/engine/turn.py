"""The inside of one turn: from an event to an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from bot.kit.capability import Command, Labour
from bot.kit.clean import clean, has_surplus_marks, is_blank
from bot.kit.context import Context
from bot.kit.door import Sketches
from bot.kit.events import Answer, Answered, Attached, Called, Changed, Event, Replied, Submitted
from bot.kit.feeds import Choice, Subscriber
from bot.kit.forms import FieldKind
from bot.kit.news import READ
from bot.kit.screen import Button, NotFound, Refusal, Screen, Style, map_buttons
from bot.kit.text import Phrase, Reader, Text, Writer, _, without_isolates
from bot.work import BROADCAST, MEND, lane
from db.base import OfAdministration
from db.broadcasts import BroadcastCopy, BroadcastPortion
from db.machinery import Draft, Outgoing
from db.people import MAIL, WEB, Account, Administration, Person, Who, who

from . import acting, drafts, handles, rights, suggest
from .drafts import Drafts
from .outbox import Outbox
from .rooms import InRooms
from .rows import Rows

if TYPE_CHECKING:
    from . import Engine

NOT_FOUND = _("There is nothing here by that name, or it is not yours to see.")
NOT_ALLOWED = _("You may not do that.")
OLD_BUTTON = _("That button is old. Here is where you are now.")
NOTHING_KEPT = Screen(
    _("Nothing is kept."),
    (_("Without your agreement Parley keeps nothing about you. Write again whenever you like."),),
)
TRIMMED = _("Some of your letters carried more marks than can be read. I have kept four on each.")
CONFIRMED = "confirmed"
COPY = "copy"  # the argument of a button under a broadcast that answers it
GREETINGS = frozenset({"start", "home", "menu", ""})


class Turn:
    """Everything one event, or one thing that fell due, may read and write."""

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
        self._engine = engine
        self._session = session
        self._account = account
        self._person = person
        self._is_home = False
        self._trace = trace
        self._on_copy: int | None = None  # the broadcast's copy whose button was pressed
        self.is_unkept = False  # what was said is not to be kept, not even as the update that brought it
        self._is_news = False  # the button was on a message that told something: it stays, the answer comes below it
        # Whoever has not said yet who they are may still say to which administration they come.
        self._administration_id = administration_id if person is None or person.registered_at is not None else None
        self._stood = self._standing(person)
        asker = self._who(person, account, now, self._administration_id or administration_id)
        door = account.platform if account else "clock"
        jobs = engine.registry.jobs.keys() | engine.registry.labours.keys()
        self._rows = Rows(session, asker, work=engine.work, jobs=jobs, now=now, door=door, trace=trace)
        self._outbox = Outbox(
            session,
            engine.work,
            now,
            trace,
            self._may_press,
            self._is_still_theirs,
            delayed_since,
            has_mail=engine.mailing is not None,
            administration_id=asker.administration_id,
        )
        self.ctx = Context(
            who=asker,
            now=now,
            session=session,
            send=self._outbox.tell,
            edit=self._outbox.revise,
            recall=self._outbox.withdraw,
            post=self._outbox.post,
            mailing=engine.mailing,
            plan=self._rows.plan,
            drop=self._rows.drop,
            link=lambda path: f"{engine.public_url}/{path.lstrip('/')}",
            invite=lambda payload: engine.invitations(payload, but=door),
            name=self._rows.names,
            offered=self._calendars,
            words=self._words_in,
            do_in=InRooms(session, engine.work, now, trace, self._outbox.is_on_hold).do,
            hand_on=self._send_out,
            mend_in=self._mend,
            renew=self._renew,
            sketch=self._sketch,
            try_out=self._outbox.try_out,
            doors=engine.doors.keys(),
            hold=engine.hold,
            rooms=engine.rooms,
        )
        self._drafts = Drafts(self.ctx, engine.registry, self._load)

    def _send_out(self, portion: BroadcastPortion) -> None:
        self._engine.work.defer(
            self._session,
            BROADCAST,
            lock=lane(BROADCAST, portion.broadcast_id, portion.number),
            at=portion.at,
            portion=portion.id,
        )

    def _mend(self, portion: BroadcastPortion) -> None:
        lock = lane(MEND, portion.broadcast_id, portion.number)
        self._engine.work.defer(self._session, MEND, lock=lock, portion=portion.id)

    def _renew(self, copy: BroadcastCopy, screen: Screen) -> bool:
        account = self._session.get(Account, copy.account_id) if copy.account_id is not None else None
        if copy.id == self._on_copy or not copy.message or account is None or account.platform in (MAIL, WEB):
            return False
        bound = self._bound_for_asker(Answer(screen=screen))
        once = f"copy:{copy.id}:{self._trace}"
        self._outbox.reply(
            self.ctx.who, bound, account_id=account.id, edits=copy.message, once=once, asked_at=self.ctx.now
        )
        return True

    def _sketch(self, screen: Screen, language: str, zone: str) -> Mapping[str, Sequence[str]]:
        pressed = map_buttons(screen, lambda each: each if each.url else replace(each, handle=each.command))
        writer = Writer(self._engine.catalogues, Reader(language, zone))
        answer = Answer(screen=pressed)
        doors = self._engine.doors.items()
        return {name: door.sketch(answer, writer) for name, door in doors if isinstance(door, Sketches)}

    # From an event to an answer

    def note_met(self, person: Person) -> None:
        """Somebody is here for the first time: from now on there is a row about them."""
        self._rows.audit("people.met", {"person": person}, {})

    def answer(self, event: Event) -> Answer:
        """Run the event. A refusal is an answer; any other error is the caller's to record."""
        self._drafts.labels_with(self._plain)
        try:
            with self._session.begin_nested():
                answer = self._dispatch(_cleaned(event))
        except Refusal as refused:
            answer = self._refused(refused)
        except StaleDataError:
            answer = self._refused(Refusal(_("Somebody else has just changed this. Please look again.")))
        self._session.flush()
        if self._rows.is_changed:  # on the way: an answer that holds at once, a file kept, a door that was shut
            self._rows.audit(f"turn.{type(event).__name__.lower()}", {}, {})
        if answer.notice is None and any(map(has_surplus_marks, _words_of(event))):
            answer = replace(answer, notice=TRIMMED)
        return self._bound(answer)

    def _dispatch(self, event: Event) -> Answer:
        unkept = self._engine.registry.unkept
        if unkept is not None and any(unkept[0](words) for words in _words_of(event)):
            # Chat is no place for it: neither the draft nor the inbox keeps it, and everybody gets the same answer.
            self.is_unkept = True
            return self._run(unkept[1], {})
        match event:
            case Called():
                return self._called(event)
            case Answered():
                return self._answered(event)
            case Submitted():
                return self._submitted(event)
            case Changed():
                return self._changed(event)
            case Replied():
                if self._engine.registry.invited is not None:
                    self._engine.registry.invited(self.ctx, event)
                return Answer()

    def _called(self, event: Called) -> Answer:
        if event.where is not None:
            self.ctx = replace(self.ctx, where=event.where)
            self._drafts.follow(self.ctx)
        if event.handle is not None:
            handle = handles.find(self._session, event.handle, person_id=self.ctx.who.id, at=self.ctx.now)
            if handle is None:
                return replace(self._home(), notice=OLD_BUTTON)
            self._is_news = self._rows.opened(handle)
            self._on_copy = handle.copy_id if COPY in handle.args else None
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
            return self._steer(draft, drafts.STEERING[verb], {"field": self._drafts.asking(draft)})
        if (titled := self._titled(words)) is not None:
            return self._run(titled.name, {})
        placed = self._engine.registry.placed.get(verb) if self.ctx.where is not None else None
        command = placed or self._engine.registry.by_verb.get(verb)
        if command is None or not (placed or command.allow(self.ctx.who)):
            return self._suggestions(words)
        said = rest.strip() or (quoted if command.takes == verb else None)
        return self._run(command.name, {"words": said} if said else {})

    def _greeted(self, payload: str) -> Answer:
        """The answer to a greeting, and to a deep link: one that carries nothing of ours is a greeting too."""
        registry = self._engine.registry
        for prefix, command in registry.starts.items():
            if payload.startswith(prefix):
                return self._run(command.name, {"words": payload.removeprefix(prefix)})
        return self._run((registry.home if self.ctx.who.is_registered else registry.welcome).name, {})

    def _titled(self, words: str) -> Command | None:
        """The command whose title, as its button shows it to this person, is exactly what they typed: no guess."""
        wanted = words.strip().casefold()
        titled = (each for each in self._engine.registry.menu() if self._plain(each.title).casefold() == wanted)
        return next((each for each in titled if each.allow(self.ctx.who)), None)

    def _answered(self, event: Answered) -> Answer:
        draft = self._drafts.current()
        if event.declined is not None:
            return self._declined(draft, event.declined)
        if draft is None:
            if event.edited:
                return Answer()
            if not self.ctx.who.is_registered:
                return self._run(self._engine.registry.welcome.name, {})
            if event.files:
                return self._begin_with(event)
            if (titled := self._titled(event.text or "")) is not None:
                return self._run(titled.name, {})
            return self._suggestions(event.text or "")
        if event.edited:
            return Answer(form=self._drafts.view(draft))
        asking = self._drafts.asking(draft)
        if asking is None:
            return Answer(form=self._drafts.view(draft, refusal=_("Please send it, or choose what to change.")))
        how = self._drafts.form(draft).asks[asking]
        try:
            with self._session.begin_nested():
                if event.files:
                    kept = self._keep_early(draft, asking, event.files)
                    if kept is not None and not event.text:
                        return Answer(form=self._drafts.view(draft), notice=kept)
                if not event.files or how.kind is not FieldKind.FILES:
                    self._drafts.answer(draft, asking, event.text or "")
        except Refusal as refused:
            query = event.text or "" if how.kind is FieldKind.PICK else ""
            view = self._drafts.view(draft, query=query)
            # What was typed is a search where it finds something; otherwise it is a wrong answer.
            return Answer(form=view if query and view.choices else replace(view, refusal=refused.phrase))
        return self._onward(draft)

    def _keep_early(self, draft: Draft, asking: str, files: tuple[Attached, ...]) -> Phrase | None:
        """Keep files with the question that takes them, even while another is asked; then a notice says so."""
        takes = self._drafts.takes_files(draft)
        if takes is None:
            raise Refusal(_("No file is expected here."), field=asking)
        self._drafts.attach(draft, takes, self._rows.keep_files(files))
        if takes == asking:
            return None
        draft.asking = asking
        return _("I kept your file. Please go on with the question.")

    def _declined(self, draft: Draft | None, why: Phrase) -> Answer:
        """What cannot be an answer, optional question or not: say why, and show again what is expected."""
        if draft is not None:
            return Answer(form=self._drafts.view(draft, refusal=why))
        if not self.ctx.who.is_registered:
            return replace(self._run(self._engine.registry.welcome.name, {}), notice=why)
        return replace(self._home(), notice=why)

    def _submitted(self, event: Submitted) -> Answer:
        draft = self._drafts.mine(event.token)
        errors = self._take(draft, event.values, event.files)
        # What can be left out and was not sent at all, such as radio buttons nobody touched, was left out.
        for name in self._drafts.left_open(draft):
            if self._drafts.form(draft).asks[name].optional:
                self._drafts.skip(draft, name)
            else:
                errors.setdefault(name, _("This question needs an answer."))
        if errors:
            return Answer(form=self._drafts.view(draft, errors=errors))
        return self._submit(draft)

    def _changed(self, event: Changed) -> Answer:
        if event.reach is not None and self._account is not None:
            self._account.unreachable_since = None if event.reach else self.ctx.now
            self._account.unreachable_reason = None if event.reach else "blocked"
            return Answer()
        draft = self._drafts.mine(event.token)
        self._take(draft, event.values, {})
        return Answer(form=self._drafts.view(draft))

    def _take(
        self, draft: Draft, values: Mapping[str, Any], files: Mapping[str, tuple[Attached, ...]]
    ) -> dict[str, Phrase]:
        """Record every field that a modal or a page sent at once; what is wrong with which."""
        errors: dict[str, Phrase] = {}
        draft.asking = None
        for name in self._drafts.form(draft).asks:
            given: Any = values.get(name)
            if name in files:
                given = [*(given or []), *self._rows.keep_files(files[name])]
            elif name not in values:
                continue
            try:
                with self._session.begin_nested():
                    self._drafts.answer(draft, name, given)
            except Refusal as refused:
                errors[name] = refused.phrase
            if self._stood != self._standing(self._person):
                self._person_may_have_changed()
        return errors

    # Commands and forms

    def _run(self, name: str, args: Mapping[str, Any]) -> Answer:
        if name in drafts.BUILT_IN:
            return self._steer(self._drafts.mine(args.get("draft", 0)), name, args)
        if name == READ:
            return self._outbox.read(self.ctx.who, args.get("news", 0))
        self._is_home = name == self._engine.registry.home.name
        command = self._engine.registry.commands.get(name)
        if command is None:
            return replace(self._home(), notice=OLD_BUTTON)
        if not command.allow(self.ctx.who):
            if not self.ctx.who.is_registered and command.name != self._engine.registry.welcome.name:
                return self._run(self._engine.registry.welcome.name, {})
            raise Refusal(NOT_ALLOWED)
        if command.form is not None:
            entities = self._load(command, args)
            self._may_about(command, entities)
            if command.reads is not None and command.reads(self.ctx.who, next(iter(entities.values()), None)):
                self._rows.audit(f"{command.name}.open", entities, {})
            if self.ctx.where is not None:
                args = {**args, **command.form.placed(self.ctx)}
            draft, goes_on = self._drafts.open(command, args, entities)
            if not goes_on:  # it may have been opened with all it asks: "find P-000123"
                command.form.opens(self.ctx, entities)
                return self._onward(draft)
            return Answer(form=self._drafts.view(draft), notice=_("You had begun this. Here is where you were."))
        entities = self._load(command, args)
        self._may_about(command, entities)
        if command.confirm is not None and not args.get(CONFIRMED):
            return Answer(screen=self._confirmation(command, args))
        known = {key: value for key, value in args.items() if key in command.params}
        if command.needs - known.keys():  # called by its bare name, as a page's menu and a shortcut do
            raise NotFound(NOT_FOUND)
        if command.run is None:
            raise LookupError(f"{command.name} does nothing")
        result = command.run(self.ctx, **(known | entities))
        self._session.flush()
        about = next(iter(entities.values()), None)
        if self._rows.is_changed or (command.reads is not None and command.reads(self.ctx.who, about)):
            self._rows.audit(command.name, entities, args)
        if self._stood != self._standing(self._person):
            self._person_may_have_changed()
        return result if isinstance(result, Answer) else Answer(screen=result)

    def _steer(self, draft: Draft, what: str, args: Mapping[str, Any]) -> Answer:
        field = str(args.get("field") or "")
        match what:
            case drafts.ANSWER:
                if args.get("value") == "no" and self._drafts.form(draft).asks[field].kind is FieldKind.CONSENT:
                    form = self._drafts.form(draft)
                    self._drafts.end(draft)
                    form.answered(self.ctx, field, False)
                    return Answer(screen=NOTHING_KEPT, ended=True)
                return self._answer_tapped(draft, field, args.get("value"))
            case drafts.SKIP:
                self._drafts.skip(draft, field)
            case drafts.BACK:
                self._drafts.back(draft)
            case drafts.CHANGE:
                draft.asking = field
            case drafts.SEND:
                if self._drafts.asking(draft) is None:
                    return self._submit(draft)
            case drafts.CANCEL:
                self._drafts.end(draft)
                return replace(self._home(), notice=_("Cancelled. Nothing was sent."), ended=True)
        return self._onward(draft)

    def _answer_tapped(self, draft: Draft, field: str, value: Any) -> Answer:
        """A tap names the question it answers: on an old message it changes that answer, never the next one."""
        try:
            with self._session.begin_nested():
                self._drafts.answer(draft, field, value)
        except Refusal as refused:
            return Answer(form=self._drafts.view(draft, refusal=refused.phrase))
        return self._onward(draft)

    def _onward(self, draft: Draft) -> Answer:
        """The next question, or the review; a form that needs none is sent."""
        form = self._drafts.form(draft)
        if self._drafts.asking(draft) is None and (not form.review or len(form.asks) <= 1):
            return self._submit(draft)
        self._session.flush()
        if self._rows.is_changed:  # an answer that holds at once, such as the language
            self._person_may_have_changed()
        return Answer(form=self._drafts.view(draft))

    def _submit(self, draft: Draft) -> Answer:
        command = self._engine.registry[draft.form]
        if not command.allow(self.ctx.who):
            raise Refusal(NOT_ALLOWED)
        try:
            with self._session.begin_nested():
                entities = self._load(command, draft.bound)
                self._may_about(command, entities)
                form = self._drafts.build(draft, entities)
                form.opens(self.ctx, entities)
                screen = form.submit(self.ctx)
                bound = dict(draft.bound)
                self._drafts.end(draft)
        except NotFound:
            self._drafts.end(draft)
            raise
        except Refusal as refused:
            errors = {refused.field: refused.phrase} if refused.field else {}
            if refused.field and not self._drafts.form(draft).review:  # no list shows what to change: ask again
                draft.asking = refused.field
            return Answer(form=self._drafts.view(draft, errors=errors, refusal=refused.phrase))
        self._rows.audit(command.name, {}, bound)
        self._person_may_have_changed()
        return Answer(screen=screen, ended=True)

    def _begin_with(self, event: Answered) -> Answer:
        """Files out of the blue: most often the beginning of an issue. Offer it, keeping them."""
        free = self._engine.registry.begins
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

    # What was asked for, and whether it may be had

    def _load(self, command: Command, args: Mapping[str, Any]) -> dict[str, Any]:
        """The entities a command names, through `visible_to`: what is not theirs is not found."""
        loaded: dict[str, Any] = {}
        for name, table in command.entities.items():
            wanted = args.get(name)
            entity = None
            if isinstance(wanted, int | str) and str(wanted).isdecimal() and len(str(wanted)) < 18:
                entity = self._session.scalar(
                    select(table).where(table.id == int(wanted), table.visible_to(self.ctx.who))
                )
            elif isinstance(args.get("words"), str) and (meant := table.named(args["words"])) is not None:
                entity = self._session.scalar(select(table).where(meant, table.visible_to(self.ctx.who)))
            if entity is None:
                raise NotFound(NOT_FOUND)
            loaded[name] = entity
        return loaded

    def _may_about(self, command: Command, entities: Mapping[str, Any]) -> None:
        about = next(iter(entities.values()), None)
        if not command.allow(self.ctx.who, about):
            raise Refusal(NOT_ALLOWED)

    def _may_press(self, whose: Who, button: Button) -> bool:
        return rights.may_press(self._session, self._engine.registry, whose, button)

    def _is_still_theirs(self, row: Outgoing, reader: Who) -> bool:
        return rights.is_still_theirs(self._session, self._engine.registry, row, reader)

    def _calendars(self, who: Who | None) -> Mapping[tuple[str, str], Choice]:
        home = self._session.get_one(Administration, self.ctx.who.administration_id)
        asked = Subscriber(who, home, "", self.ctx.now, self._session, self._plain, self.ctx.page)
        return self._engine.registry.offered(asked)

    # Answers that several paths share

    def _home(self) -> Answer:
        return self._run(self._engine.registry.home.name, {})

    def _refused(self, refused: Refusal) -> Answer:
        home = Button(self._engine.registry.home.title, self._engine.registry.home.name)
        return Answer(screen=Screen(refused.phrase, buttons=(*refused.buttons, home)))

    def _confirmation(self, command: Command, args: Mapping[str, Any]) -> Screen:
        home = self._engine.registry.home
        return Screen(
            command.confirm or command.title,
            buttons=(
                Button(command.title, command.name, dict(args) | {CONFIRMED: True}, Style.DANGER),
                Button(_("No, leave it"), home.name),
            ),
        )

    def _suggestions(self, words: str) -> Answer:
        if not self.ctx.who.is_registered:
            return self._run(self._engine.registry.welcome.name, {})
        if is_blank(words):
            return self._home()
        registry, whose = self._engine.registry, self.ctx.who
        offers = [button for find in registry.offers for button in find(self.ctx, words)]
        return Answer(screen=suggest.screen(words, offers, registry, lambda command: command.allow(whose), self._plain))

    def _bound(self, answer: Answer) -> Answer:
        home = self._engine.registry.home
        # The person as they are now: whoever has just been erased keeps nothing that leads anywhere.
        is_known = self._person is not None and self._person.registered_at is not None
        if answer.screen is not None and is_known and not self._is_home:
            answer = replace(answer, home=Button(home.title, home.name))
        if is_known and self.ctx.who.is_of_several:
            answer = acting.placed(self._session, answer, self.ctx.who.administration_id)
        return self._bound_for_asker(answer)

    def _bound_for_asker(self, answer: Answer) -> Answer:
        bound: Answer = handles.bind(
            self._session,
            answer,
            person_id=self.ctx.who.id,
            at=self.ctx.now,
            may=lambda button: self._may_press(self.ctx.who, button),
            administration_id=self.ctx.who.administration_id,
        )
        return bound

    def _words_in(self, language: str, zone: str) -> Callable[[Text], str]:
        writer = Writer(self._engine.catalogues, Reader(language, zone))
        return lambda text: without_isolates(writer.plain(text))

    def _plain(self, value: Any) -> str:
        return Writer(self._engine.catalogues, Reader(self.ctx.who.language, self.ctx.who.zone)).plain(value)

    def edits(self, event: Event) -> Mapping[str, Any] | None:
        """The message that the answer replaces. One that told something stays, and the answer comes below it."""
        if not isinstance(event, Called):
            return None
        return dict(event.tap) | (dict(event.message or {}) if not self._is_news else {}) or None

    def reply(self, answer: Answer, *, once: str, edits: Mapping[str, Any] | None, asked_at: datetime) -> int:
        """Store the answer as an outbox row to the door it was asked at. `asked_at` is when the update came in."""
        if self._account is None:
            raise LookupError("a reply needs an account")
        return self._outbox.reply(
            self.ctx.who,
            answer,
            account_id=self._account.id,
            edits=edits,
            once=once,
            asked_at=asked_at,
        )

    def options(self, token: str, field: str, query: str) -> list[Any]:
        return self._drafts.options(self._drafts.mine(token), field, query)

    # What is due

    def run_job(self, name: str, args: Mapping[str, Any]) -> None:
        """Run a capability's job. Its entities are loaded by id; one that is gone makes it nothing."""
        job = self._engine.registry.jobs[name]
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

    # Who it is for

    def _person_may_have_changed(self) -> None:
        """Registering, or choosing a language, takes effect within the same turn."""
        if self._person is not None:
            self._session.flush()
            if self._stood != self._standing(self._person):  # they go on elsewhere
                self._administration_id, self._stood = None, self._standing(self._person)
            fresh = self._who(self._person, self._account, self.ctx.now, self._administration_id)
            self.ctx = replace(self.ctx, who=fresh)
            self._rows.who = fresh
            self._outbox.administration_id = fresh.administration_id
            self._drafts.follow(self.ctx)

    @staticmethod
    def _standing(person: Person | None) -> tuple[int, int | None] | None:
        return (person.administration_id, person.acting_in_id) if person is not None else None

    def _who(self, person: Person | None, account: Account | None, now: datetime, administration_id: int | None) -> Who:
        if person is not None:
            is_guest = bool(account and account.is_guest)
            return who(self._session, person, at=now, is_guest=is_guest, administration_id=administration_id)
        return Who(
            id=0,
            administration_id=administration_id or 0,
            name="",
            kind=None,
            language="en",
            zone="UTC",
            is_registered=True,
        )


def _cleaned(event: Event) -> Event:
    """The event with everything a person typed made safe, once, before anything looks at it."""
    match event:
        case Called():
            words = clean(event.words) if event.words else event.words
            return replace(event, words=words, quoted=clean(event.quoted) if event.quoted else None)
        case Answered():
            return replace(event, text=clean(event.text)) if event.text else event
        case Submitted() | Changed():
            safe = {name: clean(each) if isinstance(each, str) else each for name, each in event.values.items()}
            return replace(event, values=safe)
        case Replied():
            return replace(event, comment=clean(event.comment))


def _words_of(event: Event) -> list[str]:
    """Everything a person typed in this event."""
    match event:
        case Called():
            return [each for each in (event.words, event.quoted) if each]
        case Answered():
            return [event.text] if event.text else []
        case Submitted() | Changed():
            return [value for value in event.values.values() if isinstance(value, str)]
        case Replied():
            return [event.comment] if event.comment else []
