"""Care teams: assigned by somebody else, with notice to the patient, in the patient's access records."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessKind
from patient_app.accounts import teams
from patient_app.accounts.models import PersonState, TeamMembership
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from tests.factories import (
    Made,
    MadePractice,
    make_administrator,
    make_clinician,
    make_patient,
    make_practice,
    make_supporter,
    sign_in_by_form,
)
from tests.features.accounts.letters import letters
from tests.features.accounts.test_invitations import run_at_once
from tests.page import Client


@pytest.fixture
def practice(store: Store, backend: str) -> MadePractice:
    assert backend in {"sqlite", "postgresql"}
    return make_practice(store)


@pytest.fixture
def admin(store: Store, practice: MadePractice) -> Made:
    return make_administrator(store, practice)


@pytest.fixture
def patient(store: Store, practice: MadePractice) -> Made:
    return make_patient(store, practice)


@pytest.fixture
def nurse(store: Store, practice: MadePractice) -> Made:
    return make_clinician(store, practice, Discipline.NURSE)


def assign(store: Store, by: Made, patient: Made, clinician: Made) -> TeamMembership:
    with store.work(writes=True):
        return teams.assign(by.viewer, patient.id, clinician.id)


def team(store: Store, patient: Made) -> list[teams.TeamMember]:
    with store.work(writes=False):
        return teams.team_of(patient.id)


def test_an_assigned_clinician_is_on_the_team_and_the_patient_has_notice(
    store: Store, admin: Made, patient: Made, nurse: Made
) -> None:
    membership = assign(store, admin, patient, nurse)
    assert assign(store, admin, patient, nurse).id == membership.id
    [member] = team(store, patient)
    assert (member.name, member.discipline, member.shown_at) == (nurse.name, Discipline.NURSE, None)
    with store.work(writes=False):
        assert teams.is_on_team(nurse.id, patient.id)
        assert [each.viewer_id for each in access_log.records_of(patient.id)] == [nurse.id]
        assert [each.kind for each in access_log.records_of(patient.id)] == [AccessKind.TEAM_JOINED]
    [letter] = letters(store, patient.email)
    for word in (nurse.name, patient.name, "team", "nurse"):
        assert word.casefold() not in f"{letter.subject} {letter.body}".casefold()
    assert access_log.verify(store).faults == []


def test_assigned_many_times_at_once_is_assigned_once(store: Store, admin: Made, patient: Made, nurse: Made) -> None:
    everybody_ready = threading.Barrier(8)

    def send(_number: int) -> None:
        everybody_ready.wait()
        assign(store, admin, patient, nurse)

    run_at_once(send, 8)
    with store.work(writes=False):
        assert db().scalar(select(func.count()).select_from(TeamMembership)) == 1


def test_nobody_assigns_themselves_not_even_past_the_service(
    store: Store, admin: Made, patient: Made, nurse: Made
) -> None:
    with store.work(writes=True), pytest.raises(teams.OneselfRefused):
        teams.assign(nurse.viewer, patient.id, nurse.id)
    with pytest.raises(IntegrityError), store.work(writes=True):
        db().add(
            TeamMembership(
                id=new_id(),
                practice_id=patient.practice_id,
                patient_id=patient.id,
                clinician_id=nurse.id,
                assigned_by=nurse.id,
                assigned_at=clock.now(),
            )
        )
    assert team(store, patient) == []


def test_who_can_be_assigned_to_whom(
    store: Store, practice: MadePractice, admin: Made, patient: Made, nurse: Made
) -> None:
    elsewhere = make_practice(store, "Elsewhere")
    supporter = make_supporter(store, practice)
    closed = make_clinician(store, practice, state=PersonState.CLOSED)
    second_admin = make_administrator(store, practice)
    denied = [
        (patient, make_clinician(store, elsewhere)),
        (make_patient(store, elsewhere), nurse),
        (patient, supporter),
        (patient, second_admin),
        (patient, make_patient(store, practice)),
        (patient, closed),
        (nurse, make_clinician(store, practice)),
        (supporter, nurse),
    ]
    for person, clinician in denied:
        with store.work(writes=True), pytest.raises(NotFound):
            teams.assign(admin.viewer, person.id, clinician.id)


def test_who_is_taken_off_is_off_at_once(store: Store, admin: Made, patient: Made, nurse: Made) -> None:
    membership = assign(store, admin, patient, nurse)
    for _ in range(2):
        with store.work(writes=True):
            teams.unassign(admin.viewer, patient.id, membership.id)
    assert team(store, patient) == []
    with store.work(writes=False):
        assert not teams.is_on_team(nurse.id, patient.id)
        assert [each.kind for each in access_log.records_of(patient.id)] == [
            AccessKind.TEAM_LEFT,
            AccessKind.TEAM_JOINED,
        ]
    assert assign(store, admin, patient, nurse).id != membership.id


def test_only_the_own_practice_takes_off_and_only_the_named_patient(
    store: Store, practice: MadePractice, admin: Made, patient: Made, nurse: Made
) -> None:
    membership = assign(store, admin, patient, nurse)
    stranger = make_administrator(store, make_practice(store, "Elsewhere"))
    other = make_patient(store, practice)
    for viewer, person in ((stranger.viewer, patient), (admin.viewer, other)):
        with store.work(writes=True), pytest.raises(NotFound):
            teams.unassign(viewer, person.id, membership.id)
    assert len(team(store, patient)) == 1


def test_a_name_is_new_until_the_patient_was_shown_it(
    store: Store, practice: MadePractice, admin: Made, patient: Made, nurse: Made
) -> None:
    membership = assign(store, admin, patient, nurse)
    other = make_patient(store, practice)
    with store.work(writes=False):
        assert [each.membership_id for each in teams.new_members_for(patient.id)] == [membership.id]
    for viewer in (other.viewer, nurse.viewer, admin.viewer):
        with store.work(writes=True), pytest.raises(NotFound):
            teams.mark_shown(viewer, membership.id)
    with store.work(writes=True):
        teams.mark_shown(patient.viewer, membership.id)
    shown_at = team(store, patient)[0].shown_at
    with store.work(writes=True):
        teams.mark_shown(patient.viewer, membership.id)
    assert team(store, patient)[0].shown_at == shown_at is not None
    with store.work(writes=False):
        assert teams.new_members_for(patient.id) == []
    assert timedelta(hours=72) == teams.READS_AFTER_NOTICE


def test_the_page_assigns_and_takes_off(store: Store, admin: Made, patient: Made, nurse: Made, client: Client) -> None:
    elsewhere = make_clinician(store, make_practice(store, "Elsewhere"))
    sign_in_by_form(client, admin)
    page = client.get(f"/practice/people/{patient.id}")
    assert patient.name not in page.title
    assert elsewhere.name not in page.words
    form = page.form(field="clinician_id")
    for bad in ("", str(elsewhere.id), str(admin.id), str(patient.id), "nonsense"):
        refused = client.submit(form, clinician_id=bad)
        assert refused.status_code == 422
        assert refused.errors.keys() == {"clinician_id"}
    page = client.follow(client.submit(form, clinician_id=str(nurse.id)))
    assert "The care team was changed" in page.words
    end = next(found for found in page.forms if found.action.endswith("/end"))
    page = client.follow(client.submit(end))
    assert "Nobody is on the care team yet" in page.words
    assert client.post(f"/practice/people/{patient.id}/team/{new_id()}/end").status_code == 404
