"""The process is killed by strace at calls to the kernel: where Python's own boundaries have nothing in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from .conftest import Fresh
from .facts import Facts
from .plans import tried
from .process import Nursery
from .tracing import Tracer, why_not

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.slow,
    pytest.mark.promise(
        "crash.strace",
        "Killed at any call that writes to the database or reaches a socket, Parley keeps the same promises.",
    ),
]
SAMPLE = 5  # conversations, with a death in every act


@pytest.mark.parametrize("copies", ["sqlite", "postgresql"], indirect=True)
async def test_it_survives_a_death_at_any_call(
    nursery: Nursery,
    copies: Fresh,
    calm: Mapping[str, Facts],
    tmp_path: Path,
    pytestconfig: pytest.Config,
    record_property: Callable[[str, object], None],
) -> None:
    if (reason := why_not()) is not None:
        pytest.skip(reason)
    record_property("figure", await tried(nursery, copies, calm, pytestconfig, SAMPLE, Tracer(tmp_path)))
