"""Members of two enumerations may have one value and two names."""

from __future__ import annotations

from enum import StrEnum

import pytest

from bot.kit.events import Answer as _KitAnswer  # noqa: F401  imported for its effect: the kit knows one by that name
from bot.kit.screen import Fact, from_json, to_json
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


class Answer(StrEnum):
    YES = "yes"


def test_a_member_is_stored_by_its_name_even_where_the_kit_has_something_called_like_its_enumeration() -> None:
    name_members({Answer.YES: _("Yes")})
    assert from_json(to_json(Fact(_("Answer"), Answer.YES))).value == _("Yes")
