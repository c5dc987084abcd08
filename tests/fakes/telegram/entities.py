"""The stretches of a text that mean something: said by the bot, or found by the server in plain words.

Offsets and lengths count UTF-16 code units, as everywhere in the Bot API. What is found unasked (a mention, a command,
an address) matters to tests: a person's own words must not turn into something to tap.
"""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, order=True)
class Entity:
    """One stretch: its place, its kind, and what the kind needs besides."""

    offset: int
    length: int
    type: str
    url: str | None = None
    language: str | None = None
    unix_time: int | None = None
    date_time_format: str | None = None
    custom_emoji_id: str | None = None
    user: Any = None

    @property
    def end(self) -> int:
        return self.offset + self.length

    def of(self, text: str) -> str:
        """The words that it stands on."""
        return cut_utf16(text, self.offset, self.end)

    def body(self) -> dict[str, Any]:
        """The entity as the Bot API gives it."""
        return {key: value for key, value in asdict(self).items() if value is not None}


def utf16(text: str) -> int:
    """How long a text is for Telegram."""
    return len(text) + sum(character > "\uffff" for character in text)


def cut_utf16(text: str, start: int, end: int) -> str:
    """The text between two of Telegram's offsets."""
    return text.encode("utf-16-le", "surrogatepass")[2 * start : 2 * end].decode("utf-16-le", "replace")


# Kinds that stand for themselves: nothing is looked for inside them.
OPAQUE = {"code", "pre", "text_link", "text_mention", "custom_emoji", "date_time"}

ALWAYS_TOP = "com org net int gov edu mil info biz name pro aero app dev online site shop club xyz africa asia travel"
COUNTRIES = (
    "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd "
    "cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gd ge "
    "gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh "
    "ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw "
    "mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb "
    "sc sd se sg sh si sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk "
    "us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw"
)
TOPS = set(ALWAYS_TOP.split()) | set(COUNTRIES.split())

MENTION = re.compile(r"(?<!\w)@[A-Za-z0-9_]{3,32}(?!\w)")
COMMAND = re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/<>])")
HASHTAG = re.compile(r"(?<!\w)#(?=\w*[^\W\d_])\w{1,256}(?!\w*#)")
CASHTAG = re.compile(r"(?<![\w$])\$[A-Z]{1,8}(?![\w$])")
EMAIL = re.compile(r"(?<![\w.+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]+\.)+([A-Za-z]{2,})(?!\w)")
PHONE = re.compile(r"(?<![\w+])\+\d(?:[ -]?\(?\d\)?){7,14}(?!\w)")
ADDRESS = re.compile(
    r"(?<![\w@./-])(?P<scheme>https?://|ftp://|tg://|ton://)?(?P<host>(?:[^\W_](?:[\w-]*[^\W_])?\.)+(?P<top>[^\W\d_]{2,})|"
    r"\d{1,3}(?:\.\d{1,3}){3}|(?<=//)[\w-]+)(?P<port>:\d{1,5})?(?P<path>[/?#][^\s<>]*)?(?![\w@])",
    re.IGNORECASE,
)


def found(text: str, said: list[Entity]) -> list[Entity]:
    """What the server finds in a text by itself, beside what was said about it."""
    taken = [(entity.offset, entity.end) for entity in said if entity.type in OPAQUE]
    result = []
    for kind, start, end in _candidates(text):
        entity = Entity(utf16(text[:start]), utf16(text[start:end]), kind)
        if not any(entity.offset < last and first < entity.end for first, last in taken):
            taken.append((entity.offset, entity.end))
            result.append(entity)
    return result


def _candidates(text: str) -> Iterator[tuple[str, int, int]]:
    for match in EMAIL.finditer(text):
        if _is_top(match[1]):
            yield "email", *match.span()
    for match in ADDRESS.finditer(text):
        if span := _address(match):
            yield "url", *span
    for kind, pattern in (("bot_command", COMMAND), ("mention", MENTION), ("hashtag", HASHTAG), ("cashtag", CASHTAG)):
        for match in pattern.finditer(text):
            yield kind, *match.span()
    for match in PHONE.finditer(text):
        yield "phone_number", *match.span()


def _address(match: re.Match[str]) -> tuple[int, int] | None:
    top, scheme = match["top"], match["scheme"]
    if not scheme and (not top or not _is_top(top)):
        return None
    start, end = match.span()
    trailing = match[0]
    while trailing and trailing[-1] in ".,:;!?'\"»”’)":
        # A closing bracket belongs to the address if it was opened in it.
        if trailing[-1] == ")" and trailing.count("(") >= trailing.count(")"):
            break
        trailing = trailing[:-1]
        end -= 1
    return start, end


def _is_top(top: str) -> bool:
    """Is it a top-level domain? ``In`` after a full stop is a new sentence, not India."""
    is_sentence = top[:1].isupper() and top[1:].islower()
    return top.lower() in TOPS and not is_sentence
