"""What was sent to many before the demo begins: a coordinator's broadcast, approved by a second person, answered by
some, not reaching one, and corrected; told through the capabilities' own verbs."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from db.broadcasts import Asks, Broadcast, BroadcastCopy, Reply
from db.people import Kind

from .retelling import DAY, HOUR, Past

AUTHOR, APPROVER = "Samuel Adeyemi", "Leila Benali"
MORNING = DAY + timedelta(hours=9)  # of last week's Tuesday
MINUTES = timedelta(minutes=5)  # its hold is over, and it is sent
ALERT = {
    "title": "Certificates of origin: new form",
    "words": "From 1 December certificates of origin are accepted on the new form only.",
}
ALERT_FR = {
    "title": "Certificats d’origine : nouveau formulaire",
    "words": "Dès le 1er décembre, seuls les certificats d’origine sur le nouveau formulaire sont acceptés.",
}
ALERT_AR = {
    "title": "شهادات المنشأ: نموذج جديد",
    "words": "ابتداء من 1 ديسمبر لا تقبل شهادات المنشأ إلا على النموذج الجديد.",
}
WHY = "The old form is accepted until the end of the year."
RIGHT = {"title": ALERT["title"], "words": "From 1 January certificates of origin are accepted on the new form only."}
RIGHT_FR = {
    "title": ALERT_FR["title"],
    "words": "Dès le 1er janvier, seuls les certificats d’origine sur le nouveau formulaire sont acceptés.",
}
RIGHT_AR = {
    "title": ALERT_AR["title"],
    "words": "ابتداء من 1 يناير لا تقبل شهادات المنشأ إلا على النموذج الجديد.",
}
SEEN = ("Sofia Marin", "Jonas Weber", "Claire Fontaine")


async def lately(past: Past, monday: datetime) -> None:
    """Written and sent on Tuesday of last week; corrected two hours later."""
    await past.at(monday + MORNING)
    asked = {"wants": Asks.ACKNOWLEDGE.value, "hour": "suitable", "moment": "now"}
    await past.fill(AUTHOR, "broadcasts.broadcast", ALERT | asked)
    alert = past.latest(Broadcast)
    business = {"side": "include", "by": "kind", "kind": Kind.BUSINESS.value}
    await past.fill(AUTHOR, "broadcasts.choose", business, broadcast=alert)
    for language, text in (("fr", ALERT_FR), ("ar", ALERT_AR)):
        await past.fill(AUTHOR, "broadcasts.word", text | {"language": language}, broadcast=alert)
    await past.do(AUTHOR, "broadcasts.submit", broadcast=alert, confirmed=True)
    await past.fill(APPROVER, "broadcasts.approve", {"count": str(_count(past, alert))}, broadcast=alert)
    await past.at(past.clock.now() + MINUTES)
    for name in SEEN:
        await past.fill(name, "broadcasts.reply", {"reply": Reply.SEEN.value}, copy=_copy(past, alert, name))
    await past.at(past.clock.now() + 2 * HOUR)
    await past.fill(AUTHOR, "broadcasts.correct", RIGHT | {"why": WHY}, broadcast=alert)
    for language, text in (("fr", RIGHT_FR), ("ar", RIGHT_AR)):
        await past.fill(AUTHOR, "broadcasts.correct_in", text | {"language": language}, broadcast=alert)
    await past.do(APPROVER, "broadcasts.approve_correction", broadcast=alert)
    await past.at(past.clock.now() + MINUTES)


def _count(past: Past, alert: int) -> int:
    with past.parley.sessions.reading() as session:
        return session.get_one(Broadcast, alert).frozen_count or 0


def _copy(past: Past, alert: int, name: str) -> int:
    its = BroadcastCopy.broadcast_id == alert, BroadcastCopy.person_id == int(past.person(name))
    with past.parley.sessions.reading() as session:
        return session.scalars(select(BroadcastCopy.id).where(*its)).one()
