"""Our own page: from this machine, and at the address that people and platforms are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bot.ops.doctor.asking import Asking, Said, Unanswered
from bot.ops.doctor.lines import Line, fail, ok, warn

if TYPE_CHECKING:
    from bot.settings import Settings

ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  what is listened on, and how it is reached from here


async def look(asking: Asking, settings: Settings, *, runs: bool) -> tuple[list[Line], Mapping[str, Any]]:
    """What is found, and what the running Parley says of its parts; nothing where it cannot be asked."""
    lines, health = await _look(asking, settings, runs=runs)
    kept = health.get("database", {})
    if not kept.get("ok", True):
        why = f"the running Parley cannot keep what platforms bring ({kept.get('trouble')})"
        lines.append(fail("updates kept", why, "is the disk full, or the database away? its log says more"))
    return lines, health


async def _look(asking: Asking, settings: Settings, *, runs: bool) -> tuple[list[Line], Mapping[str, Any]]:
    here = await _health(asking, _local(settings)) if runs else None
    public = f"{settings.public_url.rstrip('/')}/healthz"
    try:
        said = await asking.ask("GET", public)
    except Unanswered as error:
        if error.status is None:
            return [_unreachable(public, error, runs=runs)], here or {}
        said = Said(error.status, {}, {})
    if not _is_parley(said):
        why = f"something else than Parley answers there, with status {said.status}"
        return [fail("page", why, f"let {settings.public_url} lead to {_local(settings)}")], here or {}
    if here is not None and here.get("instance") != said.body.get("instance"):
        why = "another Parley answers there than the one on this database: its links open nothing"
        return [fail("page", why, f"let {settings.public_url} lead to {_local(settings)}")], here
    return [ok("page", f"{public} answers")], here or said.body


def _unreachable(public: str, error: Unanswered, *, runs: bool) -> Line:
    if not runs:
        return warn(
            "page", f"nothing answers at {public} ({error})", "start `parley all` or `parley web`, then look again"
        )
    to_do = (
        "look at the proxy, its certificate and the firewall: PARLEY_PUBLIC_URL must lead to PARLEY_HOST:PARLEY_PORT"
    )
    return fail("page", f"Parley runs, yet nothing of it answers at {public} ({error})", to_do)


async def _health(asking: Asking, address: str) -> Mapping[str, Any] | None:
    try:
        said = await asking.ask("GET", f"{address}/healthz")
    except Unanswered:
        return None  # it runs on another machine or in another container
    return said.body if _is_parley(said) else None


def _is_parley(said: Said) -> bool:
    return said.status == 200 and said.body.get("service") == "parley"


def _local(settings: Settings) -> str:
    name = ANY_ADDRESS.get(settings.host, settings.host)
    return f"http://{f'[{name}]' if ':' in name else name}:{settings.port}"
