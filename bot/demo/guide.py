"""The stories told step by step above the panes: whom to be next and what to try, from what has happened so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from db.actions import Action
from db.broadcasts import Broadcast, BroadcastCopy, BroadcastEdition, BroadcastText, EditionKind
from db.conclusions import CONCLUDED, Conclusion, unanswered
from db.consultations import Answered, Consultation, Contribution, ContributionKind
from db.issues import Entry, How, Issue, Participation, Problem, Voice
from db.machinery import Audit, Receipt
from db.meetings import MeetingPoll
from db.outcomes import TOLD, Outcome
from db.statements import StatementVote

Found = Callable[[datetime], Select[int]]


@dataclass(frozen=True)
class Step:
    """`persona` is whom to be; the step is done when `done`, asked since the demo began, finds a row."""

    persona: str
    text: str
    done: Found


@dataclass(frozen=True)
class Chapter:
    """One story, which can be played without those before it; `afterwards` says what else can be tried."""

    key: str
    title: str
    steps: tuple[Step, ...]
    afterwards: str

    def at_step(self, session: Session, since: datetime) -> int:
        """The index of the first step that has not been done since `since`; their number when all have."""
        for number, step in enumerate(self.steps):
            if session.scalar(step.done(since).limit(1)) is None:
                return number
        return len(self.steps)


def _did(*commands: str) -> Found:
    """Somebody ran one of these commands."""
    return lambda since: select(Audit.id).where(Audit.what.in_(commands), Audit.at >= since)


def _there(at: InstrumentedAttribute[Any], *such: Any) -> Found:
    """There is such a row, and `at` says that it is of now."""
    return lambda since: select(at.class_.id).where(at >= since, *such)


def _answered(since: datetime) -> Select[int]:
    """A consultation that has closed, and everything that was said in it has its answer."""
    waits = select(Contribution.id).where(unanswered(Consultation.id)).correlate(Consultation)
    some = select(Answered.consultation_id).where(Answered.at >= since)
    return select(Consultation.id).where(Consultation.id.in_(some), ~waits.exists())


def _translated(since: datetime) -> Select[int]:
    """A broadcast says what it says in another language than its own, too."""
    texts = select(BroadcastText.id).join(Broadcast, Broadcast.id == BroadcastText.broadcast_id)
    return texts.where(BroadcastText.language != Broadcast.language, Broadcast.created_at >= since)


ISSUE = Chapter(
    "issue",
    "An issue",
    (
        Step(
            "broker",
            "Be Amina. Write what is wrong in her own words, “Mon conteneur frigorifique est bloqué depuis trois jours "
            "au port B”, and choose « Le signaler comme problème ». Answer the questions; she may add a photo.",
            _there(Issue.raised_at),
        ),
        Step(
            "officer",
            "Be Daniel, in Slack. It is on his desk already, in her words: “Take it”, then “Ask” her one question. The "
            "clock of his desk stands still until she answers.",
            _there(Entry.at, Entry.voice == Voice.QUESTION),
        ),
        Step(
            "broker",
            "Amina has been asked, in French. Choose « Répondre », or simply write the answer.",
            _there(Entry.at, Entry.voice == Voice.ANSWER),
        ),
        Step(
            "officer",
            "Daniel reads the answer. “More”, then “Share it as a problem”: in one neutral line that others can join.",
            _there(Problem.published_at),
        ),
        Step(
            "importer",
            "Others have it too. Be Tom: “/problems”, “Open”, “Same here”. Be سلمى, whose pane runs from right to "
            "left, and do the same. Nobody sees who else it is.",
            _there(Participation.joined_at, Participation.how == How.SAME_HERE),
        ),
        Step(
            "officer",
            "Daniel proposes an outcome: what was asked, what Customs found, what was done. Earlier answers to like "
            "questions stand above the form.",
            _there(Outcome.proposed_at),
        ),
        Step(
            "lead",
            "Nobody approves their own. Be Grace, the lead of the desk, and “Approve” it.",
            _there(Outcome.approved_at),
        ),
        Step(
            "broker",
            "Everybody who took part has the outcome, in their language and with their own words. As Amina, choose "
            "« Accuser réception », and say whether it helped.",
            _there(Receipt.acknowledged_at, Receipt.about == TOLD),
        ),
        Step(
            "officer",
            "As Daniel, write “/parley debt”, then choose “Who has heard”: received, opened, acknowledged, and whom no "
            "door reaches.",
            _did("ledger.debt", "ledger.show"),
        ),
    ),
    "That is the story of an issue. Raise another as Amina, leave it, and put the clock forward: the desk is reminded, "
    "then its lead. Block the bot as Tom before an outcome is approved. Be Nora to meet Parley for the first time. Or "
    "choose “Help”, then “Open my page”, to see all this as a page.",
)
ROUNDTABLE = Chapter(
    "roundtable",
    "A roundtable",
    (
        Step(
            "officer",
            "Be Daniel, “/parley desk” among his messages. Certificates are checked twice; two people say so. "
            "“Open”, “More”, “Call a roundtable”: both are on its list, and nobody hears of it yet.",
            _did("roundtables.from_issue"),
        ),
        Step(
            "officer",
            "“Find a date”: 60 minutes, a day to answer by, and let Parley suggest times. It knows everybody’s time "
            "zone, working days and public holidays.",
            _there(MeetingPoll.opened_at),
        ),
        Step(
            "association",
            "Nadia, of the brokers’ association, says in French when she can: « Je peux » at one time, « Je ne peux "
            "pas aux autres ». Be Tom and answer too; or put the clock forward: the silent are reminded once.",
            _there(MeetingPoll.ended_at),
        ),
        Step(
            "officer",
            "Daniel has the best time, with its reasons: “Fix this date”. Both are invited at once, and can accept, "
            "decline or send a substitute.",
            _did("roundtables.fix"),
        ),
        Step(
            "officer",
            "Put the clock forward until Daniel is asked whether it took place. “It took place”, then “Make it an "
            "action”: what is to be done, written down while everybody remembers.",
            _did("roundtables.action"),
        ),
    ),
    "“Let it be corrected” sends the minutes to those who were there, then to all who were invited. “Minutes”, then "
    "“Put it into the plan”, gives the action its two owners. As anybody, write “/roundtables” (in Slack “/parley "
    "roundtables”): Grace’s has a date, and one may ask to join.",
)
PLAN = Chapter(
    "plan",
    "The joint plan",
    (
        Step(
            "officer",
            "An action of the joint plan has an owner in Customs and one in business. Be Daniel: his Home tab, and "
            "“/parley actions”, say that he is asked to own one. “I own it”.",
            _did("actions.own"),
        ),
        Step(
            "broker",
            "It is adopted when business says yes, too. Be Amina: “/actions”, « J’en suis responsable ».",
            _there(Action.adopted_at),
        ),
        Step(
            "officer",
            "Put the clock forward by days: 14 days before it is due both are reminded, each in their own morning and "
            "on a working day. Then Daniel is “Done”, and says what was done.",
            _did("actions.done"),
        ),
        Step(
            "broker",
            "It counts when the other owner says so. Amina has both words in front of her: « Confirmer », or "
            "« Contester » with hers.",
            _did("actions.confirm", "actions.dispute"),
        ),
    ),
    "Where they disagree, both words stand, and Samuel, who coordinates, is told. As him, “/parley actions” and “The "
    "plan of …” show how far the year has come: one action is done, one is late: Mariam owns it, with "
    "Nadia. “Quarterly reports” drafts one from the records, in two languages at once.",
)
SYMPOSIUM = Chapter(
    "symposium",
    "A symposium",
    (
        Step(
            "importer",
            "A symposium is announced and its programme is out. Be Tom: “/seats”, “Register”, and say that he comes "
            "for a small business.",
            _did("registrations.register"),
        ),
        Step(
            "importer",
            "“The cold chain without gaps” has two seats, and they are gone: “Join the waiting list”.",
            _did("registrations.take"),
        ),
        Step(
            "exporter",
            "Be Claire, who has one of them: “/seats”, « Mon programme », « Y renoncer », and once more.",
            _did("registrations.give_up"),
        ),
        Step(
            "importer",
            "The seat is offered to Tom, for two hours; then it would be the next one’s. “Accept”. (At night an "
            "offer waits for the morning: put the clock forward.)",
            _did("registrations.accept"),
        ),
        Step(
            "lead",
            "Be Grace, who runs it: “/parley symposia”, “Open”, “Registration”, “Who comes”.",
            _did("registrations.people"),
        ),
    ),
    "As Daniel, write “/parley symposia” and make one: its days, the times of a day in one line, its rooms in another. "
    "Announced, anybody of its audience proposes a session, also out of an issue; reviewers judge by stated criteria.",
)
REGION = Chapter(
    "region",
    "A region and a calendar",
    (
        Step(
            "coordinator",
            "Samuel is the region’s Vice-Chair, too. “/parley region”, “Who speaks for members” shows its seats. "
            "“/parley meeting Rules of origin” proposes three times: it is not always night for the same people.",
            _did("regions.meeting"),
        ),
        Step(
            "coordinator",
            "“What everybody bears” says what a time costs whom, in points. “Hold it then”: the members are invited.",
            _did("regions.hold"),
        ),
        Step(
            "lead",
            "Grace speaks for her country and has the invitation. “/parley calendar” gives her an address for Outlook, "
            "Google or Apple: what she is expected at stands there, and moves when it moves.",
            _did("calendars.calendar", "calendars.subscribe"),
        ),
    ),
    "“Members and their time” lists the zones, working weeks and holidays of the region, and “Ledger of hours” who has "
    "borne what. As Nadia, “/calendar” shows a QR code for a phone.",
)
BROADCAST = Chapter(
    "broadcast",
    "A broadcast",
    (
        Step(
            "coordinator",
            "Samuel writes once to everybody in business. “/parley broadcast”: what it is about, the words, and that "
            "they say that they have seen it. At any hour, as soon as it is approved. It is a draft yet.",
            _there(Broadcast.created_at),
        ),
        Step(
            "coordinator",
            "“For whom it is”, “Only those …”, by whom they work for, and Business. “Go on writing” names the "
            "languages that are missing: “In another language”, Français.",
            _translated,
        ),
        Step(
            "coordinator",
            "“Preview” counts doors and languages, and says who is not reached. “How it looks”, then “Send me a test "
            "copy”: nobody else gets it. “Preview” again, and “Have it approved”.",
            _there(Broadcast.submitted_at),
        ),
        Step(
            "administrator",
            "Nobody approves their own. Leila reads all of it in French: « La voir et l’approuver », « L’approuver », "
            "and she types for how many people it is. Both can take it back for two minutes.",
            _there(Broadcast.approved_at),
        ),
        Step(
            "broker",
            "Put the clock forward by an hour: the hold is over. Amina has it in French, others in English. "
            "« J’en ai pris connaissance ».",
            _there(BroadcastCopy.acknowledged_at),
        ),
        Step(
            "coordinator",
            "Samuel’s message shows how far it has come: “How far it has come”, by country, and who was not reached, "
            "why and what mends it. “Open”, then “Who has not answered” and “Remind them now”: they hear of it once "
            "more in their own working hours, twice at most.",
            _did("broadcasts.remind"),
        ),
        Step(
            "coordinator",
            "Something in it was wrong. “Open”, “Correct it”: what was wrong, and the text as it should be. “Ask for "
            "approval”.",
            _did("broadcasts.ask_correction"),
        ),
        Step(
            "administrator",
            "Leila: « La correction », « Approuver la correction ». It takes the place of what was sent; whoever had "
            "read that hears what was wrong.",
            _there(BroadcastEdition.published_at, BroadcastEdition.kind == EditionKind.CORRECTION),
        ),
    ),
    "As Samuel, “/parley archive” has what was sent, to whom in figures and approved by whom, also as a spreadsheet. "
    "Write another in working hours only, by night, and watch it wait: “Pause”, “Go on”, or “/parley stop”, which "
    "halts everything at once. From “Open” of a draft it can be sent alone, in an emergency, with its reason.",
)
CONSULTATION = Chapter(
    "consultation",
    "A consultation",
    (
        Step(
            "broker",
            "A text lies open: how reefers are inspected at night. Be Amina: “/consultations”, « Ouvrir », « Lire le "
            "texte ». She writes the number of a clause and what she thinks, “3.2 Trois jours, c’est deux de trop”, "
            "and sends it as a comment.",
            _there(Contribution.at, Contribution.kind == ContributionKind.COMMENT),
        ),
        Step(
            "agency",
            "Be Ines, of Food Safety, in Slack: “/parley consultations”, “Open”, “Read the text”, “Go to a clause”, "
            "3.1. “What others said of it” names nobody. “Suggest other words”.",
            _there(Contribution.at, Contribution.kind == ContributionKind.SUGGESTION),
        ),
        Step(
            "broker",
            "Amina goes back to it: « Affirmations », « Dire ce que vous en pensez », a tap. « Qui est d’accord avec "
            "qui » shows who votes alike, as a picture and in figures, and nothing about fewer than five people.",
            _there(StatementVote.at),
        ),
        Step(
            "officer",
            "Be Daniel and put the clock forward, “+3 days” at a time, until it has closed by itself. Five days before "
            "that he hears whose voice is missing, with an invitation to send.",
            _there(Consultation.closed_at),
        ),
        Step(
            "officer",
            "Nothing ends while something has no answer: “/parley consultations”, “Open”, “Answer what was said”. "
            "One by one, “As the last one”, or “Answer many at once”.",
            _answered,
        ),
        Step(
            "officer",
            "“Outcome statement”, then “Write the outcome statement”: what was asked, said and done, and what "
            "was not done and why.",
            _there(Conclusion.proposed_at),
        ),
        Step(
            "lead",
            "Nobody approves their own. Be Grace: it has come to her. “Approve”.",
            _there(Conclusion.approved_at),
        ),
        Step(
            "importer",
            "Be Tom, who owns it for business: “Sign”. Or “Refuse to sign”, and say why: that is published with it.",
            _there(Conclusion.published_at),
        ),
        Step(
            "broker",
            "It is out. Amina reads her own words first: how they ended, at which clause and why. « Accuser "
            "réception », « Utile », or « Peu utile », and somebody gets in touch.",
            _there(Receipt.acknowledged_at, Receipt.about == CONCLUDED),
        ),
    ),
    "Anybody can read all this without signing in: open /register on this address; add .csv, .xlsx or .json to a page. "
    "There is an older consultation, too, which its owner in business did not sign. As Daniel, “/parley debt” counts "
    "consultations as it does issues. As Nadia, « Notre position » files one for her association.",
)
CHAPTERS = (ISSUE, CONSULTATION, ROUNDTABLE, PLAN, SYMPOSIUM, REGION, BROADCAST)
