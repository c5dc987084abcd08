"""Where mail is handed over: the address of the server, as one setting says it."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

SCHEMES = {"smtps": 465, "smtp+starttls": 587, "smtp": 25}


@dataclass(frozen=True)
class Server:
    """How to reach it. TLS is either there from the first byte, or demanded, or only for a server on this machine."""

    host: str
    port: int
    tls: bool
    starttls: bool
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, url: str) -> Server:
        """The server at `smtps://user:password@host:465`, `smtp+starttls://…:587`, or `smtp://127.0.0.1:25`.

        Raises ValueError, without a word of the address: it holds a password.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ValueError("the address cannot be read") from None
        if parts.scheme not in SCHEMES or not parts.hostname:
            raise ValueError("needs an address such as smtps://user:password@mail.example:465 or smtp+starttls://…")
        if parts.password is not None and parts.scheme == "smtp":
            raise ValueError("a password goes by smtps:// or smtp+starttls:// only")
        return cls(
            host=parts.hostname,
            port=port or SCHEMES[parts.scheme],
            tls=parts.scheme == "smtps",
            starttls=parts.scheme == "smtp+starttls",
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )
