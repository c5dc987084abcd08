"""The room every part of this capability declares itself in, its rules, and what its enumerations are called."""

from __future__ import annotations

from bot.kit import allow
from bot.kit.capability import Capability
from bot.kit.text import _, name_members
from db.protocols import Door, Event, Hears, Superior

protocols = Capability("protocols", _("Communication protocol"))
keepers = allow.coordinators | allow.administrators  # who may work on a draft, and publish what others drafted
leads = allow.leads | keepers  # who answers for what was not kept

name_members(
    {
        Event.ISSUE_RAISED: _("An issue was raised: first words from Customs"),
        Event.ISSUE_OUTCOME: _("The outcome of an issue is approved: it arrives"),
        Event.CONSULTATION_CLOSED: _("A consultation has closed: its outcome comes out"),
        Event.CONSULTATION_OUTCOME: _("The outcome of a consultation is out: it arrives"),
        Event.MEETING_HELD: _("A meeting was held: its minutes go out"),
        Event.ACTION_DUE: _("An action was due and is not done: word of how it stands"),
        Hears.REPORTER: _("Whoever raised it"),
        Hears.EVERYBODY: _("Everybody who takes part"),
        Hears.ATTENDEES: _("Whoever was there or sent apologies"),
        Hears.OWNERS: _("Its owners on both sides"),
        Door.CHAT: _("Their chat"),
        Door.MAIL: _("E-mail"),
        Door.PAGE: _("Parley’s page"),
        Door.CONTACT: _("Their organisation’s contact"),
        Door.PERSON: _("Somebody in person"),
        Superior.LEAD: _("The lead of the office"),
        Superior.COORDINATOR: _("The coordinators"),
        Superior.ADMINISTRATOR: _("The administrators"),
    }
)
