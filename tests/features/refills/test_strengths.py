"""A change of strength: only units of the strength in use are counted; what cannot be known is said, not guessed."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask

from patient_app.core import clock
from patient_app.core.clock import Moment
from patient_app.core.ids import new_id
from patient_app.core.roles import Role
from patient_app.core.work import Store, db
from patient_app.medications.said import Said
from patient_app.refills import service
from patient_app.refills.counting import Coverage
from patient_app.refills.models import Kind, SupplyEntry
from patient_app.refills.service import New, Supply
from patient_app.refills.strengths import plan_of
from tests.factories import ZONE, Made, make_person, make_practice, sign_in
from tests.features.medications.plans import day, doses
from tests.features.medications.regimens import SERTRALINE, at, changed, daily, own, started
from tests.features.offline.phone import Phone
from tests.page import Client

SetTime = Callable[[datetime | str], None]
WEAK, STRONG = SERTRALINE, replace(SERTRALINE, strength="100 mg")
ONE = daily(*doses("08:00"))


@pytest.fixture(autouse=True)
def march(set_time: SetTime) -> None:
    set_time("2026-03-20 15:00")


@pytest.fixture
def patient(store: Store) -> Made:
    return make_person(store, make_practice(store), Role.PATIENT)


def now() -> Moment:
    return clock.moment(clock.now(), ZONE)


def fill(
    store: Store,
    patient: Made,
    medicine_id: uuid.UUID,
    on: str,
    amount: int = 30,
    strength: str | None = None,
    kind: Kind = Kind.FILLED,
) -> None:
    medicine = own(store, patient, medicine_id)
    with store.work(writes=True):
        service.record(patient.viewer, medicine, New(new_id(), kind, day(on), Decimal(amount), "", strength), now())


def there(store: Store, patient: Made, medicine_id: uuid.UUID) -> Supply:
    medicine = own(store, patient, medicine_id)
    with store.work(writes=False):
        return service.own_supply(patient.viewer, medicine, now().local_date)


def stronger(
    store: Store, patient: Made, medicine_id: uuid.UUID, since: str = "03-10 06:00", said: Said = STRONG
) -> None:
    changed(store, patient, medicine_id, ONE, at(since), said=said)


def test_days_left_count_the_strength_in_use_alone(store: Store, patient: Made) -> None:
    medicine = started(store, patient, ONE, at("02-01 07:00"), WEAK)
    fill(store, patient, medicine, "2026-03-01", 60)
    stronger(store, patient, medicine)
    nothing = there(store, patient, medicine)
    assert (nothing.units, nothing.days, nothing.strength, nothing.has_of_it) == (None, None, "100 mg", False)
    # Got before the change began, and named: none of it is used up before.
    fill(store, patient, medicine, "2026-03-08", 30, "100 mg")
    found = there(store, patient, medicine)
    assert (found.units, found.days) == (Decimal(20), 20)  # Ten mornings since the change.
    assert service.covered(found) is None
    # Gone back to the first strength, what is left of that one counts again, and nothing of it was used meanwhile.
    changed(store, patient, medicine, ONE, at("03-20 06:00"), said=WEAK)
    back = there(store, patient, medicine)
    assert (back.strength, back.units) == ("50 mg", Decimal(60 - 9))


def test_the_same_strength_otherwise_written_or_first_told_is_no_change(store: Store, patient: Made) -> None:
    medicine = started(store, patient, ONE, at("02-01 07:00"), replace(WEAK, strength=""))
    fill(store, patient, medicine, "2026-03-10")
    stronger(store, patient, medicine, "03-12 06:00", replace(WEAK, strength="50mg"))
    stronger(store, patient, medicine, "03-15 06:00", WEAK)
    found = there(store, patient, medicine)
    assert (found.units, found.strength, found.unsure) == (Decimal(20), "", False)


def test_a_strength_that_was_put_right_on_the_same_day_never_was_one(store: Store, patient: Made) -> None:
    medicine = started(store, patient, ONE, at("03-10 07:00"), replace(WEAK, strength="500 mg"))
    stronger(store, patient, medicine, "03-10 07:05", WEAK)
    plan = plan_of(own(store, patient, medicine).versions, now().local_date)
    assert plan.strengths == ("50 mg",)


def test_what_nobody_knows_the_strength_of_is_not_counted_until_somebody_counts(store: Store, patient: Made) -> None:
    medicine = started(store, patient, ONE, at("02-01 07:00"), WEAK)
    stronger(store, patient, medicine)
    fill(store, patient, medicine, "2026-03-12", 30, "")
    unsure = there(store, patient, medicine)
    assert (unsure.unsure, unsure.units, unsure.days, unsure.is_low) == (True, None, None, False)
    fill(store, patient, medicine, "2026-03-20", 7, "100 mg", Kind.COUNTED)
    assert (there(store, patient, medicine).unsure, there(store, patient, medicine).units) == (False, Decimal(7))


def test_what_ran_out_of_another_strength_has_not_run_out(store: Store, patient: Made) -> None:
    medicine = started(store, patient, ONE, at("02-01 07:00"), WEAK)
    fill(store, patient, medicine, "2026-03-05", 0, kind=Kind.RAN_OUT)
    assert there(store, patient, medicine).ran_out_on == day("2026-03-05")
    stronger(store, patient, medicine)
    assert there(store, patient, medicine).ran_out_on is None


def test_a_dose_of_an_unknown_strength_in_between_cannot_be_counted(store: Store, patient: Made) -> None:
    medicine = started(store, patient, ONE, at("02-01 07:00"), WEAK)
    fill(store, patient, medicine, "2026-03-01", 60)
    stronger(store, patient, medicine, "03-05 06:00", replace(WEAK, strength=""))
    stronger(store, patient, medicine, "03-08 06:00")
    changed(store, patient, medicine, ONE, at("03-12 06:00"), said=WEAK)
    assert there(store, patient, medicine).units is None


def test_of_what_was_written_without_a_strength_nothing_is_guessed_after_a_change(store: Store, patient: Made) -> None:
    """Rows from before strengths were kept."""
    medicine = started(store, patient, ONE, at("02-01 07:00"), WEAK)
    fill(store, patient, medicine, "2026-03-01", 60)
    with store.work(writes=True):
        for row in db().query(SupplyEntry):
            row.strength_sealed = None
    assert there(store, patient, medicine).units == Decimal(60 - 19)
    stronger(store, patient, medicine)
    assert there(store, patient, medicine).unsure


def test_what_was_filled_covers_the_days_of_its_own_strength_across_a_change(
    app: Flask, store: Store, patient: Made
) -> None:
    medicine = started(store, patient, ONE, at("02-01 07:00"), WEAK)
    fill(store, patient, medicine, "2026-02-01", 60)  # Enough until 1 April, but used until 9 March alone.
    stronger(store, patient, medicine)
    fill(store, patient, medicine, "2026-03-10", 5)
    found = there(store, patient, medicine)
    assert service.covered(found) == Coverage(37 + 5, 48, day("2026-02-01"), day("2026-03-20"))
    client = Client(app)
    sign_in(client, patient)
    told = (
        "enough for 42 of the last 48 days, by the plan. Each strength counts for the days on which the plan used it."
    )
    for address in (f"/medications/{medicine}", f"/medications/{medicine}/supply"):
        assert told in client.get(address).main_words
    # Of what nobody knows the strength of, no number is made.
    fill(store, patient, medicine, "2026-03-18", 30, "")
    assert service.covered(there(store, patient, medicine)) is None
    assert "The strength changed. So we cannot say yet" in client.get(f"/medications/{medicine}").main_words


def test_days_of_a_strength_that_nobody_told_are_not_counted_as_covered(store: Store, patient: Made) -> None:
    medicine = started(store, patient, ONE, at("01-20 07:00"), WEAK)
    fill(store, patient, medicine, "2026-01-20", 90)
    stronger(store, patient, medicine, "03-05 06:00", replace(WEAK, strength=""))
    stronger(store, patient, medicine, "03-12 06:00")
    assert service.covered(there(store, patient, medicine)) is None


def test_the_page_asks_which_only_where_there_are_two_and_says_what_does_not_count(
    app: Flask, store: Store, patient: Made
) -> None:
    client = Client(app)
    sign_in(client, patient)
    medicine = started(store, patient, ONE, at("02-01 07:00"), WEAK)
    address = f"/medications/{medicine}/supply"
    assert "Of which strength" not in client.get(address).main_words
    client.submit(client.get(address).form(field="amount"), amount="60", on="2026-03-01")
    stronger(store, patient, medicine)
    page = client.get(address)
    assert "Nothing is written down of 100 mg, which the plan uses now." in page.main_words
    assert "Of 50 mg. The plan uses another strength now, so this does not count." in page.main_words
    form = page.form(field="amount")
    refused = client.submit(form, amount="30", on="2026-03-19", strength="7 mg")
    assert (refused.status_code, "strength" in refused.errors) == (422, True)
    client.submit(form, amount="30", on="2026-03-19", strength="100 mg")
    assert (
        "By the plan, 29 tablets of 100 mg may be left. That is enough for 29 days." in client.get(address).main_words
    )
    client.submit(client.get(address).form(field="amount"), amount="30", on="2026-03-19", strength="?")
    said = client.get(address).main_words
    assert "we do not know which one you wrote down. Count what is there of 100 mg" in said
    assert "Time to get more" not in client.get("/medications").main_words


def test_what_waited_on_a_phone_keeps_its_strength(app: Flask, store: Store, patient: Made) -> None:
    medicine = started(store, patient, ONE, at("02-01 07:00"), WEAK)
    stronger(store, patient, medicine)
    phone, item = Phone(app, store, patient), new_id()
    fields = [("kind", "filled"), ("amount", "30"), ("on", "2026-03-19"), ("strength", "50 mg"), ("note", "")]
    letter = phone.letter(f"/medications/{medicine}/supply", fields)
    assert [phone.send(letter, item)["result"] for _ in range(2)] == ["stored", "stored"]
    supply = there(store, patient, medicine)
    assert [(one.strength, supply.is_of_another(one)) for one in supply.entries] == [("50 mg", True)]


def test_the_list_of_medicines_says_from_when_on_to_get_more(app: Flask, store: Store, patient: Made) -> None:
    client = Client(app)
    sign_in(client, patient)
    medicine = started(store, patient, ONE, at("02-01 07:00"), WEAK)
    assert "Time to get more" not in client.get("/medications").main_words
    fill(store, patient, medicine, "2026-03-20", 30)
    remind_on = now().local_date + timedelta(days=30 - service.REMIND_DAYS)
    assert (
        f"Time to get more: from {remind_on:%A} {remind_on.day} {remind_on:%B} on."
        in client.get("/medications").main_words
    )
    fill(store, patient, medicine, "2026-03-20", 3, kind=Kind.COUNTED)
    assert "It is time to get more." in client.get("/medications").main_words
