"""Answers that many get alike but for their handles: drawn once, and filled for each."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any

from .events import Answer
from .screen import Button, map_buttons

KEPT = 256


class Moulds:
    """What one door has drawn lately of answers with a `series`, with a mark where each handle stands."""

    def __init__(self) -> None:
        self._moulds: OrderedDict[Hashable, Any] = OrderedDict()

    def drawn(self, draw: Callable[[Answer], Any], answer: Answer, *more: Hashable) -> Any:
        """`draw(answer)`: JSON, and what else a door puts in it. `more` is everything it depends on beside it."""
        if not answer.series:
            return draw(answer)
        handles: dict[str, str] = {}

        def mark(button: Button) -> Button:
            if button.handle is None:
                return button
            handles[marked := f"\x00{len(handles)}"] = button.handle
            return replace(button, handle=marked)

        plain = map_buttons(answer, mark)
        key = (answer.series, *more)
        if key not in self._moulds:
            self._moulds[key] = draw(plain)
            if len(self._moulds) > KEPT:
                self._moulds.popitem(last=False)
        return _filled(self._moulds[key], handles)


def _filled(value: Any, handles: dict[str, str]) -> Any:
    """A copy of it with the handles in their places."""
    if isinstance(value, str):
        return handles.get(value, value)
    if isinstance(value, dict):
        return {key: _filled(each, handles) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, handles) for each in value]
    if type(value) is tuple:
        return tuple(_filled(each, handles) for each in value)
    return value
