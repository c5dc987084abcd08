"""E-mail as a person meets it: an address becomes a door, mail comes by it, and what comes back is understood."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.kit.door import Sketches
from bot.kit.events import Answer
from bot.kit.screen import Button, Screen
from bot.kit.text import Raw, Reader, Writer, _, without_isolates
from bot.platforms.links import Post
from db.machinery import Sending
from db.mail import MailRequest
from db.people import Invited, Person
from scheduling.pace import Pace
from tests.fakes.smtp import Mail
from tests.handlers.issue_steps import raised, settled

from .town import Town, bounce, letter, link, without_marks

SHOP = "amina@shop.example"


def rows(town: Town) -> list[str]:
    shown = town.world.do("lena", "ledger.show", issue=1).text
    return [line.removeprefix("- ") for line in shown.splitlines() if line.startswith("-")]


# An address becomes a door


def test_an_address_is_a_door_once_its_link_was_followed(town: Town) -> None:
    said = town.world.say("amina", "/email Amina@Shop.Example")
    assert "A link was sent there." in said and "Waits to be confirmed: Amina@shop.example" in said.text
    (mail,) = town.smtp.mails
    assert mail.subject == "Confirm this address" and mail.recipients == ("Amina@shop.example",)
    assert "List-Unsubscribe" not in mail.message and "Amina" not in mail.plain, "it shows nothing of anybody"
    address = link(mail, "Confirm this address")
    for _scanner in range(2):
        assert "<button" in town.get(address).text
    assert town.account(SHOP) is None
    assert "This address is confirmed." in town.follow(address).text
    assert town.account(SHOP) is not None
    assert "confirmed already" in town.follow(address).text
    shown = town.world.say("amina", "/email").text
    assert "Address: Amina@shop.example" in shown and "Meetings: in my calendar feed" in shown


def test_what_is_no_address_is_refused_in_words(town: Town) -> None:
    for words in ("amina", "a@b", "a b@shop.example", "a@shop.example\nBcc: x@y.example", "é@shop.example"):
        assert "This is no e-mail address" in town.world.say("amina", f"/email {words}")
    assert town.smtp.mails == []


def test_a_link_is_of_no_use_when_it_is_old_or_another_was_sent(town: Town) -> None:
    town.world.say("amina", f"/email {SHOP}")
    first = link(town.last(SHOP), "Confirm this address")
    town.world.press("amina", "Send the link again")
    second = link(town.last(SHOP), "Confirm this address")
    assert "too old" in town.follow(first).text and town.account(SHOP) is None
    town.world.clock.advance(timedelta(days=8))
    assert "too old" in town.follow(second).text and town.account(SHOP) is None
    assert town.get(second[:-3] + "abc").status_code == 404


def test_two_people_do_not_share_an_address_and_neither_learns_of_the_other(town: Town) -> None:
    town.confirmed("amina", SHOP)
    town.world.say("badr", "/email badr@shop.example")
    said = town.world.say("badr", f"/email {SHOP.upper()}")
    assert "A link was sent there." in said and "already" not in said.text
    mail = town.last("AMINA@shop.example")
    assert mail.subject == "Your address was given to Parley a second time" and "/mail/" not in mail.plain
    account = town.account(SHOP)
    assert account is not None and account.person_id == town.world.ids["amina"]


def test_of_two_who_wait_for_one_address_the_first_has_it(both: Town) -> None:
    links = []
    for who in ("amina", "badr"):
        both.world.say(who, f"/email {SHOP}")
        links.append(link(both.last(SHOP), "Confirm this address"))
    assert "is confirmed" in both.follow(links[1]).text
    assert "used in Parley already" in both.follow(links[0]).text
    account = both.account(SHOP)
    assert account is not None and account.person_id == both.world.ids["badr"]


def test_nobody_is_flooded_with_links(town: Town) -> None:
    for _time in range(5):
        town.world.say("amina", f"/email {SHOP}")
    assert "Too many links" in town.world.say("amina", f"/email {SHOP}")
    assert "Too many links" in town.world.say("badr", f"/email {SHOP}"), "whoever asks"
    assert len(town.smtp.mails) == 5


def test_an_address_is_changed_and_given_up(town: Town) -> None:
    town.confirmed("amina", SHOP)
    town.confirmed("amina", "new@shop.example")
    assert town.account(SHOP) is None and town.account("new@shop.example") is not None
    town.world.say("amina", "/email")
    town.world.press("amina", "Remove the address")
    assert "The address is removed." in town.world.press("amina", "Remove the address")
    assert town.account("new@shop.example") is None


# Which messages go by mail


@pytest.mark.promise(
    "email.links", "Only a POST of the person's own acknowledges; a scanner that follows a link does not."
)
def test_whom_chat_fails_is_told_by_mail_in_one_line_of_the_ledger(both: Town) -> None:
    both.confirmed("amina", SHOP)
    issue = raised(both.world)
    both.world.blocks("amina")
    settled(both.world, issue)
    mail = both.last(SHOP)
    assert mail.subject == "P-000001: What became of it"
    (line,) = rows(both)
    assert line.startswith("Amina, Sodal Trading (Delivered, not opened yet")
    acknowledge = link(mail, "Acknowledge")
    assert "Acknowledge" in both.get(acknowledge).text
    assert rows(both) == [line], "a scanner has opened nothing"
    done = both.follow(acknowledge)
    assert "Customs knows that you have heard" in done.text and "no-store" in done.headers["cache-control"]
    (line,) = rows(both)
    assert line.startswith("Amina, Sodal Trading (Acknowledged")


def test_a_mail_has_the_headers_that_mail_servers_look_for(town: Town) -> None:
    town.confirmed("amina", SHOP)
    town.world.say("amina", "/email")
    town.world.press("amina", "News by e-mail first")
    issue = raised(town.world)
    town.world.do("ruiz", "issues.take", issue=issue)
    settled(town.world, issue)
    first, last = town.smtp.to(SHOP)[1], town.smtp.to(SHOP)[-1]
    for mail in (first, last):
        said = mail.message
        assert said["From"] == "Parley <parley@customs.example>" and said["Auto-Submitted"] == "auto-generated"
        assert re.fullmatch(r"<m-\d+\.[a-z2-7]{16}@customs\.example>", said["Message-ID"])
        assert re.fullmatch(r"parley\+b-\d+-[a-z2-7]{16}@customs\.example", mail.sender)
        assert re.fullmatch(r"parley\+t-\d+-[a-z2-7]{16}@customs\.example", said["Reply-To"].addresses[0].addr_spec)
        assert said["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert said.get_content_type() == "multipart/alternative"
        assert "<img" not in mail.html and "<script" not in mail.html and "src=" not in mail.html
        assert 'href="https://parley.example/' in mail.html
    assert first.message["References"] == last.message["References"] != None, "one thread for one issue"  # noqa: E711
    assert first.message["Message-ID"] != last.message["Message-ID"]


def test_who_has_a_chat_gets_no_mail_unless_they_chose_it(town: Town) -> None:
    town.confirmed("amina", SHOP)
    settled(town.world, raised(town.world))
    assert len(town.smtp.mails) == 1 and "What became of it" in town.world.last("amina")


def test_what_a_mail_cannot_do_by_itself_leads_to_the_page_by_a_fresh_link(town: Town) -> None:
    town.confirmed("amina", SHOP)
    town.world.say("amina", "/email")
    town.world.press("amina", "News by e-mail first")
    issue = raised(town.world)
    town.world.do("ruiz", "issues.take", issue=issue)
    mail = town.last(SHOP)
    see = link(mail, "All that was said")
    assert "Send me the link" in town.get(see).text
    town.follow(see)
    assert town.last(SHOP).subject == "Open my page"
    count = len(town.smtp.mails)
    town.follow(see)
    assert len(town.smtp.mails) == count, "one link within five minutes"
    address = link(town.last(SHOP), "Open my page")
    assert "P-000001" not in town.get(address).text, "a scanner signs nobody in"
    assert "P-000001" in town.follow(address).text, "and there one is, where the button led"
    assert "P-000001" in town.follow(see).text, "signed in, the mail's own links do the same"
    assert town.follow(address).status_code == 404


@pytest.mark.promise("email.stop", "One POST from a mail program ends all mail, and no old link begins it again.")
def test_mail_ends_with_one_click(town: Town) -> None:
    town.confirmed("amina", SHOP)
    town.world.say("amina", "/email")
    town.world.press("amina", "News by e-mail first")
    issue = raised(town.world)
    settled(town.world, issue)
    mail = town.last(SHOP)
    acknowledge = link(mail, "Acknowledge")
    stop = str(mail.message["List-Unsubscribe"]).strip("<>")
    town.get(stop)
    account = town.account(SHOP)
    assert account is not None and account.unreachable_since is None
    assert "No more e-mail" in town.follow(stop, **{"List-Unsubscribe": "One-Click"}).text
    assert "Customs knows that you have heard" in town.follow(acknowledge).text
    account = town.account(SHOP)
    assert account is not None and account.unreachable_reason == "unsubscribed"
    count = len(town.smtp.mails)
    town.world.do("olga", "issues.reopen", issue=issue)
    town.world.fill("olga", "A new fact.", "[Send]")
    assert len(town.smtp.mails) == count and "opened again" in town.world.last("amina")
    town.confirmed("amina", SHOP)
    account = town.account(SHOP)
    assert account is not None and account.unreachable_since is None


def test_somebody_without_a_chat_takes_part_by_mail(town: Town) -> None:
    town.world.do("ruiz", "people.email_invite")
    town.world.fill("ruiz", "Zoé Ben Ali", "zoe@farm.example", "[Français]", "At the counter, 20 November.", "[Send]")
    mail = town.last("zoe@farm.example")
    assert mail.subject == "Confirmer cette adresse" and "Ruiz" in mail.plain
    with town.world.parley.sessions.reading() as session:
        asked = session.get_one(MailRequest, 1)
        assert asked.consent == "At the counter, 20 November." and asked.by_id == town.world.ids["ruiz"]
    assert town.person(asked.person_id).registered_at is None
    town.follow(re.search(r"https://parley\.example/mail/\S+", without_marks(mail.plain))[0])  # type: ignore[index]
    person = town.person(asked.person_id)
    assert person.registered_at is not None and person.consented_at is not None and person.name == "Zoé Ben Ali"


def test_who_never_confirms_is_forgotten(town: Town) -> None:
    town.world.do("ruiz", "people.email_invite")
    town.world.fill("ruiz", "Zoé", "zoe@farm.example", "[Français]", "She said so.", "[Send]")
    town.world.pass_time(days=31)
    with town.world.parley.sessions.reading() as session:
        assert session.get(MailRequest, 1) is None
    assert "zoe" not in repr(town.world.do("ruiz", "people.email").text)


# What comes back


@pytest.mark.promise(
    "email.bounce", "A bounce is a typed failure of its own line of the ledger, once, and the next door is tried."
)
def test_a_bounce_is_a_typed_failure_and_the_next_door_is_tried(both: Town) -> None:
    both.confirmed("amina", SHOP)
    both.world.say("amina", "/email")
    both.world.press("amina", "News by e-mail first")
    issue = raised(both.world)
    settled(both.world, issue)
    mail = both.last(SHOP)
    seen = len(both.world.received("amina"))
    assert both.comes(bounce(mail, "5.1.1"), mail.sender)
    (told,) = both.world.news("amina", seen)
    assert "What became of it" in told
    account = both.account(SHOP)
    assert account is not None and account.unreachable_reason == "bad_address"
    assert both.receipt("amina").accepted_at is not None and both.receipt("amina").reason is None
    assert not both.comes(bounce(mail, "5.1.1"), mail.sender), "the same mail again"
    shown = both.world.say("amina", "/email").text
    assert "Mail to it came back. There is no such mailbox." in shown
    both.world.press("amina", "Try it again")
    both.follow(link(both.last(SHOP), "Confirm this address"))
    account = both.account(SHOP)
    assert account is not None and account.unreachable_since is None


def test_with_no_door_left_a_bounce_is_what_the_ledger_says(town: Town) -> None:
    town.confirmed("amina", SHOP)
    issue = raised(town.world)
    town.world.blocks("amina")
    settled(town.world, issue)
    mail = town.last(SHOP)
    town.comes(bounce(mail, "4.4.7", action="delayed"), mail.sender)
    assert rows(town)[0].startswith("Amina, Sodal Trading (Delivered")
    town.comes(bounce(mail, "5.2.2"), "somebody@else.example")  # known by the message it quotes
    (line,) = rows(town)
    assert line.startswith("Amina, Sodal Trading (Not reached") and "Their mailbox is full." in line
    account = town.account(SHOP)
    assert account is not None and account.unreachable_since is None, "it may have room tomorrow"


def test_a_bounce_of_the_link_is_told_where_the_address_was_given(town: Town) -> None:
    town.world.say("amina", "/email gone@shop.example")
    mail = town.last("gone@shop.example")
    town.comes(bounce(mail, "5.1.1"), mail.sender)
    assert "The link could not be delivered. There is no such mailbox." in town.world.say("amina", "/email")


def test_a_bounce_that_nobody_sent_is_nothing(town: Town) -> None:
    town.confirmed("amina", SHOP)
    town.world.blocks("amina")
    settled(town.world, raised(town.world))
    mail = town.last(SHOP)
    raw = re.sub(rb"<[mt]-[^@]+@customs.example>", b"<m-1.aaaaaaaaaaaaaaaa@customs.example>", bounce(mail, "5.1.1"))
    raw = raw.replace(mail.sender.encode(), b"parley@customs.example")
    number = mail.sender.split("-")[1]
    for tag in (f"b-{number}-aaaaaaaaaaaaaaaa", f"b-{number}", "", f"t-{number}-{'2' * 16}"):
        assert town.comes(raw + tag.encode(), f"parley+{tag}@customs.example")
    assert rows(town)[0].startswith("Amina, Sodal Trading (Delivered")


def test_a_letter_is_answered_once_and_no_machine_ever(town: Town) -> None:
    town.confirmed("amina", SHOP)
    town.world.say("amina", "/email")
    town.world.press("amina", "News by e-mail first")
    settled(town.world, raised(town.world))
    mail, count = town.last(SHOP), len(town.smtp.mails)
    for headers in (
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"List_Id": "<x.example>"},
        {"Return_Path": "<>"},
    ):
        town.comes(letter(mail, f"Away {headers}", **headers))
    assert len(town.smtp.mails) == count
    seen = len(town.world.received("amina"))
    town.comes(letter(mail, "Thank you!"))
    (answer,) = town.smtp.mails[count:]
    assert answer.subject == "Nobody reads what is sent to this address" and answer.recipients == (SHOP,)
    town.comes(letter(mail, "Really, thank you!"))
    assert len(town.smtp.mails) == count + 1
    assert len(town.world.received("amina")) == seen, "nothing of it reached a chat"


# What is not known


@pytest.mark.promise(
    "email.doubt", "A mail whose line broke at its end is sent at most once more, under the same name, and says so."
)
def test_a_mail_in_doubt_is_sent_once_more_under_the_same_name(town: Town) -> None:
    town.confirmed("amina", SHOP)
    town.world.say("amina", "/email")
    town.world.press("amina", "News by e-mail first")
    issue = raised(town.world)
    count = len(town.smtp.mails)
    town.smtp.fails("drop-after")
    settled(town.world, issue)
    town.world.pass_time(minutes=1)
    first, second = town.smtp.mails[count:][-2:]
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert "You may have received this before." in second.plain and "before." not in first.plain
    assert town.receipt("amina").accepted_at is not None
    town.smtp.fails("drop-after", times=2)
    town.world.do("olga", "issues.reopen", issue=issue)
    town.world.fill("olga", "A new fact.", "[Send]")
    town.world.pass_time(minutes=5)
    assert town.sent("amina")[-1].state is Sending.IN_DOUBT and len(town.smtp.mails) == count + 4


def test_settings_that_are_refused_show_and_lose_nothing(town: Town) -> None:
    town.confirmed("amina", SHOP)
    town.world.blocks("amina")
    town.smtp.refuses(SHOP, "554 5.7.1 relay access denied")
    settled(town.world, raised(town.world))
    assert town.wire.health()["trouble"] == "relay_denied" and not town.wire.health()["ok"]
    town.smtp.refuses(SHOP, "")
    town.world.pass_time(minutes=6)
    assert town.last(SHOP).subject.endswith("What became of it") and town.wire.health()["ok"]


# Meetings


def test_meetings_come_by_one_way_only(town: Town) -> None:
    assert "Give an e-mail address first." in town.world.do("amina", "people.email_meetings", is_mail=True)
    town.confirmed("amina", SHOP)
    town.world.say("amina", "/email")
    assert "as invitations by e-mail" in town.world.press("amina", "Meetings as invitations by e-mail")
    assert town.person(town.world.ids["amina"]).invited is Invited.MAIL


def test_arabic_is_written_from_the_right(town: Town) -> None:
    town.confirmed("amina", SHOP)
    issue = raised(town.world, detail="\u202eسلة <b>x</b> https://evil.example")
    with town.world.parley.sessions.writing() as session:
        session.execute(update(Person).where(Person.id == town.world.ids["amina"]).values(language="ar", by_mail=True))
    settled(town.world, issue)
    mail = town.last(SHOP)
    assert '<html lang="ar" dir="rtl">' in mail.html and mail.plain.startswith("\u200f")
    assert "&lt;b&gt;x&lt;/b&gt;" in mail.html and "\u202e" not in mail.html + mail.plain
    assert 'href="https://evil' not in mail.html


def test_a_hundred_bounces_at_once_are_all_kept(town: Town) -> None:
    """Nobody who sends too fast is behind them, though their servers are strangers."""
    town.world.parley.edge._pace = Pace()
    town.world.say("amina", "/email gone@shop.example")
    mail = town.last("gone@shop.example")
    kept = []
    for number in range(100):
        sender = town.wire._sender.tagged(Post.BOUNCE, 1000 + number)
        raw = bounce(Mail(sender, mail.recipients, b"Subject: x\r\n\r\nx"), f"5.1.{number}")
        kept.append(town.world.runner.run(town.wire.mailbox.take(raw, [sender])))
    assert all(kept)


def test_a_sketch_is_the_subject_and_the_text_of_a_mail_without_anybodys_links(town: Town) -> None:
    door = town.world.parley.doors["email"]
    assert isinstance(door, Sketches)
    screen = Screen(_("News"), (Raw("Dès lundi.", "fr"),), buttons=(Button(_("Yes"), "x.y", handle="h"),))
    (sketched,) = door.sketch(Answer(screen=screen), Writer(town.world.parley.catalogues, Reader("en", "UTC")))
    assert without_isolates(sketched).startswith("News\n\nNews") and "Dès lundi." in sketched and "/mail/…" in sketched
