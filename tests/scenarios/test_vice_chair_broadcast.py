"""S3, the Vice-Chair's broadcast with recall: approved, killed in the middle, corrected; on all doors."""

from __future__ import annotations

import re
import signal
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.kit.door import SENT_BEFORE
from bot.kit.events import Called, Caller
from db.broadcasts import Broadcast, BroadcastCopy, BroadcastPortion, Standing
from db.machinery import Sending
from db.people import Aeo, Kind, Organisation, Person, RoleName, Scope, Topic, create_administration, grant_role
from scheduling.regions import members
from tests.crash.process import Nursery
from tests.fakes.platform import Call

from .doors import line_of
from .handed import WITHIN, Handed, handed
from .stage import MAIL, SLACK, TELEGRAM, Somebody, Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)  # office hours from Casablanca to Calcutta; night in the last two
YEAR = timedelta(days=365)
AWAKE = [
    "TN",
    "MA",
    "DZ",
    "EG",
    "FR",
    "ES",
    "IT",
    "DE",
    "PL",
    "GR",
    "TR",
    "SA",
    "JO",
    "AE",
    "OM",
    "QA",
    "KE",
    "IN",
    "NG",
    "CM",
]
ASLEEP = ["NZ", "DO"]
REGION, REGION_NAME = "north", "The North"
ZONES = {each.code: each.zone for each in members()}
CAST = {
    "cora": Somebody("Cora", zone=ZONES["TN"]),
    "vic": Somebody("Vic", zone=ZONES["TN"]),
    "amina": Somebody("Amina", Kind.BUSINESS, ZONES["TN"], "fr", "Trusted"),
    "badr": Somebody("Badr", Kind.BUSINESS, ZONES["TN"], "ar", "Trusted"),
    "dora": Somebody("Dora", Kind.BUSINESS, ZONES["FR"], "en", "Trusted", home="fr"),
    "omar": Somebody("Omar", Kind.BUSINESS, ZONES["TN"], "en", "Trusted"),
    "olga": Somebody("Olga", Kind.BUSINESS, ZONES["TN"], "en", "Trusted"),
    "mona": Somebody("Mona", Kind.BUSINESS, ZONES["DE"], "en", "Trusted", home="de"),
    "paul": Somebody("Paul", Kind.BUSINESS, ZONES["TN"], "en", "Trusted"),
    "noah": Somebody("Noah", Kind.BUSINESS, ZONES["TN"], "en", "Unknown"),
}
DOORS = {
    "cora": SLACK, "vic": TELEGRAM, "amina": TELEGRAM, "badr": SLACK, "dora": MAIL,
    "omar": TELEGRAM, "olga": SLACK, "mona": MAIL, "paul": TELEGRAM, "noah": SLACK,
}  # fmt: skip
TITLE = {"en": "Rules of origin", "fr": "Règles d’origine", "ar": "قواعد المنشأ"}
WRONG = {"en": "They change on 1 April.", "fr": "Elles changent le 1er avril.", "ar": "تتغير في 1 أبريل."}
RIGHT = {"en": "They change on 1 May.", "fr": "Elles changent le 1er mai.", "ar": "تتغير في 1 مايو."}
WHY = "The month was wrong."
LANGUAGES = {"fr": "Français", "ar": "العربية"}


# Some thirty; or fifteen hundred.
ARRANGEMENTS = (
    pytest.param("sqlite_url", 22, id="sqlite-few"),
    pytest.param("sqlite_url", 1493, id="sqlite-all", marks=pytest.mark.slow),
    pytest.param("postgresql_url", 1493, id="postgresql-all", marks=pytest.mark.slow),
)
SEEN = ("amina", "badr", "dora")
A_SECOND = 20  # messages, on a slow machine; the platforms would take thirty each
IN_FLIGHT = 20  # sent before the answer that asked for the pause had come
MOST_TOO_SOON = 3  # of all: on a busy machine some arrive late, and then one is too many for its second
MOST_IN_DOUBT = 160  # what a process had claimed and was on its way


def guests(many: int) -> tuple[dict[str, Somebody], dict[str, str]]:
    """So many more, in all countries, languages and at both chats, and at which door each is."""
    cast, doors = {}, {}
    for number in range(many):
        country = [*AWAKE, *ASLEEP][number % 22]
        home = "" if country == "TN" else country.lower()
        language = ("en", "fr", "ar")[number % 3]
        name = f"guest{number}"
        cast[name] = Somebody(f"Guest{number}", Kind.BUSINESS, ZONES[country], language, "Trusted", home=home)
        doors[name] = (SLACK, TELEGRAM)[number % 2]
    return cast, doors


def settle_in(stage: Stage) -> None:
    now = stage.clock.now()
    with stage.parley.sessions.writing() as session:
        homes = {
            country.lower(): create_administration(
                session, code=country.lower(), name={"en": f"Customs of {country}"}, country=country,
                zone=ZONES[country], language="en", regions=[{"code": REGION, "name": {"en": REGION_NAME}}],
            )
            for country in (*AWAKE, *ASLEEP)
        }  # fmt: skip
        session.flush()
        stage.know(session, homes["tn"].id, {code: each.id for code, each in homes.items()})
        for name, role in (("cora", RoleName.COORDINATOR), ("vic", RoleName.VICE_CHAIR)):
            person = session.get_one(Person, stage.ids[name])
            grant_role(session, person, role, scope=Scope.REGION, scope_id=REGION, at=now, until=now + YEAR)
        trusted = update(Organisation).where(Organisation.name == "Trusted")
        session.execute(trusted.values(aeo=Aeo.AUTHORISED, aeo_by_id=stage.ids["cora"], aeo_at=now))
        session.get_one(Person, stage.ids["paul"]).muted = [Topic.BROADCASTS.value]


UNANSWERED = 4  # so many more have theirs when it dies, at least, and Parley does not know it
SHARE = 0.4


@pytest.mark.promise(
    "scenario.s3",
    "A region is alerted over all doors: killed in the middle nobody hears twice, and a correction takes its place.",
)
@pytest.mark.parametrize(("database", "many"), ARRANGEMENTS)
async def test_a_vice_chairs_broadcast(
    database: str, many: int, nursery: Nursery, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(database)
    cast, doors = guests(many)
    async with Stage.opened(url, MONDAY, settle_in, CAST | cast, DOORS | doors) as stage:
        await is_written(stage)
        await is_approved_by_another(stage)
        async with handed(stage, nursery, telegram_rate=30, slack_rate=30, mail_rate=30) as process:
            await is_killed_in_the_middle(stage, process)
        twice = await is_sent_again_by_a_person_only(stage)
        await names_what_failed(stage)
        await is_acknowledged(stage)
        await is_corrected(stage, twice)
        await reaches_the_rest_in_their_morning(stage)
        await reminds_the_silent(stage)
        await is_in_the_archive(stage)


def recipients(stage: Stage) -> list[str]:
    return [name for name, each in stage.cast.items() if each.organisation == "Trusted"]


async def is_written(stage: Stage) -> None:
    """1. A draft in three languages for trusted traders of the region; its preview says whom it reaches, and how."""
    cora = stage["cora"]
    await cora.writes("/broadcast")
    await cora.fills(
        "broadcasts.broadcast",
        title=TITLE["en"],
        words=WRONG["en"],
        wants="To say that they have seen it",
        hour="In each one's own working hours",
        moment="As soon as it is approved",
    )
    await cora.presses("For whom it is")
    for by, value in (
        ("Trusted trader (AEO)", {"aeo": "Trusted trader (AEO)"}),
        ("Region of the world", {"region": REGION_NAME}),
    ):
        await cora.presses("Only those …")
        await cora.fills("broadcasts.choose", by=by, **value)
    missing = await cora.presses("Go on writing")
    assert re.search(r"Not written yet, and read by some it is for: .* and ", missing)
    for code, language in LANGUAGES.items():
        await cora.presses("In another language")
        await cora.fills("broadcasts.word", language=language, title=TITLE[code], words=WRONG[code])
    preview = await cora.presses("Preview")
    assert f"Recipients: {len(recipients(stage)):,}" in preview
    assert "1 person does without broadcasts that are not urgent" in preview
    assert "waits for their working hours, until" in preview
    for code, language in {"en": "English", **LANGUAGES}.items():
        looks = await cora.presses("How it looks", of=language)
        assert looks.count(WRONG[code]) == 4, "on Slack, on Telegram, in a mail and on the page"
        await cora.presses("Preview")
    await cora.presses("Have it approved")
    assert f"Submitted, for {len(recipients(stage)):,} people." in await cora.presses("Have it approved")


async def is_approved_by_another(stage: Stage) -> None:
    """2. and 3. Its author may not; another types the number. Then some leave, and one's mailbox is gone."""
    cora, vic = stage["cora"], stage["vic"]
    assert "Look at it and approve" not in cora.all[-1]
    external, address = cora.account
    own = Called(Caller(SLACK, external, address, "Cora"), name="broadcasts.approve", args={"broadcast": 1})
    assert (await stage.parley.edge.direct(own, trace="s3")).answer.form is None, "nobody approves their own"
    whole = await vic.presses("Look at it and approve")
    assert all(each in whole for each in WRONG.values())
    await vic.presses("Approve it")
    refused = await vic.writes(str(len(recipients(stage)) + 1))
    assert "That is not the number. Please look at it again." in refused
    assert "It can be taken back until" in await vic.writes(str(len(recipients(stage))))
    assert "Vic has approved your broadcast." in "\n".join(cora.all)
    assert not carriers(stage, WRONG), "it is held"
    for name in ("omar", "olga"):
        await stage[name].leaves()
    await stage.settle()
    stage.smtp.refuses(stage["mona"].account[1], "550 5.1.1 There is no such user")


def texts_at(stage: Stage, name: str) -> list[str]:
    return [each for each in stage[name].all if "\n" in each]


def carriers(stage: Stage, words: Mapping[str, str]) -> dict[str, int]:
    """Who has messages of the broadcast that say these words, and how many; its author and approver are not asked."""
    found = {
        name: sum(words[stage.cast[name].language] in each for each in stage[name].all) for name in recipients(stage)
    }
    return {name: count for name, count in found.items() if count}


def told_so_far(stage: Stage) -> int:
    """The copies that the chats have taken."""
    calls = [*stage.telegram.calls("sendMessage"), *stage.slack.calls("chat.postMessage")]
    return sum(
        each.error is None and any(words in str(each.arguments["text"]) for words in WRONG.values()) for each in calls
    )


def states(session: Session) -> dict[str, Sending]:
    rows = session.execute(select(Person.name, BroadcastCopy.state).join(Person, Person.id == BroadcastCopy.person_id))
    return {row[0]: row[1] for row in rows}


async def is_killed_in_the_middle(stage: Stage, process: Handed) -> None:
    """3. Its hold ends; at 40 % the process dies, and another goes on. The platforms' limits are kept all the time."""
    stage.telegram.a_second = 30
    stage.telegram.fails("sendMessage", "429", skip=3, retry_after=1)
    stage.slack.fails("chat.postMessage", "429", skip=3, retry_after=1)
    before, everybody = told_so_far(stage), len(recipients(stage))
    within = WITHIN + everybody / A_SECOND
    await process.starts()
    process.passes(timedelta(minutes=3))
    await process.until(lambda: told_so_far(stage) - before >= SHARE * everybody, within)
    for line in process.lines:
        line.delay = 600  # what is answered from now on is not heard
    mark = told_so_far(stage)
    await process.until(lambda: told_so_far(stage) >= mark + UNANSWERED)
    await process.ends(signal.SIGKILL)
    for line in process.lines:
        line.heal()
    await process.starts()
    await process.until(lambda: process.sees(lambda session: not left_now(session, process.now())), within)
    await process.ends(signal.SIGTERM)
    stage.telegram.a_second = None  # it counts by the machine's clock, which stands still from now on
    for platform in (stage.telegram, stage.slack):
        keeps_to_pauses(platform.recorded)


def left_now(session: Session, now: datetime) -> int:
    """How many portions are under way; what waits for somebody's morning is not."""
    under_way = BroadcastPortion.ended_at.is_(None), BroadcastPortion.at <= now
    return session.scalar(select(func.count()).select_from(BroadcastPortion).where(*under_way)) or 0


def keeps_to_pauses(calls: Sequence[Call]) -> None:
    """Whoever was asked to wait did: between a 429 and the end of its pause nothing of that kind was sent."""
    asked = [each for each in calls if each.status == 429]
    assert any(each.fault is not None for each in asked)
    too_soon = [each for each in asked if each.fault is None]
    assert len(too_soon) <= MOST_TOO_SOON, too_soon
    for each in asked:
        until = each.at + timedelta(seconds=0.95)
        early = [
            other
            for other in calls
            if other.method == each.method and other.number > each.number + IN_FLIGHT and other.at < until
        ]
        assert not early, early


async def is_sent_again_by_a_person_only(stage: Stage) -> set[str]:
    """Who is in doubt is listed, by name or country; they have it once or not at all, until a person says "again".

    Those who have it twice then.
    """
    with stage.parley.sessions.reading() as session:
        before = states(session)
    doubt = [name for name in recipients(stage) if before[stage.cast[name].name] is Sending.IN_DOUBT]
    assert UNANSWERED <= len(doubt) <= MOST_IN_DOUBT, doubt
    have = carriers(stage, WRONG)
    assert set(have.values()) == {1}, "nobody has a second copy"
    accepted = {name for name in recipients(stage) if before[stage.cast[name].name] is Sending.ACCEPTED}
    assert accepted <= have.keys() and have.keys() <= accepted | set(doubt)
    cora = stage["cora"]
    await cora.writes("/broadcasts")
    await cora.presses("Open", of=TITLE["en"])
    assert f"In doubt: {len(doubt)}" in await cora.presses("How far it has come")
    await cora.presses("Who is in doubt")
    await cora.presses("Send to them again")
    await cora.presses("Send to them again")
    await stage.settle()
    again = carriers(stage, WRONG)
    for name in doubt:
        copies = [each for each in stage[name].all if WRONG[stage.cast[name].language] in each]
        marked = [each for each in copies if stage[name].says(SENT_BEFORE.source) in each]
        assert len(marked) == 1 and len(copies) == 1 + have.get(name, 0), "what may be the second says so"
    assert {name: count for name, count in again.items() if name not in doubt} == {
        name: count for name, count in have.items() if name not in doubt
    }
    return {name for name in doubt if name in have}


async def names_what_failed(stage: Stage) -> None:
    """Each that does not get through says why, and what mends it."""
    shown = await stage["cora"].presses("How far it has come")
    for line in (
        "1 person: They have blocked Parley. Ask them to unblock it and to write to it once.",
        "1 person: Their account no longer exists. Ask their organisation who has taken over.",
        "1 person: Their e-mail address does not exist. Ask them for their present address.",
        "1 person: They do without broadcasts. Only an urgent one reaches them.",
    ):
        assert line in shown


async def is_acknowledged(stage: Stage) -> None:
    """In a chat and by the link in a mail; it is counted by country."""
    for name in SEEN:
        assert stage[name].says("You have seen it, and said so.") in await stage[name].presses("I have seen it")
    by_country = await stage["cora"].presses("Look again")
    assert f"Answered: {len(SEEN)}" in by_country
    assert line_of(by_country, "Tunisia")[4] == "2" and line_of(by_country, "France")[4] == "1"


async def is_corrected(stage: Stage, twice: set[str]) -> None:
    """4. What was wrong is replaced where it stands; those who had opened it are told, and nobody else."""
    cora, vic = stage["cora"], stage["vic"]
    had = carriers(stage, WRONG)
    await cora.presses("Open")
    await cora.presses("Correct it")
    await cora.fills("broadcasts.correct", why=WHY, title=TITLE["en"], words=RIGHT["en"])
    for code, language in LANGUAGES.items():
        await cora.presses("Write it in another language")
        await cora.fills("broadcasts.correct_in", language=language, title=TITLE[code], words=RIGHT[code])
    await cora.presses("Ask for approval")
    vic.hears("A correction waits for a second person.")
    await vic.presses("The correction")
    await vic.presses("Approve the correction")
    await stage.settle()
    now = carriers(stage, RIGHT)
    chats = {name for name in had if stage[name].platform != MAIL}
    left = {name for name in carriers(stage, WRONG) if name in chats}
    assert left == twice, "nobody knows what the platform calls the first of two; on both networks all others are gone"
    assert now.keys() >= had.keys()
    told = {name for name in recipients(stage) if has_read(stage, name)}
    assert told == set(SEEN)


def has_read(stage: Stage, name: str) -> bool:
    return any(stage[name].says("What you have read was corrected.") in each for each in stage[name].all)


async def reaches_the_rest_in_their_morning(stage: Stage) -> None:
    """Those who slept have it in their own office hours, as it should be, and never had it otherwise."""
    await stage.passes(hours=30)
    for name in recipients(stage):
        if stage.cast[name].zone in {ZONES[each] for each in ASLEEP}:
            assert name in carriers(stage, RIGHT)
    with stage.parley.sessions.reading() as session:
        rows = session.execute(
            select(Person.zone, BroadcastCopy.accepted_at).join(Person, Person.id == BroadcastCopy.person_id)
        )
        for zone, at in rows:
            assert at is None or 9 <= at.astimezone(ZoneInfo(zone)).hour < 17
        assert session.scalars(select(Broadcast.standing)).one() is Standing.SENT


def reminders(stage: Stage) -> Counter[str]:
    lead = "Customs still waits for your answer."
    return Counter(
        {name: sum(stage[name].says(lead) in each for each in stage[name].all) for name in recipients(stage)}
    )


async def reminds_the_silent(stage: Stage) -> None:
    """Twice at most, and never in their night; whoever has answered is left alone."""
    first = max(each.number for each in stage.telegram.recorded)
    await stage.passes(days=14)
    counted = reminders(stage)
    assert not {name for name in SEEN if counted[name]}
    silent = carriers(stage, RIGHT).keys() - set(SEEN)
    assert {counted[name] for name in silent} == {2}
    zones = {stage[name].account[1]: stage.cast[name].zone for name in recipients(stage)}
    for each in stage.telegram.calls("sendMessage"):
        if each.number > first and str(each.arguments["chat_id"]) in zones:
            hour = each.at.astimezone(ZoneInfo(zones[str(each.arguments["chat_id"])])).hour
            assert 7 <= hour < 20, "nobody is woken"
    cora = stage["cora"]
    await cora.writes("/broadcasts")
    await cora.presses("Open", of=TITLE["en"])
    shown = await cora.presses("Who has not answered")
    assert f"{len(silent):,} people have not answered." in shown and "Rounds of reminders: 2" in shown
    assert "Remind them now" not in shown
    assert line_of(shown, "Tunisia")[1] == "2"


async def is_in_the_archive(stage: Stage) -> None:
    """What was sent, who wrote it and who said yes, each edition."""
    cora = stage["cora"]
    await cora.writes("/archive")
    kept = await cora.presses("What was sent", of=TITLE["en"])
    assert WRONG["en"] in kept and RIGHT["en"] in kept and WHY in kept
    assert "Written by: Cora" in kept and "Approved by: Vic" in kept
