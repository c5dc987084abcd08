"""Fonts that are missing, damaged or of another script; and those that are well."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.ops.doctor import fonts
from bot.ops.doctor.lines import Line
from bot.platforms import drawing
from tests.ops.doctor.conftest import Patient, sick

pytestmark = pytest.mark.promise("doctor.fails", "Each FAIL and each WARN of `parley doctor` is produced on purpose.")

LATIN, ARABIC = drawing.FONTS


def found(monkeypatch: pytest.MonkeyPatch, *files: Path) -> Line:
    monkeypatch.setattr(drawing, "FONTS", files)
    return fonts.check()


def test_fonts_that_are_well(patient: Patient) -> None:
    line = patient.examined()["fonts"]
    assert line.verdict == "OK" and "Latin, Arabic, Cyrillic" in line.why


def test_a_font_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    sick(found(monkeypatch, LATIN, tmp_path / "NotoSansArabic.ttf"), "FAIL", "not there: NotoSansArabic.ttf")


def test_a_script_that_no_font_has(monkeypatch: pytest.MonkeyPatch) -> None:
    sick(found(monkeypatch, LATIN), "FAIL", "boxes in place of letters: Arabic", "make install")
    line = found(monkeypatch, ARABIC)
    assert "Cyrillic" in line.why and "Arabic" not in line.why


def test_a_font_that_is_damaged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    damaged = tmp_path / "NotoSans.ttf"
    damaged.write_bytes(LATIN.read_bytes()[:1000])
    sick(found(monkeypatch, damaged, ARABIC), "FAIL", "boxes in place of letters", "Cyrillic")


def test_a_drawer_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "can_draw", lambda _letters: 1 / 0)
    sick(fonts.check(), "FAIL", "nothing can be drawn (ZeroDivisionError)")
