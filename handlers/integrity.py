"""Corruption is not told in a chat: what looks like a disclosure is not kept, and everybody is given the same address.

The patterns are few and narrow on purpose. A text they take is thrown away, so that a question about an anti-corruption
course, a corrupt file or spoilt fruit has to pass.
"""

from __future__ import annotations

import re
import unicodedata

from bot.kit.context import Context
from bot.kit.screen import Screen
from bot.kit.text import Link, Phrase, Text, _
from db.people import Administration

# Words and what parts them have no sign in common, so that no text takes more than one look at each word.
_NEAR = r"\W+(?:\w+\W+){0,10}?"

# A word that names the thing itself, unless it speaks of what is done against it.
_NAMED = (
    r"(?<!anti[- ])\b(?:brib(?:e|es|ed|ing|ery)|kickbacks?|extort(?:s|ed|ing|ion)?)\b",
    r"\bunder the table\b",
    r"\bpots?[- ]de[- ]vin\b",
    r"\bba[kc](?:h)?chichs?\b",
    r"\bdessous[- ]de[- ]table\b",
    r"\bsoudoy\w+",
    r"\brackett?(?:e|ent|er|é|és)\b",
    r"(?<!مكافحه )\b(?:ال|ب|و|بال|وال|لل)?(?:رشوه|رشاوي|ارتشاء|برطيل)\b",
    r"\bتحت الطاوله\b",
    r"\bيبتزن[يا]\b|\bابتزن[يا]\b",
)
# A word that can mean much else, next to the one it is said of.
_SAID_OF = (
    (r"corrupt(?:ion)?", r"(?:officers?|officials?|inspectors?|agents?|guards?|director|manager|colleagues?)"),
    (r"corromp\w+|corruption", r"(?:agents?|douaniers?|inspecteurs?|fonctionnaires?|chefs?|directeur|officiers?)"),
    (r"(?:ال)?فاسد(?:ون|ين)?", r"(?:ال)?(?:موظف|موظفين|ضابط|ضباط|مفتش|مسؤول|جمركي)"),
)
# Money asked for something that is not for sale.
_ASKED = (
    (
        r"(?:ask|demand|want|request)(?:s|ed|ing)?\b",
        r"(?:cash|money|gifts?|envelopes?)\b",
        r"(?:for (?:himself|herself|themselves)|without (?:a |any )?receipt|to (?:release|speed|let|look away|sign))",
    ),
    (
        r"(?:demand|exig|réclam|voul)\w*",
        r"(?:argent|liquide|cadeaux?|enveloppes?|billets?)\b",
        r"(?:sans reçu|en échange|pour (?:lui|eux|libérer|débloquer|accélérer|laisser|fermer les yeux|signer)\b)",
    ),
    (
        r"(?:طلب|طلبوا|يطلب|يريد|يريدون|اشترط)\b",
        r"(?:مالا|المال|فلوس|فلوسا|نقودا|هديه|اكراميه)\b",
        r"(?:لنفسه|مقابل|بدون ايصال|بلا ايصال|للافراج|لكي يفرج|لتسريع|ليوقع)",
    ),
)
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        *_NAMED,
        *(rf"\b(?:{one})\b{_NEAR}(?:{other})\b" for one, other in _SAID_OF),
        *(rf"\b(?:{other})\b{_NEAR}(?:{one})\b" for one, other in _SAID_OF),
        *(rf"\b{verb}{_NEAR}{what}{_NEAR}{purpose}" for verb, what, purpose in _ASKED),
    )
)
# Letters that are written in several ways, as one; vowels that hardly anybody writes, as none.
_SPELLING = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ة": "ه", "ى": "ي", "ـ": None, "’": "'"}) | dict.fromkeys(
    range(0x064B, 0x0653)
)

ADDRESS = _(
    "If you want to tell about corruption, do not write it here: whoever runs this chat service can read it. Use the"
    " public address instead. It is the same for everybody and does not ask who you are."
)
NO_ADDRESS = _(
    "If you want to tell about corruption, do not write it here: whoever runs this chat service can read it. This"
    " administration has not published a safe address yet; its head office is the place to ask for one."
)


def looks_like_disclosure(text: str) -> bool:
    """Whether `text` (English, French or Arabic) looks like somebody telling of corruption they met."""
    plain = " ".join(unicodedata.normalize("NFC", text).casefold().split()).translate(_SPELLING)
    return any(pattern.search(plain) for pattern in _PATTERNS)


def where(ctx: Context) -> tuple[Text, ...]:
    """Where corruption is told safely, in the same words for everybody."""
    address = ctx.session.get_one(Administration, ctx.who.administration_id).integrity_url
    return (ADDRESS, Link(address)) if address else (NO_ADDRESS,)


def not_kept(ctx: Context) -> Screen:
    """The answer to what looks like a disclosure."""
    heading: Phrase = _("I have not kept what you wrote.")
    body = (
        *where(ctx),
        _("Please delete your message above too, if you can. If it was about something else, write it in other words."),
    )
    return Screen(heading, body)
