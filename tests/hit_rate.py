"""How often search shows an officer the right earlier answer: 30 questions in three languages, among 90 answers.

The questions and the terms of trade were written by the same hand, so the figure flatters; questions from a real desk
would be harder.
"""

from __future__ import annotations

import json
import re
import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import search
from db.people import create_administration
from db.search import Document
from db.session import Sessions, connect, upgrade

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


def rate() -> float:
    """The part of the questions whose answer is found, in a fresh SQLite database."""
    questions = load()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/parley.db"
        upgrade(url)
        sessions = Sessions(connect(url))
        with sessions.writing() as session:
            create_administration(session, code="x", name={"en": "X"}, country="TN", zone="UTC", language="en")
            fill(session, questions)
            found = len(questions.pairs) - len(missed(session, questions))
        sessions.engine.dispose()
    return found / len(questions.pairs)


def plain_rate() -> float:
    """The same with FTS5 alone: words as they are written, no stems, no terms of trade."""
    questions = load()
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE answer USING fts5(words, tokenize='unicode61 remove_diacritics 2')")
    for number, each in enumerate([*questions.pairs, *questions.others]):
        database.execute("INSERT INTO answer(rowid, words) VALUES (?, ?)", (number, each["answer"]))
    found = 0
    for number, pair in enumerate(questions.pairs):
        wanted = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", pair["question"]))
        best = database.execute(
            "SELECT rowid FROM answer WHERE answer MATCH ? ORDER BY bm25(answer) LIMIT ?", (wanted, SHOWN)
        )
        found += (number,) in best.fetchall()
    database.close()
    return found / len(questions.pairs)
