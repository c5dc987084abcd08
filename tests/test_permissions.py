"""Who may what: the matrix of roles and commands stands in the repository, so that a change shows in review.

After a change on purpose: `python -m tests.test_permissions` writes it anew.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import handlers
from bot.kit.text import Catalogues, Reader, Writer
from db.people import Grant, RoleName, Scope, Who

MATRIX = Path(handlers.__file__).parent / "permissions.md"
STRANGER = Who(1, 1, "", None, "en", "UTC", is_registered=False)
MEMBER = replace(STRANGER, is_registered=True)


def _holding(name: RoleName, scope: Scope) -> Who:
    return replace(MEMBER, grants=frozenset({Grant(name, scope, "1")}))


ROLES = {
    "stranger": STRANGER,
    "member": MEMBER,
    "officer": _holding(RoleName.OFFICER, Scope.CENTRE),
    "lead": _holding(RoleName.LEAD, Scope.CENTRE),
    "coordinator": _holding(RoleName.COORDINATOR, Scope.REGION),
    "vice-chair": _holding(RoleName.VICE_CHAIR, Scope.REGION),
    "administrator": _holding(RoleName.ADMINISTRATOR, Scope.COUNTRY),
}


def matrix() -> str:
    """A Markdown table: ✓ where the role may run the command at all; the entity is checked again each time."""
    writer = Writer(Catalogues(Path("none")), Reader("en", "UTC"))
    lines = [
        "# Who may run which command",
        "",
        "Made by `python -m tests.test_permissions`. A ✓ means the role may run it at all; what it is about is checked",
        "again each time, through `visible_to` and the command's rule.",
        "",
        f"| Command | What it does | Rule | {' | '.join(ROLES)} |",
        f"|---|---|---|{'---|' * len(ROLES)}",
    ]
    for command in sorted(handlers.registry.commands.values(), key=lambda each: each.name):
        marks = " | ".join("✓" if command.allow(who) else "" for who in ROLES.values())
        lines.append(f"| `{command.name}` | {writer.plain(command.title)} | {command.allow.name} | {marks} |")
    return "\n".join(lines) + "\n"


def test_the_matrix_in_the_repository_is_the_one_in_force() -> None:
    assert MATRIX.read_text(encoding="utf-8") == matrix(), "run `python -m tests.test_permissions`, then review"


def test_a_stranger_may_only_introduce_themselves_and_ask_for_help() -> None:
    allowed = {command.name for command in handlers.registry.commands.values() if command.allow(STRANGER)}
    proofs = {"attendance.verify", "attendance.proven"}  # as anybody can on the page of a proof
    assert all(name.startswith(("people.", "home.")) for name in allowed - proofs)


if __name__ == "__main__":
    MATRIX.write_text(matrix(), encoding="utf-8")
