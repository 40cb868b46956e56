"""One dishonest administrator alone gets into no account of the staff: a second person, the owner's mail, and a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from flask import Flask

from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessKind
from patient_app.accounts import codes, people
from patient_app.accounts.models import Person, PersonState
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.roles import Role
from patient_app.core.work import Store, db
from tests.factories import (
    PASSWORD,
    Made,
    MadePractice,
    assign_team,
    make_administrator,
    make_clinician,
    make_patient,
    make_practice,
    sign_in_by_form,
)
from tests.features.accounts.letters import letters
from tests.page import Client

SetTime = Callable[[datetime | str], None]
BEGIN = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
NEW = "seven slow brown owls"


@pytest.fixture
def practice(store: Store, set_time: SetTime) -> MadePractice:
    set_time(BEGIN)
    return make_practice(store)


@pytest.fixture
def admin(store: Store, practice: MadePractice) -> Made:
    return make_administrator(store, practice)


@pytest.fixture
def prescriber(store: Store, practice: MadePractice, admin: Made) -> Made:
    return invited_by(store, admin, make_clinician(store, practice))


def invited_by(store: Store, inviter: Made, person: Made) -> Made:
    """Say who invited a person long ago."""
    with store.work(writes=True):
        db().get_one(Person, person.id).invited_by = inviter.id
    return person


def issue(store: Store, by: Made, person: Made) -> codes.Issued:
    with store.work(writes=True):
        issued = codes.issue(by.viewer, person.id, new_id())
    assert issued.text is not None
    return issued


def redeem(store: Store, issued: codes.Issued) -> bool:
    try:
        with store.work(writes=True):
            codes.redeem(issued.text or "", sign_in_name="", password=NEW)
    except codes.CodeUnusable:
        return False
    return True


def may_confirm(store: Store, person: Made, issued: codes.Issued) -> bool:
    try:
        with store.work(writes=True):
            codes.confirm(person.viewer, issued.id)
    except NotFound:
        return False
    return True


def come_in(store: Store, app: Flask, person: Made, issued: codes.Issued) -> Client:
    """Sign in with the new password and set up a second factor, as whoever holds the code does."""
    assert redeem(store, issued)
    client = Client(app)
    page = client.post("/sign-in", data={"sign_in_name": person.sign_in_name, "password": NEW})
    assert (page.location or "").startswith("/sign-in/set-up")
    secret = (client.get("/sign-in/set-up").one("code").text or "").replace(" ", "")
    assert client.post("/sign-in/set-up", data={"code": pyotp.TOTP(secret).at(clock.now())}).status_code == 303
    return client


# ---------------------------------------------------------------------------------------------- who is a second person
def test_an_administrator_cannot_confirm_with_an_account_of_their_own_making(
    store: Store, practice: MadePractice, admin: Made, prescriber: Made, client: Client, set_time: SetTime
) -> None:
    sign_in_by_form(client, admin)
    form = client.get("/practice/staff/new").form(field="email")
    assert client.submit(form, name="P", email="p@own.example", work="administrator").status_code == 303
    token = letters(store, "p@own.example")[-1].token
    joiner = Client(client.application)
    assert joiner.post(f"/join/{token}", data={"password": NEW}).status_code == 303
    with store.work(writes=False):
        puppet = next(each for each in people.staff_of(admin.viewer) if each.email == "p@own.example")
        row = db().get_one(Person, puppet.id)
    assert row.invited_by == admin.id
    for days in (0, 100):
        set_time(BEGIN + timedelta(days=days))
        issued = issue(store, admin, prescriber)
        with store.work(writes=True), pytest.raises(NotFound):
            codes.confirm(row, issued.id)
        assert not redeem(store, issued)
    with store.work(writes=True):
        other_way = codes.issue(row, prescriber.id, new_id())
    assert not may_confirm(store, admin, other_way)
    assert not redeem(store, other_way)


def test_an_account_younger_than_three_days_confirms_only_where_there_is_nobody_else(
    store: Store, practice: MadePractice, admin: Made, set_time: SetTime
) -> None:
    young, patient = make_clinician(store, practice), make_patient(store, practice)
    target = make_clinician(store, practice)
    for made, age in ((young, timedelta(hours=71)), (target, timedelta())):
        with store.work(writes=True):
            db().get_one(Person, made.id).created_at = BEGIN - age
    # Better than nobody, for a patient whose entries stay closed for a day; never for staff.
    assert issue(store, admin, patient).needs_second
    assert may_confirm(store, young, issue(store, admin, patient))
    assert not may_confirm(store, young, issue(store, admin, target))
    second = make_clinician(store, practice)
    assert may_confirm(store, second, issue(store, admin, patient))
    assert not may_confirm(store, young, issue(store, admin, patient))
    set_time(BEGIN + timedelta(hours=2))
    assert may_confirm(store, young, issue(store, admin, patient))
    assert may_confirm(store, young, issue(store, admin, target))


def test_closing_the_others_makes_no_code_work(
    store: Store, practice: MadePractice, admin: Made, set_time: SetTime
) -> None:
    patient, second = make_patient(store, practice), make_clinician(store, practice)
    with store.work(writes=True):
        people.close_account(admin.viewer, second.id)
    issued = issue(store, admin, patient)
    assert issued.needs_second
    assert not redeem(store, issued)
    assert not may_confirm(store, second, issued)
    set_time(BEGIN + timedelta(hours=73))
    assert redeem(store, issue(store, admin, patient))


def test_one_administrator_and_one_clinician_still_confirm_for_patients(
    store: Store, practice: MadePractice, admin: Made, prescriber: Made
) -> None:
    patient = make_patient(store, practice)
    issued = issue(store, admin, patient)
    assert issued.needs_second
    assert may_confirm(store, prescriber, issued)
    assert redeem(store, issued)


def test_who_came_in_by_a_code_confirms_and_makes_none(
    store: Store, app: Flask, practice: MadePractice, admin: Made
) -> None:
    taken, second, third = (make_administrator(store, practice) for _ in range(3))
    issued = issue(store, admin, taken)
    assert may_confirm(store, second, issued)
    client = come_in(store, app, taken, issued)
    next_code = issue(store, admin, third)
    assert not may_confirm(store, taken, next_code)
    assert client.get("/practice/codes").location == "/closed-for-now"
    assert client.get(f"/practice/people/{third.id}/code").location == "/closed-for-now"
    assert client.post(f"/practice/codes/{next_code.id}/confirm").location == "/closed-for-now"


# ---------------------------------------------------------------------------------------------------- the owner's mail
def test_where_nobody_else_can_the_owner_confirms_by_mail(
    store: Store, app: Flask, admin: Made, prescriber: Made
) -> None:
    admin_client = Client(app)
    sign_in_by_form(admin_client, admin)
    assert "confirm it with the link there" in admin_client.get(f"/practice/people/{prescriber.id}/code").words
    issued = issue(store, admin, prescriber)
    assert (issued.needs_second, issued.by_own_mail) == (True, True)
    assert not redeem(store, issued)
    letter = next(each for each in letters(store, prescriber.email) if "/confirm-code/" in each.body)
    owner = Client(app)
    for _ in range(3):
        assert owner.get(f"/confirm-code/{letter.token}").status_code == 200
    assert not redeem(store, issued)
    page = owner.get(f"/confirm-code/{letter.token}")
    assert "works now" in owner.submit(page.form(action=f"/confirm-code/{letter.token}")).words
    assert owner.post(f"/confirm-code/{letter.token}").status_code == 410
    assert redeem(store, issued)


def test_the_mail_of_an_earlier_code_confirms_no_later_one(
    store: Store, app: Flask, admin: Made, prescriber: Made
) -> None:
    issue(store, admin, prescriber)
    first = next(each for each in letters(store, prescriber.email) if "/confirm-code/" in each.body)
    second = issue(store, admin, prescriber)
    assert Client(app).post(f"/confirm-code/{first.token}").status_code == 410
    assert not redeem(store, second)


def test_with_an_independent_second_person_no_mail_asks(
    store: Store, practice: MadePractice, admin: Made, prescriber: Made
) -> None:
    second = make_administrator(store, practice)
    issued = issue(store, admin, prescriber)
    assert not issued.by_own_mail
    assert not [each for each in letters(store, prescriber.email) if "/confirm-code/" in each.body]
    assert may_confirm(store, second, issued)


# ----------------------------------------------------------------------------------------- what stays closed for a day
@pytest.fixture
def came_in(store: Store, app: Flask, practice: MadePractice, admin: Made, prescriber: Made) -> Client:
    """Come into the prescriber's account by a code that a second person agreed to."""
    patient = make_patient(store, practice, name="Ada Quill")
    assign_team(store, patient, prescriber, by=admin)
    issued = issue(store, admin, prescriber)
    assert may_confirm(store, make_administrator(store, practice), issued)
    return come_in(store, app, prescriber, issued)


def test_patients_stay_closed_to_a_clinician_who_came_in_by_a_code(
    app: Flask, store: Store, came_in: Client, prescriber: Made, set_time: SetTime
) -> None:
    answer = came_in.get("/team")
    assert answer.location == "/closed-for-now"
    page = came_in.follow(answer)
    assert page.status_code == 403
    assert "opens on" in page.main_words
    assert "Ada Quill" not in page.words
    set_time(BEGIN + timedelta(hours=24, seconds=1))
    late = Client(app)
    late.post("/sign-in", data={"sign_in_name": prescriber.sign_in_name, "password": NEW})
    with store.work(writes=False):
        secret = db().get_one(Person, prescriber.id).totp_secret
    late.post("/sign-in/code", data={"code": pyotp.TOTP(secret or "").at(clock.now())})
    assert "Ada Quill" in late.get("/team").words


def test_the_link_in_the_mail_opens_them(app: Flask, store: Store, came_in: Client, prescriber: Made) -> None:
    letter = next(each for each in letters(store, prescriber.email) if "/open-entries/" in each.body)
    assert "what others share with you stays" in " ".join(letter.body.split())
    assert Client(app).post(f"/open-entries/{letter.token}").status_code == 303
    assert "Ada Quill" in came_in.get("/team").words
    assert came_in.get("/closed-for-now").status_code == 303


def test_an_older_device_takes_it_back(
    app: Flask, store: Store, practice: MadePractice, admin: Made, prescriber: Made, set_time: SetTime
) -> None:
    before = Client(app)
    sign_in_by_form(before, prescriber)
    set_time(BEGIN + timedelta(minutes=1))
    issued = issue(store, admin, prescriber)
    assert may_confirm(store, make_administrator(store, practice), issued)
    stranger = come_in(store, app, prescriber, issued)
    form = before.get("/security-notice").form(field="answer")
    assert before.post(form.action, data={**form.filled(), "answer": "not-me"}).status_code == 303
    assert stranger.get("/settings").status_code == 303
    assert (
        Client(app).post("/sign-in", data={"sign_in_name": prescriber.sign_in_name, "password": PASSWORD}).status_code
        == 303
    )


def test_the_patients_of_that_list_find_it_in_their_access_log(store: Store, came_in: Client, admin: Made) -> None:
    with store.work(writes=False):
        (patient,) = people.patients_of(admin.viewer)
        kinds = [(record.kind, record.viewer_role) for record in access_log.records_of(patient.id)]
    assert (AccessKind.STAFF_CODE_USED, Role.CLINICIAN) in kinds
    assert access_log.verify(store).faults == []


# ----------------------------------------------------------------------------------- the question, and who is asked it
def test_a_code_that_nobody_confirmed_does_not_silence_it_was_not_me(
    store: Store, app: Flask, practice: MadePractice, admin: Made, set_time: SetTime
) -> None:
    patient = make_patient(store, practice)
    before, after = Client(app), Client(app)
    sign_in_by_form(before, patient)
    set_time(BEGIN + timedelta(minutes=1))
    assert redeem(store, issue(store, admin, patient))
    after.post("/sign-in", data={"sign_in_name": patient.sign_in_name, "password": NEW})
    issue(store, admin, patient)
    assert "/security-notice" not in after.get("/settings").links
    assert after.post("/security-notice", data={"about": "code_issued", "answer": "me"}).location == "/security-notice"
    form = before.get("/security-notice").form(field="answer")
    assert form.filled()["about"] == ["code_used"]
    before.post(form.action, data={**form.filled(), "answer": "not-me"})
    assert after.get("/settings").status_code == 303
    assert (
        Client(app).post("/sign-in", data={"sign_in_name": patient.sign_in_name, "password": PASSWORD}).status_code
        == 303
    )


def test_it_was_not_me_takes_a_reset_back_whatever_was_asked(
    store: Store, app: Flask, practice: MadePractice, admin: Made, set_time: SetTime
) -> None:
    """A day later, too, another code's question does not take the place of the first."""
    patient = make_patient(store, practice)
    before = Client(app)
    sign_in_by_form(before, patient)
    set_time(BEGIN + timedelta(minutes=1))
    assert redeem(store, issue(store, admin, patient))
    set_time(BEGIN + timedelta(hours=25))
    after = Client(app)
    after.post("/sign-in", data={"sign_in_name": patient.sign_in_name, "password": NEW})
    issue(store, admin, patient)
    assert after.get("/security-notice").location == "/settings"
    for answer in ("me", "not-me"):
        after.post("/security-notice", data={"about": "code_issued", "answer": answer})
    assert after.get("/settings").status_code == 200, "who came in by the code takes nothing back"
    form = before.get("/security-notice").form(field="answer")
    before.post(form.action, data={**form.filled(), "answer": "not-me"})
    assert after.get("/settings").status_code == 303
    with store.work(writes=False):
        row = db().get_one(Person, patient.id)
        assert (row.entries_closed_from, row.state) == (None, PersonState.ACTIVE)


def test_where_the_older_devices_are_gone_the_newer_ones_are_asked_about_later_codes(
    store: Store, app: Flask, practice: MadePractice, admin: Made, set_time: SetTime
) -> None:
    patient = make_patient(store, practice)
    assert redeem(store, issue(store, admin, patient))
    set_time(BEGIN + timedelta(hours=25))
    after = Client(app)
    after.post("/sign-in", data={"sign_in_name": patient.sign_in_name, "password": NEW})
    issue(store, admin, patient)
    form = after.get("/security-notice").form(field="answer")
    assert form.filled()["about"] == ["code_issued"]
    after.post(form.action, data={**form.filled(), "answer": "not-me"})
    assert after.get("/settings").status_code == 200


# ----------------------------------------------------------------------------- the second factor at a step that counts
def test_a_new_password_asks_for_the_code_where_there_is_one(
    client: Client, store: Store, practice: MadePractice, set_time: SetTime
) -> None:
    clinician = make_clinician(store, practice)
    sign_in_by_form(client, clinician)
    set_time(BEGIN + timedelta(minutes=12))
    page = client.get("/settings/password")
    assert page.form(field="code")
    words = {"current_password": PASSWORD, "new_password": NEW}
    for code in ({}, {"code": "123456"}):
        refused = client.post("/settings/password", data={**words, **code})
        assert refused.errors.keys() == {"current_password"}
    assert (client.get("/settings/second-factor").location or "").startswith("/confirm"), "nothing was confirmed by it"
    assert client.post("/settings/password", data={**words, "code": clinician.code}).status_code == 303


def test_the_password_of_now_is_no_new_one(client: Client, store: Store, practice: MadePractice) -> None:
    patient = make_patient(store, practice)
    sign_in_by_form(client, patient)
    assert not [form for form in client.get("/settings/password").forms if "code" in form.filled()]
    page = client.post("/settings/password", data={"current_password": PASSWORD, "new_password": PASSWORD})
    assert page.errors.keys() == {"new_password"}


# ------------------------------------------------------------------------------------------- who sees whose code it is
def test_who_need_not_know_the_patient_sees_initials_only(
    store: Store, app: Flask, practice: MadePractice, admin: Made
) -> None:
    patient = make_patient(store, practice, name="Ada Quill")
    team, other = make_clinician(store, practice), make_clinician(store, practice)
    assign_team(store, patient, team, by=admin)
    issue(store, admin, patient)
    shown = {}
    for person in (team, other, make_administrator(store, practice)):
        client = Client(app)
        sign_in_by_form(client, person)
        words = client.get("/practice/codes").words
        shown[person.id] = ["Ada Quill" in words, patient.chart["chart_number"] in words, "1990" in words]
        assert admin.name in words
    assert shown.pop(other.id) == [False, False, False]
    assert list(shown.values()) == [[True, True, True]] * 2
