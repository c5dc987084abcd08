"""Sheets as files: CSV for one of them, a workbook or JSON for all. What people wrote is never a formula there."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

from bot.kit.sheets import Cell, Sheet, as_csv

CSV, XLSX, JSON = "csv", "xlsx", "json"
MEDIA_TYPES = {
    CSV: "text/csv; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    JSON: "application/json",
}
UNSPEAKABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # no XML may hold it
FITS = 32_767  # characters, into one cell of a workbook; the other formats have all


def as_file(sheets: Sequence[Sheet], kind: str, name: str = "") -> bytes | None:
    """The sheets as a file of that kind; of CSV the sheet `name`, or the first. None where there is none."""
    if kind == CSV:
        found = next((each for each in sheets if name in ("", each.name)), None)
        if found is None:
            return None
        return as_csv([found.columns, *([_said(cell) for cell in row] for row in found.rows)])
    return as_workbook(sheets) if kind == XLSX else as_json(sheets)


def as_json(sheets: Sequence[Sheet]) -> bytes:
    """`{sheet: [{column: value}]}`: instants as ISO 8601, what is not known as null."""
    data = {each.name: [dict(zip(each.columns, row, strict=True)) for row in each.rows] for each in sheets}
    return json.dumps(data, default=_plain, ensure_ascii=False, indent=1).encode()


def as_workbook(sheets: Sequence[Sheet]) -> bytes:
    """XLSX: a worksheet for each sheet, text as text whatever it begins with."""
    # Half a second and 20 MB, which a process that nobody asks for a workbook can do without.
    from openpyxl import Workbook  # noqa: PLC0415
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415
    from openpyxl.styles import Font  # noqa: PLC0415

    book = Workbook(write_only=True)
    for each in sheets:
        page = book.create_sheet(each.name)
        page.freeze_panes = "A2"
        for number, row in enumerate((each.columns, *each.rows)):
            cells = []
            for value in row:
                cell = WriteOnlyCell(page, _in_workbook(value))
                if isinstance(value, str):
                    cell.data_type = "s"  # a formula is what begins with =, otherwise
                if number == 0:
                    cell.font = Font(bold=True)
                cells.append(cell)
            page.append(cells)
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def _in_workbook(value: Cell) -> Cell:
    if isinstance(value, datetime):
        return value.isoformat()  # a workbook knows no zones
    return UNSPEAKABLE.sub("\ufffd", value)[:FITS] if isinstance(value, str) else value


def _said(value: Cell) -> object:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, datetime) else str(value).lower() if value in (True, False) else value


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no cell")
