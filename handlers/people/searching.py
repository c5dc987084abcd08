"""The names most like what somebody types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from rapidfuzz import fuzz, process, utils

from bot.kit.forms import CHOICES_SHOWN

CUT_OFF = 60
K = TypeVar("K")


def closest(query: str, names: Mapping[K, str], *, cut_off: int = CUT_OFF, most: int = CHOICES_SHOWN) -> list[K]:
    """The keys of the names most like `query`, best first; the first few in their own order where nothing is typed."""
    if not query.strip():
        return list(names)[:most]
    found = process.extract(
        query, names, scorer=fuzz.WRatio, processor=utils.default_process, score_cutoff=cut_off, limit=most
    )
    return [key for _name, _score, key in found]
