"""What the tests of programmes stand on."""

from __future__ import annotations

import pytest

from scheduling.programme import swaps


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """The swap search in plain Python, whether numba is installed or not: compiling takes longer than these tests."""
    monkeypatch.setattr(swaps, "compiled", lambda: None)
