"""Which modules of programmes may be loaded by processes that serve: the list in pyproject.toml is all of them."""

from __future__ import annotations

import tomllib
from pathlib import Path

import grimp

ROOM = "scheduling.programme"
SOLVERS = {"ortools", "numba", "numpy"}


def test_every_module_is_plain_and_kept_so_or_for_the_child() -> None:
    graph = grimp.build_graph(
        "scheduling", include_external_packages=True, exclude_type_checking_imports=True, cache_dir=None
    )
    plain = {
        module
        for module in graph.find_descendants(ROOM)
        if not graph.find_upstream_modules(module) & SOLVERS and not graph.find_children(module)
    }
    assert {f"{ROOM}.{name}" for name in ("demands", "changes", "search", "reading", "faults", "score")} <= plain
    settings = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = (
        each for each in settings["tool"]["importlinter"]["contracts"] if "ortools" in each.get("forbidden_modules", ())
    )
    assert plain == {each for each in contract["source_modules"] if each.startswith(f"{ROOM}.")}
