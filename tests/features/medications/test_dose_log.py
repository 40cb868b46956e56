"""The dose log: a dose is one, however it is tapped; what was written last is shown; nothing undue is logged."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import func, select

from patient_app.core import clock
from patient_app.core.clock import Moment
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.work import Store, db
from patient_app.medications import dose_log, doses
from patient_app.medications.dose_log import IdTaken, NotDue, OtherWords, Sent, Slot, Told
from patient_app.medications.models import Dose, DoseState, DoseVersion
from patient_app.medications.schedule import Anchor, AsNeeded, Paused
from patient_app.medications.skipping import Reason, Why
from tests.factories import Made, make_patient, make_practice, sign_in
from tests.features.medications.plans import doses as planned_doses
from tests.features.medications.regimens import NALTREXONE, at, changed, daily, started
from tests.page import Client

SetTime = Callable[[datetime], None]
TAKEN, SKIPPED, LATER, OPEN = DoseState.TAKEN, DoseState.SKIPPED, DoseState.LATER, DoseState.OPEN
MONDAY = date(2026, 3, 2)
MORNING = daily(*planned_doses("08:00"))


@pytest.fixture
def patient(store: Store, set_time: SetTime) -> Made:
    set_time(at("03-02 08:05").occurred_at)
    return make_patient(store, make_practice(store))


@pytest.fixture
def medicine(store: Store, patient: Made) -> uuid.UUID:
    return started(store, patient, MORNING, at("02-01 12:00"))


def log(store: Store, patient: Made, taps: dict[Slot, Told], now: Moment, **options: object) -> None:
    with store.work(writes=True):
        dose_log.log_due(patient.viewer, options.pop("id", None) or new_id(), taps, now, **options)  # type: ignore[arg-type]


def tap(store: Store, patient: Made, slot: Slot, state: DoseState, when: str, **options: object) -> None:
    """Tap one dose, at a moment of the patient's clock."""
    said = {name: options.pop(name) for name in ("why", "typed", "later_until", "amount") if name in options}
    log(store, patient, {slot: Told(state, at(when), **said)}, at(when), **options)  # type: ignore[arg-type]


def sent(when: str, skew: int | None = None, *, said: bytes = b"") -> Sent:
    """Return what a phone says of a tap that waited on it."""
    return Sent(at(when).occurred_at, 1, skew, said or new_id().bytes)


def shown(store: Store, patient: Made, day: date = MONDAY) -> dict[str, DoseState]:
    """Return what is shown of the doses of a date, by slot."""
    with store.work(writes=False):
        rows = doses.logged_between(patient.viewer, day, day)
    return {row.slot or "as needed": row.state for row in rows}


def counted(store: Store) -> tuple[int, int]:
    with store.work(writes=False):
        return tuple(db().scalar(select(func.count()).select_from(each)) or 0 for each in (Dose, DoseVersion))  # type: ignore[return-value]


def test_a_tap_a_second_tap_and_the_same_form_again_are_one_dose(
    store: Store, patient: Made, medicine: uuid.UUID
) -> None:
    slot, form_id = Slot(medicine, MONDAY, "08:00"), new_id()
    tap(store, patient, slot, TAKEN, "03-02 08:05", id=form_id)
    tap(store, patient, slot, TAKEN, "03-02 08:06", id=form_id)
    assert (shown(store, patient), counted(store)) == ({"08:00": TAKEN}, (1, 1))
    tap(store, patient, slot, TAKEN, "03-02 08:06")  # Of it there is only kept that it came.
    assert (shown(store, patient), counted(store)) == ({"08:00": TAKEN}, (1, 2))


def test_another_state_is_a_new_version_and_an_undo_opens_it_again(
    store: Store, patient: Made, medicine: uuid.UUID
) -> None:
    slot = Slot(medicine, MONDAY, "08:00")
    for number, state in enumerate((TAKEN, SKIPPED, OPEN, TAKEN), start=1):
        tap(store, patient, slot, state, "03-02 08:05")
        assert (shown(store, patient), counted(store)) == ({"08:00": state}, (1, number))


def test_an_undo_of_what_was_never_logged_stores_nothing(store: Store, patient: Made, medicine: uuid.UUID) -> None:
    tap(store, patient, Slot(medicine, MONDAY, "08:00"), OPEN, "03-02 08:05")
    assert counted(store) == (0, 0)


def test_a_network_that_sends_a_tap_again_after_the_undo_brings_nothing_back(
    store: Store, patient: Made, medicine: uuid.UUID
) -> None:
    slot, form_id = Slot(medicine, MONDAY, "08:00"), new_id()
    tap(store, patient, slot, TAKEN, "03-02 08:05", id=form_id)
    tap(store, patient, slot, OPEN, "03-02 08:06")
    tap(store, patient, slot, TAKEN, "03-02 08:07", id=form_id)
    assert shown(store, patient) == {"08:00": OPEN}


@pytest.mark.parametrize("from_phone", [False, True])
def test_a_form_that_changed_nothing_is_known_for_ever_too(
    store: Store, patient: Made, medicine: uuid.UUID, from_phone: bool
) -> None:
    """Its answer was lost, the dose was taken back meanwhile, and the same form comes again."""
    slot, form_id, waited = Slot(medicine, MONDAY, "08:00"), new_id(), sent("03-02 08:06") if from_phone else None
    tap(store, patient, slot, TAKEN, "03-02 08:05")
    tap(store, patient, slot, TAKEN, "03-02 08:06", id=form_id, sent=waited)
    assert (shown(store, patient), counted(store)) == ({"08:00": TAKEN}, (1, 2))
    with store.work(writes=False):
        assert waited is None or dose_log.was_sent(patient.viewer, waited.sent_print)
    tap(store, patient, slot, OPEN, "03-02 08:07")
    for _ in range(2):
        tap(store, patient, slot, TAKEN, "03-02 08:08", id=form_id, sent=waited)
        assert shown(store, patient) == {"08:00": OPEN}


def test_a_correction_under_the_same_id_is_known_again_after_it_was_taken_back(
    store: Store, patient: Made, medicine: uuid.UUID
) -> None:
    slot, form_id = Slot(medicine, MONDAY, "08:00"), new_id()
    tap(store, patient, slot, SKIPPED, "03-02 08:05", id=form_id)
    tap(store, patient, slot, TAKEN, "03-02 08:06", id=form_id)
    assert shown(store, patient) == {"08:00": TAKEN}
    tap(store, patient, slot, OPEN, "03-02 08:07")
    tap(store, patient, slot, TAKEN, "03-02 08:08", id=form_id)
    needed, dose_id = started(store, patient, daily(plan=AsNeeded()), at("02-01 12:00")), new_id()
    for typed in ("now", "time/08:01"):
        log_needed(store, patient, dose_id, needed, "03-02 08:05", typed=typed)
    with store.work(writes=True):
        dose_log.undo_as_needed(patient.viewer, new_id(), needed, dose_id, at("03-02 08:07"))
    log_needed(store, patient, dose_id, needed, "03-02 08:05", typed="time/08:01")
    assert shown(store, patient) == {"08:00": OPEN, "as needed": OPEN}


def test_another_time_or_amount_is_kept_and_a_plain_tap_over_it_changes_nothing(
    store: Store, patient: Made, medicine: uuid.UUID
) -> None:
    slot = Slot(medicine, MONDAY, "08:00")
    tap(store, patient, slot, TAKEN, "03-02 08:05", amount=1000)
    tap(store, patient, slot, TAKEN, "03-02 07:30", amount=500, typed="time/07:30/0.5")
    tap(store, patient, slot, TAKEN, "03-02 08:10", amount=1000)
    with store.work(writes=False):
        (found,) = doses.logged_between(patient.viewer, MONDAY, MONDAY)
    assert (found.amount, found.occurred_at) == (500, at("03-02 07:30").occurred_at)
    assert counted(store)[0] == 1


def test_of_two_devices_what_was_written_last_is_shown_in_whatever_order_it_comes(
    store: Store, patient: Made, medicine: uuid.UUID
) -> None:
    slot = Slot(medicine, MONDAY, "08:00")
    tap(store, patient, slot, SKIPPED, "03-02 08:30", sent=sent("03-02 08:30"))
    tap(store, patient, slot, TAKEN, "03-02 08:10", sent=sent("03-02 08:10"))
    assert (shown(store, patient), counted(store)) == ({"08:00": SKIPPED}, (1, 2))
    tap(store, patient, slot, TAKEN, "03-02 08:40", sent=sent("03-02 08:40"))
    assert shown(store, patient) == {"08:00": TAKEN}


def test_a_clock_that_was_ahead_does_not_win_by_it(store: Store, patient: Made, medicine: uuid.UUID) -> None:
    slot = Slot(medicine, MONDAY, "08:00")
    tap(store, patient, slot, TAKEN, "03-02 09:10", sent=sent("03-02 09:10", skew=3600))  # Really at 08:10.
    tap(store, patient, slot, SKIPPED, "03-02 08:20", sent=sent("03-02 08:20"))
    assert shown(store, patient) == {"08:00": SKIPPED}


def test_the_same_state_later_counts_as_written_later(store: Store, patient: Made, medicine: uuid.UUID) -> None:
    slot = Slot(medicine, MONDAY, "08:00")
    tap(store, patient, slot, TAKEN, "03-02 08:00", sent=sent("03-02 08:00"))
    tap(store, patient, slot, TAKEN, "03-02 08:30", sent=sent("03-02 08:30"))
    tap(store, patient, slot, OPEN, "03-02 08:15", sent=sent("03-02 08:15"))
    assert shown(store, patient) == {"08:00": TAKEN}


@pytest.mark.parametrize(
    ("slot", "when"),
    [
        (("08:00", date(2026, 3, 3)), "03-02 22:00"),  # Before its date.
        (("09:00", MONDAY), "03-02 09:00"),
        (("day", MONDAY), "03-02 09:00"),
        (("08:00", date(2026, 2, 10)), "03-02 09:00"),  # Too long ago.
        (("08:00", date(1, 1, 1)), "03-02 09:00"),
        (("08:00", date(9999, 12, 31)), "03-02 09:00"),
    ],
)
def test_what_is_not_due_is_not_logged(
    store: Store, patient: Made, medicine: uuid.UUID, slot: tuple[str, date], when: str
) -> None:
    with pytest.raises(NotDue):
        tap(store, patient, Slot(medicine, slot[1], slot[0]), TAKEN, when)
    assert counted(store) == (0, 0)


def test_past_doses_can_be_logged_for_two_weeks(store: Store, patient: Made, medicine: uuid.UUID) -> None:
    tap(store, patient, Slot(medicine, date(2026, 2, 16), "08:00"), TAKEN, "03-02 09:00")
    with pytest.raises(NotDue):
        tap(store, patient, Slot(medicine, date(2026, 2, 15), "08:00"), TAKEN, "03-02 09:00")


def test_what_waited_is_kept_though_the_plan_changed_meanwhile(
    store: Store, patient: Made, medicine: uuid.UUID
) -> None:
    changed(store, patient, medicine, daily(*planned_doses("21:00")), at("03-01 23:00"))
    slot = Slot(medicine, MONDAY, "08:00")
    with pytest.raises(NotDue):
        tap(store, patient, slot, TAKEN, "03-02 08:05")
    tap(store, patient, slot, TAKEN, "03-02 08:05", sent=sent("03-02 08:05"))
    tap(store, patient, slot, SKIPPED, "03-02 08:06")  # Logged, so it can be corrected.
    with store.work(writes=False):
        listed = doses.on_date(patient.viewer, MONDAY, clock.now())
    assert [(line.slot.slot, line.state, line.in_plan) for line in listed.lines] == [
        ("21:00", OPEN, True),
        ("08:00", SKIPPED, False),
    ]
    with pytest.raises(NotDue):
        tap(store, patient, Slot(medicine, MONDAY, "03:00"), TAKEN, "03-02 08:05", sent=sent("03-02 08:05"))


def test_nobody_logs_for_somebody_else_and_an_id_of_theirs_is_like_any(
    store: Store, patient: Made, medicine: uuid.UUID
) -> None:
    other = make_patient(store, make_practice(store, "Other Practice"))
    theirs = started(store, other, MORNING, at("02-01 12:00"), NALTREXONE)
    for wrong in (theirs, new_id()):
        with pytest.raises(NotFound):
            tap(store, patient, Slot(wrong, MONDAY, "08:00"), TAKEN, "03-02 08:05")
    needed = started(store, other, daily(plan=AsNeeded()), at("02-01 12:00"))
    mine = started(store, patient, daily(plan=AsNeeded()), at("02-01 12:00"))
    dose_id = new_id()
    log_needed(store, other, dose_id, needed, "03-02 08:05")
    with pytest.raises(IdTaken):
        log_needed(store, patient, dose_id, mine, "03-02 08:05")
    with store.work(writes=True), pytest.raises(NotFound):
        dose_log.undo_as_needed(patient.viewer, new_id(), mine, dose_id, at("03-02 08:06"))
    assert shown(store, patient) == {}


def log_needed(
    store: Store, patient: Made, dose_id: uuid.UUID, medicine_id: uuid.UUID, when: str, **options: object
) -> None:
    typed = str(options.pop("typed", ""))
    with store.work(writes=True):
        told = Told(TAKEN, at(when), typed=typed)
        dose_log.log_as_needed(patient.viewer, dose_id, medicine_id, told, at(when), **options)  # type: ignore[arg-type]


def test_one_as_needed_is_one_for_its_id_and_can_be_taken_back(store: Store, patient: Made) -> None:
    medicine_id, dose_id = started(store, patient, daily(plan=AsNeeded()), at("02-01 12:00")), new_id()
    log_needed(store, patient, dose_id, medicine_id, "03-02 08:05")
    log_needed(store, patient, dose_id, medicine_id, "03-02 08:06")
    log_needed(store, patient, new_id(), medicine_id, "03-02 08:06")
    assert counted(store) == (2, 2)
    for _ in range(2):
        with store.work(writes=True):
            dose_log.undo_as_needed(patient.viewer, new_id(), medicine_id, dose_id, at("03-02 08:07"))
    with store.work(writes=False):
        rows = doses.logged_between(patient.viewer, MONDAY, MONDAY)
    assert sorted(row.state for row in rows) == [OPEN, TAKEN]


def test_other_words_under_an_id_correct_from_a_form_and_are_refused_from_a_phone(store: Store, patient: Made) -> None:
    medicine_id, dose_id = started(store, patient, daily(plan=AsNeeded()), at("02-01 12:00")), new_id()
    log_needed(store, patient, dose_id, medicine_id, "03-02 08:05", typed="now")
    with pytest.raises(OtherWords):
        log_needed(store, patient, dose_id, medicine_id, "03-02 08:05", typed="2", sent=sent("03-02 08:05"))
    log_needed(store, patient, dose_id, medicine_id, "03-02 08:01", typed="time/08:01")
    assert counted(store) == (1, 2)


def test_one_as_needed_moves_to_the_day_that_it_is_corrected_to(store: Store, patient: Made) -> None:
    medicine_id, dose_id = started(store, patient, daily(plan=AsNeeded(Decimal(1), 1)), at("02-01 12:00")), new_id()
    log_needed(store, patient, dose_id, medicine_id, "03-02 08:05", typed="now")
    told = Told(TAKEN, at("03-01 22:00"), typed="time/22:00")
    with store.work(writes=True):
        dose_log.log_as_needed(patient.viewer, dose_id, medicine_id, told, at("03-02 08:06"))
    sunday = MONDAY - timedelta(days=1)
    with store.work(writes=False):
        assert doses.logged_between(patient.viewer, MONDAY, MONDAY) == []
        assert [row.state for row in doses.logged_between(patient.viewer, sunday, sunday)] == [TAKEN]
        assert db().execute(select(Dose.plan_date, Dose.day, Dose.slot)).one() == (sunday, sunday, None)
        [needed] = doses.today(patient.viewer, at("03-02 08:07").occurred_at).as_needed
        assert needed.taken == ()
    # What is taken back stays on its day, and what a phone wrote before moves nothing.
    with store.work(writes=True):
        dose_log.undo_as_needed(patient.viewer, new_id(), medicine_id, dose_id, at("03-02 08:08"))
        assert db().execute(select(Dose.plan_date, Dose.day)).one() == (sunday, sunday)


def test_a_medicine_by_the_clock_is_not_logged_as_needed_nor_the_other_way(
    store: Store, patient: Made, medicine: uuid.UUID
) -> None:
    needed = started(store, patient, daily(plan=AsNeeded(Decimal(1), 2, 60)), at("02-01 12:00"))
    with pytest.raises(NotDue):
        log_needed(store, patient, new_id(), medicine, "03-02 08:05")
    with pytest.raises(NotDue):
        tap(store, patient, Slot(needed, MONDAY, "day"), TAKEN, "03-02 08:05")


def test_a_session_in_question_writes_and_sees_only_its_own(store: Store, patient: Made, medicine: uuid.UUID) -> None:
    slot = Slot(medicine, MONDAY, "08:00")
    tap(store, patient, slot, TAKEN, "03-02 08:05")
    since = at("03-02 08:04").occurred_at + timedelta(minutes=10)
    in_question = replace(patient.viewer, entries_closed_from=since, entries_closed_until=since + timedelta(days=1))
    with store.work(writes=True):
        assert doses.logged_between(in_question, MONDAY, MONDAY) == []
        assert doses.today(in_question, clock.now()).is_empty
        with pytest.raises(NotFound):
            dose_log.log_due(in_question, new_id(), {slot: Told(OPEN, at("03-02 08:20"))}, at("03-02 08:20"))
    assert shown(store, patient) == {"08:00": TAKEN}


def test_a_reason_is_sealed_and_one_that_may_name_use_says_so(store: Store, patient: Made, medicine: uuid.UUID) -> None:
    whys = [
        (Why(Reason.FORGOT), False),
        (Why(Reason.USE), True),
        (Why(Reason.MIXING), True),
        (Why(Reason.OTHER, "a heron on the roof"), True),
        (Why(Reason.OTHER), False),
    ]
    for number, (why, _) in enumerate(whys, start=1):
        tap(store, patient, Slot(medicine, date(2026, 2, 20 + number), "08:00"), SKIPPED, "03-02 08:05", why=why)
    with store.work(writes=False):
        rows = db().scalars(select(DoseVersion).order_by(DoseVersion.recorded_seq)).all()
        assert [row.reason_about_use for row in rows] == [about_use for _, about_use in whys]
        assert all(b"heron" not in (row.reason_sealed or b"") for row in rows)
        found = doses.logged_between(patient.viewer, date(2026, 2, 1), MONDAY)
    assert {row.plan_date.day: row.why for row in found} == {
        20 + number: why for number, (why, _) in enumerate(whys, start=1)
    }


def test_all_that_is_due_together_is_logged_in_one_go_or_not_at_all(
    store: Store, patient: Made, medicine: uuid.UUID
) -> None:
    others = [started(store, patient, MORNING, at("02-01 12:00")) for _ in range(3)]
    taps = {Slot(each, MONDAY, "08:00"): Told(TAKEN, at("03-02 08:05")) for each in (medicine, *others)}
    with pytest.raises(NotDue):
        log(store, patient, taps | {Slot(medicine, MONDAY, "10:00"): Told(TAKEN, at("03-02 08:05"))}, at("03-02 08:05"))
    assert counted(store) == (0, 0)
    form_id = new_id()
    log(store, patient, taps, at("03-02 08:05"), id=form_id)
    log(store, patient, taps, at("03-02 08:05"), id=form_id)
    assert counted(store) == (4, 4)


def test_a_dose_of_the_night_and_one_by_an_anchor_keep_their_names(store: Store, patient: Made) -> None:
    bedtime = started(store, patient, daily(*planned_doses("bedtime")), at("02-01 12:00"))
    tap(store, patient, Slot(bedtime, MONDAY, Anchor.BEDTIME), TAKEN, "03-03 00:40")
    assert shown(store, patient) == {"bedtime": TAKEN}
    assert shown(store, patient, date(2026, 3, 3)) == {}


def test_what_is_paused_is_not_due(store: Store, patient: Made, medicine: uuid.UUID) -> None:
    changed(store, patient, medicine, daily(plan=Paused()), at("03-01 12:00"))
    with pytest.raises(NotDue):
        tap(store, patient, Slot(medicine, MONDAY, "08:00"), TAKEN, "03-02 08:05")


def test_twenty_taps_at_once_are_one_dose_and_twenty_equal_answers(
    app: Flask, store: Store, patient: Made, medicine: uuid.UUID
) -> None:
    first = Client(app)
    sign_in(first, patient)
    cookie = first.get_cookie("session")
    assert cookie is not None
    together = threading.Barrier(20)
    address = f"/medications/days/{MONDAY}"

    def post(number: int) -> tuple[int, str | None]:
        browser = Client(app)
        browser.set_cookie("session", cookie.value)
        state = {"do": "taken"} if number % 2 else {"do": "marked", f"state-{medicine}.08:00": "taken"}
        together.wait()
        page = browser.post(address, data={"id": str(new_id()), "dose": f"{medicine}.08:00", **state})
        return page.status_code, page.location

    with ThreadPoolExecutor(20) as pool:
        answers = set(pool.map(post, range(20)))
    assert len(answers) == 1, answers
    assert next(iter(answers))[0] == 303
    assert (shown(store, patient), counted(store)[0]) == ({"08:00": TAKEN}, 1)
