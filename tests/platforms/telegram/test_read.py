"""Every kind of update as an event, and whose words may do what."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.kit.events import Answered, Attached, Called, Caller, Changed
from bot.kit.rooms import Where
from bot.platforms.telegram.read import (
    ABOUT_US,
    FORWARDED,
    NOT_KEPT,
    SHARED_IDS,
    THROUGH_A_BOT,
    InGroup,
    is_of_others,
    read,
    sender_id,
    typed_in_group,
)

from .updates import AMINA, GROUP, PRIVATE, membership, message, tap

CALLER = Caller("telegram", "1001", "1001", name="Amina Diop", language="fr")
FORWARD = {"forward_origin": {"type": "user", "date": 1, "sender_user": {"id": 2, "is_bot": False, "first_name": "B"}}}
VIA_BOT = {"via_bot": {"id": 3, "is_bot": True, "first_name": "B"}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/start", "start"),
        ("/start AbC-_1", "start AbC-_1"),
        ("/issue@parley_bot P-12", "issue P-12"),
        ("/raise\nThree days\nat Sodal", "raise Three days\nat Sodal"),
    ],
)
def test_a_command_is_called_by_its_words(text: str, words: str) -> None:
    assert read(message(text=text)) == Called(CALLER, words=words)


def test_a_command_in_answer_to_a_message_brings_its_words_along() -> None:
    quoted = message(text="We meet on Mondays")["message"]
    called = read(message(text="/decision", reply_to_message=quoted))
    assert called == Called(CALLER, words="decision", quoted="We meet on Mondays")
    assert read(message(text="Yes", reply_to_message=quoted)) == Answered(CALLER, "Yes")


@pytest.mark.parametrize("text", ["Trois jours", "/", "/ raise", "//raise", "/été", "a /raise", "/raise/"])
def test_any_other_text_is_an_answer(text: str) -> None:
    assert read(message(text=text)) == Answered(CALLER, text=text)


def attached(name: str, media_type: str | None, size: int | None = 10) -> tuple[Attached, ...]:
    return (Attached(name, media_type, size, {"platform": "telegram", "file_id": "f"}),)


@pytest.mark.parametrize(
    ("content", "files"),
    [
        ({"document": {"file_name": "b.pdf", "mime_type": "application/pdf"}}, attached("b.pdf", "application/pdf")),
        ({"document": {"file_name": "../../etc/\u202epasswd\x00"}}, attached("_.._etc_passwd", None)),
        ({"document": {}}, attached("document-7", None)),
        ({"video": {}}, attached("video-7.mp4", "video/mp4")),
        ({"voice": {"mime_type": "audio/ogg"}}, attached("voice-7.ogg", "audio/ogg")),
        ({"audio": {"file_name": "a.mp3"}}, attached("a.mp3", "audio/mpeg")),
        ({"video_note": {}}, attached("video-7.mp4", "video/mp4")),
    ],
)
def test_a_file_is_attached_with_a_sensible_name(content: dict[str, Any], files: tuple[Attached, ...]) -> None:
    ((kind, file),) = content.items()
    assert read(message(**{kind: file | {"file_id": "f", "file_size": 10}})) == Answered(CALLER, files=files)


def test_of_a_photo_the_largest_is_taken_with_its_caption() -> None:
    sizes = [
        {"file_id": "small", "width": 90, "height": 60},
        {"file_id": "f", "width": 900, "height": 600, "file_size": 10},
        {"file_id": "middle", "width": 300, "height": 200},
    ]
    event = read(message(photo=sizes, caption="the seal"))
    assert event == Answered(CALLER, text="the seal", files=attached("photo-7.jpg", "image/jpeg"))


@pytest.mark.parametrize("kind", ["sticker", "contact", "location", "venue", "poll", "dice", "story", "game"])
def test_what_cannot_be_kept_is_declined_and_never_silently_dropped(kind: str) -> None:
    assert read(message(**{kind: {}})) == Answered(CALLER, declined=NOT_KEPT)


@pytest.mark.parametrize("kind", ["pinned_message", "new_chat_title", "successful_payment", "web_app_data"])
def test_service_messages_mean_nothing(kind: str) -> None:
    assert read(message(**{kind: {}})) is None


@pytest.mark.promise("threat.10", "Forwarded words and another bot's run and answer nothing.")
@pytest.mark.parametrize("text", ["/approve 7", "approved", "/start x"])
def test_somebody_elses_words_run_no_command_and_answer_nothing(text: str) -> None:
    assert read(message(text=text, **FORWARD)) == Answered(CALLER, text=text, declined=FORWARDED)
    assert read(message(text=text, **VIA_BOT)) == Answered(CALLER, text=text, declined=THROUGH_A_BOT)


def test_a_file_may_be_passed_on_without_its_words() -> None:
    document = {"file_id": "f", "file_name": "b.pdf", "file_size": 10}
    event = read(message(document=document, caption="/approve 7", **FORWARD))
    assert event == Answered(CALLER, files=attached("b.pdf", None))


@pytest.mark.promise("threat.10", "An edited message never commands.")
def test_an_edited_message_corrects_and_never_commands() -> None:
    edited = {"update_id": 1, "edited_message": message(text="/approve 7")["message"]}
    assert read(edited) == Answered(CALLER, text="/approve 7", edited=True)


@pytest.mark.parametrize("shared", sorted(SHARED_IDS))
@pytest.mark.parametrize("text", ["/start", "/raise", "/approve 7", "hello"])
def test_telegrams_shared_identities_are_nobody(shared: int, text: str) -> None:
    nobody = AMINA | {"id": shared}
    assert read(message(text=text, **{"from": nobody})) is None
    assert read(tap(**{"from": nobody})) is None


@pytest.mark.promise("threat.9", "Other bots and channels are nobody.")
def test_other_bots_and_channels_are_nobody() -> None:
    assert read(message(text="/raise", **{"from": AMINA | {"is_bot": True}})) is None
    assert read(message(text="/raise", sender_chat={"id": -1, "type": "channel"})) is None
    assert read({"update_id": 1, "channel_post": {"message_id": 1}}) is None


def test_a_tap_carries_its_handle_and_the_message_it_was_on() -> None:
    on = {"chat_id": 1001, "message_id": 5}
    assert read(tap("AbC")) == Called(CALLER, handle="AbC", message=on, tap={"callback_query_id": "77"})


def test_a_tap_on_a_message_that_is_gone_can_still_be_answered() -> None:
    query = tap("AbC")
    del query["callback_query"]["message"]
    assert read(query) == Called(CALLER, handle="AbC", tap={"callback_query_id": "77"})


@pytest.mark.parametrize(("status", "reach"), [("kicked", False), ("member", True)])
def test_blocking_and_coming_back_change_who_can_be_reached(status: str, reach: bool) -> None:
    assert read(membership(status)) == Changed(CALLER, reach=reach)


def test_nothing_is_handled_in_a_group() -> None:
    assert read(message(text="/raise@parley_bot", chat=GROUP)) is None
    assert read(membership("member", GROUP)) is None
    assert read(tap(message={"message_id": 5, "date": 1, "chat": GROUP})) is None


def test_a_group_that_calls_the_bot_by_its_name_is_noticed() -> None:
    called = typed_in_group(message(text="/Help@Parley_Bot x", chat=GROUP), "parley_bot")
    assert called == InGroup(-5, None, "help", "1001", "fr", is_ours=True, is_shared=False)
    anybodys = typed_in_group(message(text="/help", chat=GROUP), "parley_bot")
    assert anybodys is not None and not anybodys.is_ours
    shared = typed_in_group(message(text="/bind@parley_bot", chat=GROUP, sender_chat=GROUP), "parley_bot")
    assert shared is not None and shared.is_shared
    assert typed_in_group(message(text="/help@other_bot", chat=GROUP), "parley_bot") is None
    assert typed_in_group(message(text="/help@parley_bot", chat=PRIVATE), "parley_bot") is None
    assert is_of_others(message(text="x", chat=GROUP)) and not is_of_others(message(text="x"))


def test_a_command_that_the_wire_let_through_says_where_it_was_typed() -> None:
    forum = {"id": -1005, "type": "supergroup", "title": "Trade", "is_forum": True}
    about_us = {"status": "administrator", "can_manage_topics": True, "can_pin_messages": False}
    bound = read(message(text="/bind", chat=forum) | {ABOUT_US: about_us})
    where = Where("telegram", "-1005", "-1005", "Trade", has_topics=True, lacks=("can_pin_messages",))
    assert bound == Called(CALLER, words="bind", where=where)
    topic = {"message_thread_id": 9, "is_topic_message": True, "chat": forum}
    answered = message(text="/decision", reply_to_message={"text": "Two inspectors"}, **topic) | {ABOUT_US: None}
    said = read(answered)
    assert isinstance(said, Called) and said.where is not None
    assert (said.quoted, said.where.key, said.where.lacks) == ("Two inspectors", "-1005:9", None)
    beginning = {"message_id": 9, "forum_topic_created": {"name": "R-1"}}
    unanswered = read(message(text="/decision x", reply_to_message=beginning, **topic) | {ABOUT_US: None})
    assert isinstance(unanswered, Called) and unanswered.quoted is None
    for not_one_person in ({"sender_chat": forum}, {"forward_origin": {"type": "user"}}):
        assert read(message(text="/bind", chat=forum, **not_one_person) | {ABOUT_US: None}) is None


@pytest.mark.promise("threat.8", "A person is their number whatever they call themselves.")
def test_a_person_is_their_number_whatever_they_call_themselves() -> None:
    other = {"first_name": "Officer Diallo", "last_name": "✔ Customs", "username": "customs_official"}
    event = read(message(text="x", **{"from": AMINA | other}))
    assert event is not None and event.caller.key == CALLER.key and event.caller.name == "Officer Diallo ✔ Customs"


def test_a_name_is_cleaned_and_bounded() -> None:
    event = read(message(text="x", **{"from": AMINA | {"first_name": "A\x00\u202e\ud800" * 99, "last_name": None}}))
    assert event is not None and len(event.caller.name) <= 80
    assert "\x00" not in event.caller.name and "\u202e" not in event.caller.name and "\ud800" not in event.caller.name


@pytest.mark.parametrize(
    "poison",
    [
        {},
        {"update_id": "1"},
        {"update_id": 1, "message": {}},
        {"update_id": 1, "message": []},
        message(text=5),
        message(text="x", **{"from": AMINA | {"id": "1001"}}),
        message(text="x", **{"from": AMINA | {"id": True}}),
        message(text="x", **{"from": AMINA | {"id": 2**70}}),
        message(photo=[]),
        message(document={"file_name": "x"}),
        {"update_id": 1, "callback_query": {"id": "1"}},
        {"update_id": 1, "my_chat_member": {"chat": PRIVATE, "from": AMINA}},
    ],
)
def test_what_has_another_shape_raises_so_that_it_is_quarantined(poison: dict[str, Any]) -> None:
    with pytest.raises((AttributeError, KeyError, TypeError, ValueError)):
        read(poison)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["message", "callback_query", "from", "chat", "id", "type", "text", "update_id"])
            | st.text(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(anything)
def test_who_sent_it_is_found_or_not_but_never_an_error(update: Any) -> None:
    assert isinstance(sender_id(update), str)
    typed_in_group(update, "parley_bot")
    is_of_others(update)


def test_whose_updates_keep_their_order() -> None:
    assert sender_id(message(text="x")) == sender_id(tap()) == sender_id(membership("kicked")) == "1001"
    assert sender_id(message(text="x", **{"from": {"id": "1\x00"}})) == ""
    assert sender_id({"update_id": 1, "poll": {}}) == sender_id(json.loads("[]")) == ""
