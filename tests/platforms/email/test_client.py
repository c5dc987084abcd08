"""How handing over goes wrong, over a real server: each way has a name of its own, and nothing is sent twice by it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.kit.door import Permanent, SendError, Transient, Unknown
from bot.platforms.email.client import Client
from bot.platforms.email.errors import Misconfigured, reason
from bot.platforms.email.server import Server
from tests.fakes.smtp import FakeSmtp, Stage
from tests.faults.certificates import Authority

PASSWORD = "canary password/@:"
MAIL = b"Subject: x\r\n\r\n.a line that begins with a full stop\r\n"
TO = "amina@shop.example"


async def sent(smtp: FakeSmtp, message: bytes = MAIL, **how: Any) -> SendError | None:
    """Hand one mail over; how it failed."""
    client = Client(Server.of(smtp.url), seconds=0.5, message_seconds=0.5, **how)
    try:
        await client.send("parley@customs.example", TO, message)
    except SendError as error:
        return error
    return None


async def test_a_mail_is_handed_over_as_it_is() -> None:
    with FakeSmtp.running() as smtp:
        assert await sent(smtp) is None
        (mail,) = smtp.mails
    assert (mail.sender, mail.recipients, mail.raw) == ("parley@customs.example", (TO,), MAIL)


@pytest.mark.parametrize(
    ("stage", "answer", "expected"),
    [
        ("rcpt", "550 5.1.1 no such user", "bad_address"),
        ("rcpt", "550 no such user", "bad_address"),
        ("rcpt", "552 5.2.2 over quota", "mailbox_full"),
        ("rcpt", "552 over quota", "mailbox_full"),
        ("rcpt", "550 5.7.1 blocked, see our list", "policy"),
        ("rcpt", "554 go away", "policy"),
        ("rcpt", "550 5.4.1 no", "undeliverable"),
        ("data", "554 5.7.1 spam", "policy"),
        ("data", "552 5.3.4 too big", "too_large"),
        ("data", "550 5.2.1 shut", "bad_address"),
    ],
)
async def test_what_is_refused_for_good_says_why(stage: Stage, answer: str, expected: str) -> None:
    with FakeSmtp.running() as smtp:
        smtp.fails(stage, answer)
        error = await sent(smtp)
        assert isinstance(error, Permanent) and error.reason == expected and smtp.mails == []


@pytest.mark.parametrize(
    ("stage", "answer"),
    [
        ("rcpt", "450 4.2.1 greylisted"),
        ("rcpt", "452 4.2.2 full for now"),
        ("data", "451 4.3.0 trouble"),
        ("mail", "451 x"),
    ],
)
async def test_what_may_be_sent_again_was_not_taken(stage: Stage, answer: str) -> None:
    with FakeSmtp.running() as smtp:
        smtp.fails(stage, answer)
        error = await sent(smtp)
        assert type(error) is Transient and smtp.mails == []
        assert await sent(smtp) is None and len(smtp.mails) == 1


@pytest.mark.parametrize("stage", ["drop-before", "drop-after", "silent-after"])
async def test_nobody_knows_what_became_of_a_mail_whose_line_broke_at_its_end(stage: Stage) -> None:
    with FakeSmtp.running() as smtp:
        smtp.fails(stage)
        assert isinstance(await sent(smtp), Unknown)
        assert len(smtp.mails) == (stage != "drop-before")


async def test_a_mail_larger_than_the_server_takes_is_not_even_sent() -> None:
    with FakeSmtp.running(size=1000) as smtp:
        error = await sent(smtp, MAIL + b"x" * 2000)
        assert isinstance(error, Permanent) and error.reason == "too_large"


async def test_a_server_that_is_away_is_tried_again() -> None:
    with FakeSmtp.running() as smtp:
        url = smtp.url
    with pytest.raises(Transient):
        await Client(Server.of(url), seconds=0.5).look()


@pytest.mark.parametrize("how", ["tls", "starttls"])
async def test_it_signs_in_over_an_encrypted_line_only(how: str, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    shown = {how: authority.shown(is_good=True)}
    with FakeSmtp.running(user="parley", password="good", **shown) as smtp:
        assert await sent(smtp, trust=authority.trusting()) is None and len(smtp.mails) == 1
        smtp.password = "another"
        url = smtp.url.replace("another", "good")
        with pytest.raises(Misconfigured) as caught:
            await Client(Server.of(url), trust=authority.trusting()).look()
    assert caught.value.why == "wrong_password" and "good" not in repr(caught.value)


@pytest.mark.parametrize("how", ["tls", "starttls"])
@pytest.mark.parametrize("is_known", [False, True])
async def test_a_certificate_that_is_not_good_ends_it(how: str, is_known: bool, tmp_path: Path) -> None:
    """Expired, of an authority that is known; or good, of one that is not."""
    authority = Authority(tmp_path)
    trust: Any = {"trust": authority.trusting()} if is_known else {}
    with FakeSmtp.running(**{how: authority.shown(is_good=not is_known)}) as smtp:
        error = await sent(smtp, **trust)
        assert isinstance(error, Misconfigured) and error.why == "bad_certificate" and smtp.mails == []


async def test_without_the_encryption_that_was_asked_for_nothing_is_sent() -> None:
    with FakeSmtp.running() as smtp:
        client = Client(Server.of(f"smtp+starttls://u:p@127.0.0.1:{smtp.port}"), seconds=0.5)
        with pytest.raises(Misconfigured) as caught:
            await client.send("a@b.example", TO, MAIL)
        assert caught.value.why == "no_tls" and smtp.mails == []


@pytest.mark.parametrize(
    ("stage", "answer", "why"),
    [
        ("mail", "550 5.7.1 not your address", "sender_refused"),
        ("rcpt", "554 5.7.1 relay access denied", "relay_denied"),
    ],
)
async def test_what_is_wrong_with_us_is_nobodys_address(stage: Stage, answer: str, why: str) -> None:
    with FakeSmtp.running() as smtp:
        smtp.fails(stage, answer)
        error = await sent(smtp)
        assert isinstance(error, Misconfigured) and error.why == why


@pytest.mark.parametrize(
    "url", ["", "mail.example", "http://mail.example", "smtps://", "smtp://u:p@mail.example", "smtps://h:port"]
)
def test_an_address_that_cannot_work_is_refused_without_its_words(url: str) -> None:
    with pytest.raises(ValueError, match=r"^(needs an|the address|a password)"):
        Server.of(url)


def test_a_server_is_read_from_its_address() -> None:
    server = Server.of("smtps://me%40customs.example:p%2Fw@mail.example")
    assert (server.host, server.port, server.tls, server.user, server.password) == (
        "mail.example",
        465,
        True,
        "me@customs.example",
        "p/w",
    )
    assert "p/w" not in repr(server) and Server.of("smtp+starttls://u:p@h").port == 587


def test_codes_of_reports_are_read_wherever_they_stand() -> None:
    assert reason(None, "5.1.1 smtp; 550 no such") == "bad_address"
    assert reason(None, "4.4.7 expired") == "undeliverable" and reason(None, "") == "undeliverable"
