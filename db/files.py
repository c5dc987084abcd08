"""Attachments: bytes in the database, in chunks by content hash, because machines share nothing else."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any

import filetype
from sqlalchemy import ColumnElement, LargeBinary, and_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from .base import Base, OfAdministration
from .people import Who

LIMIT = 20 * 1024 * 1024
CHUNK = 512 * 1024
UNKNOWN = "application/octet-stream"
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,60}", re.ASCII)
PROGRAMS = frozenset({"application/x-msdownload", "application/x-executable", "application/x-sharedlib"})


class FileState(StrEnum):
    WAITING = "waiting"  # still on the platform it came from; a job fetches it
    STORED = "stored"
    REFUSED = "refused"


class Chunk(Base):
    __tablename__ = "chunk"
    sha256: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class File(OfAdministration, Base):
    """One attachment. `owner` names what it hangs on; whoever sees the owner sees the file."""

    __tablename__ = "file"
    person_id: Mapped[int]
    name: Mapped[str]
    media_type: Mapped[str | None]
    size: Mapped[int | None]
    sha256: Mapped[str | None]
    origin: Mapped[dict[str, Any] | None]  # {"platform": …, "id": …}: where to fetch it from
    state: Mapped[FileState] = mapped_column(default=FileState.WAITING)
    reason: Mapped[str | None]
    owner: Mapped[str | None]
    owner_id: Mapped[int | None]
    added_at: Mapped[datetime]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """One's own. What hangs on a case is reached through the case, whose `visible_to` decides."""
        return and_(cls.administration_id == who.administration_id, cls.person_id == who.id)


def sniffed(data: bytes, claimed: str | None) -> str | None:
    """The media type by content, else as claimed; None for a program, which is not kept."""
    found = filetype.guess(data)
    known = found.mime if found else media_type(claimed) or UNKNOWN
    return None if known in PROGRAMS else known


def media_type(claimed: str | None) -> str | None:
    """A type as somebody's client names it, without its parameters; None for what is none and could break a header."""
    known = (claimed or "").partition(";")[0].strip().lower()
    return known if MEDIA_TYPE.fullmatch(known) else None


def store(session: Session, data: bytes) -> str:
    """Keep `data` once, whatever it is called, and return its SHA-256."""
    digest = hashlib.sha256(data).hexdigest()
    if session.scalar(select(Chunk.number).where(Chunk.sha256 == digest).limit(1)) is None:
        for number in range(0, max(1, -(-len(data) // CHUNK))):
            session.add(Chunk(sha256=digest, number=number, data=data[number * CHUNK : (number + 1) * CHUNK]))
    return digest


def stored(session: Session, file_id: int) -> tuple[File, bytes] | None:
    """A file and its bytes; None where it does not exist, is not here yet or was refused."""
    file = session.get(File, file_id)
    if file is None or file.state is not FileState.STORED or file.sha256 is None:
        return None
    return file, b"".join(read(session, file.sha256))


def read(session: Session, sha256: str) -> Iterator[bytes]:
    """The bytes of one content hash, chunk by chunk."""
    yield from session.scalars(select(Chunk.data).where(Chunk.sha256 == sha256).order_by(Chunk.number))
