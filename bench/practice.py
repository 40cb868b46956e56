"""A practice of the size that the budgets speak of, written straight into the tables with every word really sealed.

200 patients with a check-in a day for three years, all on one therapist's list; two more with two check-ins a day, one
for a single year and one for five; and many who check in under load. Each takes four
medicines. Everybody has a session to send requests with.
"""

from __future__ import annotations

import hashlib
import random
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert

from bench import medicines
from patient_app.access_log.models import AccessChain
from patient_app.accounts import sessions
from patient_app.accounts.models import (
    Installation,
    InstallationKind,
    OpeningHours,
    Patient,
    Person,
    PersonState,
    Practice,
    PracticeNumber,
    SupportLink,
    SupportState,
    TeamMembership,
)
from patient_app.checkins.models import CheckIn, CheckInVersion, Source, hard_at
from patient_app.consent import seals
from patient_app.consent.categories import Category, Level
from patient_app.consent.models import Consent, ConsentCategory, ConsentEvent, ConsentState, RecipientKind
from patient_app.core import clock
from patient_app.core.identity import Stage
from patient_app.core.ids import new_id
from patient_app.core.keys import KeyKind
from patient_app.core.roles import Discipline, Role
from patient_app.core.vault import Place
from patient_app.core.work import Store, db, vault

ZONE = "America/New_York"
PATIENTS, YEARS = 200, 3
SHARED = dict.fromkeys((Category.MOOD, Category.SUBSTANCE_USE, Category.NOTES, Category.MEDICATIONS), Level.DETAIL)
NOTES = (
    "Slept badly, but the walk after dinner helped.",
    "Argued with my brother on the phone. Left the room and called Sam.",
    "Quiet day. Cooked.",
    "The bus passed the old place and the pull was strong for ten minutes, then it went. I counted and breathed.",
)
_ROWS_AT_ONCE = 4000
_LOG_DAYS = 30


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody with a running session."""

    id: uuid.UUID
    role: Role
    name: str
    token: str


@dataclass(frozen=True, slots=True)
class Bench:
    """The people whom the measures ask for."""

    practice_id: uuid.UUID
    therapist: Account  # 200 patients
    prescriber: Account  # one_year and five_years
    supporter: Account
    three_years: Account
    one_year: Account
    five_years: Account
    crowd: tuple[Account, ...]


def build(store: Store, *, patients: int = PATIENTS, years: int = YEARS, crowd: int = 60) -> Bench:
    """Fill two empty, migrated databases; the same seed gives the same entries."""
    chance = random.Random(2026)  # noqa: S311 - guards nothing.
    practice_id = new_id()
    store.keys.ensure(KeyKind.PRACTICE, practice_id)
    with store.work(writes=True):
        moment = clock.now()
        db().add(Installation(id=1, kind=InstallationKind.REAL, created_at=moment))
        db().add(Practice(id=practice_id, name="Harbour Practice", zone=ZONE, created_at=moment))
        db().flush()
        db().add(PracticeNumber(id=new_id(), practice_id=practice_id, position=0, label="Front desk", phone="555 0100"))
        db().add_all(
            OpeningHours(id=new_id(), practice_id=practice_id, weekday=day, opens=540, closes=1020) for day in range(5)
        )
    people = _People(store, practice_id)
    staff = people.add(Role.ADMINISTRATOR, 1, KeyKind.STAFF)
    therapist, prescriber = (
        people.add(Role.CLINICIAN, 1, KeyKind.STAFF, discipline)[0]
        for discipline in (Discipline.THERAPIST, Discipline.PRESCRIBER)
    )
    supporter = people.add(Role.SUPPORTER, 1, KeyKind.SUPPORTER)[0]
    caseload = people.add(Role.PATIENT, patients, KeyKind.PATIENT)
    one_year, five_years = people.add(Role.PATIENT, 2, KeyKind.PATIENT)
    crowd_people = people.add(Role.PATIENT, crowd, KeyKind.PATIENT)

    with store.work(writes=True):
        for patient in caseload:
            _share(patient, therapist, staff[0], practice_id, Discipline.THERAPIST)
        for patient in (caseload[0], one_year, five_years):
            _share(patient, prescriber, staff[0], practice_id, Discipline.PRESCRIBER)
            _support(patient, supporter, practice_id)
    histories = [(patient, years * 365, 1) for patient in caseload[1:]]
    histories += [(caseload[0], years * 365, 2), (one_year, 365, 2), (five_years, 5 * 365, 2)]
    histories += [(patient, 60, 1) for patient in crowd_people]
    _write_histories(store, practice_id, histories, chance)
    # The dose log of those whose pages are measured is as long as their history; the others' a month.
    log = [(patient.id, days if a_day > 1 else _LOG_DAYS) for patient, days, a_day in histories]
    medicines.write(store, practice_id, log, ZONE)
    return Bench(practice_id, therapist, prescriber, supporter, caseload[0], one_year, five_years, tuple(crowd_people))


class _People:
    """Adds people with keys, names and sessions."""

    def __init__(self, store: Store, practice_id: uuid.UUID) -> None:
        self._store = store
        self._practice_id = practice_id

    def add(self, role: Role, count: int, kind: KeyKind, discipline: Discipline | None = None) -> list[Account]:
        """Add so many people of a role and return them."""
        ids = [new_id() for _ in range(count)]
        self._store.keys.ensure_many(kind, ids)
        with self._store.work(writes=True):
            vault().preload(ids)
            return [self._add(person_id, role, discipline) for person_id in ids]

    def _add(self, person_id: uuid.UUID, role: Role, discipline: Discipline | None) -> Account:
        moment = clock.now()
        name = f"{str(discipline or role).capitalize()} {person_id.hex[-6:]}"
        person = Person(
            id=person_id,
            practice_id=self._practice_id,
            role=role,
            discipline=discipline,
            state=PersonState.ACTIVE,
            created_at=moment,
            zone=ZONE,
            totp_confirmed_at=moment if role.is_staff else None,
        )
        person.name, person.email = name, f"{person_id.hex}@example.org"
        db().add(person)
        db().flush()
        if role is Role.PATIENT:
            self._add_chart(person_id)
        return Account(person_id, role, name, sessions.begin_session(person, "Chrome on Android", Stage.FULL))

    def _add_chart(self, person_id: uuid.UUID) -> None:
        number = f"C-{person_id.hex[-8:]}"
        index = vault().blind_index("chart number", f"{self._practice_id}{number}")
        chart = Patient(person_id=person_id, practice_id=self._practice_id, chart_number_index=index)
        chart.chart_number, chart.date_of_birth = number, "1990-04-12"
        chart.address, chart.emergency_contact = "1 Mill Lane", "Sam, 555 0199"
        db().add(chart)
        db().add(AccessChain(patient_id=person_id, seq=0, digest=person_id.bytes))


def _share(
    patient: Account, clinician: Account, administrator: Account, practice_id: uuid.UUID, discipline: Discipline
) -> None:
    moment = clock.now() - timedelta(days=1)
    db().add(
        TeamMembership(
            id=new_id(),
            practice_id=practice_id,
            patient_id=patient.id,
            clinician_id=clinician.id,
            assigned_by=administrator.id,
            assigned_at=moment,
            shown_at=moment,
        )
    )
    _consent(patient, practice_id, moment, RecipientKind.TEAM, discipline=discipline, recipient_name=str(discipline))


def _support(patient: Account, supporter: Account, practice_id: uuid.UUID) -> None:
    moment = clock.now() - timedelta(days=1)
    tie = SupportLink(
        id=new_id(),
        practice_id=practice_id,
        patient_id=patient.id,
        supporter_id=supporter.id,
        state=SupportState.CONFIRMED,
        invited_at=moment,
        accepted_at=moment,
        confirmed_at=moment,
    )
    tie.name, tie.instructions = supporter.name, "Call me, and stay on the phone."
    db().add(tie)
    _consent(
        patient, practice_id, moment, RecipientKind.PERSON, recipient_id=supporter.id, recipient_name=supporter.name
    )


def _consent(
    patient: Account,
    practice_id: uuid.UUID,
    moment: datetime,
    kind: RecipientKind,
    *,
    recipient_name: str,
    recipient_id: uuid.UUID | None = None,
    discipline: Discipline | None = None,
) -> None:
    text = f"Consent of {patient.name} for {recipient_name}."
    consent = Consent(
        id=new_id(),
        practice_id=practice_id,
        patient_id=patient.id,
        recipient_kind=kind,
        recipient_id=recipient_id,
        discipline=discipline,
        state=ConsentState.ACTIVE,
        starts_at=moment,
        ends_at=moment + timedelta(days=365),
        entries_from=None,
        language="en",
        form_version="bench",
        form_digest=hashlib.sha256(text.encode()).digest(),
        discloser="Harbour Practice",
        purpose="care",
        signed_at=moment,
        signed_session_id=None,
        grants=[ConsentCategory(category=category, level=level) for category, level in SHARED.items()],
    )
    consent.form_text, consent.patient_name, consent.signature = text, patient.name, patient.name
    consent.recipient_name = recipient_name
    seals.seal(consent)
    db().add(consent)
    db().flush()
    db().add(
        ConsentEvent(
            id=new_id(),
            consent_id=consent.id,
            patient_id=patient.id,
            happened_at=moment,
            event="given",
            actor_id=patient.id,
        )
    )


def _write_histories(
    store: Store, practice_id: uuid.UUID, histories: list[tuple[Account, int, int]], chance: random.Random
) -> None:
    """Write (patient, days, check-ins a day), up to yesterday."""
    with store.work(writes=True):
        vault().preload(patient.id for patient, _, _ in histories)
        entries: list[dict[str, Any]] = []
        versions: list[dict[str, Any]] = []
        midnight = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        taken = dict.fromkeys((patient.id for patient, _, _ in histories), 0)
        # Day by day, so that the rows of one patient lie as far apart in the file as they do in a practice.
        for back in range(max(days for _, days, _ in histories), 0, -1):
            for patient, turn in [
                (one, turn) for one, days, a_day in histories if back <= days for turn in range(a_day)
            ]:
                # From nine in the morning in New York, every six hours.
                hours = timedelta(hours=14 + 6 * turn, minutes=chance.randrange(60))
                taken[patient.id] += 1
                entry, version = _rows(
                    patient.id, practice_id, midnight - timedelta(days=back) + hours, taken[patient.id], chance
                )
                entries.append(entry)
                versions.append(version)
            if len(entries) >= _ROWS_AT_ONCE:
                _insert(entries, versions)
        _insert(entries, versions)
        for patient_id, seq in taken.items():
            db().get_one(Patient, patient_id).entry_seq = seq


def _insert(entries: list[dict[str, Any]], versions: list[dict[str, Any]]) -> None:
    for model, rows in ((CheckIn, entries), (CheckInVersion, versions)):
        if rows:
            db().execute(insert(model), rows)
            rows.clear()


def _rows(
    patient_id: uuid.UUID, practice_id: uuid.UUID, occurred_at: datetime, seq: int, chance: random.Random
) -> tuple[dict[str, Any], dict[str, Any]]:
    when = clock.moment(occurred_at, ZONE)
    entry_id, version_id = _id_of(occurred_at, chance), _id_of(occurred_at, chance)
    note = chance.choice(NOTES) if chance.random() < 1 / 3 else None
    sealed = note and vault().seal(Place("check_in_version", "note_sealed", version_id, patient_id), note)
    entry = {
        "id": entry_id,
        "practice_id": practice_id,
        "patient_id": patient_id,
        "occurred_at": when.occurred_at,
        "local_date": when.local_date,
        "day": when.day,
        "utc_offset": when.utc_offset,
        "zone": when.zone,
        "recorded_at": occurred_at,
        "recorded_seq": seq,
        "device_seq": None,
        "source": Source.FORM,
        "newest_version": 1,
        "private": False,
        "removed_at": None,
    }
    mood, craving = chance.randint(1, 5), chance.choice((None, 0, 0, 2, 4, 7))
    version = {
        "id": version_id,
        "check_in_id": entry_id,
        "patient_id": patient_id,
        "version": 1,
        "replaces_id": None,
        "recorded_at": occurred_at,
        "recorded_seq": seq,
        "source": Source.FORM,
        "fingerprint": version_id.bytes * 2,
        "hard_at": hard_at(mood, craving, when.occurred_at),
        "mood": mood,
        "craving": craving,
        "use": chance.choice((None, False, False, False, True)),
        "note_sealed": sealed,
        "note_about_use": False,
    }
    return entry, version


def _id_of(moment: datetime, chance: random.Random) -> uuid.UUID:
    """Return a version 7 id of that moment, as a phone would have made it then."""
    milliseconds = int(moment.timestamp() * 1000)
    value = (milliseconds << 80) | (0x7 << 76) | (chance.getrandbits(12) << 64) | (0b10 << 62) | chance.getrandbits(62)
    return uuid.UUID(int=value)
