"""Members of two enumerations may have one value and two names."""

from __future__ import annotations

from enum import StrEnum

import pytest

from bot.kit.text import _, name_members, phrase_of


class Tea(StrEnum):
    GREEN = "green"


class Light(StrEnum):
    GREEN = "green"
    RED = "red"


def test_members_with_one_value_keep_their_own_names() -> None:
    name_members({Tea.GREEN: _("Green tea")})
    name_members({Light.GREEN: _("Go")})
    assert phrase_of(Tea.GREEN) == _("Green tea")
    assert phrase_of(Light.GREEN) == _("Go")


def test_a_member_without_a_name_is_a_mistake_to_be_found_in_a_test() -> None:
    with pytest.raises(LookupError, match="name_members"):
        phrase_of(Light.RED)
