"""The schedule engine: which doses of ten medicines are due in three years, asked at once."""

from __future__ import annotations

import time as clock
from datetime import date, time, timedelta
from decimal import Decimal
from statistics import median

from bench.ground import Ground
from patient_app.medications.due import Version, due_doses
from patient_app.medications.schedule import Anchor, At, AtClinic, Dose, EveryDays, EveryWeeks, Plan, Regular, Schedule

FIRST = date(2024, 1, 1)
DAYS = 3 * 365
# What a reader waits for beside the page itself; scaled by *page* of the run, as the limits in seconds are.
MOST_MILLISECONDS = 50
TURNS, QUICK_TURNS = 40, 10


def _regular(days: EveryDays | EveryWeeks, *times: At) -> Regular:
    return Regular(days, tuple(Dose(at, Decimal(1)) for at in times))


_DAILY = EveryDays()
# One to three a day for most, as somebody may well take: about 17,000 doses.
PLANS: tuple[Plan, ...] = (
    _regular(_DAILY, time(8), time(20)),
    _regular(_DAILY, Anchor.BREAKFAST, Anchor.LUNCH, Anchor.DINNER),
    _regular(_DAILY, Anchor.BEDTIME),
    _regular(_DAILY, time(7), time(12), time(17), time(22)),
    _regular(_DAILY, None),
    _regular(_DAILY, Anchor.WAKING, Anchor.BEDTIME),
    _regular(EveryDays(2), time(9)),
    _regular(EveryWeeks(frozenset({1, 3, 5})), time(18, 30)),
    _regular(EveryWeeks(frozenset({2}), 4), None),
    AtClinic(EveryWeeks(frozenset({1, 4})), EveryDays(), time(10)),
)


def schedule(ground: Ground) -> None:
    """Ask for three years of ten medicines, each changed twice in that time."""
    report = ground.report
    versions, last = _versions(), FIRST + timedelta(days=DAYS - 1)
    report.note(
        f"schedule: {len(PLANS)} medicines, {len(versions)} versions, {len(due_doses(versions, FIRST, last))} doses"
    )
    times = []
    for _turn in range(QUICK_TURNS if report.quick else TURNS):
        begun = clock.process_time()
        due_doses(versions, FIRST, last)
        times.append(clock.process_time() - begun)
    limit = MOST_MILLISECONDS * report.scale
    report.add("schedule-ten-medicines-three-years", 1000 * median(times), "ms", limit)


def _versions() -> list[Version]:
    return [
        Version(
            f"{medicine}.{number}", str(medicine), Schedule(FIRST, None, "tablet", plan), FIRST + timedelta(days=since)
        )
        for medicine, plan in enumerate(PLANS)
        for number, since in enumerate((0, 300 + medicine, 700 + medicine))
    ]
