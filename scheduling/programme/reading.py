"""Frozen dataclasses from JSON values and back, by their type hints: strict, and every fault says where it is.

Understands str, int, bool, StrEnum, datetime, other dataclasses, `X | None`, `tuple[X, ...]` and `tuple[X, X]`. A
field with a default may be left out; a name that is no field is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

T = TypeVar("T")
_WORDS = {str: "a text", int: "a whole number", bool: "true or false"}


def read(kind: type[T], data: Any, zone: ZoneInfo) -> T:
    """One `kind` from JSON values; a time without an offset is on the clock of `zone`.

    Raises ValueError: "sessions.3.minutes: not a whole number: 'x'".
    """
    value: T = _read(kind, data, zone, "")
    return value


def written(value: Any) -> Any:
    """JSON values of a dataclass, without the fields that are at their default; times with their offset."""
    if is_dataclass(value):
        given = {each.name: getattr(value, each.name) for each in fields(value)}
        return {
            each.name: written(given[each.name])
            for each in fields(value)
            if is_required(each) or given[each.name] != _default(each)
        }
    if isinstance(value, tuple):
        return [written(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, StrEnum) else value


def is_required(each: Field[Any]) -> bool:
    """Whether a dataclass's field has no default."""
    return each.default is MISSING and each.default_factory is MISSING


def _default(each: Field[Any]) -> Any:
    return each.default if each.default_factory is MISSING else each.default_factory()


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _read(kind: Any, data: Any, zone: ZoneInfo, at: str) -> Any:
    if get_origin(kind) is UnionType:
        if data is None:
            return None
        (kind,) = (each for each in get_args(kind) if each is not NoneType)
    if get_origin(kind) is tuple:
        return _tuple(get_args(kind), data, zone, at)
    if is_dataclass(kind):
        return _dataclass(kind, data, zone, at)
    if kind is datetime:
        return _instant(data, zone, at)
    if issubclass(kind, StrEnum):
        if data not in list(kind):
            raise ValueError(f"{_where(at)}none of {', '.join(kind)}: {data!r}")
        return kind(data)
    if type(data) is not kind:
        raise ValueError(f"{_where(at)}not {_WORDS[kind]}: {data!r}")
    return data


def _tuple(kinds: tuple[Any, ...], data: Any, zone: ZoneInfo, at: str) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise ValueError(f"{_where(at)}not a list: {data!r}")
    if kinds[-1] is not ... and len(kinds) != len(data):
        raise ValueError(f"{_where(at)}not {len(kinds)} of them: {data!r}")
    return tuple(_read(kinds[0], each, zone, _join(at, str(number))) for number, each in enumerate(data))


def _dataclass(kind: Any, data: Any, zone: ZoneInfo, at: str) -> Any:
    if not isinstance(data, dict):
        raise ValueError(f"{_where(at)}not an object: {data!r}")
    known = {each.name: each for each in fields(kind)}
    for name in data:
        if name not in known:
            raise ValueError(f"{_where(_join(at, str(name)))}there is no such field; they are {', '.join(known)}")
    for name, each in known.items():
        if name not in data and is_required(each):
            raise ValueError(f"{_where(_join(at, name))}missing")
    hints = _hints(kind)
    return kind(**{name: _read(hints[name], value, zone, _join(at, name)) for name, value in data.items()})


def _instant(data: Any, zone: ZoneInfo, at: str) -> datetime:
    try:
        read = datetime.fromisoformat(data)
    except (TypeError, ValueError):
        raise ValueError(f"{_where(at)}not a time, such as 2027-05-12T09:00: {data!r}") from None
    return read.replace(tzinfo=zone) if read.tzinfo is None else read


def _join(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _where(at: str) -> str:
    return f"{at}: " if at else ""
