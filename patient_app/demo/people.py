"""The invented people of the demonstration: who they are to the practice, and what they agreed to share."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from patient_app.consent.categories import Category, Level
from patient_app.core.roles import Discipline, Role

PRACTICE_NAME = "Harbor Street Integrated Care"
PRACTICE_ZONE = "America/Los_Angeles"
JOINED_DAYS_AGO = 90

# Weekday (Monday is 0), opens and closes in minutes after midnight.
OPENING_HOURS = ((0, 510, 1050), (1, 510, 1050), (2, 510, 1140), (3, 510, 1050), (4, 510, 960), (5, 540, 720))
# What it is, the number (none of them is anybody's), and a note.
NUMBERS = (
    ("Front desk", "530-555-0100", "Appointments and questions"),
    ("Nurse line", "530-555-0142", "When we are open"),
    ("After hours", "530-555-0177", "An answering service; a clinician calls back"),
)


@dataclass(frozen=True, slots=True)
class Chart:
    """What the practice's chart says of a patient."""

    number: str
    born: date
    address: str
    emergency_contact: str


@dataclass(frozen=True, slots=True)
class Account:
    """One account of the demonstration."""

    email: str
    name: str
    role: Role
    about: str
    discipline: Discipline | None = None
    language: str = "en"
    chart: Chart | None = None
    team: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        """Return the e-mail address without what all have in common."""
        return self.email.partition("@")[0]

    @property
    def totp_secret(self) -> str:
        """Return the fixed secret of the second factor: base32 of the SHA-1 of the e-mail address."""
        digest = hashlib.sha1(self.email.encode(), usedforsecurity=False).digest()
        return base64.b32encode(digest).decode("ascii")


_EVERY_TEAM = ("prescriber", "therapist", "addiction")

ACCOUNTS = (
    Account(
        "admin@demo.example",
        "Helen Brandt",
        Role.ADMINISTRATOR,
        "runs the practice's accounts; reads no entries",
    ),
    Account(
        "prescriber@demo.example",
        "Dr. Priya Raman",
        Role.CLINICIAN,
        "psychiatrist, on all four teams",
        discipline=Discipline.PRESCRIBER,
    ),
    Account(
        "therapist@demo.example",
        "Sam Okafor",
        Role.CLINICIAN,
        "therapist, on all four teams",
        discipline=Discipline.THERAPIST,
    ),
    Account(
        "addiction@demo.example",
        "Dr. Naomi Feldman",
        Role.CLINICIAN,
        "addiction specialist, on all four teams",
        discipline=Discipline.ADDICTION_SPECIALIST,
    ),
    Account(
        "peer@demo.example",
        "Luis Ortega",
        Role.CLINICIAN,
        "peer specialist, on three teams, nothing shared now",
        discipline=Discipline.PEER_SPECIALIST,
    ),
    Account(
        "unassigned@demo.example",
        "Grace Nakamura",
        Role.CLINICIAN,
        "therapist with no patients",
        discipline=Discipline.THERAPIST,
    ),
    Account(
        "patient@demo.example",
        "Dana Whitfield",
        Role.PATIENT,
        "depression and alcohol; shares most",
        chart=Chart(
            "HS-10482",
            date(1979, 3, 14),
            "418 Alder Street, Apt 3, Chico, CA 95928",
            "Marcus Whitfield (brother), 530-555-0113",
        ),
        team=(*_EVERY_TEAM, "peer"),
    ),
    Account(
        "patient2@demo.example",
        "Jordan Lee",
        Role.PATIENT,
        "bipolar disorder and stimulants; shares some",
        chart=Chart(
            "HS-10517",
            date(1995, 8, 2),
            "2206 Mangrove Court, Chico, CA 95926",
            "Peter Lee (brother), 530-555-0126",
        ),
        team=(*_EVERY_TEAM, "peer"),
    ),
    Account(
        "patient3@demo.example",
        "Rosa Delgado Fuentes",
        Role.PATIENT,
        "PTSD and opioids, on buprenorphine; writes in Spanish",
        language="es",
        chart=Chart(
            "HS-10533",
            date(1988, 11, 21),
            "97 Olive Lane, Oroville, CA 95965",
            "Elena Fuentes (madre), 530-555-0138",
        ),
        team=(*_EVERY_TEAM, "peer"),
    ),
    # The same name as the second patient: birth dates and chart numbers tell them apart.
    Account(
        "patient4@demo.example",
        "Jordan Lee",
        Role.PATIENT,
        "anxiety and stimulants; shares nothing",
        chart=Chart(
            "HS-10560",
            date(2000, 1, 30),
            "1150 Palmetto Avenue, Unit B, Chico, CA 95926",
            "Amara Lee (mother), 530-555-0151",
        ),
        team=_EVERY_TEAM,
    ),
    Account(
        "supporter@demo.example",
        "Marcus Whitfield",
        Role.SUPPORTER,
        "brother of Dana Whitfield; sees mood",
    ),
    Account(
        "supporter2@demo.example",
        "Elena Fuentes",
        Role.SUPPORTER,
        "mother of Rosa Delgado Fuentes; sees instructions only",
        language="es",
    ),
)

BY_SHORT_NAME: Mapping[str, Account] = {account.short: account for account in ACCOUNTS}
PATIENTS = tuple(account for account in ACCOUNTS if account.role is Role.PATIENT)
STAFF = tuple(account for account in ACCOUNTS if account.role.is_staff)


@dataclass(frozen=True, slots=True)
class Support:
    """A confirmed tie between a patient and a supporter, with what the patient asked of them."""

    patient: str
    supporter: str
    instructions: str


SUPPORT = (
    Support(
        "patient",
        "supporter",
        "If I go quiet for two days, text me something ordinary first. Please do not ask about drinking on the phone; "
        "ask if I want to walk the dog. If you are worried that I am not safe, call 988 with me or 911.",
    ),
    Support(
        "patient3",
        "supporter2",
        "Si me ves muy asustada, háblame despacio y recuérdame dónde estamos. Las llaves y la naloxona están en el "
        "cajón de la entrada. Si no despierto, llama al 911.",
    ),
)


@dataclass(frozen=True, slots=True)
class Agreement:
    """A consent of the demonstration: with a discipline of the team, or with a supporter by short name."""

    patient: str
    recipient: Discipline | str
    grants: Mapping[Category, Level]
    given_days_ago: int = JOINED_DAYS_AGO - 1
    entries_from_days_ago: int | None = None
    ends_in_days: int | None = None
    paused_days_ago: int | None = None
    ended_days_ago: int | None = None


_EACH, _WEEKS = Level.DETAIL, Level.SUMMARY
_MOOD, _USE, _NOTES = Category.MOOD, Category.SUBSTANCE_USE, Category.NOTES
_SAFETY, _MEDICINES, _VISITS, _SKILLS = Category.SAFETY_PLAN, Category.MEDICATIONS, Category.PLAN, Category.SKILLS

# The fourth patient has none: no consent, no reading.
AGREEMENTS = (
    Agreement(
        "patient",
        Discipline.PRESCRIBER,
        {_MOOD: _EACH, _USE: _EACH, _MEDICINES: _EACH, _NOTES: _EACH, _VISITS: _EACH, _SKILLS: _EACH},
    ),
    Agreement(
        "patient",
        Discipline.THERAPIST,
        {_MOOD: _EACH, _MEDICINES: _EACH, _NOTES: _EACH, _VISITS: _EACH, _SKILLS: _EACH, _SAFETY: _EACH},
    ),
    Agreement("patient", Discipline.ADDICTION_SPECIALIST, {_MOOD: _EACH, _USE: _EACH, _MEDICINES: _EACH}),
    Agreement("patient", "supporter", {_MOOD: _EACH}, given_days_ago=80),
    Agreement("patient2", Discipline.PRESCRIBER, {_MOOD: _EACH, _USE: _EACH, _MEDICINES: _EACH}),
    Agreement(
        "patient2",
        Discipline.THERAPIST,
        {_MOOD: _EACH, _USE: _WEEKS, _NOTES: _EACH},
        given_days_ago=70,
        ends_in_days=60,
    ),
    Agreement(
        "patient2",
        Discipline.ADDICTION_SPECIALIST,
        {_USE: _EACH},
        given_days_ago=60,
        entries_from_days_ago=60,
    ),
    Agreement("patient2", Discipline.PEER_SPECIALIST, {_MOOD: _EACH}, given_days_ago=85, ended_days_ago=20),
    Agreement("patient3", Discipline.PRESCRIBER, {_MOOD: _WEEKS, _USE: _EACH, _MEDICINES: _EACH}),
    Agreement("patient3", Discipline.THERAPIST, {_MOOD: _EACH, _NOTES: _EACH}),
    Agreement(
        "patient3", Discipline.ADDICTION_SPECIALIST, {_MOOD: _EACH, _USE: _EACH, _MEDICINES: _EACH, _NOTES: _EACH}
    ),
    Agreement("patient3", Discipline.PEER_SPECIALIST, {_MOOD: _WEEKS}, given_days_ago=60, paused_days_ago=10),
)
