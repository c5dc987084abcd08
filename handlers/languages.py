"""The languages of Parley, to choose from."""

from __future__ import annotations

from collections.abc import Sequence

from bot.kit.context import Context
from bot.kit.forms import Option
from bot.kit.text import LANGUAGES, Raw


def languages(ctx: Context, query: str) -> Sequence[Option]:
    """Every language by its own name, because the person may read no other."""
    return [Option(code, Raw(name, code)) for code, name in LANGUAGES.items()]
