"""The nasty inputs, as a table: what is typed, and what is kept of it or said to it.

The numbers are those of the list they were taken from. Left out because there is nothing yet to try them on: 18
(formulas in exported tables: there are no spreadsheets), 19 in a calendar (there are no feeds) and 27 (an hour that a
night in spring does not have: no question asks for an hour). 25, 28, 29 and 30 are no texts: test_nasty.py and
test_nasty_http.py have them.
"""

from __future__ import annotations

from dataclasses import dataclass

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
EMPTY, TOO_LONG = "That is empty. Please write a few words.", "at most {max} fit here. Please shorten it."
NUMBER = "Please send a whole number from {least} to {most}."
DATE = "Please send a date, for example {example}."


@dataclass(frozen=True)
class Typed:
    """A text. `kept` is what is stored of it as prose, `line` as one line; `said` is the refusal where nothing is."""

    number: int
    name: str
    text: str
    kept: str = ""
    line: str | None = None
    said: str = ""

    @property
    def on_a_line(self) -> str:
        return self.kept if self.line is None else self.line


def same(number: int, name: str, text: str) -> Typed:
    return Typed(number, name, text, text)


TEXTS = (
    Typed(1, "a direction forced on a file's name", "\u202egnp.exe", "gnp.exe"),
    Typed(1, "an isolate that is never closed", "Quai \u2066 3 \u2067 x", "Quai  3  x", "Quai 3 x"),
    same(2, "Arabic in a French sentence", "Le port de بنزرت, quai 3 (HS 0702)."),
    same(2, "Arabic with the marks it needs", "می\u200cخواهم \u200fHS 0702\u200e"),
    Typed(3, "Zalgo", "Z" + "\u0316\u0317\u0318" * 100 + "algo", "Z\u0316\u0317\u0318\u0316algo"),
    Typed(4, "10,000 characters", "é" * 10_000, said=TOO_LONG),
    Typed(5, "100,000 characters", "é" * 100_000, said=TOO_LONG),
    Typed(6, "nothing", "", said=EMPTY),
    Typed(6, "spaces", "  \n\t", said=EMPTY),
    Typed(6, "a zero-width space", "\u200b", said=EMPTY),
    Typed(6, "a Hangul filler", "\u3164", said=EMPTY),
    Typed(7, "NUL in the middle", "a\x00b\x1b[31mc", "ab[31mc"),
    Typed(8, "half a surrogate pair", "a\ud800b", "a\ufffdb"),
    same(9, "a family at the cut", "ab" + FAMILY * 12),
    Typed(10, "4096 emoji", "😀" * 4096, said=TOO_LONG),
    same(11, "one sign that compatibility makes 18", "\ufdfa" * 20),
    same(12, "mentions of Slack's", "<!channel> <!here> <@U1> <#C1> <!subteam^S1> @channel #general"),
    same(13, "mentions of Telegram's", "@all @username #tag $USD +216 71 123 456"),
    same(
        14, "links in disguise", "<https://evil.example|Customs> [x](javascript:1) www.evil.example http://10.0.0.1/x"
    ),
    same(14, "a date of Slack's", "<!date^0^{date}|never>"),
    same(15, "markup and references", "<b>x</b> </code> &lt; &amp;lt; <script>alert(1)</script> \" ' onclick=x"),
    same(15, "Telegram's own tags", "</blockquote><tg-time unix='1'>x</tg-time><a href="),
    same(16, "formats left open", "*bold _it ~x ```open > quote :smile: **"),
    same(17, "a command to tap", "take it: /approve_7 or /start@some_bot"),
    same(20, "an end of a statement", "'; DROP TABLE issue; -- % _ \\"),
    same(21, "templates", "{{7*7}} {0.__class__} {words} %s %(x)s ${x} {% raw %}"),
    same(22, "a folder above", "../../etc/CON"),
    Typed(19, "an event of a calendar", "x\r\nEND:VEVENT\r\nBEGIN", "x\nEND:VEVENT\nBEGIN", "x END:VEVENT BEGIN"),
)

# 23 and 24: what the question for a chapter, from 1 to 97, makes of it; None is asked again with the range.
NUMBERS = {
    "12": 12,
    " 7 ": 7,
    "٣": 3,
    "１２": 12,
    "007": 7,
    "-0": None,
    "²": None,
    "1_000": None,
    "1e5": None,
    "NaN": None,
    "-1": None,
    "0": None,
    "98": None,
    str(2**31): None,
    str(2**63): None,
    "9" * 5000: None,
    "\ud800": None,
    "1\x002": 12,  # what nobody sees is gone before anything is read
}

# 26: what the question for a day makes of it; None is asked again with an example. More are in tests/kit/test_dates.py.
DATES = {
    "2027-05-05": "2027-05-05",
    "٢٠٢٧-٠٥-٠٥": "2027-05-05",
    "31/12/2026": "2026-12-31",
    "29/02/2028": "2028-02-29",
    "30 Feb": None,
    "29 Feb 2027": None,
    "24:00": None,
    "23:59:60": None,
    "0001-01-01": None,
    "9999-12-31": None,
    "2569-01-01": None,
    str(10**15): None,
    "\ud800\x00": None,
}
