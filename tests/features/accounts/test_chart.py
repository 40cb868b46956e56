"""A patient's chart changed after registration, and a patient's account closed and opened again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import Select, func, select

from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessKind
from patient_app.accounts import charts, codes, links, people, resets, teams
from patient_app.accounts.charts import ChartWords, EmailOutcome
from patient_app.accounts.links import LinkUnusable
from patient_app.accounts.models import LinkPurpose, OneTimeLink, Patient, Person, PersonState, TeamMembership
from patient_app.consent.categories import Category, Level
from patient_app.consent.decisions import Reader, grants_of
from patient_app.consent.models import Consent, ConsentEvent, ConsentState
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline, Role
from patient_app.core.work import Store, db
from patient_app.reading import service as reading
from patient_app.reading.caseload import caseload
from tests.factories import (
    PASSWORD,
    Made,
    MadePractice,
    assign_team,
    give_consent,
    make_administrator,
    make_check_in,
    make_clinician,
    make_patient,
    make_practice,
    make_supporter,
    sign_in_by_form,
    tie_supporter,
)
from tests.features.accounts.letters import kept_bytes, letters
from tests.features.accounts.test_invitations import run_at_once
from tests.features.home.test_places import marked
from tests.page import Client, Page

DETAIL = {Category.MOOD: Level.DETAIL}


@pytest.fixture
def own(store: Store, backend: str) -> MadePractice:
    assert backend in {"sqlite", "postgresql"}
    return make_practice(store)


@pytest.fixture
def admin(store: Store, own: MadePractice) -> Made:
    return make_administrator(store, own)


@pytest.fixture
def patient(store: Store, own: MadePractice) -> Made:
    return make_patient(store, own)


@pytest.fixture
def signed_in(client: Client, admin: Made) -> Client:
    sign_in_by_form(client, admin)
    return client


def words_of(patient: Made, **changed: object) -> ChartWords:
    kept = {
        "name": patient.name,
        "chart_number": patient.chart["chart_number"],
        "date_of_birth": date.fromisoformat(patient.chart["date_of_birth"]),
        "address": patient.chart["address"],
        "emergency_contact": patient.chart["emergency_contact"],
        "email": patient.email,
    }
    return ChartWords(**(kept | changed))  # type: ignore[arg-type]


def change(store: Store, by: Made, patient: Made, **changed: object) -> EmailOutcome:
    with store.work(writes=True):
        return charts.change_chart(by.viewer, patient.id, words_of(patient, **changed))


def send(client: Client, patient: Made, **changed: str) -> Page:
    return client.submit(client.get(f"/practice/people/{patient.id}/chart").form(field="chart_number"), **changed)


def kinds(store: Store, patient: Made) -> list[AccessKind]:
    with store.work(writes=False):
        return [AccessKind(each.kind) for each in reversed(access_log.records_of(patient.id))]


# ----------------------------------------------------------------------------------------------------------- the chart
def test_a_chart_is_changed_and_sealed(store: Store, admin: Made, patient: Made) -> None:
    born = date(1971, 3, 4)
    new = {"name": "Quillon Zebra", "chart_number": "CH-9", "address": "Zanzibar Lane", "emergency_contact": "Theodora"}
    assert change(store, admin, patient, date_of_birth=born, **new) is EmailOutcome.UNCHANGED
    with store.work(writes=False):
        chart = people.chart(admin.viewer, patient.id)
    assert (chart.row.name, chart.row.chart_number, chart.row.date_of_birth) == ("Quillon Zebra", "CH-9", born)
    assert (chart.address, chart.emergency_contact, chart.email) == ("Zanzibar Lane", "Theodora", patient.email)
    kept = kept_bytes(store)
    for word in ("Quillon", "CH-9", "Zanzibar", "Theodora", "1971-03-04"):
        assert word.encode() not in kept, word


def test_the_same_words_again_change_nothing_and_send_nothing(store: Store, admin: Made, patient: Made) -> None:
    new = {"chart_number": "CH-9", "email": "new@elsewhere.example"}
    outcomes = [change(store, admin, patient, **new) for _ in range(3)]
    assert outcomes == [EmailOutcome.CHANGED, EmailOutcome.UNCHANGED, EmailOutcome.UNCHANGED]
    assert len(letters(store)) == 2  # One to the old address, one to the new.
    assert kinds(store, patient) == [AccessKind.EMAIL_CHANGED]
    before = kept_bytes(store)
    change(store, admin, patient, **new)
    assert kept_bytes(store) == before


def test_of_many_charts_changed_to_one_number_one_gets_it(store: Store, own: MadePractice, admin: Made) -> None:
    patients = [make_patient(store, own) for _ in range(6)]
    ready = threading.Barrier(len(patients))
    outcomes: list[str] = []

    def write(number: int) -> None:
        ready.wait()
        try:
            change(store, admin, patients[number], chart_number="CH-1")
            outcomes.append("stored")
        except people.ChartNumberTaken:
            outcomes.append("taken")

    run_at_once(write, len(patients))
    assert sorted(outcomes) == ["stored"] + ["taken"] * (len(patients) - 1)


def test_a_taken_number_is_said_beside_the_field_and_nothing_is_changed(
    store: Store, own: MadePractice, patient: Made, signed_in: Client
) -> None:
    other = make_patient(store, own)
    taken = other.chart["chart_number"].lower()
    refused = send(signed_in, patient, chart_number=f" {taken} ", name="Somebody Else", email="x@elsewhere.example")
    assert refused.status_code == 422
    assert refused.errors == {"chart_number": "Error: Another patient has this chart number. Check it, or use another."}
    assert refused.form(field="name").filled()["name"] == ["Somebody Else"]
    with store.work(writes=False):
        person = db().get_one(Person, patient.id)
        assert (person.name, person.email) == (patient.name, patient.email)
    assert letters(store) == []


def test_the_page_shows_what_is_kept_and_saves_it(store: Store, patient: Made, signed_in: Client) -> None:
    page = signed_in.get(f"/practice/people/{patient.id}")
    assert f'href="/practice/people/{patient.id}/chart"' in page.html
    filled = signed_in.get(f"/practice/people/{patient.id}/chart").form(field="chart_number").filled()
    assert {name: values[0] for name, values in filled.items()} == {
        "name": patient.name,
        "email": patient.email,
        **patient.chart,
    }
    answer = send(signed_in, patient, address="2 Quay Street")
    assert answer.status_code == 303
    page = signed_in.follow(answer)
    assert "The chart is saved." in page.words
    assert "2 Quay Street" in page.words


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "n" * 1_000_000),
        ("chart_number", " "),
        ("chart_number", "9" * 41),
        ("date_of_birth", ""),
        ("date_of_birth", "yesterday"),
        ("date_of_birth", "2999-01-01"),
        ("date_of_birth", (clock.now().date() + timedelta(days=2)).isoformat()),
        ("email", "not an address"),
        ("address", "a" * 501),
        ("emergency_contact", "\x00"),
    ],
    ids=range(11),
)
def test_bad_input_is_answered_beside_the_field(
    store: Store, patient: Made, signed_in: Client, field: str, value: str
) -> None:
    before = kept_bytes(store)
    page = signed_in.get(f"/practice/people/{patient.id}/chart")
    words = {name: values[0] for name, values in page.form(field="chart_number").filled().items()}
    refused = signed_in.post(page.request.path, data=words | {field: value})
    assert refused.status_code == 422
    assert refused.errors.keys() == {field}
    assert kept_bytes(store) == before


def test_another_practice_staff_and_nobody_are_the_same(store: Store, own: MadePractice, signed_in: Client) -> None:
    theirs = make_patient(store, make_practice(store, "Elsewhere"))
    ids = [theirs.id, make_clinician(store, own).id, make_supporter(store, own).id]
    nobody = f"/practice/people/{new_id()}/chart"
    for person_id in ids:
        address = f"/practice/people/{person_id}/chart"
        assert signed_in.get(address).status_code == 404
        assert signed_in.get(address).get_data() == signed_in.get(nobody).get_data()
        told = {"name": "X"}
        assert signed_in.post(address, data=told).get_data() == signed_in.post(nobody, data=told).get_data()
    with store.work(writes=False):
        assert db().get_one(Person, theirs.id).name == theirs.name


def test_only_an_administrator_changes_a_chart(store: Store, own: MadePractice, admin: Made, patient: Made) -> None:
    clinician = make_clinician(store, own)
    assign_team(store, patient, clinician, by=admin)
    for by in (clinician, patient, make_administrator(store, make_practice(store, "Elsewhere"))):
        with store.work(writes=True), pytest.raises(NotFound):
            charts.change_chart(by.viewer, patient.id, words_of(patient, name="X"))


def test_the_password_is_asked_for_again_after_a_while(
    patient: Made, signed_in: Client, set_time: Callable[[datetime | str], None]
) -> None:
    set_time(clock.now() + timedelta(minutes=11))
    answer = signed_in.get(f"/practice/people/{patient.id}/chart")
    assert answer.status_code == 303
    assert answer.location.startswith("/confirm")


# -------------------------------------------------------------------------------------------------- the e-mail address
def test_another_address_leaves_the_name_to_sign_in_with(
    store: Store, patient: Made, signed_in: Client, app: Flask
) -> None:
    page = signed_in.get(f"/practice/people/{patient.id}/chart")
    assert "does not change the name this person signs in with" in page.words
    answer = send(signed_in, patient, email="new@elsewhere.example")
    assert "The name this person signs in with is still the same" in signed_in.follow(answer).words
    with store.work(writes=False):
        assert db().get_one(Person, patient.id).sign_in_name == patient.sign_in_name
    sign_in_by_form(Client(app), patient)
    # Who reads the old address has notice, and the new one; nothing in it that a stranger could use.
    assert {letter.address for letter in letters(store)} == {patient.email, "new@elsewhere.example"}
    assert len({letter.body for letter in letters(store)}) == 1
    assert patient.name not in letters(store)[0].body


def test_links_sent_to_the_old_address_stop_working(store: Store, admin: Made, patient: Made) -> None:
    with store.work(writes=True):
        tokens = [
            links.make_link(purpose, practice_id=patient.practice_id, person_id=patient.id, hours=1)
            for purpose in (LinkPurpose.RESET, LinkPurpose.OPEN_ENTRIES)
        ]
    change(store, admin, patient, address="2 Quay Street")
    with store.work(writes=False):
        assert all(links.find_link(token) for token in tokens)
    change(store, admin, patient, email="new@elsewhere.example")
    with store.work(writes=False):
        assert not any(links.find_link(token) for token in tokens)


def test_who_has_not_joined_is_invited_at_the_new_address(store: Store, own: MadePractice, signed_in: Client) -> None:
    invited = make_patient(store, own, state=PersonState.INVITED)
    answer = send(signed_in, invited, email="new@elsewhere.example")
    assert "A new invitation is on its way to the new address" in signed_in.follow(answer).words
    first = letters(store, "new@elsewhere.example")[0].token
    answer = send(signed_in, invited, email="newer@elsewhere.example")
    with store.work(writes=False):
        assert links.find_link(first) is None
        assert links.find_link(letters(store, "newer@elsewhere.example")[0].token) is not None
    answer = send(signed_in, invited, email="")
    assert "The invitation stopped working" in signed_in.follow(answer).words
    with store.work(writes=False):
        assert db().scalar(_open_links(invited)) == 0


def _open_links(person: Made) -> Select[int]:
    return (
        select(func.count())
        .select_from(OneTimeLink)
        .where(OneTimeLink.person_id == person.id, OneTimeLink.used_at.is_(None), OneTimeLink.cancelled_at.is_(None))
    )


# ---------------------------------------------------------------------------------------------------- closing, opening
def close(store: Store, by: Made, patient: Made) -> None:
    with store.work(writes=True):
        people.close_account(by.viewer, patient.id)


def reopen(store: Store, by: Made, patient: Made) -> None:
    with store.work(writes=True):
        people.reopen_account(by.viewer, patient.id)


def set_state(store: Store, patient: Made, state: PersonState) -> None:
    """Set the state alone, without what closing does besides: the decision has to hold by itself."""
    with store.work(writes=True):
        db().get_one(Person, patient.id).state = state


def consents_of(store: Store, patient: Made) -> dict[object, ConsentState]:
    with store.work(writes=False):
        rows = db().scalars(select(Consent).where(Consent.patient_id == patient.id))
        return {row.id: ConsentState(row.state) for row in rows}


def test_consents_of_a_closed_patient_open_nothing_even_while_active(
    store: Store, own: MadePractice, admin: Made, patient: Made
) -> None:
    prescriber, supporter = make_clinician(store, own, Discipline.PRESCRIBER), make_supporter(store, own)
    assign_team(store, patient, prescriber, by=admin)
    tie_supporter(store, patient, supporter)
    for recipient in (prescriber, Discipline.PRESCRIBER, supporter):
        give_consent(store, patient, recipient, DETAIL)
    make_check_in(store, patient, mood=1)
    readers = [
        Reader(prescriber.id, own.id, Role.CLINICIAN, Discipline.PRESCRIBER),
        Reader(supporter.id, own.id, Role.SUPPORTER, None),
    ]

    def opened() -> list[bool]:
        with store.work(writes=False):
            return [bool(grants_of(reader, [patient.id])) for reader in readers]

    assert opened() == [True, True]
    with store.work(writes=True):
        assert reading.read_patient(prescriber.viewer, patient.id, 30).check_ins
        assert reading.read_supported(supporter.viewer, patient.id, 30).check_ins
    set_state(store, patient, PersonState.CLOSED)
    assert set(consents_of(store, patient).values()) == {ConsentState.ACTIVE}
    assert opened() == [False, False]
    with store.work(writes=True):
        assert not caseload(prescriber.viewer).rows
        assert reading.supported_people(supporter.viewer) == []
    for read, reader in ((reading.read_patient, prescriber), (reading.read_supported, supporter)):
        with store.work(writes=True), pytest.raises(NotFound):
            read(reader.viewer, patient.id, 30)


def test_closing_pauses_what_was_shared_and_deletes_nothing(
    store: Store, own: MadePractice, admin: Made, patient: Made
) -> None:
    prescriber, supporter = make_clinician(store, own, Discipline.PRESCRIBER), make_supporter(store, own)
    membership = assign_team(store, patient, prescriber, by=admin)
    tie_supporter(store, patient, supporter)
    make_check_in(store, patient, mood=1, note="by the sea")
    active = give_consent(store, patient, prescriber, DETAIL)
    paused = give_consent(store, patient, Discipline.PRESCRIBER, DETAIL, state=ConsentState.PAUSED)
    ended = give_consent(store, patient, supporter, DETAIL, state=ConsentState.REVOKED)
    stays = {paused: ConsentState.PAUSED, ended: ConsentState.REVOKED}
    for _ in range(2):
        close(store, admin, patient)
    assert consents_of(store, patient) == {active: ConsentState.PAUSED, **stays}
    with store.work(writes=False):
        events = db().scalars(select(ConsentEvent).where(ConsentEvent.event == "paused")).all()
        assert [(event.consent_id, event.actor_id) for event in events] == [(active, admin.id)]
        assert db().get_one(TeamMembership, membership).ended_at is None
        assert db().get_one(Patient, patient.id).entry_seq == 1
    for _ in range(2):
        reopen(store, admin, patient)
    assert consents_of(store, patient) == {active: ConsentState.PAUSED, **stays}
    with store.work(writes=True):
        assert db().get_one(Person, patient.id).state == PersonState.ACTIVE
        assert not reading.read_patient(prescriber.viewer, patient.id, 30).check_ins
        assert [member.clinician_id for member in teams.team_of(patient.id)] == [prescriber.id]
    acts = [kind for kind in kinds(store, patient) if kind is not AccessKind.DETAIL]
    assert acts == [AccessKind.ACCOUNT_CLOSED, AccessKind.ACCOUNT_REOPENED]


def test_what_was_given_while_the_account_closed_is_paused_on_opening(
    store: Store, own: MadePractice, admin: Made, patient: Made
) -> None:
    prescriber = make_clinician(store, own, Discipline.PRESCRIBER)
    assign_team(store, patient, prescriber, by=admin)
    close(store, admin, patient)
    late = give_consent(store, patient, prescriber, DETAIL)
    reopen(store, admin, patient)
    assert consents_of(store, patient) == {late: ConsentState.PAUSED}


def test_a_closed_patient_is_signed_out_and_signs_in_anew(
    store: Store, admin: Made, patient: Made, signed_in: Client, app: Flask
) -> None:
    theirs = Client(app)
    sign_in_by_form(theirs, patient)
    page = signed_in.get(f"/practice/people/{patient.id}")
    assert "Nothing is deleted" in page.words
    closing = next(form for form in page.forms if form.action.endswith("/close"))
    page = signed_in.follow(signed_in.submit(closing))
    assert "nobody reads what they shared" in page.words
    assert not [form for form in page.forms if form.action.endswith(("/close", "/team", "/invitation"))]
    assert theirs.get("/today").status_code == 303
    form = Client(app).get("/sign-in").form(action="/sign-in")
    refused = Client(app).submit(form, sign_in_name=patient.sign_in_name, password=PASSWORD)
    assert refused.status_code == 422
    reopening = next(form for form in page.forms if form.action.endswith("/reopen"))
    page = signed_in.follow(signed_in.submit(reopening))
    assert "Sharing stays paused" in page.words
    assert theirs.get("/today").status_code == 303
    sign_in_by_form(theirs, patient)
    assert theirs.get("/today").status_code == 200
    assert "closed your account" in theirs.get("/sharing/access-log").words


def test_links_and_codes_of_a_closed_patient_stop_working(
    store: Store, own: MadePractice, admin: Made, patient: Made, app: Flask
) -> None:
    with store.work(writes=True):
        tokens = [
            links.make_link(purpose, practice_id=own.id, person_id=patient.id, hours=1)
            for purpose in (LinkPurpose.RESET, LinkPurpose.OPEN_ENTRIES)
        ]
        people.invite_supporter(patient.viewer, new_id(), "Sam", "sam@elsewhere.example")
    tokens.append(letters(store, "sam@elsewhere.example")[0].token)
    with app.test_request_context(), store.work(writes=True):
        text = codes.issue(admin.viewer, patient.id, new_id()).text
    close(store, admin, patient)
    with store.work(writes=False):
        assert not any(links.find_link(token) for token in tokens)
        with pytest.raises(LinkUnusable):
            resets.role_of_link(tokens[0])
    with store.work(writes=True), pytest.raises(codes.AccountClosed):
        codes.issue(admin.viewer, patient.id, new_id())
    assert text
    reopen(store, admin, patient)
    with store.work(writes=True), pytest.raises(codes.CodeUnusable):
        codes.redeem(text, sign_in_name="", password="another quiet harbour")
    with store.work(writes=False):
        assert not any(links.find_link(token) for token in tokens)


def test_who_had_not_joined_is_invited_again_after_opening(store: Store, own: MadePractice, admin: Made) -> None:
    invited = make_patient(store, own, state=PersonState.INVITED)
    close(store, admin, invited)
    reopen(store, admin, invited)
    with store.work(writes=False):
        assert db().get_one(Person, invited.id).state == PersonState.INVITED
    assert letters(store) == []


def test_only_an_administrator_of_the_practice_closes_and_opens(
    store: Store, own: MadePractice, admin: Made, patient: Made
) -> None:
    clinician = make_clinician(store, own)
    assign_team(store, patient, clinician, by=admin)
    for by in (clinician, patient, make_administrator(store, make_practice(store, "Elsewhere"))):
        for act in (close, reopen):
            with pytest.raises(NotFound):
                act(store, by, patient)


# --------------------------------------------------------------------------------------------------- how to get there
def test_a_clinician_gets_from_the_team_to_patients_and_codes(
    store: Store, own: MadePractice, admin: Made, patient: Made, client: Client
) -> None:
    clinician = make_clinician(store, own)
    sign_in_by_form(client, clinician)
    page = client.get("/team")
    assert {"/practice/patients/new", "/practice/codes"} <= _links(page)
    assign_team(store, patient, clinician, by=admin)
    page = client.get("/team")
    assert {"/practice/patients/new", "/practice/codes"} <= _links(page)
    code = f"/practice/people/{patient.id}/code"
    assert code in _links(client.get(f"/team/{patient.id}"))
    for address in ("/practice/patients/new", "/practice/codes", code):
        assert client.get(address).status_code == 200


def test_a_code_can_be_typed_from_the_page_to_sign_in(client: Client) -> None:
    assert "/join" in _links(client.get("/sign-in"))
    assert client.get("/join").status_code == 200


@pytest.mark.parametrize(
    ("address", "current"),
    [
        ("/practice", "/practice"),
        ("/practice/hours", "/practice"),
        ("/practice/codes", "/practice"),
        ("/practice/people/{patient}/chart", "/practice"),
        ("/settings", "/settings"),
        ("/settings/password", "/settings"),
        ("/help", None),
    ],
)
def test_exactly_the_right_entry_is_marked_as_the_current_one(
    patient: Made, signed_in: Client, address: str, current: str | None
) -> None:
    page = signed_in.get(address.format(patient=patient.id))
    assert page.status_code == 200
    marked = [link.get("href") for link in page.all("a", aria_current="page") if link.get("class") != "help-now"]
    assert marked == ([current] if current else [])


def test_a_check_in_is_below_check_in_and_not_below_history(store: Store, patient: Made, client: Client) -> None:
    sign_in_by_form(client, patient)
    entry = make_check_in(store, patient)
    for address, current in ((f"/check-in/{entry}", "Check in"), ("/history", "History"), ("/today", "Today")):
        assert marked(client.get(address), "narrow") == [current]


def _links(page: Page) -> set[str]:
    return {link.get("href") or "" for link in page.all("a")}
