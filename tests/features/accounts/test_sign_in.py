"""Signing in: the same answer for nobody and somebody, a new session each time, and a code that counts once."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from http.cookies import SimpleCookie

import pyotp
import pytest
from flask import Flask
from sqlalchemy import func, select

from patient_app.accounts import passwords
from patient_app.accounts.models import DeviceSession, KnownDevice, Person, PersonState
from patient_app.accounts.passwords import PasswordRefused
from patient_app.accounts.sign_in_views import local_path
from patient_app.core import clock
from patient_app.core.config import Argon2Cost, Config
from patient_app.core.identity import Stage
from patient_app.core.roles import Role
from patient_app.core.work import Store, db
from tests.factories import PASSWORD, Made, make_person, make_practice, sign_in_by_form
from tests.page import Client, Page, text_of

SetTime = Callable[[datetime | str], None]


@pytest.fixture
def patient(store: Store) -> Made:
    return make_person(store, make_practice(store), Role.PATIENT)


@pytest.fixture
def clinician(store: Store) -> Made:
    return make_person(store, make_practice(store), Role.CLINICIAN)


def try_to_sign_in(client: Client, name: str, password: str) -> Page:
    return client.post("/sign-in", data={"sign_in_name": name, "password": password})


def cookies_of(page: Page) -> SimpleCookie:
    jar = SimpleCookie()
    for header in page.headers.getlist("Set-Cookie"):
        jar.load(header)
    return jar


def sessions_in(store: Store) -> list[DeviceSession]:
    with store.work(writes=False):
        return list(db().scalars(select(DeviceSession).order_by(DeviceSession.id)))


# --- name and password -----------------------------------------------------------------------------------------


def test_a_patient_signs_in_with_name_and_password(client: Client, patient: Made, store: Store) -> None:
    page = sign_in_by_form(client, patient)
    assert page.status_code == 200
    (session,) = sessions_in(store)
    assert session.stage == Stage.FULL
    assert session.person_id == patient.id


def test_the_name_counts_regardless_of_case_and_spaces(client: Client, patient: Made) -> None:
    assert try_to_sign_in(client, f"  {patient.sign_in_name.upper()} ", PASSWORD).status_code == 303


def test_a_wrong_password_and_an_unknown_name_get_the_same_bytes(client: Client, patient: Made) -> None:
    known = try_to_sign_in(client, patient.sign_in_name, "not the password at all")
    unknown = try_to_sign_in(client, "x" * len(patient.sign_in_name), "not the password at all")
    assert known.status_code == unknown.status_code == 422
    assert known.text.replace(patient.sign_in_name, "x" * len(patient.sign_in_name)) == unknown.text
    ours = ("X-Request-Id", "Content-Length")
    assert [pair for pair in known.headers if pair[0] not in ours] == [
        pair for pair in unknown.headers if pair[0] not in ours
    ]
    assert "do not match" in known.errors["password"]


@pytest.mark.parametrize("state", [PersonState.INVITED, PersonState.CLOSED])
def test_an_account_that_is_not_open_is_answered_like_no_account(
    client: Client, store: Store, state: PersonState
) -> None:
    person = make_person(store, make_practice(store), Role.PATIENT, state=state)
    page = try_to_sign_in(client, person.sign_in_name, PASSWORD)
    assert page.status_code == 422
    assert "do not match" in page.errors["password"]


@pytest.mark.slow
def test_an_unknown_name_takes_as_long_as_a_wrong_password(app: Flask, config: Config, store: Store) -> None:
    """Whole requests, with a hash that costs tens of milliseconds: the medians differ by less than a quarter."""
    store.config = replace(config, argon2=Argon2Cost(time_cost=2, memory_kib=32768, parallelism=1))
    practice = make_practice(store)
    took: dict[bool, list[float]] = {True: [], False: []}
    for number in range(12):
        person = make_person(store, practice, Role.PATIENT)
        for known in (number % 2 == 0, number % 2 == 1):
            client = Client(app, checked=False)
            name = person.sign_in_name if known else f"nobody-{number}@example.org"
            begun = time.perf_counter()
            page = try_to_sign_in(client, name, "not the password at all")
            took[known].append(time.perf_counter() - begun)
            assert page.status_code == 422
    somebody, nobody = (statistics.median(took[which]) for which in (True, False))
    assert abs(somebody - nobody) < 0.25 * somebody, f"somebody {somebody:.4f} s, nobody {nobody:.4f} s"


def test_a_password_is_hashed_anew_when_the_cost_changed(client: Client, config: Config, store: Store) -> None:
    dear = replace(config, argon2=Argon2Cost(time_cost=2, memory_kib=128, parallelism=1))
    store.config, plain = dear, store.config
    person = make_person(store, make_practice(store), Role.PATIENT)
    store.config = plain
    sign_in_by_form(client, person)
    with store.work(writes=False):
        kept = db().scalar(select(Person.password_hash).where(Person.id == person.id)) or ""
    assert "m=64,t=1,p=1" in kept
    assert try_to_sign_in(client, person.sign_in_name, PASSWORD).status_code == 303


# --- cookies and sessions --------------------------------------------------------------------------------------


def test_the_cookie_behind_https_is_bound_to_the_host(secure_client: Client, patient: Made) -> None:
    page = try_to_sign_in(secure_client, patient.sign_in_name, PASSWORD)
    jar = cookies_of(page)
    assert set(jar) == {"__Host-session", "__Host-device"}
    for cookie in jar.values():
        assert cookie["secure"]
        assert cookie["httponly"]
        assert cookie["path"] == "/"
        assert cookie["samesite"] == "Lax"
        assert not cookie["domain"]
    assert int(jar["__Host-session"]["max-age"]) == 180 * 86400
    assert int(jar["__Host-device"]["max-age"]) == 400 * 86400


def test_the_cookie_on_plain_localhost_has_another_name_and_is_not_secure(client: Client, patient: Made) -> None:
    jar = cookies_of(try_to_sign_in(client, patient.sign_in_name, PASSWORD))
    assert set(jar) == {"session", "device"}
    for cookie in jar.values():
        assert not cookie["secure"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"


def test_the_cookie_of_staff_goes_when_the_browser_is_closed(client: Client, clinician: Made) -> None:
    first = try_to_sign_in(client, clinician.sign_in_name, PASSWORD)
    second = client.post("/sign-in/code", data={"code": clinician.code})
    for page in (first, second):
        assert not cookies_of(page)["session"]["max-age"]
        assert not cookies_of(page)["session"]["expires"]


def test_the_row_keeps_only_a_hash_of_the_token(client: Client, patient: Made, store: Store) -> None:
    token = cookies_of(try_to_sign_in(client, patient.sign_in_name, PASSWORD))["session"].value
    assert len(token) >= 43
    (session,) = sessions_in(store)
    assert token.encode() not in session.token_hash
    assert len(session.token_hash) == 32


def test_a_cookie_that_was_there_before_never_becomes_the_session(client: Client, patient: Made) -> None:
    """Session fixation: a stranger's cookie is not taken over, and a second sign-in ends the first session."""
    client.set_cookie("session", "chosen-by-a-stranger", domain="localhost")
    first = cookies_of(try_to_sign_in(client, patient.sign_in_name, PASSWORD))["session"].value
    assert first != "chosen-by-a-stranger"
    second = cookies_of(try_to_sign_in(client, patient.sign_in_name, PASSWORD))["session"].value
    assert second != first
    assert client.get("/settings").status_code == 200
    stale = Client(client.application)
    for token in (first, "chosen-by-a-stranger"):
        stale.set_cookie("session", token, domain="localhost")
        assert stale.get("/settings").status_code == 303


def test_a_new_token_at_the_second_factor_step(client: Client, clinician: Made, store: Store) -> None:
    before = cookies_of(try_to_sign_in(client, clinician.sign_in_name, PASSWORD))["session"].value
    after = cookies_of(client.post("/sign-in/code", data={"code": clinician.code}))["session"].value
    assert before != after
    half, full = sessions_in(store)
    assert half.ended_at is not None
    assert half.id != full.id
    stale = Client(client.application)
    stale.set_cookie("session", before, domain="localhost")
    assert (stale.get("/settings").location or "").startswith("/sign-in?")


def test_signing_out_ends_the_session_on_the_server(client: Client, patient: Made) -> None:
    token = cookies_of(try_to_sign_in(client, patient.sign_in_name, PASSWORD))["session"].value
    page = client.post("/sign-out")
    assert page.location == "/sign-in?done=signed-out"
    assert cookies_of(page)["session"].value == ""
    assert "You are signed out." in client.follow(page).words
    copied = Client(client.application)
    copied.set_cookie("session", token, domain="localhost")
    assert (copied.get("/settings").location or "").startswith("/sign-in?")


def test_nothing_is_written_into_flasks_own_session(client: Client, patient: Made) -> None:
    """There is no secret key: a write would raise, and a foreign remember cookie must not be read either."""
    assert client.application.secret_key is None
    client.set_cookie("remember_token", "1|abc", domain="localhost")
    assert client.get("/sign-in").status_code == 200
    sign_in_by_form(client, patient)


def test_the_device_is_known_only_after_the_second_factor(client: Client, clinician: Made, store: Store) -> None:
    try_to_sign_in(client, clinician.sign_in_name, PASSWORD)
    with store.work(writes=False):
        assert db().scalar(select(func.count()).select_from(KnownDevice)) == 0
    client.post("/sign-in/code", data={"code": clinician.code})
    with store.work(writes=False):
        assert db().scalar(select(func.count()).select_from(KnownDevice)) == 1


# --- where to go next ------------------------------------------------------------------------------------------


def test_after_signing_in_the_page_that_was_asked_for_opens(client: Client, patient: Made) -> None:
    asked = client.get("/settings/language")
    page = client.follow(asked)
    answer = client.submit(page.form(field="password"), sign_in_name=patient.sign_in_name, password=PASSWORD)
    assert answer.location == "/settings/language"


def test_staff_reach_the_page_that_was_asked_for_after_the_code(client: Client, clinician: Made) -> None:
    page = client.follow(client.get("/settings/language"))
    answer = client.submit(page.form(field="password"), sign_in_name=clinician.sign_in_name, password=PASSWORD)
    page = client.follow(answer)
    assert client.submit(page.form(field="code"), code=clinician.code).location == "/settings/language"


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "\\\\evil",
        "/\t/evil.example",
        "evil",
        "/a b",
        "/" * 2000,
    ],
)
def test_another_site_is_never_where_to_go_next(client: Client, patient: Made, address: str) -> None:
    assert local_path(address) is None
    page = client.post(
        "/sign-in", query_string={"next": address}, data={"sign_in_name": patient.sign_in_name, "password": PASSWORD}
    )
    assert page.location == "/"


@pytest.mark.parametrize(
    "address", ["/\u00e9", "/\U0001f30a?a=\u202e", "/%0d%0aSet-Cookie:x", "/sign-in", "/settings?a=b&c=d"]
)
def test_any_path_of_ours_can_be_where_to_go_next(client: Client, patient: Made, address: str) -> None:
    page = client.post(
        "/sign-in", query_string={"next": address}, data={"sign_in_name": patient.sign_in_name, "password": PASSWORD}
    )
    assert page.status_code == 303
    assert len(page.headers.getlist("Set-Cookie")) == 2
    assert client.follow(page).status_code < 500


# --- second factor ---------------------------------------------------------------------------------------------


def test_half_a_sign_in_opens_nothing(client: Client, clinician: Made) -> None:
    assert try_to_sign_in(client, clinician.sign_in_name, PASSWORD).location == "/sign-in/code?next=/"
    for path in ("/settings", "/security-notice", "/confirm"):
        assert client.get(path).location == "/sign-in/code"
    assert client.post("/settings/devices/end-others").location == "/sign-in/code"
    assert client.get("/sign-in/set-up").location == "/sign-in/code"


def test_who_has_only_the_password_cannot_put_in_another_app(client: Client, clinician: Made, store: Store) -> None:
    try_to_sign_in(client, clinician.sign_in_name, PASSWORD)
    assert client.post("/sign-in/set-up", data={"code": "000000"}).location == "/sign-in/code"
    with store.work(writes=False):
        assert db().get_one(Person, clinician.id).totp_secret == clinician.totp_secret


def test_a_code_counts_once(client: Client, clinician: Made, app: Flask, set_time: SetTime) -> None:
    set_time("2026-05-04 09:00:05")
    code = clinician.code
    sign_in_by_form(client, clinician)
    other = Client(app)
    try_to_sign_in(other, clinician.sign_in_name, PASSWORD)
    again = other.post("/sign-in/code", data={"code": code})
    assert again.status_code == 422
    assert "does not work" in again.errors["code"]
    set_time("2026-05-04 09:00:35")
    assert other.post("/sign-in/code", data={"code": code}).status_code == 422
    assert other.post("/sign-in/code", data={"code": clinician.code}).status_code == 303


@pytest.mark.parametrize(("seconds", "status"), [(-60, 422), (-30, 303), (0, 303), (30, 303), (60, 422)])
def test_a_clock_may_be_off_by_one_step(
    client: Client, clinician: Made, set_time: SetTime, seconds: int, status: int
) -> None:
    set_time("2026-05-04 09:00:00")
    try_to_sign_in(client, clinician.sign_in_name, PASSWORD)
    code = pyotp.TOTP(clinician.totp_secret or "").at(int(clock.now().timestamp()) + seconds)
    assert client.post("/sign-in/code", data={"code": code}).status_code == status


def test_a_code_may_be_typed_with_a_space(client: Client, clinician: Made) -> None:
    try_to_sign_in(client, clinician.sign_in_name, PASSWORD)
    code = clinician.code
    assert client.post("/sign-in/code", data={"code": f" {code[:3]} {code[3:]} "}).status_code == 303


def test_wrong_codes_are_slowed_and_the_password_does_not_start_them_afresh(
    client: Client, clinician: Made, set_time: SetTime
) -> None:
    set_time("2026-05-04 09:00:00")
    statuses = []
    for _ in range(7):
        try_to_sign_in(client, clinician.sign_in_name, PASSWORD)
        statuses.append(client.post("/sign-in/code", data={"code": "000000"}).status_code)
    assert statuses == [422] * 5 + [429] * 2


def test_staff_without_a_second_factor_set_one_up_first(client: Client, store: Store) -> None:
    person = make_person(store, make_practice(store), Role.CLINICIAN, totp=False)
    page = try_to_sign_in(client, person.sign_in_name, PASSWORD)
    assert page.location == "/sign-in/set-up?next=/"
    assert client.get("/settings").location == "/sign-in/set-up"
    page = client.follow(page)
    assert [each for each in page.document.iter() if each.get("class") == "qr"]
    secret = page.one("code").text or ""
    assert client.submit(page.form(field="code"), code="12345").status_code == 422
    page = client.get("/sign-in/set-up")
    assert page.one("code").text == secret, "the same secret on each showing"
    answer = client.submit(page.form(field="code"), code=pyotp.TOTP(secret.replace(" ", "")).at(clock.now()))
    assert answer.status_code == 303
    assert client.get("/settings").status_code == 200
    with store.work(writes=False):
        row = db().get_one(Person, person.id)
        assert row.totp_secret == secret.replace(" ", "")
        assert row.totp_confirmed_at is not None


def test_another_sign_in_is_offered_another_secret(app: Flask, store: Store) -> None:
    person = make_person(store, make_practice(store), Role.ADMINISTRATOR, totp=False)
    secrets = set()
    for _ in range(2):
        client = Client(app)
        try_to_sign_in(client, person.sign_in_name, PASSWORD)
        secrets.add(client.get("/sign-in/set-up").one("code").text)
    assert len(secrets) == 2


def test_a_patient_turns_codes_on_and_off(client: Client, patient: Made, store: Store, set_time: SetTime) -> None:
    set_time("2026-05-04 09:00:00")
    sign_in_by_form(client, patient)
    page = client.get("/settings/second-factor")
    secret = (page.one("code").text or "").replace(" ", "")
    assert client.submit(page.form(field="code"), code="1").status_code == 422
    on = client.submit(page.form(field="code"), code=pyotp.TOTP(secret).at(clock.now()))
    assert on.location == "/settings?done=second-factor-on"
    assert "we also ask for a code" in client.follow(on).words

    set_time("2026-05-04 09:05:00")
    client.post("/sign-out")
    assert try_to_sign_in(client, patient.sign_in_name, PASSWORD).location == "/sign-in/code?next=/"
    assert client.post("/sign-in/code", data={"code": pyotp.TOTP(secret).at(clock.now())}).location == "/"

    form = client.get("/settings/second-factor").form(action="/settings/second-factor/off")
    assert client.submit(form, code="123456").status_code == 422
    set_time("2026-05-04 09:06:00")
    off = client.submit(form, code=pyotp.TOTP(secret).at(clock.now()))
    assert off.location == "/settings?done=second-factor-off"
    with store.work(writes=False):
        assert db().get_one(Person, patient.id).totp_secret is None
    offered = client.get("/settings/second-factor").one("code").text
    assert (offered or "").replace(" ", "") != secret, "a lost phone's secret does not come back"


def test_staff_cannot_turn_codes_off(client: Client, clinician: Made, store: Store) -> None:
    sign_in_by_form(client, clinician)
    assert not [form for form in client.get("/settings/second-factor").forms if form.action.endswith("/off")]
    assert client.post("/settings/second-factor/off").status_code == 422
    with store.work(writes=False):
        assert db().get_one(Person, clinician.id).totp_confirmed_at is not None


# --- showing again who it is -----------------------------------------------------------------------------------


def test_what_matters_asks_for_the_password_again(client: Client, patient: Made, set_time: SetTime) -> None:
    set_time("2026-05-04 09:00:00")
    before = cookies_of(try_to_sign_in(client, patient.sign_in_name, PASSWORD))["session"].value
    set_time("2026-05-04 09:11:00")
    page = client.get("/settings/second-factor")
    assert page.location == "/confirm?next=/settings/second-factor"
    assert client.post("/settings/second-factor", data={"code": "1"}).status_code == 401
    form = client.follow(page).form(field="password")
    assert client.submit(form, password="wrong").status_code == 422
    answer = client.submit(form, password=PASSWORD)
    assert answer.location == "/settings/second-factor"
    assert cookies_of(answer)["session"].value != before
    assert client.follow(answer).status_code == 200
    stale = Client(client.application)
    stale.set_cookie("session", before, domain="localhost")
    assert stale.get("/settings").status_code == 303


def test_staff_also_show_a_code(client: Client, clinician: Made, store: Store, set_time: SetTime) -> None:
    set_time("2026-05-04 09:00:00")
    sign_in_by_form(client, clinician)
    set_time("2026-05-04 09:14:00")
    page = client.get("/confirm")
    assert client.submit(page.form(field="password"), password=PASSWORD).status_code == 422
    assert client.submit(page.form(field="password"), password="wrong", code=clinician.code).status_code == 422
    answer = client.submit(page.form(field="password"), password=PASSWORD, code=clinician.code)
    assert answer.location == "/"


def test_a_session_that_goes_on_is_as_old_as_before(
    client: Client, patient: Made, store: Store, set_time: SetTime
) -> None:
    set_time("2026-05-04 09:00:00")
    sign_in_by_form(client, patient)
    set_time("2026-05-05 09:00:00")
    client.submit(client.get("/confirm").form(field="password"), password=PASSWORD)
    old, new = sessions_in(store)
    assert old.ended_at is not None
    assert (new.created_at, new.expires_at) == (old.created_at, old.expires_at)
    assert new.confirmed_at > old.confirmed_at


# --- passwords -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "role", "word"),
    [
        ("short one", Role.PATIENT, "10 letters"),
        ("eleven-char", Role.CLINICIAN, "12 letters"),
        ("eleven-char", Role.ADMINISTRATOR, "12 letters"),
        ("123456789", Role.SUPPORTER, "10 letters"),
        ("1q2w3e4r5t", Role.PATIENT, "Many people"),
        ("Q1W2E3R4T5", Role.PATIENT, "Many people"),
        ("aaaaaaaaaaaaaa", Role.PATIENT, "repeats"),
        ("long " * 60, Role.PATIENT, "256"),
    ],
)
def test_a_new_password_is_refused_in_plain_words(app: Flask, text: str, role: Role, word: str) -> None:
    with pytest.raises(PasswordRefused) as refused:
        passwords.check_new_password(text, role)
    with app.app_context():
        assert word in str(refused.value.message)


@pytest.mark.parametrize(
    "text", ["ten letters", "пароль на русском", "a b c d e f g", "ñandú ñandú ñandú", "🌊🌊⛵🌊🌊🌅🌊🌊🌊🌊"]
)
def test_any_letters_will_do(store: Store, text: str) -> None:
    passwords.check_new_password(text, Role.PATIENT)
    with store.work(writes=False):
        assert passwords.verify_password(passwords.hash_password(text), text)


def test_two_spellings_of_one_letter_are_one_password(store: Store) -> None:
    with store.work(writes=False):
        assert passwords.verify_password(passwords.hash_password("cafe\u0301 au lait"), "caf\u00e9 au lait")


def test_every_listed_password_is_refused() -> None:
    listed = [word for word in passwords.common_passwords() if len(word) >= passwords.SHORTEST]
    assert len(listed) > 1000
    for word in listed:
        for spelling in (word, word.upper(), word.title()):
            with pytest.raises(PasswordRefused):
                passwords.check_new_password(spelling, Role.PATIENT)


# --- bad input -------------------------------------------------------------------------------------------------

BAD = [
    "",
    " ",
    "x" * 1_000_000,
    "a\x00b",
    "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    "\u202eabc",
    "🌊",
]


@pytest.mark.parametrize("path", ["/sign-in", "/forgot", "/reset/nothing", "/open-entries/nothing", "/sign-out"])
@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
def test_bad_input_is_never_a_fault(client: Client, path: str, bad: str) -> None:
    fields = ("sign_in_name", "password", "new_password", "code", "next")
    page = client.post(path, data=dict.fromkeys(fields, bad), query_string={"next": bad[:3000]})
    assert page.status_code < 500


@pytest.mark.parametrize(
    "path",
    [
        "/confirm",
        "/settings/password",
        "/settings/second-factor",
        "/settings/language",
        "/security-notice",
        "/settings/devices/00000000-0000-0000-0000-000000000000/end",
        "/settings/devices/no-id/end",
    ],
)
@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
def test_bad_input_from_somebody_signed_in_is_never_a_fault(client: Client, patient: Made, path: str, bad: str) -> None:
    sign_in_by_form(client, patient)
    fields = (
        "password",
        "current_password",
        "new_password",
        "code",
        "language",
        "zone",
        "day_start",
        "answer",
        "about",
    )
    page = client.post(path, data=dict.fromkeys(fields, bad))
    assert page.status_code < 500


def test_strange_cookies_are_nobody(client: Client) -> None:
    for value in ("", "x" * 4000, "\u00e9\u00e9", '"', "a.b.c"):
        client.set_cookie("session", value, domain="localhost")
        client.set_cookie("device", value, domain="localhost")
        assert client.get("/sign-in").status_code == 200
        assert try_to_sign_in(client, "somebody", "something").status_code in {422, 429}


@pytest.mark.sqlite
def test_help_opens_when_the_database_is_gone(client: Client, patient: Made, config: Config) -> None:
    sign_in_by_form(client, patient)
    for file in config.instance.glob("*.sqlite*"):
        file.rename(file.with_suffix(".away"))
    assert client.get("/help").status_code == 200
    assert client.get("/settings").status_code == 503


# --- words of small weight ----------------------------------------------------------------------------------------
def test_on_the_phone_itself_the_secret_goes_into_the_app_by_a_link(client: Client, patient: Made) -> None:
    sign_in_by_form(client, patient)
    page = client.get("/settings/second-factor")
    secret = page.one("code").text or ""
    assert {len(group) for group in secret.split(" ")} == {4}
    link = next(a for a in page.all("a") if text_of(a) == "Open in your code app")
    parsed = pyotp.parse_uri(link.get("href") or "")
    assert parsed.secret == secret.replace(" ", "")
    assert parsed.name == patient.sign_in_name


def test_no_form_with_a_password_says_that_nothing_is_lost(client: Client, patient: Made) -> None:
    refused = [client.post("/sign-in"), client.post("/join")]
    sign_in_by_form(client, patient)
    refused += [client.post("/settings/password"), client.post("/settings/second-factor"), client.post("/confirm")]
    for page in refused:
        assert page.status_code == 422
        assert "is lost" not in text_of(page.one("div", id="error-summary"))
        assert "passwords and one-time codes are not kept" in page.main_words
    other = client.post("/settings/language", data={"zone": "Nowhere"})
    assert "Nothing you typed is lost." in other.main_words


def test_no_picture_is_taken_of_a_page_on_which_a_secret_is_typed(client: Client, patient: Made) -> None:
    def is_still(path: str) -> bool:
        return client.get(path).one("html").get("data-still") is not None

    assert all(is_still(path) for path in ("/sign-in", "/join", "/forgot", "/no-such-page"))
    sign_in_by_form(client, patient)
    assert all(is_still(path) for path in ("/confirm", "/settings/password", "/settings/second-factor"))
    assert not is_still("/settings")


def test_a_page_that_is_not_there_leads_on_and_gives_no_number(client: Client) -> None:
    page = client.get("/no-such-page")
    assert "/" in page.links
    assert "404" not in page.words
