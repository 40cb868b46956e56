"""A few days in one sentence, as each language lists them."""

from __future__ import annotations

from datetime import date

import pytest

from patient_app.core.day_lists import list_of_days

THIRD, NINTH, OCTOBER = date(2026, 11, 3), date(2026, 11, 9), date(2026, 10, 28)


@pytest.mark.parametrize(
    ("days", "english", "spanish"),
    [
        ([THIRD], "3 November", "3 de noviembre"),
        ([THIRD, NINTH], "3 and 9 November", "3 y el 9 de noviembre"),
        ([OCTOBER, THIRD], "28 October and 3 November", "28 de octubre y el 3 de noviembre"),
    ],
)
def test_days_in_a_sentence(days: list[date], english: str, spanish: str) -> None:
    """The month once, where it is one; in Spanish each day with its article, the first of which the sentence has."""
    assert (list_of_days(days, "d MMMM", "en"), list_of_days(days, "d MMMM", "es")) == (english, spanish)
