"""Rows and columns that leave as a file: for people who count, and for programs. Column names are never translated."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

Cell = str | int | float | bool | datetime | None
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run


@dataclass(frozen=True)
class Sheet:
    """One table. `name` and `columns` are plain English words with underscores, so that programs can rely on them."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def as_csv(rows: Iterable[Sequence[object]]) -> bytes:
    """With the mark by which spreadsheets know UTF-8; nothing in it is a formula."""
    written = io.StringIO()
    csv.writer(written).writerows([_harmless(str(cell)) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + written.getvalue().encode()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell
