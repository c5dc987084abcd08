"""The types that a platform publishes, as JSON Schema, and what is wrong with a payload by them.

The schemas stand in ``schema/`` beside the scripts that made them. Two keywords are ours: ``minBytes`` and ``maxBytes``
count a string's UTF-8 bytes. ``parsed`` and ``file`` are not for this module; they are read where markup is parsed and
uploads are taken.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator, ValidationError, validators

Schema = dict[str, Any]


@dataclass(frozen=True)
class Problem:
    """One thing wrong: where (``/blocks/0/text``), by which keyword of the schema, and the limit that it names."""

    where: str
    keyword: str
    limit: Any
    value: Any

    def __str__(self) -> str:
        return f"{self.where}: {self.keyword} {self.limit}"


def _min_bytes(_: Any, least: int, value: Any, schema: Schema) -> Iterator[ValidationError]:
    if isinstance(value, str) and len(value.encode(errors="surrogatepass")) < least:
        yield ValidationError(f"fewer than {least} bytes")


def _max_bytes(_: Any, most: int, value: Any, schema: Schema) -> Iterator[ValidationError]:
    if isinstance(value, str) and len(value.encode(errors="surrogatepass")) > most:
        yield ValidationError(f"more than {most} bytes")


class Published:
    """One platform's published types."""

    def __init__(self, name: str) -> None:
        loaded = json.loads((Path(__file__).parent / "schema" / f"{name}.json").read_text())
        self.made_from: list[str] = loaded["made from"]
        self.methods: dict[str, Schema] = loaded["methods"]
        self.definitions: dict[str, Schema] = loaded["definitions"]
        own = {"minBytes": _min_bytes, "maxBytes": _max_bytes, "anyOf": self._any_of, "oneOf": self._any_of}
        self._kind = validators.extend(Draft7Validator, own)
        self._validators: dict[tuple[str, str], Any] = {}
        self._types: dict[int, frozenset[str]] = {}

    def _validator(self, kind: str, name: str) -> Any:
        if (kind, name) not in self._validators:
            schema = self.methods[name] if kind == "method" else {"$ref": f"#/definitions/{name}"}
            self._validators[kind, name] = self._kind({"allOf": [schema], "definitions": self.definitions})
        return self._validators[kind, name]

    def _any_of(self, validator: Any, branches: list[Schema], value: Any, schema: Schema) -> Iterator[ValidationError]:
        """A union says what is wrong with the branch that was meant, not that all of them were missed."""
        if isinstance(value, dict) and all(self._types_of(branch) for branch in branches):
            branches = [branch for branch in branches if str(value.get("type")) in self._types_of(branch)]
        nearest: list[ValidationError] | None = None
        for branch in branches:
            errors = list(validator.descend(value, branch))
            if not errors:
                return
            if nearest is None or len(errors) < len(nearest):
                nearest = errors
        if nearest is None:
            yield ValidationError("no such type", validator="union", validator_value=None, instance=value)
        else:
            yield from nearest

    def _types_of(self, schema: Schema) -> frozenset[str]:
        """The values of ``type`` that tell this branch from its neighbours; none, if it is not told by a type."""
        if id(schema) not in self._types:
            self._types[id(schema)] = frozenset(self._constants(schema))
        return self._types[id(schema)]

    def _constants(self, schema: Schema) -> Iterator[str]:
        if ref := schema.get("$ref"):
            yield from self._constants(self.definitions[ref.removeprefix("#/definitions/")])
        for branch in schema.get("anyOf") or schema.get("oneOf") or ():
            yield from self._constants(branch)
        constant = schema.get("properties", {}).get("type", {}).get("const")
        if constant is not None:
            yield constant

    def problems(self, definition: str, value: Any, where: str = "") -> list[Problem]:
        """What is wrong with a value that should be of the named definition; ``where`` is its own place."""
        return self._found(self._validator("definition", definition), value, where)

    def problems_in_call(self, method: str, arguments: Any) -> list[Problem]:
        """What is wrong with a method's arguments."""
        return self._found(self._validator("method", method), arguments, "")

    def _found(self, validator: Any, value: Any, where: str) -> list[Problem]:
        found = {}
        for error in validator.iter_errors(value):
            place = where + "".join(f"/{step}" for step in error.absolute_path)
            problem = Problem(place, str(error.validator), error.validator_value, error.instance)
            found[place, problem.keyword] = problem
        return list(found.values())

    def takes_json(self, schema: Schema) -> bool:
        """Is a value of this type an object or a list, so that a form field holds it as JSON?"""
        if ref := schema.get("$ref"):
            return self.takes_json(self.definitions[ref.removeprefix("#/definitions/")])
        choices = schema.get("anyOf") or schema.get("oneOf") or []
        return schema.get("type") in {"object", "array"} or any(self.takes_json(choice) for choice in choices)
