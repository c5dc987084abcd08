"""The fonts that pictures are drawn with: there, and able to write what people here write."""

from __future__ import annotations

from bot.ops.doctor.lines import Line, fail, ok
from bot.platforms import drawing

SCRIPTS = {"Latin": "Aéß", "Arabic": "سلم", "Cyrillic": "Жпя"}
ANEW = "install Parley anew: `make install`"


def check() -> Line:
    """A line about all of them: a picture whose letters are missing shows boxes and says nothing of it."""
    lost = [path.name for path in drawing.FONTS if not path.is_file()]
    if lost:
        return fail("fonts", f"not there: {', '.join(lost)}", ANEW)
    try:
        undrawn = [script for script, letters in SCRIPTS.items() if not drawing.can_draw(letters)]
    except Exception as error:  # noqa: BLE001  whatever the drawer meets in a damaged file
        return fail("fonts", f"nothing can be drawn ({type(error).__name__})", ANEW)
    if undrawn:
        return fail("fonts", f"pictures show boxes in place of letters: {', '.join(undrawn)}", ANEW)
    return ok("fonts", f"pictures are drawn in {', '.join(SCRIPTS)}")
