"""A screen or a form as HTML: the kit's meaning for Jinja templates, escaped by their autoescape."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from bot.kit.events import Answer
from bot.kit.forms import FieldKind
from bot.kit.screen import Progress, Quote
from bot.kit.text import Catalogues, Reader, Writer, _

FOLDER = Path(__file__).parent
WORDS = {
    "agree": _("I agree"),
    "attach": _("Photos and documents"),
    "choose": _("Choose …"),
    "form_errors": _("Please look at these answers again:"),
    "left_out": _("leave out"),
    "menu": _("Menu"),
    "optional": _("may be left out"),
    "send": _("Send"),
    "sign_in": _("Sign in to your page"),
    "sign_in_why": _("This link works once. It opens your own page on this device for twelve hours."),
    "sign_out": _("Sign out"),
    "skip_link": _("Go to the content"),
    "update": _("Show the questions that apply"),
    "expired": _("This link has been used or is too old."),
    "expired_next": _("Ask Parley in your chat for a new one: “Open my page”."),
    "signed_out": _("You are signed out."),
    "signed_out_next": _("To come back, ask Parley in your chat: “Open my page”."),
    "welcome": _("Parley is where Customs, business and other agencies talk and keep their word to each other."),
    "at_most": _("At most {max} characters."),
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


class Drawer:
    """Renders pages in a reader's language."""

    def __init__(self, catalogues: Catalogues) -> None:
        self._catalogues = catalogues
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._environment.globals |= {"FieldKind": FieldKind, "kind_of": _kind_of, "WORDS": WORDS}

    def page(self, template: str, reader: Reader, **values: Any) -> str:
        """One page. Templates write the kit's text with `say(…)` and, without markup, with `plain(…)`."""
        writer = Writer(self._catalogues, reader, Html())
        return self._environment.get_template(template).render(
            say=lambda value: Markup(writer.write(value)),  # noqa: S704  the dialect has escaped it
            plain=writer.plain,
            reader=reader,
            **values,
        )

    def answer(self, answer: Answer, reader: Reader, **values: Any) -> str:
        """The page for an answer: a form as it stands, or a screen."""
        template = "form.html" if answer.form is not None else "screen.html"
        return self.page(template, reader, answer=answer, form=answer.form, screen=answer.screen, **values)


def _kind_of(value: Any) -> str:
    """Which shape a part of a body has, for the templates."""
    match value:
        case Quote():
            return "quote"
        case Progress():
            return "progress"
        case _:
            return "text"
