"""Whoever raised a case says whether the agencies that are asked may know who they are."""

from __future__ import annotations

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.screen import Refusal, Screen, button
from bot.kit.text import Code, Phrase, Raw, _, listed
from db.agencies import Disclosure, name_of, parts_of
from db.issues import Issue
from handlers.issues import parts, telling
from handlers.issues.room import reporter

from .room import agencies


@agencies.command("consent", _("What agencies may know"), allow=reporter)
def consent(ctx: Context, issue: Issue) -> Screen:
    """How it stands, and the way to change it."""
    return _screen(ctx, issue, None)


@agencies.command(
    "disclose",
    _("Let them know who I am"),
    allow=reporter,
    confirm=_(
        "The agencies that Customs asks in this case will see your name, your organisation and what you wrote first."
    ),
)
def disclose(ctx: Context, issue: Issue) -> Screen:
    """They may know from now on."""
    if not telling.stays(ctx, issue) or issue.merged_into_id is not None:
        raise Refusal(_("That cannot be done now. Its state is: {state}.", state=issue.state))
    made = _made(ctx, issue)
    if made is None:
        made = Disclosure(administration_id=issue.administration_id, issue_id=issue.id)
        ctx.session.add(made)
    made.person_id, made.given_at, made.withdrawn_at = ctx.who.id, ctx.now, None
    ctx.session.flush()
    return _screen(ctx, issue, _("The agencies may know who you are. You can take it back."))


@agencies.command("conceal", _("Do not let them know any longer"), allow=reporter)
def conceal(ctx: Context, issue: Issue) -> Screen:
    """They are not shown it any longer; what they have read they have read."""
    made = _made(ctx, issue)
    if made is not None and made.withdrawn_at is None:
        made.withdrawn_at = ctx.now
        ctx.session.flush()
    return _screen(ctx, issue, _("From now on the agencies are not shown who you are. What they have read they know."))


def _screen(ctx: Context, issue: Issue, lead: Phrase | None) -> Screen:
    names = [Raw(name_of(ctx.session, each.agency_id)) for each in parts_of(ctx.session, issue.id)]
    is_known = parts.is_disclosed(ctx, issue)
    stands = (
        _("They see your name, your organisation and what you wrote first.")
        if is_known
        else _("They do not learn who you are, nor what you wrote: only what Customs asks them.")
    )
    change = (
        button(_("Do not let them know any longer"), "agencies.conceal", issue=issue.id)
        if is_known
        else button(_("Let them know who I am"), "agencies.disclose", issue=issue.id)
    )
    return Screen(
        lead or _("What agencies may know of {ref}", ref=Code(issue.ref)),
        (
            _("Customs asks these agencies: {agencies}.", agencies=listed(names))
            if names
            else _("Customs asks no other agency in this case."),
            stands,
        ),
        buttons=(change, button(_("Back to {ref}", ref=Code(issue.ref)), "issues.show", issue=issue.id)),
    )


def _made(ctx: Context, issue: Issue) -> Disclosure | None:
    its = Disclosure.issue_id == issue.id, Disclosure.visible_to(ctx.who)
    return ctx.session.scalar(select(Disclosure).where(*its))
