"""Joining by a link: single use, by POST only, and a landing page that tells nothing about anybody."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from patient_app.accounts import invitations, people
from patient_app.accounts.links import LinkUnusable
from patient_app.accounts.models import DeviceSession, OneTimeLink, Person, PersonState, SupportLink, SupportState
from patient_app.accounts.passwords import PasswordRefused
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline, Role
from patient_app.core.work import Store, db
from tests.factories import (
    Made,
    MadePractice,
    make_administrator,
    make_patient,
    make_person,
    make_practice,
    make_supporter,
    sign_in_by_form,
)
from tests.features.accounts.letters import kept_bytes, letters
from tests.page import Client, Page

NAME = "Quillon Zebrafeather"
EMAIL = "quillon@elsewhere.example"
NEW_PASSWORD = "seven slow brown owls"


@pytest.fixture
def practice(store: Store) -> MadePractice:
    return make_practice(store, "Canary Street Recovery")


@pytest.fixture
def admin(store: Store, practice: MadePractice) -> Made:
    return make_administrator(store, practice)


@pytest.fixture
def patient(store: Store, practice: MadePractice) -> Made:
    return make_patient(store, practice, name="Wilhelmina Vantongeren")


def register(store: Store, by: Made, **changed: object) -> str:
    """Register a patient with an address and return the token of the invitation."""
    words = {
        "name": NAME,
        "chart_number": "CH-77001",
        "date_of_birth": date(1980, 2, 29),
        "address": "Zanzibar Lane 12",
        "emergency_contact": "Theodora Okonkwo-Brandt",
        "email": EMAIL,
    } | changed
    with store.work(writes=True):
        people.register_patient(by.viewer, new_id(), **words)  # type: ignore[arg-type]  # As they came.
    return letters(store)[-1].token


def invite_supporter(store: Store, patient: Made, email: str = EMAIL, name: str = NAME) -> tuple[str, SupportLink]:
    with store.work(writes=True):
        tie = people.invite_supporter(patient.viewer, new_id(), name, email, "Call me on Sundays")
    return letters(store, email)[-1].token, tie


def join(client: Client, token: str, **given: str) -> Page:
    return client.post(f"/join/{token}", data={"sign_in_name": "", "password": NEW_PASSWORD, **given})


def count(store: Store, *conditions: object) -> int:
    with store.work(writes=False):
        return db().scalar(select(func.count()).select_from(Person).where(*conditions)) or 0  # type: ignore[arg-type]


def state_of(store: Store, email: str = EMAIL) -> PersonState:
    with store.work(writes=False):
        person = next(each for each in db().scalars(select(Person)) if each.email == email)
        return PersonState(person.state)


# ------------------------------------------------------------------------------------------------- joining by a link
def test_a_patient_joins_and_is_signed_in(store: Store, admin: Made, client: Client) -> None:
    token = register(store, admin)
    page = client.get(f"/join/{token}")
    assert page.status_code == 200
    answer = client.submit(page.form(field="password"), password=NEW_PASSWORD)
    assert answer.status_code == 303
    joined = client.follow(answer)
    assert EMAIL in joined.words
    assert state_of(store) is PersonState.ACTIVE
    assert client.get("/joined").status_code == 200


def test_staff_set_up_the_second_factor_before_anything_opens(store: Store, admin: Made, client: Client) -> None:
    with store.work(writes=True):
        people.invite_staff(admin.viewer, new_id(), NAME, EMAIL, role=Role.CLINICIAN, discipline=Discipline.NURSE)
    answer = join(client, letters(store)[-1].token)
    assert answer.location is not None
    assert answer.location.startswith("/sign-in/set-up")
    assert client.get("/joined").status_code == 303


def test_staff_need_a_longer_password_and_the_link_is_not_used_up(store: Store, admin: Made, client: Client) -> None:
    with store.work(writes=True):
        people.invite_staff(admin.viewer, new_id(), NAME, EMAIL, role=Role.ADMINISTRATOR)
    token = letters(store)[-1].token
    refused = join(client, token, password="ten lett3r")
    assert refused.status_code == 422
    assert "password" in refused.errors
    assert join(client, token).status_code == 303


def test_looking_uses_nothing_up(store: Store, admin: Made, app: Flask, client: Client) -> None:
    token = register(store, admin)
    before = kept_bytes(store)
    scanner = Client(app)
    for _ in range(5):
        assert scanner.get(f"/join/{token}").status_code == 200
        assert scanner.head(f"/join/{token}").status_code == 200
    assert kept_bytes(store) == before
    assert join(client, token).status_code == 303


def test_a_link_works_once(store: Store, admin: Made, app: Flask, client: Client) -> None:
    token = register(store, admin)
    assert join(client, token).status_code == 303
    second = Client(app)
    used, never = join(second, token), join(second, secrets.token_urlsafe(32))
    assert (used.status_code, used.get_data()) == (never.status_code, never.get_data())
    assert used.status_code == 410
    assert second.get(f"/join/{token}").get_data() == used.get_data()


def test_of_twenty_at_once_one_makes_the_account(store: Store, patient: Made, app: Flask) -> None:
    token, _tie = invite_supporter(store, patient)
    everybody_ready = threading.Barrier(20)
    answers: list[int] = []

    def race(number: int) -> None:
        racer = Client(app)
        everybody_ready.wait()
        answers.append(join(racer, token, own_name=f"Racer {number}", sign_in_name=f"racer {number}").status_code)

    run_at_once(race, 20)
    assert set(answers) - {303} <= {410, 429}  # Tries with one link are slowed, too.
    assert answers.count(303) == 1
    assert count(store, Person.role == Role.SUPPORTER) == 1
    with store.work(writes=False):
        assert db().scalar(select(func.count()).select_from(DeviceSession)) == 1


def test_of_many_at_once_one_uses_the_link(store: Store, admin_of_backend: Made) -> None:
    token = register(store, admin_of_backend)
    everybody_ready = threading.Barrier(8)
    outcomes: list[str] = []

    def race(number: int) -> None:
        everybody_ready.wait()
        try:
            with store.work(writes=True):
                invitations.join(token, sign_in_name=f"racer {number}", password=NEW_PASSWORD)
            outcomes.append("joined")
        except LinkUnusable:
            outcomes.append("refused")

    run_at_once(race, 8)
    assert sorted(outcomes) == ["joined"] + ["refused"] * 7


@pytest.fixture
def admin_of_backend(store: Store, backend: str) -> Made:
    assert backend in {"sqlite", "postgresql"}
    return make_administrator(store, make_practice(store))


def run_at_once(work: Callable[[int], None], many: int) -> None:
    faults: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as fault:  # noqa: BLE001 - shown by the assertion below.
            faults.append(fault)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults


def test_a_link_is_too_old_after_72_hours(
    store: Store, admin: Made, client: Client, set_time: Callable[[datetime | str], None]
) -> None:
    token = register(store, admin)
    begun = clock.now()
    set_time(begun + timedelta(hours=71, minutes=59))
    assert client.get(f"/join/{token}").status_code == 200
    set_time(begun + timedelta(hours=72, minutes=1))
    assert client.get(f"/join/{token}").status_code == 410
    assert join(client, token).status_code == 410
    assert state_of(store) is PersonState.INVITED


def test_cancelled_and_replaced_links_stop_working(store: Store, admin: Made, client: Client) -> None:
    first = register(store, admin)
    with store.work(writes=True):
        person_id = db().scalars(select(OneTimeLink.person_id)).one()
        assert person_id is not None
        invitations.resend(admin.viewer, person_id)
    second = letters(store)[-1].token
    assert second != first
    assert client.get(f"/join/{first}").status_code == 410
    with store.work(writes=True):
        invitations.cancel(admin.viewer, person_id)
        assert invitations.open_until(person_id) is None
    assert join(client, second).status_code == 410


def test_who_joined_is_not_invited_again(store: Store, admin: Made, patient: Made, client: Client) -> None:
    with store.work(writes=True), pytest.raises(NotFound):
        invitations.resend(admin.viewer, patient.id)


def test_nobody_of_another_practice_resends(store: Store, admin: Made) -> None:
    register(store, admin)
    stranger = make_administrator(store, make_practice(store, "Elsewhere"))
    with store.work(writes=True):
        person_id = db().scalars(select(OneTimeLink.person_id)).one()
        for asked in (person_id, new_id()):
            assert asked is not None
            with pytest.raises(NotFound):
                invitations.resend(stranger.viewer, asked)


# --------------------------------------------------------------------------------------------------- telling nothing
def canaries(*more: str) -> Iterable[str]:
    return [*NAME.split(), "CH-77001", "Zanzibar", "Theodora", "Wilhelmina", "Vantongeren", "Canary Street", *more]


NATURE = (
    "patient",
    "mood",
    "drug",
    "alcohol",
    "substance",
    "recovery",
    "therap",
    "health",
    "care",
    "clinic",
    "support",
)


def test_neither_mail_nor_landing_page_tells_of_anybody(
    store: Store, admin: Made, patient: Made, client: Client
) -> None:
    tokens = [register(store, admin), invite_supporter(store, patient, "other@elsewhere.example")[0]]
    assert len(letters(store)) == 2
    for letter, token in zip(letters(store), tokens, strict=True):
        said = f"{letter.subject} {letter.body}".replace(token, "")
        page = client.get(f"/join/{token}")
        shown = page.get_data(as_text=True).replace(token, "")
        for word in canaries(EMAIL, "elsewhere"):
            assert word.casefold() not in said.casefold(), word
            assert word.casefold() not in shown.casefold(), word
        for word in NATURE:
            assert word not in f"{said} {page.main_words} {page.title}".casefold(), word
        assert page.heading == "You have been invited to Tandem"


def test_all_letters_of_invitation_are_the_same_but_for_the_link(store: Store, admin: Made, patient: Made) -> None:
    register(store, admin)
    invite_supporter(store, patient, "other@elsewhere.example")
    with store.work(writes=True):
        people.invite_staff(admin.viewer, new_id(), NAME, "third@elsewhere.example", role=Role.ADMINISTRATOR)
    said = {(each.subject, each.body.replace(each.token, "")) for each in letters(store)}
    assert len(said) == 1


def test_nothing_telling_is_kept_in_the_open(store: Store, admin: Made, patient: Made) -> None:
    token = register(store, admin)
    invite_supporter(store, patient, "other@elsewhere.example", name="Bartholomew Quixley")
    kept = kept_bytes(store)
    for word in canaries(EMAIL, "elsewhere", "Bartholomew", "Sundays", "1980-02-29", token):
        if word != "Canary Street":  # The practice's own name is no secret of a person.
            assert word.encode() not in kept, word


# ----------------------------------------------------------------------------------------------------- sign-in names
def test_a_taken_name_is_refused_and_costs_nothing(store: Store, admin: Made, patient: Made, client: Client) -> None:
    token = register(store, admin)
    refused = join(client, token, sign_in_name=patient.sign_in_name.upper())
    assert refused.status_code == 422
    assert refused.errors["sign_in_name"].endswith("Pick another sign-in name.")
    assert state_of(store) is PersonState.INVITED
    assert join(client, token, sign_in_name="quillon z").status_code == 303


def test_a_stranger_cannot_find_out_which_names_are_taken(store: Store, patient: Made, client: Client) -> None:
    token = secrets.token_urlsafe(32)
    taken = join(client, token, sign_in_name=patient.sign_in_name)
    free = join(client, token, sign_in_name="nobody at all")
    assert (taken.status_code, taken.get_data()) == (free.status_code, free.get_data())


def test_asking_for_names_is_slowed_down(store: Store, admin: Made, patient: Made, client: Client) -> None:
    token = register(store, admin)
    answers = [join(client, token, sign_in_name=patient.sign_in_name).status_code for _ in range(62)]
    assert answers[0] == 422
    assert answers[-1] == 429


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ab", "3 letters or more"),
        ("al\u202eice", "cannot be seen"),
        ("n" * 201, "too long"),
        ("al\x00ice", "hidden sign"),
    ],
    ids=["short", "right-to-left", "long", "control"],
)
def test_names_that_could_not_be_typed_again_are_refused(
    store: Store, admin: Made, client: Client, name: str, message: str
) -> None:
    token = register(store, admin)
    refused = join(client, token, sign_in_name=name)
    assert refused.status_code == 422
    assert message in refused.errors["sign_in_name"]
    assert state_of(store) is PersonState.INVITED


@pytest.mark.parametrize("password", ["", "short", "p" * 257, "password12345"], ids=["none", "short", "long", "common"])
def test_passwords_that_are_refused_cost_nothing(store: Store, admin: Made, client: Client, password: str) -> None:
    token = register(store, admin)
    refused = join(client, token, password=password)
    assert refused.status_code == 422
    assert "password" in refused.errors
    assert password == "" or password not in refused.get_data(as_text=True)
    assert join(client, token).status_code == 303


def test_the_service_changes_nothing_when_a_password_is_refused(store: Store, admin: Made) -> None:
    token = register(store, admin)
    with store.work(writes=True), pytest.raises(PasswordRefused):
        invitations.join(token, sign_in_name="", password="short")
    with store.work(writes=False):
        assert invitations.look_at(token).asks_name is False


# -------------------------------------------------------------------------------------------------------- supporters
def test_a_supporter_joins_and_waits_for_the_patient(store: Store, patient: Made, client: Client) -> None:
    token, tie = invite_supporter(store, patient)
    assert join(client, token).errors.keys() == {"own_name"}
    assert join(client, token, own_name="Bartholomew Quixley").status_code == 303
    with store.work(writes=False):
        row = people.supporters_of(patient.viewer)[0]
    assert (row.state, row.name, row.own_name) == (SupportState.ACCEPTED, NAME, "Bartholomew Quixley")
    news = letters(store, patient.email)
    assert [each.subject for each in news] == ["There is news in your account"]
    assert "Bartholomew" not in news[0].body
    with store.work(writes=True):
        assert people.confirm_supporter(patient.viewer, tie.id).state == SupportState.CONFIRMED
    with store.work(writes=True):
        assert people.confirm_supporter(patient.viewer, tie.id).state == SupportState.CONFIRMED


def test_only_the_patient_confirms_and_only_after_acceptance(
    store: Store, practice: MadePractice, patient: Made
) -> None:
    _token, tie = invite_supporter(store, patient)
    other = make_patient(store, practice)
    for viewer in (other.viewer, patient.viewer):
        with store.work(writes=True), pytest.raises(NotFound):
            people.confirm_supporter(viewer, tie.id)


def test_who_supports_already_accepts_with_the_same_account(
    store: Store, practice: MadePractice, patient: Made, client: Client
) -> None:
    supporter = make_supporter(store, practice)
    token, _tie = invite_supporter(store, patient)
    sign_in_by_form(client, supporter)
    page = client.get(f"/join/{token}")
    answer = client.submit(page.form(action=f"/join/{token}"))
    assert answer.status_code == 303
    with store.work(writes=False):
        row = people.supporters_of(patient.viewer)[0]
    assert (row.supporter_id, row.state) == (supporter.id, SupportState.ACCEPTED)
    assert count(store, Person.role == Role.SUPPORTER) == 1
    assert client.post(f"/join/{token}", data={}).status_code == 410


def test_a_second_invitation_of_the_same_two_makes_no_second_tie(
    store: Store, practice: MadePractice, patient: Made
) -> None:
    supporter = make_supporter(store, practice)
    for _ in range(2):
        token, _tie = invite_supporter(store, patient)
        with store.work(writes=True):
            invitations.accept_as(supporter.viewer, token)
    with store.work(writes=False):
        assert len(people.supporters_of(patient.viewer)) == 1


def test_an_account_of_another_practice_cannot_take_the_link_and_does_not_use_it_up(
    store: Store, patient: Made, client: Client, app: Flask
) -> None:
    stranger = make_supporter(store, make_practice(store, "Elsewhere"))
    token, _tie = invite_supporter(store, patient)
    sign_in_by_form(client, stranger)
    assert client.post(f"/join/{token}", data={}).status_code == 410
    assert join(Client(app), token, own_name="Somebody").status_code == 303


@pytest.mark.parametrize("role", [Role.PATIENT, Role.CLINICIAN], ids=str)
def test_who_is_signed_in_as_somebody_else_is_asked_to_sign_out(
    store: Store, practice: MadePractice, patient: Made, client: Client, role: Role
) -> None:
    token, _tie = invite_supporter(store, patient)
    sign_in_by_form(client, make_person(store, practice, role))
    assert client.get(f"/join/{token}").status_code == 409
    assert client.post(f"/join/{token}", data={"password": NEW_PASSWORD}).status_code == 409
    assert client.get("/join").status_code == 409
    assert join(Client(client.application), token, own_name="Somebody").status_code == 303


@pytest.mark.parametrize("role", [Role.SUPPORTER, Role.PATIENT], ids=str)
def test_looking_at_a_link_and_pressing_its_button_get_the_same_answer(
    store: Store, practice: MadePractice, admin: Made, client: Client, role: Role
) -> None:
    """A link of the practice for somebody else, for who is signed in already; and one that is none."""
    token = register(store, admin)
    sign_in_by_form(client, make_person(store, practice, role))
    for asked, status in ((token, 409), (secrets.token_urlsafe(32), 410)):
        assert client.get(f"/join/{asked}").status_code == status
        assert client.post(f"/join/{asked}", data={"password": NEW_PASSWORD}).status_code == status
    assert state_of(store) is PersonState.INVITED


def test_a_link_that_the_patient_took_back_is_dead(store: Store, patient: Made, client: Client) -> None:
    token, tie = invite_supporter(store, patient)
    with store.work(writes=True):
        people.end_support(patient.viewer, tie.id)
    assert join(client, token, own_name="Somebody").status_code == 410
    with store.work(writes=False):
        assert people.supporters_of(patient.viewer) == []


def test_patient_and_supporter_may_end_it_and_nobody_else(store: Store, practice: MadePractice, patient: Made) -> None:
    supporter, other = make_supporter(store, practice), make_supporter(store, practice)
    token, tie = invite_supporter(store, patient)
    with store.work(writes=True):
        invitations.accept_as(supporter.viewer, token)
    with store.work(writes=True), pytest.raises(NotFound):
        people.end_support(other.viewer, tie.id)
    with store.work(writes=True):
        assert people.end_support(supporter.viewer, tie.id).state == SupportState.ENDED


def test_the_same_form_sent_twice_invites_once(store: Store, patient: Made) -> None:
    link_id = new_id()
    for _ in range(2):
        with store.work(writes=True):
            people.invite_supporter(patient.viewer, link_id, NAME, EMAIL)
    assert len(letters(store, EMAIL)) == 1
    with store.work(writes=True), pytest.raises(people.IdInUse):
        people.invite_supporter(patient.viewer, link_id, "Somebody Else", EMAIL)


def test_the_id_of_another_patients_invitation_is_refused(store: Store, practice: MadePractice, patient: Made) -> None:
    _token, tie = invite_supporter(store, patient)
    other = make_patient(store, practice)
    with store.work(writes=True), pytest.raises(people.IdInUse):
        people.invite_supporter(other.viewer, tie.id, NAME, EMAIL)


def test_strangers_cannot_be_flooded_with_invitations(store: Store, patient: Made) -> None:
    for number in range(10):
        invite_supporter(store, patient, f"stranger{number}@elsewhere.example")
    with store.work(writes=True), pytest.raises(people.TooManyInvitations):
        people.invite_supporter(patient.viewer, new_id(), NAME, EMAIL)


def test_a_resent_invitation_replaces_the_one_before(store: Store, patient: Made, client: Client) -> None:
    first, tie = invite_supporter(store, patient)
    with store.work(writes=True):
        people.resend_support_invitation(patient.viewer, tie.id)
    second = letters(store, EMAIL)[-1].token
    assert join(client, first, own_name="Somebody").status_code == 410
    assert join(client, second, own_name="Somebody").status_code == 303
