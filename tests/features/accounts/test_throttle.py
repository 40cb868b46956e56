"""Guessing is slowed, guesses sent together too; the owner on a device of theirs is not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from patient_app.accounts import passwords, throttle
from patient_app.accounts.models import Throttle
from patient_app.core.roles import Role
from patient_app.core.work import Store, db
from tests.factories import PASSWORD, Made, make_person, make_practice, sign_in
from tests.page import Client

SetTime = Callable[[datetime | str], None]
BEGIN = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


@pytest.fixture
def patient(store: Store) -> Made:
    return make_person(store, make_practice(store), Role.PATIENT)


def guess(client: Client, name: str, password: str = "a wrong password", address: str = "192.0.2.1") -> int:
    page = client.post(
        "/sign-in", data={"sign_in_name": name, "password": password}, environ_base={"REMOTE_ADDR": address}
    )
    return page.status_code


def reserve(store: Store, buckets: Callable[[], list[throttle.Bucket]]) -> int:
    with store.work(writes=False):
        return throttle.reserve(buckets())


# --- one account -----------------------------------------------------------------------------------------------


@pytest.mark.data
def test_the_sixth_try_waits_and_each_one_after_it_twice_as_long(store: Store, set_time: SetTime) -> None:
    set_time(BEGIN)
    moment = BEGIN
    waits = []
    for _ in range(18):
        wait = reserve(store, lambda: throttle.sign_in_buckets(b"a name", "192.0.2.1", None))
        waits.append(wait)
        moment += timedelta(seconds=wait)
        set_time(moment)
        if wait:
            assert reserve(store, lambda: throttle.sign_in_buckets(b"a name", "192.0.2.1", None)) == 0
    assert waits[:5] == [0] * 5
    assert waits[5:] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


def test_at_most_twenty_tries_an_hour_are_looked_at(store: Store, set_time: SetTime) -> None:
    looked_at = 0
    for second in range(0, 3600, 3):
        set_time(BEGIN + timedelta(seconds=second))
        address = f"192.0.{second % 250}.1"
        looked_at += reserve(store, lambda: throttle.sign_in_buckets(b"a name", address, None)) == 0  # noqa: B023 - called at once.
    assert 10 <= looked_at <= 20


def test_nobody_is_locked_out_for_good(client: Client, patient: Made, set_time: SetTime) -> None:
    set_time(BEGIN)
    for _ in range(50):
        guess(client, patient.sign_in_name)
    page = client.post("/sign-in", data={"sign_in_name": patient.sign_in_name, "password": PASSWORD})
    assert page.status_code == 429
    assert int(page.headers["Retry-After"]) <= 900
    assert "Wait 1 second and try again." in page.errors["password"]
    set_time(BEGIN + timedelta(seconds=901))
    assert guess(client, patient.sign_in_name, PASSWORD) == 303


def test_an_unknown_name_is_slowed_in_the_same_way(client: Client, patient: Made, set_time: SetTime) -> None:
    set_time(BEGIN)
    known = [guess(client, patient.sign_in_name) for _ in range(8)]
    unknown = [guess(client, "nobody@example.org") for _ in range(8)]
    assert known == unknown == [422] * 5 + [429] * 3


def test_a_right_password_starts_the_count_afresh(app: Flask, patient: Made, set_time: SetTime) -> None:
    set_time(BEGIN)
    for _ in range(2):
        client = Client(app)
        assert [guess(client, patient.sign_in_name) for _ in range(4)] == [422] * 4
        assert guess(client, patient.sign_in_name, PASSWORD) == 303


@pytest.mark.data
def test_of_thirty_wrong_tries_at_once_no_more_than_allowed_are_looked_at(
    app: Flask, patient: Made, set_time: SetTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_time(BEGIN)
    looked_at: list[bool] = []
    original = passwords.verify_password

    def counted(kept: str | None, text: str) -> bool:
        looked_at.append(True)
        return original(kept, text)

    monkeypatch.setattr(passwords, "verify_password", counted)
    together = threading.Barrier(30)

    def one(_number: int) -> int:
        client = Client(app, checked=False)
        together.wait()
        return guess(client, patient.sign_in_name)

    with ThreadPoolExecutor(30) as pool:
        statuses = list(pool.map(one, range(30)))
    assert sorted(set(statuses)) == [422, 429]
    assert len(looked_at) == statuses.count(422) == 5


# --- a known device --------------------------------------------------------------------------------------------


def test_a_stranger_who_guesses_does_not_slow_the_owner(app: Flask, patient: Made, set_time: SetTime) -> None:
    set_time(BEGIN)
    own, stranger = Client(app), Client(app)
    sign_in(own, patient)
    own.post("/sign-out")
    for number in range(200):
        guess(stranger, patient.sign_in_name, address="192.0.2.1" if number % 2 else "198.51.100.1")
    assert guess(stranger, patient.sign_in_name, PASSWORD) == 429
    assert guess(own, patient.sign_in_name, PASSWORD, address="192.0.2.1") == 303


def test_a_known_device_is_slowed_by_its_own_tries(app: Flask, patient: Made, set_time: SetTime) -> None:
    set_time(BEGIN)
    own = Client(app)
    sign_in(own, patient)
    own.post("/sign-out")
    assert [guess(own, patient.sign_in_name) for _ in range(7)] == [422] * 5 + [429] * 2


def test_a_device_of_another_account_is_a_strangers(app: Flask, patient: Made, store: Store, set_time: SetTime) -> None:
    set_time(BEGIN)
    stranger = Client(app)
    sign_in(stranger, make_person(store, make_practice(store), Role.PATIENT))
    stranger.post("/sign-out")
    statuses = [guess(stranger, patient.sign_in_name) for _ in range(6)]
    assert statuses[-1] == 429
    assert guess(Client(app), patient.sign_in_name) == 429, "the account's own count"


def test_a_made_up_device_is_not_known(app: Flask, patient: Made, set_time: SetTime) -> None:
    set_time(BEGIN)
    statuses = []
    for number in range(8):
        client = Client(app)
        client.set_cookie("device", f"made-up-{number}", domain="localhost")
        statuses.append(guess(client, patient.sign_in_name))
    assert statuses == [422] * 5 + [429] * 3


# --- a network -------------------------------------------------------------------------------------------------


def test_a_network_that_tries_many_names_is_slowed(client: Client, store: Store, set_time: SetTime) -> None:
    set_time(BEGIN)
    statuses = [guess(client, f"name-{number}@example.org", address=f"192.0.2.{number}") for number in range(63)]
    assert statuses == [422] * 60 + [429] * 3
    assert guess(client, "another@example.org", address="192.0.3.1") == 422
    set_time(BEGIN + timedelta(hours=1))
    assert guess(client, "another-still@example.org", address="192.0.2.1") == 422


def test_a_network_waits_a_minute_at_most(store: Store, set_time: SetTime) -> None:
    set_time(BEGIN)
    moment, waits = BEGIN, []
    for _ in range(70):
        wait = reserve(store, lambda: [throttle.network_bucket("192.0.2.1")])
        waits.append(wait)
        if wait:
            moment += timedelta(seconds=wait)
            set_time(moment)
            reserve(store, lambda: [throttle.network_bucket("192.0.2.1")])
    assert waits[60:] == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]


def test_right_passwords_do_not_use_up_a_clinics_network(app: Flask, store: Store, set_time: SetTime) -> None:
    set_time(BEGIN)
    practice = make_practice(store)
    person = make_person(store, practice, Role.PATIENT)
    for _ in range(65):
        assert guess(Client(app), person.sign_in_name, PASSWORD) == 303


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.9", "192.0.2.0/24"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("nonsense", "unknown"),
    ],
)
def test_the_network_of_an_address(address: str, network: str) -> None:
    assert throttle.network_of(address) == network


# --- what is kept ----------------------------------------------------------------------------------------------


def test_the_table_tells_nobody_who_tried_what(client: Client, patient: Made, store: Store, set_time: SetTime) -> None:
    set_time(BEGIN)
    guess(client, patient.sign_in_name)
    with store.work(writes=False):
        rows = db().scalars(select(Throttle)).all()
    assert {len(row.bucket) for row in rows} == {32}


def test_rows_are_forgotten_after_an_hour(client: Client, patient: Made, store: Store, set_time: SetTime) -> None:
    set_time(BEGIN)
    for _ in range(5):
        guess(client, patient.sign_in_name)
    assert guess(client, patient.sign_in_name) == 429
    set_time(BEGIN + timedelta(hours=1, seconds=1))
    assert guess(client, patient.sign_in_name) == 422
    set_time(BEGIN + timedelta(hours=3))
    with store.work(writes=True):
        assert throttle.prune() > 0
    with store.work(writes=False):
        assert db().scalar(select(func.count()).select_from(Throttle)) == 0


def test_the_password_given_again_is_slowed_too(client: Client, patient: Made, set_time: SetTime) -> None:
    set_time(BEGIN)
    sign_in(client, patient)
    statuses = [client.post("/confirm", data={"password": "wrong"}).status_code for _ in range(7)]
    assert statuses == [422] * 5 + [429] * 2
