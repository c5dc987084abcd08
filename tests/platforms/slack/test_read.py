"""What Slack sends, read as what a person did; and what is nothing to us."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from bot.kit.events import Answered, Attached, Called, Caller, Changed, Submitted
from bot.platforms.slack.read import actor, answers_in_place, kept, key, place, read, words

from .bodies import WHO, command, event, message, modal, on_home, stored, tap, typed

OLGA = Caller("slack", "T1:U1", "U1", "Olga Petrova", "fr", "Africa/Tunis")
PICTURE = {"id": "F1", "name": "a/b\\c.png", "mimetype": "image/png", "size": 5, "url_private_download": "https://f/1"}
ATTACHED = Attached("a_b_c.png", "image/png", 5, {"platform": "slack", "id": "F1", "url": "https://f/1"})


def changed(text: str, before: str, **more: Any) -> dict[str, Any]:
    inner = {"user": "U1", "text": text, **more}
    return event(
        {
            "type": "message",
            "subtype": "message_changed",
            "channel_type": "im",
            "message": inner,
            "previous_message": {"user": "U1", "text": before},
        }
    )


SUBMISSION = {"type": "view_submission", **WHO}
CLOSED = {"type": "view_closed", **WHO}
CHOSEN = {"type": "static_select", "selected_option": {"value": "perishables"}}
UNCHOSEN = {"type": "external_select", "selected_option": None}
FILES = {"type": "file_input", "files": [PICTURE]}
NO_FILES = {"type": "file_input", "files": []}
AGREED = {"type": "checkboxes", "selected_options": [{"value": "yes"}]}
DAY = {"type": "datepicker", "selected_date": "2026-12-04"}

READ: dict[str, tuple[dict[str, Any], Any]] = {
    "a command": (command("raise &lt;it&gt; &amp; go"), Called(OLGA, words="raise <it> & go")),
    "a bare command": (command(""), Called(OLGA, words="")),
    "a message": (message("I &lt;3 <https://x.example|x.example>"), Answered(OLGA, "I <3 x.example")),
    "a message like a command": (message("/help me"), Called(OLGA, words="/help me")),
    "a file": (message("", files=[PICTURE], subtype="file_share"), Answered(OLGA, None, (ATTACHED,))),
    "a file of a shared channel": (
        message("see", files=[{"id": "F2", "file_access": "check_file_info"}], subtype="file_share"),
        Answered(OLGA, "see", (Attached("F2", None, None, {"platform": "slack", "id": "F2"}),)),
    ),
    "an edit": (changed("better", "good"), Answered(OLGA, "better", edited=True)),
    "the Home tab": (
        event({"type": "app_home_opened", "tab": "home", "user": "U1"}),
        Called(OLGA, words="home", message={"home": "U1"}),
    ),
    "a mention": (event({"type": "app_mention", "user": "U1", "text": "<@U0BOT>  help"}), Called(OLGA, words="help")),
    "a button": (tap("run:1", "abc"), Called(OLGA, handle="abc", message={"channel": "D1", "ts": "1.5"})),
    "a button only one person sees": (
        tap("run:1", "abc", {"container": {"type": "message", "is_ephemeral": True, "channel_id": "C1"}}),
        Called(OLGA, handle="abc"),
    ),
    "a button of the Home tab": (
        tap("answer:3", "abc", on_home()),
        Called(OLGA, handle="abc", message={"home": "U1", "is_inside": True}),
    ),
    "the way back home": (tap("home:3", None, on_home()), Called(OLGA, words="home", message={"home": "U1"})),
    "the button that opens a form": (tap("open:2", "7"), Changed(OLGA, "7", at_once=True)),
    "a shortcut on a message": (
        {
            "type": "message_action",
            "callback_id": "a.b",
            "message": {"type": "message", "user": "U2", "text": "We meet <@U3> on Mondays"},
            **WHO,
        },
        Called(OLGA, name="a.b", quoted="We meet @U3 on Mondays"),
    ),
    "a shortcut on a message without words": (
        {"type": "message_action", "callback_id": "a.b", "message": {"type": "message", "user": "U2"}, **WHO},
        Called(OLGA, name="a.b"),
    ),
    "a shortcut": ({"type": "shortcut", "callback_id": "issues.raise", **WHO}, Called(OLGA, name="issues.raise")),
    "a changed input": (
        {
            "type": "block_actions",
            "actions": [{"action_id": "value", "block_id": "sector", "type": "static_select"}],
            "container": {"type": "view"},
            "view": modal({"sector": CHOSEN, "title": typed(None), "files": FILES}),
            **WHO,
        },
        Changed(OLGA, "7", {"sector": "perishables"}, at_once=True),
    ),
    "a submission": (
        SUBMISSION
        | {
            "view": modal(
                {"title": typed("a"), "port": UNCHOSEN, "sector": CHOSEN, "ok": AGREED, "day": DAY, "f": FILES}
            )
        },
        Submitted(
            OLGA,
            "7",
            {"title": "a", "port": None, "sector": "perishables", "ok": True, "day": "2026-12-04"},
            {"f": (ATTACHED,)},
        ),
    ),
    "a submission without files": (
        SUBMISSION | {"view": modal({"f": NO_FILES, "ok": {"type": "checkboxes", "selected_options": []}})},
        Submitted(OLGA, "7", {"f": None, "ok": None}),
    ),
    "a submission of files kept before": (
        SUBMISSION | {"view": modal({"f": NO_FILES}, files={"f": [3, 4]})},
        Submitted(OLGA, "7", {"f": [3, 4]}),
    ),
    "a submission of more files": (
        SUBMISSION | {"view": modal({"f": FILES}, files={"f": [3]})},
        Submitted(OLGA, "7", {"f": [3]}, {"f": (ATTACHED,)}),
    ),
    "a modal closed over something typed": (
        CLOSED | {"view": modal({"title": typed("half"), "port": UNCHOSEN})},
        Changed(OLGA, "7", {"title": "half"}),
    ),
    "a modal closed over earlier answers": (CLOSED | {"view": modal({}, initial=True)}, Changed(OLGA, "7")),
    "a modal closed over nothing": (
        CLOSED | {"view": modal({"title": typed(None)})},
        Called(OLGA, name="form.cancel", args={"draft": "7"}, at_once=True),
    ),
}

NOTHING = {
    "our own message": message("hi", bot_id="B1"),
    "a channel's chatter": message("hi", channel_type="channel"),
    "a deletion": event({"type": "message", "subtype": "message_deleted", "channel_type": "im"}),
    "our own edit": changed("b", "a", bot_id="B1"),
    "a preview": changed("https://x.example", "https://x.example"),
    "the messages tab": event({"type": "app_home_opened", "tab": "messages", "user": "U1"}),
    "another event": event({"type": "tokens_revoked"}),
    "a link button": tap("address:1", None),
    "a modal that only says something": SUBMISSION | {"view": modal({}) | {"callback_id": "said"}},
}


@pytest.mark.parametrize(("body", "expected"), READ.values(), ids=READ.keys())
def test_what_a_person_did(body: dict[str, Any], expected: Any) -> None:
    assert read(stored(body)) == expected
    assert place(body) is not None
    assert actor(body) == ("T1", "U1")


@pytest.mark.parametrize("body", NOTHING.values(), ids=NOTHING.keys())
def test_what_is_nothing_to_us(body: dict[str, Any]) -> None:
    assert place(body) is None
    assert read(stored(body)) is None


def test_a_person_of_another_workspace_is_named_by_their_own() -> None:
    assert actor(tap("run:1", "x") | {"user": {"id": "U9", "team_id": "T9"}}) == ("T9", "U9")
    assert actor(message("hi", user="U9", user_team="T9")) == ("T9", "U9")
    assert actor(tap("run:1", "x") | {"user": {"id": "U9"}, "team": None}) == ("", "U9"), "as an org-wide app sees it"
    assert actor(changed("b", "a", user="U9", user_team="T9")) == ("T9", "U9")


def test_a_thing_that_happened_has_one_key_however_often_it_comes() -> None:
    assert key(message("a")) == key(message("b")) == "Ev1"  # an event is known by its id
    one = tap("run:1", "abc")
    assert key(one) == key(copy.deepcopy(one))
    assert key(one) != key(one | {"trigger_id": "another"})  # tapped again


def test_nothing_secret_is_kept() -> None:
    body = tap("run:1", "abc") | {"response_url": "https://hooks.example", "message": {"text": "ours"}}
    assert not {"token", "trigger_id", "response_url", "message"} & kept(body).keys()
    assert "blocks" not in kept(SUBMISSION | {"view": modal({})})["view"]


@pytest.mark.parametrize(
    ("typed_as", "meant"),
    [
        ("&lt;!channel&gt; &amp;amp;", "<!channel> &amp;"),
        ("<@U1> <@U1|olga> <#C1|general> <#C1>", "@U1 @olga #general #C1"),
        ("<!here> <!subteam^S1|@desk> <!subteam^S1>", "@here @desk @subteam"),
        ("<https://a.example/?x=1&amp;y=2> <mailto:a@b.example|a@b.example>", "https://a.example/?x=1&y=2 a@b.example"),
    ],
)
def test_words_are_read_as_they_were_typed(typed_as: str, meant: str) -> None:
    assert words(typed_as) == meant


def test_a_tap_that_answers_a_question_says_so() -> None:
    assert answers_in_place(tap("answer:4", "abc"))
    assert not answers_in_place(tap("run:4", "abc"))


@pytest.mark.parametrize(
    "body",
    [
        event({"type": "message", "channel_type": "im", "user": "U1", "text": 7}),
        SUBMISSION | {"view": modal({}) | {"private_metadata": "no JSON"}},
        SUBMISSION | {"view": modal({"x": {"type": "timepicker"}})},
        tap("run:1", "x") | {"actions": []},
    ],
)
def test_what_is_not_shaped_as_slack_shapes_it_raises(body: dict[str, Any]) -> None:
    with pytest.raises((LookupError, TypeError, ValueError)):
        read(stored(body))
