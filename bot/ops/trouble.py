"""What an operator can put right, said in one line: what is wrong, and what to do."""

from __future__ import annotations

from pydantic import ValidationError
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError


class Trouble(Exception):
    """A command cannot do what it was asked; the message is all that its caller needs."""


def in_one_line(error: BaseException) -> str | None:
    """The line for an error that comes from the set-up, never with a secret in it; None for one that is our own."""
    match error:
        case Trouble():
            return str(error)
        case ValidationError():
            wrong = [f"PARLEY_{'_'.join(map(str, each['loc'])).upper()}: {each['msg']}" for each in error.errors()]
            return "; ".join(wrong)
        case ArgumentError() | NoSuchModuleError():
            return "PARLEY_DATABASE_URL is not an address: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"
        case DBAPIError():
            return f"the database refuses: {str(error.orig).strip().splitlines()[0]}"
        case OSError() if error.strerror:
            return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        case _:
            return None
