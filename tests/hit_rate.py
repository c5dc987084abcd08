"""How often search shows an officer the right earlier answer: 30 questions in three languages, among 90 answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import search
from db.search import Document

DATA = Path(__file__).parent / "data" / "question_pairs.json"
KIND, SHOWN = "answer", 3


@dataclass(frozen=True)
class Questions:
    """Questions with the answer each should find, and answers about something else."""

    pairs: list[dict[str, Any]]
    others: list[dict[str, Any]]


def load() -> Questions:
    stored = json.loads(DATA.read_text(encoding="utf-8"))
    return Questions(stored["pairs"], stored["others"])


def fill(session: Session, questions: Questions, administration_id: int = 1) -> None:
    """Make every answer findable; those of the pairs are numbered as their pairs."""
    for number, each in enumerate([*questions.pairs, *questions.others]):
        search.keep(session, KIND, number, administration_id, each["answer"])


def missed(session: Session, questions: Questions) -> list[int]:
    """The pairs whose answer is not among the first three found."""
    among = select(Document.item_id).where(Document.kind == KIND)
    return [
        number
        for number, pair in enumerate(questions.pairs)
        if number not in search.find(session, KIND, pair["question"], among=among, limit=SHOWN)
    ]
