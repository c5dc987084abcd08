"""What a person does in a browser without scripts: opens addresses, fills in forms, presses buttons by their label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import httpx2
from starlette.testclient import TestClient

from bot.http import application
from bot.kit.text import without_isolates
from db.people import Pass
from tests.world import World

Upload = tuple[str, tuple[str, bytes, str]]  # the field; the file's name, content and type
BOUNDARY = "----a-browser-would-make-this-up"
MULTIPART = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
VOID = {"input", "meta", "link", "br"}


@dataclass
class HtmlForm:
    """One form of a page: where it goes, what it holds, and its buttons as (label, name, value)."""

    action: str
    values: dict[str, str] = field(default_factory=dict)
    file_inputs: list[str] = field(default_factory=list)
    choices: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)


class Page(HTMLParser):
    """A page as it is read: its text, its forms, its links, its language and direction."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.attributes: dict[str, str] = {}
        self.forms: list[HtmlForm] = []
        self.links: dict[str, str] = {}
        self._form: HtmlForm | None = None
        self._text: list[str] = []
        self._open: list[tuple[str, dict[str, str], int]] = []
        self.feed(html)
        self.close()
        self.text = without_isolates(" ".join("".join(self._text).split()))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.attributes = given
        if tag == "form":
            self._form = HtmlForm(given.get("action", ""))
            self.forms.append(self._form)
        elif tag == "input" and self._form is not None:
            self._input(self._form, given)
        if tag not in VOID:
            self._open.append((tag, given, len(self._text)))

    def _input(self, form: HtmlForm, given: dict[str, str]) -> None:
        name, kind = given["name"], given.get("type", "text")
        if kind == "file":
            form.file_inputs.append(name)
        elif kind in ("radio", "checkbox"):
            form.choices.setdefault(name, []).append(given["value"])
            if "checked" in given:
                form.values[name] = given["value"]
        else:
            form.values[name] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        opened, given, start = self._open.pop()
        assert opened == tag, f"<{opened}> is closed by </{tag}>"
        said = without_isolates(" ".join("".join(self._text[start:]).split()))
        if tag == "form":
            self._form = None
        elif tag == "a":
            self.links[said] = given["href"]
        elif self._form is not None and tag == "button":
            self._form.buttons.append((said, given.get("name", ""), given.get("value", "")))
        elif self._form is not None and tag == "textarea":
            self._form.values[given["name"]] = "".join(self._text[start:])
        if tag in {"style", "script", "title"}:
            del self._text[start:]
        self._text.append(" ")

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def __contains__(self, words: str) -> bool:
        return words in self.text


class Browser:
    """One browser, with its own cookies."""

    def __init__(self, world: World, *, secure: bool = False, language: str = "en") -> None:
        app = application(world.parley, secure=secure)
        self.origin = "https://parley.example" if secure else "http://parley.example"
        self.client = TestClient(
            app, base_url=self.origin, headers={"accept-language": language}, raise_server_exceptions=False
        )
        self.world = world
        self.page = Page("")
        self.response: httpx2.Response | None = None

    def open(self, path: str) -> Page:
        return self._shown(self.client.get(path))

    def post(self, path: str, data: Mapping[str, Any], **more: Any) -> Page:
        headers = {"origin": self.origin} | more.pop("headers", {})
        return self._shown(self.client.post(path, data=dict(data), headers=headers, **more))

    def press(self, label: str, /, files: Sequence[Upload] = (), **values: str | None) -> Page:
        """Press a button, its form filled in with `values`; None leaves a field away, as an untouched choice is."""
        for form in self.page.forms:
            for said, name, value in form.buttons:
                if said == label:
                    given: dict[str, Any] = form.values | values | ({name: value} if name else {})
                    data = {key: each for key, each in given.items() if each is not None}
                    path = form.action or urlsplit(str(self.response.url)).path if self.response else form.action
                    if not form.file_inputs:
                        return self.post(path, data)
                    chosen = {each for each, _file in files}
                    empty = [(each, ("", b"", "application/octet-stream")) for each in form.file_inputs]
                    body = _multipart(data, [*files, *(each for each in empty if each[0] not in chosen)])
                    return self._shown(
                        self.client.post(path, content=body, headers={"origin": self.origin} | MULTIPART)
                    )
        raise AssertionError(
            f"no button {label!r} among {[form.buttons for form in self.page.forms]}\n{self.page.text}"
        )

    def sign_in(self, who: str) -> Page:
        """Open a fresh link of somebody's, and press its button."""
        self.open(f"/in/{link(self.world, who)}")
        return self._shown(self.client.post(str(self.response.url), headers={"origin": self.origin}))  # type: ignore[union-attr]

    @property
    def status(self) -> int:
        assert self.response is not None
        return self.response.status_code

    def _shown(self, response: httpx2.Response) -> Page:
        self.response = response
        is_html = response.headers.get("content-type", "").startswith("text/html")
        self.page = Page(response.text if is_html else "")
        return self.page


def link(world: World, who: str) -> str:
    """The code of a fresh one-time link."""
    with world.parley.sessions.writing() as session:
        return Pass.issue(session, "web", world.ids[who], at=world.clock.now())


def _multipart(data: Mapping[str, str], files: Sequence[Upload]) -> bytes:
    """As browsers write it, which name a file that was not chosen "": the client library leaves that out."""
    parts = [f'name="{name}"\r\n\r\n{value}'.encode() for name, value in data.items()]
    for name, (filename, content, kind) in files:
        said = filename.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
        parts.append(f'name="{name}"; filename="{said}"\r\nContent-Type: {kind}\r\n\r\n'.encode() + content)
    made = b"".join(
        b"--" + BOUNDARY.encode() + b"\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts
    )
    return made + b"--" + BOUNDARY.encode() + b"--\r\n"
