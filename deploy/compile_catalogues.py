"""Compiles the message catalogues, `handlers/locales/<lang>/LC_MESSAGES/parley.po`, to `.mo` beside them.

The install runs it as hatchling's build hook; `make catalogues` runs it as a script. A catalogue that is
already compiled is left alone.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# French sets a space before these marks, at which no line may break; translators type an ordinary one.
SPACED_IN_FRENCH = re.compile(r" (?=[:;!?»])|(?<=«) ")


def compile_catalogues(root: Path) -> list[Path]:
    """Compile what is older than its source under the checkout `root`; returns the `.mo` files written.

    Raises babel's PoFileError, naming the line, for a catalogue that cannot be read. Entries marked fuzzy are
    left out: their reader gets the English phrase rather than a guess.
    """
    written = []
    for source in sorted(root.glob("handlers/locales/*/LC_MESSAGES/parley.po")):
        compiled = source.with_suffix(".mo")
        newest = max(each.stat().st_mtime_ns for each in (source, Path(__file__)))
        if compiled.exists() and compiled.stat().st_mtime_ns >= newest:
            continue
        with source.open("rb") as file:
            catalogue = read_po(file, locale=source.parts[-3], abort_invalid=True)
        if source.parts[-3] == "fr":
            for message in catalogue:
                if isinstance(message.string, str):
                    message.string = SPACED_IN_FRENCH.sub("\u00a0", message.string)
                else:
                    message.string = tuple(SPACED_IN_FRENCH.sub("\u00a0", each) for each in message.string or ())
        unfinished = compiled.with_suffix(".mo.part")
        with unfinished.open("wb") as file:
            write_mo(file, catalogue)
        unfinished.replace(compiled)  # a running process never reads half a catalogue
        written.append(compiled)
    return written


class CatalogueHook(BuildHookInterface[Any]):
    """Compiles before a wheel or an editable install is put together."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        compile_catalogues(Path(self.root))


if __name__ == "__main__":
    compile_catalogues(Path(__file__).parent.parent)
