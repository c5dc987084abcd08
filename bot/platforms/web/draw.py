"""A screen or a form as HTML: the kit's meaning for Jinja templates, escaped by their autoescape."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from bot.kit.events import Answer
from bot.kit.forms import FieldKind, FieldView
from bot.kit.screen import Grid, Progress, Quote, twin
from bot.kit.site import Replaced, kind_of
from bot.kit.text import Catalogues, Difference, Phrase, Raw, Reader, Writer, _, ngettext, without_isolates
from bot.platforms import drawing
from db.consultations.clauses import Wording, difference

from .grids import laid_out

FOLDER = Path(__file__).parent
WORDS = {
    "after": _("Now"),
    "agree": _("I agree"),
    "as_data": _("This page as data"),
    "before": _("Before"),
    "choose": _("Choose …"),
    "contents": _("On this page"),
    "form_errors": _("Please look at these answers again:"),
    "languages": _("Languages"),
    "left_out": _("leave out"),
    "menu": _("Menu"),
    "optional": _("may be left out"),
    "pages": _("Pages"),
    "replaced": _("Choosing others replaces them."),
    "sign_in": _("Sign in to your page"),
    "sign_in_why": _("This link works once. It opens your own page on this device for twelve hours."),
    "sign_out": _("Sign out"),
    "skip_link": _("Go to the content"),
    "translated": _("Translated by a person."),
    "redraw": _("Show the questions that apply"),  # a template takes `update` for the method of a dict
}
# The pages of nobody in particular: a heading and what to do.
STATES = {
    "nobody": (
        _("Parley is where Customs, business and other agencies talk and keep their word to each other."),
        _("To come in, ask Parley in your chat: “Open my page”."),
    ),
    "offer": (WORDS["sign_in"], WORDS["sign_in_why"]),
    "expired": (
        _("This link has been used or is too old."),
        _("Ask Parley in your chat for a new one: “Open my page”."),
    ),
    "out": (_("You are signed out."), _("To come back, ask Parley in your chat: “Open my page”.")),
    "stale": (_("This page is too old."), _("Nothing was changed. Go back, load it again and send once more.")),
    "too_large": (_("That is too much at once."), _("Please send fewer or smaller files.")),
    "nowhere": (_("There is nothing here."), _("The address may be old. Begin at your own page.")),
    "moving": (
        _("Parley is moving to another machine."),
        _("Nothing was changed. Please try again in a little while."),
    ),
    "broken": (_("Something went wrong on our side."), _("Nothing was changed. Please try again in a little while.")),
}


class Html:
    """The dialect of a page. Everything is escaped; a time element carries the instant for the machine."""

    def escape(self, text: str) -> str:
        return str(escape(text))

    def raw(self, text: str) -> str:
        return str(escape(text)).replace("\n", "<br>")

    def instant(self, at: datetime, fallback: str, day_only: bool) -> str:
        return f'<time datetime="{at.isoformat()}">{escape(fallback)}</time>'

    def link(self, url: str, label: str) -> str:
        return f'<a href="{escape(url)}">{label}</a>'

    def strong(self, text: str) -> str:
        return f"<strong>{text}</strong>"

    def out(self, text: str) -> str:
        return f"<del>{text}</del>"

    def new(self, text: str) -> str:
        return f"<ins>{text}</ins>"


class Drawer:
    """Renders pages in a reader's language."""

    def __init__(self, catalogues: Catalogues) -> None:
        self._catalogues = catalogues
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._environment.globals |= {
            "WORDS": WORDS,
            "STATES": STATES,
            "kind_of": _kind_of,
            "site_kind": kind_of,
            "marked": _marked,
            "own_direction": _own_direction,
            "own_language": _own_language,
            "limit": _limit,
            "laid_out": laid_out,
        }

    def page(self, template: str, reader: Reader, **values: Any) -> str:
        """One page. Templates write the kit's text with `say(…)` and, without markup, with `plain(…)`."""
        writer = Writer(self._catalogues, reader, Html())
        return self._environment.get_template(template).render(
            say=lambda value: Markup(writer.write(value)),  # noqa: S704  the dialect has escaped it
            plain=lambda value: without_isolates(writer.plain(value)),
            # What stands in an element of its own language and direction needs no marks of it inside.
            alone=lambda value: Markup(without_isolates(writer.write(value))),  # noqa: S704  as above
            foreign=writer.foreign,
            draw=lambda picture: Markup(drawing.svg(picture, writer)),  # noqa: S704  drawn by us, every word escaped
            twin=twin,
            reader=reader,
            **values,
        )

    def answer(self, answer: Answer, reader: Reader, **values: Any) -> str:
        """The page for an answer: a form as it stands, or a screen."""
        template = "form.html" if answer.form is not None else "screen.html"
        is_wide = answer.screen is not None and any(isinstance(each.of, Grid) for each in answer.screen.pictures)
        shown = {"answer": answer, "form": answer.form, "screen": answer.screen, "is_wide": is_wide}
        return self.page(template, reader, **shown, **values)


def _kind_of(value: Any) -> str:
    """Which shape a part of a body has, for the templates."""
    match value:
        case Quote():
            return "quote"
        case Progress():
            return "progress"
        case _:
            return "text"


def _marked(replaced: Replaced) -> tuple[Markup | None, Markup | None]:
    """Both wordings, each with what the other has not marked in it; None where there is only one: all of it changed."""
    if replaced.before is None or replaced.after is None:
        return None, None
    html = Html()
    before, after = Markup(""), Markup("")
    for piece in difference(replaced.before.words.words, replaced.after.words.words):
        words = html.raw(piece.words)
        if piece.what is not Wording.IN:
            before += Markup(html.out(words) if piece.what is Wording.OUT else words)  # noqa: S704  escaped
        if piece.what is not Wording.OUT:
            after += Markup(html.new(words) if piece.what is Wording.IN else words)  # noqa: S704  escaped
    return before, after


def _own_direction(value: Any) -> Markup:
    """A person's words run as they run; a sentence of ours runs as its page does, whatever word it begins with."""
    return Markup(' dir="auto"') if isinstance(value, Raw | Difference | str) else Markup("")


def _own_language(value: Any) -> Markup:
    """Which language a person's words are in, for whoever has them read aloud."""
    language = value.language if isinstance(value, Raw | Difference) else None
    return Markup(' lang="{}"').format(language) if language else Markup("")


def _limit(field: FieldView) -> Phrase | None:
    """How much fits into a field, where that may matter."""
    if field.kind is FieldKind.PROSE and field.max:
        return _("At most {most} characters.", most=field.max)
    if field.kind is FieldKind.FILES:
        return ngettext(
            "{count} photo or document, up to 20 MB.", "Up to {count} photos and documents, 20 MB each.", field.max
        )
    return None
