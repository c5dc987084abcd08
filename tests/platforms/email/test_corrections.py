"""A correction by mail is a mail of its own: with a name of its own, and with links that are its reader's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from db.machinery import Sending
from db.people import Account, Person
from tests.handlers import broadcast_rows as rows
from tests.handlers.broadcast_steps import begin, broadcast, change, copies
from tests.handlers.test_broadcasts_doubt import NAMED, OLD, corrected, cut_off, with_words

from .town import Town, bounce, link, without_marks

SHOP = "amina@shop.example"
NEW = "From 1 May on."


@pytest.fixture
def town(database_url: str) -> Iterator[Town]:
    with Town.begun(database_url) as made:
        made.confirmed("amina", SHOP)
        change(made.world, Person, "amina", by_mail=True)
        rows.a_second_coordinator(made.world)
        yield made


def mails(town: Town, words: str) -> list[Any]:
    return [each for each in town.smtp.to(SHOP) if words in without_marks(each.plain)]


def test_a_correction_is_another_mail_with_links_that_lead_somewhere(town: Town) -> None:
    number = broadcast(town.world)
    begin(town.world, number)
    town.world.settle()
    corrected(town.world, number)
    (first,), (second,) = mails(town, OLD), mails(town, NEW)
    assert first.message["Message-ID"] != second.message["Message-ID"], "else a mailbox may drop it"
    assert first.sender == second.sender, "a bounce of either is known"
    assert town.follow(link(second, "Yes")).status_code == 200, "to where they sign in"


def test_a_correction_that_comes_back_is_a_failure_of_its_copy(town: Town) -> None:
    number = broadcast(town.world)
    begin(town.world, number)
    town.world.settle()
    corrected(town.world, number)
    change(town.world, Account, "amina", unreachable_since=town.world.clock.now(), unreachable_reason="blocked")
    (second,) = mails(town, NEW)
    town.comes(bounce(second, "5.2.2"), "somebody@else.example")  # known by the message it quotes
    amina = copies(town.world, number)["amina"]
    assert (amina.state, amina.reason) == (Sending.FAILED, "mailbox_full")


def test_whoever_is_in_doubt_by_mail_gets_one_that_names_what_it_replaces(town: Town) -> None:
    number = broadcast(town.world)
    begin(town.world, number)
    with town.world.parley.sessions.reading() as session:
        mail = session.scalar(select(Account.id).where(Account.address == SHOP))
    cut_off(town.world, number, "amina", account_id=mail)
    town.world.settle()
    assert copies(town.world, number)["amina"].state is Sending.IN_DOUBT
    corrected(town.world, number)
    (only,) = mails(town, NEW)
    assert NAMED in without_marks(only.plain) and mails(town, OLD) == []
    assert copies(town.world, number)["amina"].state is Sending.ACCEPTED
    assert with_words(town.world, "amina", NEW) == [], "and not in the chat as well"
