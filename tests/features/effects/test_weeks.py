"""The weeks around a change: what counts as one, how days become weeks, and what the page says and does not say."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from flask import Flask

from patient_app.core.ids import new_id
from patient_app.core.roles import Role
from patient_app.core.work import Store
from patient_app.effects.service import Said
from patient_app.effects.weeks import ChangePoint, DaySaid, Kind, Noticed, before_and_after, changes_of, weeks_around
from patient_app.medications import changing
from patient_app.medications.changing import Author
from patient_app.medications.schedule import EveryDays, Schedule, Step, Stepwise
from patient_app.profile import service as profiles
from patient_app.profile.service import Part
from tests.factories import Made, make_check_in, make_person, make_practice, sign_in
from tests.features.effects.world import log, now, takes
from tests.features.medications.plans import doses
from tests.features.medications.regimens import SERTRALINE, changed, daily, own, started
from tests.page import Client, text_of

DAY_ONE = date(2026, 3, 2)


@pytest.fixture
def patient(store: Store, set_time: Callable[[datetime | str], None]) -> Made:
    set_time("2026-03-02 14:00")
    return make_person(store, make_practice(store), Role.PATIENT)


def test_a_change_of_dose_counts_and_one_of_times_alone_does_not(
    store: Store, patient: Made, set_time: Callable[[datetime | str], None]
) -> None:
    medicine = takes(store, patient, SERTRALINE)
    start = DAY_ONE.isoformat()
    set_time("2026-03-10 14:00")
    changed(store, patient, medicine, daily(*doses("20:00"), start=start), now(patient))
    set_time("2026-03-12 14:00")
    changed(store, patient, medicine, daily(*doses("20:00 x2"), start=start), now(patient))
    set_time("2026-03-14 14:00")
    same = own(store, patient, medicine).newest.schedule
    changed(store, patient, medicine, same, now(patient), said=replace(SERTRALINE, strength="100 mg"))
    set_time("2026-03-20 14:00")
    with store.work(writes=True):
        changing.stop(Author.patient(patient.viewer), medicine, new_id(), moment=now(patient))
    found = changes_of(own(store, patient, medicine).versions)
    assert [one.kind for one in found] == [Kind.STARTED, Kind.DOSE, Kind.DOSE, Kind.STOPPED]
    assert found[0].since == DAY_ONE
    assert found[-1].lessens


def test_the_first_version_that_is_seen_says_itself_what_it_did(
    store: Store, patient: Made, set_time: Callable[[datetime | str], None]
) -> None:
    """A reader to whom the start is closed does not read "Started" for a change of dose."""
    medicine = takes(store, patient, SERTRALINE)
    start = DAY_ONE.isoformat()
    set_time("2026-03-10 14:00")
    changed(store, patient, medicine, daily(*doses("08:00 x2"), start=start), now(patient))
    author = Author.patient(patient.viewer)
    for day, do in ((12, changing.pause), (14, changing.resume), (16, changing.stop)):
        set_time(f"2026-03-{day} 14:00")
        with store.work(writes=True):
            do(author, medicine, new_id(), moment=now(patient))
    versions = own(store, patient, medicine).versions
    kinds = [[one.kind for one in changes_of(versions[seen:])][:1] for seen in range(5)]
    assert kinds == [[Kind.STARTED], [Kind.DOSE], [Kind.PAUSED], [Kind.RESUMED], [Kind.STOPPED]]
    # A start that was overtaken before it held is one all the same.
    overtaken = replace(versions[0], since=versions[1].since, minute=versions[1].minute)
    assert [one.kind for one in changes_of([overtaken, versions[1]])] == [Kind.STARTED]


def _taper(*amounts: str) -> Stepwise:
    firsts = [DAY_ONE + timedelta(weeks=number) for number in range(len(amounts))]
    return Stepwise(
        tuple(Step(one, EveryDays(), doses(f"08:00 x{amount}")) for one, amount in zip(firsts, amounts, strict=True))
    )


@pytest.mark.parametrize(
    ("schedule", "kinds"),
    [
        # The end of a plan is a change like a stop: the same weeks follow.
        (replace(daily(*doses("08:00"), start="2026-03-02"), end=date(2026, 3, 11)), [("started", 0), ("ended", 10)]),
        # A taper that reaches its end: its last step, and its end.
        (
            replace(daily(plan=_taper("3", "2", "1"), start="2026-03-02"), end=date(2026, 3, 22)),
            [("started", 0), ("tapered", 14), ("ended", 21)],
        ),
        # Steps up are followed from the last of them on.
        (daily(plan=_taper("1", "2"), start="2026-03-02"), [("started", 0), ("last_step", 7)]),
        (daily(plan=_taper("1"), start="2026-03-02"), [("started", 0)]),
    ],
)
@pytest.mark.sqlite
def test_what_ends_by_its_plan_has_weeks_of_its_own(
    store: Store, patient: Made, schedule: Schedule, kinds: list[tuple[str, int]]
) -> None:
    medicine = started(store, patient, schedule, now(patient))
    found = changes_of(own(store, patient, medicine).versions)
    assert [(one.kind.value, (one.since - DAY_ONE).days) for one in found] == kinds
    assert [one.lessens for one in found] == [kind in {"ended", "tapered"} for kind, _ in kinds]
    assert len({one.key for one in found}) == len(found)


def test_an_end_that_was_moved_or_overtaken_is_none_and_one_taken_again_is_taken_again(
    store: Store, patient: Made, set_time: Callable[[datetime | str], None]
) -> None:
    planned = replace(daily(*doses("08:00"), start="2026-03-02"), end=date(2026, 3, 11))
    moved, overtaken, again = (started(store, patient, planned, now(patient)) for _ in range(3))
    set_time("2026-03-10 14:00")
    changed(store, patient, moved, replace(planned, end=date(2026, 3, 20)), now(patient))
    with store.work(writes=True):
        changing.stop(Author.patient(patient.viewer), overtaken, new_id(), moment=now(patient))
    set_time("2026-03-20 14:00")
    changed(store, patient, again, replace(planned, end=None), now(patient))

    def kinds(medicine: uuid.UUID) -> list[str]:
        return [one.kind.value for one in changes_of(own(store, patient, medicine).versions)]

    assert kinds(moved) == ["started", "ended"]
    assert kinds(overtaken) == ["started", "stopped"]
    assert kinds(again) == ["started", "ended", "resumed"]


def test_the_page_of_a_plan_that_ended_says_so_and_how_it_began(
    app: Flask, store: Store, patient: Made, set_time: Callable[[datetime | str], None]
) -> None:
    planned = replace(daily(*doses("08:00"), start="2026-03-02"), end=date(2026, 3, 11))
    medicine = started(store, patient, planned, now(patient))
    browser = Client(app)
    set_time("2026-03-25 14:00")
    sign_in(browser, patient)
    page = browser.get(f"/medications/{medicine}/weeks")
    assert "Ended as planned, 12 March 2026. This is week 1 of 12." in page.main_words
    assert "The weeks after a change matter too." in page.main_words
    (other,) = [link for link in page.links if "change=" in link]
    assert "Started, 2 March 2026." in browser.get(other).main_words
    assert [link for link in browser.get(other).links if "change=1-ended" in link]


def test_days_become_the_middle_of_their_week_counted_from_the_change() -> None:
    change = ChangePoint(DAY_ONE, Kind.STARTED, 1)
    days = [
        DaySaid(DAY_ONE + timedelta(days=ahead), mood=float(mood)) for ahead, mood in ((-1, 1), (0, 2), (6, 4), (7, 5))
    ]
    noticed = [Noticed(DAY_ONE + timedelta(days=8), "Headache"), Noticed(DAY_ONE + timedelta(days=9), "Headache")]
    weeks = {week.number: week for week in weeks_around(change, days, noticed, DAY_ONE + timedelta(days=10))}
    assert (weeks[-1].mood, weeks[0].mood, weeks[1].mood) == (1, 3, 5)
    assert weeks[1].noticed == ("Headache",)
    assert max(weeks) == 1, "a week that has not come is not shown"
    assert [change.week_on(DAY_ONE + timedelta(days=ahead)) for ahead in (-8, -7, -1, 0, 6, 7, 90)] == [
        -2,
        -1,
        -1,
        0,
        0,
        1,
        12,
    ]
    assert change.is_followed_on(DAY_ONE + timedelta(days=90))
    assert not change.is_followed_on(DAY_ONE + timedelta(days=91))


def test_nothing_is_said_of_a_side_with_too_few_weeks() -> None:
    assert before_and_after([(-1, 2.0), (0, 3.0), (1, 4.0)]) == (None, 3.5)
    assert before_and_after([(-2, 1.0), (-1, 2.0), (0, None)]) == (1.5, None)


def _months_of_check_ins(store: Store, patient: Made, set_time: Callable[[datetime | str], None]) -> str:
    """Have the patient check in for weeks before and after the start of a medicine; return its address."""
    set_time("2026-03-02 14:00")
    medicine = takes(store, patient, SERTRALINE)
    for back in (20, 13, 6, -3, -10, -17):
        at = datetime.fromisoformat("2026-03-02T14:00:00+00:00") - timedelta(days=back)
        make_check_in(store, patient, at=at, mood=2 if back > 0 else 4, craving=8 if back > 0 else 3)
    set_time("2026-03-25 14:00")
    log(store, patient, Said("nausea", medicine, 2))
    return f"/medications/{medicine}/weeks"


def test_the_page_shows_before_and_since_and_claims_no_cause(
    app: Flask, store: Store, patient: Made, set_time: Callable[[datetime | str], None]
) -> None:
    address = _months_of_check_ins(store, patient, set_time)
    browser = Client(app)
    sign_in(browser, patient)
    page = browser.get(address)
    words = page.main_words
    assert "This is week 3 of 12" in words
    assert "Mood before: Low. Since: Good." in words
    assert "Pull before: 8 of 10. Since: 3 of 10." in words
    assert "what came when, and not why" in words
    assert "First signs may show Now" in words
    assert "Your clinic has not reviewed it yet" in words
    assert "Feeling sick to my stomach" in words
    assert "sertraline" not in page.title
    for claim in ("because", "thanks to", "works", "%"):
        assert claim not in words


def test_the_table_names_each_week_by_the_day_on_which_it_begins(
    app: Flask, store: Store, patient: Made, set_time: Callable[[datetime | str], None]
) -> None:
    address = _months_of_check_ins(store, patient, set_time)
    browser = Client(app)
    sign_in(browser, patient)
    page = browser.get(address)
    assert [text_of(one) for one in page.all("th", scope="row")] == [
        "3 weeks before, from 9 Feb",
        "2 weeks before, from 16 Feb",
        "1 week before, from 23 Feb",
        "Week 0, from 2 Mar",
        "Week 1, from 9 Mar",
        "Week 2, from 16 Mar",
        "Week 3, from 23 Mar",
    ]


def test_the_pull_is_left_out_where_use_plays_no_part_and_folded_where_so_wished(
    app: Flask, store: Store, patient: Made, set_time: Callable[[datetime | str], None]
) -> None:
    address = _months_of_check_ins(store, patient, set_time)
    browser = Client(app)
    sign_in(browser, patient)
    with store.work(writes=True):
        profiles.change(patient.viewer, fold_use=True)
    page = browser.get(address)
    assert any("Pull to drink or use" in text_of(one) for one in page.all("details"))
    with store.work(writes=True):
        profiles.change(patient.viewer, part=Part.NO)
    page = browser.get(address)
    assert "Pull" not in page.main_words
    assert "Mood before" in page.main_words


def test_a_medicine_that_has_not_begun_says_so_and_one_of_somebody_else_has_no_page(
    app: Flask, store: Store, patient: Made
) -> None:
    other = make_person(store, make_practice(store, "Other"), Role.PATIENT)
    theirs = takes(store, other, SERTRALINE)
    browser = Client(app)
    sign_in(browser, patient)
    assert browser.get(f"/medications/{theirs}/weeks").status_code == 404
    mine = takes(store, patient, SERTRALINE)
    assert browser.get(f"/medications/{mine}/weeks?change={'9' * 400}").status_code == 200
    later = daily(*doses("08:00"), start=(DAY_ONE + timedelta(days=5)).isoformat())
    planned = started(store, patient, later, now(patient))
    assert "It has not begun yet" in browser.get(f"/medications/{planned}/weeks").main_words
