"""E-mail: whether the settings can work, and whether the mail server lets Parley in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from bot.kit.door import SendError, cause
from bot.ops.doctor.lines import Line, fail, ok, warn
from db.mail import address_of

if TYPE_CHECKING:
    from bot.settings import Settings

CHECK = "E-mail"
SECONDS = 10.0
LET_GO = 0.05  # seconds that a line which was refused takes to end: the loop is closed right after
TO_DO = {
    "wrong_password": "take the user and the password from the mail server's own page, and set PARLEY_SMTP_URL anew",
    "sender_refused": "let the mail server allow PARLEY_MAIL_FROM for this user",
    "relay_denied": "let the mail server allow this user to send to other domains",
    "bad_certificate": "its certificate has expired, is another host's, or of an authority this machine does not know",
    "no_tls": "it offers no encryption there: try smtps:// on port 465, or smtp+starttls:// on port 587",
}


def configured(settings: Settings) -> Iterator[Line]:
    """What the settings say by themselves."""
    if settings.smtp_url is None:
        if settings.mail_from is not None or settings.mail_listen is not None:
            yield fail(CHECK, "there is no server to hand mail over to", "set PARLEY_SMTP_URL")
        return
    if settings.mail_from is None:
        yield fail(CHECK, "Parley has no address of its own", "set PARLEY_MAIL_FROM")
        return
    if address_of(settings.mail_from) != settings.mail_from:
        yield fail(CHECK, "PARLEY_MAIL_FROM is no e-mail address", "an example: parley@customs.example")
        return
    try:
        host = _server(settings).host
    except ValueError as error:
        yield fail(CHECK, f"PARLEY_SMTP_URL cannot be used: {error}", "see .env.example")
        return
    yield ok(CHECK, f"is handed over at {host} as {settings.mail_from}")
    if settings.mail_listen is None:
        local, _at, domain = settings.mail_from.rpartition("@")
        why = "nothing here listens for what comes back: bounces and answers to invitations"
        to_do = f"set PARLEY_MAIL_LISTEN, or let mail to {local}+…@{domain} go through `parley mail receive`"
        yield warn("E-mail coming back", why, to_do)
    else:
        yield from _listening(settings.mail_listen)


async def ask(settings: Settings, health: Mapping[str, Any] | None) -> list[Line]:
    """Sign in, and send nothing. `health` is what the running Parley says of it."""
    from bot.platforms.email.client import Client  # noqa: PLC0415  loaded only where e-mail is set up

    if settings.smtp_url is None or settings.mail_from is None:
        return []
    try:
        server = _server(settings)
    except ValueError:
        return []  # has a line of its own
    check = "E-mail server"
    try:
        await Client(server, seconds=SECONDS).look()
    except SendError as error:
        why = str(error) if str(error) in TO_DO else cause(error)
        to_do = TO_DO.get(why, f"can this machine reach {server.host} on port {server.port}?")
        await asyncio.sleep(LET_GO)
        return [fail(check, f"{server.host} does not take mail from here ({why})", to_do)]
    if health is not None and not health.get("ok", True):
        why = f"it answers here, yet the running Parley cannot send ({health.get('trouble')})"
        return [warn(check, why, TO_DO.get(str(health.get("trouble")), "its log says more"))]
    return [ok(check, f"{server.host} lets Parley in")]


def _server(settings: Settings) -> Any:
    from bot.platforms.email.server import Server  # noqa: PLC0415  as above

    if settings.smtp_url is None:
        raise ValueError("it is not set")
    return Server.of(settings.smtp_url.get_secret_value())


def _listening(where: str) -> Iterator[Line]:
    scheme, _sep, rest = where.partition("://")
    if scheme not in ("lmtp", "smtp") or not rest.rpartition(":")[2].isdecimal():
        why = "PARLEY_MAIL_LISTEN is no address to listen on"
        yield fail("E-mail coming back", why, "an example: lmtp://127.0.0.1:8024")
    else:
        yield ok("E-mail coming back", f"is taken in at {where}")
