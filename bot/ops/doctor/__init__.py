"""Is this Parley set up and well? One line each: OK, WARN or FAIL, why, and what to do. Never a secret."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bot.kit.text import CATALOGUES
from bot.ops.doctor import catalogues, fonts, mail, platforms, setup, state
from bot.ops.doctor.lines import FAIL, Line, fail
from bot.ops.logs import hiding
from bot.ops.trouble import in_one_line

if TYPE_CHECKING:
    from bot.settings import Settings


def examine(
    settings: Settings, *, offline: bool, as_json: bool, unknown: Sequence[str] = (), env_file: Path | None = None
) -> tuple[str, bool]:
    """Every check's line as text or JSON, and whether none is FAIL. With `offline` nobody is asked over the network.

    `unknown` names the variables that look like settings and are none, `env_file` the `.env` that holds
    secrets, where one does.
    """
    return report(_lines(settings, offline, unknown, env_file), as_json=as_json, secrets=settings.secrets())


def unreadable(error: Exception, *, as_json: bool) -> tuple[str, bool]:
    """The settings cannot even be read: the one line there is. Raises `error` again where it is a fault of ours."""
    why = in_one_line(error)
    if why is None:
        raise error
    return report(
        [fail("settings", why, "correct it: `parley env` prints every setting with its meaning")], as_json=as_json
    )


def report(lines: Iterable[Line], *, as_json: bool, secrets: Sequence[str] = ()) -> tuple[str, bool]:
    """The lines as text or JSON without any of `secrets`, and whether none is FAIL.

    What others say, a proxy's page or a platform's error, may repeat the address it was asked at, token included.
    """
    hide = hiding(secrets)
    found = [replace(line, why=hide(line.why), to_do=hide(line.to_do)) for line in lines]
    well = all(line.verdict != FAIL for line in found)
    if as_json:
        return json.dumps([asdict(line) for line in found], indent=2), well
    shown = [
        f"{line.verdict:4}  {line.check}: {line.why}" + (f"\n      → {line.to_do}" if line.to_do else "")
        for line in found
    ]
    return "\n".join(shown), well


def _lines(settings: Settings, offline: bool, unknown: Sequence[str], env_file: Path | None) -> Iterator[Line]:
    yield from setup.settings(unknown)
    yield from setup.engine(settings)
    yield from setup.doors(settings)
    yield from mail.configured(settings)
    yield from setup.address(settings)
    yield from setup.secret_files(settings, env_file)
    yield from state.database(settings.database_url)
    runs = state.runs(settings.database_url)
    yield from state.process(runs, state.beside(settings.database_url), shares=settings.engine == "scaled")
    yield from catalogues.check(CATALOGUES)
    yield fonts.check()
    if not offline:
        yield from platforms.ask(settings, runs=runs is True)
