"""What follows when doses were left out: each rule by example, and never less care where something is not known."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from flask import Flask

from patient_app.core import clock
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.roles import Role
from patient_app.core.work import Store, db
from patient_app.medications import dose_log, left_out
from patient_app.medications.dose_log import Slot, Told
from patient_app.medications.models import Dose, DoseState, DoseVersion, Source
from patient_app.medications.regimen import OwnMedicine
from patient_app.medications.said import Said
from patient_app.medications.schedule import ON_THE_DAY, EveryWeeks, Regular
from patient_app.medications.schedule import Dose as Due
from tests.factories import ZONE, Made, make_person, make_practice, sign_in
from tests.features.medications.plans import doses
from tests.features.medications.regimens import at, daily, own, started
from tests.page import Client

# (medicine, form, days left out, the special cards in their order); "ask" always follows.
CASES = [
    ("sertraline", None, 1, []),
    ("sertraline", None, None, []),
    ("clozapine", None, 1, []),
    ("clozapine", None, 2, ["clozapine_gap"]),
    ("lamotrigine", None, 4, []),
    ("lamotrigine", None, 5, ["lamotrigine_gap"]),
    ("methadone", None, 1, []),
    ("methadone", None, 2, []),
    ("methadone", None, 3, ["tolerance_left_out"]),
    ("methadone", None, None, ["tolerance_left_out"]),
    ("buprenorphine", None, 1, ["call_same_day"]),
    ("buprenorphine_naloxone", None, 2, ["call_same_day"]),
    ("naltrexone", None, 0, ["tolerance_without_block"]),
    ("naltrexone", "long_acting_injection", 1, ["tolerance_without_block", "next_due_gap"]),
    ("paliperidone", "long_acting_injection", 1, ["next_due_gap"]),
    (None, None, None, []),
]


@pytest.fixture
def patient(store: Store) -> Made:
    return make_person(store, make_practice(store), Role.PATIENT)


def said(key: str | None, form: str | None) -> Said:
    return Said(key or "something of my own", key, form=form)


@pytest.mark.sqlite
def test_what_follows(store: Store, patient: Made) -> None:
    for key, form, days, special in CASES:
        medicine = own(
            store, patient, started(store, patient, daily(*doses("08:00")), at("02-01 07:00"), said(key, form))
        )
        found = left_out.cards_for(medicine, days, "en")
        assert [card.id for card in found] == [*special, "ask"], (key, form, days)
        assert all(card.lines for card in found)


@pytest.mark.parametrize(
    ("key", "form", "was_left_out", "if_days"),
    [
        ("methadone", None, False, [3, None]),
        ("methadone", None, True, [3, None]),
        ("clozapine", None, False, [2, None]),
        ("lamotrigine", None, False, [5, None]),
        ("buprenorphine", None, False, [0, None]),
        ("buprenorphine", None, True, [None, None]),
        ("paliperidone", "long_acting_injection", False, [0, None]),
    ],
)
@pytest.mark.sqlite
def test_a_gap_that_is_not_known_is_no_fact(
    store: Store, patient: Made, key: str, form: str | None, was_left_out: bool, if_days: list[int | None]
) -> None:
    """Each special card says from how many days on it holds; to ask holds always."""
    medicine = own(store, patient, started(store, patient, daily(*doses("08:00")), at("02-01 07:00"), said(key, form)))
    found = left_out.cards_for(medicine, None, "en", was_left_out=was_left_out)
    assert [card.if_days for card in found] == if_days
    known = left_out.cards_for(medicine, 9, "en")
    assert [card.if_days for card in known] == [None] * len(known)


def test_what_follows_methadone_says_nothing_of_other_opioids_and_buprenorphine_asks_to_call_the_same_day() -> None:
    methadone = " ".join(left_out._card("tolerance_left_out", "en").lines)
    assert "Please do not take your usual dose" in methadone
    assert "any opioid" not in methadone
    assert "the same day" in left_out._card("call_same_day", "en").lines[0]


def test_pages_that_know_of_no_gap_say_if(app: Flask, store: Store, patient: Made) -> None:
    """The page of a medicine, and that of one that ran out."""
    begun = clock.moment(clock.now() - timedelta(days=9), ZONE)
    schedule = daily(*doses("08:00"), start=begun.local_date.isoformat())
    medicine_id = started(store, patient, schedule, begun, Said("methadone", "methadone"))
    client = Client(app)
    sign_in(client, patient)
    page = client.get(f"/medications/{medicine_id}")
    assert "If it has been 3 days or more: " in page.main_words
    supply = next(link for link in page.links if link.startswith(f"/medications/{medicine_id}/") and "supply" in link)
    page = client.get(supply)
    page = client.follow(client.submit(next(form for form in page.forms if form.action.endswith("/ran-out"))))
    said_ = page.main_words
    assert "If it has been 3 days or more: " in said_
    assert said_.index("If it has been 3 days") < said_.index("Three days or more without methadone")
    assert "Ask your pharmacist or prescriber what to do." in said_


def test_every_rule_has_a_case_a_source_and_says_that_it_is_a_proposal() -> None:
    shown = {card for *_, special in CASES for card in special}
    for rule in left_out.rules():
        assert rule.shows in shown
        assert rule.source
        assert rule.status == "proposal"
        assert left_out._card(rule.shows, "en").crisis  # They speak of danger: the two numbers stand beside them.


def test_which_must_not_be_stopped_all_at_once_is_said(store: Store, patient: Made) -> None:
    def told(key: str | None) -> str | None:
        medicine = own(
            store, patient, started(store, patient, daily(*doses("08:00")), at("02-01 07:00"), said(key, None))
        )
        found = left_out.before_stopping(medicine, "en")
        return None if found is None else found.id

    assert told("lorazepam") == "never_suddenly"
    assert told("sertraline") is None
    assert told(None) is None


# --- how many days ---------------------------------------------------------------------------------------------


def log(store: Store, patient: Made, medicine: OwnMedicine, on: str, state: DoseState, slot: str = "08:00") -> None:
    """Write down what is known of a dose, as the dose log does."""
    moment, dose_id = at(f"{on} 08:00"), new_id()
    with store.work(writes=True):
        common = {"recorded_at": moment.occurred_at, "recorded_seq": 1, "source": Source.FORM, "patient_id": patient.id}
        db().add(
            Dose(
                id=dose_id,
                practice_id=patient.practice_id,
                medicine_id=medicine.id,
                plan_date=moment.local_date,
                slot=slot,
                day=moment.day,
                utc_offset=-300,
                zone=ZONE,
                device_seq=None,
                newest_version=1,
                **common,
            )
        )
        db().flush()
        db().add(
            DoseVersion(
                id=new_id(),
                dose_id=dose_id,
                version=1,
                state=state,
                occurred_at=moment.occurred_at,
                utc_offset=-300,
                edited_at=moment.occurred_at,
                fingerprint=b"",
                **common,
            )
        )


def days(store: Store, viewer: Viewer, medicine: OwnMedicine, on: str) -> int | None:
    with store.work(writes=False):
        return left_out.days_without(viewer, medicine, date.fromisoformat(f"2026-{on}"))


def test_days_are_counted_from_the_first_dose_that_is_not_known_to_be_taken(store: Store, patient: Made) -> None:
    medicine = own(store, patient, started(store, patient, daily(*doses("08:00", "20:00")), at("02-01 07:00")))
    assert days(store, patient.viewer, medicine, "02-03") is None
    log(store, patient, medicine, "02-03", DoseState.TAKEN)
    log(store, patient, medicine, "02-03", DoseState.SKIPPED, "20:00")
    log(store, patient, medicine, "02-04", DoseState.SKIPPED)
    log(store, patient, medicine, "02-05", DoseState.OPEN)  # Taken back: nothing is known.
    assert [days(store, patient.viewer, medicine, on) for on in ("02-03", "02-04", "02-05", "02-08")] == [0, 1, 2, 5]
    # Longer ago than anybody looks: not known, which counts as long.
    assert days(store, patient.viewer, medicine, "05-30") is None


def test_of_a_weekly_one_days_count_from_the_day_it_was_due(store: Store, patient: Made) -> None:
    weekly = daily(plan=Regular(EveryWeeks(frozenset({1})), doses("08:00")))  # Mondays: 2 and 9 February.
    medicine = own(store, patient, started(store, patient, weekly, at("02-02 07:00")))
    log(store, patient, medicine, "02-02", DoseState.TAKEN)
    assert [days(store, patient.viewer, medicine, on) for on in ("02-08", "02-09", "02-11")] == [0, 1, 3]


def test_nobody_elses_doses_are_counted(store: Store, patient: Made) -> None:
    medicine = own(store, patient, started(store, patient, daily(*doses("08:00")), at("02-01 07:00")))
    log(store, patient, medicine, "02-03", DoseState.TAKEN)
    other = make_person(store, make_practice(store, "Other"), Role.PATIENT)
    assert days(store, other.viewer, medicine, "02-04") is None


def test_the_page_of_a_skipped_dose_shows_them(app: Flask, store: Store, patient: Made) -> None:
    now = clock.moment(clock.now(), ZONE)
    began = clock.moment(clock.now() - timedelta(days=9), ZONE)
    schedule = daily(Due(None, Decimal(1)), start=began.local_date.isoformat())
    medicine_id = started(store, patient, schedule, began, Said("my naltrexone", "naltrexone"))
    with store.work(writes=True):
        slot = Slot(medicine_id, now.local_date - timedelta(days=1), ON_THE_DAY)
        dose_log.log_due(patient.viewer, new_id(), {slot: Told(DoseState.SKIPPED, now)}, now)
    client = Client(app)
    sign_in(client, patient)
    for path in (f"{slot.plan_date}", f"{slot.plan_date}/{medicine_id}/{ON_THE_DAY}"):
        page = client.get(f"/medications/days/{path}")
        assert "Without naltrexone, your body can take less" in page.main_words
        assert "Ask your pharmacist or prescriber what to do." in page.main_words
        assert page.all("a", href="tel:988")
