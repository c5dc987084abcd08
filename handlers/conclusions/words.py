"""What an outcome statement says, in whose language, and what stands beside it."""

from __future__ import annotations

from bot.kit.screen import Fact, Quote
from bot.kit.text import Phrase, Raw, When, _
from db.conclusions import Conclusion, ConclusionTranslation

ASKED, SAID, DONE, NOT_DONE, REFUSED = 600, 1200, 1200, 1200, 800  # graphemes, so that a message holds all of them


def told(text: Conclusion | ConclusionTranslation) -> tuple[Quote, ...]:
    """The four things a conclusion says, in the words and the language they were written in."""
    not_done = (
        (Quote(Raw(text.not_done, text.language), label=_("What was not done, and why")),) if text.not_done else ()
    )
    return (
        Quote(Raw(text.asked, text.language), label=_("What was asked")),
        Quote(Raw(text.said, text.language), label=_("What was said")),
        Quote(Raw(text.done, text.language), label=_("What was done")),
        *not_done,
    )


def told_in(conclusion: Conclusion, translated: ConclusionTranslation | None) -> tuple[Quote | Phrase, ...]:
    """The same in a reader's language where somebody translated it, marked so, and what the co-owner says to it."""
    if translated is None:
        return (*told(conclusion), *refusal(conclusion))
    return (_("Translated by its owners; the original is one button away."), *told(translated), *refusal(conclusion))


def refusal(conclusion: Conclusion) -> tuple[Quote, ...]:
    """A co-owner's refusal to sign is told as what it is."""
    if conclusion.refused_at is None or conclusion.refused_words is None:
        return ()
    words = Raw(conclusion.refused_words, conclusion.refused_language)
    return (Quote(words, label=_("The co-owner on business’s side does not sign it, and says why")),)


def facts(conclusion: Conclusion) -> tuple[Fact, ...]:
    """Whether the co-owner signed."""
    if conclusion.signed_at is not None:
        return (Fact(_("Signed by the co-owner on business’s side"), When(conclusion.signed_at, day_only=True)),)
    if conclusion.refused_at is not None:
        return (Fact(_("Not signed by the co-owner on business’s side"), When(conclusion.refused_at, day_only=True)),)
    return ()
