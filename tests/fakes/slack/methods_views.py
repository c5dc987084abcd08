"""The Web API's methods for views: modals, at most three on one another, and the Home tab."""

from .api import SlackApi, method
from .check import Json, Refused, check_view, said
from .world import View

MODALS_IN_A_STACK = 3


def made(slack: SlackApi, user: str, sent: Json, before: View | None = None) -> View:
    """A view with its ids and its inputs filled; ``before`` is the one whose place it takes."""
    check_view(sent, "modal", "home")
    name = sent.get("external_id")
    taken = [view for view in slack.world.views.values() if name and view.sent.get("external_id") == name]
    if any(before is None or view.id != before.id for view in taken):
        raise Refused("duplicate_external_id")
    slack.world.with_ids(sent["blocks"])
    view = View(before.id if before else slack.world.new_id("V"), user, sent, f"hash.{slack.count('hash')}")
    view.take_state(before)
    if before:
        view.root, view.previous = before.root, before.previous
    slack.world.views[view.id] = view
    slack.stir()
    return view


def opened(slack: SlackApi, user: str, sent: Json) -> View:
    """A modal on top of those that the person has open."""
    check_view(sent, "modal")
    stack = slack.world.modals.setdefault(user, [])
    if len(stack) >= MODALS_IN_A_STACK:
        raise Refused("push_limit_reached")
    view = made(slack, user, sent)
    if stack:
        view.root, view.previous = stack[0].id, stack[-1].id
    stack.append(view)
    return view


def replaced(slack: SlackApi, before: View, sent: Json) -> View:
    """The view with new content, in the same place."""
    check_view(sent, before.kind)
    view = made(slack, before.user, sent, before)
    if before.kind == "home":
        slack.world.homes[before.user] = view
    else:
        stack = slack.world.modals[before.user]
        stack[stack.index(before)] = view
    return view


def dropped(slack: SlackApi, views: list[View]) -> None:
    """The views are gone from the person's screen."""
    for view in views:
        slack.world.modals[view.user].remove(view)
        del slack.world.views[view.id]
    slack.stir()


@method("views.open")
def views_open(slack: SlackApi, arguments: Json) -> Json:
    check_view(arguments["view"], "modal")
    user = slack.use_trigger(arguments)
    # A modal opened anew takes the place of all that were open.
    dropped(slack, list(slack.world.modals.get(user, ())))
    return {"view": opened(slack, user, arguments["view"]).body()}


@method("views.push")
def views_push(slack: SlackApi, arguments: Json) -> Json:
    check_view(arguments["view"], "modal")
    user = slack.use_trigger(arguments)
    if not slack.world.modals.get(user):
        raise Refused("not_found")
    return {"view": opened(slack, user, arguments["view"]).body()}


@method("views.update")
def views_update(slack: SlackApi, arguments: Json) -> Json:
    name, external = arguments.get("view_id"), arguments.get("external_id")
    if not name and not external:
        raise Refused("invalid_arguments", [said("missing required field: view_id", "/view_id")])
    found = [view for view in slack.world.views.values() if name == view.id or external == view.sent.get("external_id")]
    if not found or (not name and not external):
        raise Refused("not_found")
    _check_hash(found[0], arguments)
    return {"view": replaced(slack, found[0], arguments["view"]).body()}


@method("views.publish")
def views_publish(slack: SlackApi, arguments: Json) -> Json:
    user, sent = arguments["user_id"], arguments["view"]
    check_view(sent, "home")
    if user not in slack.world.users or slack.world.users[user].deleted:
        raise Refused("user_not_found")
    if before := slack.world.homes.get(user):
        _check_hash(before, arguments)
        return {"view": replaced(slack, before, sent).body()}
    view = slack.world.homes[user] = made(slack, user, sent)
    return {"view": view.body()}


def _check_hash(view: View, arguments: Json) -> None:
    if "hash" in arguments and arguments["hash"] != view.hash:
        raise Refused("hash_conflict")
