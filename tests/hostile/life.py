"""A day in the town: something of everything that somebody might look at, use or change who should not."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.kit.events import Attached, Called, Submitted
from bot.kit.forms import FieldKind
from bot.kit.rooms import Where
from db.actions import Action
from db.attendance import How, Material, Proof, Readers, new_proof_code
from db.broadcasts import Broadcast, BroadcastCopy, Reply
from db.broadcasts import Standing as Sendout
from db.centres import Centre
from db.conclusions import Conclusion, FollowUp
from db.consultations import Answered, Clause, Consultation, Contribution, ContributionKind, Phase, TextDraft, Treatment
from db.issues import Issue, Problem
from db.machinery import Sending
from db.meetings import Attendance, Invitation, Meeting, MeetingState, Minute, MinuteKind
from db.outcomes import Outcome
from db.people import Kind, Organisation, Person, RoleName, Scope, grant_role
from db.positions import Position, PositionState, Stance
from db.programmes import Drafting, ProgrammeDraft, SessionShift, Shifted
from db.protocols import Duty, Hears, Protocol, ProtocolRule
from db.protocols import Event as Promised
from db.regions import Office, Planning, Representative, Side, Term, YearPlan
from db.registrations import Registration
from db.rooms import ChatRoom
from db.statements import Statement
from db.symposia import Symposium, SymposiumSession
from handlers.attendance.entering import enter
from tests.handlers.broadcast_rows import copy, put
from tests.handlers.registration_steps import Made, make
from tests.handlers.statement_steps import consulted

from .oracle import Oracle
from .town import CAST, NOON, Town


def a_day(town: Town) -> None:
    """Issues in several states, a shared problem, two outcomes, files, mandates, a link half made, a plan, drafts."""
    held = town.do("ana", "issues.raise").answer.form
    assert held is not None
    photo = Attached("seal.jpg", "image/jpeg", 3, {"platform": "telegram", "file_id": "1"})
    told = {"detail": "Ana's reefer is held.", "sector": "perishables", "port": "Port A"}
    town.turn(Submitted(town.callers["ana"], held.token, told, {"files": (photo,)}))
    town.submit("bob", "issues.raise", {"detail": "Bob waits for a seal.", "sector": "perishables"})
    town.submit("gil", "issues.raise", {"detail": "Gil lost a form.", "sector": "general"})
    town.submit("gus", "issues.raise", {"detail": "Gus sees trucks queue.", "sector": "perishables"})
    town.submit("xeno", "issues.raise", {"detail": "Xeno cannot export.", "sector": "perishables"})
    anas, bobs, _gils, gus_, _xenos = issues(town)
    town.submit("pia", "issues.publish", {"line": "Goods are held up"}, issue=anas)
    town.submit("bob", "issues.same", {"words": "Bob has it too."}, problem=_only(town, Problem))
    town.submit("pia", "issues.note", {"words": "Between colleagues."}, issue=anas)
    town.submit("pia", "issues.ask", {"words": "Which seal?"}, issue=anas)
    town.submit("pia", "issues.escalate", {"reason": "Too big for us."}, issue=bobs)
    for issue in (bobs, gus_):
        told = {"asked": f"A seal, {issue}?", "found": "One was left.", "decision": "done", "words": "It was given."}
        town.submit("pia", "issues.propose", told, issue=issue)
    town.do("lea", "issues.approve", issue=bobs)
    town.submit("bob", "people.move", {"organisation": "new:Hidden Holdings"})
    code = str(town.do("ana", "people.link").answer.screen.body[1].token)  # type: ignore[union-attr]
    town.submit("stray", "people.enter", {"code": code})
    meetings(town, anas)
    rooms(town)
    an_office(town)
    a_plan(town)
    other_agencies(town, anas)
    a_symposium(town)
    seats(town)
    programmes(town)
    consultations(town)
    positions(town)
    statements(town)
    protocols(town)
    broadcasts(town)
    an_end(town)
    open_drafts(town)


def a_symposium(town: Town) -> None:
    """One is prepared still; to another two propose, one of them accepted; Fay reviews."""
    given = {"title": "Trade and Customs", "first_day": "2027-03-02", "days": "1", "zone": "Africa/Tunis"}
    for _each in range(2):
        town.submit("pia", "symposia.make", given | {"audience": "members"})
    known = {"symposium": 1}
    town.submit("pia", "symposia.add_rooms", {"rooms": "Main hall 300, Room B 40"}, **known)
    town.submit("pia", "symposia.pattern", {"words": "09:00–12:00, sessions 60", "which": "all"}, **known)
    town.submit("pia", "symposia.track", {"title": "Seals"}, **known)
    town.do("pia", "symposia.announce", confirmed=True, **known)
    for name in ("ana", "bob"):
        words = {"title": f"What {name} knows", "abstract": "In figures.", "speaker": "me", "interest": "I sell seals."}
        town.submit(name, "symposia.propose", words, **known)
    town.submit("pia", "symposia.reviewer", {"person": str(town.ids["fay"])}, **known)
    town.do("fay", "symposia.points", proposal=1, criterion=1, count=4)
    town.submit("fay", "symposia.remark", {"words": "Weak."}, proposal=2)
    town.submit("pia", "symposia.accept", {"kind": "breakout", "blocks": "1", "expected": "9"}, proposal=1)


def other_agencies(town: Town, issue: int) -> None:
    """Two agencies are asked in one case, and where they stand in the matrix; one has answered, the other not."""
    for agency, words in (("Food Agency", "Is a sample needed?"), ("Transport Agency", "Who opens the gate?")):
        asks = {"agency": str(town.organisations[agency]), "respond_by": "2026-11-26", "words": words}
        town.submit("pia", "agencies.ask", asks, issue=issue)
        town.submit("pia", "recognition.ask", asks)
    town.submit("fay", "agencies.answer", {"words": "No sample at night."}, part=1)
    town.do("ana", "agencies.disclose", issue=issue, confirmed=True)
    said = {"stand": "not", "note": "No budget."}
    town.submit("fay", "recognition.say", said, criterion=1)
    town.submit("tia", "recognition.say", said | {"stand": "in_part"}, criterion=2)
    town.do("pia", "recognition.to_roundtable", criterion=1)


def meetings(town: Town, issue: int) -> None:
    """Four roundtables: one of an issue that looks for a date, an open one, a secret, and one with minutes."""
    town.do("pia", "roundtables.from_issue", issue=issue)
    asks = {
        "minutes": "60",
        "respond_by": "2026-11-26",
        "offering": "own",
        "times": "1 December 10:00\n2 December 10:00",
    }
    town.submit("pia", "roundtables.poll", asks, meeting=1)
    for title, audience in (("Everybody", "members"), ("Secret", "invited"), ("Held", "invited")):
        town.submit("pia", "roundtables.call", {"title": title, "audience": audience})
    for meeting in (3, 4):
        town.submit("pia", "roundtables.invite", {"whom": f"person:{town.ids['bob']}"}, meeting=meeting)
    town.submit("pia", "roundtables.audience", {"audience": "invited", "confidentiality": "confidential"}, meeting=3)
    town.submit("bob", "roundtables.join", {"words": "Bob would like to come."}, meeting=2)
    when = {"day": "2026-11-24", "time": "10:00", "minutes": "60"}
    for meeting in (3, 4):
        town.submit("pia", "roundtables.set_date", when, meeting=meeting)
    with town.sessions.writing() as session:
        held = session.get_one(Meeting, 4)
        held.state, held.corrections_until = MeetingState.CORRECTING, town.clock.now() + timedelta(days=2)
        held.starts_at = held.ends_at = town.clock.now()
        session.execute(update(Invitation).where(Invitation.meeting_id == 4).values(attendance=Attendance.PRESENT))
        common = {"administration_id": held.administration_id, "language": "en", "at": town.clock.now()}
        line = Minute(
            meeting_id=4, kind=MinuteKind.DECISION, words="A seal a day.", author_id=town.ids["pia"], **common
        )
        session.add(line)
    town.submit("bob", "roundtables.correct", {"line": "1", "words": "Two seals a day."}, meeting=4)


def rooms(town: Town) -> None:
    """A group that topics are opened in, a topic of the open roundtable, and a channel of the secret one."""
    group = Where("telegram", "-1005", "-1005", "Trade", has_topics=True, lacks=())
    town.turn(Called(town.callers["adam"], words="bind", where=group))
    town.submit("pia", "roundtables.set_date", {"day": "2026-11-25", "time": "10:00", "minutes": "60"}, meeting=2)
    town.do("pia", "roundtables.open_topic", meeting=2, group=1)
    town.do("pia", "roundtables.open_slack", meeting=3)
    with town.sessions.writing() as session:
        for room in session.scalars(select(ChatRoom)):
            room.opened(f"-1005:{room.id}", "https://t.me/c/5/1", None)


def an_office(town: Town) -> None:
    """Lea leads the office of a region, Bob the next; Ana speaks for a member; a year is planned."""
    now = town.clock.now()
    with town.sessions.writing() as session:
        home = session.get_one(Meeting, 1).administration_id
        common = {"administration_id": home, "region": "WCA"}
        later = now + timedelta(days=300)
        lea = session.get_one(Person, town.ids["lea"])
        grant_role(session, lea, RoleName.VICE_CHAIR, scope=Scope.REGION, scope_id="WCA", at=now, until=later)
        for head, country, term in (("lea", "GH", Term.SITTING), ("bob", "SN", Term.NAMED)):
            session.add(Office(**common, country=country, head_id=town.ids[head], term=term, named_at=now, until=later))
        session.add(
            Representative(
                **common, country="BJ", side=Side.BUSINESS, person_id=town.ids["ana"], zone="Africa/Porto-Novo",
                starts_at=now, ends_at=later,
            )
        )  # fmt: skip
        session.add(
            YearPlan(
                **common, year=2027, title="Region", language="en", jointly=False, question={}, state=Planning.DROPPED,
                asked_by_id=town.ids["lea"], asked_at=now,
            )
        )  # fmt: skip


def seats(town: Town) -> None:
    """One who has a seat, one who waits for it, a delegation, a question with an answer."""
    with town.sessions.writing() as session:
        home = session.get_one(Person, town.ids["ana"]).administration_id
        made = make(session, home, town.ids["pia"], seats=1)
    town.submit(
        "pia", "registrations.ask", {"words": "What brings you?", "asked": "registering"}, symposium=made.symposium
    )
    town.submit(
        "pia", "registrations.delegate", {"focal": str(town.ids["ana"]), "places": "2"}, symposium=made.symposium
    )
    town.submit("ana", "registrations.nominate", {"whom": str(town.ids["alf"]), "size": None}, delegation=1)
    for who in ("ana", "bob", "fay"):
        town.do(who, "registrations.register", symposium=made.symposium, small=True)
        town.do(who, "registrations.take", session=made.sessions["A"])
    town.submit("bob", "registrations.answer", {"words": "Bob's seals."}, question=1)
    days(town, made)


def days(town: Town, made: Made) -> None:
    """One is there, asks, votes and says what they think; material for each kind of reader; a proof."""
    plenary = made.sessions["Plenary"]
    with town.sessions.writing() as session:
        registrations = select(Registration).where(Registration.symposium_id == made.symposium)
        here = next(each for each in session.scalars(registrations) if each.person_id == town.ids["ana"])
        of, at = session.get_one(SymposiumSession, plenary), here.at
        enter(session, of, here, How.OFFICER, by=town.ids["pia"], at=at)
        common = {"administration_id": of.administration_id, "symposium_id": made.symposium}
        session.add(Proof(**common, person_id=here.person_id, code=new_proof_code(), name="Ana", at=at))
        for readers in Readers:
            told = {"title": f"Slides: {readers.value}", "language": "en", "by_id": town.ids["pia"], "at": at}
            session.add(Material(**common, session_id=plenary, readers=readers, **told))
    town.do("pia", "attendance.door_code", session=plenary)
    for who, named in (("ana", "nameless"), ("bob", "by_name"), ("fay", "by_name")):
        town.submit(who, "attendance.ask", {"words": f"{who} asks why.", "named": named}, session=plenary)
    town.do("pia", "attendance.set_aside", question=3)
    town.do("bob", "attendance.vote", question=1)
    town.do("ana", "attendance.rate", session=plenary, stars=3)
    town.submit("ana", "attendance.say_why", {"words": "Ana found it long."}, session=plenary)


def programmes(town: Town) -> None:
    """Of each symposium one that was worked out and left; of the first a session that has shifted since it was out."""
    with town.sessions.writing() as session:
        now, pia = town.clock.now(), town.ids["pia"]
        for symposium in session.scalars(select(Symposium)).all():
            common = {"administration_id": symposium.administration_id, "symposium_id": symposium.id}
            left = {"state": Drafting.DROPPED, "is_mending": False, "question": {}, "asked_by_id": pia, "asked_at": now}
            session.add(ProgrammeDraft(**common, **left))
        first = session.scalars(select(SymposiumSession).order_by(SymposiumSession.id)).first()
        assert first is not None
        common = {"administration_id": first.administration_id, "symposium_id": first.symposium_id}
        session.add(SessionShift(**common, session_id=first.id, what=Shifted.ROOM, sequence=1, by_id=pia, at=now))


def consultations(town: Town) -> None:
    """One is being prepared, with a question and a draft that is not out; its co-owner is asked. One is proposed."""
    told = {"title": "Seals at night", "summary": "Pia would open earlier.", "subject": "border", "audience": "members"}
    town.submit("pia", "consultations.make", told | {"from_day": "2026-12-01", "until_day": "2026-12-31"})
    its = {"consultation": 1}
    town.submit("pia", "consultations.add_question", {"words": "Which hours?", "options": "Six\nSeven"}, **its)
    town.submit("pia", "consultations.ask_to_own", {"person": str(town.ids["ana"])}, **its)
    with town.sessions.writing() as session:
        common = {"administration_id": session.get_one(Consultation, 1).administration_id, "consultation_id": 1}
        held = session.get_one(Consultation, 1)
        held.draft_number = 1
        for number, published_at in ((2, None), (1, town.clock.now())):  # first what can still be changed
            made = {"language": "en", "by_id": town.ids["pia"], "made_at": town.clock.now()}
            draft = TextDraft(**common, **made, number=number, published_at=published_at)
            session.add(draft)
            session.flush()
            session.add(Clause(**common, draft_id=draft.id, position=0, number="1", words="A seal is broken by two."))
        session.flush()
        clause = session.scalars(select(Clause).order_by(Clause.id.desc())).first()
        assert clause is not None
        said = {"person_id": town.ids["ana"], "language": "en", "at": town.clock.now()}
        what = {"kind": ContributionKind.SUGGESTION, "words": "Ana says why.", "suggested": "A seal is broken by one."}
        session.add(Contribution(**common, **said, **what, clause_id=clause.id, stands_id=clause.id))
    proposed = {"kind": "fees", "title": "Bob pays twice", "summary": "Once is enough."}
    town.submit("bob", "consultations.propose", proposed)


def protocols(town: Town) -> None:
    """A version in force, a draft of the next, and two promises not kept: of a desk, and of no desk."""
    with town.sessions.writing() as session:
        promised(session, town)


def promised(session: Session, town: Town) -> None:
    """The same, within a transaction."""
    now = town.clock.now()
    pia = session.get_one(Person, town.ids["pia"])
    common = {"administration_id": pia.administration_id}
    made = [
        Protocol(**common, number=number, drafted_at=now, drafted_by_id=pia.id, published_at=published)
        for number, published in ((1, now), (2, None))
    ]
    session.add_all(made)
    session.flush()
    says = {"event": Promised.ISSUE_RAISED, "hears": Hears.REPORTER, "within_days": 1, "doors": ["chat"]}
    rules = [ProtocolRule(**common, **says, protocol_id=each.id) for each in made]
    session.add_all(rules)
    session.flush()
    desk = session.scalars(select(Centre.id).order_by(Centre.id)).first()
    late = {"rule_id": rules[0].id, "event": Promised.ISSUE_RAISED, "began_at": now, "due_at": now}
    session.add_all(
        Duty(**common, **late, about_id=about, centre_id=centre, breached_at=now)
        for about, centre in ((1, desk), (2, None))
    )


def broadcasts(town: Town) -> None:
    """In two administrations: Cora's are a draft, one that waits for approval and one that is held; of Adam's one Ana
    has it and has answered, Bob has not got it yet, and of Fay it is not known. Odil's is another administration's. Lea
    sends where Cora does, and one of hers waits for Cora."""
    now = town.clock.now()
    whole = {"scope": Scope.COUNTRY, "scope_id": "TN"}
    with town.sessions.writing() as session:
        ana, xeno = (session.get_one(Person, town.ids[each]) for each in ("ana", "xeno"))
        _draft, waits, held = (put(session, ana.administration_id, town.ids["cora"], at=now) for _each in range(3))
        for each in (waits, held):
            each.submit(frozen="0", count=2, at=now)
        held.approve(by=town.ids["adam"], at=now, hold_until=now + timedelta(minutes=2))
        lea, until = session.get_one(Person, town.ids["lea"]), now + timedelta(days=365)
        grant_role(session, lea, RoleName.COORDINATOR, scope=Scope.REGION, scope_id="north", at=now, until=until)
        put(session, ana.administration_id, lea.id, at=now).submit(frozen="0", count=2, at=now)
        for who, home in (("adam", ana), ("odil", xeno)):
            sent = put(session, home.administration_id, town.ids[who], at=now, standing=Sendout.SENDING, **whole)
            sent.frozen, sent.frozen_count, sent.began_at = "0", 3, now
        session.flush()
        adams = session.scalars(select(Broadcast).where(Broadcast.author_id == town.ids["adam"])).one()
        for who, state in (("ana", Sending.ACCEPTED), ("bob", Sending.WAITING), ("fay", Sending.IN_DOUBT)):
            session.add(copy(adams, session.get_one(Person, town.ids[who]), state))
        session.flush()
        got = session.scalars(select(BroadcastCopy).where(BroadcastCopy.person_id == ana.id)).one()
        got.reply, got.reply_words = Reply.OTHER, "Ana says more."


def positions(town: Town) -> None:
    """Three consultations: in one nothing is said yet; in the next Alf drafts for his association, and a member is
    asked; in the last, which Bob owns with Customs, Ana's position is filed."""
    now = town.clock.now()
    with town.sessions.writing() as session:
        alpha, beta = (town.organisations[each] for each in ("Alpha Trading", "Beta Shipping"))
        ours = session.get_one(Organisation, alpha)
        ours.kind = Kind.ASSOCIATION
        common = {"administration_id": ours.administration_id, "language": "en"}
        held = {"title": "Seals", "summary": "One a day.", "zone": "UTC", "owner_id": town.ids["pia"]}
        open_ = {"phase": Phase.COMMENTS, "closes_at": now + timedelta(days=9), "created_at": now, "draft_number": 1}
        both = (None, None, town.ids["bob"])
        made = [Consultation(**common, **held, **open_, co_owner_id=co_owner) for co_owner in both]
        session.add_all(made)
        session.flush()
        _none, drafted, filed = (each.id for each in made)
    told = {"stance": "against", "words": "Alpha needs four seals."}
    for who, consultation in (("alf", drafted), ("ana", filed)):
        town.submit(who, "positions.draft", told, consultation=consultation)
    with town.sessions.writing() as session:
        last = session.scalars(select(Position.id).order_by(Position.id.desc())).first()
        asked = {"stance": Stance.AGAINST, "words": "Beta is asked.", "state": PositionState.ASKED, "written_at": now}
        by = {"association_id": alpha, "author_id": town.ids["ana"]}
        session.add(Position(**common, **asked, **by, consultation_id=drafted, organisation_id=beta))
    town.do("alf", "positions.seen", position=last)
    town.do("ana", "positions.file", position=last, confirmed=True)


def statements(town: Town) -> None:
    """A consultation lies open; two have put in a statement, one has voted, and one statement is translated."""
    with town.sessions.writing() as session:
        home = session.get_one(Person, town.ids["pia"]).administration_id
        its = {"consultation": consulted(session, home, owner_id=town.ids["pia"], co_owner_id=town.ids["alf"]).id}
    for name in ("ana", "bob"):
        town.submit(name, "statements.say", {"words": f"{name.title()} would open the bridge."}, **its)
    with town.sessions.reading() as session:
        first = session.scalars(select(Statement.id).order_by(Statement.id)).first() or 0
    town.do("bob", "statements.vote", statement=first, say="disagree")
    town.submit("pia", "statements.translate", {"language": "fr", "words": "Ouvrir le pont."}, statement=first)


def a_plan(town: Town) -> None:
    """Three actions in two administrations: one disputed, one that somebody is asked to take over; a report."""
    for who, customs, business in (("lea", "pia", "ana"), ("lea", "gus", "alf"), ("odil", "odil", "xeno")):
        owners = {"customs_owner": str(town.ids[customs]), "business_owner": str(town.ids[business])}
        told = {"title": f"What {business} waits for", "due_day": "2026-12-31", "milestone": "Half of it"}
        town.submit(who, "actions.propose", told | owners)
    with town.sessions.reading() as session:
        shared, asked, _abroad = session.scalars(select(Action.id).order_by(Action.id))
    for who in ("pia", "ana"):
        town.do(who, "actions.own", action=shared)
    town.submit("pia", "actions.done", {"words": "Pia says it is done."}, action=shared)
    town.submit("ana", "actions.dispute", {"words": "Ana says it is not."}, action=shared)
    told = {"to": str(town.ids["pia"]), "words": "You know seals."}
    town.submit("gus", "actions.hand_over", told, action=asked)
    town.submit("cora", "actions.draft", {"quarter": "2026-4", "languages": "en+fr"})


def an_end(town: Town) -> None:
    """A consultation that Pia and Fay own has closed: Bob's words have their answer, and its outcome is written."""
    with town.sessions.writing() as session:
        home = session.get_one(Person, town.ids["pia"]).administration_id
        held = {"administration_id": home, "language": "en"}
        ended = Consultation(
            **held,
            title="Hours of the gate",
            summary="When it opens",
            phase=Phase.DECISION,
            zone="Africa/Tunis",
            owner_id=town.ids["pia"],
            co_owner_id=town.ids["fay"],
            created_at=NOON,
        )
        session.add(ended)
        session.flush()
        held["consultation_id"] = ended.id
        said = Contribution(**held, kind=ContributionKind.COMMENT, person_id=town.ids["bob"], words="At five.", at=NOON)
        text = {"asked": "When?", "said": "At five.", "done": "At six."}
        end = Conclusion(**held, **text, proposed_by_id=town.ids["pia"], proposed_at=NOON, co_owner_id=town.ids["fay"])
        session.add_all((said, end))
        session.flush()
        answer = Answered(
            **held, contribution_id=said.id, treatment=Treatment.NOT, reason="It is too early.", by_id=town.ids["pia"]
        )
        answer.at = NOON
        item = FollowUp(administration_id=home, conclusion_id=end.id, person_id=town.ids["bob"], asked_at=NOON)
        session.add_all((answer, item))


def open_drafts(town: Town) -> None:
    """Everybody begins every form that has something to pick, about the first thing that is theirs."""
    with town.sessions.reading() as session:
        oracle = Oracle(session, at=town.clock.now())
    for name in CAST:
        looker = oracle.looker(town.ids[name], is_guest=CAST[name].is_guest)
        for command in town.engine.registry.commands.values():
            form = command.form
            if form is None or not any(how.kind is FieldKind.PICK for how in form.asks.values()):
                continue
            about = {}
            for field, table in command.entities.items():
                theirs = (row for row in oracle.rows[table] if oracle.sees(looker, table, row))
                about[field] = next(theirs, 0)
            town.turn(Called(town.callers[name], name=command.name, args=about))


def issues(town: Town) -> list[int]:
    with town.sessions.reading() as session:
        return list(session.scalars(select(Issue.id).order_by(Issue.id)))


def _only(town: Town, table: type[Problem] | type[Outcome]) -> int:
    with town.sessions.reading() as session:
        return session.scalars(select(table.id)).one()
