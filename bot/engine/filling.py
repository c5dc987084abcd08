"""Filling a form in: what is answered, tapped or sent, and what is asked next.

A chat asks one question at a time, a modal or a page sends them all at once, and a tap may be on a message of an hour
ago. All of them come to the same draft, and to the same sending of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bot.kit.events import Answer, Answered, Attached, Submitted
from bot.kit.forms import FieldKind
from bot.kit.screen import NotFound, Refusal, Screen
from bot.kit.text import Phrase, _
from db.machinery import Draft

from . import drafts
from .state import NOT_ALLOWED, State

NOTHING_KEPT = Screen(
    _("Nothing is kept."),
    (_("Without your agreement Parley keeps nothing about you. Write again whenever you like."),),
)


class Filling:
    """The forms of one person, as they are filled in within one turn. `home` is where a cancelled one leads."""

    def __init__(self, state: State, home: Callable[[], Answer]) -> None:
        self._state = state
        self._session = state.session
        self._drafts = state.drafts
        self._rows = state.rows
        self._home = home

    # One question at a time

    def answered(self, draft: Draft, event: Answered) -> Answer:
        """A message came while a question stood open."""
        if event.edited:
            return Answer(form=self._drafts.view(draft))
        asking = self._drafts.asking(draft)
        if asking is None:
            return Answer(form=self._drafts.view(draft, refusal=_("Please send it, or choose what to change.")))
        how = self._drafts.form(draft).asks[asking]
        try:
            with self._session.begin_nested():
                if event.files:
                    kept = self._keep_early(draft, asking, event.files)
                    if kept is not None and not event.text:
                        return Answer(form=self._drafts.view(draft), notice=kept)
                if not event.files or how.kind is not FieldKind.FILES:
                    self._drafts.answer(draft, asking, event.text or "")
        except Refusal as refused:
            query = event.text or "" if how.kind is FieldKind.PICK else ""
            view = self._drafts.view(draft, query=query)
            # What was typed is a search where it finds something; otherwise it is a wrong answer.
            return Answer(form=view if query and view.choices else replace(view, refusal=refused.phrase))
        return self.onward(draft)

    def steer(self, draft: Draft, what: str, args: Mapping[str, Any]) -> Answer:
        """A button of the form itself, or a word that stands for one."""
        field = str(args.get("field") or "")
        match what:
            case drafts.ANSWER:
                if args.get("value") == "no" and self._drafts.form(draft).asks[field].kind is FieldKind.CONSENT:
                    form = self._drafts.form(draft)
                    self._drafts.end(draft)
                    form.answered(self._state.ctx, field, False)
                    return Answer(screen=NOTHING_KEPT, ended=True)
                return self._tapped(draft, field, args.get("value"))
            case drafts.SKIP:
                self._drafts.skip(draft, field)
            case drafts.BACK:
                self._drafts.back(draft)
            case drafts.CHANGE:
                draft.asking = field
            case drafts.SEND:
                if self._drafts.asking(draft) is None:
                    return self._submit(draft)
            case drafts.CANCEL:
                self._drafts.end(draft)
                return replace(self._home(), notice=_("Cancelled. Nothing was sent."), ended=True)
        return self.onward(draft)

    def onward(self, draft: Draft) -> Answer:
        """The next question, or the review; a form that needs none is sent."""
        form = self._drafts.form(draft)
        if self._drafts.asking(draft) is None and (not form.review or len(form.asks) <= 1):
            return self._submit(draft)
        self._session.flush()
        if self._rows.is_changed:  # an answer that holds at once, such as the language
            self._state.follow()
        return Answer(form=self._drafts.view(draft))

    def _tapped(self, draft: Draft, field: str, value: Any) -> Answer:
        """A tap names the question it answers: on an old message it changes that answer, never the next one."""
        try:
            with self._session.begin_nested():
                self._drafts.answer(draft, field, value)
        except Refusal as refused:
            return Answer(form=self._drafts.view(draft, refusal=refused.phrase))
        return self.onward(draft)

    def _keep_early(self, draft: Draft, asking: str, files: tuple[Attached, ...]) -> Phrase | None:
        """Keep files with the question that takes them, even while another is asked; then a notice says so."""
        takes = self._drafts.takes_files(draft)
        if takes is None:
            raise Refusal(_("No file is expected here."), field=asking)
        self._drafts.attach(draft, takes, self._rows.keep_files(files))
        if takes == asking:
            return None
        draft.asking = asking
        return _("I kept your file. Please go on with the question.")

    # All at once

    def submitted(self, event: Submitted) -> Answer:
        draft = self._drafts.mine(event.token)
        errors = self.take(draft, event.values, event.files)
        # What can be left out and was not sent at all, such as radio buttons nobody touched, was left out.
        for name in self._drafts.left_open(draft):
            if self._drafts.form(draft).asks[name].optional:
                self._drafts.skip(draft, name)
            else:
                errors.setdefault(name, _("This question needs an answer."))
        if errors:
            return Answer(form=self._drafts.view(draft, errors=errors))
        return self._submit(draft)

    def take(
        self, draft: Draft, values: Mapping[str, Any], files: Mapping[str, tuple[Attached, ...]]
    ) -> dict[str, Phrase]:
        """Record every field that a modal or a page sent at once; what is wrong with which."""
        errors: dict[str, Phrase] = {}
        draft.asking = None
        for name in self._drafts.form(draft).asks:
            given: Any = values.get(name)
            if name in files:
                given = [*(given or []), *self._rows.keep_files(files[name])]
            elif name not in values:
                continue
            try:
                with self._session.begin_nested():
                    self._drafts.answer(draft, name, given)
            except Refusal as refused:
                errors[name] = refused.phrase
            self._state.follow_if_moved()
        return errors

    def _submit(self, draft: Draft) -> Answer:
        command = self._state.registry[draft.form]
        if not command.allow(self._state.ctx.who):
            raise Refusal(NOT_ALLOWED)
        try:
            with self._session.begin_nested():
                entities = self._state.load(command, draft.bound)
                self._state.check(command, entities)
                form = self._drafts.build(draft, entities)
                form.opens(self._state.ctx, entities)
                screen = form.submit(self._state.ctx)
                bound = dict(draft.bound)
                self._drafts.end(draft)
        except NotFound:
            self._drafts.end(draft)
            raise
        except Refusal as refused:
            errors = {refused.field: refused.phrase} if refused.field else {}
            if refused.field and not self._drafts.form(draft).review:  # no list shows what to change: ask again
                draft.asking = refused.field
            return Answer(form=self._drafts.view(draft, errors=errors, refusal=refused.phrase))
        self._rows.audit(command.name, {}, bound)
        self._state.follow()
        return Answer(screen=screen, ended=True)
