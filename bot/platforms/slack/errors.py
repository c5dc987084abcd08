"""What a refusal of Slack's means for the message it was about."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from bot.kit.door import Paused, Permanent, SendError, Transient, Unknown

LEAST_PAUSE, USUAL_PAUSE, LONGEST_PAUSE = 1.0, 5.0, 300.0
# Nobody in particular is unreachable: the whole workspace is, until somebody mends it.
WORKSPACE_PAUSE = timedelta(seconds=60)
WORKSPACE = frozenset(
    {
        "account_inactive",
        "app_uninstalled",
        "invalid_auth",
        "not_authed",
        "org_login_required",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
    }
)
# Nor is this method of any use to anybody.
METHOD = frozenset({"missing_scope", "no_permission", "not_allowed_token_type"})
PASSING = frozenset(
    {"fatal_error", "internal_error", "request_timeout", "service_unavailable", "team_added_to_org", "accesslimited"}
)
# Reasons by error; whatever else Slack refuses it refuses because of what we sent.
REASONS = {
    "channel_not_found": "not_found",
    "user_not_found": "not_found",
    "users_not_found": "not_found",
    "user_not_visible": "not_found",
    "user_disabled": "deactivated",
    "is_archived": "archived",
    "is_inactive": "archived",  # what an edit is refused with
    "not_in_channel": "left",
}
# Calls that may be made twice: an unknown outcome of theirs is none.
REPEATABLE = frozenset(
    {
        "auth.test",
        "chat.update",
        "conversations.archive",
        "conversations.info",
        "conversations.invite",
        "conversations.kick",
        "conversations.list",
        "conversations.setTopic",
        "files.getUploadURLExternal",
        "files.info",
        "pins.add",
        "users.info",
        "views.publish",
        "views.update",
    }
)


class AppRefused(Paused):
    """Slack refuses the app itself, whatever it asks."""

    def __init__(self) -> None:
        super().__init__(WORKSPACE_PAUSE)


class MethodRefused(Paused):
    """Slack refuses this method to the app, whoever it is for: `needed` is the scope it lacks, if that is why."""

    def __init__(self, error: str, needed: str) -> None:
        super().__init__(WORKSPACE_PAUSE)
        self.error = error
        self.needed = needed


class SlackRefused(Permanent):
    """Slack's own refusal; `error` is its name for it."""

    def __init__(self, error: str) -> None:
        super().__init__(REASONS.get(error, "refused"), error)
        self.error = error


def refusal(status: int, error: str | None, retry_after: str | None, now: datetime, *, needed: str = "") -> SendError:
    """The error for an answer that says no. `error` is None where the body named none; `needed` the scope it wants."""
    if status == HTTPStatus.TOO_MANY_REQUESTS or error in {"ratelimited", "rate_limited"}:
        return Paused(timedelta(seconds=pause_of(retry_after, now)))
    if error in WORKSPACE:
        return AppRefused()
    if error in METHOD:
        return MethodRefused(error or "", needed)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or error is None or error in PASSING:
        return Transient(f"{status} {error or 'no JSON of Slack'}")
    return SlackRefused(error)


def no_answer(method: str, why: str) -> SendError:
    """The error for a request that left and was not answered."""
    return Transient(why) if method in REPEATABLE else Unknown(why)


def pause_of(retry_after: str | None, now: datetime) -> float:
    """Seconds to wait, from 1 to 300, whatever stands in the header: whole, broken, a date, nothing, nonsense."""
    given = (retry_after or "").strip()
    seconds = USUAL_PAUSE
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", given):
        seconds = float(given)
    elif given and not given.startswith("-"):
        try:
            at = parsedate_to_datetime(given)
        except (ValueError, OverflowError):
            return USUAL_PAUSE
        if at.tzinfo is not None:
            seconds = (at - now).total_seconds()
    return min(LONGEST_PAUSE, max(LEAST_PAUSE, seconds))
