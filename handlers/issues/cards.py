"""An issue as it is shown: to the desk with everything, to whoever raised it with what is theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, and_, or_, select

from bot.kit.context import Context
from bot.kit.screen import Attachment, Button, Fact, Quote, Screen, Style, button
from bot.kit.text import Code, Named, Phrase, Raw, Text, When, _, listed, ngettext
from db.files import File, FileState
from db.issues import ENTRY, Entry, Issue, IssueLink, Level, Problem, State, Voice
from db.outcomes import owed, settled
from db.people import Organisation
from db.symposia import Symposium
from handlers.people.naming import called

from . import clock, parts

SHOWN = 4  # entries on a card; the rest is one button away

TOGETHER = _("Others told Customs the same. One answer is being prepared for all of you; nobody learns who else asked.")

SAID_AT_DESK = {
    Voice.RAISED: _("{name} raised it on {when}"),
    Voice.ADDITION: _("{name} added on {when}"),
    Voice.QUESTION: _("{name} asked on {when}"),
    Voice.ANSWER: _("{name} answered on {when}"),
    Voice.REPLY: _("{name} replied on {when}"),
    Voice.NEWS: _("{name} told everybody who takes part on {when}"),
    Voice.NOTE: _("{name} noted for colleagues on {when}"),
    Voice.ADVICE: _("{name} advised on {when}"),
    Voice.REOPENED: _("{name} opened it again on {when}"),
}
# Officers speak for Customs: a trader is not given their names.
SAID_TO_TRADE = {
    Voice.RAISED: _("You wrote on {when}"),
    Voice.ADDITION: _("You added on {when}"),
    Voice.QUESTION: _("Customs asked you on {when}"),
    Voice.ANSWER: _("You answered on {when}"),
    Voice.REPLY: _("Customs replied to you on {when}"),
    Voice.NEWS: _("Customs told everybody who takes part on {when}"),
    Voice.ADVICE: _("Customs was advised by its coordinators on {when}"),
    Voice.REOPENED: _("Customs opened it again on {when}"),
}


def card(ctx: Context, issue: Issue, lead: Phrase | None = None) -> Screen:
    """The issue for whoever asks: their own report as theirs, any other as the desk sees it.

    What has just happened (`lead`) is the heading; the issue's own would only repeat the words quoted below it.
    """
    own = issue.reporter_id == ctx.who.id
    return own_card(ctx, issue, lead) if own else desk_card(ctx, issue, lead)


def desk_card(ctx: Context, issue: Issue, lead: Phrase | None = None, *, new: Sequence[Entry] = ()) -> Screen:
    """For staff: the words, who said them, the clock, and what can be done now.

    Files come along with what is `new`; otherwise they are counted, and stand with all that was said.
    """
    entries = _latest(ctx, issue, own=False)
    return Screen(
        heading=lead or Raw(issue.title, issue.language),
        body=quotes(ctx, entries, SAID_AT_DESK),
        facts=tuple(
            each for each in (*_basic(ctx, issue), *_working(ctx, issue), _files(ctx, issue, own=False)) if each
        ),
        files=attachments(ctx, new),
        buttons=desk_buttons(issue),
    )


def own_card(ctx: Context, issue: Issue, lead: Phrase | None = None, *, new: Sequence[Entry] = ()) -> Screen:
    """For whoever raised it: their words, what Customs told them, when they hear more. Nobody else's words or name."""
    entries = _latest(ctx, issue, own=True)
    is_together = issue.state is State.MERGED and lead != TOGETHER
    return Screen(
        heading=lead or Raw(issue.title, issue.language),
        body=(
            *((TOGETHER,) if is_together else ()),
            *quotes(ctx, entries, SAID_TO_TRADE),
        ),
        facts=tuple(
            each for each in (*_basic(ctx, issue), _promised(ctx, issue), _files(ctx, issue, own=True)) if each
        ),
        files=attachments(ctx, new),
        buttons=_own_buttons(ctx, issue),
    )


def line(issue: Issue) -> Phrase:
    """An issue in one line of a list."""
    if issue.answer_due is not None and issue.is_under_way:
        return _("{ref} · {state} · answer due {when}", ref=Code(issue.ref), state=issue.state, when=issue.answer_due)
    return _("{ref} · {state}", ref=Code(issue.ref), state=issue.state)


def to_desk() -> Button:
    return button(_("Issues at my desk"), "issues.desk")


def quotes(ctx: Context, entries: Sequence[Entry], said: dict[Voice, Phrase]) -> tuple[Quote, ...]:
    """Entries in their own words, each with who said it and when.

    A name that `said` does not say is not handed on either: it would stand in the stored message and in an export.
    """
    named = {each.author_id for each in entries if "{name}" in said[each.voice].source}
    found = names(ctx, named) if named else {}

    def by(entry: Entry) -> Phrase:
        name = {"name": found[entry.author_id]} if "{name}" in said[entry.voice].source else {}
        return replace(said[entry.voice], args={"when": When(entry.at)} | name)

    return tuple(Quote(Raw(each.words, each.language), by(each)) for each in entries)


def names(ctx: Context, ids: set[int]) -> dict[int, Text]:
    """What people are called; somebody erased is a representative of their organisation."""
    return called(ctx.session, ids)


def attachments(ctx: Context, entries: Sequence[Entry]) -> tuple[Attachment, ...]:
    """What hangs on these entries and was not refused."""
    mine = File.owner == ENTRY, File.owner_id.in_([each.id for each in entries])
    files = ctx.session.scalars(select(File).where(*mine, File.state != FileState.REFUSED).order_by(File.id))
    return tuple(Attachment(each.id, each.name, each.media_type) for each in files)


def _files(ctx: Context, issue: Issue, *, own: bool) -> Fact | None:
    """How many files there are: nobody wants their own photo back with every message."""
    entries = ctx.session.scalars(select(Entry).where(thread(issue, own=own))).all()
    count = len(attachments(ctx, entries))
    return Fact(_("Photos and documents"), count) if count else None


def thread(issue: Issue, *, own: bool) -> ColumnElement[bool]:
    """The entries a reader is shown: the desk reads an issue together with what was merged into it; whoever raised it
    reads what they wrote and were told."""
    if own:
        here = or_(Entry.issue_id == issue.id, Entry.issue_id == issue.merged_into_id)
        return and_(here, Entry.told_to(issue.reporter_id))
    return or_(Entry.issue_id == issue.id, Entry.issue_id.in_(select(Issue.id).where(Issue.merged_into_id == issue.id)))


def _latest(ctx: Context, issue: Issue, *, own: bool) -> Sequence[Entry]:
    """How it began, and the latest that was said."""
    entries = select(Entry).where(thread(issue, own=own))
    began = ctx.session.scalars(entries.order_by(Entry.id).limit(1)).all()
    latest = ctx.session.scalars(entries.order_by(Entry.id.desc()).limit(SHOWN - 1)).all()
    return sorted({*began, *latest}, key=lambda each: each.id)


def _basic(ctx: Context, issue: Issue) -> tuple[Fact | None, ...]:
    centre = clock.desk_of(ctx, issue)
    agency = ctx.session.get(Organisation, issue.agency_id) if issue.agency_id else None
    return (
        Fact(_("Reference"), Code(issue.ref)),
        Fact(_("State"), issue.state),
        Fact(_("Sector"), issue.sector),
        Fact(_("HS chapter"), Code(issue.chapter)) if issue.chapter else None,
        Fact(_("Port"), issue.port) if issue.port else None,
        Fact(_("Agency concerned"), agency.name) if agency else None,
        Fact(_("Desk"), Named(centre.name)) if centre else None,
    )


def _promised(ctx: Context, issue: Issue) -> Fact | None:
    speaks = ctx.session.get_one(Issue, issue.merged_into_id) if issue.merged_into_id else issue
    if speaks.answer_due is None or not speaks.is_under_way:
        return None
    return Fact(_("We answer by"), When(speaks.answer_due))


def _working(ctx: Context, issue: Issue) -> tuple[Fact | None, ...]:
    """What only the desk is shown."""
    session = ctx.session
    organisation = session.get(Organisation, issue.organisation_id) if issue.organisation_id else None
    people = names(ctx, {issue.reporter_id, issue.officer_id or issue.reporter_id})
    reporter, officer = people[issue.reporter_id], people[issue.officer_id or issue.reporter_id]
    merged = [Issue.ref_of(each) for each in session.scalars(select(Issue.id).where(Issue.merged_into_id == issue.id))]
    linked = [
        Issue.ref_of(low if high == issue.id else high)
        for low, high in session.execute(
            select(IssueLink.issue_id, IssueLink.other_id).where(
                or_(IssueLink.issue_id == issue.id, IssueLink.other_id == issue.id)
            )
        )
    ]
    others = len(owed(session, issue.id).keys() - {issue.reporter_id})
    problem = session.scalar(select(Problem).where(Problem.issue_id == issue.id))
    return (
        Fact(_("Raised by"), _("{name}, {organisation}", name=reporter, organisation=organisation.name))
        if organisation
        else Fact(_("Raised by"), reporter),
        Fact(_("Officer"), officer) if issue.officer_id else None,
        Fact(_("Level"), issue.level) if issue.level is not Level.NATIONAL else None,
        *_time_left(ctx, issue),
        Fact(_("Others who take part"), others) if others else None,
        parts.fact(ctx, issue),
        Fact(_("Shared as"), Raw(problem.line, problem.language)) if problem else None,
        Fact(_("Merged into it"), listed([Code(each) for each in merged])) if merged else None,
        Fact(_("Merged into"), Code(Issue.ref_of(issue.merged_into_id))) if issue.merged_into_id else None,
        Fact(_("Linked with"), listed([Code(each) for each in linked])) if linked else None,
    )


def _time_left(ctx: Context, issue: Issue) -> tuple[Fact, ...]:
    if not issue.is_under_way or issue.centre_id is None:
        return ()
    seconds = clock.left(ctx, issue)
    hours = abs(seconds) // 3600
    amount = ngettext("{count} working hour", "{count} working hours", hours)
    if seconds < 0:
        return (Fact(_("Late by"), amount),)
    if issue.answer_due is None:
        return (Fact(_("Left when the answer comes"), amount),)
    return Fact(_("Answer due"), When(issue.answer_due)), Fact(_("Left"), amount)


def desk_buttons(issue: Issue) -> tuple[Button, ...]:
    """What the desk does next, most likely first. The engine hides what this reader may not do."""

    def does(label: Phrase, verb: str, style: Style = Style.PLAIN) -> Button:
        return Button(label, f"issues.{verb}", {"issue": issue.id}, style)

    take = does(_("Take it"), "take", Style.PRIMARY)
    ask, reply = does(_("Ask"), "ask"), does(_("Reply"), "reply")
    propose = does(_("Propose an outcome"), "propose")
    approve = does(_("Approve"), "approve", Style.PRIMARY)
    send_back = does(_("Send back"), "send_back")
    told = Button(_("Who has heard"), "ledger.show", {"issue": issue.id})
    advise = (does(_("Advise"), "advise", Style.PRIMARY),) if issue.level is not Level.NATIONAL else ()
    into = issue.merged_into_id
    speaks = (button(_("Open {ref}", ref=Code(Issue.ref_of(into))), "issues.show", issue=into),) if into else ()
    steps = {
        State.OPEN: (take, ask, reply, propose),
        State.TAKEN: (ask, reply, propose),
        State.ASKED: (reply, propose),
        State.PROPOSED: (approve, send_back, does(_("See the outcome"), "proposed")),
        State.SETTLED: (told, does(_("Open again"), "reopen")),
        State.MERGED: speaks,
    }
    return (*advise, *steps.get(issue.state, ()), does(_("More"), "more"))


def _own_buttons(ctx: Context, issue: Issue) -> tuple[Button, ...]:
    def does(label: Phrase, verb: str, style: Style = Style.PLAIN) -> Button:
        return Button(label, f"issues.{verb}", {"issue": issue.id}, style)

    answer = (does(_("Answer"), "answer", Style.PRIMARY),) if issue.state is State.ASKED else ()
    add = (does(_("Add something"), "add"),) if issue.is_under_way or issue.state is State.MERGED else ()
    withdraw = (does(_("Withdraw"), "withdraw"),) if issue.is_under_way else ()
    outcome = settled(ctx.session, issue.merged_into_id or issue.id)
    heard = (button(_("See what became of it"), "issues.outcome", outcome=outcome.id),) if outcome else ()
    agencies = (
        (button(_("What agencies may know"), "agencies.consent", issue=issue.id),) if _has_parts(ctx, issue) else ()
    )
    return (
        *answer,
        *heard,
        *add,
        *withdraw,
        *agencies,
        does(_("All that was said"), "thread"),
        button(_("Consult on it"), "consultations.about", issue=issue.id),
        *session_buttons(ctx, issue),
    )


def session_buttons(ctx: Context, issue: Issue) -> tuple[Button, ...]:
    """While a symposium calls for sessions, one can be proposed about an issue."""
    call = Symposium.call_opens_at <= ctx.now, Symposium.call_closes_at > ctx.now, Symposium.visible_to(ctx.who)
    if ctx.session.scalar(select(Symposium.id).where(*call).limit(1)) is None:
        return ()
    return (button(_("Propose a session about it"), "symposia.from_issue", issue=issue.id),)


def _has_parts(ctx: Context, issue: Issue) -> bool:
    return issue.merged_into_id is None and parts.are_asked(ctx, issue)
