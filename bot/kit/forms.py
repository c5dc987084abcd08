"""Forms: typed command objects whose fields know how to be asked for. Pure functions over the answers so far.

    class Raise(Form):
        sector: Sector = ask.choice(_("Which sector is it about?"))
        port: str | None = ask.line(_("Which port?"), max=60, optional=True)

        def submit(self, ctx: Context) -> Screen: ...

The only conversation state is the mapping of answers; the step is derived from it (`next_field`), so nothing is lost in
a restart and a form begun on one door goes on at another. Answers are kept as JSON values and become the annotated
types when the form is built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar, get_args, get_type_hints

from .clean import clean, clean_line, graphemes, is_blank, read_number
from .dates import read_date
from .screen import Button, Refusal, Screen, storable
from .text import Code, Named, Phrase, Raw, _, ngettext, phrase_of, without_isolates

if TYPE_CHECKING:
    from .context import Context

CHOICES_SHOWN = 8  # more than these are searched by typing on a chat
SEND = _("Send")


class FieldKind(StrEnum):
    CHOICE = "choice"
    PICK = "pick"
    LINE = "line"
    PROSE = "prose"
    NUMBER = "number"
    DATE = "date"
    FILES = "files"
    CONSENT = "consent"
    ABOUT = "about"


@dataclass(frozen=True)
class Option:
    """One thing to choose: its stored value and what it is called."""

    value: str
    label: Phrase | Raw | Named | Code


Options = Callable[["Context", str], Sequence[Option]]


@dataclass(frozen=True)
class Ask:
    """How one field is asked for."""

    kind: FieldKind
    label: Phrase
    hint: Phrase | None = None
    max: int = 0
    least: int | None = None
    most: int | None = None
    optional: bool = False
    when: Callable[[Any], bool] | None = None
    options: Options | None = None
    but: str | None = None

    def __hash__(self) -> int:
        return id(self)


class ask:  # noqa: N801  reads as a word of the language: `ask.line(…)`
    """The kinds of question. Every one returns `Any`, because it stands where the field's value will."""

    @staticmethod
    def choice(label: Phrase, *, options: Options | None = None, **more: Any) -> Any:
        """One of a few: an enumeration's members (from the annotation), or what `options(ctx, "")` yields."""
        return Ask(FieldKind.CHOICE, label, options=options, **more)

    @staticmethod
    def pick(label: Phrase, *, options: Options, **more: Any) -> Any:
        """One of many, searched: `options(ctx, query)` yields the best matches; an option's own value finds it too.

        `but` names the entity the form is about that is never offered as its own counterpart. What else depends on
        these entities finds their ids in `ctx.bound`.
        """
        return Ask(FieldKind.PICK, label, options=options, **more)

    @staticmethod
    def line(label: Phrase, *, max: int, **more: Any) -> Any:
        return Ask(FieldKind.LINE, label, max=max, **more)

    @staticmethod
    def prose(label: Phrase, *, max: int, **more: Any) -> Any:
        return Ask(FieldKind.PROSE, label, max=max, **more)

    @staticmethod
    def number(label: Phrase, *, least: int, most: int, **more: Any) -> Any:
        return Ask(FieldKind.NUMBER, label, least=least, most=most, **more)

    @staticmethod
    def date(label: Phrase, **more: Any) -> Any:
        """A day; where `options` suggests some (their values are ISO dates), a chat shows them as buttons first."""
        return Ask(FieldKind.DATE, label, **more)

    @staticmethod
    def files(label: Phrase, *, most: int = 5, **more: Any) -> Any:
        """Up to `most` photos or documents; the value is a tuple of `File` ids."""
        return Ask(FieldKind.FILES, label, most=most, optional=True, **more)

    @staticmethod
    def consent(label: Phrase, **more: Any) -> Any:
        """A notice to agree to. Not agreeing ends the form."""
        return Ask(FieldKind.CONSENT, label, **more)

    @staticmethod
    def about() -> Any:
        """The entity the form is about, from the button that opened it; loaded through its `visible_to`."""
        return Ask(FieldKind.ABOUT, _("About"))


class Form:
    """Base of every form. `Capability.form` makes it a frozen dataclass and registers it."""

    asks: ClassVar[Mapping[str, Ask]]
    types: ClassVar[Mapping[str, Any]]
    review: ClassVar[bool] = True  # a chat shows what will be sent before it is sent
    sends: ClassVar[Phrase] = SEND  # what its last button is called; at most 24 letters, in any language

    def submit(self, ctx: Context) -> Screen:
        raise NotImplementedError

    @classmethod
    def answered(cls, ctx: Context, name: str, value: Any) -> None:
        """Called after each valid answer, for the rare field that must take effect at once."""

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        """Raise `Refusal` where the answers would be in vain: asked before the first question, and again on sending."""

    @classmethod
    def placed(cls, ctx: Context) -> Mapping[str, Any]:
        """Answers that follow from where it was opened (`ctx.where`), which are then not asked for."""
        return {}

    @classmethod
    def known(cls, ctx: Context) -> Mapping[str, Any]:
        """Answers, as JSON values, that are known before anything is asked: a form that is begun has them."""
        return {}

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        """What to show above the questions, such as the words that are being answered."""
        return ()

    def answers(self) -> dict[str, Any]:
        """Every field but the entities the form is about."""
        return {name: getattr(self, name) for name, how in self.asks.items() if how.kind is not FieldKind.ABOUT}


def prepare(form: type[Form]) -> type[Form]:
    """Make `form` a frozen dataclass whose fields default to their `Ask`, and note their types."""
    asks = {name: value for name, value in vars(form).items() if isinstance(value, Ask)}
    made = dataclass(frozen=True)(form)
    hints = get_type_hints(form)
    made.asks = asks
    made.types = {name: hints[name] for name in asks}
    for name in hints.keys() - asks.keys() - {"asks", "types", "review", "sends"}:
        raise TypeError(f"{form.__name__}.{name} is not asked for: give it an ask.…() default")
    return made


def value_type(form: type[Form], name: str) -> Any:
    """The annotated type of a field, without `| None`."""
    hint = form.types[name]
    chosen = [each for each in get_args(hint) if each is not type(None)]
    return chosen[0] if chosen and type(None) in get_args(hint) else hint


def load(form: type[Form], name: str, stored: Any) -> Any:
    """A stored JSON answer as the field's own type."""
    kind = value_type(form, name)
    if stored is None:
        return None
    if form.asks[name].kind is FieldKind.FILES:
        return tuple(stored)
    if form.asks[name].kind is FieldKind.DATE:
        return date.fromisoformat(stored)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(stored)
    if kind is int:
        return int(stored)
    return stored


def asked(form: type[Form], answers: Mapping[str, Any]) -> list[str]:
    """The fields to be asked, given the answers so far: entities are not, nor is what `when` rules out."""
    so_far = SimpleNamespace(
        **{
            name: load(form, name, answers[name]) if name in answers else None
            for name, how in form.asks.items()
            if how.kind is not FieldKind.ABOUT
        }
    )
    return [
        name
        for name, how in form.asks.items()
        if how.kind is not FieldKind.ABOUT and (how.when is None or how.when(so_far))
    ]


def next_field(form: type[Form], answers: Mapping[str, Any]) -> str | None:
    """The first field that is asked and has no answer yet; None when all have."""
    return next((name for name in asked(form, answers) if name not in answers), None)


def options(form: type[Form], name: str, ctx: Context, query: str = "") -> Sequence[Option]:
    """What can be chosen for a field, best match first."""
    how = form.asks[name]
    if how.options is not None:
        return how.options(ctx, query)
    kind = value_type(form, name)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return [Option(member.value, phrase_of(member)) for member in kind]
    return ()


def parse(form: type[Form], name: str, given: Any, ctx: Context, label: Callable[[Any], str]) -> Any:
    """A JSON answer from what a person typed, tapped or attached; `Refusal` says what is expected instead.

    `given` is a str (typed text, or an option's value), a bool (consent), a list of file ids, or None (skipped).
    `label` writes an option's label for this reader, so that a typed label counts as the option.
    """
    how = form.asks[name]
    if given is None or given == [] or (isinstance(given, str) and is_blank(given)):
        if how.optional:
            return [] if how.kind is FieldKind.FILES else None
        raise Refusal(_EMPTY[how.kind], field=name)
    if how.kind is FieldKind.FILES:
        if not isinstance(given, list | tuple):
            raise Refusal(_EMPTY[FieldKind.FILES], field=name)
        if len(given) > (how.most or 1):
            raise Refusal(
                _("At most {most} files; you have sent {count}.", most=how.most, count=len(given)), field=name
            )
        return [int(each) for each in given]
    if how.kind is FieldKind.CONSENT:
        if given is True or given == "yes":
            return True
        raise Refusal(_("Without your agreement Parley keeps nothing about you and cannot go on."), field=name)
    if not isinstance(given, str):
        raise Refusal(_EMPTY[how.kind], field=name)
    match how.kind:
        case FieldKind.LINE | FieldKind.PROSE:
            return _text(how, name, given)
        case FieldKind.NUMBER:
            number = read_number(given)
            least, most = how.least or 0, how.most or 0
            if number is None or not least <= number <= most:
                raise Refusal(
                    _("Please send a whole number from {least} to {most}.", least=least, most=most),
                    field=name,
                )
            return number
        case FieldKind.DATE:
            found = read_date(given, language=ctx.who.language, at=ctx.now, zone=ctx.who.zone)
            if found is None:
                raise Refusal(_("Please send a date, for example {example}.", example=ctx.now.date()), field=name)
            return found.isoformat()
        case _:  # choice and pick
            return _chosen(form, name, given, ctx, label)


def _text(how: Ask, name: str, given: str) -> str:
    text = clean_line(given) if how.kind is FieldKind.LINE else clean(given).strip()
    length = graphemes(text)
    if how.max and length > how.max:
        raise Refusal(
            _(
                "That is {length} characters; at most {max} fit here. Please shorten it.",
                length=length,
                max=how.max,
            ),
            field=name,
        )
    return text


def _chosen(form: type[Form], name: str, given: str, ctx: Context, label: Callable[[Any], str]) -> str:
    wanted = without_isolates(clean_line(given)).casefold()
    offered = [*options(form, name, ctx), *options(form, name, ctx, given)]
    for each in offered:
        if each.value == given:
            return each.value
    for each in offered:
        if without_isolates(label(each.label)).casefold() == wanted:
            return each.value
    raise Refusal(_("Please choose one of the answers offered."), field=name)


_EMPTY: dict[FieldKind, Phrase] = {
    FieldKind.LINE: _("That is empty. Please write a few words."),
    FieldKind.PROSE: _("That is empty. Please write a few words."),
    FieldKind.NUMBER: _("Please send a number."),
    FieldKind.DATE: _("Please send a date."),
    FieldKind.CHOICE: _("Please choose one of the answers offered."),
    FieldKind.PICK: _("Please choose one of the answers offered."),
    FieldKind.FILES: _("Please send a photo or a document."),
    FieldKind.CONSENT: _("Please say whether you agree."),
}


def build(form: type[Form], answers: Mapping[str, Any], entities: Mapping[str, Any]) -> Form:
    """The form with every field in its own type. A field that is not asked is None."""
    wanted = asked(form, answers)
    values = {name: load(form, name, answers.get(name)) if name in wanted else None for name in form.asks}
    return form(**(values | dict(entities)))


# What a renderer needs to draw a form: all of it (a modal, a page) or the one question that is next (a chat).


@dataclass(frozen=True)
class FieldView:
    """One field as it stands. `value` is the stored JSON answer, `shown` the same in words."""

    name: str
    kind: FieldKind
    label: Phrase
    hint: Phrase | None = None
    max: int = 0
    optional: bool = False
    options: tuple[Option, ...] = ()
    value: Any = None
    answered: bool = False
    shown: Any = None
    error: Phrase | None = None
    affects: bool = False  # other fields depend on it: a door that shows all must redraw when it changes


@dataclass(frozen=True)
class FormView:
    """A form as it stands. `asking` is the field a chat asks now; None means all are answered: show the review.

    `token` names the draft to whoever submits all fields at once. `choices` are the asked field's options as buttons;
    `back`, `skip`, `cancel` and `send` are present when they can be used; `sends` is what sending it is called.
    """

    form: str
    title: Phrase
    token: str
    fields: tuple[FieldView, ...]
    intro: tuple[Any, ...] = ()
    asking: str | None = None
    step: int = 1
    total: int = 1
    refusal: Phrase | None = None
    choices: tuple[Button, ...] = ()
    changes: tuple[Button, ...] = ()
    back: Button | None = None
    skip: Button | None = None
    cancel: Button | None = None
    send: Button | None = None
    sends: Phrase = SEND

    def field(self, name: str) -> FieldView:
        return next(each for each in self.fields if each.name == name)


def shown(form: type[Form], name: str, stored: Any, offered: Sequence[Option]) -> Any:
    """A stored answer as something the kit can write."""
    how = form.asks[name]
    if stored is None or stored == []:
        return _("left out")
    match how.kind:
        case FieldKind.CHOICE | FieldKind.PICK:
            return next((each.label for each in offered if each.value == stored), Raw(str(stored)))
        case FieldKind.CONSENT:
            return _("agreed")
        case FieldKind.FILES:
            return ngettext("{count} file", "{count} files", len(stored))
        case FieldKind.DATE:
            return date.fromisoformat(stored)
        case FieldKind.NUMBER:
            return int(stored)
        case _:
            return Raw(str(stored))


for _kind in (FieldKind, Option, FieldView, FormView):
    storable(_kind)
