"""Consultations as the register shows them, and around each of its public words others that nobody may find there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from db.conclusions import CONCLUDED, Conclusion, ConclusionTranslation
from db.consultations import (
    Answered,
    Change,
    Clause,
    ClauseLink,
    ClauseTranslation,
    Consultation,
    ConsultationTranslation,
    Contribution,
    ContributionKind,
    Phase,
    Question,
    TextDraft,
    Treatment,
)
from db.issues import Issue
from db.machinery import Receipt
from db.people import Person, Sector
from db.statements import Statement, StatementVote, Vote
from tests.world import World

BEGUN = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
CLOSES = datetime(2026, 12, 1, 16, 0, tzinfo=UTC)
SECRET = "kanari"  # how every word begins that must not be found
FIRST = (
    ("1", "Purpose", "This instruction sets out how goods that spoil are cleared outside office hours."),
    ("2", "Notice", "The declarant announces the arrival twelve hours before."),
    ("3", None, "A veterinary certificate on paper is presented at the counter."),
    ("4", "Fees", "The overtime fee is paid in advance."),
)
SECOND = (
    ("1", "Purpose", "This instruction sets out how goods that spoil are cleared outside office hours."),
    ("2", "Notice", "The declarant announces the arrival six hours before, by message."),
    ("3", "Certificates", "A veterinary certificate is accepted as a scan; the original follows within a week."),
    ("4", "Waiting", "Whoever waits longer than three hours is told why, and by whom."),
)
FRENCH = {
    0: ("Objet", "La présente instruction fixe le dédouanement des denrées périssables hors des heures de bureau."),
    1: ("Préavis", "Le déclarant annonce l’arrivée six heures à l’avance, par message."),
}
ARABIC = {
    0: ("الغرض", "تحدد هذه التعليمات كيفية تخليص السلع سريعة التلف خارج أوقات العمل."),
    1: ("الإخطار", "يُخطر المصرّح بالوصول قبل ست ساعات برسالة."),
}
TITLES = {
    "fr": (
        "Dédouanement des denrées périssables la nuit",
        "Une instruction pour les nuits et les jours fériés au Port B.",
    ),
    "ar": ("تخليص السلع سريعة التلف ليلاً", "تعليمات لليالي وأيام العطل في الميناء ب."),
}


def secret(number: int) -> str:
    return f"{SECRET}{number:03}"


def consultation(session: Session, world: World, **more: Any) -> Consultation:
    """A public one that is open for comments, unless `more` says otherwise."""
    made = Consultation(
        administration_id=world.home,
        **{
            "title": "Clearing goods that spoil at night",
            "summary": "An instruction for nights and public holidays at Port B.",
            "language": "en",
            "phase": Phase.COMMENTS,
            "zone": "Africa/Tunis",
            "owner_id": world.ids["ruiz"],
            "co_owner_id": world.ids["badr"],
            "proposer_id": world.ids["amina"],
            "centre_id": world.centres["perishables"],
            "shaping_at": BEGUN,
            "drafting_at": BEGUN + timedelta(days=5),
            "comments_at": BEGUN + timedelta(days=10),
            "closes_at": CLOSES,
            "outcome_due": CLOSES + timedelta(days=30),
            "created_at": BEGUN,
            **more,
        },
    )
    session.add(made)
    session.flush()
    for language, (title, summary) in TITLES.items():
        words = {"language": language, "title": title, "summary": summary, "by_id": world.ids["olga"], "at": BEGUN}
        session.add(ConsultationTranslation(consultation_id=made.id, **words))
    return made


def two_drafts(session: Session, world: World, made: Consultation) -> list[Clause]:
    """Two that are out, with what became of each clause, and one that nobody may see yet. The clauses of the second."""
    its = {"administration_id": world.home, "consultation_id": made.id}
    all_clauses: list[list[Clause]] = []
    drafts = []
    for number, text in enumerate((FIRST, SECOND, (("1", None, secret(1)),)), 1):
        published = BEGUN + timedelta(days=5 * number) if number < 3 else None
        note = "Shorter notice; scans are accepted." if number == 2 else None
        draft = TextDraft(
            **its,
            number=number,
            language="en",
            note=note,
            by_id=world.ids["ruiz"],
            made_at=BEGUN,
            published_at=published,
        )
        session.add(draft)
        session.flush()
        clauses = [
            Clause(**its, draft_id=draft.id, position=at, number=each, heading=heading, words=words)
            for at, (each, heading, words) in enumerate(text)
        ]
        session.add_all(clauses)
        drafts.append(draft)
        all_clauses.append(clauses)
    session.flush()
    old, new = all_clauses[:2]
    how = (
        (old[0], new[0], Change.SAME, 100),
        (old[1], new[1], Change.CHANGED, 71),
        (old[2], new[2], Change.CHANGED, 58),
        (None, new[3], Change.NEW, 0),
        (old[3], None, Change.DROPPED, 0),
    )
    for earlier, later, change, likeness in how:
        ids = {"earlier_id": earlier.id if earlier else None, "later_id": later.id if later else None}
        session.add(ClauseLink(consultation_id=made.id, draft_id=drafts[1].id, change=change, likeness=likeness, **ids))
    for language, words in (("fr", FRENCH), ("ar", ARABIC)):
        for at, (heading, said) in words.items():
            by = {"by_id": world.ids["olga"], "at": BEGUN}
            session.add(ClauseTranslation(clause_id=new[at].id, language=language, heading=heading, words=said, **by))
    session.add(
        Question(
            **its,
            position=0,
            words="How long before do you know when a lorry arrives?",
            language="en",
            options=["Six hours", "Twelve hours"],
            translations={
                "fr": {"words": "Combien d’heures avant connaissez-vous l’arrivée ?", "options": ["Six", "Douze"]},
                "ar": {"words": "قبل كم ساعة تعرفون موعد وصول الشاحنة؟", "options": ["ست ساعات", "اثنتا عشرة ساعة"]},
            },
        )
    )
    made.draft_number = 2
    return new


def said(session: Session, world: World, made: Consultation, clause: Clause, people: int) -> list[Contribution]:
    """A comment of each of so many new people, and a statement all of them have voted on: none of it is public."""
    its = {"administration_id": world.home, "consultation_id": made.id}
    crowd = newcomers(session, world, people)
    statement = Statement(**its, person_id=crowd[0].id, words=secret(2), language="en", at=BEGUN)
    session.add(statement)
    session.flush()
    found = []
    for number, each in enumerate(crowd):
        kind = ContributionKind.SUGGESTION if number == 0 else ContributionKind.COMMENT
        found.append(
            Contribution(
                **its,
                kind=kind,
                person_id=each.id,
                clause_id=clause.id,
                stands_id=clause.id,
                words=secret(100 + number),
                suggested=secret(3),
                consent=secret(4),
                language="en",
                at=BEGUN,
            )
        )
        voted = {"statement_id": statement.id, "person_id": each.id, "vote": Vote.AGREE, "at": BEGUN}
        session.add(StatementVote(administration_id=world.home, **voted))
    session.add_all(found)
    session.flush()
    return found


def newcomers(session: Session, world: World, people: int) -> list[Person]:
    found = [
        Person(
            administration_id=world.home,
            name=secret(500 + number),
            kind=session.get_one(Person, world.ids["amina"]).kind,
            language="en",
            zone="Africa/Tunis",
            met_at=BEGUN,
            registered_at=BEGUN,
        )
        for number in range(people)
    ]
    session.add_all(found)
    session.flush()
    return found


def concluded(
    session: Session, world: World, made: Consultation, what: list[Contribution], *, acknowledged: int
) -> Conclusion:
    """Its outcome is out, refused by business, and told to everybody who said something."""
    home = {"administration_id": world.home, "consultation_id": made.id}
    out_at = made.closed_at = BEGUN + timedelta(days=14)
    out_at += timedelta(days=2)
    made.phase, made.ended_at = Phase.OUTCOME, out_at
    for number, each in enumerate(what):
        treatment = list(Treatment)[number % 3]
        session.add(
            Answered(
                **home,
                contribution_id=each.id,
                treatment=treatment,
                reason=secret(5),
                language="en",
                by_id=world.ids["ruiz"],
                at=out_at,
            )
        )
    conclusion = Conclusion(
        **home,
        asked="Whether goods that spoil can be cleared at night with less notice.",
        said="Most asked for six hours and for scans; carriers asked to be told why they wait.",
        done="Six hours and scans are in force from 1 January.",
        not_done="The fee is not dropped: it is set by law.",
        language="en",
        proposed_by_id=world.ids["ruiz"],
        proposed_at=out_at,
        approved_by_id=world.ids["lena"],
        approved_at=out_at,
        co_owner_id=world.ids["badr"],
        refused_at=out_at,
        refused_words="=Six hours are still too many.",
        refused_language="en",
        published_at=out_at,
    )
    pending = Conclusion(
        **home,
        **dict.fromkeys(("asked", "said", "done"), secret(6)),
        language="en",
        proposed_by_id=world.ids["ruiz"],
        proposed_at=out_at,
    )
    session.add_all([conclusion, pending])
    session.flush()
    words = {
        "asked": "Si les denrées périssables peuvent être dédouanées la nuit avec un préavis plus court.",
        "said": "La plupart ont demandé six heures et des copies numérisées.",
        "done": "Six heures et copies numérisées, dès le 1er janvier.",
        "not_done": "La redevance reste due : la loi la fixe.",
    }
    french = {"conclusion_id": conclusion.id, "language": "fr", "by_id": world.ids["olga"], "at": out_at}
    session.add(ConclusionTranslation(**french, **words))
    tell(session, world, conclusion.id, out_at, [each.person_id for each in what], acknowledged=acknowledged)
    return conclusion


def tell(
    session: Session,
    world: World,
    about_id: int,
    at: datetime,
    people: list[int],
    *,
    acknowledged: int,
    about: str = CONCLUDED,
) -> None:
    """Everybody was told, all but the last one reached half a day later; so many have said that they have it."""
    for number, person in enumerate(people):
        reached = at + timedelta(hours=12) if number < len(people) - 1 else None
        session.add(
            Receipt(
                administration_id=world.home,
                about=about,
                about_id=about_id,
                person_id=person,
                created_at=at,
                accepted_at=reached,
                acknowledged_at=reached if number < acknowledged else None,
                failed_at=None if reached else at,
            )
        )


def issue_at(session: Session, world: World, desk: str) -> int:
    """The id of an issue that a desk handles."""
    made = Issue(
        administration_id=world.home,
        title=secret(7),
        language="en",
        reporter_id=world.ids["amina"],
        sector=Sector.GENERAL,
        centre_id=world.centres[desk],
        raised_at=BEGUN,
        clock_started_at=BEGUN,
    )
    session.add(made)
    session.flush()
    return made.id
