"""The room every part of this capability declares itself in, and what it asks of a consultation before it begins."""

from __future__ import annotations

from bot.kit.capability import Capability
from bot.kit.context import Context
from bot.kit.screen import Button, NotFound, Refusal, Style, button
from bot.kit.text import Code, _
from db.conclusions import Conclusion
from db.consultations import Consultation, Phase
from handlers.consultations.room import ON_CONSULTATION

conclusions = Capability("conclusions", _("Outcomes of consultations"))


def must_be_closed(consultation: Consultation) -> None:
    """What was said is answered between the close and the outcome."""
    if consultation.phase is Phase.DECISION:
        return
    if consultation.phase is Phase.OUTCOME:
        raise Refusal(_("The outcome of {ref} is out: nothing of it changes any more.", ref=Code(consultation.ref)))
    raise Refusal(_("What was said is answered once it has closed. Its state is: {state}.", state=consultation.phase))


def consultation_of(ctx: Context, conclusion: Conclusion) -> Consultation:
    """The consultation of a conclusion that was loaded through the rule."""
    return ctx.session.get_one(Consultation, conclusion.consultation_id)


def owned_by(ctx: Context, conclusion: Conclusion) -> Consultation:
    """The same, for its owners only: everybody else learns no more than of what does not exist."""
    consultation = consultation_of(ctx, conclusion)
    if not consultation.is_owned_by(ctx.who):
        raise NotFound()
    return consultation


def to_desk(consultation: Consultation) -> Button:
    return button(_("What was said"), "conclusions.desk", consultation=consultation.id)


def to_statement(consultation: Consultation) -> Button:
    return button(_("Outcome statement"), "conclusions.statement", consultation=consultation.id)


def _buttons(ctx: Context, consultation: Consultation) -> tuple[Button, ...]:
    """What this room adds to a consultation's card; the engine hides what is only its owners'."""
    if consultation.phase is Phase.DECISION:
        answer = button(
            _("Answer what was said"), "conclusions.desk", style=Style.PRIMARY, consultation=consultation.id
        )
        return (answer, to_statement(consultation))
    if consultation.phase is Phase.OUTCOME:
        read = button(_("What became of it"), "conclusions.read", style=Style.PRIMARY, consultation=consultation.id)
        return (
            read,
            to_desk(consultation),
            button(_("Follow up"), "conclusions.follow_ups", consultation=consultation.id),
        )
    return ()


ON_CONSULTATION.append(_buttons)
