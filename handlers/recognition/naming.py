"""What a criterion is called."""

from __future__ import annotations

from bot.kit.text import SOURCE_LANGUAGE, Code, Named, Phrase, Raw, _
from db.recognition import Criterion


def label(criterion: Criterion) -> Phrase:
    """Its letter and its name, in the reader's language."""
    return _("{code}. {name}", code=Code(criterion.code), name=Named(criterion.name))


def title(criterion: Criterion, language: str) -> Raw:
    """The same as words that are kept, such as an agenda's: in one language, which is another where it has no name in
    `language`."""
    spoken = next(
        each for each in (language, language.split("_")[0], SOURCE_LANGUAGE, *criterion.name) if each in criterion.name
    )
    return Raw(f"{criterion.code}. {criterion.name[spoken]}", spoken)
