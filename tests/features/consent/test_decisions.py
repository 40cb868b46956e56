"""Who may read what: every combination against a model written by hand, and random worlds of several consents."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patient_app.accounts.models import Person, PersonState, Practice, SupportLink, SupportState, TeamMembership
from patient_app.consent import seals
from patient_app.consent.categories import Category, Level
from patient_app.consent.decisions import Grants, Reader, grants_of
from patient_app.consent.models import Consent, ConsentCategory, ConsentState, RecipientKind
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline, Role
from patient_app.core.work import Store, db

NOW = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)

# Name: (start, end) of a consent, and whether the moment of reading lies in it.
WINDOWS = {
    "open end": (-24 * HOUR, None, True),
    "in it": (-24 * HOUR, HOUR, True),
    "begins this moment": (timedelta(), None, True),
    "not begun": (timedelta(seconds=1), None, False),
    "over": (-48 * HOUR, -HOUR, False),
    "ends this moment": (-48 * HOUR, timedelta(), False),
}
# Name: (noticed, shown, ended) or None, whether the reader is on the team, whether the patient knows the name. All were
# assigned a hundred hours ago.
MEMBERSHIPS: dict[str, tuple[tuple[timedelta | None, bool, bool] | None, bool, bool]] = {
    "never": (None, False, True),
    "shown": ((None, True, False), True, True),
    "nobody was told": ((None, False, False), True, False),
    "told of": ((-HOUR, False, False), True, False),
    "told of almost 72 hours ago": ((-72 * HOUR + timedelta(seconds=1), False, False), True, False),
    "told of 72 hours ago": ((-72 * HOUR, False, False), True, True),
    "ended": ((-100 * HOUR, True, True), False, True),
}
TIES: dict[SupportState | None, bool] = {None: False} | {
    state: state is SupportState.CONFIRMED for state in SupportState
}


@dataclass
class AConsent:
    """A consent as the model sees it."""

    id: uuid.UUID
    patient: uuid.UUID
    practice: uuid.UUID
    to_person: uuid.UUID | None
    to_discipline: Discipline | None
    active: bool
    starts: datetime
    ends: datetime | None
    scope: dict[Category, Level]


@dataclass
class AMembership:
    """A membership as the model sees it."""

    patient: uuid.UUID
    clinician: uuid.UUID
    noticed: datetime | None
    shown: bool
    ended: bool


@dataclass
class Model:
    """The rules again, written by hand and without a database."""

    consents: list[AConsent] = field(default_factory=list)
    memberships: list[AMembership] = field(default_factory=list)
    confirmed: set[tuple[uuid.UUID, uuid.UUID]] = field(default_factory=set)

    def opens(self, consent: AConsent, reader: Reader) -> bool:
        """Whether this consent opens anything to this reader now."""
        if not consent.active or consent.practice != reader.practice_id:
            return False
        if consent.starts > NOW or (consent.ends is not None and consent.ends <= NOW):
            return False
        if reader.role is Role.SUPPORTER:
            return consent.to_person == reader.id and (consent.patient, reader.id) in self.confirmed
        if reader.role is not Role.CLINICIAN:
            return False
        on_team = [one for one in self.memberships if (one.patient, one.clinician) == (consent.patient, reader.id)]
        on_team = [one for one in on_team if not one.ended]
        if consent.to_person is not None:
            return consent.to_person == reader.id and bool(on_team)
        if consent.to_discipline != reader.discipline:
            return False
        told = (one.noticed is not None and NOW - one.noticed >= timedelta(hours=72) for one in on_team)
        return any(told) or any(one.shown for one in on_team)

    def grants(self, reader: Reader, patient: uuid.UUID) -> set[tuple[uuid.UUID, Category, Level]]:
        """Return what is open to a reader of a patient."""
        return {
            (consent.id, category, level)
            for consent in self.consents
            if consent.patient == patient and self.opens(consent, reader)
            for category, level in consent.scope.items()
        }


class World:
    """Adds bare rows, to the databases and to the model alike; names and keys are not needed to decide."""

    def __init__(self) -> None:
        self.model = Model()
        self.practice, self.other_practice = new_id(), new_id()
        for practice_id in (self.practice, self.other_practice):
            db().add(Practice(id=practice_id, name="Practice", zone="UTC", created_at=NOW))
        db().flush()
        self.administrator = self.person(Role.ADMINISTRATOR)
        db().flush()

    def person(self, role: Role, discipline: Discipline | None = None) -> uuid.UUID:
        """Add a person."""
        person_id = new_id()
        db().add(
            Person(
                id=person_id,
                practice_id=self.practice,
                role=role,
                discipline=discipline,
                state=PersonState.ACTIVE,
                created_at=NOW,
            )
        )
        return person_id

    def consent(
        self,
        patient: uuid.UUID,
        to: uuid.UUID | Discipline,
        scope: dict[Category, Level],
        *,
        state: ConsentState = ConsentState.ACTIVE,
        window: str = "open end",
    ) -> AConsent:
        """Add a consent."""
        start, end, _ = WINDOWS[window]
        person, discipline = (None, to) if isinstance(to, Discipline) else (to, None)
        made = AConsent(
            id=new_id(),
            patient=patient,
            practice=self.practice,
            to_person=person,
            to_discipline=discipline,
            active=state is ConsentState.ACTIVE,
            starts=NOW + start,
            ends=None if end is None else NOW + end,
            scope=scope,
        )
        self.model.consents.append(made)
        row = Consent(
            id=made.id,
            practice_id=self.practice,
            patient_id=patient,
            recipient_kind=RecipientKind.TEAM if discipline else RecipientKind.PERSON,
            recipient_id=person,
            discipline=discipline,
            state=state,
            starts_at=made.starts,
            ends_at=made.ends,
            entries_from=None,
            language="en",
            form_version="test",
            form_digest=b"",
            discloser="Practice",
            purpose="test",
            signed_at=made.starts,
            signed_session_id=None,
            grants=[ConsentCategory(category=category, level=level) for category, level in scope.items()],
        )
        seals.seal(row)
        db().add(row)
        return made

    def membership(self, patient: uuid.UUID, clinician: uuid.UUID, kind: str) -> None:
        """Put a clinician on a team."""
        given, _, _ = MEMBERSHIPS[kind]
        if given is None:
            return
        told, shown, ended = given
        noticed = None if told is None else NOW + told
        self.model.memberships.append(AMembership(patient, clinician, noticed, shown, ended))
        db().add(
            TeamMembership(
                id=new_id(),
                practice_id=self.practice,
                patient_id=patient,
                clinician_id=clinician,
                assigned_by=self.administrator,
                assigned_at=NOW - 100 * HOUR,
                noticed_at=noticed,
                shown_at=NOW - HOUR if shown else None,
                ended_at=NOW if ended else None,
            )
        )

    def tie(self, patient: uuid.UUID, supporter: uuid.UUID, state: SupportState | None) -> None:
        """Tie a supporter to a patient."""
        if state is None:
            return
        if state is SupportState.CONFIRMED:
            self.model.confirmed.add((patient, supporter))
        db().add(
            SupportLink(
                id=new_id(),
                practice_id=self.practice,
                patient_id=patient,
                supporter_id=supporter,
                state=state,
                invited_at=NOW,
            )
        )

    def reader(self, person: uuid.UUID, role: Role, discipline: Discipline | None = None) -> Reader:
        """Return a person of this practice as a reader."""
        return Reader(person, self.practice, role, discipline)


def as_set(grants: Grants | None) -> set[tuple[uuid.UUID, Category, Level]]:
    return {(grant.consent_id, grant.category, grant.level) for grant in grants.items} if grants else set()


@pytest.fixture
def world(store: Store, time_machine: object) -> Iterator[World]:
    """Give an empty world in a unit of work that is never committed."""
    time_machine.move_to(NOW, tick=False)  # type: ignore[attr-defined]  # The fixture of time-machine.
    with store.work(writes=True) as unit:
        yield World()
        unit.abandon()


def test_every_combination(world: World) -> None:
    scope = {Category.MOOD: Level.DETAIL, Category.SUBSTANCE_USE: Level.SUMMARY}
    doctor = world.person(Role.CLINICIAN, Discipline.PRESCRIBER)
    therapist = world.person(Role.CLINICIAN, Discipline.THERAPIST)
    supporter = world.person(Role.SUPPORTER)
    bystander = world.person(Role.SUPPORTER)
    db().flush()
    expected_open: dict[uuid.UUID, uuid.UUID | None] = {}
    patients = []
    for kind, state, window in product(("person", "team", "supporter"), ConsentState, WINDOWS):
        standings: list[object] = list(TIES) if kind == "supporter" else list(MEMBERSHIPS)
        for standing in standings:
            patient = world.person(Role.PATIENT)
            db().flush()
            patients.append(patient)
            if kind == "supporter":
                world.consent(patient, supporter, scope, state=state, window=window)
                world.tie(patient, supporter, standing)  # type: ignore[arg-type]  # A state or None.
                stands = TIES[standing]  # type: ignore[index]  # As above.
            else:
                world.consent(
                    patient, doctor if kind == "person" else Discipline.PRESCRIBER, scope, state=state, window=window
                )
                world.membership(patient, doctor, str(standing))
                _, on_team, known = MEMBERSHIPS[str(standing)]
                stands = on_team and (known or kind == "person")
            # Others stand as well as can be, so that only the consent keeps them out.
            world.membership(patient, therapist, "shown")
            world.tie(patient, bystander, SupportState.CONFIRMED)
            is_open = state is ConsentState.ACTIVE and WINDOWS[window][2] and stands
            expected_open[patient] = (supporter if kind == "supporter" else doctor) if is_open else None
    db().flush()
    assert len(patients) == 5 * 6 * (7 + 7 + 5)

    readers = [
        world.reader(doctor, Role.CLINICIAN, Discipline.PRESCRIBER),
        world.reader(therapist, Role.CLINICIAN, Discipline.THERAPIST),
        world.reader(supporter, Role.SUPPORTER),
        world.reader(bystander, Role.SUPPORTER),
        world.reader(world.administrator, Role.ADMINISTRATOR),
        # The right id with a wrong role, discipline or practice opens nothing either.
        world.reader(supporter, Role.ADMINISTRATOR),
        world.reader(doctor, Role.PATIENT),
        world.reader(patients[0], Role.PATIENT),
        replace(world.reader(doctor, Role.CLINICIAN, Discipline.PRESCRIBER), practice_id=world.other_practice),
        replace(world.reader(supporter, Role.SUPPORTER), practice_id=world.other_practice),
    ]
    for number, reader in enumerate(readers):
        found = grants_of(reader, patients)
        for patient in patients:
            seen = as_set(found.get(patient))
            assert seen == world.model.grants(reader, patient)
            may = expected_open[patient] == reader.id and number in {0, 2}
            assert {(category, level) for _, category, level in seen} == (set(scope.items()) if may else set())
    assert sum(owner is not None for owner in expected_open.values()) == 3 * (5 + 2 + 1)


def test_a_clinician_without_discipline_reads_only_what_names_them(world: World) -> None:
    patient, doctor = world.person(Role.PATIENT), world.person(Role.CLINICIAN)
    db().flush()
    world.membership(patient, doctor, "shown")
    named = world.consent(patient, doctor, {Category.MOOD: Level.DETAIL})
    world.consent(patient, Discipline.NURSE, {Category.NOTES: Level.DETAIL})
    db().flush()
    found = grants_of(world.reader(doctor, Role.CLINICIAN), [patient])
    assert as_set(found[patient]) == {(named.id, Category.MOOD, Level.DETAIL)}


def test_the_picture_of_a_discipline_is_not_the_picture_of_all_of_them(world: World) -> None:
    patient, other = world.person(Role.PATIENT), world.person(Role.PATIENT)
    db().flush()
    own = world.consent(patient, Discipline.PRESCRIBER, {Category.MOOD: Level.DETAIL})
    world.consent(patient, Discipline.THERAPIST, {Category.NOTES: Level.DETAIL})
    world.consent(other, Discipline.PRESCRIBER, {Category.NOTES: Level.DETAIL})
    db().flush()
    picture = Reader(None, world.practice, Role.CLINICIAN, Discipline.PRESCRIBER, preview_of=patient)
    found = grants_of(picture, [patient, other])
    assert as_set(found.get(patient)) == {(own.id, Category.MOOD, Level.DETAIL)}
    assert other not in found
    nobody = Reader(None, world.practice, Role.CLINICIAN, None, preview_of=patient)
    assert grants_of(nobody, [patient]) == {}


def test_nobody_is_asked_about(world: World) -> None:
    assert grants_of(world.reader(world.administrator, Role.CLINICIAN), []) == {}


# --- Random worlds ------------------------------------------------------------------------------------------------

scopes = st.dictionaries(st.sampled_from(list(Category)), st.sampled_from(list(Level)), min_size=1, max_size=4)
drawn_consents = st.lists(
    st.tuples(
        st.integers(0, 1),  # which patient
        st.sampled_from(["doctor", "therapist", "supporter", Discipline.PRESCRIBER, Discipline.THERAPIST]),
        scopes,
        st.sampled_from([ConsentState.ACTIVE, *ConsentState]),
        st.sampled_from(list(WINDOWS)),
    ),
    max_size=6,
)
drawn_memberships = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from(["doctor", "therapist"]), st.sampled_from(list(MEMBERSHIPS))),
    max_size=5,
)
drawn_ties = st.lists(st.tuples(st.integers(0, 1), st.sampled_from(list(TIES))), max_size=3)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(consents=drawn_consents, memberships=drawn_memberships, ties=drawn_ties)
def test_any_world_of_several_consents_is_decided_as_the_model_says(
    store: Store,
    time_machine: object,
    consents: list[tuple[int, str | Discipline, dict[Category, Level], ConsentState, str]],
    memberships: list[tuple[int, str, str]],
    ties: list[tuple[int, SupportState | None]],
) -> None:
    time_machine.move_to(NOW, tick=False)  # type: ignore[attr-defined]  # The fixture of time-machine.
    with store.work(writes=True) as unit:
        world = World()
        people = {
            "doctor": world.person(Role.CLINICIAN, Discipline.PRESCRIBER),
            "therapist": world.person(Role.CLINICIAN, Discipline.THERAPIST),
            "supporter": world.person(Role.SUPPORTER),
        }
        patients = [world.person(Role.PATIENT), world.person(Role.PATIENT)]
        db().flush()
        for number, to, scope, state, window in consents:
            target = to if isinstance(to, Discipline) else people[to]
            world.consent(patients[number], target, scope, state=state, window=window)
        for number, who, kind in memberships:
            world.membership(patients[number], people[who], kind)
        for number, tie in ties:
            world.tie(patients[number], people["supporter"], tie)
        db().flush()
        for reader in (
            world.reader(people["doctor"], Role.CLINICIAN, Discipline.PRESCRIBER),
            world.reader(people["therapist"], Role.CLINICIAN, Discipline.THERAPIST),
            world.reader(people["supporter"], Role.SUPPORTER),
        ):
            found = grants_of(reader, patients)
            for patient in patients:
                wanted = world.model.grants(reader, patient)
                grants = found.get(patient, Grants())
                assert as_set(grants) == wanted
                assert len(grants.items) == len(wanted)
                for category in Category:
                    levels = {level for _, one, level in wanted if one is category}
                    best = Level.DETAIL if Level.DETAIL in levels else Level.SUMMARY if levels else None
                    assert grants.level(category) is best
        unit.abandon()


def test_the_first_day_of_what_is_open_is_the_earliest_of_the_consents(world: World) -> None:
    patient, doctor = world.person(Role.PATIENT), world.person(Role.CLINICIAN, Discipline.PRESCRIBER)
    db().flush()
    world.membership(patient, doctor, "shown")
    made = world.consent(patient, doctor, {Category.MOOD: Level.DETAIL})
    db().flush()
    row = db().get_one(Consent, made.id)
    row.entries_from = date(2026, 5, 1)
    seals.seal(row)
    db().flush()
    [grant] = grants_of(world.reader(doctor, Role.CLINICIAN, Discipline.PRESCRIBER), [patient])[patient].items
    assert grant.entries_from == date(2026, 5, 1)
