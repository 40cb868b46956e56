"""Makes the people and rows of a test, directly in the databases. Each function opens a unit of work of its own.

What a test is about goes through the application; what merely has to be there is made here.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pyotp
from argon2 import PasswordHasher

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
from patient_app.consent.form_text import digest
from patient_app.consent.models import Consent, ConsentCategory, ConsentEvent, ConsentState, RecipientKind
from patient_app.core import clock
from patient_app.core.identity import Stage, Viewer
from patient_app.core.ids import new_id
from patient_app.core.keys import KeyKind
from patient_app.core.roles import Discipline, Role
from patient_app.core.work import Store, db

if TYPE_CHECKING:
    from tests.page import Client, FormOnPage, Page

PASSWORD = "a quiet green harbour"
SETTLED = timedelta(days=30)  # How long everybody has been there who is made here.
ZONE = "America/New_York"
_KINDS = {Role.PATIENT: KeyKind.PATIENT, Role.SUPPORTER: KeyKind.SUPPORTER}


@dataclass(frozen=True, slots=True)
class MadePractice:
    """A practice that is there."""

    id: uuid.UUID
    name: str
    zone: str


@dataclass(frozen=True, slots=True)
class Made:
    """A person who is there, with what they would know and hold."""

    id: uuid.UUID
    practice_id: uuid.UUID
    role: Role
    discipline: Discipline | None
    name: str
    sign_in_name: str
    email: str
    password: str
    totp_secret: str | None = None
    zone: str = ZONE
    chart: Mapping[str, str] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """The second factor's code of this moment."""
        assert self.totp_secret is not None, f"{self.name} has no second factor"
        return pyotp.TOTP(self.totp_secret).at(clock.now())

    @property
    def viewer(self) -> Viewer:
        """The person as services know them, just signed in (no session row is made)."""
        return Viewer(
            id=self.id,
            practice_id=self.practice_id,
            role=self.role,
            discipline=self.discipline,
            name=self.name,
            language="en",
            zone=self.zone,
            day_start_minutes=clock.DEFAULT_DAY_START_MINUTES,
            session_id=new_id(),
            stage=Stage.FULL,
            confirmed_at=clock.now(),
        )


def make_installation(store: Store, kind: InstallationKind = InstallationKind.REAL) -> None:
    """Say what the database is for, unless that was said."""
    with store.work(writes=True):
        if db().get(Installation, 1) is None:
            db().add(Installation(id=1, kind=kind, created_at=clock.now()))


def make_practice(
    store: Store, name: str = "Harbour Practice", *, zone: str = ZONE, numbers: bool = True, hours: bool = True
) -> MadePractice:
    """Make a practice with its key, a telephone number and opening hours on weekdays."""
    made = MadePractice(id=new_id(), name=name, zone=zone)
    store.keys.ensure(KeyKind.PRACTICE, made.id)
    with store.work(writes=True):
        db().add(Practice(id=made.id, name=name, zone=zone, created_at=clock.now()))
        db().flush()
        if numbers:
            db().add(
                PracticeNumber(
                    id=new_id(),
                    practice_id=made.id,
                    position=0,
                    label="Front desk",
                    phone="555 0100",
                    note="Ask for us",
                )
            )
        if hours:
            db().add_all(
                OpeningHours(id=new_id(), practice_id=made.id, weekday=day, opens=9 * 60, closes=17 * 60)
                for day in range(5)
            )
    return made


def make_person(
    store: Store,
    practice: MadePractice,
    role: Role,
    *,
    discipline: Discipline | None = None,
    name: str | None = None,
    sign_in_name: str | None = None,
    password: str = PASSWORD,
    state: PersonState = PersonState.ACTIVE,
    totp: bool | None = None,
    chart: Mapping[str, str] | None = None,
    zone: str | None = None,
    language: str = "en",
) -> Made:
    """Make a person with key, name, e-mail address, password and, for staff, a confirmed second factor.

    A clinician is a therapist unless told otherwise. A patient also gets a chart and the start of the access records.
    """
    number = new_id().hex[-6:]
    if role is Role.CLINICIAN and discipline is None:
        discipline = Discipline.THERAPIST
    word = str(discipline or role)
    has_totp = role.is_staff if totp is None else totp
    made = Made(
        id=new_id(),
        practice_id=practice.id,
        role=role,
        discipline=discipline,
        name=name or f"{word.replace('_', ' ').capitalize()} {number}",
        sign_in_name=sign_in_name or f"{word}-{number}@example.org",
        email=sign_in_name or f"{word}-{number}@example.org",
        password=password,
        totp_secret=pyotp.random_base32() if has_totp else None,
        zone=zone or practice.zone,
        chart=_chart(number, chart) if role is Role.PATIENT else {},
    )
    store.keys.ensure(_KINDS.get(role, KeyKind.STAFF), made.id)
    cost = store.config.argon2
    hasher = PasswordHasher(
        time_cost=cost.time_cost, memory_cost=cost.memory_kib, parallelism=cost.parallelism, hash_len=32, salt_len=16
    )
    hashed = hasher.hash(password)
    with store.work(writes=True):
        db().add(_person_row(made, hashed, state, language, store))
        db().flush()
        if role is Role.PATIENT:
            db().add(_patient_row(made, store))
            db().add(AccessChain(patient_id=made.id, seq=0, digest=made.id.bytes))
    return made


def _chart(number: str, given: Mapping[str, str] | None) -> dict[str, str]:
    usual = {
        "chart_number": f"C-{number}",
        "date_of_birth": "1990-04-12",
        "address": "1 Mill Lane",
        "emergency_contact": "Sam, 555 0199",
    }
    return {**usual, **(given or {})}


def _person_row(made: Made, hashed: str, state: PersonState, language: str, store: Store) -> Person:
    row = Person(
        id=made.id,
        practice_id=made.practice_id,
        role=made.role,
        discipline=made.discipline,
        state=state,
        created_at=clock.now() - SETTLED,
        language=language,
        zone=made.zone,
    )
    row.name, row.email = made.name, made.email
    if state is not PersonState.INVITED:
        row.sign_in_name = made.sign_in_name
        row.sign_in_index = store.vault.blind_index("sign-in name", made.sign_in_name)
        row.password_hash, row.password_changed_at = hashed, clock.now()
        if made.totp_secret:
            row.totp_secret, row.totp_confirmed_at = made.totp_secret, clock.now()
    return row


def _patient_row(made: Made, store: Store) -> Patient:
    number = made.chart["chart_number"]
    row = Patient(
        person_id=made.id,
        practice_id=made.practice_id,
        chart_number_index=store.vault.blind_index("chart number", f"{made.practice_id}{number}"),
    )
    row.chart_number = number
    row.date_of_birth = made.chart["date_of_birth"]
    row.address = made.chart["address"]
    row.emergency_contact = made.chart["emergency_contact"]
    return row


def make_patient(store: Store, practice: MadePractice, **given: object) -> Made:
    """Make a patient with a chart."""
    return make_person(store, practice, Role.PATIENT, **given)  # type: ignore[arg-type]  # Passed on as they came.


def make_clinician(
    store: Store, practice: MadePractice, discipline: Discipline = Discipline.THERAPIST, **given: object
) -> Made:
    """Make a clinician."""
    return make_person(store, practice, Role.CLINICIAN, discipline=discipline, **given)  # type: ignore[arg-type]


def make_supporter(store: Store, practice: MadePractice, **given: object) -> Made:
    """Make a supporter, tied to nobody yet."""
    return make_person(store, practice, Role.SUPPORTER, **given)  # type: ignore[arg-type]  # As above.


def make_administrator(store: Store, practice: MadePractice, **given: object) -> Made:
    """Make an administrator."""
    return make_person(store, practice, Role.ADMINISTRATOR, **given)  # type: ignore[arg-type]  # As above.


def assign_team(
    store: Store,
    patient: Made,
    clinician: Made,
    by: Made,
    *,
    shown: bool = True,
    assigned_at: datetime | None = None,
    noticed_at: datetime | None = None,
) -> uuid.UUID:
    """Put a clinician on a patient's team, assigned by somebody else; by default the patient was shown the name."""
    moment = assigned_at or clock.now()
    membership_id = new_id()
    with store.work(writes=True):
        db().add(
            TeamMembership(
                id=membership_id,
                practice_id=patient.practice_id,
                patient_id=patient.id,
                clinician_id=clinician.id,
                assigned_by=by.id,
                assigned_at=moment,
                noticed_at=noticed_at,
                shown_at=moment if shown else None,
            )
        )
    return membership_id


def tie_supporter(
    store: Store,
    patient: Made,
    supporter: Made | None,
    *,
    state: SupportState = SupportState.CONFIRMED,
    name: str | None = None,
    instructions: str = "",
) -> uuid.UUID:
    """Tie a supporter to a patient (None: only invited); by default the patient has confirmed the person."""
    moment = clock.now()
    tie_id = new_id()
    with store.work(writes=True):
        row = SupportLink(
            id=tie_id,
            practice_id=patient.practice_id,
            patient_id=patient.id,
            supporter_id=supporter.id if supporter else None,
            state=state,
            invited_at=moment,
            accepted_at=moment if supporter else None,
            confirmed_at=moment if state is SupportState.CONFIRMED else None,
            ended_at=moment if state is SupportState.ENDED else None,
        )
        row.name = name or (supporter.name if supporter else "Somebody")
        row.email = supporter.email if supporter else "somebody@example.org"
        row.instructions = instructions
        db().add(row)
    return tie_id


def give_consent(
    store: Store,
    patient: Made,
    recipient: Made | Discipline,
    scope: Mapping[Category, Level],
    *,
    state: ConsentState = ConsentState.ACTIVE,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    entries_from: date | None = None,
) -> uuid.UUID:
    """Store a consent of the patient for one person, or for a discipline of the team; by default active and open."""
    moment = clock.now()
    starts_at = starts_at or moment - timedelta(days=1)
    consent_id = new_id()
    is_person = isinstance(recipient, Made)
    text = f"Consent of {patient.name} for {recipient.name}."
    with store.work(writes=True):
        row = Consent(
            id=consent_id,
            practice_id=patient.practice_id,
            patient_id=patient.id,
            recipient_kind=RecipientKind.PERSON if is_person else RecipientKind.TEAM,
            recipient_id=recipient.id if isinstance(recipient, Made) else None,
            discipline=None if isinstance(recipient, Made) else recipient,
            state=state,
            starts_at=starts_at,
            ends_at=ends_at,
            entries_from=entries_from,
            language="en",
            form_version="test",
            form_digest=digest(text),
            discloser="The practice",
            purpose="support",
            signed_at=starts_at,
            signed_session_id=None,
            paused_at=moment if state is ConsentState.PAUSED else None,
            revoked_at=moment if state is ConsentState.REVOKED else None,
            grants=[ConsentCategory(category=category, level=level) for category, level in scope.items()],
        )
        row.form_text, row.patient_name, row.signature = text, patient.name, patient.name
        row.recipient_name = recipient.name if isinstance(recipient, Made) else str(recipient)
        seals.seal(row)
        db().add(row)
        db().flush()
        db().add(
            ConsentEvent(
                id=new_id(),
                consent_id=consent_id,
                patient_id=patient.id,
                happened_at=starts_at,
                event="given",
                actor_id=patient.id,
            )
        )
    return consent_id


def make_check_in(
    store: Store,
    patient: Made,
    *,
    at: datetime | None = None,
    mood: int | None = 3,
    craving: int | None = None,
    use: bool | None = None,
    note: str = "",
    note_about_use: bool = False,
    private: bool = False,
    removed: bool = False,
    zone: str | None = None,
) -> uuid.UUID:
    """Store a check-in of the patient; by default of this moment and their zone, with a mood in the middle."""
    occurred = clock.moment(at or clock.now(), zone or patient.zone)
    recorded = clock.now()
    check_in_id, version_id = new_id(), new_id()
    with store.work(writes=True):
        chart = db().get_one(Patient, patient.id)
        chart.entry_seq += 1
        db().add(
            CheckIn(
                id=check_in_id,
                practice_id=patient.practice_id,
                patient_id=patient.id,
                occurred_at=occurred.occurred_at,
                local_date=occurred.local_date,
                day=occurred.day,
                utc_offset=occurred.utc_offset,
                zone=occurred.zone,
                recorded_at=recorded,
                recorded_seq=chart.entry_seq,
                device_seq=None,
                source=Source.FORM,
                newest_version=1,
                private=private,
                removed_at=recorded if removed else None,
            )
        )
        db().flush()
        version = CheckInVersion(
            id=version_id,
            check_in_id=check_in_id,
            patient_id=patient.id,
            version=1,
            replaces_id=None,
            recorded_at=recorded,
            recorded_seq=chart.entry_seq,
            source=Source.FORM,
            fingerprint=version_id.bytes,
            hard_at=hard_at(mood, craving, occurred.occurred_at),
            mood=mood,
            craving=craving,
            use=use,
            note_about_use=note_about_use,
        )
        version.note = note
        db().add(version)
    return check_in_id


def sign_in(client: Client, person: Made) -> Page:
    """Give a browser a session that has just begun; return the page that opens then.

    For tests about something else: it takes a tenth of the time that the forms take. `sign_in_by_form` is the real way.
    """
    config = client.application.extensions["tandem"].config
    with client.application.extensions["tandem"].store.work(writes=True):
        row = db().get_one(Person, person.id)
        token = sessions.begin_session(row, "Firefox, Linux", Stage.FULL)
        device = sessions.remember_device(person.id, None)
    host = urlsplit(client.origin).hostname or "localhost"
    client.set_cookie(sessions.session_cookie_name(config), token, domain=host, secure=config.secure_cookies)
    client.set_cookie(sessions.device_cookie_name(config), device, domain=host, secure=config.secure_cookies)
    return _opened(client, person, client.get("/"))


def sign_in_by_form(client: Client, person: Made) -> Page:
    """Sign in as a browser would, second factor included; return the page that opens then.

    A code counts once: to sign in the same member of staff twice, move the time by 30 seconds in between.
    """
    form = client.get("/sign-in").form(action="/sign-in")
    password_field = form.name_of(type="password")
    assert password_field, f"the form to sign in has no password: {form.names}"
    name_field = next(name for name in form.names if form.controls[name].get("type") in {"text", "email"})
    page = client.submit(form, **{name_field: person.sign_in_name, password_field: person.password})
    assert page.status_code == 303, f"{person.sign_in_name} could not sign in: {page.main_words}"
    page = client.follow(page)
    if person.totp_secret:
        form = next(found for found in page.forms if _code_field(found))
        page = client.submit(form, **{_code_field(form): person.code})
        assert page.status_code == 303, f"the code of {person.sign_in_name} was refused: {page.main_words}"
        page = client.follow(page)
    return _opened(client, person, page)


def _opened(client: Client, person: Made, page: Page) -> Page:
    while page.status_code == 303:
        page = client.follow(page)
    assert page.status_code == 200, f"{person.sign_in_name} signed in and was answered {page.status_code}"
    return page


def _code_field(form: FormOnPage) -> str:
    return form.name_of(autocomplete="one-time-code") or ("code" if "code" in form.names else "")
