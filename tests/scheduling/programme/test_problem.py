"""The question: JSON there and back, what is wrong with it, and the schema that is published of it."""

from __future__ import annotations

import json
import random
from dataclasses import fields, is_dataclass
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from jsonschema import Draft202012Validator

from scheduling.programme import Problem, Weights, places_from_json, schema
from scheduling.programme.reading import is_required
from tests.scheduling.programme.symposia import symposium, tiny

SCHEMA = json.loads(schema())
BACKWARDS = {"start": "2027-05-12T09:00", "end": "2027-05-12T08:00"}
SMALL: dict[str, Any] = {
    "zone": "Africa/Tunis",
    "blocks": [{"key": "am", "start": "2027-05-12T09:00", "minutes": 90}],
    "rooms": [{"key": "hall", "capacity": 100}],
    "people": [{"key": "ama"}],
    "sessions": [{"key": "opening", "minutes": 60, "people": [{"person": "ama", "role": "chair"}]}],
}


@pytest.mark.parametrize(
    "data", [SMALL, *SCHEMA["examples"], symposium(), *(tiny(random.Random(seed)) for seed in range(20))]
)
def test_there_and_back_and_as_the_schema_says(data) -> None:
    validator = Draft202012Validator(SCHEMA)
    problem = Problem.from_json(data)
    written = problem.to_json()
    assert Problem.from_json(json.loads(json.dumps(written))) == problem
    assert not list(validator.iter_errors(data)) and not list(validator.iter_errors(written))


def test_the_schema_says_of_each_field_what_the_dataclasses_say() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    seen: set[str] = set()
    _agree(Problem, SCHEMA, seen)
    assert {*seen, "Instant"} == set(SCHEMA["$defs"])
    defaults = {name: each["default"] for name, each in SCHEMA["$defs"]["Weights"]["properties"].items()}
    assert defaults == {each.name: each.default for each in fields(Weights)}


def _agree(kind: Any, schema: Any, seen: set[str]) -> None:
    hints = get_type_hints(kind)
    assert list(schema["properties"]) and set(schema["properties"]) == {each.name for each in fields(kind)}, kind
    assert set(schema["required"]) == {each.name for each in fields(kind) if is_required(each)}, kind
    assert schema["additionalProperties"] is False
    for name, hint in hints.items():
        _fits(hint, schema["properties"][name], seen)


def _fits(hint: Any, schema: Any, seen: set[str]) -> None:
    if get_origin(hint) is UnionType:
        given, none = schema["anyOf"]
        assert none == {"type": "null"}
        (hint,) = (each for each in get_args(hint) if each is not NoneType)
        schema = given
    if get_origin(hint) is tuple:
        assert schema["type"] == "array"
        _fits(get_args(hint)[0], schema["items"], seen)
    elif is_dataclass(hint):
        name = hint.__name__  # type: ignore[union-attr]
        assert schema["$ref"] == f"#/$defs/{name}"
        if name not in seen:
            seen.add(name)
            _agree(hint, SCHEMA["$defs"][name], seen)
    elif issubclass(hint, StrEnum):
        seen.add(hint.__name__)
        assert SCHEMA["$defs"][hint.__name__]["enum"] == list(hint)
    elif hint in (str, int, bool):
        assert schema["type"] == {str: "string", int: "integer", bool: "boolean"}[hint]
    else:
        assert schema["$ref"] == "#/$defs/Instant"


def test_a_time_without_an_offset_is_the_venues() -> None:
    block = Problem.from_json(SMALL).blocks[0]
    assert block.start.isoformat() == "2027-05-12T09:00:00+01:00"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"zone": "Nowhere"}, "no such time zone: 'Nowhere'"),
        ({"rooms": []}, "a programme is of 1 to 100 rooms, not 0"),
        ({"colour": "red"}, "colour: there is no such field"),
        ({"sessions": [{"key": "a"}]}, "sessions.0.minutes: missing"),
        ({"sessions": [{"key": "a", "minutes": True}]}, "sessions.0.minutes: not a whole number: True"),
        ({"sessions": [{"key": "a", "minutes": 0}]}, "session 'a': takes 1 to 1440 minutes, not 0"),
        ({"sessions": [{"key": "a", "minutes": 9, "people": [{"person": "x"}]}]}, "session 'a': no such person, 'x'"),
        ({"sessions": [{"key": "a", "minutes": 9, "people": [{"person": "ama", "role": "king"}]}]}, "none of speaker"),
        ({"sessions": [{"key": "a", "minutes": 9}, {"key": "a", "minutes": 9}]}, "session 'a' is there 2 times"),
        (
            {"sessions": [{"key": "a", "minutes": 9, "after": ["b"]}, {"key": "b", "minutes": 9, "after": ["a"]}]},
            "these sessions each wait for another of them: a, b",
        ),
        ({"sessions": [{"key": "a", "minutes": 9, "repeat_of": "a"}]}, "no such session that is no repeat, 'a'"),
        ({"people": [{"key": "ama", "remote": {"zone": "Mars"}}]}, "person 'ama': no such time zone: 'Mars'"),
        ({"blocks": [{"key": "am", "start": "soon", "minutes": 9}]}, "blocks.0.start: not a time, such as"),
        ({"blocks": [{"key": "am", "start": "2027-05-12T09:00:30", "minutes": 9}]}, "not start on a whole minute"),
        ({"blocks": [{"key": "am", "start": "0001-01-01T00:00", "minutes": 9}]}, "not a year for a symposium: 1"),
        ({"walks": [{"rooms": ["hall"], "minutes": 3}]}, "walks.0.rooms: not 2 of them"),
        ({"wishes": [{"sessions": ["opening", "closing"]}]}, "wish 0: no such session that is no repeat, 'closing'"),
        ({"weights": {"day": -1}}, "weight of day is from 0 to 1000000, not -1"),
        ({"rooms": [{"key": "hall", "capacity": 9, "closed": [BACKWARDS]}]}, "room 'hall': a stretch that ends before"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(fault, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("(", r"\(")):
        Problem.from_json(SMALL | fault)


def test_everything_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(ValueError, match=r"no such person, 'x'; session 'b': no such block, 'y'"):
        Problem.from_json(
            SMALL
            | {
                "sessions": [
                    {"key": "a", "minutes": 9, "people": [{"person": "x"}]},
                    {"key": "b", "minutes": 9, "blocks": ["y"]},
                ]
            }
        )


@pytest.mark.parametrize(
    ("places", "said"),
    [
        ([], "not places by session"),
        ({"opening": {"block": "am"}}, "the place of 'opening': room: missing"),
        ({"opening": {"block": "pm", "room": "hall"}}, "the place of 'opening': no such block, 'pm'"),
        ({"closing": {"block": "am", "room": "hall"}}, "the place of 'closing': no such session, 'closing'"),
    ],
)
def test_places_that_are_none_are_refused(places, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        places_from_json(Problem.from_json(SMALL), places)
