"""An outcome in the languages of those who are owed it: entered by a person while it waits for approval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Refusal, Screen
from bot.kit.text import _
from db.issues import Issue
from db.outcomes import Outcome, OutcomeTranslation, languages_wanted, translations
from db.people import RoleName
from handlers.languages import languages

from . import hearing, outcome, telling
from .room import issues, officers


@issues.form("translate", _("Add a translation"), allow=officers, reads=officers)
class Translate(Form):
    """What the outcome says, in another language. Whoever approves the outcome sees it too."""

    outcome: Outcome = ask.about()
    language: str = ask.choice(_("Into which language?"), options=languages)
    asked: str = ask.prose(_("What was asked?"), max=600)
    found: str = ask.prose(_("What did Customs find?"), max=1500)
    words: str = ask.prose(_("What was done, or why not, in your own words?"), max=1500)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        if not bound["outcome"].is_pending:
            raise Refusal(_("This outcome does not wait for approval any more."))

    @classmethod
    def intro(cls, ctx: Context, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        return hearing.told(bound["outcome"])

    def submit(self, ctx: Context) -> Screen:
        if self.language == self.outcome.language:
            raise Refusal(_("The outcome is written in that language already."), field="language")
        text = translations(ctx.session, self.outcome.id).get(self.language)
        if text is None:
            text = OutcomeTranslation(outcome_id=self.outcome.id, language=self.language)
            ctx.session.add(text)
        text.asked, text.found, text.words = self.asked, self.found, self.words
        text.by_id, text.at = ctx.who.id, ctx.now
        ctx.session.flush()
        issue = ctx.session.get_one(Issue, self.outcome.issue_id)
        left = languages_wanted(ctx.session, self.outcome)
        lead = _("Translated.") if left else _("Translated. Everybody who is owed it can read it in their language.")
        self._tell_approvers(ctx, issue)
        return outcome.proposal(ctx, issue, self.outcome, lead)

    def _tell_approvers(self, ctx: Context, issue: Issue) -> None:
        """What they approve has grown since they were asked to; a lead who translates has it in sight."""
        if ctx.who.id in telling.staff(ctx, issue, RoleName.LEAD):
            return
        lead = _("{name} has translated an outcome that waits for your approval.", name=ctx.who.name)
        once = f"{issue.ref}:translated:{self.outcome.id}:{self.language}:{ctx.now.isoformat()}"
        for person_id in outcome.second_pair_of_eyes(ctx, issue):
            ctx.notify(person_id, outcome.proposal(ctx, issue, self.outcome, lead), once=once)
