"""What Slack refuses: payloads against its published types, over its limits, or against its rules.

The types and limits come from ``schema/slack.json``. The rules here are those of Slack's reference pages that no type
can state, and, marked as ours, three that Slack leaves to good sense.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from ..published import Problem, Published

TYPES = Published("slack")

Json = dict[str, Any]

BLOCKS_IN_MESSAGE = 50
BLOCKS_IN_VIEW = 100
CHARACTERS_IN_MESSAGE = 13_200  # undocumented; measured by people who met msg_blocks_too_long
VIEW_BYTES = 250 * 1024
OPTIONS_IN_ANSWER = 100
GROUPS_IN_ANSWER = 100

ELSEWHERE_THAN = {
    "message": {"alert"},
    "modal": {"file", "markdown", "card", "carousel", "context_actions", "data_table", "plan", "table", "task_card"},
    "home": {
        "alert",
        "file",
        "markdown",
        "card",
        "carousel",
        "context_actions",
        "data_table",
        "plan",
        "table",
        "task_card",
    },
}
URL = re.compile(r"https?://[^\s<>|]+\Z")
DATE_TOKEN = re.compile(
    r"<!date\^(?P<time>[^^|>]*)\^(?P<form>[^^|>]*)(?:\^(?P<link>[^|>]*))?(?:\|(?P<fallback>[^>]*))?>"
)
DATE_WORDS = {
    "date_num", "date_slash", "date", "date_short", "date_long", "date_full", "date_pretty", "date_short_pretty",
    "date_long_pretty", "date_long_full", "time", "time_secs", "ago", "day_divider_pretty",
}  # fmt: skip


class Refused(Exception):
    """Slack's answer to what it does not take: ``{"ok": false, "error": error, ...}``."""

    def __init__(self, error: str, messages: list[str] | None = None, **more: Any) -> None:
        super().__init__(error, messages or [])
        self.error = error
        self.messages = messages or []
        self.more = more

    def body(self) -> Json:
        """The refusal as the Web API answers it."""
        body: Json = {"ok": False, "error": self.error, **self.more}
        if self.messages:
            body["errors"] = [message.removeprefix("[ERROR] ") for message in self.messages]
            body["response_metadata"] = {"messages": self.messages}
        return body


def said(what: str, where: str) -> str:
    """One line of a refusal, as Slack writes it."""
    return f"[ERROR] {what} [json-pointer:{where}]"


def _in_words(problem: Problem) -> str:
    limit, where = problem.limit, problem.where
    match problem.keyword:
        case "maxLength":
            return said(f"must be less than {limit + 1} characters", where)
        case "minLength":
            return said(f"must be more than {limit - 1} characters", where)
        case "maxItems":
            return said(f"no more than {limit} items allowed", where)
        case "minItems":
            return said(f"no fewer than {limit} items allowed", where)
        case "required":
            missing = [name for name in limit if name not in problem.value]
            return said(f"missing required field: {', '.join(missing)}", where)
        case "additionalProperties":
            return said(f"invalid additional property among: {', '.join(sorted(problem.value))}", where)
        case "union" | "const":
            kind = problem.value.get("type") if isinstance(problem.value, dict) else problem.value
            return said(f"unsupported type: {kind}", where)
        case "enum":
            return said(f"must be one of: {', '.join(map(str, limit))}", where)
        case "type":
            return said(f"must provide {limit}", where)
    return said(f"must have {problem.keyword} {limit}", where)


def walk(value: Any, where: str = "") -> Iterator[tuple[Json, str]]:
    """Every object within, with its place."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from walk(item, f"{where}/{number}")
    elif isinstance(value, dict):
        yield value, where
        for key, item in value.items():
            yield from walk(item, f"{where}/{key}")


def wrong_blocks(blocks: Any, surface: str, where: str = "/blocks") -> list[str]:
    """What is wrong with a surface's blocks, a line each; ``surface`` is message, modal or home."""
    if not isinstance(blocks, list):
        return [said("must provide array", where)]
    most = BLOCKS_IN_MESSAGE if surface == "message" else BLOCKS_IN_VIEW
    if len(blocks) > most:
        return [said(f"no more than {most} items allowed", where)]
    wrong = [
        _in_words(problem)
        for number, block in enumerate(blocks)
        for problem in TYPES.problems("KnownBlock", block, f"{where}/{number}")
    ]
    return wrong or list(_against_rules(blocks, surface, where))


def _against_rules(blocks: list[Json], surface: str, where: str) -> Iterator[str]:
    names = Counter(block["block_id"] for block in blocks if "block_id" in block)
    for name, times in names.items():
        if times > 1:
            yield said(f"block_id {name} already exists", where)
    for number, block in enumerate(blocks):
        place = f"{where}/{number}"
        if block["type"] in ELSEWHERE_THAN[surface]:
            yield said(f"{block['type']} blocks are not supported in a {surface}", place)
        if block["type"] == "section" and not (block.get("text") or block.get("fields")):
            yield said("missing required field: text", place)
        actions = Counter(item["action_id"] for item, _ in walk(block) if "action_id" in item)
        for name, times in actions.items():
            if times > 1:
                yield said(f"action_id {name} already exists", place)
    focused = [place for item, place in walk(blocks, where) if item.get("focus_on_load")]
    if len(focused) > 1:
        yield said("only one element may have focus_on_load", focused[1])
    for item, place in walk(blocks, where):
        yield from _element_against_rules(item, surface, place)


def _element_against_rules(item: Json, surface: str, where: str) -> Iterator[str]:
    kind = item.get("type")
    for key in ("url", "image_url"):
        if key in item and kind != "link" and not URL.match(str(item[key])):
            yield said("must be a valid URL", f"{where}/{key}")
    if kind == "mrkdwn":
        yield from _dates_against_rules(item["text"], where)
    if kind == "file_input" and surface != "modal":
        yield said("file_input is supported in a modal only", where)
    if kind in {"static_select", "multi_static_select"} and ("options" in item) == ("option_groups" in item):
        yield said("must provide either options or option_groups", where)
    options = options_of(item)
    if options:
        if any("url" in option for option in options) and kind != "overflow":
            yield said("url is supported in overflow menus only", where)
        values = Counter(option.get("value") for option in options)
        if "initial_option" in item and item["initial_option"] not in options:
            yield said("failed to match initial option with any of the provided options", where)
        if any(option not in options for option in item.get("initial_options", ())):
            yield said("failed to match all initial options with the provided options", where)
        if max(values.values()) > 1:  # ours: the answer could not tell which was chosen
            yield said("two options have the same value", where)
    if kind == "plain_text_input":
        if item.get("min_length", 0) > item.get("max_length", 3000):
            yield said("min_length must not be greater than max_length", where)
        if len(item.get("initial_value", "")) > item.get("max_length", 3000):
            yield said(f"must be less than {item.get('max_length', 3000) + 1} characters", f"{where}/initial_value")
    if "initial_date" in item and not re.fullmatch(r"\d{4}-\d\d-\d\d", item["initial_date"]):
        yield said("must be in the format YYYY-MM-DD", f"{where}/initial_date")
    if "initial_time" in item and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", item["initial_time"]):
        yield said("must be in the format HH:mm", f"{where}/initial_time")
    if "initial_date_time" in item and len(str(item["initial_date_time"])) != 10:
        yield said("must be 10 digits", f"{where}/initial_date_time")


def _dates_against_rules(text: str, where: str) -> Iterator[str]:
    """Ours: Slack shows a token that it cannot read as it stands, which no reader should see."""
    for start in re.finditer("<!date", text):
        token = DATE_TOKEN.match(text, start.start())
        words = re.findall(r"\{([^{}]*)\}", token["form"]) if token else []
        if not token or not token["time"].isdigit() or not words or not token["fallback"] or set(words) - DATE_WORDS:
            yield said("a date token is not of the form <!date^seconds^{words}|fallback>", where)


def options_of(element: Json) -> list[Json]:
    """An element's own options, those of its groups included."""
    groups = element.get("option_groups", [])
    listed = [*element.get("options", []), *(option for group in groups for option in group.get("options", []))]
    return [option for option in listed if isinstance(option, dict)]


def characters(blocks: list[Json]) -> int:
    """How much text the blocks hold, as Slack seems to count it."""
    return sum(len(item["text"]) for item, _ in walk(blocks) if isinstance(item.get("text"), str))


def check_message(message: Json) -> None:
    """Refuse a message that Slack would not post; ``message`` holds text, blocks, attachments, markdown_text."""
    blocks = message.get("blocks")
    text = message.get("text") or message.get("markdown_text")
    if blocks:
        if wrong := wrong_blocks(blocks, "message"):
            raise Refused("invalid_blocks", wrong)
        if characters(blocks) > CHARACTERS_IN_MESSAGE:
            raise Refused("msg_blocks_too_long")
        if not text:  # ours: Slack warns only, yet this is what notifications show and screen readers read
            raise Refused("no_text", [said("blocks need a text that says the same", "/text")])
    if not (text or blocks or message.get("attachments")):
        raise Refused("no_text")
    if text and (wrong := list(_dates_against_rules(text, "/text"))):
        raise Refused("invalid_arguments", wrong)


def check_view(view: Any, *surfaces: str) -> None:
    """Refuse a view that Slack would not show; ``surfaces`` are the kinds that the method takes."""
    if not isinstance(view, dict):
        raise Refused("invalid_arguments", [said("must provide object", "/view")])
    if view.get("type") not in surfaces:
        raise Refused("invalid_arguments", [said(f"unsupported type: {view.get('type')}", "/view/type")])
    name = "ModalView" if view["type"] == "modal" else "HomeView"
    blocks = view.get("blocks")
    frame = view | {"blocks": []} if isinstance(blocks, list) else view
    wrong = [_in_words(problem) for problem in TYPES.problems(name, frame, "/view")]
    if isinstance(blocks, list):
        wrong += wrong_blocks(blocks, view["type"], "/view/blocks")
        needs_submit = any(isinstance(block, dict) and block.get("type") == "input" for block in blocks)
        if view["type"] == "modal" and needs_submit and "submit" not in view:
            wrong.append(said("missing required field: submit (the view has an input)", "/view"))
    if wrong:
        raise Refused("invalid_arguments", wrong)
    if len(json.dumps(view).encode()) > VIEW_BYTES:
        raise Refused("view_too_large")


def check_arguments(method: str, arguments: Json) -> None:
    """Refuse a call whose arguments are not those of the method."""
    # The libraries add these to any call; the published types name them for some methods only.
    named = {name: value for name, value in arguments.items() if name not in {"token", "team_id"}}
    if wrong := [_in_words(problem) for problem in TYPES.problems_in_call(method, named)]:
        raise Refused("invalid_arguments", wrong)


def check_options(answer: Any) -> list[Json]:
    """The options with which a bot answered a look-up."""
    answer = answer if isinstance(answer, dict) else {}
    groups = answer.get("option_groups", [])
    if not all(isinstance(each, list) for each in (groups, answer.get("options", []))) or not all(
        isinstance(group, dict) and isinstance(group.get("options"), list) for group in groups
    ):
        raise Refused("invalid_arguments", [said("must provide array", "/options")])
    if ("options" in answer) == ("option_groups" in answer):
        raise Refused("invalid_arguments", [said("must provide either options or option_groups", "/")])
    options = options_of(answer)
    wrong = []
    if max([len(answer.get("options", ())), *(len(group["options"]) for group in groups)]) > OPTIONS_IN_ANSWER:
        wrong.append(said(f"no more than {OPTIONS_IN_ANSWER} items allowed", "/options"))
    if len(groups) > GROUPS_IN_ANSWER:
        wrong.append(said(f"no more than {GROUPS_IN_ANSWER} items allowed", "/option_groups"))
    for number, option in enumerate(options):
        wrong += [_in_words(each) for each in TYPES.problems("PlainTextOption", option, f"/options/{number}")]
        if "value" not in option:
            wrong.append(said("missing required field: value", f"/options/{number}"))
    if wrong:
        raise Refused("invalid_arguments", wrong)
    return options
