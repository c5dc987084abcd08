"""What the door calls, one call after another, for what it is to show; its platform is a list."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from bot.kit.door import Paused, Permanent, SendError, Transient, Unknown
from bot.kit.events import Answer
from bot.kit.forms import FieldKind, FieldView, FormView
from bot.kit.screen import Attachment, Bars, Button, Picture, Screen
from bot.kit.text import CATALOGUES, Catalogues, Reader, Writer, _
from bot.platforms.slack.door import SlackDoor
from bot.platforms.slack.errors import SlackRefused

from .bodies import WHO, command, modal, on_home, tap, typed

WRITER = Writer(Catalogues(CATALOGUES), Reader("en", "UTC"))
SCREEN = Answer(screen=Screen(_("Home"), buttons=(Button(_("Go on"), "a.b", handle="h"),)))
FORM = Answer(
    form=FormView("a.b", _("Form"), "7", (FieldView("title", FieldKind.LINE, _("Title"), max=9),), asking="title")
)
ON = {"channel": "D1", "ts": "1.5"}
HOME_TAP = tap("run:1", "h", on_home())
SHOWN_TO_ONE = tap("run:1", "h", {"container": {"type": "message", "is_ephemeral": True}}) | {
    "response_url": "https://r"
}
SUBMISSION = {"type": "view_submission", **WHO, "view": modal({"title": typed("x")})}
CLOSED = {"type": "view_closed", **WHO, "view": modal({"title": typed("x")})}
SHORTCUT = {"type": "shortcut", "callback_id": "a.b", **WHO}
CHANGED = {"type": "block_actions", "actions": [{"action_id": "value"}], "container": {"type": "view"}, **WHO}
CHANGED |= {"view": modal({"title": typed("x")})}


@dataclass
class Slack:
    """A platform that notes every call; `fails` are what the next calls of a method come to."""

    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    fails: dict[str, list[SendError]] = field(default_factory=dict)
    uploads: list[bytes] = field(default_factory=list)
    files: dict[int, bytes] = field(default_factory=dict)
    person: dict[str, Any] = field(default_factory=dict)

    async def perform(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        self.calls.append((method, arguments))
        if self.fails.get(method):
            raise self.fails[method].pop(0)
        match method:
            case "chat.postMessage":
                return {"channel": "D1", "ts": f"{len(self.calls)}.0"}
            case "files.getUploadURLExternal":
                return {"upload_url": "https://up", "file_id": "F1"}
            case "users.info":
                return {"user": self.person}
            case "files.info":
                return {"file": {"url_private": "https://files/F1"}}
        return {}

    async def download(self, url: str, limit: int) -> bytes:
        return f"{url} {limit}".encode()

    async def upload(self, url: str, data: bytes) -> None:
        self.uploads.append(data)

    async def stored(self, file_id: int) -> bytes | None:
        return self.files.get(file_id)

    @property
    def door(self) -> SlackDoor:
        return SlackDoor(
            self.perform, download=self.download, upload=self.upload, stored=self.stored, page="https://parley.example"
        )

    @property
    def methods(self) -> list[str]:
        return [method for method, _arguments in self.calls]


@pytest.fixture
def slack() -> Slack:
    return Slack()


# Messages


async def test_a_message_is_posted_quietly(slack: Slack) -> None:
    assert await slack.door.send("U1", SCREEN, WRITER) == {"channel": "D1", "ts": "1.0"}
    ((method, sent),) = slack.calls
    assert method == "chat.postMessage" and sent["channel"] == "U1"
    assert (sent["unfurl_links"], sent["unfurl_media"], sent["link_names"], sent["parse"]) == (
        False,
        False,
        False,
        "none",
    )


async def test_an_answer_takes_the_place_of_its_message(slack: Slack) -> None:
    assert await slack.door.send("U1", SCREEN, WRITER, edits=ON, repeated=True) == ON
    ((method, sent),) = slack.calls
    assert method == "chat.update" and sent["ts"] == "1.5"
    assert "You may have received this before." not in sent["text"]  # an edit made twice is one edit


@pytest.mark.parametrize("error", ["message_not_found", "cant_update_message", "edit_window_closed"])
async def test_a_message_that_cannot_be_changed_is_followed_by_another(slack: Slack, error: str) -> None:
    slack.fails["chat.update"] = [SlackRefused(error)]
    assert (await slack.door.send("U1", SCREEN, WRITER, edits=ON))["ts"] == "2.0"
    assert slack.methods == ["chat.update", "chat.postMessage"]


@pytest.mark.parametrize("error", [SlackRefused("invalid_blocks"), Transient("x"), Unknown("x")])
async def test_other_trouble_with_a_change_is_for_the_outbox(slack: Slack, error: SendError) -> None:
    slack.fails["chat.update"] = [error]
    with pytest.raises(type(error)):
        await slack.door.send("U1", SCREEN, WRITER, edits=ON)
    assert slack.methods == ["chat.update"]


async def test_a_possible_repeat_says_so(slack: Slack) -> None:
    await slack.door.send("U1", SCREEN, WRITER, repeated=True)
    assert slack.calls[0][1]["text"].startswith("You may have received this before.")


async def test_the_home_tab_is_published(slack: Slack) -> None:
    assert await slack.door.send("U1", SCREEN, WRITER, edits={"home": "U1"}) == {"home": "U1"}
    await slack.door.send("U1", SCREEN, WRITER, edits={"home": "U1", "is_inside": True})
    first, inside = (arguments["view"] for _method, arguments in slack.calls)
    assert slack.methods == ["views.publish", "views.publish"]
    assert "home:" not in str(first["blocks"])
    assert str(inside["blocks"]).count("home:2") == 1


async def test_files_follow_their_message_once(slack: Slack) -> None:
    slack.files = {1: b"one", 3: b""}
    shown = Screen(_("Files"), files=tuple(Attachment(number, f"{number}.png", None) for number in (1, 2)))
    door = slack.door
    message = await door.send("U1", Answer(screen=shown), WRITER)
    assert slack.methods == [
        "chat.postMessage",
        "files.getUploadURLExternal",
        "files.completeUploadExternal",
        "chat.postMessage",  # the second is not here yet
    ]
    assert slack.calls[2][1]["channel_id"] == "D1" and slack.uploads == [b"one"]
    assert "2.png" in slack.calls[3][1]["text"] and "not here yet" in slack.calls[3][1]["text"]
    slack.calls.clear()
    await door.send("U1", Answer(screen=shown), WRITER, edits=message)
    assert slack.methods == ["chat.update"]


async def test_a_picture_is_drawn_once_below_its_message_and_told_where_it_is_refused(slack: Slack) -> None:
    shown = Answer(screen=Screen(_("Files"), pictures=(Picture(_("Plan"), Bars((_("Done"),), ((_("All"), (2,)),))),)))
    door = slack.door
    message = await door.send("U1", shown, WRITER)
    assert slack.methods == ["chat.postMessage", "files.getUploadURLExternal", "files.completeUploadExternal"]
    (drawn,) = slack.uploads
    assert drawn.startswith(b"\x89PNG") and slack.calls[2][1]["files"] == [{"id": "F1", "title": "Plan"}]
    slack.calls.clear()
    await door.send("U1", shown, WRITER, edits=message)
    assert slack.methods == ["chat.update"]
    slack.fails["files.getUploadURLExternal"] = [SlackRefused("missing")]
    await door.send("U1", shown, WRITER)
    assert "Done 2" in slack.calls[-1][1]["text"]


async def test_what_another_process_may_have_sent_below_an_edited_message_says_so(slack: Slack) -> None:
    slack.files = {1: b"one"}
    shown = Answer(screen=Screen(_("Files"), files=(Attachment(1, "1.png", None),)))
    door = slack.door
    await door.send("U1", shown, WRITER, edits=ON, repeated=True)  # it knows nothing of what the one before has sent
    assert slack.methods == ["chat.update", "files.getUploadURLExternal", "files.completeUploadExternal"]
    assert slack.calls[2][1]["initial_comment"] == "You may have received this before."
    slack.calls.clear()
    await door.send("U1", shown, WRITER, edits=ON, repeated=True)
    assert slack.methods == ["chat.update"], "of what it has sent itself it knows"
    slack.calls.clear()
    await door.send("U1", shown, WRITER, repeated=True)
    assert "initial_comment" not in slack.calls[-1][1], "the message above it says so"


async def test_a_file_that_cannot_be_sent_does_not_unsay_its_message(slack: Slack) -> None:
    slack.files = {1: b"one"}
    slack.fails["files.getUploadURLExternal"] = [SlackRefused("missing")]
    slack.fails["chat.postMessage"] = []
    shown = Answer(screen=Screen(_("Files"), files=(Attachment(1, "1.png", None),)))
    assert (await slack.door.send("U1", shown, WRITER))["ts"] == "1.0"
    assert "could not be sent" in slack.calls[-1][1]["text"]


async def test_a_file_is_fetched_where_it_lies(slack: Slack) -> None:
    assert await slack.door.fetch({"id": "F1", "url": "https://files/1"}, 5) == b"https://files/1 5"
    assert await slack.door.fetch({"id": "F1"}, 5) == b"https://files/F1 5"
    assert slack.methods == ["files.info"]


# Interactions


@pytest.mark.parametrize(
    ("body", "screen", "form"),
    [
        (command("x"), False, False),
        (tap("run:1", "h"), True, False),
        (tap("answer:1", "h"), True, True),
        (tap("open:1", "7"), True, False),
        (SHOWN_TO_ONE, False, False),
        (HOME_TAP, True, False),
        (tap("answer:1", "h", on_home()), True, True),
        (SUBMISSION, True, False),
        (CLOSED, False, True),
        (SHORTCUT, True, False),
        (CHANGED, False, False),
    ],
)
def test_which_answers_are_messages(slack: Slack, body: dict[str, Any], screen: bool, form: bool) -> None:
    is_message = slack.door.is_message(body)
    assert (is_message(SCREEN), is_message(FORM)) == (screen, form)


@pytest.mark.parametrize("body", [command("x"), tap("run:1", "h"), tap("open:1", "7"), SHORTCUT, SHOWN_TO_ONE])
async def test_a_form_opens_as_a_modal(slack: Slack, body: dict[str, Any]) -> None:
    body = body | {"trigger_id": "1.2"}
    assert await slack.door.respond(body, FORM, WRITER) == {}
    ((method, sent),) = slack.calls
    assert (method, sent["trigger_id"], sent["view"]["type"]) == ("views.open", "1.2", "modal")


async def test_a_form_opened_from_the_home_tab_remembers_it(slack: Slack) -> None:
    await slack.door.respond(HOME_TAP, FORM, WRITER)
    assert '"from":"home"' in slack.calls[0][1]["view"]["private_metadata"]


@pytest.mark.parametrize("error", [SlackRefused("expired_trigger_id"), Transient("x"), Unknown("x")])
async def test_a_form_that_does_not_open_waits_behind_a_button(slack: Slack, error: SendError) -> None:
    slack.fails["views.open"] = [error]
    assert await slack.door.respond(command("x"), FORM, WRITER) == {}
    assert slack.methods == ["views.open", "chat.postMessage"]
    assert slack.calls[1][1]["channel"] == "U1"
    assert "open:" in str(slack.calls[1][1]["blocks"])
    may_be_open = isinstance(error, Unknown)
    assert slack.calls[1][1]["text"].startswith("You may have received this before.") is may_be_open


async def test_a_command_is_answered_to_the_asker_alone(slack: Slack) -> None:
    said = await slack.door.respond(command("x"), SCREEN, WRITER)
    assert said["response_type"] == "ephemeral" and said["blocks"] and said["text"]
    assert slack.calls == []


@pytest.mark.promise("faults.31", "An answer whose address has expired is a new message.")
async def test_what_one_person_sees_is_replaced_by_its_address_while_that_serves(slack: Slack) -> None:
    assert await slack.door.respond(SHOWN_TO_ONE, SCREEN, WRITER) == {}
    ((method, sent),) = slack.calls
    assert (method, sent["url"], sent["replace_original"]) == ("response_url", "https://r", True)
    slack.fails["response_url"] = [SlackRefused("http_404")]
    await slack.door.respond(SHOWN_TO_ONE, SCREEN, WRITER)
    assert slack.methods[-2:] == ["response_url", "chat.postMessage"]
    for error, is_marked in ((Transient("x"), False), (Unknown("x"), True)):
        slack.fails["response_url"] = [error]
        await slack.door.respond(SHOWN_TO_ONE, SCREEN, WRITER)
        assert slack.methods[-2:] == ["response_url", "chat.postMessage"]
        assert slack.calls[-1][1]["text"].startswith("You may have received this before.") is is_marked


async def test_a_submission_is_cleared_corrected_or_drawn_anew(slack: Slack) -> None:
    assert await slack.door.respond(SUBMISSION, SCREEN, WRITER) == {"response_action": "clear"}
    form = FORM.form
    assert form is not None
    wrong = replace(form, fields=(replace(form.fields[0], error=_("Too long.")),))
    said = await slack.door.respond(SUBMISSION, Answer(form=wrong), WRITER)
    assert said == {"response_action": "errors", "errors": {"title": "Too long."}}
    refused = await slack.door.respond(SUBMISSION, Answer(form=replace(form, refusal=_("Not today."))), WRITER)
    assert refused["response_action"] == "update"
    assert refused["view"]["blocks"][0]["type"] == "alert"
    assert slack.calls == []


@pytest.mark.promise("faults.31", "A modal that has changed meanwhile is left as it is.")
async def test_an_open_modal_is_redrawn_knowing_what_it_knew(slack: Slack) -> None:
    body = CHANGED | {"view": modal({"title": typed("x")}, files={"f": [3]})}
    assert await slack.door.respond(body, FORM, WRITER) == {}
    ((method, sent),) = slack.calls
    assert (method, sent["view_id"], sent["hash"]) == ("views.update", "V2", "h")
    assert '"files":{"f":[3]}' in sent["view"]["private_metadata"]
    slack.fails["views.update"] = [SlackRefused("hash_conflict"), SlackRefused("not_found"), SlackRefused("invalid")]
    await slack.door.respond(body, FORM, WRITER)
    await slack.door.respond(body, SCREEN, WRITER)
    with pytest.raises(Permanent):
        await slack.door.respond(body, FORM, WRITER)


@pytest.mark.parametrize("body", [CLOSED, tap("run:1", "h"), command("x"), CHANGED])
async def test_nothing_to_show_is_nothing_shown(slack: Slack, body: dict[str, Any]) -> None:
    assert await slack.door.respond(body, Answer(), WRITER) == {}
    assert slack.calls == []


async def test_a_pause_reaches_whoever_asked(slack: Slack) -> None:
    slack.fails["chat.postMessage"] = [Paused(timedelta(seconds=9))]
    with pytest.raises(Paused):
        await slack.door.send("U1", SCREEN, WRITER)


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ({"deleted": True}, "deactivated"),
        ({"deleted": False}, "not_found"),
        (SlackRefused("user_not_found"), "left"),
        (SlackRefused("user_not_visible"), "left"),
        (SlackRefused("invalid_arguments"), "not_found"),
        (Transient("away"), "not_found"),
    ],
)
async def test_why_somebody_is_not_found_is_asked(known: Any, reason: str) -> None:
    slack = Slack(fails={"chat.postMessage": [SlackRefused("channel_not_found")]})
    if isinstance(known, SendError):
        slack.fails["users.info"] = [known]
    else:
        slack.person = known
    with pytest.raises(Permanent) as refused:
        await slack.door.send("U1", SCREEN, WRITER)
    assert refused.value.reason == reason
    assert slack.methods == ["chat.postMessage", "users.info"]


async def test_of_a_channel_nobody_is_asked() -> None:
    slack = Slack(fails={"chat.postMessage": [SlackRefused("channel_not_found")]})
    with pytest.raises(Permanent, match="not_found"):
        await slack.door.send("C1", SCREEN, WRITER)
    assert slack.methods == ["chat.postMessage"]
