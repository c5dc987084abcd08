"""The app's manifest: what Slack is told when the app is made, and the link that makes it."""

from __future__ import annotations

from urllib.parse import quote, urlencode

CREATE = "https://api.slack.com/apps"
SCOPES = (
    "app_mentions:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:read",
    "groups:write",
    "im:history",
    "im:write",
    "pins:write",
    "users:read",
)

_MANIFEST = """\
# Slack: the app, as `parley slack manifest` prints it. Each scope is a promise to the workspace's administrators.
display_information:
  name: Parley
  description: Where Customs, business and other agencies talk and keep their word to each other.
  background_color: "#1f3a5f"
features:
  app_home:
    home_tab_enabled: true
    messages_tab_enabled: true
    messages_tab_read_only_enabled: false
  bot_user:
    display_name: Parley
    always_online: true
  shortcuts:
    - name: Raise an issue
      type: global
      callback_id: issues.raise
      description: Tell Customs what should be put right.
    - name: Record as decision
      type: message
      callback_id: roundtables.to_decision
      description: Put this message into the minutes of a roundtable as a decision.
    - name: Make it an action
      type: message
      callback_id: roundtables.to_action
      description: Put this message into the minutes of a roundtable as an action.
  slash_commands:
    - command: /parley
      description: Ask for what Parley can do, or say it at once.
      usage_hint: "[help | raise | mine]"
      should_escape: false{request_url_4}
oauth_config:
  scopes:
    bot:
{scopes}
settings:
  event_subscriptions:{request_url_2}
    bot_events:
      - app_home_opened
      - app_mention
      - app_uninstalled
      - message.im
      - tokens_revoked
  interactivity:
    is_enabled: true{request_url_2}{options_url}
  org_deploy_enabled: false
  socket_mode_enabled: {socket_mode}
  token_rotation_enabled: false
"""


def manifest(public_url: str, *, socket_mode: bool = True) -> str:
    """The manifest as YAML. Without Socket Mode Slack calls `public_url` under /slack/events."""
    url = f"{public_url.rstrip('/')}/slack/events"

    def line(name: str) -> str:
        return "" if socket_mode else f"\n    {name}: {url}"

    return _MANIFEST.format(
        request_url_2=line("request_url"),
        request_url_4="" if socket_mode else f"\n      url: {url}",
        options_url=line("message_menu_options_url"),
        scopes="\n".join(f"      - {scope}" for scope in SCOPES),
        socket_mode=str(socket_mode).lower(),
    )


def install_link(text: str) -> str:
    """The address at which an administrator makes the app from this manifest."""
    return f"{CREATE}?{urlencode({'new_app': 1, 'manifest_yaml': text}, quote_via=quote)}"
