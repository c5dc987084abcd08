"""Signed links and addresses: what a message by e-mail carries, so that whoever comes back by it is known.

A link names what it is for and the outbox row it came with. Only its signature is secret; the database's own key makes
it, so that a restored Parley knows its links. An address is as much in the part of a mail address behind a "+".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from itsdangerous import BadData, URLSafeSerializer

from db.machinery import Setting
from db.session import Sessions

KEY = "link_key"
SIGNED = 16  # letters of base32, 80 bits: more does not fit before an @, and every guess is a delivery
TOKEN = re.compile(r"([a-z])-([0-9]{1,18})-([a-z2-7]{16})")


class Way(StrEnum):
    """What a link is for."""

    PRESS = "p"  # one button of a message, run without signing in
    OPEN = "o"  # one's own page, where the button is run
    STOP = "u"  # no more mail
    CONFIRM = "c"  # an address that is to be a door; it names the request, not a row


class Post(StrEnum):
    """What comes to an address of ours."""

    BOUNCE = "b"  # a message that came back: names its outbox row
    THREAD = "t"  # an answer to a message: names its outbox row
    INVITED = "i"  # an answer to an invitation: names the account that was invited


@dataclass(frozen=True)
class Signed:
    """What a link says: `number` is an outbox row or a request, `handle` a button's."""

    way: Way
    number: int
    handle: str = ""


class Links:
    """Signs and reads them. The key is made when it is first needed, and kept."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def sign(self, way: Way, number: int, handle: str = "") -> str:
        """The last part of a link's path."""
        return str(self._serializer.dumps([way.value, number, handle]))

    def read(self, token: str) -> Signed | None:
        """What a link says; None for one that is not ours."""
        try:
            way, number, handle = self._serializer.loads(token)
            return Signed(Way(way), int(number), str(handle))
        except (BadData, ValueError, TypeError):
            return None

    def tag(self, post: Post, number: int) -> str:
        """What stands behind the "+" of an address of ours. Small letters only: servers may change capitals."""
        return f"{post.value}-{number}-{self._mac(f'{post.value}-{number}')}"

    def read_tag(self, tag: str) -> tuple[Post, int] | None:
        """What an address says; None for one that is not ours."""
        found = TOKEN.fullmatch(tag.lower())
        if found is None or not hmac.compare_digest(self._mac(f"{found[1]}-{found[2]}"), found[3]):
            return None
        try:
            return Post(found[1]), int(found[2])
        except ValueError:
            return None

    def name(self, what: str) -> str:
        """A name for a message or a thread that nobody else can make: what stands before the @ of a Message-ID."""
        return f"{what}.{self._mac(f'name {what}')}"

    def named(self, name: str) -> str | None:
        """What such a name is for; None for one that is not ours."""
        what, _dot, mac = name.rpartition(".")
        return what if what and hmac.compare_digest(self._mac(f"name {what}"), mac.lower()) else None

    def load(self) -> None:
        """Have the key at hand: for whoever must not wait for the database later."""
        _ = self._key

    @cached_property
    def _key(self) -> bytes:
        with self._sessions.reading() as session:
            kept = session.get(Setting, KEY)
        if kept is None:
            with self._sessions.writing() as session:
                self._sessions.lock(session, KEY)
                kept = session.get(Setting, KEY)
                if kept is None:
                    kept = Setting(name=KEY, value={"key": secrets.token_hex(32)})
                    session.add(kept)
        return bytes.fromhex(kept.value["key"])

    @cached_property
    def _serializer(self) -> URLSafeSerializer:
        return URLSafeSerializer(self._key, salt="parley.link", signer_kwargs={"digest_method": hashlib.sha256})

    def _mac(self, what: str) -> str:
        digest = hmac.new(self._key, f"address {what}".encode(errors="replace"), hashlib.sha256).digest()
        return base64.b32encode(digest).decode().lower()[:SIGNED]
