"""The verbs: one room a capability, named here one by one."""

from bot.kit.capability import Registry

from . import (
    actions,
    agencies,
    attendance,
    calendars,
    centres,
    consultations,
    home,
    integrity,
    issues,
    ledger,
    people,
    positions,
    programmes,
    recognition,
    regions,
    registrations,
    roundtables,
    statements,
    symposia,
)

registry = Registry(
    [
        home.home,
        people.people,
        centres.centres,
        issues.issues,
        ledger.ledger,
        roundtables.roundtables,
        actions.actions,
        calendars.calendars,
        regions.regions,
        agencies.agencies,
        recognition.recognition,
        symposia.symposia,
        programmes.programmes,
        registrations.registrations,
        attendance.attendance,
        consultations.consultations,
        positions.positions,
        statements.statements,
    ],
    home="home.show",
    welcome="people.register",
    begins=("issues.raise", "detail"),
    starts={people.linking.LINKS: "people.link", attendance.AT_DOOR: "attendance.scan", "c_": "consultations.arrive"},
    invited=roundtables.replying.replied,
    unkept=(integrity.looks_like_disclosure, "home.safely"),
)
