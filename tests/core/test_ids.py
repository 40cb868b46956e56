"""Ids: UUIDv7, in the order of making."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patient_app.core.ids import new_id, parse_id


def test_a_new_id_is_a_uuid_of_version_7_and_the_standard_variant() -> None:
    made = new_id()
    assert made.version == 7
    assert made.variant == uuid.RFC_4122


def test_ids_differ_within_one_millisecond_and_sort_by_time(set_time: Callable[[str], None]) -> None:
    set_time("2026-05-31 12:00")
    earlier = {new_id() for _ in range(500)}
    set_time("2026-05-31 12:00:00.001")
    later = new_id()
    assert len(earlier) == 500
    assert all(made < later for made in earlier)


def test_an_id_holds_the_moment_of_its_making(set_time: Callable[[str], None]) -> None:
    set_time("2026-05-31 12:00")
    assert new_id().int >> 80 == int(datetime(2026, 5, 31, 12, tzinfo=UTC).timestamp() * 1000)


@given(st.uuids())
def test_an_id_is_read_back_from_its_own_words(made: uuid.UUID) -> None:
    assert parse_id(str(made)) == made
    assert parse_id(str(made).upper()) == made


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "1",
        "not-an-id",
        "0" * 36,
        "{12345678-1234-1234-1234-12345678901}",
        "urn:uuid:12345678-1234-1234-1234-1234",
        "12345678123412341234123456789012",
        "12345678-1234-1234-1234-12345678901２",
        "1234567-81234-1234-1234-123456789012",
        " 2345678-1234-1234-1234-123456789012",
    ],
    ids=range(11),
)
def test_anything_else_is_no_id(text: str | None) -> None:
    assert parse_id(text) is None


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_ids(text: str) -> None:
    found = parse_id(text)
    assert found is None or str(found) == text.lower()
