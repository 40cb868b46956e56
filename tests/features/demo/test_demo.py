"""The demonstration practice: who is in it, what they share and wrote, and that it is kept like anything real."""

from __future__ import annotations

import base64
import hashlib
import re
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pyotp
import pytest
from flask import Flask
from sqlalchemy import func, select

from patient_app import set_up
from patient_app.accounts.models import (
    InstallationKind,
    MailMessage,
    OneTimeLink,
    Patient,
    Person,
    PersonState,
    SupportLink,
    SupportState,
    TeamMembership,
)
from patient_app.accounts.passwords import verify_password
from patient_app.accounts.registry import sign_in_index
from patient_app.checkins.models import CheckIn, CheckInVersion, Source
from patient_app.consent.categories import Category, Level
from patient_app.consent.decisions import Reader, grants_of
from patient_app.core import clock
from patient_app.core.identity import Stage, Viewer
from patient_app.core.roles import Discipline, Role
from patient_app.core.work import Store, db
from patient_app.demo import effects, guide, service, story
from patient_app.demo import password as demo_password
from patient_app.demo.people import ACCOUNTS, BY_SHORT_NAME, NUMBERS, PATIENTS, STAFF, SUPPORT
from patient_app.demo.told import LIVES
from patient_app.effects.models import Concern, ResponseNote, SideEffect
from patient_app.medications import regimen
from patient_app.medications.models import Dose, DoseState, DoseVersion, MedicineVersion
from patient_app.medications.models import Source as DoseSource
from patient_app.reading import concerns
from patient_app.reading.concerns import Raised
from patient_app.refills import service as refills
from patient_app.safety.models import PlanStep
from tests import factories
from tests.page import Client

PASSWORD = "plain words for tests"
ZONE = ZoneInfo("America/Los_Angeles")
# DESIGN: who there is. Written a second time, so that a change is noticed.
EXPECTED = {
    "patient": (Role.PATIENT, None),
    "patient2": (Role.PATIENT, None),
    "patient3": (Role.PATIENT, None),
    "patient4": (Role.PATIENT, None),
    "supporter": (Role.SUPPORTER, None),
    "supporter2": (Role.SUPPORTER, None),
    "prescriber": (Role.CLINICIAN, Discipline.PRESCRIBER),
    "therapist": (Role.CLINICIAN, Discipline.THERAPIST),
    "addiction": (Role.CLINICIAN, Discipline.ADDICTION_SPECIALIST),
    "peer": (Role.CLINICIAN, Discipline.PEER_SPECIALIST),
    "unassigned": (Role.CLINICIAN, Discipline.THERAPIST),
    "admin": (Role.ADMINISTRATOR, None),
}
MOOD, USE, NOTES = Category.MOOD, Category.SUBSTANCE_USE, Category.NOTES
MEDICINES = Category.MEDICATIONS
EACH, WEEKS = Level.DETAIL, Level.SUMMARY


@pytest.fixture
def filled(app: Flask, store: Store) -> Store:
    with app.app_context():
        service.fill(store, PASSWORD, lambda _steps: None)
    return store


def person(short: str) -> Person:
    return db().scalars(select(Person).where(Person.sign_in_index == sign_in_index(f"{short}@demo.example"))).one()


# ------------------------------------------------------------------------------------------------------------ people
def test_everybody_is_there_and_can_sign_in(filled: Store) -> None:
    assert set_up.kind_of(filled) is InstallationKind.DEMONSTRATION
    with filled.work(writes=False):
        assert db().scalar(select(func.count()).select_from(Person)) == len(EXPECTED)
        for short, (role, discipline) in EXPECTED.items():
            found = person(short)
            assert (found.role, found.discipline, found.state) == (role, discipline, PersonState.ACTIVE), short
            assert found.name == BY_SHORT_NAME[short].name
            assert verify_password(found.password_hash, PASSWORD)
            assert (found.totp_confirmed_at is not None) == role.is_staff
        assert person("patient3").language == "es"


def test_the_second_factor_of_staff_is_fixed(filled: Store) -> None:
    for short in (account.short for account in STAFF):
        digest = hashlib.sha1(f"{short}@demo.example".encode(), usedforsecurity=False).digest()
        secret = base64.b32encode(digest).decode()
        with filled.work(writes=False):
            assert person(short).totp_secret == secret
        code = guide.code_of(short)
        assert code is not None
        assert pyotp.TOTP(secret).verify(code.digits, for_time=clock.now(), valid_window=1)
        assert 1 <= code.seconds_left <= 30


def test_teams_are_those_of_the_plan_and_every_name_was_shown(filled: Store) -> None:
    with filled.work(writes=False):
        rows = db().execute(select(TeamMembership.patient_id, TeamMembership.clinician_id, TeamMembership.shown_at))
        teams: dict[str, set[str]] = {}
        ids = {person(short).id: short for short in EXPECTED}
        for patient_id, clinician_id, shown_at in rows:
            assert shown_at is not None
            teams.setdefault(ids[patient_id], set()).add(ids[clinician_id])
    everybody = {"prescriber", "therapist", "addiction"}
    assert teams == {
        "patient": everybody | {"peer"},
        "patient2": everybody | {"peer"},
        "patient3": everybody | {"peer"},
        "patient4": everybody,
    }


def test_two_people_of_one_name_are_told_apart_by_their_charts(filled: Store) -> None:
    with filled.work(writes=False):
        second, fourth = person("patient2"), person("patient4")
        assert second.name == fourth.name
        charts = [db().get_one(Patient, found.id) for found in (second, fourth)]
        assert len({chart.chart_number for chart in charts}) == 2
        assert len({chart.date_of_birth for chart in charts}) == 2
        assert all(chart.address and chart.emergency_contact for chart in charts)


def test_everybody_is_an_adult_and_every_number_is_nobodys() -> None:
    for account in PATIENTS:
        assert account.chart is not None
        assert account.chart.born <= date(2008, 1, 1)
        assert re.search(r"-555-01\d\d$", account.chart.emergency_contact)
    assert all(re.fullmatch(r"\d{3}-555-01\d\d", phone) for _, phone, _ in NUMBERS)


def test_nobody_gets_mail_and_no_link_is_open(filled: Store) -> None:
    with filled.work(writes=False):
        assert db().scalar(select(func.count()).select_from(MailMessage)) == 0
        assert db().scalar(select(func.count()).select_from(OneTimeLink)) == 0


# ---------------------------------------------------------------------------------------------------------- consents
# Reader, patient, and what the reader may see of them.
OPENED: tuple[tuple[str, str, dict[Category, Level]], ...] = (
    (
        "prescriber",
        "patient",
        {MOOD: EACH, USE: EACH, MEDICINES: EACH, NOTES: EACH, Category.PLAN: EACH, Category.SKILLS: EACH},
    ),  # prescriber reads all of the first
    (
        "therapist",
        "patient",
        {
            MOOD: EACH,
            MEDICINES: EACH,
            NOTES: EACH,
            Category.PLAN: EACH,
            Category.SKILLS: EACH,
            Category.SAFETY_PLAN: EACH,
        },
    ),  # therapist: no substance use of the first
    ("addiction", "patient", {MOOD: EACH, USE: EACH, MEDICINES: EACH}),  # addiction specialist: no notes of the first
    ("peer", "patient", {}),  # peer on the team: nothing
    ("unassigned", "patient", {}),  # a therapist outside the team: nothing
    ("supporter", "patient", {MOOD: EACH}),  # supporter: mood
    ("prescriber", "patient2", {MOOD: EACH, USE: EACH, MEDICINES: EACH}),  # prescriber of the second
    ("therapist", "patient2", {MOOD: EACH, USE: WEEKS, NOTES: EACH}),  # therapist of the second
    ("addiction", "patient2", {USE: EACH}),  # addiction specialist of the second
    ("peer", "patient2", {}),  # peer: ended by the second
    ("prescriber", "patient3", {MOOD: WEEKS, USE: EACH, MEDICINES: EACH}),  # prescriber of the third
    ("therapist", "patient3", {MOOD: EACH, NOTES: EACH}),  # therapist of the third
    ("addiction", "patient3", {MOOD: EACH, USE: EACH, MEDICINES: EACH, NOTES: EACH}),  # addiction: third
    ("peer", "patient3", {}),  # peer: paused by the third
    ("supporter2", "patient3", {}),  # supporter of the third: instructions only
    ("prescriber", "patient4", {}),  # the fourth shares nothing with the prescriber
    ("therapist", "patient4", {}),  # nor with the therapist
    ("addiction", "patient4", {}),  # nor with the addiction specialist
    ("admin", "patient", {}),  # the administrator reads nothing
)


def test_consents_differ_as_told(filled: Store) -> None:
    for reader, patient, opened in OPENED:
        with filled.work(writes=False):
            who, whom = person(reader), person(patient)
            asking = Reader(
                id=who.id,
                practice_id=who.practice_id,
                role=Role(who.role),
                discipline=Discipline(who.discipline) if who.discipline else None,
            )
            grants = grants_of(asking, [whom.id]).get(whom.id)
        found = {} if grants is None else {category: grants.level(category) for category in grants.categories}
        assert found == opened, (reader, patient)


def test_supporters_are_confirmed_and_have_their_instructions(filled: Store) -> None:
    with filled.work(writes=False):
        ties = db().scalars(select(SupportLink)).all()
        assert [tie.state for tie in ties] == [SupportState.CONFIRMED] * 2
        assert {tie.instructions for tie in ties} == {support.instructions for support in SUPPORT}


# ----------------------------------------------------------------------------------------------------------- entries
def test_what_was_written_has_versions_and_stands_in_the_past(filled: Store) -> None:
    with filled.work(writes=False):
        entries = db().scalars(select(CheckIn)).all()
        assert {entry.source for entry in entries} == {Source.DEMONSTRATION}
        assert max(entry.occurred_at for entry in entries) < clock.now()
        assert all(entry.recorded_at - entry.occurred_at <= timedelta(minutes=1) for entry in entries)
        versions = db().scalar(select(func.count()).select_from(CheckInVersion)) or 0
        assert versions == sum(entry.newest_version for entry in entries)
        assert versions > len(entries)  # Some were corrected, and what they said before is kept.
        for account in PATIENTS:
            patient = person(account.short)
            own = [entry for entry in entries if entry.patient_id == patient.id]
            assert len(own) >= 40, account.short
            assert max(entry.day for entry in own) - min(entry.day for entry in own) >= timedelta(days=80)
            steps = db().scalars(select(PlanStep).where(PlanStep.patient_id == patient.id)).all()
            assert bool(steps) == (account.short == "patient")
            assert all(step.recorded_at < clock.now() for step in steps)
            # The numbers go on from entry to entry, whatever kind it is.
            numbers = [entry.recorded_seq for entry in own] + [step.recorded_seq for step in steps]
            assert len(set(numbers)) == len(numbers)
            medicines = db().scalars(select(MedicineVersion).where(MedicineVersion.patient_id == patient.id)).all()
            assert medicines
            assert not {one.recorded_seq for one in medicines} & set(numbers)
            assert all(one.recorded_at < clock.now() for one in medicines)
            assert db().get_one(Patient, patient.id).entry_seq >= max(one.recorded_seq for one in medicines)


def test_doses_side_effects_and_weeks_are_logged_and_fit_what_was_told(filled: Store) -> None:
    today = clock.now().astimezone(ZONE).date()
    with filled.work(writes=False):
        states: dict[str, Counter[DoseState]] = {}
        about_use = []
        for account in PATIENTS:
            patient = person(account.short)
            rows = db().execute(
                select(Dose, DoseVersion)
                .join(DoseVersion, DoseVersion.dose_id == Dose.id)
                .where(Dose.patient_id == patient.id)
            )
            for dose, version in rows:
                assert (dose.source, version.source) == (DoseSource.DEMONSTRATION,) * 2
                assert version.recorded_at < clock.now()
                assert dose.plan_date < today
                states.setdefault(account.short, Counter())[version.state] += 1
                about_use += [(account.short, (today - dose.plan_date).days)] if version.reason_about_use else []
        assert all(found[DoseState.TAKEN] > 100 for found in states.values())
        assert all(1 <= found[DoseState.SKIPPED] <= 25 for found in states.values())
        assert about_use == [("patient3", 67)]  # "Consumí ayer."
        assert db().scalar(select(func.count()).select_from(SideEffect)) == 2
        # Strong shaking with lithium may mean that there is too much of it: the prescriber finds it first in the list.
        assert db().scalar(select(func.count()).select_from(Concern)) == 1
        notes = set(db().scalars(select(ResponseNote.patient_id)))
        assert len(notes) == len(PATIENTS)
        # Every entry of a patient has a number of its own, but doses that were logged together.
        for account in PATIENTS:
            patient_id = person(account.short).id
            tables = (CheckIn, MedicineVersion, SideEffect, ResponseNote)
            numbers = [
                number
                for table in tables
                for number in db().scalars(select(table.recorded_seq).where(table.patient_id == patient_id))
            ]
            logged = set(db().scalars(select(Dose.recorded_seq).where(Dose.patient_id == patient_id)))
            assert len(set(numbers)) == len(numbers)
            assert not logged & set(numbers)
            assert db().get_one(Patient, patient_id).entry_seq >= max([*numbers, *logged])


def test_what_was_told_of_medicines_fits_the_regimen(filled: Store) -> None:
    today = clock.now().astimezone(ZONE).date()
    changed: dict[tuple[str, str], list[int]] = {}
    with filled.work(writes=False):
        for account in PATIENTS:
            for medicine in regimen.own_medicines(_viewer_of(person(account.short))):
                days = [(today - version.day).days for version in medicine.versions]
                changed[account.short, medicine.catalogue or ""] = days
    assert changed["patient", "sertraline"] == [76, 54]  # "Started the new tablets." "The dose went up today."
    assert changed["patient2", "lithium"] == [85, 51]  # "The lithium changed."
    assert changed["patient3", "buprenorphine"] == [30]  # "Primera inyección."
    assert changed["patient3", "buprenorphine_naloxone"] == [88, 30]


def test_something_ran_out_and_the_prescriber_finds_it_in_the_list(filled: Store) -> None:
    with filled.work(writes=True):
        patient = _viewer_of(person("patient3"))
        today = clock.now().astimezone(ZONE).date()
        found = refills.low(patient, today, regimen.own_medicines(patient))
        assert [(one.name, one.days) for one in found] == [("prazosin", None)]
        prescriber = replace(_viewer_of(person("prescriber")), discipline=Discipline.PRESCRIBER)
        waiting = {one.person.id: one.what for one in concerns.waiting(prescriber)}
    assert waiting[patient.id] == {Raised.RAN_OUT}


def _viewer_of(found: Person) -> Viewer:
    return Viewer(
        id=found.id,
        practice_id=found.practice_id,
        role=Role(found.role),
        discipline=None,
        name="",
        language="en",
        zone=found.zone,
        day_start_minutes=found.day_start_minutes,
        session_id=uuid.UUID(int=0),
        stage=Stage.FULL,
        confirmed_at=clock.now(),
    )


@pytest.mark.sqlite
def test_no_word_of_anybody_is_readable_in_the_files(filled: Store) -> None:
    filled.close()
    raw = b"".join(file.read_bytes() for file in filled.config.instance.iterdir() if file.is_file())
    secrets = [told.note for life in LIVES.values() for told in life.told]
    secrets += [note for life in LIVES.values() for note in life.small_notes if len(note) > 6]
    secrets += [said.note for _, said, _ in effects.NOTICED.values()]
    secrets += [answers.words for weeks in effects.WEEKS.values() for _, answers in weeks if answers.words]
    secrets += [word for account in ACCOUNTS for word in (account.name, account.email)]
    secrets += [account.chart.number for account in PATIENTS if account.chart]
    secrets += [support.instructions[:40] for support in SUPPORT] + [PASSWORD]
    assert [secret for secret in secrets if secret.encode() in raw] == []


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(datetime(2026, 11, 24, 0, 20, tzinfo=ZONE), id="after midnight"),
        pytest.param(datetime(2026, 3, 8, 2, 59, tzinfo=UTC), id="night of the change to summer"),
        pytest.param(datetime(2028, 3, 1, 23, 59, tzinfo=ZONE), id="leap year"),
    ],
)
def test_filling_works_at_any_hour(
    app: Flask, store: Store, moment: datetime, set_time: Callable[[datetime | str], None]
) -> None:
    set_time(moment)
    steps: list[int] = []
    with app.app_context():
        service.fill(store, PASSWORD, steps.append)
    assert sum(steps) == service.size()
    with store.work(writes=False):
        assert (db().scalar(select(func.max(CheckIn.occurred_at))) or moment) < moment


def test_the_story_is_the_same_every_time() -> None:
    for email in LIVES:
        assert story.entries(email, date(2026, 11, 23), ZONE) == story.entries(email, date(2026, 11, 23), ZONE)


def test_the_words_are_fair_to_the_people_who_write_them() -> None:
    unfair = re.compile(r"\b(clean|dirty|abuse\w*|addict|junkie|relapse\w*|failed|sober)\b", re.IGNORECASE)
    notes = [told.note for life in LIVES.values() for told in life.told]
    notes += [note for life in LIVES.values() for note in life.small_notes]
    assert [note for note in notes if unfair.search(note)] == []
    assert len(set(notes)) == len(notes)


# ------------------------------------------------------------------------------------------------- only where it may
def test_it_goes_into_an_empty_database_only(app: Flask, store: Store) -> None:
    practice = factories.make_practice(store)
    with app.app_context(), pytest.raises(service.NotEmpty):
        service.fill(store, PASSWORD, lambda _steps: None)
    with store.work(writes=False):
        assert db().scalar(select(func.count()).select_from(Person)) == 0
    assert practice.name == "Harbour Practice"


def test_a_filling_that_stops_half_way_leaves_nothing(app: Flask, store: Store) -> None:
    class Stopped(Exception):
        pass

    def stop(_steps: int) -> None:
        stop.left -= 1  # type: ignore[attr-defined]
        if not stop.left:  # type: ignore[attr-defined]
            raise Stopped

    stop.left = 100  # type: ignore[attr-defined]
    with app.app_context(), pytest.raises(Stopped):
        service.fill(store, PASSWORD, stop)
    assert set_up.kind_of(store) is None
    with app.app_context():
        service.fill(store, PASSWORD, lambda _steps: None)
    assert set_up.kind_of(store) is InstallationKind.DEMONSTRATION


# ---------------------------------------------------------------------------------------------------------- password
def test_the_password_is_made_once_and_follows_the_setting(filled: Store) -> None:
    first = demo_password.settle(filled)
    assert re.fullmatch(r"[a-z2-9]{5}(-[a-z2-9]{5}){2}", first)
    assert demo_password.settle(filled) == first
    filled.config = replace(filled.config, demo_password="another one for tests")
    assert demo_password.settle(filled) == "another one for tests"
    with filled.work(writes=False):
        assert all(verify_password(person(short).password_hash, "another one for tests") for short in EXPECTED)


def test_a_therapist_sees_the_story_without_what_was_not_shared(filled: Store, app: Flask) -> None:
    """The loop on the demonstration's own people: notes are shared with the therapist, alcohol is not."""
    client = Client(app)
    form = client.get("/sign-in").form(action="/sign-in")
    client.submit(form, sign_in_name="therapist@demo.example", password=PASSWORD)
    code = guide.code_of("therapist")
    assert code is not None
    client.submit(client.get("/sign-in/code").form(field="code"), code=code.digits)
    team = client.get("/team")
    assert team.words.count("Jordan Lee") >= 2
    with filled.work(writes=False):
        patient_id = person("patient").id
    page = client.get(f"/team/{patient_id}")
    assert "Quiet day. The dog and I did the long loop." in page.words
    assert "Friends are going out this weekend" not in page.words
    assert "We argued about money" not in client.get(f"/team/{patient_id}?days=90").words
