"""A catalogue that is missing, damaged, out of date, incomplete, unreviewed; and one that is well."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.kit.text import CATALOGUES
from bot.ops.doctor.catalogues import check
from bot.ops.doctor.lines import Line
from tests.ops.doctor.conftest import TRANSLATED, catalogue, sick

pytestmark = pytest.mark.promise("doctor.fails", "Each FAIL and each WARN of `parley doctor` is produced on purpose.")


@pytest.fixture
def french(tmp_path: Path) -> Path:
    """The French one of a folder in which every language is well."""
    return {language: catalogue(tmp_path, language) for language in TRANSLATED}["fr"]


def found(french: Path) -> Line:
    lines = {line.check: line for line in check(french.parents[2])}
    assert lines["language ar"].verdict == "OK", "one is not blamed for the other"
    return lines["language fr"]


def test_one_that_is_well(french: Path) -> None:
    assert found(french).verdict == "OK" and "2 phrases, 0 missing" in found(french).why
    assert "reviewed by a native speaker: Amina" in found(french).why


def test_one_that_is_not_there_or_not_compiled(french: Path) -> None:
    french.with_suffix(".mo").unlink()
    sick(found(french), "FAIL", "its catalogue is not compiled")
    french.unlink()
    sick(found(french), "FAIL", "there is no ")


def test_one_that_is_damaged(french: Path) -> None:
    compiled = french.with_suffix(".mo").read_bytes()
    french.with_suffix(".mo").write_bytes(b"nothing of the kind, though long enough")
    sick(found(french), "FAIL", "its catalogue cannot be read")
    for length in (0, 10, 40, len(compiled) - 3):
        french.with_suffix(".mo").write_bytes(compiled[:length])
        assert found(french).verdict == "FAIL"
    french.with_suffix(".mo").write_bytes(compiled)
    french.write_bytes(b'msgid "\xff"\nmsgstr "x"\n')
    sick(found(french), "FAIL", "its catalogue cannot be read")


def test_one_that_was_changed_and_not_compiled(french: Path) -> None:
    old = french.with_suffix(".mo").read_bytes()
    catalogue(french.parents[2], "fr", home="z")
    french.with_suffix(".mo").write_bytes(old)
    sick(found(french), "FAIL", "what is compiled is not what the catalogue says")


@pytest.mark.parametrize("lacking", ["home", "many"])
def test_one_that_is_incomplete(french: Path, lacking: str) -> None:
    catalogue(french.parents[2], "fr", **{lacking: ""})
    sick(found(french), "WARN", "1 missing", "translate the rest: they are shown in English")


def test_one_that_nobody_has_reviewed(french: Path) -> None:
    catalogue(french.parents[2], "fr", reviewer="nobody yet")
    sick(found(french), "WARN", "native speaker: nobody yet", "have it read by a native speaker")


def test_our_own_are_compiled_and_complete() -> None:
    for line in check(CATALOGUES):
        assert line.verdict != "FAIL" and ", 0 missing" in line.why
