"""What a person typed, wherever an event carries it.

Cleaning and looking for words that are not to be kept must miss no field, so both know every event here, side by side.
"""

from __future__ import annotations

from dataclasses import replace

from bot.kit.clean import clean
from bot.kit.events import Answered, Called, Changed, Event, Replied, Submitted


def cleaned(event: Event) -> Event:
    """The event with everything a person typed made safe, once, before anything looks at it."""
    match event:
        case Called():
            words = clean(event.words) if event.words else event.words
            return replace(event, words=words, quoted=clean(event.quoted) if event.quoted else None)
        case Answered():
            return replace(event, text=clean(event.text)) if event.text else event
        case Submitted() | Changed():
            safe = {name: clean(each) if isinstance(each, str) else each for name, each in event.values.items()}
            return replace(event, values=safe)
        case Replied():
            return replace(event, comment=clean(event.comment))


def words_of(event: Event) -> list[str]:
    """Everything a person typed in this event."""
    match event:
        case Called():
            return [each for each in (event.words, event.quoted) if each]
        case Answered():
            return [event.text] if event.text else []
        case Submitted() | Changed():
            return [value for value in event.values.values() if isinstance(value, str)]
        case Replied():
            return [event.comment] if event.comment else []
