"""A form in progress: opening it, answering it, going back, and how it stands. Its state is one row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from bot.kit import forms
from bot.kit.capability import Command, Registry
from bot.kit.context import Context
from bot.kit.forms import CHOICES_SHOWN, FieldKind, FieldView, Form, FormView, Option
from bot.kit.screen import Button, NotFound, Refusal, Scalar, Style
from bot.kit.text import Phrase, Raw, _
from db.files import File
from db.machinery import Draft

ANSWER, SKIP, BACK = "form.answer", "form.skip", "form.back"
CANCEL, SEND, CHANGE = "form.cancel", "form.send", "form.change"
# Words that steer a form, whatever it asks; typed with a slash they are never an answer.
STEERING = {"cancel": CANCEL, "back": BACK, "skip": SKIP, "done": SKIP}
BUILT_IN = frozenset({ANSWER, SKIP, BACK, CANCEL, SEND, CHANGE})

CURRENT = (
    select(Draft)
    .where(Draft.person_id == bindparam("person"), Draft.is_current)
    .order_by(Draft.touched_at.desc())
    .limit(1)
)

BEGUN = select(Draft).where(Draft.person_id == bindparam("person")).order_by(Draft.touched_at.desc())


class Drafts:
    """The drafts of one person, within one turn."""

    def __init__(
        self, ctx: Context, registry: Registry, load: Callable[[Command, Mapping[str, Any]], dict[str, Any]]
    ) -> None:
        self._ctx = ctx
        self._session: Session = ctx.session
        self._registry = registry
        self._load = load
        self._write: Callable[[Any], str] | None = None

    def labels_with(self, write: Callable[[Any], str]) -> None:
        """How to write an option's label for this person, so that a typed label counts as a tap."""
        self._write = write

    def follow(self, ctx: Context) -> None:
        """Go on with a fresh context: the person chose another language, or has just registered."""
        self._ctx = ctx

    def current(self) -> Draft | None:
        return self._session.scalar(CURRENT, {"person": self._ctx.who.id})

    def unfinished(self) -> list[Draft]:
        return list(self._session.scalars(BEGUN, {"person": self._ctx.who.id}))

    def mine(self, draft_id: Any) -> Draft:
        """A draft by its id; somebody else's, or one that is finished, is not found."""
        known = str(draft_id)
        # The id comes from a page's hidden field: anything can stand there.
        draft = self._session.get(Draft, int(known)) if known.isdecimal() and len(known) < 18 else None
        if draft is None or draft.person_id != self._ctx.who.id:
            raise NotFound(_("This question is no longer open."))
        return draft

    def open(self, command: Command, args: Mapping[str, Any], entities: Mapping[str, Any]) -> tuple[Draft, bool]:
        """Begin the command's form, or go on with the one begun before. True when it goes on."""
        form = _form_of(command)
        bound = {name: entity.id for name, entity in entities.items()}
        begun = self.unfinished()
        if any(each.is_current for each in begun):
            self._session.execute(update(Draft).where(Draft.person_id == self._ctx.who.id).values(is_current=False))
        given = {name: args[name] for name in form.asks if name in args and name not in bound}
        for draft in begun:
            # Words that come along never replace what was answered before: they begin a form of their own.
            is_same = draft.form == command.name and draft.bound == bound
            is_here = draft.administration_id in (None, self._ctx.who.administration_id)
            if is_same and is_here and not given.keys() & draft.answers.keys():
                goes_on = bool(draft.answers)
                draft.is_current, draft.touched_at = True, self._ctx.now
                for name, value in given.items():
                    self.answer(draft, name, value)
                return draft, goes_on
        draft = Draft(
            person_id=self._ctx.who.id,
            administration_id=self._ctx.who.administration_id,
            form=command.name,
            bound=bound,
            answers=dict(form.known(self._ctx)),
            is_current=True,
            asking=None,
            started_at=self._ctx.now,
            touched_at=self._ctx.now,
        )
        self._session.add(draft)
        self._session.flush()
        for name, value in given.items():
            self.answer(draft, name, value)
        return draft, False

    def answer(self, draft: Draft, name: str, given: Any) -> None:
        """Record one answer. Raises `Refusal` with what is expected instead; the draft keeps what it had."""
        form = self.form(draft)
        if name not in form.asks or form.asks[name].kind is FieldKind.ABOUT:
            raise NotFound(_("This question is no longer open."))
        value = forms.parse(form, name, given, self._about(draft), self._label)
        if form.asks[name].kind is FieldKind.FILES:
            value = self._own(value)
        draft.answers = draft.answers | {name: value}
        draft.asking, draft.touched_at = None, self._ctx.now
        self._session.flush()
        form.answered(self._ctx, name, forms.load(form, name, value))

    def _own(self, file_ids: list[int]) -> list[int]:
        """Those that this person sent: an id is only a number, and anybody can post one."""
        mine = set(
            self._session.scalars(select(File.id).where(File.id.in_(file_ids), File.person_id == self._ctx.who.id))
        )
        return [each for each in file_ids if each in mine]

    def attach(self, draft: Draft, name: str, file_ids: list[int]) -> None:
        """Add files to a question that takes them; it stays open for more until the person says they are done."""
        held = draft.answers.get(name) or []
        self.answer(draft, name, [*held, *file_ids])
        draft.asking = name

    def left_open(self, draft: Draft) -> list[str]:
        """Every question that is asked and has no answer."""
        return [name for name in forms.asked(self.form(draft), draft.answers) if name not in draft.answers]

    def takes_files(self, draft: Draft) -> str | None:
        """The question of this form that takes files, if it has one."""
        asks = self.form(draft).asks
        return next((name for name, how in asks.items() if how.kind is FieldKind.FILES), None)

    def asking(self, draft: Draft) -> str | None:
        """The question a chat asks now; None when every one has its answer."""
        form = self.form(draft)
        if draft.asking and draft.asking in forms.asked(form, draft.answers):
            return draft.asking
        return forms.next_field(form, draft.answers)

    def back(self, draft: Draft) -> None:
        """Ask the question before the present one again, keeping its answer to be changed."""
        wanted = forms.asked(self.form(draft), draft.answers)
        present = self.asking(draft)
        position = wanted.index(present) if present else len(wanted)
        draft.asking = wanted[max(0, position - 1)]
        draft.touched_at = self._ctx.now

    def end(self, draft: Draft) -> None:
        self._session.delete(draft)
        self._session.flush()

    def build(self, draft: Draft, entities: Mapping[str, Any]) -> Form:
        """The finished form, with the entities it is about."""
        return forms.build(self.form(draft), draft.answers, entities)

    def form(self, draft: Draft) -> type[Form]:
        return _form_of(self._registry[draft.form])

    def _about(self, draft: Draft) -> Context:
        """A context in which options that depend on what the form is about find its ids."""
        return replace(self._ctx, bound=draft.bound)

    def options(self, draft: Draft, name: str, query: str) -> list[Option]:
        """What can be chosen for a field: for the doors that search as one types."""
        form = self.form(draft)
        itself = str(draft.bound.get(form.asks[name].but or ""))
        return [each for each in forms.options(form, name, self._about(draft), query) if each.value != itself]

    def view(
        self,
        draft: Draft,
        *,
        errors: Mapping[str, Phrase] | None = None,
        refusal: Phrase | None = None,
        query: str = "",
    ) -> FormView:
        """The form as it stands."""
        form, errors = self.form(draft), errors or {}
        command = self._registry[draft.form]
        asking = self.asking(draft)
        wanted = forms.asked(form, draft.answers)
        # The rest may look otherwise after an answer: other questions apply, or another language holds.
        takes_effect = form.answered.__func__ is not Form.answered.__func__  # type: ignore[attr-defined]  # a class method's own
        depends = takes_effect or any(how.when is not None for how in form.asks.values())
        fields = []
        for name in wanted:
            how = form.asks[name]
            offered = tuple(self.options(draft, name, query if name == asking else ""))
            stored = draft.answers.get(name)
            known = offered
            if how.kind is FieldKind.PICK and isinstance(stored, str):
                known += tuple(forms.options(form, name, self._about(draft), stored))
            fields.append(
                FieldView(
                    name=name,
                    kind=how.kind,
                    label=how.label,
                    hint=how.hint,
                    max=how.max or how.most or 0,
                    optional=how.optional,
                    options=offered,
                    value=stored,
                    answered=name in draft.answers,
                    shown=forms.shown(form, name, stored, known) if name in draft.answers else None,
                    error=errors.get(name),
                    affects=depends and how.kind in (FieldKind.CHOICE, FieldKind.PICK),
                )
            )
        position = wanted.index(asking) if asking else len(wanted)
        return FormView(
            form=draft.form,
            title=command.title,
            token=str(draft.id),
            fields=tuple(fields),
            intro=tuple(form.intro(self._ctx, self._load(command, draft.bound))),
            asking=asking,
            step=min(position + 1, len(wanted)),
            total=len(wanted),
            refusal=refusal or (errors.get(asking) if asking else None),
            choices=self._choices(draft, asking, next((f.options for f in fields if f.name == asking), ())),
            changes=tuple(Button(form.asks[name].label, CHANGE, {"draft": draft.id, "field": name}) for name in wanted)
            if asking is None
            else (),
            back=Button(_("Back"), BACK, {"draft": draft.id}) if position > 0 and asking else None,
            skip=self._skip(draft, form, asking),
            cancel=Button(_("Cancel"), CANCEL, {"draft": draft.id}),
            send=Button(form.sends, SEND, {"draft": draft.id}, Style.PRIMARY) if asking is None else None,
            sends=form.sends,
        )

    def _choices(self, draft: Draft, asking: str | None, offered: tuple[Option, ...]) -> tuple[Button, ...]:
        if asking is None:
            return ()
        common: dict[str, Scalar] = {"draft": draft.id, "field": asking}
        if self.form(draft).asks[asking].kind is FieldKind.CONSENT:
            return (
                Button(_("I agree"), ANSWER, common | {"value": "yes"}, Style.PRIMARY),
                Button(_("No"), ANSWER, common | {"value": "no"}),
            )
        return tuple(Button(each.label, ANSWER, common | {"value": each.value}) for each in offered[:CHOICES_SHOWN])

    def _skip(self, draft: Draft, form: type[Form], asking: str | None) -> Button | None:
        if asking is None or not form.asks[asking].optional:
            return None
        has_files = form.asks[asking].kind is FieldKind.FILES and draft.answers.get(asking)
        return Button(_("That is all") if has_files else _("Skip"), SKIP, {"draft": draft.id, "field": asking})

    def skip(self, draft: Draft, name: str) -> None:
        """Leave an optional question out; for files already sent, say that there are no more."""
        form = self.form(draft)
        if name not in form.asks or not form.asks[name].optional:
            raise Refusal(_("This question needs an answer."), field=name)
        if form.asks[name].kind is FieldKind.FILES and draft.answers.get(name):
            draft.asking = None
        else:
            self.answer(draft, name, None)

    def _label(self, value: Any) -> str:
        if self._write is None:
            return value.words if isinstance(value, Raw) else ""
        return self._write(value)


def _form_of(command: Command) -> type[Form]:
    if command.form is None:
        raise LookupError(f"{command.name} is not a form")
    return command.form
