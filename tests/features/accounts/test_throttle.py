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
from patient_app.accounts.models import KnownDevice, Throttle
from patient_app.core.roles import Role
from patient_app.core.work import Store, db
from tests.factories import PASSWORD, Made, make_person, make_practice, sign_in_by_form
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


def test_the_sixth_try_waits_and_each_one_after_it_twice_as_long(store: Store, set_time: SetTime) -> None:
    set_time(BEGIN)
    moment = BEGIN
    waits = []
    for _ in range(18):
        wait = reserve(store, lambda: throttle.sign_in_buckets(b"a name", "192.0.2.1", None)[:1])
        waits.append(wait)
        moment += timedelta(seconds=wait)
        set_time(moment)
        if wait:
            assert reserve(store, lambda: throttle.sign_in_buckets(b"a name", "192.0.2.1", None)[:1]) == 0
    assert waits[:5] == [0] * 5
    assert waits[5:] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


def looked_at_in_an_hour(store: Store, set_time: SetTime, networks: int) -> int:
    """Return how many of the tries of a guesser are looked at who tries every three seconds."""
    looked_at = 0
    for second in range(0, 3600, 3):
        set_time(BEGIN + timedelta(seconds=second))
        address = f"192.0.{second % networks}.1"
        looked_at += reserve(store, lambda: throttle.sign_in_buckets(b"a name", address, None)) == 0  # noqa: B023 - called at once.
    return looked_at


def test_of_one_network_at_most_twenty_tries_an_hour_are_looked_at(store: Store, set_time: SetTime) -> None:
    assert 10 <= looked_at_in_an_hour(store, set_time, 1) <= 20


def test_from_many_networks_a_small_share_is_looked_at(store: Store, set_time: SetTime) -> None:
    assert 20 <= looked_at_in_an_hour(store, set_time, 250) <= 300


def test_a_guesser_elsewhere_does_not_slow_the_owner_on_a_new_device(
    app: Flask, patient: Made, set_time: SetTime
) -> None:
    stranger = Client(app)
    for second in range(16):
        set_time(BEGIN + timedelta(seconds=second * 60))
        for _ in range(10):
            guess(stranger, patient.sign_in_name, address="203.0.113.7")
        assert guess(Client(app), patient.sign_in_name, PASSWORD, address="198.51.100.9") == 303


def test_guessers_in_many_networks_do_not_keep_the_owner_out(app: Flask, patient: Made, set_time: SetTime) -> None:
    for number in range(40):
        set_time(BEGIN + timedelta(seconds=number))
        guess(Client(app), patient.sign_in_name, address=f"203.0.{number}.7")
    answers = []
    for number in range(100):
        set_time(BEGIN + timedelta(seconds=60 + 5 * number))
        answers.append(guess(Client(app), patient.sign_in_name, PASSWORD, address="198.51.100.9"))
        if answers[-1] == 303:
            break
    assert answers[-1] == 303


def test_who_is_slowed_is_told_of_the_link_by_mail(client: Client, patient: Made, set_time: SetTime) -> None:
    set_time(BEGIN)
    for _ in range(5):
        guess(client, patient.sign_in_name)
    page = client.post(
        "/sign-in",
        data={"sign_in_name": patient.sign_in_name, "password": PASSWORD},
        environ_base={"REMOTE_ADDR": "192.0.2.1"},
    )
    assert page.status_code == 429
    assert "We can send you a link by e-mail." in page.main_words
    assert "/forgot" in page.links


def test_nobody_is_locked_out_for_good(client: Client, patient: Made, set_time: SetTime) -> None:
    set_time(BEGIN)
    for _ in range(50):
        guess(client, patient.sign_in_name)
    page = client.post(
        "/sign-in",
        data={"sign_in_name": patient.sign_in_name, "password": PASSWORD},
        environ_base={"REMOTE_ADDR": "192.0.2.1"},
    )
    assert page.status_code == 429
    assert int(page.headers["Retry-After"]) <= 900
    assert "Wait a few seconds and try again." in page.errors["password"]
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
    sign_in_by_form(own, patient)
    own.post("/sign-out")
    for number in range(200):
        guess(stranger, patient.sign_in_name, address="192.0.2.1" if number % 2 else "198.51.100.1")
    assert guess(stranger, patient.sign_in_name, PASSWORD) == 429, "in a network that tried too often"
    assert guess(own, patient.sign_in_name, PASSWORD, address="192.0.2.1") == 303


def test_a_known_device_is_slowed_by_its_own_tries(app: Flask, patient: Made, set_time: SetTime) -> None:
    set_time(BEGIN)
    own = Client(app)
    sign_in_by_form(own, patient)
    own.post("/sign-out")
    assert [guess(own, patient.sign_in_name) for _ in range(7)] == [422] * 5 + [429] * 2


def test_a_device_of_another_account_is_a_strangers(app: Flask, patient: Made, store: Store, set_time: SetTime) -> None:
    set_time(BEGIN)
    stranger = Client(app)
    sign_in_by_form(stranger, make_person(store, make_practice(store), Role.PATIENT))
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


def test_known_devices_of_one_account_are_counted_together_too(app: Flask, patient: Made, set_time: SetTime) -> None:
    set_time(BEGIN)
    devices = [Client(app) for _ in range(8)]
    for device in devices:
        sign_in_by_form(device, patient)
        device.post("/sign-out")
    answers = [guess(device, patient.sign_in_name) for device in devices for _ in range(5)]
    assert answers[:20] == [422] * 20
    assert answers[20:].count(429) > 10


def test_a_new_password_makes_every_other_device_unknown(app: Flask, patient: Made, set_time: SetTime) -> None:
    set_time(BEGIN)
    own, old = Client(app), Client(app)
    for device in (old, own):
        sign_in_by_form(device, patient)
    changed = own.post("/settings/password", data={"current_password": PASSWORD, "new_password": "a third harbour"})
    assert changed.status_code == 303
    for _ in range(5):
        guess(Client(app), patient.sign_in_name)
    assert guess(old, patient.sign_in_name, "a third harbour") == 429
    assert guess(own, patient.sign_in_name, "a third harbour") == 303


def test_ten_devices_of_an_account_are_known_at_most(
    app: Flask, patient: Made, store: Store, set_time: SetTime
) -> None:
    for number in range(13):
        set_time(BEGIN + timedelta(seconds=number))
        sign_in_by_form(Client(app), patient)
    with store.work(writes=False):
        assert db().scalar(select(func.count()).select_from(KnownDevice)) == 10
        assert db().scalar(select(func.min(KnownDevice.created_at))) == BEGIN + timedelta(seconds=3)


# --- a network -------------------------------------------------------------------------------------------------


def test_a_network_that_tries_many_names_is_slowed(client: Client, store: Store, set_time: SetTime) -> None:
    set_time(BEGIN)
    statuses = [guess(client, f"name-{number}@example.org", address=f"192.0.2.{number}") for number in range(70)]
    assert statuses[:60] == [422] * 60
    assert 429 in statuses[60:]
    assert guess(client, "another@example.org", address="192.0.3.1") == 422
    set_time(BEGIN + timedelta(hours=1))
    assert guess(client, "another-still@example.org", address="192.0.2.1") == 422


def test_many_wrong_tries_in_a_network_keep_nobody_else_there_out(app: Flask, patient: Made, set_time: SetTime) -> None:
    set_time(BEGIN)
    stranger = Client(app)
    for number in range(70):
        guess(stranger, f"name-{number}@example.org")
    assert stranger.post("/forgot", data={"sign_in_name": patient.sign_in_name}).status_code == 303
    code = {"code": "ABCD-EFGH-JKLM", "password": "seven slow brown owls"}
    assert stranger.post("/join", data=code).status_code == 422
    answers = []
    for number in range(100):
        set_time(BEGIN + timedelta(seconds=2 + 2 * number))
        guess(stranger, f"another-{number}@example.org")
        set_time(BEGIN + timedelta(seconds=3 + 2 * number))
        answers.append(guess(Client(app), patient.sign_in_name, PASSWORD))
        if answers[-1] == 303:
            break
    assert answers[-1] == 303


def test_a_network_waits_some_seconds_at_most(store: Store, set_time: SetTime) -> None:
    set_time(BEGIN)
    for _ in range(200):
        assert reserve(store, lambda: [throttle.network_bucket(throttle.Kind.SIGN_IN, "192.0.2.1")]) <= 5


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
    sign_in_by_form(client, patient)
    statuses = [client.post("/confirm", data={"password": "wrong"}).status_code for _ in range(7)]
    assert statuses == [422] * 5 + [429] * 2
