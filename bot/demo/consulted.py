"""What was consulted on before the demo begins: one consultation that has ended, and one that lies open, told through
the capabilities' own verbs.

Translations and votes are written as rows: they tell nobody anything, and would be half of all turns.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import select

from db.audiences import Audience
from db.conclusions import Conclusion
from db.consultations import (
    Clause,
    ClauseTranslation,
    Consultation,
    ConsultationTranslation,
    Subject,
    TextDraft,
    Treatment,
)
from db.statements import Statement, StatementVote, Vote

from .retelling import DAY, HOUR, WEEK, Past

QUARTER = timedelta(minutes=15)  # so long after votes a map of them is drawn up, at the latest
AFTERNOON = 2 * DAY + timedelta(hours=14)  # of a Wednesday
FRIDAY = 4 * DAY + timedelta(hours=23, minutes=59)  # its end, when what is open until then closes

PARCELS = {
    "title": "One declaration a day for small parcels",
    "summary": "Today each small parcel has a declaration of its own. One a day for all of a carrier’s would do. "
    "By when, and what need not be declared at all?",
    "subject": Subject.DOCUMENTS.value,
    "audience": Audience.BUSINESS.value,
}
PARCELS_TEXT = """1. Scope
These rules apply to parcels of a value of up to 150 euros that arrive by air.
2. One declaration a day
The carrier lodges one declaration for all parcels of a day, by 18:00.
3. Samples
Samples without commercial value need no declaration.
4. Storage
Parcels that wait for their declaration are stored for ten days, at the cost of the carrier."""
PARCELS_DECIDED = PARCELS_TEXT.replace("18:00", "20:00").replace("for ten days", "for fourteen days")
PARCELS_SAID = (  # by whom, at which clause, and their words; of Jonas’ the clause as he would have it, and why
    ("Sofia Marin", "2", "Our last flight lands at seven in the evening: six o’clock is too early."),
    ("Rachid Haddad", "2", "À dix-huit heures, nous n’avons pas encore toutes les factures."),
    ("Jonas Weber", "4", "Parcels that wait for their declaration are stored for three weeks, free of charge."),
    ("ليلى منصور", "3", "هل تشمل العينات قطع القماش التي نرسلها إلى زبائننا؟ نرجو ذكرها."),
    ("Claire Fontaine", "1", "Et le poisson frais ? Il arrive aussi en petits colis."),
)
PARCELS_ENDED = {  # clause: how what was said of it ended, and why
    "2": (Treatment.ADOPTED, "The last flight lands at seven: it is eight o’clock now."),
    "4": (Treatment.PARTLY, "Fourteen days instead of ten. There is no room for three weeks."),
    "3": (Treatment.NOT, "Pieces of cloth are samples already. A list of examples would leave others out."),
    "1": (Treatment.NOT, "Fresh fish needs a certificate for each consignment, so one declaration cannot hold it."),
}
PARCELS_OUTCOME = {
    "asked": "Whether small parcels that come by air can have one declaration a day.",
    "said": "That 18:00 is too early, ten days are too short, and fresh goods should be in it, too.",
    "done": "One declaration a day from 1 January, by 20:00. Parcels are stored for fourteen days.",
    "not_done": "Fresh goods stay outside: each consignment needs its certificate.",
}
PARCELS_OUTCOME_FR = {
    "asked": "Si les petits colis arrivés par avion peuvent avoir une seule déclaration par jour.",
    "said": "Que 18 h est trop tôt, que dix jours sont trop courts, et que les produits frais devraient en être.",
    "done": "Une déclaration par jour dès le 1er janvier, avant 20 h. Les colis sont gardés quatorze jours.",
    "not_done": "Les produits frais restent dehors : chaque envoi exige son certificat.",
}
NOT_SIGNED = "Les produits frais étaient la première demande des petits opérateurs, et ils restent dehors."

REEFERS = {
    "title": "Inspecting reefers at night",
    "summary": "Refrigerated containers that reach Port B in the evening wait until morning. We want to inspect them "
    "at night, too: how soon, by appointment or not, and what it may cost.",
    "subject": Subject.BORDER.value,
    "audience": Audience.MEMBERS.value,
}
REEFERS_FR = {
    "title": "Contrôler les conteneurs frigorifiques la nuit",
    "summary": "Les conteneurs frigorifiques qui arrivent le soir au port B attendent jusqu’au matin. Nous voulons "
    "les contrôler aussi la nuit : dans quel délai, sur rendez-vous ou non, et à quel prix.",
}
REEFERS_TEXT = """1. Scope
These rules apply to goods under temperature control that arrive at Port B.
2. Night shift
Two inspectors are on duty from 18:00 to 06:00, six nights a week.
3. Waiting
3.1 A container is inspected within four hours of its arrival.
3.2 Whoever waits for more than three days pays no fee.
4. Fees
An inspection at night costs 40 more than by day."""
REEFERS_TEXT_FR = {
    "1": ("Champ", "Ces règles valent pour les marchandises sous température dirigée qui arrivent au port B."),
    "2": ("Équipe de nuit", "Deux inspecteurs sont de service de 18 h à 6 h, six nuits par semaine."),
    "3": (None, "Attente"),
    "3.1": (None, "Un conteneur est contrôlé dans les quatre heures qui suivent son arrivée."),
    "3.2": (None, "Qui attend plus de trois jours ne paie aucun frais."),
    "4": ("Frais", "Un contrôle de nuit coûte 40 de plus qu’un contrôle de jour."),
}
REEFERS_SAID = (
    ("Claire Fontaine", "2", "Le poisson arrive aussi le dimanche : il faut sept nuits."),
    ("سلمى العلوي", "3.1", "أربع ساعات كثيرة على الحليب: نقترح ساعتين."),
    ("Sofia Marin", "4", "Forty is more than I earn on a pallet."),
)

# Who put it in, and who of trade agrees with it; what the others of those who vote do.
SMALL = ("Tom Okello", "Claire Fontaine", "سلمى العلوي", "Nadia Cherif", "ليلى منصور")
LARGE = ("Amina Haddad", "Karim Belaid", "Sofia Marin", "Jonas Weber", "عمر الزين")
STATEMENTS = (
    ("Karim Belaid", "An inspection at night may cost more than by day.", LARGE),
    ("Tom Okello", "Small importers should pay no more at night.", (*SMALL, "عمر الزين")),
    ("Jonas Weber", "Whoever has an appointment is inspected first.", (*SMALL, *LARGE)),
    ("Nadia Cherif", "The laboratory should be open at night, too.", (*SMALL, "Amina Haddad", "Sofia Marin")),
)
NOT_VOTED_ON = ("Ines Costa", "Customs and Food Safety should open a container once, together.")


async def _parcels(past: Past, monday: datetime) -> None:
    """Made, opened at once, and commented on the next day; somebody in business owns it, too."""
    await past.at(monday + AFTERNOON)
    parcels = await _opened(
        past, "Youssef Amrani", "Karim Belaid", PARCELS, PARCELS_TEXT, past.monday - 4 * WEEK + FRIDAY
    )
    await past.at(monday + AFTERNOON + DAY)
    for name, number, words in PARCELS_SAID:
        clause = _clause(past, parcels, number)
        if name == "Jonas Weber":
            await past.fill(name, "consultations.reword", {"suggested": words}, clause=clause)
        else:
            await past.fill(name, "consultations.comment", {"words": words}, clause=clause)


async def _parcels_close(past: Past, monday: datetime) -> None:
    """By itself."""
    await past.at(monday + FRIDAY)


async def _parcels_end(past: Past, monday: datetime) -> None:
    """It closed two weeks ago. All of it is answered; its co-owner does not sign; whoever took part is told."""
    await past.at(monday + AFTERNOON + 2 * DAY)
    parcels = past.latest(Consultation)
    await past.fill("Youssef Amrani", "consultations.paste", {"words": PARCELS_DECIDED}, consultation=parcels)
    note = {"note": "As it was decided, with what you said."}
    await past.fill("Youssef Amrani", "consultations.publish", note, consultation=parcels)
    for number, (treatment, reason) in PARCELS_ENDED.items():
        group = {"group": f"clause:{_clause(past, parcels, number)}", "treatment": treatment.value, "reason": reason}
        await past.fill("Youssef Amrani", "conclusions.answer_many", group, consultation=parcels)
    await past.fill("Youssef Amrani", "conclusions.write", PARCELS_OUTCOME, consultation=parcels)
    conclusion = past.latest(Conclusion)
    french = PARCELS_OUTCOME_FR | {"language": "fr"}
    await past.fill("Youssef Amrani", "conclusions.translate", french, conclusion=conclusion)
    await past.fill("Karim Belaid", "conclusions.refuse", {"words": NOT_SIGNED}, consultation=parcels)
    await past.do("Anna Rossi", "conclusions.approve", consultation=parcels)
    await past.at(monday + AFTERNOON + 2 * DAY + 3 * HOUR)
    for name, deed in (("Sofia Marin", "useful"), ("Jonas Weber", "acknowledge"), ("Claire Fontaine", "not_useful")):
        await past.do(name, f"conclusions.{deed}", conclusion=conclusion)


async def _reefers(past: Past) -> None:
    """It lies open, in English and in French, and some have said something of it."""
    reefers = await _opened(past, "Daniel Ruiz", "Tom Okello", REEFERS, REEFERS_TEXT, past.monday + WEEK + FRIDAY)
    _translate(past, reefers)
    await past.at(past.clock.now() + DAY)
    for name, number, words in REEFERS_SAID:
        clause_id = _clause(past, reefers, number)
        await past.fill(name, "consultations.comment", {"words": words}, clause=clause_id)


async def _one_ends_one_opens(past: Past, monday: datetime) -> None:
    await _parcels_end(past, monday)
    await _reefers(past)


async def said(past: Past) -> None:
    """What can be agreed with, and who does: the map of it is drawn up when the demo has begun."""
    await past.at(past.begins - QUARTER)
    reefers = past.latest(Consultation)
    for author, words, agreeing in STATEMENTS:
        await past.fill(author, "statements.say", {"words": words}, consultation=reefers)
        _vote(past, past.latest(Statement), agreeing, but=author)
    author, words = NOT_VOTED_ON
    await past.fill(author, "statements.say", {"words": words}, consultation=reefers)
    await past.at(past.clock.now())  # all but the map, which is due by the time the demo begins


async def _opened(past: Past, officer: str, co_owner: str, about: Mapping[str, str], text: str, until: datetime) -> int:
    """Made and owned on both sides; as soon as its text is there it lies open."""
    days = {"from_day": past.clock.now().date().isoformat(), "until_day": until.date().isoformat()}
    await past.fill(officer, "consultations.make", {**about, **days})
    made = past.latest(Consultation)
    await past.fill(officer, "consultations.ask_to_own", {"person": past.person(co_owner)}, consultation=made)
    await past.at(past.clock.now())  # they have been told
    await past.do(co_owner, "consultations.own", consultation=made)
    await past.fill(officer, "consultations.paste", {"words": text}, consultation=made)
    await past.fill(officer, "consultations.publish", {}, consultation=made)
    return made


def _translate(past: Past, consultation: int) -> None:
    """All of it is there in French."""
    clauses = {number: _clause(past, consultation, number) for number in REEFERS_TEXT_FR}
    with past.parley.sessions.writing() as session:
        by = {"language": "fr", "by_id": int(past.person("Daniel Ruiz")), "at": past.clock.now()}
        session.add(ConsultationTranslation(consultation_id=consultation, **REEFERS_FR, **by))
        for number, (heading, words) in REEFERS_TEXT_FR.items():
            session.add(ClauseTranslation(clause_id=clauses[number], heading=heading, words=words, **by))


def _vote(past: Past, statement: int, agreeing: Collection[str], *, but: str) -> None:
    """All but its author, whose vote is there."""
    with past.parley.sessions.writing() as session:
        its = {
            "statement_id": statement,
            "administration_id": session.get_one(Statement, statement).administration_id,
            "at": past.clock.now(),
        }
        for name in (*SMALL, *LARGE):
            if name != but:
                vote = Vote.AGREE if name in agreeing else Vote.DISAGREE
                session.add(StatementVote(person_id=int(past.person(name)), vote=vote, **its))


def _clause(past: Past, consultation: int, number: str) -> int:
    """The clause of that number in the draft that lies open."""
    with past.parley.sessions.reading() as session:
        drafts = TextDraft.consultation_id == consultation, TextDraft.published_at.is_not(None)
        its = select(Clause.id).join(TextDraft, TextDraft.id == Clause.draft_id).where(Clause.number == number)
        return session.scalars(its.where(*drafts).order_by(TextDraft.number.desc()).limit(1)).one()


# So many weeks before the demo begins.
WEEKS: Mapping[int, Callable[[Past, datetime], Awaitable[None]]] = {
    6: _parcels,
    4: _parcels_close,
    2: _one_ends_one_opens,
}
