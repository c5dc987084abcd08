"""Collects every phrase of the code into the catalogues: new ones wait for a translation, gone ones are dropped.

Run by `make phrases` after changing a phrase. A new language is one more folder under `handlers/locales/`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polib
from babel.messages.extract import extract_from_dir

ROOT = Path(__file__).parent.parent
LOCALES = ROOT / "handlers" / "locales"
PACKAGES = ("bot", "handlers")
KEYWORDS = {"_": None, "ngettext": (1, 2)}

Key = tuple[str, str]  # singular, plural or ""


def collected() -> dict[Key, polib.POEntry]:
    """Every phrase of the code, with the files it stands in (no line numbers: a catalogue's diff is its phrases)."""
    found: dict[Key, polib.POEntry] = {}
    for path, singular, plural, comments in _found():
        entry = found.setdefault((singular, plural), polib.POEntry(msgid=singular, msgid_plural=plural))
        if (path, "") not in entry.occurrences:
            entry.occurrences.append((path, ""))
        entry.comment = "\n".join(dict.fromkeys([*entry.comment.splitlines(), *comments]))
    return found


def _found() -> Iterator[tuple[str, str, str, list[str]]]:
    for package in PACKAGES:
        for path, _line, message, comments, _context in extract_from_dir(
            ROOT / package, method_map=[("**.py", "python")], keywords=KEYWORDS, comment_tags=["Translators:"]
        ):
            singular, plural = (message, "") if isinstance(message, str) else (message[0], message[1])
            if singular:
                yield f"{package}/{path}", singular, plural, comments


def update(path: Path, phrases: dict[Key, polib.POEntry]) -> int:
    """Bring one catalogue up to date and return how many phrases wait; nothing is guessed from similar ones."""
    old = polib.pofile(str(path))
    kept = {(entry.msgid, entry.msgid_plural): entry for entry in old}
    new = polib.POFile(wrapwidth=118)
    new.header, new.metadata = old.header, old.metadata
    for key in sorted(phrases):
        entry = phrases[key]
        fresh = polib.POEntry(
            msgid=entry.msgid, msgid_plural=entry.msgid_plural, occurrences=entry.occurrences, comment=entry.comment
        )
        before = kept.get(key)
        fresh.msgstr = before.msgstr if before else ""
        fresh.msgstr_plural = dict(before.msgstr_plural) if before else {}
        if entry.msgid_plural and not fresh.msgstr_plural:
            fresh.msgstr_plural = {0: ""}
        new.append(fresh)
    new.save(str(path))
    return len(new.untranslated_entries())


if __name__ == "__main__":
    everything = collected()
    for catalogue in sorted(LOCALES.glob("*/LC_MESSAGES/parley.po")):
        waiting = update(catalogue, everything)
        print(f"{catalogue.parts[-3]}: {len(everything)} phrases, {waiting} to translate")  # noqa: T201  its output
