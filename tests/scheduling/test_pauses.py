"""Who has to wait, how long, and who has not."""

from datetime import UTC, datetime, timedelta

from scheduling.pauses import EVERY, LONGEST, STORM, Pauses

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HALF_A_MINUTE = timedelta(seconds=30)


def test_a_pause_is_its_own_buckets_and_ends():
    pauses = Pauses()
    assert pauses.pause("send", "1", NOON, HALF_A_MINUTE) == NOON + HALF_A_MINUTE
    assert pauses.until("send", "1", NOON) == NOON + HALF_A_MINUTE
    assert pauses.until("send", "2", NOON) is None and pauses.until("edit", "1", NOON) is None
    assert pauses.until("send", "1", NOON + HALF_A_MINUTE) is None


def test_a_method_without_a_chat_waits_as_a_whole_and_everything_with_neither():
    pauses = Pauses()
    pauses.pause("look", EVERY, NOON, HALF_A_MINUTE)
    assert pauses.until("look", "1", NOON) is not None and pauses.until("send", "1", NOON) is None
    pauses.pause(EVERY, EVERY, NOON, timedelta(minutes=1))
    assert pauses.until("send", "1", NOON) == pauses.until("look", EVERY, NOON) == NOON + timedelta(minutes=1)


def test_many_chats_at_once_are_a_storm_and_others_are_not_asked():
    pauses = Pauses()
    for chat in range(STORM - 1):
        pauses.pause("send", str(chat), NOON, HALF_A_MINUTE)
    assert pauses.until("send", "new", NOON) is None
    pauses.pause("send", "last", NOON, HALF_A_MINUTE)
    assert pauses.until("send", "new", NOON) == NOON + HALF_A_MINUTE and pauses.until("edit", "new", NOON) is None
    for chat in range(3 * STORM):  # one after the other is no storm
        pauses.pause("send", str(chat), NOON + HALF_A_MINUTE * (chat + 1), HALF_A_MINUTE)
    assert pauses.until("send", "new", NOON + HALF_A_MINUTE * 3 * STORM) is None


def test_no_pause_outlasts_a_clock_that_is_turned_back():
    pauses = Pauses()
    pauses.pause("send", "1", NOON, timedelta(days=1))
    assert pauses.until("send", "1", NOON) == NOON + LONGEST
    assert pauses.until("send", "1", NOON - timedelta(days=1)) is None
