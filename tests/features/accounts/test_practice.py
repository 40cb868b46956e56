"""The administrator's pages: people, hours, numbers; and the help page's numbers when the database is gone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from patient_app.access_log.models import AccessChain
from patient_app.accounts import people, practice
from patient_app.accounts.models import Patient, Person, PersonState, PracticeNumber
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline, Role
from patient_app.core.vault import SealBroken
from patient_app.core.work import Store, db
from tests.factories import (
    Made,
    MadePractice,
    assign_team,
    make_administrator,
    make_check_in,
    make_clinician,
    make_patient,
    make_person,
    make_practice,
    make_supporter,
    sign_in_by_form,
)
from tests.features.accounts.letters import kept_bytes, letters
from tests.features.accounts.test_invitations import run_at_once
from tests.page import Client, Page, text_of

BORN = "1980-02-29"


@pytest.fixture
def own(store: Store, backend: str) -> MadePractice:
    assert backend in {"sqlite", "postgresql"}
    return make_practice(store)


@pytest.fixture
def admin(store: Store, own: MadePractice) -> Made:
    return make_administrator(store, own)


@pytest.fixture
def signed_in(client: Client, admin: Made) -> Client:
    sign_in_by_form(client, admin)
    return client


def register(store: Store, by: Made, number: str = "C-1", person_id: object = None, **changed: object) -> Person:
    words = {"name": "Ada Byron", "chart_number": number, "date_of_birth": date.fromisoformat(BORN)} | changed
    with store.work(writes=True):
        return people.register_patient(by.viewer, person_id or new_id(), **words)  # type: ignore[arg-type]


def fill(page: Page, **changed: str) -> dict[str, str]:
    words = {"name": "Ada Byron", "chart_number": "C-1", "date_of_birth": BORN}
    return {"id": page.form(field="name").filled()["id"][0]} | words | changed


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """Collect the statements that both databases are asked."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    engines = (store.database.engine, store.keys.database.engine)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield seen
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


# ------------------------------------------------------------------------------------------------ registering patients
def test_a_patient_is_registered_with_chart_and_access_chain(store: Store, admin: Made) -> None:
    person = register(store, admin, address="1 Mill Lane", emergency_contact="Sam")
    with store.work(writes=False):
        chart = people.chart(admin.viewer, person.id)
        assert (chart.row.chart_number, chart.row.date_of_birth) == ("C-1", date(1980, 2, 29))
        assert (chart.address, chart.emergency_contact, chart.email) == ("1 Mill Lane", "Sam", "")
        assert db().get(AccessChain, person.id) is not None
    assert letters(store) == []


def test_the_same_form_sent_twenty_times_stores_one_patient(store: Store, admin: Made) -> None:
    person_id = new_id()
    everybody_ready = threading.Barrier(20)

    def send(_number: int) -> None:
        everybody_ready.wait()
        register(store, admin, person_id=person_id, email="ada@elsewhere.example")

    run_at_once(send, 20)
    with store.work(writes=False):
        assert db().scalar(select(func.count()).select_from(Patient)) == 1
    assert len(letters(store)) == 1


def test_of_many_with_one_chart_number_one_is_registered(store: Store, admin: Made) -> None:
    everybody_ready = threading.Barrier(8)
    outcomes: list[str] = []

    def send(number: int) -> None:
        everybody_ready.wait()
        try:
            register(store, admin, name=f"Ada {number}")
            outcomes.append("stored")
        except people.ChartNumberTaken:
            outcomes.append("taken")

    run_at_once(send, 8)
    assert sorted(outcomes) == ["stored"] + ["taken"] * 7


def test_a_taken_chart_number_is_said_beside_the_field(store: Store, admin: Made, signed_in: Client) -> None:
    register(store, admin, "C-1")
    page = signed_in.get("/practice/patients/new")
    refused = signed_in.post("/practice/patients/new", data=fill(page, chart_number=" c-1 ", address="1 Mill Lane"))
    assert refused.status_code == 422
    assert refused.errors == {"chart_number": "Error: Another patient has this chart number. Check it, or use another."}
    assert refused.form(field="name").filled()["address"] == ["1 Mill Lane"]
    with store.work(writes=False):
        assert db().scalar(select(func.count()).select_from(Patient)) == 1


def test_two_patients_of_one_name_and_two_practices_with_one_number_are_fine(store: Store, admin: Made) -> None:
    register(store, admin, "C-1")
    register(store, admin, "C-2")
    register(store, make_administrator(store, make_practice(store, "Elsewhere")), "C-1")
    with store.work(writes=False):
        assert [(row.name, row.chart_number) for row in people.patients_of(admin.viewer)] == [
            ("Ada Byron", "C-1"),
            ("Ada Byron", "C-2"),
        ]


def test_ids_that_stand_for_something_else_are_refused_like_invalid_ones(
    store: Store, own: MadePractice, admin: Made, signed_in: Client
) -> None:
    theirs = make_patient(store, make_practice(store, "Elsewhere"))
    mine = make_patient(store, own)
    page = signed_in.get("/practice/patients/new")
    for bad in (theirs.id, mine.id, own.id, theirs.practice_id, "00000000-0000-0000-0000-000000000000", "nonsense"):
        refused = signed_in.post("/practice/patients/new", data=fill(page, id=str(bad), chart_number="C-99"))
        assert refused.status_code == 422
        assert "This page was out of date" in refused.words
        assert refused.form(field="name").filled()["id"] != [str(bad)]
    page = signed_in.post("/practice/patients/new", data=fill(page, id="nonsense"))
    assert signed_in.submit(page.form(field="name")).status_code == 303


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "n" * 1_000_000),
        ("name", "Ada\x07Byron"),
        ("chart_number", " "),
        ("chart_number", "9" * 41),
        ("date_of_birth", ""),
        ("date_of_birth", "yesterday"),
        ("date_of_birth", "2999-01-01"),
        ("date_of_birth", "1899-12-31"),
        ("date_of_birth", (clock.now().date() - timedelta(days=17 * 365)).isoformat()),
        ("email", "not an address"),
        ("email", "a@b.example\nBcc: c@d.example"),
        ("email", "a" * 250 + "@b.example"),
        ("address", "a" * 501),
        ("emergency_contact", "\x00"),
    ],
)
def test_bad_input_is_answered_beside_the_field(store: Store, signed_in: Client, field: str, value: str) -> None:
    page = signed_in.get("/practice/patients/new")
    refused = signed_in.post("/practice/patients/new", data=fill(page, emergency_contact="Sam") | {field: value})
    assert refused.status_code == 422
    assert refused.errors.keys() == {field}
    if field != "emergency_contact":
        assert refused.form(field="name").filled()["emergency_contact"] == ["Sam"]
    with store.work(writes=False):
        assert db().scalar(select(func.count()).select_from(Patient)) == 0


@pytest.mark.parametrize(
    "name", ["🌊 Wave", "\u202eDrow", "ÅŚḈ 漢字", "O'Neil <b>&"], ids=["emoji", "rtl", "letters", "html"]
)
def test_every_name_is_kept_as_it_was_typed(store: Store, admin: Made, signed_in: Client, name: str) -> None:
    page = signed_in.get("/practice/patients/new")
    answer = signed_in.post("/practice/patients/new", data=fill(page, name=name))
    assert answer.status_code == 303
    assert name in signed_in.follow(answer).get_data(as_text=True).replace("&#39;", "'").replace("&lt;", "<").replace(
        "&gt;", ">"
    ).replace("&amp;", "&")


def test_a_clinician_who_registers_a_patient_is_not_on_the_team(
    store: Store, own: MadePractice, client: Client
) -> None:
    clinician = make_clinician(store, own)
    sign_in_by_form(client, clinician)
    page = client.get("/practice/patients/new")
    answer = client.post("/practice/patients/new", data=fill(page))
    assert answer.status_code == 303
    assert "registered" in client.follow(answer).words
    with store.work(writes=False):
        assert people.patients_of(clinician.viewer) == []
        person_id = db().scalars(select(Patient.person_id)).one()
        with pytest.raises(NotFound):
            people.chart(clinician.viewer, person_id)


# -------------------------------------------------------------------------------------------------- what is kept sealed
def test_charts_are_sealed_under_the_practice_and_bound_to_their_row(store: Store, admin: Made) -> None:
    words = {"name": "Quillon Zebrafeather", "address": "Zanzibar Lane", "emergency_contact": "Theodora Brandt"}
    one = register(store, admin, "CH-77001", email="quillon@elsewhere.example", **words)
    other = register(store, admin, "CH-77002")
    kept = kept_bytes(store)
    for word in ("Quillon", "Zebrafeather", "Zanzibar", "Theodora", "CH-77001", BORN, "elsewhere"):
        assert word.encode() not in kept, word
    with store.work(writes=True):
        moved = db().get_one(Patient, other.id)
        moved.address_sealed = db().get_one(Patient, one.id).address_sealed
        db().flush()
        with pytest.raises(SealBroken):
            assert moved.address
        db().rollback()


# ---------------------------------------------------------------------------------------------------------- the pages
def test_the_overview_shows_people_hours_and_numbers(
    store: Store, own: MadePractice, admin: Made, signed_in: Client
) -> None:
    nurse = make_clinician(store, own, Discipline.NURSE)
    patient = make_patient(store, own)
    page = signed_in.get("/practice")
    for word in (nurse.name, "Nurse", patient.name, patient.chart["chart_number"], "Front desk", "Monday to Friday"):
        assert word in page.words, word


def test_no_entry_is_on_any_page_of_the_administrator(
    store: Store, own: MadePractice, admin: Made, signed_in: Client
) -> None:
    patient = make_patient(store, own)
    make_check_in(store, patient, mood=1, craving=9, use=True, note="Xylophone canary words")
    for address in ("/practice", f"/practice/people/{patient.id}", f"/practice/people/{patient.id}/code"):
        page = signed_in.get(address)
        assert page.status_code == 200
        assert "Xylophone" not in page.words
    for address in ("/team", f"/team/{patient.id}", "/check-in", "/history", "/today", "/sharing"):
        assert signed_in.get(address).status_code == 404


def test_another_practice_and_nobody_are_the_same(store: Store, signed_in: Client) -> None:
    elsewhere = make_practice(store, "Elsewhere")
    people_there = [make_patient(store, elsewhere), make_clinician(store, elsewhere)]
    nobody = signed_in.get(f"/practice/people/{new_id()}")
    assert nobody.status_code == 404
    for person in people_there:
        assert signed_in.get(f"/practice/people/{person.id}").get_data() == nobody.get_data()
        for action in ("/code", "/team", "/close", "/reopen", "/invitation", "/invitation/cancel"):
            theirs = signed_in.post(f"/practice/people/{person.id}{action}", data={"id": str(new_id())})
            nobodys = signed_in.post(f"/practice/people/{new_id()}{action}", data={"id": str(new_id())})
            assert (theirs.status_code, theirs.get_data()) == (404, nobodys.get_data()), action


def test_supporters_have_no_page_in_the_practice(store: Store, own: MadePractice, signed_in: Client) -> None:
    supporter = make_supporter(store, own)
    assert signed_in.get(f"/practice/people/{supporter.id}").status_code == 404


@pytest.mark.parametrize("role", [Role.PATIENT, Role.CLINICIAN, Role.SUPPORTER], ids=str)
def test_only_administrators_come_in(store: Store, own: MadePractice, client: Client, role: Role) -> None:
    sign_in_by_form(client, make_person(store, own, role))
    for address in ("/practice", "/practice/staff/new", "/practice/hours", "/practice/numbers"):
        assert client.get(address).status_code == 404


def test_the_overview_asks_as_little_of_the_database_for_many_as_for_few(
    store: Store, own: MadePractice, admin: Made, signed_in: Client
) -> None:
    def asked() -> int:
        store.keys._cache.clear()
        with statements(store) as seen:
            assert signed_in.get("/practice").status_code == 200
        return len(seen)

    make_patient(store, own)
    make_clinician(store, own)
    few = asked()
    for _ in range(12):
        make_patient(store, own)
        make_clinician(store, own)
    assert asked() == few


# --------------------------------------------------------------------------------------------------------------- staff
def invite(client: Client, **changed: str) -> Page:
    form = client.get("/practice/staff/new").form(field="work")
    words = {"name": "Noor Haddad", "email": "noor@elsewhere.example", "work": "nurse"}
    return client.submit(form, **(words | changed))


def test_staff_are_invited_once(store: Store, signed_in: Client) -> None:
    form = signed_in.get("/practice/staff/new").form(field="work")
    words = {"name": "Noor Haddad", "email": "noor@elsewhere.example", "work": "nurse"}
    first, second = (signed_in.submit(form, **words) for _ in range(2))
    assert first.location == second.location
    assert len(letters(store)) == 1
    page = signed_in.follow(first)
    assert "Nurse" in page.words
    assert "has not joined yet" in page.words
    other_words = signed_in.submit(form, **(words | {"name": "Somebody Else"}))
    assert other_words.status_code == 422
    assert "out of date" in other_words.words


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("email", ""), ("email", "noor"), ("work", ""), ("work", "patient"), ("work", "x")],
)
def test_bad_invitations_are_answered_beside_the_field(store: Store, signed_in: Client, field: str, value: str) -> None:
    refused = invite(signed_in, **{field: value})
    assert refused.status_code == 422
    assert refused.errors.keys() == {field}
    assert letters(store) == []


@pytest.mark.parametrize("state", [PersonState.ACTIVE, PersonState.INVITED, PersonState.CLOSED])
def test_an_address_of_the_staff_is_refused_beside_the_field(
    store: Store, own: MadePractice, signed_in: Client, state: PersonState
) -> None:
    colleague = make_clinician(store, own, state=state)
    refused = invite(signed_in, email=f" {colleague.email.upper()} ")
    assert refused.status_code == 422
    assert refused.errors == {"email": "Error: Somebody on your staff has this address. Look at the list of staff."}
    assert letters(store) == []


def test_whether_a_patient_or_another_practice_has_an_address_nobody_learns(
    store: Store, own: MadePractice, signed_in: Client
) -> None:
    elsewhere = make_practice(store, "Elsewhere")
    for other in (make_patient(store, own), make_supporter(store, own), make_clinician(store, elsewhere)):
        assert invite(signed_in, email=other.email).status_code == 303


def test_invitations_are_sent_again_and_taken_back(store: Store, signed_in: Client) -> None:
    page = signed_in.follow(invite(signed_in))
    again = next(form for form in page.forms if form.action.endswith("/invitation"))
    page = signed_in.follow(signed_in.submit(again))
    assert len({letter.token for letter in letters(store)}) == 2
    back = next(form for form in page.forms if form.action.endswith("/invitation/cancel"))
    page = signed_in.follow(signed_in.submit(back))
    assert "No invitation is open now" in page.words


def test_a_closed_account_is_signed_out_and_off_every_team(
    store: Store, own: MadePractice, admin: Made, signed_in: Client, app: Flask
) -> None:
    clinician, patient = make_clinician(store, own), make_patient(store, own)
    assign_team(store, patient, clinician, by=admin)
    theirs = Client(app)
    sign_in_by_form(theirs, clinician)
    page = signed_in.get(f"/practice/people/{clinician.id}")
    close = next(form for form in page.forms if form.action.endswith("/close"))
    assert signed_in.submit(close).status_code == 303
    assert signed_in.submit(close).status_code == 303
    assert theirs.get("/team").status_code == 303
    with store.work(writes=False):
        assert people.patients_of(clinician.viewer) == []
    page = signed_in.get(f"/practice/people/{clinician.id}")
    reopen = next(form for form in page.forms if form.action.endswith("/reopen"))
    assert signed_in.submit(reopen).status_code == 303
    with store.work(writes=False):
        assert db().get_one(Person, clinician.id).state == PersonState.ACTIVE
        assert people.patients_of(clinician.viewer) == []
    assert theirs.get("/team").status_code == 303


def test_nobody_closes_their_own_account(store: Store, admin: Made, signed_in: Client) -> None:
    page = signed_in.get(f"/practice/people/{admin.id}")
    assert not [form for form in page.forms if form.action.endswith("/close")]
    assert signed_in.post(f"/practice/people/{admin.id}/close").status_code == 404
    assert signed_in.get("/practice").status_code == 200


def test_clinicians_close_nobody(store: Store, own: MadePractice, admin: Made) -> None:
    clinician, other = make_clinician(store, own), make_clinician(store, own)
    for person in (other, admin):
        with store.work(writes=True), pytest.raises(NotFound):
            people.close_account(clinician.viewer, person.id)


# --------------------------------------------------------------------------------------------------- hours and numbers
def test_hours_are_replaced(store: Store, admin: Made) -> None:
    with store.work(writes=True):
        practice.set_hours(admin.viewer, {0: (480, 720), 6: (600, 660)})
    with store.work(writes=True):
        practice.set_hours(admin.viewer, {1: (0, 1439)})
    with store.work(writes=False):
        assert practice.hours_of(admin.viewer) == [practice.Hours(1, 0, 1439)]


def test_hours_are_typed_and_shown_again(signed_in: Client) -> None:
    form = signed_in.get("/practice/hours").form(field="opens_0")
    assert form.filled()["opens_0"] == ["09:00"]
    closed = {f"{word}_{day}": "" for word in ("opens", "closes") for day in range(1, 7)}
    answer = signed_in.submit(form, opens_0="08:30", closes_0="12:15", **closed)
    page = signed_in.follow(answer)
    assert "8:30" in page.words
    assert "Tuesday" not in page.words


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"opens_0": "early"}, "opens_0"),
        ({"opens_0": "25:00"}, "opens_0"),
        ({"closes_0": ""}, "closes_0"),
        ({"opens_3": ""}, "opens_3"),
        ({"opens_0": "17:00"}, "closes_0"),
        ({"opens_0": "9" * 100_000}, "opens_0"),
    ],
    ids=range(6),
)
def test_bad_hours_are_answered_beside_the_field(
    store: Store, admin: Made, signed_in: Client, changed: dict[str, str], field: str
) -> None:
    form = signed_in.get("/practice/hours").form(field="opens_0")
    refused = signed_in.submit(form, **changed)
    assert refused.status_code == 422
    assert refused.errors.keys() == {field}
    day = practice.WEEKDAYS[int(field[-1])]
    assert refused.errors[field].startswith(f"Error: {day}: ")
    assert f"{day}: " in text_of(refused.one("div", id="error-summary"))
    with store.work(writes=False):
        assert len(practice.hours_of(admin.viewer)) == 5


def test_hours_that_were_not_sent_at_all_close_no_day(store: Store, admin: Made, signed_in: Client) -> None:
    form = signed_in.get("/practice/hours").form(field="opens_0")
    for sent in ({}, {"opens_0": "08:00", "closes_0": "12:00"}):
        refused = signed_in.post(form.action, data=sent)
        assert refused.status_code == 422
        assert refused.errors.keys() == form.filled().keys() - sent.keys()
        with store.work(writes=False):
            assert len(practice.hours_of(admin.viewer)) == 5


def test_numbers_are_added_once_moved_and_removed(store: Store, admin: Made, signed_in: Client) -> None:
    form = signed_in.get("/practice/numbers").form(field="phone")
    for _ in range(2):
        assert signed_in.submit(form, label="Nurse", phone="+1 (530) 555-0142", note="").status_code == 303
    page = signed_in.get("/practice/numbers")
    up = next(found for found in page.forms if found.action.endswith("/up"))
    assert signed_in.submit(up).status_code == 303
    with store.work(writes=False):
        assert [number.label for number in practice.numbers_of(admin.viewer)] == ["Nurse", "Front desk"]
    page = signed_in.get("/practice/numbers")
    remove = [found for found in page.forms if found.action.endswith("/remove")]
    asked = page.all("details", class_name="sheet")
    assert "Remove Nurse, +1 (530) 555-0142?" in text_of(asked[0]), "asked once, and not in one tap"
    gone = signed_in.submit(remove[0])
    assert gone.status_code == 303
    assert "The number was removed." in signed_in.follow(gone).words
    assert signed_in.submit(remove[0]).status_code == 404
    with store.work(writes=False):
        assert [number.label for number in practice.numbers_of(admin.viewer)] == ["Front desk"]
    assert "Front desk" in signed_in.get("/help").words


def test_what_a_number_is_for_is_read_in_each_language_and_own_words_as_they_are(
    app: Flask, store: Store, admin: Made, signed_in: Client
) -> None:
    form = signed_in.get("/practice/numbers").form(field="phone")
    assert signed_in.submit(form, kind="After hours", label="", phone="555 0177").status_code == 303
    form = signed_in.get("/practice/numbers").form(field="phone")
    assert signed_in.submit(form, kind="Nurse", label="Ward 3", phone="555 0142").status_code == 303
    with store.work(writes=False):
        labels = [number.label for number in practice.numbers_of(admin.viewer)]
    assert labels == ["Front desk", "After hours", "Ward 3"]
    spanish = Client(app).get("/help", headers={"Accept-Language": "es"}).main_words
    assert "Recepción" in spanish  # Named by hand, before there was a list.
    assert "Fuera de horario" in spanish
    assert "Ward 3" in spanish
    assert "Front desk" not in spanish


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("label", ""),
        ("kind", "nobody"),
        ("label", "x" * 81),
        ("phone", ""),
        ("phone", "call me"),
        ("phone", "+"),
        ("phone", "5" * 41),
    ],
)
def test_bad_numbers_are_answered_beside_the_field(signed_in: Client, field: str, value: str) -> None:
    form = signed_in.get("/practice/numbers").form(field="phone")
    refused = signed_in.submit(form, **({"label": "Nurse", "phone": "555 0142"} | {field: value}))
    assert refused.status_code == 422
    assert refused.errors.keys() == {field}


def test_numbers_of_another_practice_cannot_be_touched(store: Store, signed_in: Client) -> None:
    elsewhere = make_practice(store, "Elsewhere")
    with store.work(writes=False):
        number_id = db().scalars(select(PracticeNumber.id).where(PracticeNumber.practice_id == elsewhere.id)).one()
    for action in ("remove", "up"):
        theirs = signed_in.post(f"/practice/numbers/{number_id}/{action}")
        nobodys = signed_in.post(f"/practice/numbers/{new_id()}/{action}")
        assert theirs.status_code == nobodys.status_code == 404
        assert theirs.get_data() == nobodys.get_data()
    form = signed_in.get("/practice/numbers").form(field="phone")
    refused = signed_in.submit(form, id=str(number_id), label="Front desk", phone="555 0100", note="Ask for us")
    assert refused.status_code == 422


# ------------------------------------------------------------------------------------------------------- the help page
def test_help_shows_the_only_practice_and_never_one_of_several(store: Store, own: MadePractice, app: Flask) -> None:
    with store.work(writes=False), app.test_request_context():
        assert [number.phone for number in practice.help_numbers()] == ["555 0100"]
        assert practice.opening_hours_text()[0][0] == "Monday to Friday"
    other = make_practice(store, "Elsewhere", numbers=False)
    with store.work(writes=False):
        assert practice.help_numbers() == ()
        assert [number.phone for number in practice.help_numbers(own.id)] == ["555 0100"]
        assert practice.help_numbers(other.id) == ()


@pytest.mark.sqlite
def test_help_gives_what_was_last_known_when_the_database_is_gone(store: Store, own: MadePractice, app: Flask) -> None:
    with store.work(writes=False):
        known = practice.reachable()
    assert known.numbers
    assert store.database.file is not None
    store.database.file.rename(store.database.file.with_suffix(".away"))
    with store.work(writes=False), app.test_request_context():
        assert practice.reachable() == known
        assert practice.help_numbers(new_id()) == ()
        assert practice.opening_hours_text(new_id()) == []


# ----------------------------------------------------------------------------------------------------- finding people
def find(client: Client, words: str, at: str = "/practice") -> Page:
    return client.submit(client.get(at).form(action="/practice/patients"), words=words)


@pytest.mark.parametrize("at", ["/practice", "/practice/patients"])
@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("ines", ["Inés Duarte"]),
        ("  DUARTE   in ", ["Inés Duarte"]),
        ("c-00", ["Ada Byron", "Inés Duarte"]),
        ("C-002", ["Inés Duarte"]),
        ("duarte c-001", []),
        ("%", []),
    ],
)
def test_a_patient_is_found_by_a_part_of_the_name_or_number(
    store: Store, admin: Made, signed_in: Client, at: str, words: str, found: list[str]
) -> None:
    register(store, admin, "C-001")
    register(store, admin, "C-002", name="Inés Duarte")
    register(store, make_administrator(store, make_practice(store, "Elsewhere")), "C-003", name="Inés Duarte")
    page = find(signed_in, words, at)
    assert page.status_code == 200
    assert "?" not in page.request.full_path.removesuffix("?")
    titles = [text_of(each) for each in page.all("span", class_name="row-title")]
    assert [title.removesuffix(" invited") for title in titles] == found


def test_looking_for_nothing_is_answered_beside_the_field(signed_in: Client) -> None:
    refused = find(signed_in, "  ", "/practice/patients")
    assert refused.status_code == 422
    assert refused.errors.keys() == {"words"}


def test_long_lists_come_in_pages(store: Store, own: MadePractice, admin: Made, signed_in: Client) -> None:
    for number in range(27):
        register(store, admin, f"C-{number:03}", name=f"Patient {number:03}")
        make_clinician(store, own, name=f"Clinician {number:03}")

    def titles(path: str) -> list[str]:
        return [text_of(each) for each in signed_in.get(path).all("span", class_name="row-title")]

    overview = signed_in.get("/practice")
    assert len(overview.all("span", class_name="row-title")) == 20
    assert {"/practice/patients", "/practice/staff"} <= set(overview.links)
    for path, word, total in (("/practice/patients", "Patient", 27), ("/practice/staff", "Clinician", 28)):
        first, second = titles(path), titles(f"{path}?page=2")
        assert (len(first), len(second)) == (25, total - 25)
        assert len({*first, *second}) == total
        assert second[-1 if word == "Patient" else 0].startswith(word)
        assert f"{path}?page=2" in signed_in.get(path).links
        assert f"{path}?page=1" in signed_in.get(f"{path}?page=2").links
        assert titles(f"{path}?page=99") == second
        for nonsense in ("0", "-1", "x", "9" * 50, "٣", ""):
            assert titles(f"{path}?page={nonsense}") == first
    few = find(signed_in, "patient")
    assert "27 patients found" in few.words
    assert "Here are the first 25" in few.words


def test_every_page_below_the_practice_leads_back(store: Store, own: MadePractice, signed_in: Client) -> None:
    patient, clinician = make_patient(store, own), make_clinician(store, own)
    pages = ["patients/new", "patients", "staff/new", "staff", "hours", "numbers", "codes"]
    people_pages = [f"people/{patient.id}", f"people/{clinician.id}"]
    for path in (*pages, *people_pages):
        assert signed_in.get(f"/practice/{path}").links.count("/practice") >= 2, path
    for path in people_pages:
        assert f"/practice/{path}" in signed_in.get(f"/practice/{path}/code").links
    assert f"/practice/{people_pages[0]}" in signed_in.get(f"/practice/{people_pages[0]}/chart").links


def test_the_letter_beside_a_name_is_not_that_of_a_title(store: Store, own: MadePractice, signed_in: Client) -> None:
    for name in ("Dr. Priya Raman", "Prof Dr Nils Berg", "Mr", "Øystein"):
        make_clinician(store, own, name=name)
    letters_shown = {text_of(each) for each in signed_in.get("/practice").all("span", class_name="initial")}
    assert {"P", "N", "M", "Ø"} <= letters_shown
    assert "D" not in letters_shown
