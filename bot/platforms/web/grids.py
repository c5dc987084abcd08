"""A grid as the rows of a table: what a browser lays out, a printer breaks and a screen reader walks through."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.kit.screen import Box, Grid, Picture
from bot.kit.text import Text

SHADES = 7  # colours the stylesheet has


@dataclass
class Cell:
    """One place of the table: what stands there, and over how many rows and columns. A free place has no boxes."""

    rows: int = 1
    columns: int = 1
    boxes: list[Box] = field(default_factory=list)

    def shade(self, box: Box) -> str:
        return "pause" if box.colour is None else f"shade-{box.colour % SHADES}"


def laid_out(picture: Picture) -> list[tuple[Text, list[Cell]]] | None:
    """By row its label and its cells, those that a cell above or before covers left out. None: it is no grid.

    Two boxes that would cover one place stand together in one cell: a timetable under way may have such.
    """
    grid = picture.of
    if not isinstance(grid, Grid):
        return None
    width = max(len(grid.columns), 1)
    owners: dict[tuple[int, int], Cell] = {}
    starts: dict[tuple[int, int], Cell] = {}
    for box in sorted(grid.boxes, key=lambda each: (each.row, each.column is not None, each.column or 0)):
        first, across = (0, width) if box.column is None else (box.column, 1)
        down = max(1, min(box.rows, len(grid.rows) - box.row))
        places = [(row, column) for row in range(box.row, box.row + down) for column in range(first, first + across)]
        taken = next((owners[each] for each in places if each in owners), None)
        if taken is not None:
            taken.boxes.append(box)
            continue
        made = Cell(down, across, [box])
        starts[box.row, first] = made
        owners |= dict.fromkeys(places, made)
    rows = []
    for number, label in enumerate(grid.rows):
        free = {column: Cell() for column in range(width) if (number, column) not in owners}
        begin = {column: cell for (row, column), cell in starts.items() if row == number}
        rows.append((label, [cell for _column, cell in sorted((free | begin).items())]))
    return rows
