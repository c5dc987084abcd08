"""Each language's catalogue: compiled, current, complete, and read by somebody whose language it is."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import PoFileError, read_po

from bot.kit.text import LANGUAGES, SOURCE_LANGUAGE
from bot.ops.doctor.lines import Line, fail, ok, warn

NOBODY = "nobody yet"
REVIEWED = re.compile(r'^"X-Reviewed-By: *(.+?) *\\n"$', re.MULTILINE)  # Babel drops the headers it does not know


def check(folder: Path) -> Iterator[Line]:
    """A line for each language but the source, from the catalogues under `folder`."""
    for language, name in LANGUAGES.items():
        if language != SOURCE_LANGUAGE:
            yield _language(f"language {language}", name, folder / language / "LC_MESSAGES" / "parley.po", language)


def _language(check: str, name: str, source: Path, language: str) -> Line:
    compiled = source.with_suffix(".mo")
    if not source.exists():
        return fail(check, f"there is no {source}", "install Parley anew")
    if not compiled.exists():
        return fail(check, "its catalogue is not compiled: people read English", "run `make catalogues`")
    try:
        with source.open("rb") as file:
            written = read_po(file, locale=language, abort_invalid=True)
        with compiled.open("rb") as file:
            read = read_mo(file)
    except (PoFileError, OSError, ValueError, struct.error, IndexError) as error:
        return fail(check, f"its catalogue cannot be read ({type(error).__name__})", "run `make catalogues`")
    phrases, said, compiled_said = _phrases(written), _said(written), _said(read)
    if any(compiled_said.get(phrase) != forms for phrase, forms in said.items()) or compiled_said.keys() - set(phrases):
        return fail(check, "what is compiled is not what the catalogue says", "run `make catalogues`, then restart")
    missing = len(phrases) - len(said)
    reviewed = REVIEWED.search(source.read_text(encoding="utf-8"))
    reviewer = reviewed[1] if reviewed else NOBODY
    why = f"{name}, {len(phrases)} phrases, {missing} missing; reviewed by a native speaker: {reviewer}"
    if missing:
        return warn(check, why, "translate the rest: they are shown in English")
    if reviewer == NOBODY:
        return warn(check, why, "have it read by a native speaker, and name them in X-Reviewed-By")
    return ok(check, why)


def _phrases(catalogue: Catalog) -> list[str | tuple[str, ...]]:
    return [_key(message.id) for message in catalogue if message.id]


def _said(catalogue: Catalog) -> dict[str | tuple[str, ...], tuple[str, ...]]:
    """What is translated in every form, by phrase; a guess (fuzzy) is not compiled."""
    found = {}
    for message in catalogue:
        forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        if message.id and not message.fuzzy and forms and all(forms):
            # Compiled, some spaces are such at which no line breaks.
            found[_key(message.id)] = tuple(form.replace("\u00a0", " ") for form in forms)
    return found


def _key(phrase: str | list[str] | tuple[str, ...]) -> str | tuple[str, ...]:
    return phrase if isinstance(phrase, str) else tuple(phrase)
