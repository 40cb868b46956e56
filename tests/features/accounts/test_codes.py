"""Codes handed over in the clinic: fifteen minutes, five tries, two members of the staff, one account."""

from __future__ import annotations

import hmac
import re
import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessKind
from patient_app.accounts import codes, people
from patient_app.accounts.models import ClinicCode, LinkPurpose, OneTimeLink, Person, PersonState, SecurityNotice
from patient_app.accounts.passwords import verify_password
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
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
    make_supporter,
    sign_in_by_form,
)
from tests.features.accounts.letters import kept_bytes, letters
from tests.features.accounts.test_invitations import run_at_once
from tests.page import Client, Page

NEW_PASSWORD = "seven slow brown owls"
SHOWN = re.compile(r"[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}")
SetTime = Callable[[datetime | str], None]


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


def issue(store: Store, by: Made, person: Made) -> codes.Issued:
    with store.work(writes=True):
        issued = codes.issue(by.viewer, person.id, new_id())
    assert issued.text is not None
    return issued


def redeem(store: Store, text: str | None, *, name: str = "", password: str = NEW_PASSWORD) -> codes.Redeemed:
    assert text is not None
    with store.work(writes=True):
        return codes.redeem(text, sign_in_name=name, password=password)


def refused(store: Store, text: str | None) -> bool:
    try:
        redeem(store, text)
    except codes.CodeUnusable:
        return True
    return False


def wrong(text: str | None, number: int = 1) -> str:
    """Return a code that finds the same row and has another secret."""
    assert text is not None
    letters_of_it = text.replace("-", "")
    secret = letters_of_it[4:]
    letter = codes.ALPHABET[(codes.ALPHABET.index(secret[0]) + number) % len(codes.ALPHABET)]
    return letters_of_it[:4] + letter + secret[1:]


def row(store: Store, code_id: object) -> ClinicCode:
    with store.work(writes=False):
        return db().get_one(ClinicCode, code_id)


def person_row(store: Store, person: Made) -> Person:
    with store.work(writes=False):
        return db().get_one(Person, person.id)


def kinds(store: Store, patient: Made) -> list[tuple[AccessKind, object]]:
    with store.work(writes=False):
        return [(AccessKind(each.kind), each.viewer_id) for each in reversed(access_log.records_of(patient.id))]


# ------------------------------------------------------------------------------------------------------ what it does
def test_a_code_sets_a_new_password(store: Store, admin: Made, patient: Made) -> None:
    issued = issue(store, admin, patient)
    redeemed = redeem(store, issued.text)
    assert redeemed.person.id == patient.id
    person = person_row(store, patient)
    with store.work(writes=False):
        assert verify_password(person.password_hash, NEW_PASSWORD)
        assert verify_password(person.password_hash_before_code, PASSWORD)
    assert refused(store, issued.text)


def test_a_patient_without_e_mail_joins_by_a_code(store: Store, admin: Made, client: Client) -> None:
    with store.work(writes=True):
        made = people.register_patient(
            admin.viewer, new_id(), name="Ada", chart_number="C-1", date_of_birth=date(1970, 1, 1)
        )
        issued = codes.issue(admin.viewer, made.id, new_id())
    assert letters(store) == []
    page = client.get("/join")
    missing = client.submit(page.form(field="code"), code=issued.text, password=NEW_PASSWORD)
    assert missing.status_code == 422
    assert "Pick a name" in missing.errors["sign_in_name"]
    answer = client.submit(
        missing.form(field="code"), code=issued.text, sign_in_name="ada of the hill", password=NEW_PASSWORD
    )
    assert answer.status_code == 303
    assert "ada of the hill" in client.follow(answer).words
    with store.work(writes=False):
        person = db().get_one(Person, made.id)
        assert (person.state, person.entries_closed_until) == (PersonState.ACTIVE, None)
        assert person.security_notice is None


def test_a_scanned_code_is_filled_in_and_looking_costs_no_try(
    store: Store, admin: Made, patient: Made, client: Client
) -> None:
    issued = issue(store, admin, patient)
    assert issued.text is not None
    letters_of_it = issued.text.replace("-", "").lower()
    before = kept_bytes(store)
    page = client.get(f"/join/{letters_of_it}")
    for _ in range(8):
        assert client.get(f"/join/{letters_of_it}").status_code == 200
        assert client.head(f"/join/{letters_of_it}").status_code == 200
    assert page.form(field="code").filled()["code"] == [issued.text]
    assert kept_bytes(store) == before
    wrong_page = client.get(f"/join/{wrong(issued.text)}")
    assert wrong_page.status_code == 200
    assert client.submit(page.form(field="code"), password=NEW_PASSWORD).status_code == 303


def test_the_address_of_the_picture_takes_a_post_too(store: Store, admin: Made, patient: Made, client: Client) -> None:
    issued = issue(store, admin, patient)
    answer = client.post(f"/join/{issued.text}", data={"code": issued.text, "password": NEW_PASSWORD})
    assert answer.status_code == 303


def test_the_code_is_kept_as_a_keyed_hash_only(store: Store, admin: Made, patient: Made) -> None:
    issued = issue(store, admin, patient)
    assert issued.text is not None
    assert SHOWN.fullmatch(issued.text)
    secret = issued.text.replace("-", "")[4:]
    assert secret.encode() not in kept_bytes(store)
    assert len(codes.ALPHABET) == 31
    assert not set("01ILO") & set(codes.ALPHABET)


# ------------------------------------------------------------------------------------------- until when, how often
def test_a_code_is_dead_after_fifteen_minutes(store: Store, admin: Made, patient: Made, set_time: SetTime) -> None:
    begun = clock.now()
    set_time(begun)
    issued = issue(store, admin, patient)
    set_time(begun + timedelta(minutes=15))
    assert refused(store, issued.text)
    set_time(begun + timedelta(minutes=14, seconds=59))
    redeem(store, issued.text)


def test_five_wrong_tries_and_the_right_code_is_dead(store: Store, admin: Made, patient: Made) -> None:
    issued = issue(store, admin, patient)
    for number in range(1, 6):
        assert refused(store, wrong(issued.text, number))
    assert row(store, issued.id).tries_left == 0
    assert refused(store, issued.text)


def test_of_thirty_tries_at_once_five_are_looked_at(
    store: Store, admin: Made, patient: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = issue(store, admin, patient)
    looked_at: list[int] = []
    compare = hmac.compare_digest

    def counting(one: bytes, other: bytes) -> bool:
        looked_at.append(1)
        return bool(compare(one, other))

    monkeypatch.setattr(hmac, "compare_digest", counting)
    everybody_ready = threading.Barrier(30)
    answers: list[bool] = []

    def guess(number: int) -> None:
        everybody_ready.wait()
        answers.append(refused(store, wrong(issued.text, number + 1)))

    run_at_once(guess, 30)
    assert answers == [True] * 30
    assert len(looked_at) == 5
    assert row(store, issued.id).tries_left == 0
    assert refused(store, issued.text)


def test_of_thirty_forms_at_once_none_gets_in(store: Store, admin: Made, patient: Made, app: Flask) -> None:
    issued = issue(store, admin, patient)
    everybody_ready = threading.Barrier(30)
    answers: list[int] = []

    def guess(number: int) -> None:
        guesser = Client(app)
        everybody_ready.wait()
        page = guesser.post("/join", data={"code": wrong(issued.text, number + 1), "password": NEW_PASSWORD})
        answers.append(page.status_code)

    run_at_once(guess, 30)
    assert set(answers) == {422}
    assert row(store, issued.id).tries_left == 0


def test_of_many_with_the_right_code_one_gets_in(store: Store, admin: Made, patient: Made) -> None:
    issued = issue(store, admin, patient)
    everybody_ready = threading.Barrier(8)
    outcomes: list[bool] = []

    def use(_number: int) -> None:
        everybody_ready.wait()
        outcomes.append(refused(store, issued.text))

    run_at_once(use, 8)
    assert sorted(outcomes) == [False] + [True] * 7


def test_a_refused_password_costs_no_try(store: Store, admin: Made, patient: Made, client: Client) -> None:
    issued = issue(store, admin, patient)
    for _ in range(7):
        page = client.post("/join", data={"code": issued.text, "password": "password12345"})
        assert page.errors.keys() == {"password"}
    assert row(store, issued.id).tries_left == 5
    assert client.post("/join", data={"code": issued.text, "password": NEW_PASSWORD}).status_code == 303


@pytest.mark.parametrize("text", ["", "x", "ABCD-EFGH", "O0I1-ABCD-EFGH", "🙂" * 12, "A" * 1_000_000], ids=range(6))
def test_what_is_no_code_is_refused_beside_the_field(store: Store, client: Client, text: str) -> None:
    page = client.post("/join", data={"code": text, "password": NEW_PASSWORD})
    assert page.status_code == 422
    assert page.errors.keys() == {"code"}


def test_a_code_without_a_row_gets_the_same_answer_as_a_wrong_one(
    store: Store, admin: Made, patient: Made, client: Client
) -> None:
    issued = issue(store, admin, patient)
    near = client.post("/join", data={"code": wrong(issued.text), "password": NEW_PASSWORD})
    far = client.post("/join", data={"code": "ABCDEFGHJKMN", "password": NEW_PASSWORD})
    assert near.errors == far.errors
    assert near.status_code == far.status_code


def test_a_new_code_stops_the_one_before(store: Store, admin: Made, patient: Made) -> None:
    first, second = issue(store, admin, patient), issue(store, admin, patient)
    assert refused(store, first.text)
    redeem(store, second.text)


# ----------------------------------------------------------------------------------------------- two members of staff
def test_alone_nobody_has_to_confirm_and_with_two_somebody_else_does(
    store: Store, practice: MadePractice, admin: Made, patient: Made
) -> None:
    assert not issue(store, admin, patient).needs_second
    second = make_clinician(store, practice)
    issued = issue(store, admin, patient)
    assert issued.needs_second
    assert refused(store, issued.text)
    with store.work(writes=True), pytest.raises(NotFound):
        codes.confirm(admin.viewer, issued.id)
    assert refused(store, issued.text)
    with store.work(writes=True):
        codes.confirm(second.viewer, issued.id)
    redeem(store, issued.text)
    assert kinds(store, patient)[-3:] == [
        (AccessKind.CODE_ISSUED, admin.id),
        (AccessKind.CODE_CONFIRMED, second.id),
        (AccessKind.CODE_USED, admin.id),
    ]
    assert access_log.verify(store).faults == []


def test_closed_and_invited_staff_are_no_second(
    store: Store, practice: MadePractice, admin: Made, patient: Made
) -> None:
    make_clinician(store, practice, state=PersonState.CLOSED)
    make_clinician(store, practice, state=PersonState.INVITED)
    assert not issue(store, admin, patient).needs_second


def test_nobody_confirms_a_code_for_themselves_or_from_elsewhere(
    store: Store, practice: MadePractice, admin: Made, patient: Made
) -> None:
    target, third = make_clinician(store, practice), make_clinician(store, practice)
    stranger = make_administrator(store, make_practice(store, "Elsewhere"))
    issued = issue(store, admin, target)
    for viewer in (target.viewer, stranger.viewer, patient.viewer):
        with store.work(writes=True), pytest.raises(NotFound):
            codes.confirm(viewer, issued.id)
        with store.work(writes=True), pytest.raises(NotFound):
            codes.cancel(viewer, issued.id)
        with store.work(writes=False):
            assert codes.waiting(viewer) == []
    with store.work(writes=False):
        assert [each.name for each in codes.waiting(third.viewer)] == [target.name]


def test_a_code_that_ran_out_cannot_be_confirmed(
    store: Store, practice: MadePractice, admin: Made, patient: Made, set_time: SetTime
) -> None:
    second = make_clinician(store, practice)
    begun = clock.now()
    set_time(begun)
    issued = issue(store, admin, patient)
    set_time(begun + timedelta(minutes=15))
    with store.work(writes=True), pytest.raises(NotFound):
        codes.confirm(second.viewer, issued.id)


def test_a_cancelled_code_is_dead(store: Store, practice: MadePractice, admin: Made, patient: Made) -> None:
    second = make_clinician(store, practice)
    issued = issue(store, admin, patient)
    with store.work(writes=True):
        codes.confirm(second.viewer, issued.id)
    with store.work(writes=True):
        codes.cancel(second.viewer, issued.id)
    assert refused(store, issued.text)


# ------------------------------------------------------------------------------------------------------ who may issue
def test_who_may_issue_for_whom(store: Store, practice: MadePractice, admin: Made, patient: Made) -> None:
    clinician, other = make_clinician(store, practice), make_clinician(store, practice)
    supporter = make_supporter(store, practice)
    stranger = make_patient(store, make_practice(store, "Elsewhere"))
    assign_team(store, patient, clinician, by=admin)
    allowed = [(admin, patient), (admin, clinician), (clinician, patient)]
    denied = [
        (admin, admin),
        (admin, supporter),
        (admin, stranger),
        (clinician, clinician),
        (clinician, other),
        (clinician, admin),
        (clinician, stranger),
        (other, patient),
        (patient, patient),
        (supporter, patient),
    ]
    for viewer, person in allowed:
        issue(store, viewer, person)
    for viewer, person in denied:
        with store.work(writes=True), pytest.raises(NotFound):
            codes.issue(viewer.viewer, person.id, new_id())


def test_no_code_for_a_closed_account(store: Store, practice: MadePractice, admin: Made) -> None:
    closed = make_clinician(store, practice, state=PersonState.CLOSED)
    with store.work(writes=True), pytest.raises(codes.AccountClosed):
        codes.issue(admin.viewer, closed.id, new_id())


def test_the_same_form_shows_the_code_once(store: Store, admin: Made, patient: Made) -> None:
    code_id = new_id()
    with store.work(writes=True):
        first = codes.issue(admin.viewer, patient.id, code_id)
    with store.work(writes=True):
        again = codes.issue(admin.viewer, patient.id, code_id)
    assert (first.text is None, again.text) == (False, None)
    assert kinds(store, patient) == [(AccessKind.CODE_ISSUED, admin.id)]
    redeem(store, first.text)


def test_the_id_of_a_code_for_somebody_else_is_refused(
    store: Store, practice: MadePractice, admin: Made, patient: Made
) -> None:
    code_id = new_id()
    other = make_patient(store, practice)
    with store.work(writes=True):
        codes.issue(admin.viewer, patient.id, code_id)
    with store.work(writes=True), pytest.raises(people.IdInUse):
        codes.issue(admin.viewer, other.id, code_id)


# -------------------------------------------------------------------------------------- notice, and what follows
def test_the_person_has_notice_at_once(store: Store, admin: Made, patient: Made) -> None:
    issued = issue(store, admin, patient)
    person = person_row(store, patient)
    assert person.security_notice == SecurityNotice.CODE_ISSUED
    assert person.security_notice_at is not None
    assert len(letters(store, patient.email)) == 1
    redeem(store, issued.text)
    assert person_row(store, patient).security_notice == SecurityNotice.CODE_USED
    issued_letter, used_letter = letters(store, patient.email)
    assert issued.text is not None
    assert issued.text not in issued_letter.body
    with store.work(writes=False):
        link = db().scalars(select(OneTimeLink)).one()
    assert link.purpose == LinkPurpose.OPEN_ENTRIES
    assert link.expires_at - link.created_at == timedelta(hours=24)
    assert "/open-entries/" in used_letter.body


def test_entries_stay_closed_for_a_day_and_old_devices_stay(
    store: Store, admin: Made, patient: Made, client: Client, set_time: SetTime
) -> None:
    begun = clock.now()
    set_time(begun)
    sign_in_by_form(client, patient)
    set_time(begun + timedelta(minutes=1))
    issued = issue(store, admin, patient)
    newer = Client(client.application)
    answer = newer.post("/join", data={"code": issued.text, "password": NEW_PASSWORD})
    assert "24 hours" in newer.follow(answer).words
    person = person_row(store, patient)
    assert person.entries_closed_from == clock.now()
    assert person.entries_closed_until == clock.now() + timedelta(hours=24)
    assert client.get("/joined").status_code == 200


def test_whoever_comes_in_or_is_asked_reads_what_becomes_of_what_is_written_meanwhile(
    store: Store, practice: MadePractice, admin: Made, patient: Made, client: Client
) -> None:
    words = "All else that is written there meanwhile is seen by nobody but you, also later."
    sign_in_by_form(client, patient)
    newer = Client(client.application)
    answer = newer.post("/join", data={"code": issue(store, admin, patient).text, "password": NEW_PASSWORD})
    assert words in newer.follow(answer).main_words
    assert words in client.get("/security-notice").main_words
    assert words in newer.get(f"/open-entries/{letters(store, patient.email)[-1].token}").main_words
    clinician, second = make_clinician(store, practice), make_clinician(store, practice)
    issued = issue(store, admin, clinician)
    with store.work(writes=True):
        codes.confirm(second.viewer, issued.id)
    redeem(store, issued.text)
    page = Client(client.application).get(f"/open-entries/{letters(store, clinician.email)[-1].token}")
    assert page.status_code == 200
    assert "Check-ins" not in page.main_words  # Of staff there are no entries.


def test_a_second_code_in_that_day_opens_nothing(store: Store, admin: Made, patient: Made, set_time: SetTime) -> None:
    begun = clock.now()
    set_time(begun)
    redeem(store, issue(store, admin, patient).text)
    set_time(begun + timedelta(hours=1))
    redeem(store, issue(store, admin, patient).text, password="another long one here")
    person = person_row(store, patient)
    assert person.entries_closed_from == begun
    assert person.entries_closed_until == begun + timedelta(hours=25)
    with store.work(writes=False):
        assert verify_password(person.password_hash_before_code, PASSWORD)


def test_a_reset_of_staff_asks_for_a_new_second_factor_and_leaves_older_devices_signed_in(
    store: Store, practice: MadePractice, admin: Made, client: Client, app: Flask
) -> None:
    clinician, second = make_clinician(store, practice), make_clinician(store, practice)
    sign_in_by_form(client, clinician)
    issued = issue(store, admin, clinician)
    with store.work(writes=True):
        codes.confirm(second.viewer, issued.id)
    newer = Client(app)
    short = newer.post("/join", data={"code": issued.text, "password": "elevenchars"})
    assert short.errors.keys() == {"password"}
    answer = newer.post("/join", data={"code": issued.text, "password": NEW_PASSWORD})
    assert answer.location is not None
    assert answer.location.startswith("/sign-in/set-up")
    assert "/security-notice" in client.get("/settings").links
    person = person_row(store, clinician)
    assert person.totp_confirmed_at is None
    assert person.entries_closed_until is not None
    assert letters(store, clinician.email)[-1].subject == "A new password was chosen"


def test_joining_by_a_code_kills_the_invitation(store: Store, admin: Made, client: Client) -> None:
    with store.work(writes=True):
        made = people.register_patient(
            admin.viewer,
            new_id(),
            name="Ada",
            chart_number="C-1",
            date_of_birth=date(1970, 1, 1),
            email="ada@elsewhere.example",
        )
    token = letters(store)[-1].token
    with store.work(writes=True):
        issued = codes.issue(admin.viewer, made.id, new_id())
    redeem(store, issued.text)
    assert client.get(f"/join/{token}").status_code == 410


def test_who_joined_in_between_is_not_joined_again_by_the_code(store: Store, admin: Made, client: Client) -> None:
    with store.work(writes=True):
        made = people.register_patient(
            admin.viewer,
            new_id(),
            name="Ada",
            chart_number="C-1",
            date_of_birth=date(1970, 1, 1),
            email="ada@elsewhere.example",
        )
        issued = codes.issue(admin.viewer, made.id, new_id())
    token = next(each for each in letters(store) if "/join/" in each.body).token
    assert client.post(f"/join/{token}", data={"password": NEW_PASSWORD}).status_code == 303
    assert refused(store, issued.text)


# ---------------------------------------------------------------------------------------------------------- the pages
def code_form(client: Client, person: Made) -> Page:
    return client.get(f"/practice/people/{person.id}/code")


def test_the_page_shows_the_code_once(
    store: Store, practice: MadePractice, admin: Made, patient: Made, client: Client
) -> None:
    second = make_clinician(store, practice)
    sign_in_by_form(client, admin)
    form = code_form(client, patient).form(field="id")
    shown = client.submit(form)
    assert shown.status_code == 200
    text = SHOWN.search(shown.words)
    assert text
    assert shown.all("{http://www.w3.org/2000/svg}svg", class_name="qr")
    again = client.submit(form)
    assert not SHOWN.search(again.words)
    assert "made already" in again.words
    other = Client(client.application)
    sign_in_by_form(other, second)
    assert patient.name not in other.get("/practice/codes").words
    assign_team(store, patient, second, by=admin)
    waiting = other.get("/practice/codes")
    assert patient.name in waiting.words
    assert patient.chart["chart_number"] in waiting.words
    confirm = next(form for form in waiting.forms if form.action.endswith("/confirm"))
    assert other.submit(confirm).status_code == 303
    assert (
        Client(client.application).post("/join", data={"code": text.group(), "password": NEW_PASSWORD}).status_code
        == 303
    )


def test_issuing_asks_for_the_password_again(
    store: Store, admin: Made, patient: Made, client: Client, set_time: SetTime
) -> None:
    begun = clock.now()
    set_time(begun)
    sign_in_by_form(client, admin)
    form = code_form(client, patient).form(field="id")
    set_time(begun + timedelta(minutes=11))
    assert code_form(client, patient).location == f"/confirm?next=/practice/people/{patient.id}/code"
    assert client.submit(form).status_code == 401
    assert kinds(store, patient) == []


def test_pages_of_codes_tell_strangers_nothing(
    store: Store, practice: MadePractice, admin: Made, patient: Made, client: Client
) -> None:
    unassigned = make_clinician(store, practice)
    sign_in_by_form(client, unassigned)
    form = {"id": str(new_id())}
    theirs = client.get(f"/practice/people/{patient.id}/code")
    nobodys = client.get(f"/practice/people/{new_id()}/code")
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.get_data() == nobodys.get_data()
    assert client.post(f"/practice/people/{patient.id}/code", data=form).status_code == 404
    assert client.post(f"/practice/codes/{new_id()}/confirm").status_code == 404
    own = Client(client.application)
    sign_in_by_form(own, patient)
    for address in (f"/practice/people/{patient.id}/code", "/practice/codes"):
        assert own.get(address).status_code == 404
