"""What is left, and which days fills covered: hand-worked cases, and what cannot be counted is never a number."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal

import pytest

from patient_app.medications.due import Version
from patient_app.medications.schedule import AsNeeded, AtClinic, Dose, EveryDays, Paused, Plan, Regular, Schedule
from patient_app.refills.counting import Coverage, Said, coverage, on_hand, ran_out_on
from patient_app.refills.models import Kind

START = date(2026, 1, 1)


def plan(*plans: tuple[int, Plan], unit: str = "tablet") -> list[Version]:
    """Make versions of one medicine, each from so many days after the start on."""
    return [
        Version(str(number), "m", Schedule(START, None, unit, one), START + timedelta(days=since))
        for number, (since, one) in enumerate(plans)
    ]


def daily(amount: int | str = 1, times: int = 1) -> Regular:
    return Regular(EveryDays(), tuple(Dose(time(8 + number), Decimal(amount)) for number in range(times)))


ONE_A_DAY = plan((0, daily()))


def on(days: int) -> date:
    return START + timedelta(days=days)


def filled(days: int, amount: int) -> Said:
    return Said(Kind.FILLED, on(days), Decimal(amount), days * 10)


def counted(days: int, amount: int) -> Said:
    return Said(Kind.COUNTED, on(days), Decimal(amount), days * 10 + 1)


def ran_out(days: int) -> Said:
    return Said(Kind.RAN_OUT, on(days), Decimal(0), days * 10 + 2)


@pytest.mark.parametrize(
    ("said", "versions", "today", "left"),
    [
        ([], ONE_A_DAY, 5, None),
        ([filled(0, 30)], ONE_A_DAY, 0, 30),
        ([filled(0, 30)], ONE_A_DAY, 10, 20),
        ([filled(0, 30)], ONE_A_DAY, 60, 0),
        # What was there when the next came is still there.
        ([filled(0, 30), filled(20, 30)], ONE_A_DAY, 20, 40),
        # Long empty, then filled: no debt is taken off.
        ([filled(0, 30), filled(50, 30)], ONE_A_DAY, 60, 20),
        # A count says what is there, whatever was filled before.
        ([filled(0, 30), counted(10, 5)], ONE_A_DAY, 12, 3),
        ([filled(0, 30), ran_out(10), filled(11, 10)], ONE_A_DAY, 13, 8),
        # Of one date, as it was written: filled after it ran out.
        ([Said(Kind.RAN_OUT, on(3), Decimal(0), 1), Said(Kind.FILLED, on(3), Decimal(9), 2)], ONE_A_DAY, 3, 9),
        # What is to come does not count yet.
        ([filled(0, 30), filled(9, 30)], ONE_A_DAY, 5, 25),
        # A plan that changes: ten days of one, then of two.
        ([filled(0, 50)], plan((0, daily()), (10, daily(2))), 15, 30),
        ([filled(0, 30)], plan((0, daily("0.5"))), 10, 25),
        ([filled(0, 30)], plan((0, daily()), (5, Paused())), 20, 25),
        # Taken as needed, given by a clinic, no amount told: nobody can count that.
        ([filled(0, 30)], plan((0, AsNeeded(Decimal(1)))), 5, None),
        ([filled(0, 30)], plan((0, AtClinic(EveryDays()))), 5, None),
        ([filled(0, 30)], plan((0, Regular(EveryDays(), (Dose(None, None),)))), 5, None),
        # But a count of today is what it says.
        ([counted(5, 7)], plan((0, AsNeeded(Decimal(1)))), 5, 7),
    ],
)
def test_what_is_left(said: list[Said], versions: list[Version], today: int, left: int | None) -> None:
    assert on_hand(said, versions, on(today)) == left


def test_it_ran_out_until_something_is_filled_or_counted() -> None:
    assert ran_out_on([filled(0, 30), ran_out(9)], on(12)) == on(9)
    assert ran_out_on([filled(0, 30), ran_out(9), counted(10, 2)], on(12)) is None
    assert ran_out_on([ran_out(9)], on(8)) is None


@pytest.mark.parametrize(
    ("said", "versions", "first", "last", "covered"),
    [
        # Every day of three months.
        ([filled(0, 30), filled(30, 30), filled(60, 30)], ONE_A_DAY, 0, 89, Coverage(90, 90, on(0), on(89))),
        # Ten days between the first and the second.
        ([filled(0, 30), filled(40, 50)], ONE_A_DAY, 0, 89, Coverage(80, 90, on(0), on(89))),
        # Filled early: the rest is used first, so that no day counts twice.
        ([filled(0, 30), filled(20, 30)], ONE_A_DAY, 0, 69, Coverage(60, 70, on(0), on(69))),
        # One from before the range reaches into it.
        ([filled(0, 30)], ONE_A_DAY, 20, 59, Coverage(10, 40, on(20), on(59))),
        # The first known fill begins the range.
        ([filled(10, 30)], ONE_A_DAY, 0, 49, Coverage(30, 40, on(10), on(49))),
        # Counts and running out are no fills.
        ([counted(0, 90)], ONE_A_DAY, 0, 89, None),
        ([], ONE_A_DAY, 0, 89, None),
        # Too short to say anything.
        ([filled(70, 30)], ONE_A_DAY, 0, 89, None),
        # Nothing that cannot be counted becomes a number.
        ([filled(0, 30)], plan((0, AsNeeded(Decimal(1)))), 0, 89, None),
        ([filled(0, 30)], plan((0, AtClinic(EveryDays()))), 0, 89, None),
        ([filled(0, 30)], plan((0, daily()), (40, Regular(EveryDays(), (Dose(None, None),)))), 0, 89, None),
        # A pause uses nothing up.
        ([filled(0, 30)], plan((0, daily()), (20, Paused()), (40, daily())), 0, 59, Coverage(50, 60, on(0), on(59))),
    ],
)
def test_days_that_fills_covered(
    said: list[Said], versions: list[Version], first: int, last: int, covered: Coverage | None
) -> None:
    assert coverage(said, versions, on(first), on(last)) == covered
