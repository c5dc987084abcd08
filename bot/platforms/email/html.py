"""The dialect of a mail's HTML part: simple marks that every mail program shows; nothing loads from elsewhere."""

from __future__ import annotations

from datetime import datetime

from markupsafe import escape


class Html:
    """Everything is escaped; the isolates of the kit stand as they are."""

    def escape(self, text: str) -> str:
        return str(escape(text))

    def raw(self, text: str) -> str:
        return str(escape(text)).replace("\n", "<br>\n")

    def instant(self, at: datetime, fallback: str, day_only: bool) -> str:
        return str(escape(fallback))

    def link(self, url: str, label: str) -> str:
        return f'<a href="{escape(url)}">{label}</a>'

    def strong(self, text: str) -> str:
        return f"<strong>{text}</strong>"

    def out(self, text: str) -> str:
        return f"<del>{text}</del>"

    def new(self, text: str) -> str:
        return f"<ins>{text}</ins>"
