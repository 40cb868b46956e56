"""Times of day: each minute is written in one way, for each language, and means that minute when it is typed."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask_babel import force_locale
from hypothesis import given
from hypothesis import strategies as st

from patient_app.core import i18n, times
from patient_app.core.times import SPACE
from patient_app.medications import plan_steps, typed
from patient_app.medications.schedule import MINUTES_A_DAY

DAY = range(MINUTES_A_DAY)
_READABLE = {
    "en": re.compile(rf"(1[0-2]|[1-9]):[0-5][0-9]{SPACE}[AP]M|noon|midnight"),
    "es": re.compile(rf"(1[0-2]|[1-9]):[0-5][0-9]{SPACE}[ap]\.{SPACE}m\.|mediodía|medianoche"),
}


@pytest.mark.parametrize("language", sorted(_READABLE))
def test_every_minute_of_a_day_is_written_by_the_rule_and_read_back_as_itself(language: str) -> None:
    written = [times.in_words(minute, language) for minute in DAY]
    assert len(set(written)) == len(DAY)
    assert [said for said in written if not _READABLE[language].fullmatch(said)] == []
    assert [said for said in written if said.startswith(("0", "24"))] == []
    assert [times.read(said) for said in written] == list(DAY)
    # As a person types it: with spaces of the keyboard, in any case, with or without points.
    for change in (str.upper, str.lower, lambda said: said.replace(SPACE, ""), lambda said: said.replace(".", "")):
        assert [times.read(change(said.replace(SPACE, " "))) for said in written] == list(DAY)


@pytest.mark.parametrize("language", sorted(_READABLE))
def test_the_boxes_of_a_medicine_take_what_they_show(language: str) -> None:
    for minute in DAY:
        said, kept = times.in_words(minute, language), times.as_field(minute)
        assert (typed.clock(said), times.as_sent(said)) == (kept, kept)
        (dose,) = plan_steps.doses_typed(f"{said} x 1.5")
        assert (dose["at"], dose["amount"]) == (kept, "1.5")
        (alone,) = plan_steps.doses_typed(said)
        assert (alone["at"], alone["amount"]) == (kept, "")


def test_a_field_and_a_document_have_24_hours() -> None:
    assert [times.of_field(times.as_field(minute)) for minute in DAY] == list(DAY)
    assert times.as_field(time(21, 5)) == times.as_field(21 * 60 + 5) == "21:05"
    assert times.as_field(MINUTES_A_DAY + 30) == "00:30"  # The night after.
    assert [times.of_field(text) for text in ("24:00", "9:05", "09:5", "09:05 ", "٠٩:٠٥", "")] == [None] * 6


@pytest.mark.parametrize(
    ("typed_as", "minute"),
    [
        ("9 pm", 21 * 60),
        ("9:05pm", 21 * 60 + 5),
        ("9.05 P.M.", 21 * 60 + 5),
        ("12 am", 0),
        ("12:30 am", 30),
        ("12 pm", 12 * 60),
        ("12 noon", 12 * 60),
        ("12:00 del mediodía", 12 * 60),
        ("12 de la medianoche", 0),
        ("MEDIODIA", 12 * 60),
        ("0 am", None),
        ("13 pm", None),
        ("9:60 pm", None),
        ("9", None),
        ("21:05", None),
        ("noonish", None),
        ("", None),
    ],
)
def test_what_people_type_is_read(typed_as: str, minute: int | None) -> None:
    assert times.read(typed_as) == minute


@given(st.text(max_size=60))
def test_whatever_is_typed_is_a_time_or_none_and_stays_for_the_field_to_refuse(text: str) -> None:
    minute = times.read(text)
    assert times.as_sent(text) == (text if minute is None else times.as_field(minute))


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", ["00:00", "12:00", "21:05"]),
        ("vi", ["00:00", "12:00", "21:05"]),
        ("es_MX", ["medianoche", "mediodía", f"9:05{SPACE}p.{SPACE}m."]),
        ("so", [f"12:00{SPACE}GH", f"12:00{SPACE}GD", f"9:05{SPACE}GD"]),
    ],
)
def test_another_language_writes_times_as_its_own_countries_do_and_none_can_break(
    language: str, said: list[str]
) -> None:
    assert [times.in_words(minute, language) for minute in (0, 720, 1265)] == said


@pytest.fixture(scope="module")
def speaking() -> Flask:
    """Return an application that knows languages and nothing else."""
    app = Flask(__name__)
    app.extensions["tandem"] = SimpleNamespace(config=SimpleNamespace(development=False))
    i18n.init_app(app)
    return app


def test_a_pattern_says_where_the_time_goes(speaking: Flask) -> None:
    wall = datetime.fromisoformat("2026-11-30T21:05")
    with speaking.app_context():
        written = speaking.jinja_env.filters["datetimeformat"]
        assert i18n.moment_in_words(wall) == f"30 November 2026, 9:05{SPACE}PM"
        assert written(wall, "EEE d MMM, jmm", False) == f"Mon 30{SPACE}Nov, 9:05{SPACE}PM"
        assert written(wall.replace(tzinfo=UTC), "EEE d MMM, jmm") == f"Mon 30{SPACE}Nov, 9:05{SPACE}PM"
        in_tokyo = wall.replace(tzinfo=ZoneInfo("Asia/Tokyo"))
        assert written(in_tokyo, "jmm") == f"12:05{SPACE}PM"
        assert written(in_tokyo, "jmm", False) == f"9:05{SPACE}PM"
        assert written(wall, "jmm") == i18n.time_in_words(wall) == f"9:05{SPACE}PM"
        assert i18n.day_in_words(date(2026, 11, 30)) == "30 November 2026"
        assert i18n.at_head(i18n.time_in_words(12 * 60)) == "Noon"


def test_in_spanish_too(speaking: Flask) -> None:
    wall = datetime.fromisoformat("2026-11-30T12:00")
    with speaking.app_context(), force_locale("es"):
        assert i18n.moment_in_words(wall) == "30 de noviembre de 2026, mediodía"
        assert i18n.time_in_words(wall.replace(hour=9)) == f"9:00{SPACE}a.{SPACE}m."
