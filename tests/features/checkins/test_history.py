"""One's own history: what a period, a month and a day show, to whom, and that it stays small whatever is stored."""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Select, select

from patient_app.checkins import history, history_words
from patient_app.checkins.models import CheckInVersion
from patient_app.checkins.words import MOST_CRAVING
from patient_app.core import clock
from patient_app.core.prepared import Prepared
from patient_app.core.roles import Role
from patient_app.core.work import Store, db
from tests.factories import Made, make_check_in, make_patient, make_person, make_practice, sign_in
from tests.page import Client, Page, text_of
from tests.sweeps.test_statements import counted

NOON = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)  # Noon in New York.
TODAY = date(2026, 11, 25)
OF_USE = ("drink", "drank", "pull", "use", "craving")
ODD = (
    "",
    "banana",
    "-1",
    "9" * 400,
    "2999-01-01",
    "0001-01-01",
    "2026-02-30",
    "\x00",
    "%ff",
    "مرحبا",
    "👩🏽‍🚀",
    "x" * 5000,
)


@pytest.fixture
def patient(store: Store, set_time: Callable[[datetime | str], None]) -> Made:
    set_time(NOON)
    return make_person(store, make_practice(store), Role.PATIENT)


@pytest.fixture
def browser(app: Flask, patient: Made) -> Client:
    client = Client(app)
    sign_in(client, patient)
    return client


def days_ago(number: int) -> datetime:
    return NOON - timedelta(days=number)


def figure(page: Page) -> str:
    return text_of(page.one("figure", class_name="history-chart"))


def hardest(page: Page) -> list[str]:
    """Return the dots of the hardest ends, a path for each rating that has any."""
    paths = page.all("{http://www.w3.org/2000/svg}path")
    return [path.get("d") or "" for path in paths if "hardest" in (path.get("class") or "")]


def rows(page: Page) -> list[list[str]]:
    """Return the table behind the chart."""
    return [[text_of(cell) for cell in row] for body in page.all("tbody") for row in body]


def test_an_entry_of_a_phone_that_is_ahead_is_there_at_once(store: Store, patient: Made, browser: Client) -> None:
    """It is tomorrow in Auckland already: what was written there is found again, in the list, chart and calendar."""
    make_check_in(store, patient, note="written on the other side", zone="Pacific/Auckland", mood=4)
    page = browser.get("/history?period=7")
    assert "written on the other side" in page.words
    assert [cells for cells in rows(page) if "26" in cells[0]], rows(page)
    assert "written on the other side" in browser.get("/history?day=2026-11-26").words


# --- what is read ----------------------------------------------------------------------------------------------


def test_a_day_is_told_by_its_mean_mood_its_strongest_pull_and_whether_there_was_any_use(
    store: Store, patient: Made
) -> None:
    for mood, craving, use in ((2, 1, False), (3, 8, None), (None, None, True)):
        make_check_in(store, patient, at=days_ago(1), mood=mood, craving=craving, use=use)
    make_check_in(store, patient, at=days_ago(2), mood=None, note="only words")
    make_check_in(store, patient, at=days_ago(3), mood=4, use=False)
    make_check_in(store, patient, at=days_ago(9), mood=1)
    with store.work(writes=False):
        found = history.days_between(patient.viewer, TODAY - timedelta(days=7), TODAY)
    assert [(TODAY - day.day).days for day in found] == [3, 2, 1]
    assert [(day.mood, day.craving, day.used, day.moods, day.cravings) for day in found] == [
        (4, None, False, None, None),
        (None, None, None, None, None),
        (2.5, 8, True, (2, 3), (1, 8)),
    ]


def test_nobody_elses_and_no_removed_or_closed_check_in_is_ever_read(store: Store, patient: Made) -> None:
    other = make_patient(store, make_practice(store, "Other"))
    make_check_in(store, other, at=days_ago(1), mood=1, note="theirs")
    make_check_in(store, patient, at=days_ago(1), mood=5, note="gone", removed=True)
    kept = make_check_in(store, patient, at=days_ago(2), mood=3, note="kept", private=True)
    closed = replace(patient.viewer, entries_closed_from=clock.now() + timedelta(seconds=1))
    with store.work(writes=False):
        assert [day.mood for day in history.days_between(patient.viewer, date(2020, 1, 1), TODAY)] == [3]
        for page in (
            history.entries_back(patient.viewer, TODAY, TODAY),
            history.entries_on(patient.viewer, date(2020, 1, 1)),
            history.entries_of(patient.viewer, TODAY - timedelta(days=2)),
        ):
            assert [(entry.id, entry.note, entry.private) for _, found in page.days for entry in found] == [
                (kept, "kept", True)
            ]
        assert history.has_earlier(patient.viewer, TODAY)
        assert not history.has_earlier(patient.viewer, TODAY - timedelta(days=2))
        assert history.days_between(closed, date(2020, 1, 1), TODAY) == []
        assert history.entries_back(closed, TODAY, TODAY).days == []
        assert not history.has_earlier(closed, TODAY)


def test_pages_of_days_meet_without_a_gap_and_without_doubles(store: Store, patient: Made) -> None:
    made = {
        make_check_in(store, patient, at=days_ago(number), mood=3)
        for number in (0, 0, 1, 4, 9, 10, 11, 50, 51, 300, 301, 302)
    }
    with store.work(writes=False):
        back, seen, day = [], [], TODAY
        while True:
            page = history.entries_back(patient.viewer, day, TODAY)
            assert len(page.days) <= history.LIST_DAYS
            back.append(page.days)
            seen += [entry.id for _, found in page.days for entry in found]
            if page.older is None:
                break
            day = page.older
        assert sorted(seen) == sorted(made)
        days = [one for page_days in back for one, _ in page_days]
        assert days == sorted(days, reverse=True)
        forward = history.entries_on(patient.viewer, days[-1])
        assert [one for one, _ in forward.days] == days[-history.LIST_DAYS :]
        assert forward.newer == days[-history.LIST_DAYS - 1]


# --- what is shown ---------------------------------------------------------------------------------------------


def test_an_empty_history_is_kind_and_leads_to_the_first_check_in(browser: Client) -> None:
    page = browser.get("/history")
    assert "Nothing here yet" in page.main_words
    assert "/check-in" in page.links
    assert not page.all("figure")


def test_a_person_for_whom_substances_play_no_part_never_sees_those_words(
    browser: Client, store: Store, patient: Made
) -> None:
    for number in range(20):
        make_check_in(store, patient, at=days_ago(number), mood=number % 5 + 1, note="a quiet day")
    for address in ("/history", "/history?period=365", "/history?month=2026-11", "/history?day=2026-11-25"):
        words = browser.get(address).main_words.lower()
        assert not [word for word in OF_USE if word in words.split()], address


def test_what_is_seen_is_said_and_stands_in_a_table_too(browser: Client, store: Store, patient: Made) -> None:
    for number in range(1, 21):
        make_check_in(
            store,
            patient,
            at=days_ago(number),
            mood=3,
            craving=8 if number in {3, 6} else 2 + number % 3,
            use=number == 3,
        )
    page = browser.get("/history")
    said = figure(page)
    assert "Mood was mostly “In between”." in said
    assert "Pull to drink or use was mostly 3 to 4 of 10. It was higher on 19 and 22 November." in said
    assert "You drank or used on 22 November." in said
    drawing = page.one("{http://www.w3.org/2000/svg}svg", role="img")
    named = page.by_id(drawing.get("aria-labelledby") or "")
    assert named is not None
    assert text_of(named) in said
    assert len(rows(page)) == 20
    assert rows(page)[2] == ["22 Nov", "In between", "8", "Yes"]


MANY_PULLS = st.lists(
    st.integers(0, MOST_CRAVING), min_size=history.LEAST_FOR_USUAL, max_size=history_words.USUAL_PERIOD
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pulls=MANY_PULLS, period=st.sampled_from((30, 90)))
def test_every_day_above_what_is_called_usual_is_named_or_counted(
    store: Store, app: Flask, pulls: list[int], period: int
) -> None:
    """The words say what the drawing and the table show: a day that stands above the band is not left out of them."""
    days = [history.Day(TODAY - timedelta(days=ago), None, pull, None) for ago, pull in enumerate(pulls)][::-1]
    with store.work(writes=False), app.test_request_context():
        told = " ".join(history_words.figures(days, period, TODAY, fold=False)[0].sentences)
    assert "mostly" in told
    usual = int(re.findall(r"(\d+) of 10\.", told)[0])
    above = [day for day in days if day.craving is not None and day.craving > usual]
    if len(above) > history_words.MOST_NAMED:
        assert f"It was higher on {len(above)} days. The strongest was {max(pulls)} of 10." in told
        return
    named = told.partition("It was higher on ")[2]
    assert bool(named) == bool(above)
    assert {int(number) for number in re.findall(r"\d+", named)} == {day.day.day for day in above}


def test_a_very_hard_check_in_does_not_disappear_in_the_middle_of_its_day_or_week(
    browser: Client, store: Store, patient: Made
) -> None:
    """Day by day and week by week: it stands in the drawing, in the words above it, and in the table."""
    for number in range(1, 100):
        make_check_in(store, patient, at=days_ago(number), mood=3, craving=2)
    for mood, craving in ((1, 9), (5, 0)):
        make_check_in(store, patient, at=days_ago(4), mood=mood, craving=craving)
    thin = "Thin upright lines"
    for period in (7, 30, 90):
        page = browser.get(f"/history?period={period}")
        drawn = "On days with several check-ins, mood is drawn in their middle, and pull at its strongest."
        assert f"{drawn} {thin} go from the lowest to the highest." in figure(page)
        assert ["21 Nov", "In between (lowest “Very low”, highest “Very good”)", "lowest 0, highest 9"] in rows(page)
        assert [cells for cells in rows(page) if cells[0] == "22 Nov"] == [["22 Nov", "In between", "2"]]
        assert len(hardest(page)) == 1  # The mood: the pull of a day is its strongest already.
    said = figure(browser.get("/history"))
    assert "Mood was mostly “In between”. It was lower on 21 November." in said
    assert "It was higher on 21 November." in said
    year = browser.get("/history?period=365")
    assert f"The line is the middle of each week. {thin} lead to its hardest check-in." in figure(year)
    assert "Mood was mostly “In between”. The lowest was “Very low”." in figure(year)
    assert "Pull to drink or use was mostly 2 of 10. The strongest was 9 of 10." in figure(year)
    week = ["Week of 19 Nov", "In between (lowest “Very low”, highest “Very good”)", "2 (lowest 0, highest 9)"]
    assert week in rows(year)
    assert len(hardest(year)) == 2


@pytest.mark.parametrize(
    ("moods", "cravings", "drawn"),
    [
        ((1, 5), (None, None), "mood is drawn in their middle."),
        ((3, 3), (0, 9), "pull is drawn at its strongest."),
        ((3, 3), (2, 2), ""),
    ],
)
def test_only_of_what_differs_in_a_day_it_is_told_how_it_is_drawn(
    browser: Client,
    store: Store,
    patient: Made,
    moods: tuple[int, int],
    cravings: tuple[int | None, int | None],
    drawn: str,
) -> None:
    for mood, craving in zip(moods, cravings, strict=True):
        make_check_in(store, patient, at=days_ago(1), mood=mood, craving=craving)
    make_check_in(store, patient, at=days_ago(2), mood=3, craving=cravings[0])
    told = figure(browser.get("/history")).partition("On days with several check-ins, ")[2]
    assert told.startswith(drawn)
    assert bool(told) == bool(drawn)


def test_of_a_single_check_in_a_day_no_range_is_told(browser: Client, store: Store, patient: Made) -> None:
    for number in range(1, 20):
        make_check_in(store, patient, at=days_ago(number), mood=3, craving=2)
    make_check_in(store, patient, at=days_ago(1), mood=3, craving=2)
    page = browser.get("/history")
    assert not hardest(page)
    assert not [word for word in ("Thin", "lowest", "highest", "lower", "higher") if word in figure(page)]


def test_with_few_check_ins_nothing_is_called_usual(browser: Client, store: Store, patient: Made) -> None:
    make_check_in(store, patient, at=days_ago(2), mood=2, craving=0)
    assert "Mood was “Low”. Pull to drink or use was 0 of 10." in figure(browser.get("/history"))
    for number in range(3, 15):
        make_check_in(store, patient, at=days_ago(number), mood=4, craving=number % 5)
    page = browser.get("/history")
    assert "Mood was from “Low” to “Good”. Pull to drink or use was 0 to 4 of 10." in figure(page)
    for word in ("mostly", "usual", "higher", "better", "worse", "streak", "score", "missed"):
        assert word not in figure(page)


def test_each_period_draws_its_own_days_and_a_year_its_weeks(browser: Client, store: Store, patient: Made) -> None:
    for number in (1, 20, 60, 200, 400):
        make_check_in(store, patient, at=days_ago(number), mood=3)
    drawn = {period: len(rows(browser.get(f"/history?period={period}"))) for period in (7, 30, 90, 365)}
    assert drawn == {7: 1, 30: 2, 90: 3, 365: 4}
    assert "Week of" in figure(browser.get("/history?period=365"))
    assert "?period=90&until=" in " ".join(browser.get("/history?period=90").links) or len(drawn) < history.LIST_DAYS


def test_a_period_without_a_check_in_still_leads_to_older_ones(browser: Client, store: Store, patient: Made) -> None:
    make_check_in(store, patient, at=days_ago(100), mood=3, note="long ago")
    page = browser.get("/history")
    assert "That is fine." in page.main_words
    assert "long ago" in page.main_words


def test_a_month_leads_to_its_days_and_to_other_months_that_have_any(
    browser: Client, store: Store, patient: Made
) -> None:
    make_check_in(store, patient, at=days_ago(3), mood=4, use=True, note="with a face")
    make_check_in(store, patient, at=days_ago(40), mood=None, note="words alone")
    page = browser.get("/history?month=2026-11")
    month = page.one("table")
    assert text_of(month).startswith("November 2026")
    assert page.all("th", scope="col")[0].get("abbr") == "Sunday"
    links = list(month.iter("a"))
    assert [(a.get("href"), text_of(a)) for a in links] == [
        ("/history?day=2026-11-22#entries", "22: Good, Drank or used")
    ]
    day = browser.get("/history?day=2026-11-22")
    assert "with a face" in day.main_words
    assert day.one("a", aria_current="date").get("href") == "/history?day=2026-11-22#entries"
    assert "/history?month=2026-10" in page.links
    assert "/history?month=2026-12" not in page.links
    before = browser.get("/history?month=2026-10")
    assert "16: check-in" in text_of(before.one("table"))
    assert "/history?month=2026-11" in before.links
    assert "/history?month=2026-09" not in before.links


def test_a_drawing_of_which_there_is_nothing_to_say_is_called_by_its_days(
    browser: Client, store: Store, patient: Made
) -> None:
    """Without mood and pull, and no use, no sentence is made: an image without a name would be read as nothing."""
    make_check_in(store, patient, at=days_ago(1), mood=None, use=False)
    assert text_of(browser.get("/history").one("figcaption")) == "30 days"


def faces(page: Page) -> list[list[str]]:
    """Return the faces of each day of the calendar that has entries, as they are drawn."""
    uses = "{http://www.w3.org/2000/svg}use"
    return [[(use.get("href") or "").rpartition("#")[2] for use in a.iter(uses)] for a in page.one("table").iter("a")]


def test_a_day_of_the_month_has_the_faces_that_were_chosen_and_never_one_between_them(
    browser: Client, store: Store, patient: Made
) -> None:
    """The mean of a very low morning and a good evening is a mood that nobody had, and hides the very low one."""
    for mood in (4, 1, 3):
        make_check_in(store, patient, at=days_ago(3), mood=mood, use=True)
    make_check_in(store, patient, at=days_ago(2), mood=2)
    make_check_in(store, patient, at=days_ago(2), mood=2)
    make_check_in(store, patient, at=days_ago(1), mood=5)
    page = browser.get("/history?month=2026-11")
    assert [text_of(a) for a in page.one("table").iter("a")] == [
        "22: lowest “Very low”, highest “Good”, Drank or used",
        "23: Low",
        "24: Very good",
    ]
    assert faces(page) == [["face-1", "face-4"], ["face-2"], ["face-5"]]
    assert "Two faces are the lowest and highest of that day." in page.main_words


def test_a_month_of_days_with_one_mood_says_nothing_of_two_faces(browser: Client, store: Store, patient: Made) -> None:
    make_check_in(store, patient, at=days_ago(3), mood=4)
    make_check_in(store, patient, at=days_ago(40), mood=1)
    make_check_in(store, patient, at=days_ago(40), mood=2)
    assert "Two faces" not in browser.get("/history?month=2026-11").main_words
    assert "Two faces" in browser.get("/history?month=2026-10").main_words


def test_days_are_the_persons_own(browser: Client, store: Store, patient: Made) -> None:
    """Half past one at night on the 24th still belongs to the 23rd."""
    make_check_in(store, patient, at=datetime(2026, 11, 24, 6, 30, tzinfo=UTC), note="late")
    assert "late" in browser.get("/history?day=2026-11-23").main_words
    assert "late" not in browser.get("/history?day=2026-11-24").main_words


def test_private_and_changed_ones_say_so(browser: Client, store: Store, patient: Made) -> None:
    entry = make_check_in(store, patient, at=days_ago(1), mood=4, private=True)
    page = browser.get("/history")
    assert "Good Only you" in page.main_words
    assert f"/check-in/{entry}" in page.links


def test_words_are_shown_as_they_were_typed(browser: Client, store: Store, patient: Made) -> None:
    odd = "<script>alert(1)</script> {{ 7*7 }} مرحبا 👩🏽‍🚀 & “so”"
    make_check_in(store, patient, at=days_ago(1), note=odd)
    page = browser.get("/history")
    assert odd in page.main_words
    assert not page.all("script", src="")


@pytest.mark.parametrize("fold", [False, True])
def test_folded_away_use_stands_only_inside_of_what_opens_by_a_tap(
    store: Store, patient: Made, browser: Client, fold: bool
) -> None:
    form = browser.get("/settings/about-me").form(field="fold_use")
    assert browser.submit(form, fold_use="y" if fold else None).status_code == 303
    for number in range(1, 20):
        make_check_in(store, patient, at=days_ago(number), mood=3, craving=5, use=number == 2)
    make_check_in(
        store, patient, at=days_ago(2), mood=3, note="A pull all day, so I drank or used.", note_about_use=True
    )
    make_check_in(store, patient, at=days_ago(2), mood=4, note="Rain", note_about_use=False)
    addresses = ("/history", "/history/days", "/history?month=2026-11", "/history?day=2026-11-23", "search")
    for address in addresses:
        page = browser.post("/history/search", data={"words": "drank"}) if address == "search" else browser.get(address)
        main = deepcopy(page.one("main"))  # A page is parsed once for all tests.
        assert "drank or used" in text_of(main).lower()
        for parent in list(main.iter()):
            for child in [child for child in parent if child.tag == "details" and child.get("open") is None]:
                parent.remove(child)
        left = text_of(main).lower()
        assert ("rain" in left) == (address not in {"/history?month=2026-11", "search"})
        assert ("drank or used" not in left and "pull" not in left) == fold, address


# --- what the address says -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["period", "day", "month", "until", "after"])
def test_odd_addresses_show_a_page(browser: Client, store: Store, patient: Made, name: str) -> None:
    make_check_in(store, patient, at=days_ago(1), mood=3)
    for odd in ODD:
        page = browser.get("/history", query_string={name: odd})
        assert page.status_code == 200, odd
        assert page.heading == "History"
    assert browser.get("/history", query_string={name: "2026-11-24"}).status_code == 200


# --- what it costs ---------------------------------------------------------------------------------------------


def test_every_view_says_as_many_statements_over_a_lot_as_over_a_little(
    browser: Client, store: Store, patient: Made
) -> None:
    addresses = ("/history", "/history?period=365", "/history?until=2026-11-20", "/history?after=2026-11-01",
                 "/history?month=2026-11", "/history?day=2026-11-24")  # fmt: skip

    def statements(address: str) -> int:
        browser.get(address)
        with counted(store.database, store.keys.database) as counter:
            browser.get(address)
        return len(counter.statements)

    make_check_in(store, patient, at=days_ago(1), mood=3, note="one")
    little = {address: statements(address) for address in addresses}
    for number in range(120):
        make_check_in(store, patient, at=NOON - timedelta(hours=9 * number), mood=3, craving=number % 11, note="more")
    assert {address: statements(address) for address in addresses} == little
    assert max(little.values()) <= 5


def test_what_is_drawn_for_a_year_is_a_point_a_week(patient: Made) -> None:
    assert history_words.first_day_of(365, TODAY) == TODAY - timedelta(days=363)
    assert history_words.first_day_read(7, TODAY) == TODAY - timedelta(days=29)


def test_one_broken_note_does_not_take_the_others_away(store: Store, patient: Made, browser: Client) -> None:
    make_check_in(store, patient, at=days_ago(1), note="a note that is well")
    broken = make_check_in(store, patient, note="a note that breaks")
    with store.work(writes=True):
        row = db().scalars(select(CheckInVersion).where(CheckInVersion.check_in_id == broken)).one()
        sealed = row.note_sealed or b"\0"
        row.note_sealed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    page = browser.get("/history")
    assert page.status_code == 200
    assert "a note that is well" in page.words
    assert "These words cannot be opened. They are kept as they are." in page.words


def test_thirty_days_stand_on_one_page_and_nobody_elses(
    store: Store, patient: Made, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_patient(store, make_practice(store))
    make_check_in(store, other, at=days_ago(1), note="somebody else's words")
    for number in (0, 1, 29, 30):
        make_check_in(store, patient, at=days_ago(number), mood=3, craving=8, note=f"said {number} days back")
    browser.get("/history/days")
    with counted(store.database) as counter:
        page = browser.get("/history/days")
    for number in (0, 1, 29):
        assert f"said {number} days back" in page.main_words
    assert "said 30 days back" not in page.main_words
    assert "somebody" not in page.main_words
    assert len(counter.statements) <= 4
    assert page.headers["Tandem-Keep"] == "yes"
    newest = history._NEWEST.statement
    assert isinstance(newest, Select)
    monkeypatch.setattr(history, "_NEWEST", Prepared(newest.limit(2)))
    found = browser.get("/history/days").main_words
    assert "said 1 days back" in found
    assert "said 29 days back" not in found
