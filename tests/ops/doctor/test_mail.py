"""E-mail: settings that cannot work, and servers that will not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.ops.doctor import mail
from bot.platforms.email import client
from tests.fakes.smtp import FakeSmtp
from tests.faults.certificates import Authority
from tests.ops.doctor.conftest import CANARY, Patient, sick

pytestmark = pytest.mark.promise("doctor.fails", "Each FAIL and each WARN of `parley doctor` is produced on purpose.")
OURS = "parley@customs.example"
URL = f"smtps://parley:{CANARY}@127.0.0.1:1"


@pytest.mark.parametrize(
    ("given", "check", "verdict", "words"),
    [
        ({"mail_from": OURS}, "E-mail", "FAIL", "there is no server to hand mail over to"),
        ({"smtp_url": URL}, "E-mail", "FAIL", "Parley has no address of its own"),
        ({"smtp_url": URL, "mail_from": "parley"}, "E-mail", "FAIL", "PARLEY_MAIL_FROM is no e-mail address"),
        ({"smtp_url": CANARY, "mail_from": OURS}, "E-mail", "FAIL", "PARLEY_SMTP_URL cannot be used"),
        (
            {"smtp_url": URL, "mail_from": OURS},
            "E-mail coming back",
            "WARN",
            "nothing here listens for what comes back: bounces and answers to invitations",
        ),
        (
            {"smtp_url": URL, "mail_from": OURS, "mail_listen": "8024"},
            "E-mail coming back",
            "FAIL",
            "PARLEY_MAIL_LISTEN is no address to listen on",
        ),
        ({"smtp_url": URL, "mail_from": OURS, "mail_listen": "lmtp://127.0.0.1:8024"}, "E-mail", "OK", "127.0.0.1"),
    ],
)
def test_mail_settings(patient: Patient, given: dict[str, Any], check: str, verdict: str, words: str) -> None:
    sick(patient.examined(**given)[check], verdict, words)


async def test_a_server_that_takes_mail(patient: Patient) -> None:
    with FakeSmtp.running() as smtp:
        found = await patient.asked(smtp_url=smtp.url, mail_from=OURS)
        assert found["E-mail server"].verdict == "OK" and smtp.mails == []
        assert "E-mail server" not in patient.examined(smtp_url=smtp.url, mail_from=OURS), "nobody is asked offline"


async def test_servers_that_do_not(patient: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(tmp_path)
    with FakeSmtp.running(user="parley", password=CANARY, tls=authority.shown(is_good=True)) as smtp:
        found = await patient.asked(smtp_url=smtp.url, mail_from=OURS)
        sick(found["E-mail server"], "FAIL", "does not take mail from here", "bad_certificate", "has expired")
        trust = authority.trusting()
        monkeypatch.setattr(client.ssl, "create_default_context", lambda: trust)  # type: ignore[attr-defined]
        smtp.password = "another-one"
        wrong = f"smtps://parley:{CANARY}@127.0.0.1:{smtp.port}"
        sick((await patient.asked(smtp_url=wrong, mail_from=OURS))["E-mail server"], "FAIL", "wrong_password")
    sick((await patient.asked(smtp_url=wrong, mail_from=OURS))["E-mail server"], "FAIL", "can this machine reach")


async def test_what_the_running_parley_says_of_it(patient: Patient) -> None:
    with FakeSmtp.running() as smtp:
        settings = patient.settings(smtp_url=smtp.url, mail_from=OURS)
        (line,) = await mail.ask(settings, {"ok": False, "trouble": "sender_refused"})
    sick(line, "WARN", "it answers here, yet the running Parley cannot send (sender_refused)", "allow PARLEY_MAIL_FROM")
