"""What every table shares: names of constraints, aware instants, the administration a case belongs to."""

from __future__ import annotations

import enum
import re
from datetime import UTC, datetime
from typing import Any, ClassVar, Self

from sqlalchemy import JSON, BigInteger, ColumnElement, DateTime, Dialect, Enum, ForeignKey, Integer, MetaData, inspect
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime. A naive one is refused when bound: it would mean something else on each database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012  SQLAlchemy reads it from the class
        datetime: Instant(),
        dict[str, Any]: JSON(none_as_null=True),  # no value is NULL on every path, not JSON's null on some
        list[Any]: JSON(none_as_null=True),
        int: BigInteger().with_variant(Integer, "sqlite"),
        # Values, not member names, are stored; no native type, so that a new member needs no migration lock.
        enum.Enum: Enum(
            enum.Enum,
            native_enum=False,
            length=32,
            values_callable=lambda kind: [member.value for member in kind],
        ),
    }


class Identified:
    id: Mapped[int] = mapped_column(primary_key=True, sort_order=-10)

    def absorb(self, other: Self) -> None:
        """Two persons turned out to be one, and only one such row may stand for them: take over what is missing."""
        for column in inspect(type(self)).columns:
            if getattr(self, column.key) is None:
                setattr(self, column.key, getattr(other, column.key))


# What phones, keyboards and word processors write where a reference has its hyphen; spaces beside it are let go.
HYPHEN = r"\s*[-\u2010-\u2015\u2212]?\s*"


class OfAdministration(Identified):
    """Mixed into every table of a case: one database may serve several administrations, and none sees another's."""

    @classmethod
    def visible_to(cls, who: Any) -> ColumnElement[bool]:
        """The rows `who` may see: whatever is shown, counted, searched or loaded for a person goes through it."""
        raise NotImplementedError(f"nobody has said who may see a {cls.__name__}")

    @classmethod
    def named(cls, words: str) -> ColumnElement[bool] | None:
        """The row a person means by `words`, such as a reference they type; None where nothing can be meant."""
        return None

    @declared_attr
    def administration_id(cls) -> Mapped[int]:  # noqa: N805  SQLAlchemy hands it the class
        return mapped_column(ForeignKey("administration.id"), index=True, sort_order=-9)


class Referenced(OfAdministration):
    """A row that people call by letters and its number. Ids are unique over all administrations, so that a reference
    never means two things."""

    LETTERS: ClassVar[str]
    IS_BARE: ClassVar[bool] = False  # whether the number alone means one, too

    @property
    def ref(self) -> str:
        return f"{self.LETTERS}-{self.id}"

    @classmethod
    def named(cls, words: str) -> ColumnElement[bool] | None:
        """`B-3`, `b3` or `b – 3`, in the digits of any script."""
        optional = "?" if cls.IS_BARE else ""
        its = rf"(?:{cls.LETTERS}{HYPHEN}){optional}(\d{{1,17}})"
        found = re.fullmatch(its, words.strip(), re.IGNORECASE)
        return cls.id == int(found[1]) if found else None
