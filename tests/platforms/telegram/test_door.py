"""Edit or send, split and resend: what the door does with what Telegram says, call by call."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.kit.door import Paused, Permanent, SendError, Transient, Unknown
from bot.kit.events import Answer
from bot.kit.screen import Attachment, Bars, Picture, Screen
from bot.kit.text import Catalogues, Raw, Reader, When, Writer, _
from bot.platforms.telegram.door import CANNOT_PARSE, NOT_EDITABLE, NOT_MODIFIED, Moved, TelegramDoor, Upload

from .test_draw import AT, button

ENGLISH = Writer(Catalogues(Path("nowhere")), Reader("en", "UTC"))
TAPPED = {"chat_id": 1001, "message_id": 5, "callback_query_id": "77"}
HOME = Answer(screen=Screen(_("Home"), buttons=(button("Help"),)))
LONG = Answer(screen=Screen(_("Long"), tuple(Raw("word " * 700) for _each in range(3)), buttons=(button("Help"),)))
PHOTO, PAPER = Attachment(1, "seal.jpg", "image/jpeg"), Attachment(2, "list.pdf", "application/pdf")
WITH_FILES = Answer(screen=Screen(_("Issue"), files=(PHOTO, PAPER)))


class Telegram:
    """Notes every call; answers with what was planned for it, else as Telegram would."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.planned: dict[str, list[Exception]] = {}
        self.slept: list[float] = []
        self.files: dict[int, bytes] = {1: b"jpeg", 2: b"pdf"}
        self.downloads = {"path/f": b"12345"}
        self.door = TelegramDoor(self.perform, download=self.download, stored=self.stored, sleep=self.sleep)

    def refuse(self, method: str, *errors: Exception) -> None:
        self.planned.setdefault(method, []).extend(errors)

    async def perform(self, method: str, parameters: dict[str, Any]) -> Any:
        self.calls.append((method, parameters))
        if self.planned.get(method):
            raise self.planned[method].pop(0)
        if method == "getFile":
            return {"file_id": "f", "file_size": 5, "file_path": "path/f"}
        if method == "answerCallbackQuery":
            return True
        return {"message_id": 100 + len(self.calls), "chat": {"id": parameters["chat_id"]}}

    async def download(self, path: str) -> bytes:
        return self.downloads[path]

    async def stored(self, file_id: int) -> bytes | None:
        return self.files.get(file_id)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def send(self, answer: Answer = HOME, **how: Any) -> Any:
        return await self.door.send("1001", answer, ENGLISH, **how)

    @property
    def methods(self) -> list[str]:
        return [method for method, _parameters in self.calls]

    def texts(self) -> list[str]:
        return [parameters["text"] for method, parameters in self.calls if method in {"sendMessage", "editMessageText"}]


@pytest.fixture
def telegram() -> Telegram:
    return Telegram()


async def test_a_message_goes_to_the_private_chat(telegram: Telegram) -> None:
    assert await telegram.send() == {"chat_id": 1001, "message_id": 101}
    assert telegram.calls[0][1]["chat_id"] == 1001


async def test_a_tap_is_acknowledged_once_and_its_message_is_replaced(telegram: Telegram) -> None:
    assert await telegram.send(edits=TAPPED) == {"chat_id": 1001, "message_id": 5}
    assert telegram.methods == ["answerCallbackQuery", "editMessageText"]
    assert telegram.calls[1][1]["message_id"] == 5
    await telegram.send(edits=TAPPED)
    await telegram.door.answer_tap("77")
    assert telegram.methods.count("answerCallbackQuery") == 1


async def test_a_tap_on_news_is_acknowledged_and_the_answer_comes_below(telegram: Telegram) -> None:
    await telegram.send(edits={"callback_query_id": "77"})
    assert telegram.methods == ["answerCallbackQuery", "sendMessage"]


async def test_a_notice_is_shown_over_the_chat_or_else_in_the_message(telegram: Telegram) -> None:
    noted = Answer(screen=Screen(_("Home")), notice=Raw("é" * 300))  # type: ignore[arg-type]
    await telegram.send(noted, edits=TAPPED)
    assert len(telegram.calls[0][1]["text"]) == 200 and telegram.texts() == ["<b>Home</b>"]
    telegram.refuse("answerCallbackQuery", Permanent("too_late"))
    await telegram.send(noted, edits=TAPPED | {"callback_query_id": "78"})
    assert telegram.texts()[-1].endswith("\u2069\n\n<b>Home</b>")


async def test_an_unchanged_message_is_as_good_as_an_edited_one(telegram: Telegram) -> None:
    telegram.refuse("editMessageText", Permanent(NOT_MODIFIED))
    assert await telegram.send(edits=TAPPED) == {"chat_id": 1001, "message_id": 5}
    assert telegram.methods == ["answerCallbackQuery", "editMessageText"]


async def test_what_cannot_be_edited_is_sent_anew_and_a_repeat_says_so(telegram: Telegram) -> None:
    telegram.refuse("editMessageText", Permanent(NOT_EDITABLE))
    await telegram.send(edits=TAPPED, repeated=True)
    assert telegram.methods[1:] == ["editMessageText", "sendMessage"]
    assert telegram.texts() == ["<b>Home</b>", "You may have received this before.\n\n<b>Home</b>"]


async def test_an_edit_whose_outcome_is_unknown_may_simply_be_made_again(telegram: Telegram) -> None:
    telegram.refuse("editMessageText", Unknown("ReadTimeout"))
    with pytest.raises(Transient):
        await telegram.send(edits=TAPPED)


@pytest.mark.parametrize("error", [Permanent("blocked"), Transient("x"), Paused(timedelta(seconds=9)), Unknown("x")])
async def test_other_errors_of_the_first_message_are_the_outboxs_to_judge(telegram: Telegram, error: SendError) -> None:
    telegram.refuse("sendMessage", error)
    with pytest.raises(type(error)) as raised:
        await telegram.send()
    assert raised.value is error and telegram.methods == ["sendMessage"]


async def test_markup_that_is_not_understood_is_sent_as_plain_text_once(telegram: Telegram) -> None:
    telegram.refuse("sendMessage", Permanent(CANNOT_PARSE, 'Unsupported start tag "blockquote" at byte offset 5'))
    await telegram.send(Answer(screen=Screen(_("A < B"), buttons=(button("Help"),))))
    (_method, rich), (_same, bare) = telegram.calls
    assert rich["text"] == "<b>A &lt; B</b>" and rich["parse_mode"] == "HTML"
    assert bare["text"] == "A < B" and "parse_mode" not in bare and bare["reply_markup"] == rich["reply_markup"]


async def test_a_server_that_knows_no_date_time_is_not_asked_again(telegram: Telegram) -> None:
    due = Answer(screen=Screen(_("Due {when}", when=When(AT))))
    telegram.refuse("sendMessage", Permanent(CANNOT_PARSE, 'Unsupported start tag "tg-time" at byte offset 5'))
    await telegram.send(due)
    await telegram.send(due)
    first, bare, later = telegram.texts()
    assert "tg-time" in first and "tg-time" not in later and later.startswith("<b>Due Friday")
    assert bare == "Due Friday 4 December 2026 10:00 (UTC)"


async def test_a_chat_that_moved_is_followed(telegram: Telegram) -> None:
    telegram.refuse("sendMessage", Moved(-100))
    assert (await telegram.send(LONG))["chat_id"] == -100
    assert [parameters["chat_id"] for _method, parameters in telegram.calls] == [1001, -100, -100, -100]


async def test_a_long_answer_is_brought_to_its_end_pauses_included(telegram: Telegram) -> None:
    edited = await telegram.send(LONG, edits=TAPPED)
    assert telegram.methods == ["answerCallbackQuery", "editMessageText", "sendMessage", "sendMessage"]
    assert edited["message_id"] == 104, "the reference is the message that has the keyboard"
    telegram.calls.clear()
    telegram.refuse("editMessageText", Permanent(NOT_MODIFIED))
    telegram.refuse("sendMessage", Paused(timedelta(seconds=7)), Transient("x"))
    await telegram.send(LONG, edits=TAPPED)
    assert telegram.methods.count("sendMessage") == 4 and telegram.slept == [7.0, 2.0]


@pytest.mark.parametrize("error", [Transient("x"), Unknown("x"), Paused(timedelta(hours=1))])
async def test_a_long_answer_that_breaks_off_is_in_doubt(telegram: Telegram, error: SendError) -> None:
    async def perform(method: str, parameters: dict[str, Any]) -> Any:
        if telegram.methods.count("sendMessage") >= 1:
            raise error
        return await telegram.perform(method, parameters)

    door = TelegramDoor(perform, download=telegram.download, stored=telegram.stored, sleep=telegram.sleep)
    with pytest.raises(Unknown):
        await door.send("1001", LONG, ENGLISH)


async def test_files_are_sent_below_the_text_with_their_bytes(telegram: Telegram) -> None:
    reference = await telegram.send(WITH_FILES)
    assert telegram.methods == ["sendMessage", "sendPhoto", "sendDocument"]
    assert telegram.calls[1][1]["photo"] == Upload("seal.jpg", "image/jpeg", b"jpeg")
    assert telegram.calls[2][1]["document"] == Upload("list.pdf", "application/pdf", b"pdf")
    assert reference["message_id"] == 101


async def test_a_card_redrawn_in_place_does_not_send_its_files_again(telegram: Telegram) -> None:
    reference = await telegram.send(WITH_FILES)
    await telegram.send(WITH_FILES, edits=reference | {"callback_query_id": "77"})
    await telegram.send(WITH_FILES, edits=TAPPED | {"callback_query_id": "78"})
    assert telegram.methods.count("sendPhoto") == 2, "once for each message they stand below"


async def test_a_picture_is_drawn_once_below_its_text_and_told_where_it_is_refused(telegram: Telegram) -> None:
    shown = Answer(screen=Screen(_("Issue"), pictures=(Picture(_("Plan"), Bars((_("Done"),), ((_("All"), (2,)),))),)))
    reference = await telegram.send(shown)
    assert telegram.methods == ["sendMessage", "sendPhoto"]
    assert telegram.calls[1][1]["photo"].data.startswith(b"\x89PNG")
    await telegram.send(shown, edits=reference | {"callback_query_id": "77"})
    assert telegram.methods.count("sendPhoto") == 1
    telegram.refuse("sendPhoto", Permanent("refused"))
    await telegram.send(shown)
    assert "Done 2" in telegram.texts()[-1]


def refused_as_photo(telegram: Telegram) -> None:
    telegram.refuse("sendPhoto", Permanent("refused"))


def too_large_for_a_photo(telegram: Telegram) -> None:
    telegram.files[1] = b"x" * 10_000_001


@pytest.mark.parametrize("spoil", [refused_as_photo, too_large_for_a_photo])
async def test_a_picture_that_is_no_photo_is_sent_as_a_document(
    telegram: Telegram, spoil: Callable[[Telegram], None]
) -> None:
    spoil(telegram)
    await telegram.send(Answer(screen=Screen(_("Issue"), files=(PHOTO,))))
    assert telegram.methods[-1] == "sendDocument"
    assert telegram.calls[-1][1]["document"].name == "seal.jpg" and "photo" not in telegram.calls[-1][1]


async def test_a_file_that_is_not_here_or_is_refused_is_said_in_words(telegram: Telegram) -> None:
    del telegram.files[1]
    telegram.refuse("sendDocument", Permanent("refused"))
    await telegram.send(WITH_FILES)
    assert telegram.texts()[1:] == [
        "\u2068seal.\u2060jpg\u2069 is not here yet.",
        "\u2068list.\u2060pdf\u2069 could not be sent here.",
    ]


async def test_somebody_who_leaves_between_text_and_file_is_unreachable(telegram: Telegram) -> None:
    telegram.refuse("sendPhoto", Permanent("blocked"))
    with pytest.raises(Permanent, match="blocked"):
        await telegram.send(WITH_FILES)


async def test_a_file_is_fetched_up_to_its_limit(telegram: Telegram) -> None:
    assert await telegram.door.fetch({"file_id": "f"}, 5) == b"12345"
    with pytest.raises(Permanent, match="too_large"):
        await telegram.door.fetch({"file_id": "f"}, 4)
    telegram.downloads["path/f"] = b"123456"
    with pytest.raises(Permanent, match="too_large"):
        await telegram.door.fetch({"file_id": "f"}, 5)
